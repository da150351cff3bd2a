// SPDX-License-Identifier: Apache-2.0
//! What one run of the agent has: processes, and programs, maps and attachments in the kernel. When it has ended, however it
//! did, all of that must be gone.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs,
    os::unix::ffi::OsStrExt as _,
    process::{self, Command},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use super::objects::{self, Object};

/// How long the kernel may take to free what nobody holds any more: it waits for CPUs to pass through other code.
const PATIENCE: Duration = Duration::from_mins(1);

/// The variable by which all processes of a run are known, which they inherit.
const MARK: &str = "TESTED_RUN";

/// One run of the agent.
#[derive(Debug)]
pub struct Footprint {
    mark: OsString,
    objects: BTreeSet<Object>,
}

impl Footprint {
    /// Of the run that `command` will be.
    #[must_use]
    pub fn of(command: &mut Command) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let mark = OsString::from(format!("{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
        command.env(MARK, &mark);
        Self { mark, objects: BTreeSet::new() }
    }

    /// Its processes that live.
    #[must_use]
    pub fn processes(&self) -> Vec<u32> {
        let mark = [MARK.as_bytes(), b"=", self.mark.as_bytes()].concat();
        let all = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let marked = |pid: &u32| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|variable| variable == mark)
        };
        pids.filter(marked).collect()
    }

    /// Notes what its processes hold now.
    pub fn look(&mut self) {
        let held = self.processes().into_iter().flat_map(objects::held).collect::<BTreeSet<_>>();
        self.objects.extend(held);
    }

    /// What was noted.
    #[must_use]
    pub const fn objects(&self) -> &BTreeSet<Object> {
        &self.objects
    }

    /// Waits until all of it is gone; the kernel frees objects some time after the process ended.
    ///
    /// # Panics
    /// When something is left after a while.
    pub fn await_gone(&self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let processes = self.processes();
            let objects: Vec<_> = self.objects.iter().filter(|object| objects::exists(**object)).collect();
            if processes.is_empty() && objects.is_empty() {
                return;
            }
            let late = Instant::now() > deadline;
            assert!(!late, "a run that has ended left the processes {processes:?} and in the kernel {objects:?}");
            thread::park_timeout(Duration::from_millis(2));
        }
    }
}
