// SPDX-License-Identifier: Apache-2.0
//! Cgroups made by hand, with the names that container runtimes give them.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::wait::pause;

/// The hierarchy by which the agent tells containers apart: of memory where v1 is mounted, else v2.
pub(crate) fn root() -> PathBuf {
    let memory = Path::new("/sys/fs/cgroup/memory");
    if memory.join("cgroup.procs").exists() { memory.to_owned() } else { PathBuf::from("/sys/fs/cgroup") }
}

/// What this program has made: several may be around the same one.
static MADE: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// A cgroup, and those around it that were not there before. They go when it is dropped, with all that runs in it.
#[derive(Debug)]
pub(crate) struct Cgroup {
    path: PathBuf,
}

impl Cgroup {
    /// Makes the cgroup `name` and those around it.
    pub(crate) fn new(name: &str) -> Self {
        Self::in_hierarchy(&root(), name)
    }

    /// As [`Self::new`], in this hierarchy.
    pub(crate) fn in_hierarchy(root: &Path, name: &str) -> Self {
        let path = root.join(name.trim_start_matches('/'));
        let missing: Vec<_> = path.ancestors().take_while(|path| !path.exists()).map(Path::to_owned).collect();
        MADE.lock().unwrap_or_else(PoisonError::into_inner).extend(missing);
        let cgroup = Self { path };
        fs::create_dir_all(&cgroup.path).unwrap_or_else(|error| panic!("{}: {error}", cgroup.path.display()));
        cgroup
    }

    /// Sets a limit.
    pub(crate) fn limit(&self, name: &str, value: &str) {
        let file = self.path.join(name);
        fs::write(&file, value).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }

    /// Lets a process come in.
    pub(crate) fn admit(&self, pid: u32) {
        let entrance = self.path.join("cgroup.procs");
        fs::write(&entrance, pid.to_string()).unwrap_or_else(|error| panic!("{}: {error}", entrance.display()));
    }

    /// Ends all that runs in it, and removes it; false when that takes longer.
    fn removed(&self) -> bool {
        let inside = fs::read_to_string(self.path.join("cgroup.procs")).unwrap_or_default();
        for pid in inside.lines().filter_map(|line| line.parse().ok()).filter_map(Pid::from_raw) {
            // It may have ended by itself.
            let _ = kill_process(pid, Signal::KILL);
        }
        fs::remove_dir(&self.path).is_ok() || !self.path.exists()
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // A process may be on its way out for a while. Nothing here may panic: the test may be doing so already.
        let deadline = Instant::now() + Duration::from_secs(20);
        while !self.removed() {
            if Instant::now() > deadline {
                eprintln!("{}: can't be removed", self.path.display());
                return;
            }
            pause(Duration::from_millis(2));
        }
        let made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        for path in self.path.ancestors().skip(1).take_while(|path| made.contains(*path)) {
            // Others may be in it: the last one succeeds.
            let _ = fs::remove_dir(path);
        }
    }
}
