// SPDX-License-Identifier: Apache-2.0
//! The pods as the event path knows them: found by the UID in a container's cgroup path, and kept for a while after the API
//! has forgotten them. One thread owns the table and is told what changes; it asks nobody.

#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use crossbeam_channel::Receiver;
use foldhash::fast::RandomState;

use super::{Pod, PodStats, Unresolved, Update};
use crate::metadata::container::Container;

/// How long a pod that the API has forgotten is kept after the last of its cgroups: its last events are still on their way.
const GRACE: Duration = Duration::from_mins(1);
/// Pods that the API has forgotten and that are kept at most.
const MAX_GONE: usize = 1024;
/// How often it is looked which of them still have cgroups.
const SWEEP: Duration = Duration::from_secs(1);
/// UIDs that are listed as changed for whoever asks; more are left out.
const MAX_CHANGED: usize = 65_536;

/// The pods.
#[derive(Debug)]
pub struct Pods {
    updates: Receiver<Update>,
    /// By every UID that a cgroup's path may have for them.
    by_uid: HashMap<u128, Arc<Pod>, RandomState>,
    /// Those that the API has forgotten, by `metadata.uid`: when one of their cgroups was last there.
    gone: HashMap<u128, Instant, RandomState>,
    /// UIDs as cgroups have them, of pods that are not as they were.
    changed: Vec<u128>,
    swept: Instant,
    synced: bool,
    stats: Arc<PodStats>,
}

impl Pods {
    /// None yet; what `updates` tells will be entered.
    #[must_use]
    pub fn new(updates: Receiver<Update>, stats: Arc<PodStats>) -> Self {
        Self {
            updates,
            by_uid: HashMap::default(),
            gone: HashMap::default(),
            changed: Vec::new(),
            swept: Instant::now(),
            synced: false,
            stats,
        }
    }

    /// Where it is told what changes.
    #[must_use]
    pub fn updates(&self) -> &Receiver<Update> {
        &self.updates
    }

    /// Takes in what was told since, `most` of it.
    pub fn follow(&mut self, most: usize) {
        for _ in 0..most {
            let Ok(update) = self.updates.try_recv() else { break };
            self.apply(update);
        }
    }

    /// Takes in what was told.
    pub fn apply(&mut self, update: Update) {
        match update {
            Update::Applied(pod) => self.enter(pod),
            Update::Deleted(uid) => self.leave(uid),
            Update::Synced => self.synced = true,
        }
        self.stats.set_held(self.by_uid.len(), self.gone.len());
    }

    /// Whether all that the API has was told.
    #[must_use]
    pub fn is_synced(&self) -> bool {
        self.synced
    }

    /// The pod of a container.
    #[must_use]
    pub fn of(&self, container: &Container) -> Option<&Arc<Pod>> {
        self.by_uid.get(&container.pod_uid()?.value())
    }

    /// Whether the container is of a pod that may still be told.
    #[must_use]
    pub fn awaits(&self, container: &Container) -> bool {
        container.pod_uid().is_some() && self.of(container).is_none()
    }

    /// Counts an event of a container that is in a pod.
    pub fn count(&self, container: &Container, pod: Option<&Arc<Pod>>) {
        if container.pod_uid().is_none() {
            return;
        }
        match pod {
            Some(_) => self.stats.resolved.add(1),
            None if self.synced => self.stats.count_unresolved(Unresolved::Unknown),
            None => self.stats.count_unresolved(Unresolved::NotSynced),
        }
    }

    /// The UIDs, as cgroups have them, of pods that changed since this was asked last.
    pub fn take_changed(&mut self) -> Vec<u128> {
        std::mem::take(&mut self.changed)
    }

    /// Forgets pods that have been gone for long enough. `living` tells the pods' UIDs that cgroups have now; it is asked
    /// seldom, and only when it matters.
    pub fn sweep(&mut self, now: Instant, living: impl FnOnce() -> HashSet<u128, RandomState>) {
        if self.gone.is_empty() || now.saturating_duration_since(self.swept) < SWEEP {
            return;
        }
        self.swept = now;
        let living = living();
        let mut over = Vec::new();
        for (uid, last) in &mut self.gone {
            let lives = self.by_uid.get(uid).is_some_and(|pod| keys(pod).any(|key| living.contains(&key)));
            if lives {
                *last = now;
            } else if now.saturating_duration_since(*last) >= GRACE {
                over.push(*uid);
            }
        }
        for uid in over {
            self.forget(uid);
        }
        self.stats.set_held(self.by_uid.len(), self.gone.len());
    }

    fn enter(&mut self, pod: Arc<Pod>) {
        self.gone.remove(&pod.uid());
        for key in keys(&pod) {
            self.by_uid.insert(key, Arc::clone(&pod));
            if self.changed.len() < MAX_CHANGED {
                self.changed.push(key);
            }
        }
    }

    /// The API has forgotten a pod; its processes may live, and their last events are to come.
    fn leave(&mut self, uid: u128) {
        if !self.by_uid.contains_key(&uid) {
            return;
        }
        if self.gone.len() >= MAX_GONE
            && let Some(oldest) = self.gone.iter().min_by_key(|(_, last)| **last).map(|(uid, _)| *uid)
        {
            self.forget(oldest);
            self.stats.evicted.add(1);
        }
        self.gone.insert(uid, Instant::now());
    }

    fn forget(&mut self, uid: u128) {
        self.gone.remove(&uid);
        let Some(pod) = self.by_uid.get(&uid).map(Arc::clone) else { return };
        for key in keys(&pod) {
            // A static pod's key may be its successor's by now.
            if self.by_uid.get(&key).is_some_and(|there| there.uid() == uid) {
                self.by_uid.remove(&key);
            }
        }
    }
}

/// The UIDs that a pod's cgroups may have.
fn keys(pod: &Pod) -> impl Iterator<Item = u128> {
    std::iter::once(pod.uid()).chain(pod.config_hash().filter(|hash| *hash != pod.uid()))
}
