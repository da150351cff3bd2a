// SPDX-License-Identifier: Apache-2.0
//! The containers of this machine, by cgroup.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    io,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Container, ContainerStats, Reason, State,
    resolver::{Resolver, Timing},
    sockets::{Api, Sockets},
};
use crate::metadata::cgroup::{Cgroups, Hierarchy, Runtime, detect};

/// How many containers are remembered.
pub const MAX_CONTAINERS: usize = 4096;
/// How many cgroups are listed as changed for whoever asks; more are left out.
const MAX_CHANGED: usize = 65_536;
/// How many are forgotten at once when there are more: forgetting goes through all cgroups.
const EVICTED_AT_ONCE: usize = 256;

/// How containers are described.
#[derive(Clone, Debug)]
pub struct Config {
    /// The root of the machine, as this process sees it.
    pub host_root: PathBuf,
    /// Sockets besides the usual ones, as this process sees them; what speaks there is told by their names.
    pub sockets: Vec<PathBuf>,
    /// How long an event may wait for its container's description.
    pub wait: Duration,
    /// Whether runtimes are asked at all.
    pub lookups: bool,
}

/// A container is one of a runtime's by its id.
type Key = (Runtime, Box<str>);

/// Whose a cgroup is.
#[derive(Clone, Copy, Debug)]
pub enum Whose<'a> {
    /// It was not looked at, or is forgotten.
    Unknown,
    /// The host's.
    Host,
    /// A container's.
    Container(&'a Arc<Container>),
}

/// All containers. One thread owns it and asks it for every event.
#[derive(Debug)]
pub struct Containers {
    cgroups: Cgroups,
    /// Of the cgroups that were looked at; `None` is the host.
    by_cgroup: HashMap<u64, Option<Arc<Container>>>,
    by_id: HashMap<Key, Arc<Container>>,
    /// Cgroups that were looked at or forgotten since that was asked last.
    changed: Vec<u64>,
    /// Keys as they came, for eviction; may hold some that are forgotten.
    order: VecDeque<Key>,
    /// The cgroup of the last event: the next one often is of the same.
    last: (u64, Option<Arc<Container>>),
    sockets: Arc<Sockets>,
    resolver: Option<Resolver>,
    wait: Duration,
    stats: Arc<ContainerStats>,
}

impl Containers {
    /// Enters the containers that there are, and starts the thread that asks about them.
    ///
    /// Cgroups that are made from here on must be reported, or are sought by a process in them.
    ///
    /// # Errors
    /// When the thread can't be started.
    pub fn start(config: Config, hierarchy: Hierarchy, stats: Arc<ContainerStats>) -> io::Result<Self> {
        Self::start_with(config, hierarchy, stats, Timing::default())
    }

    pub(super) fn start_with(
        config: Config,
        hierarchy: Hierarchy,
        stats: Arc<ContainerStats>,
        timing: Timing,
    ) -> io::Result<Self> {
        let sockets = Arc::new(Sockets::new(&config.host_root, config.sockets));
        let resolver = if config.lookups {
            Some(Resolver::start(Arc::clone(&sockets), Arc::clone(&stats), timing)?)
        } else {
            None
        };
        let mut containers = Self {
            cgroups: Cgroups::new(hierarchy, &config.host_root),
            by_cgroup: HashMap::new(),
            by_id: HashMap::new(),
            changed: Vec::new(),
            order: VecDeque::new(),
            last: (0, None),
            sockets,
            resolver,
            wait: config.wait,
            stats,
        };
        for id in containers.cgroups.scan() {
            containers.attach(id);
        }
        containers.count();
        Ok(containers)
    }

    /// The container of an event in cgroup `cgroup_id`, by process `pid`; `None` is the host.
    pub fn of(&mut self, cgroup_id: u64, pid: u32) -> Option<&Arc<Container>> {
        if self.last.0 != cgroup_id {
            let container = if let Some(container) = self.by_cgroup.get(&cgroup_id) {
                container.clone()
            } else {
                self.first_sight(cgroup_id, pid);
                self.by_cgroup.get(&cgroup_id)?.clone()
            };
            self.last = (cgroup_id, container);
        }
        self.last.1.as_ref()
    }

    /// Enters a cgroup that was made. If it is a container's, its runtime is asked already now.
    pub fn cgroup_made(&mut self, id: u64, path: &str) {
        let forgotten = self.cgroups.made(id, path);
        self.forget(forgotten);
        self.attach(id);
        self.count();
    }

    /// Notes that a cgroup was removed. It stays known for a while, for events that come late.
    pub fn cgroup_gone(&mut self, id: u64) {
        let forgotten = self.cgroups.gone(id);
        self.forget(forgotten);
        self.count();
    }

    /// Whether the answer of a container's runtime is awaited, and not in vain.
    #[must_use]
    pub fn is_asked(&self, container: &Container) -> bool {
        let waiting = self.resolver.is_some() && container.state() == State::Pending;
        waiting && self.sockets.hopeful(container.runtime)
    }

    /// Until when an event may wait for what is to be told of `container`; `None` when that is over.
    #[must_use]
    pub fn patience(&self, container: &Container) -> Option<Instant> {
        container.first_seen.checked_add(self.wait).filter(|deadline| *deadline > Instant::now())
    }

