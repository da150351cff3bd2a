// SPDX-License-Identifier: Apache-2.0
//! Containers: which one an event is of, and what its runtime says about it.
//!
//! The id comes from the cgroup's path and is always there. Everything else is asked of the runtime, on a thread of its
//! own, and is there when the answer is: nothing on the event path waits for a socket.
#![deny(clippy::indexing_slicing)]

mod cri;
mod details;
mod docker;
mod exchange;
mod image;
mod reason;
mod registry;
mod resolver;
mod sockets;
mod stats;
#[cfg(test)]
mod tests;

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

pub use self::{
    details::{Details, MAX_LABEL_LEN, MAX_LABELS, MAX_MOUNTS, Mount, Pod},
    image::Image,
    reason::Reason,
    registry::{Config, Containers, MAX_CONTAINERS, Whose},
    stats::ContainerStats,
};
use super::cgroup::{PodUid, Runtime};

#[cfg(any(test, feature = "fuzz"))]
pub(crate) use self::{cri::fuzz as cri_fuzz, docker::fuzz as docker_fuzz};

/// Digits of the id that people use.
const SHORT: usize = 12;

/// One container.
#[derive(Debug)]
pub struct Container {
    full_id: Box<str>,
    runtime: Runtime,
    pod: Option<PodUid>,
    first_seen: Instant,
    answer: OnceLock<Result<Details, Reason>>,
    /// The answer after the container had started, where the first one came before.
    settled: OnceLock<Details>,
}

/// How much is known of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The runtime has been asked, or will be.
    Pending,
    /// It has answered.
    Known,
    /// It will not answer.
    Unresolved(Reason),
}

impl Container {
    fn new(runtime: Runtime, full_id: Box<str>, pod: Option<PodUid>) -> Arc<Self> {
        Arc::new(Self {
            full_id,
            runtime,
            pod,
            first_seen: Instant::now(),
            answer: OnceLock::new(),
            settled: OnceLock::new(),
        })
    }

    /// A container of which everything is known.
    #[cfg(test)]
    pub(crate) fn described(runtime: Runtime, full_id: &str, details: Details) -> Arc<Self> {
        let container = Self::new(runtime, Box::from(full_id), None);
        container.answer(Ok(details));
        container
    }

    /// A container in a pod, of which its runtime has told this, or nothing yet.
    #[cfg(test)]
    pub(crate) fn in_pod(runtime: Runtime, full_id: &str, pod: PodUid, details: Option<Details>) -> Arc<Self> {
        let container = Self::new(runtime, Box::from(full_id), Some(pod));
        if let Some(details) = details {
            container.answer(Ok(details));
        }
        container
    }

    /// The id as people and Falco write it: 12 digits, or the name where that is the id.
    #[must_use]
    pub fn id(&self) -> &str {
        if self.runtime.ids_are_names() {
            return &self.full_id;
        }
        self.full_id.get(..SHORT).unwrap_or(&self.full_id)
    }

    /// The whole id.
    #[must_use]
    pub fn full_id(&self) -> &str {
        &self.full_id
    }

    /// Who runs it: what answered for it, or else what the path tells.
    #[must_use]
    pub fn runtime(&self) -> Runtime {
        self.details().and_then(|details| details.runtime).unwrap_or(self.runtime)
    }

    /// Its name: what the runtime says, or the id where that is a name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        if self.runtime.ids_are_names() {
            return Some(&self.full_id);
        }
        self.details()?.name.as_deref()
    }

    /// How long ago it was first seen.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.first_seen.elapsed()
    }

    /// The pod that its cgroup is in.
    #[must_use]
    pub fn pod_uid(&self) -> Option<PodUid> {
        self.pod
    }

    /// What the runtime says of it, once that is known.
    #[must_use]
    pub fn details(&self) -> Option<&Details> {
        self.settled.get().or_else(|| self.answer.get()?.as_ref().ok())
    }

    /// How much is known.
    #[must_use]
    pub fn state(&self) -> State {
        match self.answer.get() {
            None => State::Pending,
            Some(Ok(_)) => State::Known,
            Some(Err(reason)) => State::Unresolved(*reason),
        }
    }

    /// Enters the answer. There is one, and the first stays.
    fn answer(&self, answer: Result<Details, Reason>) {
        if self.answer.set(answer).is_err() {
            tracing::debug!(container = self.id(), "answered twice");
        }
    }

    /// Enters what is known after the start.
    fn settle(&self, details: Details) {
        if self.settled.set(details).is_err() {
            tracing::debug!(container = self.id(), "settled twice");
        }
    }
}
