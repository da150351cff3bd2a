// SPDX-License-Identifier: Apache-2.0
//! What the agent counts of the events it drained, shared between the pipeline's threads.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use agent_common::ledger::UNKNOWN_SLOT;

use crate::telemetry::histogram::Stages;

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
    /// Events that the condition refused.
    pub refused: Count,
    /// Events that the kernel's part of the condition refuses, and that it was asked to send; part of `refused`.
    pub marked: Count,
    /// Events that the condition keeps and the kernel's part of it refuses: always 0, or Lanner is wrong. Only known when
    /// the kernel was asked to send what it refuses.
    pub wrongly_refused: Count,
    /// What became of events by syscall.
    pub by_slot: BySlot,
    /// Events that were delivered after one that happened later.
    pub late: Count,
    /// Events that the gaps in the lanes' sequence numbers stand for.
    pub gaps: Count,
    /// Calls that the output was told were shed.
    pub shed_announced: Count,
    /// Events handed to the output's queue.
    pub queued: Count,
    /// Events that the output has written.
    pub delivered: Count,
    /// Events that the output could not take.
    pub dropped: Count,
    /// How long the stages take.
    pub stages: Stages,
    /// Set when whoever read the output has closed it.
    pub reader_left: AtomicBool,
}

/// What the filter did with the events of each syscall.
#[derive(Debug)]
pub struct BySlot(Box<[[Count; 2]]>);

impl Default for BySlot {
    fn default() -> Self {
        Self(std::iter::repeat_with(Default::default).take(UNKNOWN_SLOT as usize + 1).collect())
    }
}

impl BySlot {
    /// An event of `slot` was refused.
    pub fn refuse(&self, slot: u32) {
        self.add(slot, 0);
    }

    /// An event of `slot` was kept.
    pub fn keep(&self, slot: u32) {
        self.add(slot, 1);
    }

    fn add(&self, slot: u32, which: usize) {
        if let Some(count) = self.0.get(slot as usize).and_then(|counts| counts.get(which)) {
            count.add(1);
        }
    }

    /// Slots with the numbers of their refused and kept events.
    pub fn iter(&self) -> impl Iterator<Item = (u32, u64, u64)> {
        (0..).zip(&self.0).map(|(slot, [refused, kept])| (slot, refused.get(), kept.get()))
    }
}
