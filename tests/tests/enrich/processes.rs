// SPDX-License-Identifier: Apache-2.0
//! Who made a call: names, arguments, places, users, sessions and ancestors, through all that changes them.

use std::{ffi::OsStr, fs};

use rustix::process::Signal;
use serde_json::{Value, json};
use tests::TempDir;

use crate::{
    actor::{Actor, Arg, CWD, Hand, Memory, call, nr},
    agent::alone,
    books::all_lost,
    crowd,
    scene::Scene,
    truth::{self, PROCESS, with},
};

/// Captured calls. Whether the others are must not matter to what is known.
const CALLS: &str = "getppid,execve,execveat,exit,exit_group,chdir,prctl,setresuid";

/// Everything that `/proc` tells, and the ancestors.
fn fields() -> Vec<&'static str> {
    [PROCESS, &["proc.aname[2]", "proc.aname[3]", "proc.apid[2]", "proc.is_exe_from_memfd", "proc.nthreads"]].concat()
}

/// Makes a call that has no effect: its event must show what `/proc` says now.
#[track_caller]
fn checked(scene: &Scene, hand: &Hand) -> Value {
    let truth = truth::process(hand.pid, hand.tid);
    let ret = call!(hand, getppid).ret;
    scene.expect(hand, "getppid", ret, truth.clone());
    truth
}

#[test]
fn what_a_process_changes_of_itself() {
    let _alone = alone();
    let folder = TempDir::new();
    let place = truth::path(folder.path());
    fs::create_dir_all(place.join("a b/c")).expect("folders");
    let (_actor, hand) = Actor::start();
    let scene = Scene::start(CALLS, &fields());
    checked(&scene, &hand);
    // Its name.
    call!(hand, prctl, libc::PR_SET_NAME, "new name", 0, 0, 0);
    let truth = checked(&scene, &hand);
    assert_eq!(truth["proc.name"], "new name");
    // Its working directory: absolute, relative, by a descriptor.
    call!(hand, chdir, &place.join("a b"));
    checked(&scene, &hand);
    call!(hand, chdir, "c");
    checked(&scene, &hand);
    call!(hand, chdir, "../..");
    checked(&scene, &hand);
    let fd = call!(hand, openat, CWD, "a b/c", libc::O_PATH | libc::O_DIRECTORY).ret;
    call!(hand, fchdir, fd);
    let truth = checked(&scene, &hand);
    assert_eq!(truth["proc.cwd"], truth::cwd(place.join("a b/c").as_os_str().as_encoded_bytes()));
    // Where its folder has gone.
    fs::rename(place.join("a b/c"), place.join("d")).expect("a new name");
    call!(hand, chdir, ".");
    checked(&scene, &hand);
    // Its group and session.
    let child = hand.fork();
    call!(child, setpgid, 0, 0);
    let truth = checked(&scene, &child);
    assert_eq!(truth["proc.pgid"], child.pid);
    let grandchild = child.fork();
    call!(grandchild, setsid);
    let truth = checked(&scene, &grandchild);
    assert_eq!((&truth["proc.sid"], &truth["proc.pgid"]), (&json!(grandchild.pid), &json!(grandchild.pid)));
    scene.finish();
}

#[test]
fn users_by_thread() {
    const NOBODY: u32 = 65534;
    let _alone = alone();
    let (_actor, hand) = Actor::start();
    let scene = Scene::start(CALLS, &fields());
    let thread = hand.thread();
    // The kernel changes the credentials of one thread.
    call!(thread, setresgid, 0, 100, 0);
    checked(&scene, &thread);
    call!(thread, setresuid, 0, NOBODY, 0);
    let changed = checked(&scene, &thread);
    assert_eq!((&changed["user.uid"], &changed["group.gid"]), (&json!(NOBODY), &json!(100)));
    assert_eq!(changed["thread.cap_effective"], "", "effective capabilities go with the effective user");
    let first = checked(&scene, &hand);
    assert_eq!(first["user.uid"], 0, "the other thread has its own");
    // Made of a thread that has others than its process's first.
    let child = thread.fork();
    checked(&scene, &child);
    call!(thread, setresuid, NOBODY, NOBODY, NOBODY);
    let dropped = checked(&scene, &thread);
    assert_eq!(dropped["thread.cap_permitted"], "");
    checked(&scene, &hand);
    let another = thread.thread();
    checked(&scene, &another);
    scene.finish();
}

