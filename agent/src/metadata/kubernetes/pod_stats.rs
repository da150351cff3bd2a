// SPDX-License-Identifier: Apache-2.0
//! What is counted of events and their pods.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::stats::Count;

/// Why an event went out with a pod's UID and no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unresolved {
    /// The API server has not told its pods yet.
    NotSynced,
    /// It has, and this was not among them in time.
    Unknown,
}

impl Unresolved {
    /// Every reason.
    pub const ALL: [Self; 2] = [Self::NotSynced, Self::Unknown];

    /// The name that counters have.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotSynced => "not_synced",
            Self::Unknown => "unknown",
        }
    }
}

/// Counters of pods on the event path, shared between threads.
#[derive(Debug, Default)]
pub struct PodStats {
    /// Delivered events of pods that were known.
    pub resolved: Count,
    unresolved: [Count; Unresolved::ALL.len()],
    /// Pods that were forgotten early, since too many were kept that the API had forgotten.
    pub evicted: Count,
    held: AtomicU64,
    gone: AtomicU64,
}

impl PodStats {
    /// Delivered events of pods that were not known, by reason.
    #[must_use]
    pub fn unresolved(&self, reason: Unresolved) -> u64 {
        self.unresolved.get(reason as usize).map_or(0, Count::get)
    }

    /// How many UIDs are known; a static pod has two.
    #[must_use]
    pub fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    /// How many pods are kept that the API has forgotten.
    #[must_use]
    pub fn gone(&self) -> u64 {
        self.gone.load(Ordering::Relaxed)
    }

    pub(super) fn count_unresolved(&self, reason: Unresolved) {
        if let Some(count) = self.unresolved.get(reason as usize) {
            count.add(1);
        }
    }

    pub(super) fn set_held(&self, held: usize, gone: usize) {
        self.held.store(held as u64, Ordering::Relaxed);
        self.gone.store(gone as u64, Ordering::Relaxed);
    }
}
