// SPDX-License-Identifier: Apache-2.0
//! What the tests on the live kernel share.
//!
//! ```no_run
//! use tests::Capture;
//!
//! let captured = Capture::of(["openat"]).run(|| std::fs::read("/x"));
//! captured.expect(|e| e.is("openat") && e.arg("name") == "/x" && e.errno() == "ENOENT");
//! ```
//!
//! [`Capture`] starts `lanner`, waits until it captures, runs the closure, waits until everything that the closure did
//! is there, and stops it. It never sleeps: a syscall with an argument that nobody else passes, made until it is seen,
//! says where the capture begins and ends.

#![expect(clippy::panic, reason = "a test fails by panicking")]

mod harness;
#[cfg(feature = "clusters")]
pub mod kubernetes;

pub use harness::{
    affinity::{cpus, leave_one, pin},
    capture::{Capture, Captured},
    compile,
    event::{Event, Field, difference},
    footprint::Footprint,
    ledger::{Account, AgentAccount, CpuAccount, Ledger, Removed},
    leftovers::{await_no_leftovers, leftovers},
    objects,
    output::lines,
    patience::patience,
    program::{binary, lanner, untold},
    sentinel,
    temp::TempDir,
};
