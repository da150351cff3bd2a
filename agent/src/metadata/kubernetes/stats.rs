// SPDX-License-Identifier: Apache-2.0
//! What is counted of the API server and its pods.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use super::reason::{Failure, Reason, Relist};
use crate::stats::Count;

/// Counters of the watch on pods, shared between threads.
///
/// All times are differences on the monotonic clock: a wall clock that jumps changes nothing here.
#[derive(Debug)]
pub struct KubernetesStats {
    /// Requests for a list or a page of one.
    pub list_requests: Count,
    /// Requests for a watch.
    pub watch_requests: Count,
    /// Bytes of the bodies of answers as they came, compressed ones compressed.
    pub bytes_received: Count,
    /// Lists that were read to their end, the first one included.
    pub lists: Count,
    relists: [Count; Relist::ALL.len()],
    /// Watches that went on where one before them had ended.
    pub watch_restarts: Count,
    /// Watch events, bookmarks included.
    pub events: Count,
    errors: [Count; Reason::ALL.len()],
    /// Objects that were not what a pod is; what could be read of them is used.
    pub malformed: Count,
    /// Objects that were too large to be read whole; part of `malformed`.
    pub oversized: Count,
    /// Pods that were not kept since there were too many.
    pub left_out: Count,
    /// Updates that were told, with the one that waits for room.
    pub updates: Count,
    pods: AtomicU64,
    bytes: AtomicU64,
    synced: AtomicBool,
    watching: AtomicBool,
    /// Milliseconds from `since` to the last word from the API server, plus one.
    contact: AtomicU64,
    since: Instant,
    trouble: Mutex<Option<Trouble>>,
}

/// What is wrong at present.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Why the last attempt failed.
    pub reason: Reason,
    /// The same in words, at most some 400 bytes, without control characters.
    pub text: String,
    /// Attempts that have failed one after the other.
    pub attempts: u64,
    /// When the first of them did.
    pub since: Instant,
}

impl Default for KubernetesStats {
    fn default() -> Self {
        Self {
            list_requests: Count::default(),
            watch_requests: Count::default(),
            bytes_received: Count::default(),
            lists: Count::default(),
            relists: Default::default(),
            watch_restarts: Count::default(),
            events: Count::default(),
            errors: Default::default(),
            malformed: Count::default(),
            oversized: Count::default(),
            left_out: Count::default(),
            updates: Count::default(),
            pods: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            synced: AtomicBool::new(false),
            watching: AtomicBool::new(false),
            contact: AtomicU64::new(0),
            since: Instant::now(),
            trouble: Mutex::new(None),
        }
    }
}

impl KubernetesStats {
    /// How often all pods were asked for once more, by cause.
    #[must_use]
    pub fn relists(&self, relist: Relist) -> u64 {
        self.relists.get(relist as usize).map_or(0, Count::get)
    }

    /// Failures by reason.
    #[must_use]
    pub fn errors(&self, reason: Reason) -> u64 {
        self.errors.get(reason as usize).map_or(0, Count::get)
    }

    /// Pods that are known to the API, as far as was told.
    #[must_use]
    pub fn pods(&self) -> u64 {
        self.pods.load(Ordering::Relaxed)
    }

    /// The memory that they take, in bytes.
    #[must_use]
    pub fn pod_bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Whether everything that the API had was told, once at least.
    #[must_use]
    pub fn is_synced(&self) -> bool {
        self.synced.load(Ordering::Relaxed)
    }

    /// Whether changes are heard of as they happen.
    #[must_use]
    pub fn is_watching(&self) -> bool {
        self.watching.load(Ordering::Relaxed)
    }

    /// How long ago the API server last said anything, bookmarks included; `None` when it never did.
    #[must_use]
    pub fn last_contact(&self) -> Option<Duration> {
        let at = Duration::from_millis(self.contact.load(Ordering::Relaxed).checked_sub(1)?);
        Some(self.since.elapsed().saturating_sub(at))
    }

    /// What is wrong; `None` while pods are listed and watched as they should be.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// `bytes` came.
    pub(super) fn received(&self, bytes: usize) {
        self.bytes_received.add(bytes as u64);
        let millis = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.contact.store(millis.saturating_add(1), Ordering::Relaxed);
    }

    pub(super) fn relisted(&self, relist: Relist) {
        if let Some(count) = self.relists.get(relist as usize) {
            count.add(1);
        }
    }

    /// An attempt failed. Returns how many have, one after the other.
    pub(super) fn failed(&self, failure: &Failure) -> u64 {
        self.set_watching(false);
        // Counted under the lock: whoever finds it counted finds the trouble too, and the other way round.
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = self.errors.get(failure.reason as usize) {
            count.add(1);
        }
        let (attempts, since) = trouble.as_ref().map_or_else(|| (0, Instant::now()), |old| (old.attempts, old.since));
        let attempts = attempts + 1;
        *trouble = Some(Trouble { reason: failure.reason, text: failure.to_string(), attempts, since });
        attempts
    }

    /// All is well. Returns what was not.
    pub(super) fn recovered(&self) -> Option<Trouble> {
        self.set_watching(true);
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(super) fn set_watching(&self, watching: bool) {
        self.watching.store(watching, Ordering::Relaxed);
    }

    pub(super) fn set_synced(&self) {
        self.lists.add(1);
        self.synced.store(true, Ordering::Relaxed);
    }

    pub(super) fn set_pods(&self, pods: usize, bytes: usize) {
        self.pods.store(pods as u64, Ordering::Relaxed);
        self.bytes.store(bytes as u64, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_begins_once_and_ends() {
        let stats = KubernetesStats::default();
        assert!(stats.trouble().is_none() && stats.last_contact().is_none() && stats.recovered().is_none());
        assert_eq!(stats.failed(&Failure::malformed("one")), 1);
        let first = stats.trouble().expect("trouble").since;
        assert_eq!(stats.failed(&Failure::config("two")), 2);
        let trouble = stats.trouble().expect("trouble");
        assert_eq!((trouble.reason, trouble.attempts, trouble.since), (Reason::Config, 2, first));
        assert_eq!((trouble.text.as_str(), stats.is_watching()), ("config: two", false));
        assert!(stats.recovered().is_some() && stats.trouble().is_none() && stats.is_watching());
        assert_eq!((stats.errors(Reason::Malformed), stats.errors(Reason::Config)), (1, 1));
    }

    #[test]
    fn contact_is_what_came_last() {
        let stats = KubernetesStats::default();
        stats.received(7);
        assert!(stats.last_contact().is_some_and(|age| age < Duration::from_mins(1)));
        assert_eq!(stats.bytes_received.get(), 7);
    }
}
