// SPDX-License-Identifier: Apache-2.0
//! The processes and threads of the machine, as records and `/proc` tell of them.
//!
//! Records are the truth: each is applied in the order of time. `/proc` fills in what was there before the first record
//! ([`Processes::merge_scan`]) and repairs what lost records left wrong. It shows the present, while records and events
//! come a little later than they happened: so it never overrules a record without need.
//!
//! Everything is bounded, and nothing that happens for a record or an event takes time that grows with the tables.

mod exited;
mod merge;
mod repair;
mod slab;
#[cfg(test)]
mod tests;
mod threads;
mod told;

use std::{collections::VecDeque, sync::Arc};

use agent_common::{record::Header, state::Kind};

pub use self::slab::Id;
use self::{
    exited::Exited,
    repair::Repair,
    slab::{Entry, Slab},
    threads::Threads,
};
use super::{
    bounded::IdMap,
    proc_scan::{Proc, same_start},
    process::{Process, Thread},
    stats::MetadataStats,
};
use crate::decode::state::{Exit, Task};

/// How many processes and threads are followed unless told otherwise.
pub const DEFAULT_CAPACITY: usize = 1 << 18;
/// How many processes, and how many threads, are still found for a while after they ended: events that come late are
/// theirs, and so are children whose record comes late.
const ENDED: usize = 1024;

/// The processes and threads.
#[derive(Debug)]
pub struct Processes {
    /// The most processes and threads together.
    capacity: usize,
    slab: Slab,
    by_pid: IdMap<u32, Id>,
    threads: Threads,
    /// Processes that ended, oldest first.
    ended: VecDeque<Id>,
    exited: Exited,
    repair: Repair,
    stats: Arc<MetadataStats>,
}

impl Processes {
    /// Empty tables of at most `capacity` processes and threads together. What they lack they read from `proc`.
    #[must_use]
    pub fn new(capacity: usize, proc: Arc<Proc>, stats: Arc<MetadataStats>) -> Self {
        Self {
            capacity: capacity.max(2),
            slab: Slab::default(),
            by_pid: IdMap::default(),
            threads: Threads::new(capacity),
            ended: VecDeque::new(),
            exited: Exited::default(),
            repair: Repair::new(proc),
            stats,
        }
    }

    /// A task was made, runs a new image or has changed: `kind` says which.
    pub fn apply_task(&mut self, kind: Kind, task: &Task<'_>) {
        match kind {
            Kind::Fork => {
                self.stats.forks.add(1);
                self.fork(task);
            }
            Kind::Exec => {
                self.stats.execs.add(1);
                self.exec(task);
            }
            Kind::Change => {
                self.stats.changes.add(1);
                self.change(task);
            }
            Kind::Exit | Kind::File | Kind::CgroupMade | Kind::CgroupGone => return,
        }
        self.gauge();
    }

    /// A task ends.
    pub fn apply_exit(&mut self, header: &Header, exit: &Exit) {
        self.stats.exits.add(1);
        let first = header.tid == header.tgid;
        let of = |entry: &Entry| {
            let start = entry.process.start;
            if first { told::same(start, Some(exit.start)) } else { start <= exit.start }
        };
        let Some(id) = self.found(header.tgid).filter(|id| self.slab.get(*id).is_some_and(of)) else {
            self.exited.note(header, exit);
            return;
        };
        if !first {
            self.threads.end(header.tid, exit.start);
        }
        if exit.live == 0 {
            self.end(id, header.ts);
        } else if let Some(entry) = self.slab.get_mut(id)
            && entry.process.threads != exit.live
        {
            entry.change().threads = exit.live;
        }
        self.gauge();
    }

    /// A process group was given to another process than the caller, as shells do. Ids are those of the initial
    /// namespace; what the calling process changes of itself is told by a record.
    pub fn set_group(&mut self, pid: u32, group: u32) {
        let group = if group == 0 { pid } else { group };
        let (leader, member) = (self.by_pid(group).cloned(), self.found(pid));
        let Some(process) = member.and_then(|id| self.slab.get_mut(id)).map(Entry::change) else { return };
        if let Some((old, _)) = &mut process.groups {
            *old = group;
        }
        let Some(leader) = leader else { return };
        let namespace = |process: &Process| process.namespaces.map(|namespaces| namespaces[1]);
        if let (Some((old, _)), Some(vpid)) = (&mut process.vgroups, leader.vpid)
            && process.namespaces.map(|namespaces| namespaces[1]) == namespace(&leader)
        {
            *old = vpid;
        }
    }

