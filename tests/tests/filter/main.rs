// SPDX-License-Identifier: Apache-2.0
//! Conditions on the live kernel: what it refuses there, what is printed, and what changes while it runs.

#![expect(clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/agent.rs"]
mod agent;
#[expect(dead_code, reason = "streams of lines are looked at by other tests")]
#[path = "../support/books.rs"]
mod books;
#[expect(dead_code, reason = "limits are set by other tests")]
#[path = "../support/cgroups.rs"]
mod cgroups;
mod check;
mod containers;
mod flood;
mod reload;
mod run;
mod sides;
#[path = "../support/wait.rs"]
mod wait;
mod work;
