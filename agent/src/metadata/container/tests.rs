// SPDX-License-Identifier: Apache-2.0
//! Containers against runtimes that behave well, badly or not at all.

pub(super) mod fake;
mod lookups;
mod registry;

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::{Config, Container, ContainerStats, Containers, State, resolver::Timing};
use crate::metadata::cgroup::Hierarchy;

/// An id.
pub(super) const ID: &str = "8618d3540ce713dd59ed0549719643a71dd482c40c21685773e7ac1291b004f5";

/// Much faster than in life.
const TIMING: Timing = Timing {
    answer: Duration::from_millis(200),
    not_found: Duration::from_millis(1),
    failed: Duration::from_millis(1),
    settle: Duration::from_millis(20),
};

/// A machine with a root of its own, in which nothing runs yet.
pub(super) struct Machine {
    pub(super) root: PathBuf,
    pub(super) stats: Arc<ContainerStats>,
}

impl Machine {
    pub(super) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("lanner-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let root = std::env::temp_dir().join(name);
        fs::create_dir_all(root.join("cgroup")).expect("a folder");
        Self { root, stats: Arc::default() }
    }

    /// The containers on it.
    pub(super) fn containers(&self) -> Containers {
        self.start(true, TIMING)
    }

    pub(super) fn start(&self, lookups: bool, timing: Timing) -> Containers {
        let config =
            Config { host_root: self.root.clone(), sockets: Vec::new(), wait: Duration::from_mins(1), lookups };
        let hierarchy = Hierarchy::V2 { mount: self.root.join("cgroup") };
        Containers::start_with(config, hierarchy, Arc::clone(&self.stats), timing).expect("a thread")
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.root).expect("a folder");
    }
}

/// Enters a container by its cgroup's path.
pub(super) fn enter(containers: &mut Containers, path: &str) -> Arc<Container> {
    static NEXT: AtomicU32 = AtomicU32::new(1 << 20);
    let id = u64::from(NEXT.fetch_add(1, Ordering::Relaxed));
    containers.cgroup_made(id, path);
    Arc::clone(containers.of(id, 1).expect("a container"))
}

/// Waits until something is so.
#[track_caller]
pub(super) fn until(what: &str, so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !so() {
        assert!(Instant::now() < deadline, "not within 20 s: {what}");
        thread::park_timeout(Duration::from_millis(2));
    }
}

/// Waits for the runtime's answer.
#[track_caller]
pub(super) fn answer(container: &Container) -> State {
    until("an answer", || container.state() != State::Pending);
    container.state()
}
