// SPDX-License-Identifier: Apache-2.0
//! Lanner's agent. `main.rs` parses and calls; everything else is here, so that tests and fuzzers reach it.
#![deny(unsafe_code)]

pub mod arena;
pub mod bench;
pub mod capture;
mod causes;
pub mod cli;
pub mod confine;
pub mod decode;
pub mod doctor;
pub mod driver;
pub mod event;
pub mod explain;
pub mod fields;
pub mod filter;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;
#[cfg(test)]
mod golden;
pub mod host;
pub mod ledger;
pub mod list;
pub mod log;
#[expect(unsafe_code, reason = "the allocator's settings are C functions, see the SAFETY comments")]
pub mod memory;
pub mod metadata;
pub mod output;
pub mod pipeline;
#[expect(unsafe_code, reason = "one system call that aya does not wrap, see the SAFETY comments")]
pub mod probe;
pub mod select;
pub mod self_test;
pub mod stages;
pub mod stats;
pub mod telemetry;
pub mod validate;
