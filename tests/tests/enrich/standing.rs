// SPDX-License-Identifier: Apache-2.0
//! What was there before the capture began: processes with all that they are, and every descriptor that they have.

use std::{fs, net::SocketAddr};

use serde_json::{Value, json};
use tests::TempDir;

use crate::{
    actor::{Actor, CWD, Hand, Memory, call, nr},
    agent::alone,
    scene::Scene,
    sockets::{bound, sockaddr, unix},
    truth::{self, PROCESS, text, with},
};

/// Captured calls.
const CALLS: &str = "getppid,fstat,exit_group";

/// Opens what there is to open; the descriptors, with what the test knows better than `/proc`.
fn open_all(hand: &Hand, folder: &TempDir) -> Vec<(i64, Value)> {
    let place = truth::path(folder.path());
    let create = libc::O_RDWR | libc::O_CREAT;
    let mut fds = Vec::new();
    let plain = |fd: i64| (fd, truth::fd(hand.pid, fd));
    for (path, flags) in [
        ("/etc/passwd", libc::O_RDONLY),
        ("/etc", libc::O_RDONLY | libc::O_DIRECTORY),
        ("/etc/passwd", libc::O_PATH),
        ("/dev/null", libc::O_WRONLY),
        ("/dev/ptmx", libc::O_RDWR | libc::O_NOCTTY),
        ("/proc/self/status", libc::O_RDONLY),
        ("/proc/self/ns/net", libc::O_RDONLY),
        ("/proc/self/ns/mnt", libc::O_RDONLY),
        ("/sys/kernel/mm/transparent_hugepage/enabled", libc::O_RDONLY),
        ("/proc/self/exe", libc::O_RDONLY),
    ] {
        let answer = hand.order(nr::openat, &[CWD.into(), path.into(), flags.into()]);
        if answer.ret >= 0 {
            fds.push(plain(answer.ret));
        } else {
            println!("not looked at: {path}: {}", answer.ret);
        }
    }
    for name in ["a file", "a\nline", "gone", "with \\ and \u{e9}"] {
        fds.push(plain(call!(hand, openat, CWD, &place.join(name), create, 0o600).ret));
    }
    fs::remove_file(place.join("gone")).expect("a file");
    if let Some(last) = fds.iter_mut().find(|(_, name)| name.as_str().is_some_and(|name| name.ends_with("/gone"))) {
        *last = plain(last.0);
    }
    let pipe = call!(hand, pipe2, Memory::room(8), 0);
    fds.extend([pipe.int(0, 0), pipe.int(0, 1)].map(|fd| plain(fd.into())));
    for fd in [
        call!(hand, memfd_create, "standing", 0).ret,
        call!(hand, eventfd2, 0, 0).ret,
        call!(hand, epoll_create1, 0).ret,
        call!(hand, timerfd_create, 0, 0).ret,
        call!(hand, signalfd4, -1, Memory::room(8), 8, 0).ret,
        call!(hand, inotify_init1, 0).ret,
        call!(hand, pidfd_open, hand.vpid, 0).ret,
        call!(hand, socket, libc::AF_NETLINK, libc::SOCK_RAW, 0).ret,
        call!(hand, dup3, 0, 500, 0).ret,
    ] {
        fds.push(plain(fd));
    }
    let pair = call!(hand, socketpair, libc::AF_UNIX, libc::SOCK_STREAM, 0, Memory::room(8));
    fds.extend([pair.int(0, 0), pair.int(0, 1)].map(|fd| plain(fd.into())));
    fds.extend(sockets(hand, &place.join("socket")));
    fds
}

/// Sockets with names of their own.
fn sockets(hand: &Hand, path: &std::path::Path) -> Vec<(i64, Value)> {
    let mut fds = Vec::new();
    for local in ["127.0.0.1:0", "[::1]:0"] {
        let local: SocketAddr = local.parse().expect("an address");
        let (family, len) = if local.is_ipv4() { (libc::AF_INET, 16) } else { (libc::AF_INET6, 28) };
        let listener = call!(hand, socket, family, libc::SOCK_STREAM, 0).ret;
        call!(hand, bind, listener, sockaddr(local), len);
        call!(hand, listen, listener, 1);
        let server = bound(hand, listener);
        let fd = call!(hand, socket, family, libc::SOCK_STREAM, 0).ret;
        call!(hand, connect, fd, sockaddr(server), len);
        let client = bound(hand, fd);
        let accepted = call!(hand, accept4, listener, 0, 0, 0).ret;
        let end = |address: SocketAddr| format!("{}:{}", address.ip(), address.port());
        let both = format!("{}->{}", end(client), end(server));
        fds.extend([(listener, json!(end(server))), (fd, json!(both)), (accepted, json!(both))]);
        let datagrams = call!(hand, socket, family, libc::SOCK_DGRAM, 0).ret;
        call!(hand, bind, datagrams, sockaddr(local), len);
        fds.push((datagrams, json!(end(bound(hand, datagrams)))));
    }
    let name = path.to_str().expect("UTF-8");
    let abstract_name = format!("lanner-standing-{}", std::process::id());
    for (bytes, name) in [
        (name.as_bytes().to_vec(), name.to_owned()),
        ([b"\0", abstract_name.as_bytes()].concat(), format!("@{abstract_name}")),
    ] {
        let (address, len) = unix(&bytes);
        let listener = call!(hand, socket, libc::AF_UNIX, libc::SOCK_STREAM, 0).ret;
        call!(hand, bind, listener, address.clone(), len);
        call!(hand, listen, listener, 1);
        let fd = call!(hand, socket, libc::AF_UNIX, libc::SOCK_STREAM, 0).ret;
        call!(hand, connect, fd, address, len);
        let accepted = call!(hand, accept4, listener, 0, 0, 0).ret;
        fds.extend([listener, fd, accepted].map(|fd| (fd, json!(name))));
    }
    fds
}