#[test]
fn working_directories_by_thread() {
    let _alone = alone();
    let (_actor, hand) = Actor::start();
    let scene = Scene::start(CALLS, &fields());
    let thread = hand.thread();
    // Threads share it.
    call!(thread, chdir, "/usr/share");
    checked(&scene, &thread);
    let truth = checked(&scene, &hand);
    assert_eq!(truth["proc.cwd"], "/usr/share/");
    // Until one does not.
    call!(thread, unshare, libc::CLONE_FS);
    call!(thread, chdir, "/etc");
    let truth = checked(&scene, &thread);
    assert_eq!(truth["proc.cwd"], "/etc/");
    let truth = checked(&scene, &hand);
    assert_eq!(truth["proc.cwd"], "/usr/share/");
    call!(hand, chdir, "/");
    checked(&scene, &hand);
    checked(&scene, &thread);
    let child = thread.fork();
    checked(&scene, &child);
    scene.finish();
}

#[test]
fn names_of_threads() {
    let _alone = alone();
    let (_actor, hand) = Actor::start();
    let scene = Scene::start(CALLS, &fields());
    let thread = hand.thread();
    call!(thread, prctl, libc::PR_SET_NAME, "worker", 0, 0, 0);
    let truth = checked(&scene, &thread);
    assert_eq!(truth["proc.name"], "worker");
    let truth = checked(&scene, &hand);
    assert_eq!(truth["proc.name"], "actor");
    // A child of the thread is called what the thread was called; the child's parent is the process.
    let child = thread.fork();
    let truth = checked(&scene, &child);
    assert_eq!((&truth["proc.name"], &truth["proc.pname"]), (&json!("worker"), &json!("actor")));
    scene.finish();
}

#[test]
fn programs_that_are_run() {
    let _alone = alone();
    let folder = TempDir::new();
    let (actor, mut hand) = Actor::start();
    let place = truth::path(folder.path());
    let (program, long) = (place.join("a program"), "x".repeat(2000));
    fs::copy(actor.program(), &program).expect("a copy");
    let scene = Scene::start(CALLS, &fields());
    let more: [&OsStr; 4] = ["with".as_ref(), "".as_ref(), "a b".as_ref(), long.as_ref()];
    let path = program.as_os_str();
    let exec = |hand: &mut Hand| {
        hand.exec_with(nr::execve, &more, |argv| vec![Arg::from(path), argv.into(), Memory::words(&[0]).into()]);
        scene.expect(hand, "execve", 0, truth::process(hand.pid, hand.tid));
    };
    exec(&mut hand);
    let truth = checked(&scene, &hand);
    assert_eq!((&truth["proc.name"], &truth["proc.exe"]), (&json!("a program"), &json!("actor")));
    // What can't be run changes nothing.
    let nothing = hand.order(nr::execve, &["/nonexistent/program".into(), 0.into(), 0.into()]);
    scene.expect(&hand, "execve", nothing.ret, truth::process(hand.pid, hand.tid));
    // By a child, with another name; and its child keeps it.
    let mut child = hand.fork();
    exec(&mut child);
    call!(child, prctl, libc::PR_SET_NAME, "renamed", 0, 0, 0);
    checked(&scene, &child);
    checked(&scene, &child.fork());
    // By a thread that is not the first: the process goes on as the first, and has no other thread.
    let mut thread = hand.thread();
    call!(thread, prctl, libc::PR_SET_NAME, "second", 0, 0, 0);
    checked(&scene, &thread);
    let before = thread.tid;
    exec(&mut thread);
    assert!(thread.tid != before && thread.tid == thread.pid, "it goes on as the first");
    let truth = checked(&scene, &thread);
    assert_eq!(truth["proc.name"], "a program");
    // A program whose file is gone.
    let mut child = thread.fork();
    let fd = call!(child, openat, CWD, path, libc::O_PATH).ret;
    let truth = truth::process(child.pid, child.tid);
    fs::remove_file(&program).expect("a file");
    // It is called what it was called when it was run.
    let ret = call!(child, getppid).ret;
    scene.expect(&child, "getppid", ret, truth);
    child.exec(nr::execveat, |argv| {
        vec![fd.into(), Arg::from(""), argv.into(), Memory::words(&[0]).into(), libc::AT_EMPTY_PATH.into()]
    });
    scene.expect(&child, "execveat", 0, truth::process(child.pid, child.tid));
    let truth = checked(&scene, &child);
    assert!(truth["proc.exepath"].as_str().is_some_and(|path| path.ends_with("/a program (deleted)")), "{truth}");
    scene.finish();
}

