// SPDX-License-Identifier: Apache-2.0
//! What breaks agents: ends that come from outside, outputs that fail, crowds, hostile calls, missing things, and much time.
//! `docs/adversity.md` says which test holds what.
//!
//! Each test ends with a ledger that closes, or with an error that says what is missing and what to do, leaves nothing behind
//! ([`guard::Guard`]), and makes nothing panic ([`agent::Agent::finish`]).

#![expect(clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/agent.rs"]
mod agent;
mod altered;
mod arguments;
#[expect(dead_code, reason = "streams with gaps are other tests'")]
#[path = "../support/books.rs"]
mod books;
#[expect(dead_code, reason = "cgroups in the usual hierarchy only are other tests'")]
#[path = "../support/cgroups.rs"]
mod cgroups;
#[expect(dead_code, reason = "what is not JSON is other tests'")]
#[path = "../support/client.rs"]
mod client;
mod clocks;
mod crowd;
mod descriptors;
mod ends;
#[path = "../support/events.rs"]
mod events;
mod guard;
#[path = "../support/load.rs"]
mod load;
mod memory;
mod names;
mod output;
mod run;
mod signals;
mod standard_error;
mod surroundings;
#[path = "../support/terminal.rs"]
mod terminal;
#[path = "../support/wait.rs"]
mod wait;
mod week;
