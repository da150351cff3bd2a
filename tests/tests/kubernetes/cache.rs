// SPDX-License-Identifier: Apache-2.0
//! What the event path would know: the pods as the updates tell them.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use agent::{
    cli,
    metadata::kubernetes::{Config, KubernetesStats, Pod, Timing, Update, Watch},
};
use crossbeam_channel::{Receiver, RecvTimeoutError, unbounded};
use tests::kubernetes::{ApiServer, SimPod};

/// How long anything may take before a test fails. Machines are slow when others build on them.
const PATIENCE: Duration = Duration::from_mins(3);
/// How often conditions that no update tells are looked at.
const LOOK: Duration = Duration::from_millis(5);

/// Everything soon, so that tests are; in the proportions of the real ones.
pub(crate) const SOON: Timing = Timing {
    connect: Duration::from_secs(5),
    answer: Duration::from_secs(20),
    idle: Duration::from_secs(20),
    list: Duration::from_mins(2),
    watch_idle: Duration::from_mins(2),
    watch: Duration::from_secs(200),
    steady: Duration::ZERO,
    pause_min: Duration::from_millis(10),
    pause_max: Duration::from_millis(100),
    retry_after_max: Duration::from_secs(5),
    relist: Duration::from_hours(1),
};

/// The same for a server that does not answer.
pub(crate) const IMPATIENT: Timing = Timing { answer: Duration::from_secs(1), idle: Duration::from_secs(1), ..SOON };

/// What was typed to ask `server` for the pods of `node`.
pub(crate) fn typed(server: &ApiServer, node: Option<&str>) -> cli::Kubernetes {
    cli::Kubernetes { k8s_api: Some(server.url()), k8s_node: node.map(str::to_owned), ..cli::Kubernetes::default() }
}

/// A cache of `server`'s pods.
pub(crate) struct Cache {
    pub(crate) watch: Option<Watch>,
    updates: Receiver<Update>,
    pub(crate) stats: Arc<KubernetesStats>,
    pub(crate) pods: BTreeMap<u128, Arc<Pod>>,
    /// Updates of each kind.
    pub(crate) applied: usize,
    pub(crate) deleted: usize,
    pub(crate) synced: usize,
}

impl Cache {
    /// Of the pods of `node`, soon.
    pub(crate) fn of(server: &ApiServer, node: &str) -> Self {
        Self::with(&typed(server, Some(node)), SOON)
    }

    /// As typed.
    pub(crate) fn with(args: &cli::Kubernetes, timing: Timing) -> Self {
        let mut config = Config::of(args).expect("it is right").expect("it is on");
        config.timing = timing;
        let (tell, updates) = unbounded();
        let stats = Arc::<KubernetesStats>::default();
        let watch = Watch::start(config, tell, Arc::clone(&stats)).expect("a thread");
        Self { watch: Some(watch), updates, stats, pods: BTreeMap::new(), applied: 0, deleted: 0, synced: 0 }
    }

    /// Takes updates until `done`.
    pub(crate) fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !done(self) {
            match self.updates.recv_timeout(LOOK) {
                Ok(update) => self.take(update),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => panic!("the thread ended, waiting until {what}"),
            }
            assert!(
                Instant::now() < end,
                "it was not so that {what}: {} pods, {} applied, {} deleted, {} synced, {:#?}",
                self.pods.len(),
                self.applied,
                self.deleted,
                self.synced,
                self.stats
            );
        }
    }

    /// Takes what was told so far.
    pub(crate) fn drain(&mut self) {
        while let Ok(update) = self.updates.try_recv() {
            self.take(update);
        }
    }

    fn take(&mut self, update: Update) {
        match update {
            Update::Applied(pod) => {
                let before = self.pods.insert(pod.uid(), Arc::clone(&pod));
                assert_ne!(before, Some(pod), "nothing new was told");
                self.applied += 1;
            }
            Update::Deleted(uid) => {
                assert!(self.pods.remove(&uid).is_some(), "a pod was deleted that nobody was told of");
                self.deleted += 1;
            }
            Update::Synced => self.synced += 1,
        }
    }

    /// Waits until all was told once.
    pub(crate) fn until_synced(&mut self) {
        self.until("all is told", |cache| cache.synced > 0);
    }

    /// Waits until exactly the pods of `node` are known, as they are.
    pub(crate) fn until_like(&mut self, server: &ApiServer, node: &str) {
        self.until("the cache is what the server has", |cache| {
            let whole = cache.synced > 0 && cache.synced as u64 == cache.stats.lists.get();
            let well = cache.stats.trouble().is_none() && cache.stats.is_watching();
            whole && well && cache.is_like(&server.pods_of(node))
        });
    }

    /// Whether exactly these pods are known, as they are.
    pub(crate) fn is_like(&self, pods: &[SimPod]) -> bool {
        let unfinished = |pod: &&SimPod| !matches!(&*pod.phase, "Succeeded" | "Failed" | "Unknown");
        let pods: Vec<_> = pods.iter().filter(unfinished).collect();
        pods.len() == self.pods.len()
            && pods.iter().all(|pod| self.pods.get(&pod.uid).is_some_and(|known| same(pod, known)))
    }
}

/// Whether `known` is what is kept of `pod`.
pub(crate) fn same(pod: &SimPod, known: &Pod) -> bool {
    let mut labels = pod.labels.clone();
    labels.sort();
    let labels: Vec<_> = labels.iter().map(|(name, value)| (&**name, &**value)).collect();
    let containers = pod.init.iter().chain(&pod.containers).chain(&pod.ephemeral);
    let containers: Vec<_> =
        containers.map(|one| (&*one.name, one.id.split_once("://").map_or("", |(_, id)| id), &*one.image)).collect();
    known.uid() == pod.uid
        && (known.name(), known.namespace(), known.node()) == (&pod.name, &pod.namespace, pod.node.as_deref())
        && (known.service_account(), known.qos()) == (Some(&*pod.service_account), Some(&*pod.qos))
        && known.ips().eq([&*pod.ip])
        && known.owner().map(|owner| (owner.kind, owner.name)) == pod.owner.as_ref().map(|(k, n)| (&**k, &**n))
        && known.labels().collect::<Vec<_>>() == labels
        && known.containers().map(|one| (one.name, one.id, one.image)).collect::<Vec<_>>() == containers
}