#[test]
fn programs_in_memory() {
    let _alone = alone();
    let (actor, hand) = Actor::start();
    let bytes = fs::read(actor.program()).expect("a program");
    let scene = Scene::start(CALLS, &fields());
    let mut child = hand.fork();
    let truth = truth::process(child.pid, child.tid);
    let ret = call!(child, getppid).ret;
    scene.expect(&child, "getppid", ret, with(&truth, json!({ "proc.is_exe_from_memfd": false })));
    let fd = call!(child, memfd_create, "in memory", 0).ret;
    for part in bytes.chunks(64 << 10) {
        call!(child, write, fd, Memory::of(part), part.len());
    }
    child.exec(nr::execveat, |argv| {
        vec![fd.into(), Arg::from(""), argv.into(), Memory::words(&[0]).into(), libc::AT_EMPTY_PATH.into()]
    });
    let truth = with(&truth::process(child.pid, child.tid), json!({ "proc.is_exe_from_memfd": true }));
    assert_eq!(truth["proc.exepath"], "/memfd:in memory (deleted)");
    scene.expect(&child, "execveat", 0, truth.clone());
    let ret = call!(child, getppid).ret;
    scene.expect(&child, "getppid", ret, truth);
    scene.finish();
}

#[test]
fn lineage() {
    let _alone = alone();
    let (_actor, hand) = Actor::start();
    let scene = Scene::start(CALLS, &fields());
    let name = |hand: &Hand, name: &str| {
        call!(hand, prctl, libc::PR_SET_NAME, name, 0, 0, 0);
    };
    name(&hand, "first");
    let parent = hand.fork();
    name(&parent, "second");
    let child = parent.fork();
    name(&child, "third");
    let grandchild = child.fork();
    name(&grandchild, "fourth");
    let ids = [hand.pid, parent.pid, child.pid];
    let said = json!({
        "proc.name": "fourth",
        "proc.ppid": ids[2],
        "proc.pname": "third",
        "proc.aname[2]": "second",
        "proc.aname[3]": "first",
        "proc.apid[2]": ids[1],
    });
    let ret = call!(grandchild, getppid).ret;
    scene.expect(&grandchild, "getppid", ret, said.clone());
    // The one that made it ends, is waited for, and is known on.
    child.exit(0);
    call!(parent, wait4, ids[2], 0, 0, 0);
    let ret = call!(grandchild, getppid).ret;
    assert_ne!(ret, i64::from(ids[2]), "it has another parent");
    let mut said = said;
    said["proc.ppid"] = json!(ret);
    scene.expect(&grandchild, "getppid", ret, said.clone());
    // A daemon's way: both ends of the chain are gone.
    parent.exit(0);
    call!(hand, wait4, ids[1], 0, 0, 0);
    let ret = call!(grandchild, getppid).ret;
    scene.expect(&grandchild, "getppid", ret, said);
    let late = grandchild.fork();
    let ret = call!(late, getppid).ret;
    let said = json!({
        "proc.ppid": grandchild.pid,
        "proc.pname": "fourth",
        "proc.aname[2]": "third",
        "proc.aname[3]": "second",
        "proc.apid[2]": ids[2],
    });
    scene.expect(&late, "getppid", ret, said);
    scene.finish();
}

