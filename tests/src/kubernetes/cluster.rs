// SPDX-License-Identifier: Apache-2.0
//! The pods of a cluster, their history, and what of it is remembered.

use std::collections::{BTreeMap, VecDeque};

use super::{pod::SimPod, selector::Selector};

/// Which pod: a number that stays its own.
pub type PodId = u64;

/// How many changes are remembered, for watches that begin in the past.
const REMEMBERED: usize = 100_000;

/// A cluster: so many pods on so many nodes, called `node-0`, `node-1`, .. They take no memory until they are changed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cluster {
    /// Nodes.
    pub nodes: u64,
    /// Pods on each.
    pub pods_per_node: u64,
    /// Whether they are sent without most of what nobody keeps.
    pub lean: bool,
}

/// A change of a pod.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) version: u64,
    id: PodId,
    pub(super) old: Option<SimPod>,
    pub(super) new: Option<SimPod>,
}

/// The pods as they are, and as they were.
#[derive(Debug)]
pub(super) struct Pods {
    cluster: Cluster,
    /// Those that are not as the cluster began; `None` for deleted ones.
    changed: BTreeMap<PodId, Option<SimPod>>,
    next: PodId,
    version: u64,
    /// Changes after `forgotten`, in order.
    changes: VecDeque<Change>,
    forgotten: u64,
}

impl Pods {
    pub(super) fn new(cluster: Cluster) -> Self {
        // Versions begin where a cluster is that has lived for a while.
        let version = 1000;
        let next = cluster.nodes * cluster.pods_per_node;
        Self { cluster, changed: BTreeMap::new(), next, version, changes: VecDeque::new(), forgotten: version }
    }

    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// Changes up to this version are forgotten.
    pub(super) fn forgotten(&self) -> u64 {
        self.forgotten
    }

    pub(super) fn add(&mut self, pod: SimPod) -> PodId {
        let id = self.next;
        self.next += 1;
        self.change(id, Some(pod));
        id
    }

    pub(super) fn change(&mut self, id: PodId, pod: Option<SimPod>) {
        self.version += 1;
        let old = self.now(id);
        let version = self.version;
        let new = pod.map(|pod| SimPod { version, ..pod });
        if old.is_none() && new.is_none() {
            return;
        }
        self.changed.insert(id, new.clone());
        self.changes.push_back(Change { version, id, old, new });
        while self.changes.len() > REMEMBERED {
            self.forgotten = self.changes.pop_front().map_or(self.forgotten, |change| change.version);
        }
    }

    /// Forgets what was, as etcd does every five minutes.
    pub(super) fn compact(&mut self) {
        self.changes.clear();
        self.forgotten = self.version;
    }

    /// Goes back to an older version number with another history: a restored backup.
    pub(super) fn restore(&mut self, version: u64) {
        self.version = version;
        self.changes.clear();
        self.forgotten = 0;
        for pod in self.changed.values_mut().flatten() {
            pod.version = version;
        }
    }

    /// The pod `id`.
    pub(super) fn now(&self, id: PodId) -> Option<SimPod> {
        self.changed.get(&id).cloned().unwrap_or_else(|| self.first(id))
    }

    /// The pod `id` as the cluster began.
    fn first(&self, id: PodId) -> Option<SimPod> {
        let node = id.checked_div(self.cluster.pods_per_node).filter(|node| *node < self.cluster.nodes)?;
        Some(SimPod { version: 1000, ..SimPod::numbered(id, &format!("node-{node}"), self.cluster.lean) })
    }

    /// The next `count` pods that `selector` selects, from `start` on, as they were at `version`; and where to go on.
    pub(super) fn page(
        &self,
        selector: &Selector,
        version: u64,
        start: PodId,
        count: usize,
    ) -> (Vec<SimPod>, Option<PodId>) {
        // What changed since then is taken back, the last change first.
        let mut was = BTreeMap::new();
        for change in self.changes.iter().rev().take_while(|change| change.version > version) {
            was.insert(change.id, &change.old);
        }
        let first = self.cluster.nodes * self.cluster.pods_per_node;
        let per_node = self.cluster.pods_per_node;
        // Where one node is asked for, the index of nodes has the numbers; and pods that are not as they began.
        let indexed = selector.node().map(|node| {
            let node =
                node.strip_prefix("node-").and_then(|n| n.parse::<u64>().ok()).filter(|n| *n < self.cluster.nodes);
            let of_node = node.map_or(0..0, |node| node * per_node..(node + 1) * per_node);
            let mut ids: Vec<_> = of_node.chain(self.changed.keys().copied()).filter(|id| *id >= start).collect();
            ids.sort_unstable();
            ids.dedup();
            ids
        });
        let (mut ids, mut all): (Box<dyn Iterator<Item = PodId>>, _) = match indexed {
            Some(ids) => (Box::new(ids.into_iter()), start..start),
            None => (Box::new(std::iter::empty()), start..self.next.max(first)),
        };
        let mut pods = Vec::new();
        while let Some(id) = ids.next().or_else(|| all.next()) {
            let pod = was.get(&id).map_or_else(|| self.now(id), |old| (*old).clone());
            if let Some(pod) = pod.filter(|pod| pod.raw.is_some() || selector.matches(pod)) {
                if pods.len() == count {
                    return (pods, Some(id));
                }
                pods.push(pod);
            }
        }
        (pods, None)
    }

    /// The changes after `version`.
    pub(super) fn since(&self, version: u64) -> impl Iterator<Item = &Change> {
        let from = self.changes.partition_point(|change| change.version <= version);
        self.changes.range(from..)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(pods: &Pods, selector: &str, version: u64) -> Vec<String> {
        let selector = Selector::parse(selector).expect("a selector");
        let (mut names, mut start) = (Vec::new(), 0);
        loop {
            let (page, next) = pods.page(&selector, version, start, 2);
            names.extend(page.into_iter().map(|pod| pod.name));
            match next {
                Some(next) => start = next,
                None => return names,
            }
        }
    }

    #[test]
    fn pages_show_one_moment() {
        let mut pods = Pods::new(Cluster { nodes: 3, pods_per_node: 2, lean: false });
        let before = pods.version();
        assert_eq!(names(&pods, "", before).len(), 6);
        let on_one = names(&pods, "spec.nodeName=node-1", before);
        assert_eq!(on_one, ["payments-api-5d8f9c7b6d-000002", "payments-api-5d8f9c7b6d-000003"]);
        let new = pods.add(SimPod::new("x", "new", "node-1"));
        pods.change(2, None);
        pods.change(new, pods.now(new).map(|pod| SimPod { name: "newer".to_owned(), ..pod }));
        assert_eq!(names(&pods, "spec.nodeName=node-1", pods.version()), ["payments-api-5d8f9c7b6d-000003", "newer"]);
        assert_eq!(names(&pods, "spec.nodeName=node-1", before), on_one);
        assert_eq!((names(&pods, "", before).len(), names(&pods, "", pods.version()).len()), (6, 6));
        assert_eq!(pods.since(before + 1).count(), 2);
        assert!(names(&pods, "spec.nodeName=node-9", before).is_empty());
    }
}
