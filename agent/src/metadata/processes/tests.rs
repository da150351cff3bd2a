// SPDX-License-Identifier: Apache-2.0
//! Sequences of records, with a `/proc` made for them.

mod repairs;
mod sequences;

use std::{
    fs,
    os::unix::fs::symlink,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use agent_common::state::{TaskBytes, TaskWord};

use super::*;
use crate::{
    decode::{
        encode::state::{Task as Told, exit},
        state::{State, StateRecord},
    },
    metadata::proc_scan::{Found, TICK},
};

/// The tables, and a root directory with a `/proc` of processes that a test makes up.
struct Host {
    root: PathBuf,
    processes: Processes,
    stats: Arc<MetadataStats>,
}

impl Host {
    fn new() -> Self {
        Self::with_capacity(DEFAULT_CAPACITY)
    }

    fn with_capacity(capacity: usize) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("lanner-host-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let root = std::env::temp_dir().join(name);
        fs::create_dir_all(root.join("proc")).expect("a directory");
        let proc = Arc::new(Proc::open(&root, false).expect("a /proc"));
        let stats = Arc::new(MetadataStats::default());
        Self { root, processes: Processes::new(capacity, proc, Arc::clone(&stats)), stats }
    }

    /// Makes `/proc` show a process, made in tick `tick`, with one argument.
    fn shows(&self, pid: u32, tick: u64, ppid: u32, name: &str, arg: &str) {
        let dir = self.root.join(format!("proc/{pid}"));
        fs::create_dir_all(&dir).expect("a directory");
        let stat = format!("{pid} ({name}) S {ppid} {pid} {pid} 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 {tick} 0 0\n");
        fs::write(dir.join("stat"), stat).expect("a file");
        fs::write(dir.join("status"), format!("Uid:\t7\t7\t7\t7\nNSpid:\t{pid}\n")).expect("a file");
        fs::write(dir.join("cmdline"), format!("{arg}\0")).expect("a file");
        drop(fs::remove_file(dir.join("exe")));
        symlink(format!("/bin/{name}"), dir.join("exe")).expect("a link");
    }

    fn hides(&self, pid: u32) {
        fs::remove_dir_all(self.root.join(format!("proc/{pid}"))).expect("a process");
    }

    /// Applies a record if it is one.
    fn apply(&mut self, bytes: &[u8]) {
        let Ok(record) = StateRecord::parse(bytes) else { return };
        match record.state() {
            State::Task(task) => self.processes.apply_task(record.kind, &task),
            State::Exit(exit) => self.processes.apply_exit(&record.header, &exit),
            State::File(_) | State::CgroupMade(_) | State::CgroupGone(_) => {}
        }
    }

    fn tell(&mut self, kind: Kind, task: &Told) {
        self.apply(&task.record(kind));
        self.processes.check();
    }

    fn ends(&mut self, task: &Told, at: u64, live: u32) {
        self.apply(&exit(task, at, live));
        self.processes.check();
    }

    /// Makes and ends so many processes that what had ended before is forgotten.
    fn passes_by(&mut self, at: u64) {
        for pid in 100..100 + ENDED as u32 {
            let other = shell(pid, at);
            self.apply(&other.record(Kind::Fork));
            self.apply(&exit(&other, at + 50, 0));
        }
        self.processes.check();
    }

    fn event(&mut self, pid: u32, tid: u32, ts: u64) -> Option<Id> {
        let header = Header { tgid: pid, tid, ts, ..Told::new(pid, 0).header };
        let id = self.processes.of_event(&header);
        self.processes.check();
        id
    }

    fn process(&self, pid: u32) -> &Arc<Process> {
        self.processes.by_pid(pid).expect("a process")
    }

    /// The pids of a process and those that it came from.
    fn lineage(&self, pid: u32) -> Vec<u32> {
        let id = self.processes.found(pid).expect("a process");
        let ids = (0..).map_while(|n| self.processes.ancestor(id, n));
        ids.map(|id| self.processes.get(id).expect("an ancestor").pid).collect()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.root));
    }
}

/// A shell that was told whole.
fn shell(pid: u32, start: u64) -> Told {
    let task = Told::new(pid, start).name("sh").exe("/bin/sh", 11).cwd("/home").uid(1000);
    task.bytes(TaskBytes::Args, b"sh\0-c\0").bytes(TaskBytes::Root, b"")
}

