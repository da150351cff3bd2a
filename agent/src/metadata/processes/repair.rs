// SPDX-License-Identifier: Apache-2.0
//! Asks `/proc` where records are missing: about processes that nothing told of, and, after losses, whether what is known
//! still holds. Reads are few: they are rationed by time, and nothing is asked twice for one loss.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use agent_common::record::Header;

use super::{Processes, same_process, slab::Id, told};
use crate::metadata::{
    bounded::Bounded,
    proc_scan::{Proc, same_start},
    process::Process,
    ration::Ration,
};

/// The most processes or threads that are read in a second.
const READS: u32 = 200;
/// How long a process that `/proc` does not know is not asked for again.
const MISS: Duration = Duration::from_secs(1);
/// How many of those are remembered.
const MISSES: usize = 4096;
/// How far up unknown ancestors are looked for.
const ANCESTORS: usize = 8;
/// How many entries an audit looks at.
const AUDIT: usize = 64;

/// The means of asking, and their limits.
#[derive(Debug)]
pub(super) struct Repair {
    proc: Arc<Proc>,
    /// The losses so far.
    epoch: u32,
    ration: Ration,
    /// Ids of tasks that `/proc` did not know, and when.
    misses: Bounded<u32, Instant>,
    /// Where the audit is.
    place: usize,
}

impl Repair {
    pub(super) fn new(proc: Arc<Proc>) -> Self {
        Self { proc, epoch: 0, ration: Ration::new(READS), misses: Bounded::new(MISSES), place: 0 }
    }

    pub(super) const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Everything that `/proc` shows.
    #[cfg(test)]
    pub(super) fn scan(&self) -> crate::metadata::proc_scan::Scan {
        self.proc.scan()
    }

    /// A record told of this task: it is worth asking for.
    pub(super) fn is_there(&mut self, id: u32) {
        if !self.misses.is_empty() {
            self.misses.remove(id);
        }
    }

    /// Takes one read for a task that was not missed lately.
    fn may_ask(&mut self, id: u32) -> bool {
        if self.misses.peek(id).is_some_and(|missed| missed.elapsed() < MISS) {
            return false;
        }
        self.ration.take()
    }

    fn missed(&mut self, id: u32) {
        self.misses.insert(id, Instant::now());
    }
}

impl Processes {
    /// Records were lost: what is known may no longer hold. It is compared with `/proc` when it is next used.
    pub fn lost_records(&mut self) {
        self.repair.epoch = self.repair.epoch.wrapping_add(1);
    }

    /// Compares a few entries that nobody uses with `/proc`, so that processes whose end was lost do not stay. To be
    /// called now and then; it costs nothing unless records were lost.
    pub fn audit(&mut self) {
        for _ in 0..AUDIT.min(self.slab.places()) {
            self.repair.place = (self.repair.place + 1) % self.slab.places();
            let Some(id) = self.slab.at(self.repair.place) else { continue };
            let Some(entry) = self.slab.get(id).filter(|entry| entry.epoch != self.repair.epoch) else { continue };
            let pid = entry.process.pid;
            // Half of the ration is left to events.
            if !self.repair.ration.is_ample() {
                return;
            }
            self.checked(id, pid);
        }
        self.gauge();
    }

    /// The process that has the pid of a known one, after comparing it with `/proc` if there is need.
    pub(super) fn checked(&mut self, id: Id, pid: u32) -> Option<Id> {
        let entry = self.slab.get(id)?;
        let (partial, lost) = (entry.partial, entry.epoch != self.repair.epoch);
        if entry.process.ended || !(partial || lost) || !self.repair.ration.take() {
            return Some(id);
        }
        let entry = self.slab.get_mut(id)?;
        entry.partial = false;
        entry.epoch = self.repair.epoch;
        Some(if partial { self.complete(id, pid, lost) } else { self.compare(id, pid) })
    }

    /// Fills in what records did not tell of a process.
    fn complete(&mut self, id: Id, pid: u32, lost: bool) -> Id {
        let found = Arc::clone(&self.repair.proc).process(pid);
        let Some(entry) = self.slab.get_mut(id) else { return id };
        match found {
            Some(found) if same_process(&entry.process, &found) => {
                told::keep(entry.change(), &found, true);
                self.stats.repaired.unknown.add(1);
                self.find_parents(id);
                id
            }
            Some(found) => self.reused(id, found),
            None => {
                if lost {
                    self.gone(id);
                }
                id
            }
        }
    }

