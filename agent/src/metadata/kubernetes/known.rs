// SPDX-License-Identifier: Apache-2.0
//! The pods that the API server told of, and telling what changes.

use std::{
    collections::{HashMap, hash_map::Entry},
    convert::Infallible,
    sync::Arc,
};

use crossbeam_channel::{Receiver, Select, Sender, TrySendError};
use foldhash::fast::RandomState;

use super::{Pod, Update, json, reason::Failure, slim::Slim, stats::KubernetesStats};

/// The most pods that are kept. Clusters have up to 150,000.
const MAX_PODS: usize = 1 << 20;

/// Why work ends.
#[derive(Debug)]
pub(super) enum Halt {
    /// Nobody wants to know any more.
    Stopped,
    /// It did not work out.
    Failed(Failure),
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// The pods.
pub(super) struct Known {
    pods: HashMap<u128, (Arc<Pod>, u32), RandomState>,
    /// Bytes of the pods themselves.
    bytes: usize,
    /// The list that is being read, by number.
    round: u32,
    /// Pods that it has had.
    listed: usize,
    /// Objects in it that could not be told which pods they are.
    unreadable: usize,
    updates: Sender<Update>,
    /// Disconnected when the work is to end.
    stop: Receiver<Infallible>,
    stats: Arc<KubernetesStats>,
}

impl Known {
    pub(super) fn new(updates: Sender<Update>, stop: Receiver<Infallible>, stats: Arc<KubernetesStats>) -> Self {
        Self { pods: HashMap::default(), bytes: 0, round: 0, listed: 0, unreadable: 0, updates, stop, stats }
    }

    /// A list begins.
    pub(super) fn begin(&mut self) {
        self.round = self.round.wrapping_add(1);
        self.listed = 0;
        self.unreadable = 0;
    }

    /// How many pods the list has had so far.
    pub(super) fn listed(&self) -> usize {
        self.listed
    }

    /// An object of the list, or only its beginning.
    pub(super) fn list(&mut self, object: &[u8], whole: bool) -> Result<(), Halt> {
        let (object, good) = json::read::<Slim>(object);
        self.apply(object, good, whole)
    }

    /// The list was read to its end: what it did not have is gone.
    ///
    /// Nothing is when it had objects that nobody could read: each may be a pod that is known.
    pub(super) fn end(&mut self) -> Result<(), Halt> {
        if self.unreadable == 0 {
            let round = self.round;
            let gone: Vec<_> = self.pods.iter().filter(|(_, (_, seen))| *seen != round).map(|(uid, _)| *uid).collect();
            for uid in gone {
                self.delete(uid)?;
            }
        }
        self.stats.set_synced();
        self.tell(Update::Synced)
    }

    /// A pod is there, or is not as it was. What is known of a pod stays where it can't be read any more; of one that is not
    /// known whatever can be read is better than nothing.
    pub(super) fn apply(&mut self, object: Slim, good: bool, whole: bool) -> Result<(), Halt> {
        let parts = object.into_parts();
        if !(good && whole && parts.is_some()) {
            self.stats.malformed.add(1);
            self.stats.oversized.add(u64::from(!whole));
        }
        let Some(parts) = parts else {
            self.unreadable += 1;
            return Ok(());
        };
        let full = self.pods.len() >= MAX_PODS;
        let changed = match self.pods.entry(parts.uid) {
            Entry::Occupied(mut known) => {
                let (pod, seen) = known.get_mut();
                self.listed += usize::from(*seen != self.round);
                *seen = self.round;
                let now = Pod::from(&parts);
                if !(good && whole) || **pod == now {
                    return Ok(());
                }
                self.bytes = self.bytes.saturating_sub(pod.size()) + now.size();
                *pod = Arc::new(now);
                Arc::clone(pod)
            }
            Entry::Vacant(_) if full => {
                self.listed += 1;
                self.stats.left_out.add(1);
                return Ok(());
            }
            Entry::Vacant(place) => {
                let pod = Arc::new(Pod::from(&parts));
                self.listed += 1;
                self.bytes += pod.size();
                place.insert((Arc::clone(&pod), self.round));
                pod
            }
        };
        self.count();
        self.tell(Update::Applied(changed))
    }

    /// A pod is gone.
    pub(super) fn delete(&mut self, uid: u128) -> Result<(), Halt> {
        let Some((pod, _)) = self.pods.remove(&uid) else { return Ok(()) };
        self.bytes = self.bytes.saturating_sub(pod.size());
        self.count();
        self.tell(Update::Deleted(uid))
    }

    fn count(&self) {
        /// What an `Arc` adds to a pod: its two counts.
        const COUNTS: usize = 2 * size_of::<usize>();
        let place = size_of::<(u128, (Arc<Pod>, u32))>() + 1;
        self.stats.set_pods(self.pods.len(), self.bytes + self.pods.len() * COUNTS + self.pods.capacity() * place);
    }

    /// Tells, and waits for room; not when nobody wants to know any more. What is told of, here and by whoever calls, is
    /// counted before, so that whoever is told finds it counted.
    fn tell(&self, mut update: Update) -> Result<(), Halt> {
        self.stats.updates.add(1);
        loop {
            update = match self.updates.try_send(update) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Full(update)) => update,
                Err(TrySendError::Disconnected(_)) => return Err(Halt::Stopped),
            };
            let mut select = Select::new();
            let room = select.send(&self.updates);
            select.recv(&self.stop);
            if select.ready() != room {
                return Err(Halt::Stopped);
            }
        }
    }
}

#[cfg(test)]
mod tests;
