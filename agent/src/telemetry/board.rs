// SPDX-License-Identifier: Apache-2.0
//! Where the main loop puts up what the server shows.

use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Instant,
};

use bytes::Bytes;

use super::{
    ready::Verdict,
    snapshot::Snapshot,
    versions::{Features, Versions},
};
use crate::{driver::Provenance, stats::Count};

/// What the agent is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// It does this before it captures.
    Starting(&'static str),
    /// It captures.
    Capturing,
    /// It writes what is left.
    Stopping,
}

impl Phase {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Starting(_) => "starting",
            Self::Capturing => "capturing",
            Self::Stopping => "stopping",
        }
    }
}

/// A snapshot with what was found of it.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) snapshot: Snapshot,
    pub(super) verdict: Verdict,
    /// It as Prometheus reads it, once somebody has asked: however many ask, it is written once.
    pub(super) metrics: OnceLock<Bytes>,
    /// The same, with every syscall.
    pub(super) syscalls: OnceLock<Bytes>,
}

/// What is put up.
#[derive(Clone, Debug)]
pub(super) struct Posted {
    /// When: what is old says that the main loop is busy.
    pub(super) at: Instant,
    pub(super) phase: Phase,
    /// The last snapshot, if one was taken.
    pub(super) page: Option<Arc<Page>>,
}

/// What the server did.
#[derive(Debug, Default)]
pub(super) struct Served {
    /// Requests that were answered.
    pub(super) requests: Count,
    /// Connections that went to make room for others.
    pub(super) evicted: Count,
    /// Connections that were broken, or too slow.
    pub(super) failed: Count,
}

/// Where the main loop puts up what the server shows. Neither waits for the other: the lock is held for an exchange of
/// pointers.
#[derive(Debug)]
pub(super) struct Board {
    posted: Mutex<Arc<Posted>>,
    pub(super) versions: Versions,
    pub(super) served: Served,
}

impl Board {
    pub(super) fn new() -> Self {
        let posted = Posted { at: Instant::now(), phase: Phase::Starting("reading the command line"), page: None };
        Self { posted: Mutex::new(Arc::new(posted)), versions: Versions::new(), served: Served::default() }
    }

    /// What is put up.
    pub(super) fn read(&self) -> Arc<Posted> {
        Arc::clone(&self.posted.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Says what the agent is at.
    pub(super) fn phase(&self, phase: Phase) {
        let page = self.read().page.clone();
        self.post(Posted { at: Instant::now(), phase, page });
    }

    /// Puts up a snapshot of an agent that captures.
    pub(super) fn put_up(&self, snapshot: Snapshot, verdict: Verdict) {
        let page = Page { snapshot, verdict, metrics: OnceLock::new(), syscalls: OnceLock::new() };
        self.post(Posted { at: Instant::now(), phase: Phase::Capturing, page: Some(Arc::new(page)) });
    }

    pub(super) fn features(&self, features: Features) {
        self.versions.features(features);
    }

    pub(super) fn probe(&self, provenance: Provenance) {
        self.versions.probe(provenance);
    }

    fn post(&self, posted: Posted) {
        let posted = Arc::new(posted);
        let before = std::mem::replace(&mut *self.posted.lock().unwrap_or_else(PoisonError::into_inner), posted);
        // Freed here, where nobody waits for the lock.
        drop(before);
    }
}