#[test]
fn a_child_has_its_makers_arguments_until_it_runs_something_else() {
    let mut host = Host::new();
    host.tell(Kind::Exec, &shell(10, 100));
    host.tell(Kind::Fork, &shell(11, 200).ppid(10).cwd("/tmp"));
    let (maker, child) = (host.process(10), host.process(11));
    assert!(Arc::ptr_eq(&maker.args, &child.args) && &*child.args == b"sh\0-c\0");
    assert_eq!(child.cwd.as_deref(), Some(&b"/tmp"[..]));
    assert_eq!((child.ppid, child.threads, child.credentials.map(|of| of.uid)), (10, 1, Some(1000)));
    let before = Arc::clone(child);
    host.tell(Kind::Exec, &Told::new(11, 200).ppid(10).name("ls").exe("/bin/ls", 12).bytes(TaskBytes::Args, b"ls\0"));
    let child = host.process(11);
    assert_eq!((&*child.name, &*child.args), (&b"ls"[..], &b"ls\0"[..]));
    assert_eq!(child.exe_path.as_deref(), Some(&b"/bin/ls"[..]));
    assert_eq!(child.cwd.as_deref(), Some(&b"/tmp"[..]), "not told, so unchanged");
    assert_eq!(&*before.name, b"sh", "an event that was held back has what was true then");
    assert_eq!(host.lineage(11), [11, 10]);
    assert_eq!((host.stats.forks.get(), host.stats.execs.get(), host.stats.processes.get()), (1, 2, 2));
}

#[test]
fn a_copy_of_another_process_than_its_parent_gets_no_arguments() {
    let mut host = Host::new();
    host.tell(Kind::Exec, &shell(10, 100));
    host.tell(Kind::Fork, &Told::new(11, 200).ppid(10).exe("/bin/runc", 13));
    assert!(host.process(11).args.is_empty());
    host.shows(11, 0, 10, "runc", "runc init");
    assert!(host.event(11, 11, 300).is_some());
    assert_eq!(&*host.process(11).args, b"runc init\0");
    assert_eq!(host.stats.repaired.unknown.get(), 1);
}

#[test]
fn changes_are_the_processs_or_the_threads() {
    let mut host = Host::new();
    let process = shell(10, 100).pair(TaskWord::Groups, 10, 5);
    host.tell(Kind::Exec, &process);
    let thread = process.clone().thread(12, 150);
    host.tell(Kind::Fork, &thread);
    assert_eq!(host.process(10).threads, 2);
    // A thread changes its user, and everybody's directory.
    host.tell(Kind::Change, &thread.clone().uid(0).cwd("/etc").name("worker").pair(TaskWord::Groups, 10, 10));
    let id = host.event(10, 12, 500).expect("a process");
    let process_now = host.process(10);
    assert_eq!(process_now.credentials.map(|of| of.uid), Some(1000));
    assert_eq!(process_now.cwd.as_deref(), Some(&b"/etc"[..]));
    assert_eq!((&*process_now.name, process_now.groups), (&b"sh"[..], Some((10, 10))));
    assert_eq!(&*process_now.args, b"sh\0-c\0");
    let uid = |host: &Host| Some(host.processes.thread(id, 12)?.credentials?.uid);
    assert_eq!(uid(&host), Some(0));
    // From here on its directory is its own.
    host.tell(Kind::Change, &thread.cwd("/var").pair(TaskWord::OwnFs, 1, 0));
    assert_eq!(host.process(10).cwd.as_deref(), Some(&b"/etc"[..]));
    let cwd = host.processes.thread(id, 12).and_then(|thread| thread.cwd.as_deref());
    assert_eq!(cwd, Some(&b"/var"[..]));
    host.tell(Kind::Change, &process.uid(33).name("www"));
    assert_eq!((&*host.process(10).name, host.process(10).credentials.map(|of| of.uid)), (&b"www"[..], Some(33)));
    assert_eq!(host.stats.changes.get(), 3);
}

#[test]
fn groups_are_set_from_outside() {
    let mut host = Host::new();
    for pid in [10, 11] {
        let task = shell(pid, 100).pair(TaskWord::Groups, 3, 2).pair(TaskWord::Vgroups, 3, 2);
        host.tell(Kind::Exec, &task.pair(TaskWord::Vids, pid, pid));
    }
    host.processes.set_group(11, 10);
    assert_eq!((host.process(11).groups, host.process(11).vgroups), (Some((10, 2)), Some((10, 2))));
    host.processes.set_group(11, 0);
    assert_eq!(host.process(11).groups, Some((11, 2)));
    host.processes.set_group(99, 10);
    let process = Arc::clone(host.process(11));
    assert_eq!(host.processes.group_leader(&process).map(|leader| leader.pid), Some(11));
    assert_eq!(host.processes.session_leader(&process), None);
}

