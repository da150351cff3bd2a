// SPDX-License-Identifier: Apache-2.0
//! What sinks see.

use crate::decode::RawEvent;

/// A decoded event.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// The call.
    pub raw: RawEvent<'a>,
    /// The kernel's time of it, in nanoseconds since the epoch.
    pub time: u64,
    /// Whether events that happened after it were delivered before it.
    pub late: bool,
}

/// A hole in the stream of one CPU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The CPU.
    pub cpu: u32,
    /// Events that were lost.
    pub lost: u64,
    /// Why: names of [`agent_common::ledger::Reason`]s, joined by `+`.
    pub reason: String,
    /// Time of the last event before it, in nanoseconds since the epoch; `None` when there was none.
    pub since: Option<u64>,
    /// Time of the first event after it; `None` when the run ended.
    pub until: Option<u64>,
}