#[test]
fn a_child_of_the_parent() {
    let _alone = alone();
    let (_actor, hand) = Actor::start();
    let parent = hand.fork();
    let scene = Scene::start(CALLS, &fields());
    call!(parent, prctl, libc::PR_SET_NAME, "the maker", 0, 0, 0);
    let child = parent.fork_with(libc::CLONE_PARENT);
    let truth = checked(&scene, &child);
    assert_eq!((&truth["proc.ppid"], &truth["proc.pname"]), (&json!(hand.pid), &json!("actor")));
    scene.finish();
}

#[test]
fn what_is_known_after_losses() {
    let _alone = alone();
    let folder = TempDir::new();
    let program = folder.join("another program");
    let (actor, hand) = Actor::start();
    fs::copy(actor.program(), &program).expect("a copy");
    let mut flood = crowd::start(&folder, &["calls", "20000"]);
    let (old, witness) = (hand.fork(), hand.fork());
    let calls = format!("{CALLS},openat,read,close,fstat");
    let mut fields = fields();
    fields.push("fd.name");
    let scene = Scene::start_with(&calls, &fields, &["--ring-budget", "256KiB", "--no-shed"]);
    // Of all that happens now, no record finds room.
    scene.agent().signal(Signal::STOP);
    flood.go();
    assert_eq!(flood.answer(), 20_000);
    call!(old, prctl, libc::PR_SET_NAME, "old, renamed", 0, 0, 0);
    call!(old, chdir, "/etc");
    call!(old, setresuid, 65534, 65534, 65534);
    let mut new = hand.fork();
    new.exec(nr::execve, |argv| vec![Arg::from(&program), argv.into(), Memory::words(&[0]).into()]);
    let newer = new.fork();
    let fd = call!(new, openat, CWD, &program, libc::O_RDONLY).ret;
    let gone = hand.fork();
    let gone_pid = gone.pid;
    gone.exit(0);
    call!(hand, wait4, gone_pid, 0, 0, 0);
    scene.agent().signal(Signal::CONT);
    scene.caught_up(witness.tid, || {
        call!(witness, getppid);
    });
    for one in [&old, &new, &newer, &hand] {
        checked(&scene, one);
    }
    call!(new, fstat, fd, Memory::room(256));
    scene.expect_fd(&new, "fstat", fd, json!({ "fd.name": truth::fd(new.pid, fd) }));
    let outcome = scene.finish();
    assert!(all_lost(&outcome.ledger) > 0, "small rings must overflow, or this proves nothing");
}

#[test]
fn a_process_that_ends_before_its_events_are_read() {
    let _alone = alone();
    let (_actor, hand) = Actor::start();
    let scene = Scene::start(CALLS, &fields());
    // Events are held back for longer than it takes to end. Each has something that its parent has not.
    for n in 0..20 {
        let child = hand.fork();
        let name = format!("child {n}");
        call!(child, prctl, libc::PR_SET_NAME, name.as_str(), 0, 0, 0);
        call!(child, chdir, if n % 2 == 0 { "/etc" } else { "/usr" });
        let truth = truth::process(child.pid, child.tid);
        scene.expect(&child, "chdir", 0, truth.clone());
        scene.expect_of(child.tid, "exit_group", json!({}), truth);
        let pid = child.pid;
        child.exit(0);
        call!(hand, wait4, pid, 0, 0, 0);
    }
    // A thread's end leaves its process.
    let thread = hand.thread();
    let truth = truth::process(thread.pid, thread.tid);
    scene.expect_of(thread.tid, "exit", json!({}), truth);
    thread.send_off();
    checked(&scene, &hand);
    scene.finish();
}

