// SPDX-License-Identifier: Apache-2.0
//! How the agent stands with the API server.

use std::time::Duration;

use crate::metadata::kubernetes::{KubernetesStats, Reason, Relist};

/// How the agent stands with the API server at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pods {
    /// Whether all pods were told once.
    pub(super) synced: bool,
    /// Whether changes are heard of.
    pub(super) watching: bool,
    /// Pods that are known.
    pub(super) known: u64,
    /// Bytes that they take.
    pub(super) bytes: u64,
    /// Since it last said anything.
    pub(super) contact: Option<Duration>,
    /// What is wrong: in words, and how many attempts have failed.
    pub(super) trouble: Option<(String, u64)>,
    pub(super) list_requests: u64,
    pub(super) watch_requests: u64,
    pub(super) received: u64,
    pub(super) lists: u64,
    pub(super) relists: [(&'static str, u64); Relist::ALL.len()],
    pub(super) restarts: u64,
    pub(super) events: u64,
    pub(super) errors: [(&'static str, u64); Reason::ALL.len()],
    pub(super) malformed: u64,
    pub(super) oversized: u64,
    pub(super) left_out: u64,
    pub(super) updates: u64,
}

impl Pods {
    /// Reads the counters.
    pub(super) fn read(stats: &KubernetesStats) -> Self {
        Self {
            synced: stats.is_synced(),
            watching: stats.is_watching(),
            known: stats.pods(),
            bytes: stats.pod_bytes(),
            contact: stats.last_contact(),
            trouble: stats.trouble().map(|trouble| (trouble.text, trouble.attempts)),
            list_requests: stats.list_requests.get(),
            watch_requests: stats.watch_requests.get(),
            received: stats.bytes_received.get(),
            lists: stats.lists.get(),
            relists: Relist::ALL.map(|relist| (relist.name(), stats.relists(relist))),
            restarts: stats.watch_restarts.get(),
            events: stats.events.get(),
            errors: Reason::ALL.map(|reason| (reason.name(), stats.errors(reason))),
            malformed: stats.malformed.get(),
            oversized: stats.oversized.get(),
            left_out: stats.left_out.get(),
            updates: stats.updates.get(),
        }
    }
}
