// SPDX-License-Identifier: Apache-2.0
//! With which privileges the agent does what, and which it keeps: `docs/deploy.md` says what these tests hold.

#![expect(clippy::panic, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "runs that are looked at only when they have ended are other tests'")]
#[path = "../support/agent.rs"]
mod agent;
mod bystander;
mod capabilities;
mod container;
mod kept;
#[path = "../support/podman.rs"]
mod podman;
mod running;
#[path = "../support/wait.rs"]
mod wait;
