// SPDX-License-Identifier: Apache-2.0
//! Pods, from a syscall on the live kernel to `k8s.pod.name`: real cgroups with the names that kubelets and runtimes give
//! them, and an API server that speaks the real protocol.

#![expect(clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/agent.rs"]
mod agent;
#[expect(dead_code, reason = "streams of lines are looked at by other tests")]
#[path = "../support/books.rs"]
mod books;
#[expect(dead_code, reason = "limits are set by other tests")]
#[path = "../support/cgroups.rs"]
mod cgroups;
#[expect(dead_code, reason = "pages other than metrics are looked at by other tests")]
#[path = "../support/client.rs"]
mod client;
mod conditions;
mod join;
mod resident;
mod run;
mod scale;
#[path = "../support/wait.rs"]
mod wait;
