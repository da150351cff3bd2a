// SPDX-License-Identifier: Apache-2.0
//! The cache of pods against an API server that is as large, as busy and as broken as clusters are. Needs neither root nor
//! the kernel's help.

#![expect(clippy::panic, reason = "a test fails by panicking")]

mod access;
mod cache;
mod changes;
mod faults;
mod fuzz;
mod history;
mod log;
mod outages;
mod scale;
mod stopping;