    /// The UIDs of the pods that cgroups are of; the same one several times.
    pub fn pods(&self) -> impl Iterator<Item = u128> {
        self.by_cgroup.values().filter_map(|container| Some(container.as_ref()?.pod_uid()?.value()))
    }

    /// The cgroups of these pods.
    #[must_use]
    pub fn in_pods(&self, uids: &HashSet<u128>) -> Vec<u64> {
        if uids.is_empty() {
            return Vec::new();
        }
        let is_in = |container: &Arc<Container>| container.pod_uid().is_some_and(|uid| uids.contains(&uid.value()));
        let cgroups = self.by_cgroup.iter().filter(|(_, container)| container.as_ref().is_some_and(is_in));
        cgroups.map(|(id, _)| *id).collect()
    }

    /// An event of a cgroup that was not looked at. What can't be told is not remembered here: its next event may come
    /// from a process that tells.
    fn first_sight(&mut self, id: u64, pid: u32) {
        if self.cgroups.path(id).is_some() {
            self.attach(id);
        } else if let Some(path) = self.cgroups.of_process(id, pid) {
            self.cgroup_made(id, &path);
        } else {
            self.count();
        }
    }

    /// Looks at a cgroup's path.
    fn attach(&mut self, id: u64) {
        let found = self
            .cgroups
            .path(id)
            .map(|path| detect(path).map(|found| (found.runtime, Box::from(found.full_id), found.pod)));
        let Some(found) = found else {
            return;
        };
        let container = found.map(|(runtime, full_id, pod)| {
            let key = (runtime, full_id);
            match self.by_id.get(&key) {
                Some(container) => Arc::clone(container),
                None => self.enter(Container::new(runtime, key.1.clone(), pod), key),
            }
        });
        if self.last.0 == id {
            self.last = (0, None);
        }
        self.by_cgroup.insert(id, container);
        self.note(id);
    }

    /// The cgroup is another's now, or nobody's.
    fn note(&mut self, id: u64) {
        if self.changed.len() < MAX_CHANGED {
            self.changed.push(id);
        }
    }

    /// The cgroups that became others' or nobody's since this was asked last.
    pub fn take_changed(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.changed)
    }

    /// Every cgroup that was looked at.
    #[must_use]
    pub fn ids(&self) -> Vec<u64> {
        self.by_cgroup.keys().copied().collect()
    }

    /// Whose a cgroup is.
    #[must_use]
    pub fn whose(&self, id: u64) -> Whose<'_> {
        match self.by_cgroup.get(&id) {
            None => Whose::Unknown,
            Some(None) => Whose::Host,
            Some(Some(container)) => Whose::Container(container),
        }
    }

    /// Enters a container and has it asked about.
    fn enter(&mut self, container: Arc<Container>, key: Key) -> Arc<Container> {
        if self.by_id.len() >= MAX_CONTAINERS {
            self.evict();
        }
        if self.order.len() >= 2 * MAX_CONTAINERS {
            let known = &self.by_id;
            self.order.retain(|key| known.contains_key(key));
        }
        self.by_id.insert(key.clone(), Arc::clone(&container));
        self.order.push_back(key);
        self.stats.seen.add(1);
        if let Err(reason) = self.ask(&container) {
            container.answer(Err(reason));
            self.stats.count_unresolved(reason);
        }
        container
    }

    fn ask(&self, container: &Arc<Container>) -> Result<(), Reason> {
        if Api::of(container.runtime).is_empty() {
            return Err(Reason::NoApi);
        }
        self.resolver.as_ref().ok_or(Reason::Off)?.ask(Arc::clone(container))?;
        self.stats.lookups.add(1);
        Ok(())
    }

    /// Forgets a cgroup, and its container with the last of them.
    fn forget(&mut self, cgroup: Option<u64>) {
        let Some(id) = cgroup else {
            return;
        };
        if self.last.0 == id {
            self.last = (0, None);
        }
        self.note(id);
        let Some(Some(container)) = self.by_cgroup.remove(&id) else {
            return;
        };
        // Who else has it is the table by id, and maybe events on their way, for which it stays a while longer.
        if Arc::strong_count(&container) <= 2 {
            self.by_id.remove(&(container.runtime, container.full_id.clone()));
        }
    }

    fn evict(&mut self) {
        let mut evicted = 0;
        while evicted < EVICTED_AT_ONCE
            && let Some(key) = self.order.pop_front()
        {
            evicted += usize::from(self.by_id.remove(&key).is_some());
        }
        self.stats.evicted.add(evicted as u64);
        let known = &self.by_id;
        self.by_cgroup.retain(|_, container| {
            container.as_ref().is_none_or(|container| {
                known
                    .get(&(container.runtime, container.full_id.clone()))
                    .is_some_and(|known| Arc::ptr_eq(known, container))
            })
        });
        self.last = (0, None);
    }

    #[cfg(test)]
    pub(super) fn by_id_len(&self) -> usize {
        self.by_id.len()
    }

    fn count(&self) {
        self.stats.set_cgroups(self.cgroups.len(), self.cgroups.evicted(), self.cgroups.fallbacks());
    }
}