    fn compare(&mut self, id: Id, pid: u32) -> Id {
        let proc = Arc::clone(&self.repair.proc);
        let Some(glance) = proc.glance(pid).filter(|glance| !glance.ended) else {
            self.gone(id);
            return id;
        };
        let Some(entry) = self.slab.get(id) else { return id };
        let known = &entry.process;
        let same = same_start(known.start, glance.start);
        // `/proc` may show a path otherwise than the kernel has it: then the inode decides.
        let other_exe = known.exe_path.as_deref() != glance.exe_path.as_deref() && glance.exe_path.is_some();
        if same && !other_exe && known.name == glance.name {
            return id;
        }
        let Some(found) = proc.process(pid) else { return id };
        if !same_process(known, &found) {
            return self.reused(id, found);
        }
        let inode = |process: &Process| process.exe_file.map(|file| file.inode);
        if known.name != found.name || inode(known) != inode(&found) {
            self.stats.repaired.exec.add(1);
            if let Some(entry) = self.slab.get_mut(id) {
                let process = entry.change();
                // What only records tell.
                let (start, ppid, pidns_start) = (process.start, process.ppid, process.pidns_start);
                *process = Process { start, ppid, pidns_start, ..found };
            }
        }
        id
    }

    /// A process had ended without a record of it, or with one that is on its way.
    fn gone(&mut self, id: Id) {
        self.stats.repaired.exit.add(1);
        self.end(id, u64::MAX);
    }

    /// A process has the pid of one that had ended.
    fn reused(&mut self, old: Id, found: Process) -> Id {
        self.stats.repaired.reuse.add(1);
        if self.slab.get(old).is_some_and(|old| old.process.start > found.start) {
            // What records told is younger than what was read.
            return old;
        }
        let id = self.insert(found);
        self.find_parents(id);
        id
    }

    /// Reads a process that nothing told of.
    pub(super) fn adopt(&mut self, pid: u32) -> Option<Id> {
        let id = self.read(pid)?;
        self.find_parents(id);
        self.gauge();
        Some(id)
    }

    fn read(&mut self, pid: u32) -> Option<Id> {
        if !self.repair.may_ask(pid) {
            return None;
        }
        let Some(found) = self.repair.proc.process(pid) else {
            self.repair.missed(pid);
            return None;
        };
        self.stats.repaired.unknown.add(1);
        Some(self.insert(found))
    }

    /// Links a process to its parent, and that one to its own, reading those that are not known.
    fn find_parents(&mut self, mut id: Id) {
        for _ in 0..ANCESTORS {
            let Some(entry) = self.slab.get(id) else { return };
            let ppid = entry.process.ppid;
            if entry.parent().is_some() || ppid == 0 {
                return;
            }
            let known = self.found(ppid);
            let Some(parent) = known.or_else(|| self.read(ppid)) else { return };
            self.link(id, Some(parent));
            self.share_pidns(id, parent);
            if known.is_some() {
                return;
            }
            id = parent;
        }
    }

    /// `/proc` does not tell when a PID namespace began; a parent in the same one does.
    fn share_pidns(&mut self, id: Id, parent: Id) {
        let Some(parent) = self.get(parent) else { return };
        let (namespaces, pidns_start) = (parent.namespaces, parent.pidns_start);
        let Some(entry) = self.slab.get_mut(id) else { return };
        let pidns = |namespaces: Option<[u32; 7]>| namespaces.map(|namespaces| namespaces[1]);
        if entry.process.pidns_start.is_none() && pidns(entry.process.namespaces) == pidns(namespaces) {
            entry.change().pidns_start = pidns_start;
        }
    }

    /// Makes sure that the thread of an event is known.
    pub(super) fn thread_of_event(&mut self, id: Id, header: &Header) {
        let Some(image) = self.slab.get(id).map(|entry| entry.image) else { return };
        if self.threads.of(id, image, header.tid).is_some() {
            self.threads.get(header.tid);
            return;
        }
        if !self.repair.may_ask(header.tid) {
            return;
        }
        match self.repair.proc.thread(header.tgid, header.tid) {
            Some(thread) => {
                self.stats.repaired.unknown.add(1);
                self.add_thread(header.tid, thread, id, image);
                self.gauge();
            }
            None => self.repair.missed(header.tid),
        }
    }
}
