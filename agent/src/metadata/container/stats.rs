// SPDX-License-Identifier: Apache-2.0
//! What is counted of containers.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Reason;
use crate::stats::Count;

/// Counters of containers and cgroups, shared between threads.
///
/// Every container that was seen is, at any time, resolved, unresolved for one reason, or pending.
#[derive(Debug, Default)]
pub struct ContainerStats {
    /// Containers that were seen for the first time.
    pub seen: Count,
    /// Containers that a runtime was asked about.
    pub lookups: Count,
    /// Containers that a runtime has described.
    pub resolved: Count,
    unresolved: [Count; Reason::ALL.len()],
    /// Containers that were forgotten although their cgroup is there.
    pub evicted: Count,
    cgroups: AtomicU64,
    cgroups_evicted: AtomicU64,
    cgroup_fallbacks: AtomicU64,
}

impl ContainerStats {
    /// Containers that no runtime described, by reason.
    #[must_use]
    pub fn unresolved(&self, reason: Reason) -> u64 {
        self.unresolved.get(reason as usize).map_or(0, Count::get)
    }

    /// How many cgroups are known.
    #[must_use]
    pub fn cgroups(&self) -> u64 {
        self.cgroups.load(Ordering::Relaxed)
    }

    /// How many cgroups were forgotten although they are there.
    #[must_use]
    pub fn cgroups_evicted(&self) -> u64 {
        self.cgroups_evicted.load(Ordering::Relaxed)
    }

    /// How many times a process was asked for its cgroup's path, since the kernel had not reported it.
    #[must_use]
    pub fn cgroup_fallbacks(&self) -> u64 {
        self.cgroup_fallbacks.load(Ordering::Relaxed)
    }

    pub(super) fn count_unresolved(&self, reason: Reason) {
        if let Some(count) = self.unresolved.get(reason as usize) {
            count.add(1);
        }
    }

    /// Takes over what the table of cgroups counts.
    pub(super) fn set_cgroups(&self, known: usize, evicted: u64, fallbacks: u64) {
        self.cgroups.store(known as u64, Ordering::Relaxed);
        self.cgroups_evicted.store(evicted, Ordering::Relaxed);
        self.cgroup_fallbacks.store(fallbacks, Ordering::Relaxed);
    }
}
