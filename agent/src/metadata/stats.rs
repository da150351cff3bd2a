// SPDX-License-Identifier: Apache-2.0
//! What the tables of processes, threads and files count of themselves.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::stats::Count;

/// A level that one thread sets and others read.
#[derive(Debug, Default)]
pub struct Gauge(AtomicU64);

impl Gauge {
    /// Sets it.
    pub fn set(&self, level: usize) {
        self.0.store(level as u64, Ordering::Relaxed);
    }

    /// The level last set.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What `/proc` told that no record did.
#[derive(Debug, Default)]
pub struct Repaired {
    /// A process or thread was not known, or only in part.
    pub unknown: Count,
    /// A process ran another image than the table said.
    pub exec: Count,
    /// A process had ended. One whose end was still on its way through the rings is counted too.
    pub exit: Count,
    /// A process id had gone to another process.
    pub reuse: Count,
}

/// Counters of the tables.
#[derive(Debug, Default)]
pub struct MetadataStats {
    /// Processes in the table, ended ones that are kept for others included.
    pub processes: Gauge,
    /// Threads in the table, other than the first ones of their processes.
    pub threads: Gauge,
    /// Open files in the table.
    pub files: Gauge,
    /// Living processes and threads that were forgotten for want of room.
    pub evicted_threads: Count,
    /// Open files that were forgotten for want of room.
    pub evicted_files: Count,
    /// Records of tasks that were made.
    pub forks: Count,
    /// Records of new images.
    pub execs: Count,
    /// Records of tasks that ended.
    pub exits: Count,
    /// Records of tasks that changed.
    pub changes: Count,
    /// What was repaired from `/proc`.
    pub repaired: Repaired,
    /// Events whose process stayed unknown.
    pub unresolved: Count,
    /// Descriptors that were read from `/proc`, since the kernel did not tell them.
    pub descriptors_read: Count,
}
