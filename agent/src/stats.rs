// SPDX-License-Identifier: Apache-2.0
//! What the agent counts of the events it drained, shared between the pipeline's threads.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// A counter that one thread raises and others read.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Adds `n`.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// The count so far.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The agent's half of the ledger.
#[derive(Debug, Default)]
pub struct Stats {
    /// Records taken out of the rings.
    pub drained: Count,
    /// Records that were events.
    pub decoded: Count,
    /// Records that were not: always 0, or something is broken.
    pub malformed: Count,
    /// Records that told of tasks, files and cgroups, and are printed nowhere.
    pub state: Count,
    /// Events that were decoded but not wanted: the start-up self-test's, and those after `--count` was reached.
    pub filtered: Count,
    /// Events that were delivered after one that happened later.
    pub late: Count,
    /// Events that the gaps in the lanes' sequence numbers stand for.
    pub gaps: Count,
    /// Events handed to the output's queue.
    pub queued: Count,
    /// Events that the output has written.
    pub delivered: Count,
    /// Events that the output could not take.
    pub dropped: Count,
    /// Set when whoever read the output has closed it.
    pub reader_left: AtomicBool,
}