    /// The process of an event, and its thread, which [`Self::thread`] then knows. What is unknown is read from `/proc`.
    pub fn of_event(&mut self, header: &Header) -> Option<Id> {
        let id =
            self.found(header.tgid).filter(|id| self.slab.get(*id).is_some_and(|entry| header.ts <= entry.ended_at));
        let id = match id {
            Some(id) => self.checked(id, header.tgid),
            None => self.adopt(header.tgid),
        };
        // An event of a process that had the id before.
        let is_earlier = |entry: &Entry| entry.process.start > header.ts;
        let Some(id) = id.filter(|id| self.slab.get(*id).is_some_and(|entry| !is_earlier(entry))) else {
            self.stats.unresolved.add(1);
            return None;
        };
        if let Some(entry) = self.slab.get_mut(id) {
            entry.used = true;
        }
        if header.tid != header.tgid {
            self.thread_of_event(id, header);
        }
        Some(id)
    }

    /// A process.
    #[must_use]
    pub fn get(&self, id: Id) -> Option<&Arc<Process>> {
        self.slab.get(id).map(|entry| &entry.process)
    }

    /// A thread of a process, other than its first.
    #[must_use]
    pub fn thread(&self, id: Id, tid: u32) -> Option<&Thread> {
        self.threads.of(id, self.slab.get(id)?.image, tid)
    }

    /// The process that made a process, even if it has ended since.
    #[must_use]
    pub fn parent(&self, id: Id) -> Option<Id> {
        self.ancestor(id, 1)
    }

    /// The `n`th ancestor of a process: 0 is itself, 1 who made it.
    #[must_use]
    pub fn ancestor(&self, id: Id, n: usize) -> Option<Id> {
        self.slab.ancestor(id, n)
    }

    /// Names the process that has this id, or had it last.
    #[must_use]
    pub fn id(&self, pid: u32) -> Option<Id> {
        self.found(pid)
    }

    /// The process that has this id, or had it last.
    #[must_use]
    pub fn by_pid(&self, pid: u32) -> Option<&Arc<Process>> {
        self.get(self.found(pid)?)
    }

    /// The leader of a process's session.
    #[must_use]
    pub fn session_leader(&self, process: &Process) -> Option<&Arc<Process>> {
        self.by_pid(process.groups?.1)
    }

    /// The leader of a process's group.
    #[must_use]
    pub fn group_leader(&self, process: &Process) -> Option<&Arc<Process>> {
        self.by_pid(process.groups?.0)
    }

