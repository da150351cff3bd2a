// SPDX-License-Identifier: Apache-2.0
//! What no test may leave behind: processes, cgroups, files, mounts. What a run of the agent has in the kernel, and its own
//! processes, are looked after by whoever stops it ([`crate::agent::Agent::finish`]).

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process,
    sync::MutexGuard,
    thread,
};

use rustix::process::{WaitOptions, set_child_subreaper, wait};

use crate::{agent::alone, wait::wait_for};

/// How deep cgroups are looked for.
const DEPTH: usize = 6;

/// Holds the machine for a test, and looks at its end that nothing is left of it.
#[derive(Debug)]
pub(crate) struct Guard {
    before: BTreeSet<String>,
    _alone: MutexGuard<'static, ()>,
}

impl Guard {
    /// Waits for the machine, and notes what is there.
    pub(crate) fn new() -> Self {
        let alone = alone();
        // Whoever loses its parent becomes ours, so that nobody escapes.
        set_child_subreaper(Some(rustix::process::getpid())).expect("it is allowed to everybody");
        Self { before: there(), _alone: alone }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if thread::panicking() {
            return;
        }
        // Orphans end when they notice it.
        let mut left = BTreeSet::new();
        wait_for("nothing is left behind", || {
            left = there().difference(&self.before).cloned().collect();
            if !left.is_empty() {
                println!("still there: {left:?}");
            }
            left.is_empty().then_some(())
        });
    }
}

/// Everything of this program, in words.
fn there() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    // What has ended and is not waited for by anybody.
    while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
    all.extend(children().into_iter().map(|pid| format!("process {pid}")));
    let own = format!("lanner-test-{}", process::id());
    all.extend(cgroups(Path::new("/sys/fs/cgroup"), DEPTH).filter(|path| path.contains(&process::id().to_string())));
    for folder in ["/dev/shm", "/run", "/sys/fs/bpf", "/var/lib/lanner"] {
        all.extend(entries(Path::new(folder)).map(|path| format!("file {}", path.display())));
    }
    let temporary = entries(&env::temp_dir()).filter(|path| path.to_string_lossy().contains(&own));
    all.extend(temporary.map(|path| format!("file {}", path.display())));
    let mounts = fs::read_to_string("/proc/self/mountinfo").expect("/proc is mounted");
    all.extend(mounts.lines().filter(|line| line.contains(&own)).map(|line| format!("mount {line}")));
    all
}

/// Children of any thread of this process that have not ended.
fn children() -> Vec<u32> {
    let pids = entries(Path::new("/proc")).filter_map(|path| path.file_name()?.to_str()?.parse().ok());
    let ours = |pid: &u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let mut fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
        fields.next() != Some("Z") && fields.next() == Some(&process::id().to_string())
    };
    pids.filter(ours).collect()
}

fn cgroups(folder: &Path, depth: usize) -> Box<dyn Iterator<Item = String>> {
    let folders = entries(folder).filter(|path| path.is_dir());
    Box::new(folders.flat_map(move |path| {
        let inside = (depth > 0).then(|| cgroups(&path, depth - 1)).into_iter().flatten();
        inside.chain([format!("cgroup {}", path.display())])
    }))
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}