#[test]
fn another_root() {
    let _alone = alone();
    let folder = TempDir::new();
    let place = truth::path(folder.path());
    fs::create_dir_all(place.join("root/work")).expect("folders");
    let (actor, hand) = Actor::start();
    fs::copy(actor.program(), place.join("root/program")).expect("a copy");
    let scene = Scene::start(CALLS, &fields());
    let mut child = hand.fork();
    call!(child, chroot, &place.join("root"));
    call!(child, chdir, "/work");
    // Where it is is said as everybody else sees it.
    checked(&scene, &child);
    child.exec(nr::execve, |argv| vec![Arg::from("/program"), argv.into(), Memory::words(&[0]).into()]);
    let truth = truth::process(child.pid, child.tid);
    scene.expect(&child, "execve", 0, truth);
    checked(&scene, &child);
    checked(&scene, &child.fork());
    scene.finish();
}

#[test]
fn ids_of_another_namespace() {
    let _alone = alone();
    let (_actor, hand) = Actor::start();
    let scene = Scene::start(CALLS, &fields());
    // Made in a new namespace.
    let first = hand.fork_with(libc::CLONE_NEWPID);
    assert_eq!(first.vpid, 1);
    let truth = checked(&scene, &first);
    assert_eq!((&truth["proc.vpid"], &truth["proc.pid"]), (&json!(1), &json!(first.pid)));
    let second = first.fork();
    let truth = checked(&scene, &second);
    assert_eq!(truth["proc.vpid"], second.vpid);
    call!(second, setsid);
    checked(&scene, &second);
    let thread = second.thread();
    let truth = checked(&scene, &thread);
    assert_eq!(truth["thread.vtid"], thread.vtid);
    // Children of who unshares are.
    let parent = hand.fork();
    call!(parent, unshare, libc::CLONE_NEWPID);
    let truth = checked(&scene, &parent);
    assert_eq!(truth["proc.vpid"], parent.pid);
    let child = parent.fork();
    assert_eq!(child.vpid, 1);
    checked(&scene, &child);
    // And of who joins.
    let other = hand.fork();
    let fd = call!(other, pidfd_open, first.pid, 0).ret;
    call!(other, setns, fd, libc::CLONE_NEWPID);
    let joined = other.fork();
    assert!(joined.vpid > 1 && joined.vpid != joined.pid, "it is in the first one's namespace");
    checked(&scene, &joined);
    scene.finish();
}

#[test]
fn a_process_id_that_is_used_again() {
    let _alone = alone();
    let (_actor, hand) = Actor::start();
    let scene = Scene::start(CALLS, &fields());
    let mut again = 0;
    for n in 0..200 {
        let first = hand.fork();
        call!(first, prctl, libc::PR_SET_NAME, "first", 0, 0, 0);
        call!(first, chdir, "/etc");
        checked(&scene, &first);
        let pid = first.pid;
        let orphan = first.fork();
        first.exit(0);
        call!(hand, wait4, pid, 0, 0, 0);
        fs::write("/proc/sys/kernel/ns_last_pid", (pid - 1).to_string()).expect("the next process id can be chosen");
        let second = hand.fork();
        // Somebody else's process may have got it.
        if second.pid == pid {
            again += 1;
            call!(second, prctl, libc::PR_SET_NAME, "second", 0, 0, 0);
            let truth = checked(&scene, &second);
            assert!(truth["proc.name"] == "second" && truth["proc.cwd"] != "/etc/", "it is another: {truth}");
            // The parent was the first, whoever has its id.
            let ret = call!(orphan, getppid).ret;
            scene.expect(&orphan, "getppid", ret, json!({ "proc.pname": "first", "proc.aname[2]": "actor" }));
        }
        let pid = second.pid;
        second.exit(0);
        call!(hand, wait4, pid, 0, 0, 0);
        if again == 3 {
            break;
        }
        assert!(n < 199, "no process id was used again");
    }
    scene.finish();
}
