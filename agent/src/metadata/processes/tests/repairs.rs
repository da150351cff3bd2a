// SPDX-License-Identifier: Apache-2.0
//! What `/proc` tells: at the start, of the unknown, and after losses.

use super::*;

fn scan(host: &Host) -> Vec<Found> {
    host.processes.repair.scan().processes
}

#[test]
fn a_scan_and_records_agree_in_either_order() {
    for scan_first in [true, false] {
        let mut host = Host::new();
        host.shows(1, 1, 0, "init", "init");
        host.shows(10, 100, 1, "sh", "sh -i");
        // Was made and ran `ls` while `/proc` was read, which shows it as it was afterwards.
        host.shows(11, 200, 10, "ls", "ls -l");
        let found = scan(&host);
        if scan_first {
            host.processes.merge_scan(found.clone());
        }
        host.tell(Kind::Fork, &shell(11, 200 * TICK + 5).ppid(10).exe("/bin/sh", 11));
        host.tell(Kind::Change, &shell(10, 100 * TICK + 7).cwd("/new").uid(5));
        let child = Told::new(11, 200 * TICK + 5).ppid(10).name("ls").exe("/bin/ls", 12);
        host.tell(Kind::Exec, &child.bytes(TaskBytes::Args, b"ls\0-l\0"));
        if !scan_first {
            host.processes.merge_scan(found);
        }
        host.processes.check();
        assert_eq!(host.processes.len(), 3, "nobody is there twice");
        assert_eq!(host.lineage(11), [11, 10, 1]);
        assert_eq!(&*host.process(11).args, b"ls\0-l\0");
        let shell = host.process(10);
        assert_eq!((&*shell.args, shell.start), (&b"sh -i\0"[..], 100 * TICK + 7));
        assert_eq!(shell.cwd.as_deref(), Some(&b"/new"[..]));
        assert_eq!(shell.credentials.map(|of| of.uid), Some(5));
    }
}

#[test]
fn what_ended_while_it_was_read_does_not_come_back() {
    let mut host = Host::new();
    for pid in [10, 11] {
        host.shows(pid, 100, 1, "sh", "sh");
    }
    let mut found = scan(&host);
    let thread = Thread { start: 150 * TICK, ..Thread::default() };
    for found in &mut found {
        found.threads = vec![(20, thread.clone()), (21, thread.clone())];
    }
    host.ends(&shell(10, 100 * TICK + 1), 300 * TICK, 0);
    host.ends(&shell(11, 100 * TICK + 1).thread(20, 150 * TICK + 3), 300 * TICK, 1);
    host.processes.merge_scan(found);
    assert!(host.processes.by_pid(10).is_none());
    let id = host.processes.found(11).expect("a process");
    assert!(host.processes.thread(id, 20).is_none() && host.processes.thread(id, 21).is_some());
    // The same for records that come late.
    host.tell(Kind::Fork, &shell(10, 100 * TICK + 1));
    assert!(host.process(10).ended);
}

#[test]
fn a_child_of_one_that_only_the_scan_knew_has_its_arguments() {
    let mut host = Host::new();
    host.shows(10, 100, 0, "sh", "sh -i");
    let mut found = scan(&host);
    let exe = Some(Arc::from(&b"/bin/sh"[..]));
    found[0].process.exe_path.clone_from(&exe);
    found[0].process.exe_file = None;
    host.tell(Kind::Fork, &Told::new(11, 200 * TICK).ppid(10).bytes(TaskBytes::Cwd, b""));
    host.processes.merge_scan(found);
    assert_eq!((&*host.process(11).args, &host.process(11).exe_path), (&b"sh -i\0"[..], &exe));
    assert_eq!(host.lineage(11), [11, 10]);
}