#[test]
fn every_descriptor_and_every_process() {
    let _alone = alone();
    let folder = TempDir::new();
    let (_actor, hand) = Actor::start_as("standing name", &["with", "", "a b"]);
    let fds = open_all(&hand, &folder);
    // A session with a terminal of its own, and a thread.
    let terminal = hand.fork();
    call!(terminal, setsid);
    let master = call!(terminal, openat, CWD, "/dev/ptmx", libc::O_RDWR | libc::O_NOCTTY).ret;
    call!(terminal, ioctl, master, libc::TIOCSPTLCK, Memory::of(0_u32.to_ne_bytes()));
    let number = call!(terminal, ioctl, master, libc::TIOCGPTN, Memory::room(4)).int(0, 0);
    let tty = call!(terminal, openat, CWD, &*format!("/dev/pts/{number}"), libc::O_RDWR).ret;
    call!(terminal, ioctl, tty, libc::TIOCSCTTY, 0);
    call!(terminal, chdir, "/usr/share");
    // Others: users by thread, a PID namespace, another root, a program that is gone, an orphan.
    let user = hand.fork();
    call!(user, setgroups, 0, 0);
    call!(user, setresgid, 100, 100, 100);
    let thread = user.thread();
    call!(thread, prctl, libc::PR_SET_NAME, "a thread", 0, 0, 0);
    call!(user, setresuid, 65534, 65534, 65534);
    let inside = hand.fork_with(libc::CLONE_NEWPID);
    let child = inside.fork();
    call!(child, setsid);
    let rooted = hand.fork();
    call!(rooted, chroot, &truth::path(folder.path()));
    call!(rooted, chdir, "/");
    let parent = hand.fork();
    let orphan = parent.fork();
    parent.exit(0);

    let scene = Scene::start(CALLS, &[PROCESS, &["fd.name", "proc.pid.ts", "proc.duration", "evt.rawtime"]].concat());
    let people = [&hand, &terminal, &user, &thread, &inside, &child, &rooted, &orphan];
    for one in people {
        let truth = truth::process(one.pid, one.tid);
        let ret = call!(one, getppid).ret;
        scene.expect(one, "getppid", ret, truth);
    }
    assert_ne!(truth::process(terminal.pid, terminal.tid)["proc.tty"], 0, "it has a terminal");
    for (fd, name) in &fds {
        call!(hand, fstat, *fd, Memory::room(256));
        scene.expect_fd(&hand, "fstat", *fd, json!({ "fd.name": name }));
    }
    let tty_name = text(format!("/dev/pts/{number}").as_bytes());
    call!(terminal, fstat, tty, Memory::room(256));
    scene.expect_fd(&terminal, "fstat", tty, json!({ "fd.name": tty_name }));
    println!("{} processes, {} descriptors", people.len(), fds.len() + 1);
    // And what they make now.
    let heir = thread.fork();
    let truth = truth::process(heir.pid, heir.tid);
    let ret = call!(heir, getppid).ret;
    scene.expect(&heir, "getppid", ret, with(&truth, json!({ "proc.pname": "standing name" })));

    let began = people.map(|one| (one.pid, truth::started(one.pid)));
    let outcome = scene.finish();
    for (pid, start) in began {
        let event = outcome.events.iter().find(|event| event["proc.pid"] == pid).expect("an event of each");
        // `/proc` counts in hundredths of a second, and the time of boot in seconds.
        let said = event["proc.pid.ts"].as_u64().expect("a time");
        assert!(said.abs_diff(start) < 1_100_000_000, "it began at {start}: {event}");
        let (age, now) = (event["proc.duration"].as_u64(), event["evt.rawtime"].as_u64());
        let (age, now) = (age.expect("an age"), now.expect("a time"));
        assert!(now.abs_diff(said + age) < 1_000_000, "the age is the time since: {event}");
    }
}

#[test]
fn the_test_itself_and_the_first_process() {
    let _alone = alone();
    let scene = Scene::start(CALLS, &[PROCESS, &["proc.aname[2]", "proc.apid[2]"]].concat());
    let (actor, hand) = Actor::start();
    let test = std::process::id();
    let truth = truth::process(hand.pid, hand.tid);
    let ppid: Value = truth::process(test, test)["proc.ppid"].clone();
    let ret = call!(hand, getppid).ret;
    assert_eq!(ret, i64::from(test));
    let name = ppid.as_u64().filter(|pid| *pid != 0).map(|pid| text(&truth::comm(pid as u32, pid as u32)));
    let more = json!({ "proc.ppid": test, "proc.apid[2]": ppid, "proc.aname[2]": name });
    scene.expect(&hand, "getppid", ret, with(&truth, more));
    assert_eq!(actor.pid(), hand.pid);
    scene.finish();
}
