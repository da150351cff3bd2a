// SPDX-License-Identifier: Apache-2.0
//! Who did it: the process, file, socket, user and container that events name, against what the tests know and what
//! `/proc` says.
//!
//! An [`actor`] makes the calls that a test tells it to make, in as many processes and threads as it asks for; a
//! [`scene`] captures them, and knows of each what its event has to show.

#![cfg(target_arch = "x86_64")]
#![expect(clippy::panic, reason = "a test fails by panicking")]

mod actor;
#[path = "../support/agent.rs"]
mod agent;
mod births;
#[expect(dead_code, reason = "streams of lines are looked at by other tests")]
#[path = "../support/books.rs"]
mod books;
mod bounds;
#[path = "../support/cgroups.rs"]
mod cgroups;
mod containers;
mod crowd;
mod descriptors;
mod lines;
mod mounts;
#[path = "../support/podman.rs"]
mod podman;
mod processes;
mod runtime;
mod scene;
mod sockets;
mod standing;
mod truth;
#[path = "../support/wait.rs"]
mod wait;

/// How long a test that has no other end may take: longer for releases.
fn seconds(default: u64) -> u64 {
    let text = std::env::var("LANNER_TEST_SECONDS");
    text.map_or(default, |text| text.parse().expect("LANNER_TEST_SECONDS is a number"))
}
