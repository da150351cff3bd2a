// SPDX-License-Identifier: Apache-2.0
//! What must not shake the agent: strange callers, strange memory, strange ends.

#![expect(clippy::panic, reason = "a test fails by panicking")]

#[path = "support/agent.rs"]
mod agent;
#[path = "robustness/callers.rs"]
mod callers;
#[path = "support/events.rs"]
mod events;
#[path = "robustness/exec.rs"]
mod exec;
#[path = "robustness/life.rs"]
mod life;
#[path = "support/load.rs"]
mod load;
#[path = "robustness/memory.rs"]
mod memory;
#[path = "../src/bin/load/pattern.rs"]
mod pattern;
#[path = "robustness/scratch.rs"]
mod scratch;
#[path = "robustness/support.rs"]
mod support;
#[path = "support/terminal.rs"]
mod terminal;
#[path = "support/wait.rs"]
mod wait;