#[test]
fn a_pid_that_is_taken_again_is_another_process() {
    let mut host = Host::new();
    host.tell(Kind::Exec, &shell(10, 100));
    let first = host.event(10, 10, 150).expect("a process");
    host.tell(Kind::Fork, &Told::new(11, 160).ppid(10).exe("/bin/sh", 11));
    host.tell(Kind::Fork, &Told::new(10, 200).ppid(1).name("new"));
    let second = host.event(10, 10, 250).expect("a process");
    assert_ne!(first, second);
    assert_eq!(&*host.process(10).name, b"new");
    assert_eq!(host.processes.get(first).map(|process| process.ended), Some(true), "kept for its child");
    assert_eq!(host.lineage(11), [11, 10]);
    assert_eq!(
        &*host
            .processes
            .get(host.processes.parent(host.processes.found(11).expect("it")).expect("it"))
            .expect("it")
            .args,
        b"sh\0-c\0"
    );
    // The end of the first comes late, and is not the second's.
    host.ends(&shell(10, 100), 190, 0);
    assert!(!host.process(10).ended);
    // An event of the first comes late: it is not the second's either.
    assert_eq!(host.event(10, 10, 120), None);
    assert_eq!(host.stats.unresolved.get(), 1);
}

#[test]
fn threads_end_and_their_events_may_be_late() {
    let mut host = Host::new();
    let process = shell(10, 100);
    host.tell(Kind::Exec, &process);
    let threads: Vec<_> = (11..14).map(|tid| process.clone().thread(tid, 200)).collect();
    for thread in &threads {
        host.tell(Kind::Fork, thread);
    }
    let id = host.event(10, 11, 250).expect("a process");
    // The first thread ends before the others.
    host.ends(&process, 300, 3);
    assert!(!host.process(10).ended && host.process(10).threads == 3);
    for (thread, live) in threads.iter().zip([2, 1, 0]) {
        host.ends(thread, 400, live);
        assert!(host.processes.thread(id, thread.header.tid).is_some());
    }
    assert!(host.process(10).ended && host.process(10).threads == 0);
    assert_eq!(host.event(10, 11, 390), Some(id));
    assert_eq!(host.event(10, 10, 401), None, "it has ended: somebody else, whose making was lost");
}

#[test]
fn an_exec_ends_the_other_threads() {
    let mut host = Host::new();
    let process = shell(10, 100);
    host.tell(Kind::Exec, &process);
    for tid in [11, 12] {
        host.tell(Kind::Fork, &process.clone().thread(tid, 200));
    }
    // Thread 12 calls: 11 ends, the first ends, and 12 becomes the first. Nothing tells of the id 12 again.
    host.ends(&process.clone().thread(11, 200), 300, 2);
    host.ends(&process, 300, 1);
    host.tell(Kind::Exec, &process.clone().name("new").bytes(TaskBytes::Args, b"new\0"));
    let id = host.event(10, 10, 350).expect("a process");
    assert_eq!((host.process(10).threads, &*host.process(10).name), (1, &b"new"[..]));
    assert!(host.processes.thread(id, 11).is_none() && host.processes.thread(id, 12).is_none());
    // What is left of them is found when others come.
    for tid in 20..24 {
        host.tell(Kind::Fork, &process.clone().thread(tid, 400));
    }
    assert_eq!(host.processes.threads.len(), 4);
}

#[test]
fn lineage_outlives_parents() {
    let mut host = Host::new();
    host.tell(Kind::Exec, &shell(10, 100));
    let (middle, daemon) = (shell(11, 200).ppid(10), shell(12, 300).ppid(11));
    host.tell(Kind::Fork, &middle);
    host.tell(Kind::Fork, &daemon);
    host.ends(&middle, 400, 0);
    // The kernel gave it another parent; who made it stays.
    host.tell(Kind::Exec, &daemon.clone().ppid(1));
    assert_eq!((host.lineage(12), host.process(12).ppid), (vec![12, 11, 10], 11));
    // Long after, the middle one is still there for it, though its pid is not known any more.
    host.passes_by(500);
    assert_eq!(host.lineage(12), [12, 11, 10]);
    assert!(host.processes.by_pid(11).is_none());
    let kept = host.processes.len();
    host.ends(&daemon, 700, 0);
    host.passes_by(800);
    assert_eq!(host.processes.len(), kept - 2, "both are gone with the last that came from them");
}