#[test]
fn the_unknown_is_read_once() {
    let mut host = Host::new();
    host.shows(9, 1, 0, "init", "init");
    host.shows(10, 100, 9, "sh", "sh -i");
    let id = host.event(10, 10, 200 * TICK).expect("a process");
    assert_eq!((host.lineage(10), host.processes.len()), (vec![10, 9], 2));
    assert_eq!(host.stats.repaired.unknown.get(), 2);
    host.hides(10);
    assert_eq!(host.event(10, 10, 200 * TICK), Some(id));
    // One that is gone is asked for once.
    for _ in 0..10 {
        assert_eq!(host.event(77, 77, 1), None);
    }
    host.shows(77, 1, 9, "late", "late");
    assert_eq!(host.event(77, 77, TICK), None);
    // Unless a record tells of it.
    host.tell(Kind::Fork, &shell(77, TICK + 1).ppid(9));
    assert!(host.event(77, 77, TICK + 1).is_some());
    assert_eq!(host.stats.unresolved.get(), 11);
}

#[test]
fn reads_are_rationed() {
    let mut host = Host::new();
    for pid in 1000..1500 {
        host.shows(pid, 1, 0, "sh", "sh");
    }
    let started = std::time::Instant::now();
    let known = (1000..1500).filter(|pid| host.event(*pid, *pid, TICK).is_some()).count();
    // A second may have begun at any time meanwhile.
    let seconds = started.elapsed().as_secs() as usize + 2;
    assert!((200..=200 * seconds).contains(&known), "{known}");
}

#[test]
fn after_losses_what_is_known_is_compared() {
    let mut host = Host::new();
    let named = |pid, name: &str, inode| Told::new(pid, 100 * TICK + 1).name(name).exe(&format!("/bin/{name}"), inode);
    for pid in 10..15 {
        host.tell(Kind::Exec, &named(pid, "sh", 11).bytes(TaskBytes::Args, b"sh\0"));
        host.shows(pid, 100, 1, "sh", "sh");
    }
    host.shows(11, 100, 1, "ls", "ls -l");
    host.hides(12);
    host.shows(13, 150, 1, "new", "new");
    let old = host.event(13, 13, 120 * TICK).expect("known");
    for pid in 10..15 {
        host.event(pid, pid, 200 * TICK);
    }
    let counts = |host: &Host| {
        let repaired = &host.stats.repaired;
        (repaired.exec.get(), repaired.exit.get(), repaired.reuse.get())
    };
    assert_eq!(counts(&host), (0, 0, 0), "nothing was lost");
    host.processes.lost_records();
    for _ in 0..3 {
        for pid in 10..14 {
            host.event(pid, pid, 200 * TICK);
        }
    }
    assert_eq!(counts(&host), (1, 1, 1));
    assert_eq!((&*host.process(10).args, &*host.process(11).args), (&b"sh\0"[..], &b"ls -l\0"[..]));
    assert_eq!(host.process(11).start, 100 * TICK + 1, "the exact time stays");
    assert!(host.process(12).ended);
    assert_ne!(host.event(13, 13, 200 * TICK), Some(old));
    // What nobody uses is found by the audit.
    host.hides(14);
    assert!(!host.process(14).ended);
    host.processes.audit();
    assert!(host.process(14).ended);
    assert_eq!(counts(&host), (1, 2, 1));
    host.processes.check();
}

#[test]
fn an_unknown_thread_is_read() {
    let mut host = Host::new();
    host.shows(10, 100, 0, "sh", "sh");
    let task = host.root.join("proc/10/task/11");
    fs::create_dir_all(&task).expect("a directory");
    fs::copy(host.root.join("proc/10/stat"), task.join("stat")).expect("a file");
    fs::write(task.join("status"), "NSpid:\t11\t4\n").expect("a file");
    let id = host.event(10, 11, 200 * TICK).expect("a process");
    assert_eq!(host.processes.thread(id, 11).and_then(|thread| thread.vtid), Some(4));
    for _ in 0..3 {
        host.event(10, 12, 200 * TICK);
    }
    assert!(host.processes.thread(id, 12).is_none());
}
