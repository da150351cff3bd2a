// SPDX-License-Identifier: Apache-2.0
//! What is given up while a ring fills, and what never is: a flood can't hide an execve.

#![expect(clippy::panic, reason = "a test fails by panicking")]

#[path = "support/agent.rs"]
mod agent;
#[path = "support/books.rs"]
mod books;
#[path = "shedding/flood.rs"]
mod flood;
#[path = "shedding/ladder.rs"]
mod ladder;
#[path = "shedding/lines.rs"]
mod lines;
#[path = "shedding/pinned.rs"]
mod pinned;
#[path = "support/wait.rs"]
mod wait;