    /// How many processes there are, ended ones that are kept included.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.slab.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn found(&self, pid: u32) -> Option<Id> {
        self.by_pid.get(&pid).copied()
    }

    /// The entry of a task's process, if it is that process's and not an earlier one's.
    fn known(&self, task: &Task<'_>) -> Option<Id> {
        let id = self.found(task.header().tgid)?;
        let entry = self.slab.get(id)?;
        told::same(entry.process.start, task.process_start()).then_some(id)
    }

    fn fork(&mut self, task: &Task<'_>) {
        let header = task.header();
        if header.tid != header.tgid {
            self.fork_thread(task);
            return;
        }
        let mut process = told::made(task);
        let parent = self.found(header.ppid);
        let maker = parent.and_then(|parent| self.get(parent));
        // With CLONE_PARENT the parent is not the process that was copied.
        let copied = maker.is_some_and(|maker| told::inherit(&mut process, maker));
        process.threads = 1;
        let known = self.known(task).filter(|_| task.process_start().is_some());
        let id = if let Some(id) = known {
            self.made_again(id, process, copied);
            id
        } else {
            let id = self.insert(process);
            if let Some(entry) = self.slab.get_mut(id) {
                entry.partial = !copied;
            }
            id
        };
        self.link(id, parent);
        if let Some(at) = self.get(id).and_then(|process| self.exited.ended_at(process.pid, process.start)) {
            self.end(id, at);
        }
    }

    /// A process that `/proc` told already, perhaps as it was after later changes; their records follow.
    fn made_again(&mut self, id: Id, mut process: Process, copied: bool) {
        let Some(entry) = self.slab.get_mut(id) else { return };
        if !copied {
            told::keep(&mut process, &entry.process, true);
        }
        process.ended = entry.process.ended;
        entry.process = Arc::new(process);
    }

    fn fork_thread(&mut self, task: &Task<'_>) {
        let id = self.ensure(task);
        let Some(entry) = self.slab.get_mut(id) else { return };
        let process = entry.change();
        process.threads += 1;
        let mut thread = told::thread(task);
        thread.cwd = process.cwd.clone().filter(|_| task.has_own_fs());
        let image = entry.image;
        self.add_thread(task.header().tid, thread, id, image);
    }

    fn exec(&mut self, task: &Task<'_>) {
        let id = self.ensure(task);
        let Some(entry) = self.slab.get_mut(id) else { return };
        // Other threads have ended; the one that called has taken the place of the first.
        entry.image = entry.image.wrapping_add(1);
        entry.partial = task.args().is_none();
        let process = entry.change();
        told::exec(process, task);
        process.threads = 1;
    }

    fn change(&mut self, task: &Task<'_>) {
        let header = task.header();
        let id = self.ensure(task);
        let Some(entry) = self.slab.get_mut(id) else { return };
        let process = entry.change();
        told::shared(process, task);
        if header.tid == header.tgid {
            told::first(process, task);
            told::paths(process, task);
            return;
        }
        let image = entry.image;
        if self.threads.of(id, image, header.tid).is_none() {
            self.add_thread(header.tid, told::thread(task), id, image);
        }
        let Some(thread) = self.threads.get(header.tid) else { return };
        thread.credentials = task.credentials().or(thread.credentials);
        if task.has_own_fs() {
            thread.cwd = task.cwd().map(Arc::from).or_else(|| thread.cwd.take());
        } else if let Some(entry) = self.slab.get_mut(id) {
            told::paths(entry.change(), task);
        }
    }

    /// The entry of a task's process. It is made of the record when there is none.
    fn ensure(&mut self, task: &Task<'_>) -> Id {
        if let Some(id) = self.known(task) {
            return id;
        }
        let id = self.insert(told::made(task));
        if let Some(entry) = self.slab.get_mut(id) {
            entry.partial = true;
        }
        self.link(id, self.found(task.header().ppid));
        id
    }

    /// Adds a process; one that has its pid so far must have ended.
    fn insert(&mut self, process: Process) -> Id {
        let pid = process.pid;
        self.repair.is_there(pid);
        if let Some(old) = self.found(pid) {
            self.end(old, process.start);
        }
        self.make_room();
        let id = self.slab.insert(Entry::new(process, self.repair.epoch()));
        // The one before, if it still was found, no longer is.
        if let Some(old) = self.by_pid.insert(pid, id) {
            self.slab.retire(old);
        }
        id
    }

    fn link(&mut self, child: Id, parent: Option<Id>) {
        if let Some(parent) = parent
            && parent != child
            && self.slab.get(child).is_some_and(|entry| entry.parent().is_none())
        {
            self.slab.link(child, parent);
        }
    }

    fn add_thread(&mut self, tid: u32, thread: Thread, process: Id, image: u32) {
        self.repair.is_there(tid);
        self.make_room();
        self.threads.insert(tid, thread, process, image, &self.slab);
    }

    /// A process ended, at `ended_at` (`u64::MAX`: some time ago).
    fn end(&mut self, id: Id, ended_at: u64) {
        let Some(entry) = self.slab.get_mut(id) else { return };
        entry.ended_at = entry.ended_at.min(ended_at);
        if entry.process.ended {
            return;
        }
        let process = entry.change();
        process.ended = true;
        process.threads = 0;
        self.ended.push_back(id);
        if self.ended.len() > ENDED {
            self.forget_ended();
        }
    }

    /// Retires the process that ended first. False when there is none.
    fn forget_ended(&mut self) -> bool {
        let Some(id) = self.ended.pop_front() else { return false };
        self.retire(id);
        true
    }

    fn retire(&mut self, id: Id) {
        let Some(entry) = self.slab.get(id) else { return };
        let pid = entry.process.pid;
        if self.found(pid) == Some(id) {
            self.by_pid.remove(&pid);
        }
        self.slab.retire(id);
    }

    /// Makes sure that one more process or thread has room. What has ended goes first.
    fn make_room(&mut self) {
        while self.slab.len() + self.threads.len() >= self.capacity {
            if self.threads.forget_ended() || self.slab.forget_retired() || self.forget_ended() {
                continue;
            }
            if !self.threads.evict() {
                let Some(id) = self.slab.unused() else { return };
                self.retire(id);
            }
            self.stats.evicted_threads.add(1);
        }
    }

    fn gauge(&self) {
        self.stats.processes.set(self.slab.len());
        self.stats.threads.set(self.threads.len());
    }

    /// What must always hold.
    #[cfg(test)]
    fn check(&self) {
        self.slab.check();
        assert!(self.slab.len() + self.threads.len() <= self.capacity);
        assert!(self.ended.len() <= ENDED);
        for (pid, id) in &self.by_pid {
            assert_eq!(self.get(*id).map(|process| process.pid), Some(*pid));
        }
    }
}

/// Whether two processes are one.
fn same_process(a: &Process, b: &Process) -> bool {
    a.pid == b.pid && same_start(a.start, b.start)
}
