// SPDX-License-Identifier: Apache-2.0
//! The pods of this node, as the API server tells them.
//!
//! One thread of its own lists and watches them and keeps only what is used; what changes goes to the event path, which
//! owns what it looks up and waits for nobody.
#![deny(clippy::indexing_slicing)]

mod access;
mod backoff;
mod client;
pub mod config;
mod follow;
#[cfg(any(test, feature = "fuzz"))]
pub(crate) mod fuzz;
mod inflate;
mod json;
mod known;
mod list;
mod node;
pub mod pod;
mod pod_stats;
mod pods;
pub mod reason;
mod slim;
mod split;
pub mod stats;
pub mod watch;

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use crossbeam_channel::{RecvTimeoutError, bounded};

pub use self::{
    config::{Config, Timing},
    pod::{Owner, Parts, Pod, PodContainer},
    pod_stats::{PodStats, Unresolved},
    pods::Pods,
    reason::{Reason, Relist},
    stats::{KubernetesStats, Trouble},
    watch::Watch,
};
use super::container::Container;

/// Updates that wait for the event path at most; the list or watch that they come from waits meanwhile.
const UPDATES: usize = 1024;
/// How often it is looked whether the first list is still to be hoped for.
const LOOK: Duration = Duration::from_millis(20);

/// What the event path is told.
#[derive(Clone, Debug)]
pub enum Update {
    /// A pod is new, or not as it was. What does not matter for events is not told.
    Applied(Arc<Pod>),
    /// A pod is gone from the API, or finished: its UID.
    Deleted(u128),
    /// All that the API had at the last listing has been told.
    Synced,
}

/// What is counted of pods, for other threads to read.
#[derive(Clone, Debug, Default)]
pub struct KubernetesCounters {
    /// On the event path.
    pub pods: Arc<PodStats>,
    /// Of the API server.
    pub api: Arc<KubernetesStats>,
}

/// The pods, and who tells of them.
#[derive(Debug)]
pub struct Kubernetes {
    /// What is known.
    pub pods: Pods,
    api: Arc<KubernetesStats>,
    _watch: Watch,
}

impl Kubernetes {
    /// Begins to ask for pods.
    ///
    /// # Errors
    /// When the thread that does so can't be started.
    pub fn start(config: Config, counters: &KubernetesCounters) -> io::Result<Self> {
        let (tell, updates) = bounded(UPDATES);
        let api = Arc::clone(&counters.api);
        let watch = Watch::start(config, tell, Arc::clone(&api))?;
        Ok(Self { pods: Pods::new(updates, Arc::clone(&counters.pods)), api, _watch: watch })
    }

    /// Whether the pod of a container may still be told soon: not while the API server is out of reach.
    #[must_use]
    pub fn hopes_for(&self, container: &Container) -> bool {
        self.pods.awaits(container) && self.api.is_watching()
    }

    /// Takes in the first list, if it comes until `deadline` and nothing goes wrong before.
    pub fn wait(&mut self, deadline: Instant) {
        while !self.pods.is_synced() && self.api.trouble().is_none() {
            let look = deadline.min(Instant::now() + LOOK);
            match self.pods.updates().recv_deadline(look) {
                Ok(update) => self.pods.apply(update),
                Err(RecvTimeoutError::Timeout) if look < deadline => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
    }
}
