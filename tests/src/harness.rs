// SPDX-License-Identifier: Apache-2.0
//! The parts of the harness.

pub(crate) mod affinity;
pub(crate) mod capture;
pub mod compile;
pub(crate) mod event;
pub(crate) mod footprint;
pub(crate) mod ledger;
pub(crate) mod leftovers;
pub mod objects;
pub(crate) mod output;
pub(crate) mod patience;
pub(crate) mod program;
pub mod sentinel;
pub(crate) mod temp;
