// SPDX-License-Identifier: Apache-2.0
//! What descriptors refer to: however they came about, whatever became of the names since.

use std::{
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt as _, fs::symlink},
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use tests::TempDir;

use crate::{
    actor::{Actor, Arg, CWD, Hand, Memory, call, nr},
    agent::alone,
    mounts::Overlay,
    scene::Scene,
    truth::{self, text},
};

/// Captured calls.
const CALLS: &str = "openat,read,write,pread64,pwrite64,lseek,fstat,close,dup,dup2,dup3,fcntl,ftruncate,getdents64,\
                     recvmsg,pipe2,memfd_create,execve,execveat";
/// What is asked for of them.
const FIELDS: &[&str] =
    &["fd.name", "fd.nameraw", "fd.type", "fd.typechar", "fd.directory", "fd.filename", "fs.path.name", "proc.pid"];

/// Opens `path` as the hand sees it: the event must name what `/proc` does.
#[track_caller]
fn open(scene: &Scene, hand: &Hand, at: i32, path: impl Into<Arg>, flags: i32) -> i64 {
    let path: Arg = path.into();
    let fd = call!(hand, openat, at, path, flags, 0o600).ret;
    scene.expect(hand, "openat", fd, json!({ "fd.num": fd, "fd.name": truth::fd(hand.pid, fd) }));
    fd
}

/// Uses descriptor `fd` by a call that all kinds take: the event must name what `/proc` does.
#[track_caller]
fn used(scene: &Scene, hand: &Hand, fd: i64) -> Value {
    let name = truth::fd(hand.pid, fd);
    call!(hand, fstat, fd, Memory::room(256));
    scene.expect_fd(hand, "fstat", fd, json!({ "fd.name": name }));
    name
}

/// Closes it: the event must name what it was.
#[track_caller]
fn closed(scene: &Scene, hand: &Hand, fd: i64) {
    let name = truth::fd(hand.pid, fd);
    call!(hand, close, fd);
    scene.expect_fd(hand, "close", fd, json!({ "fd.name": name, "evt.rawres": 0 }));
}

/// A folder where a test works, by its path without links.
fn work() -> (TempDir, PathBuf) {
    let folder = TempDir::new();
    let place = truth::path(folder.path());
    (folder, place)
}

#[test]
fn a_file_from_open_to_close() {
    let _alone = alone();
    let (_folder, place) = work();
    let (_actor, hand) = Actor::start();
    let scene = Scene::start(CALLS, FIELDS);
    let path = place.join("a file");
    let fd = open(&scene, &hand, CWD, &path, libc::O_RDWR | libc::O_CREAT);
    let name = json!({
        "fd.name": text(path.as_os_str().as_bytes()),
        "fd.type": "file",
        "fd.typechar": "f",
        "fd.directory": text(place.as_os_str().as_bytes()),
        "fd.filename": "a file",
        "proc.pid": hand.pid,
    });
    call!(hand, write, fd, "some words", 10);
    scene.expect_fd(&hand, "write", fd, name.clone());
    call!(hand, pwrite64, fd, "more", 4, 100);
    scene.expect_fd(&hand, "pwrite64", fd, name.clone());
    call!(hand, lseek, fd, 0, libc::SEEK_SET);
    scene.expect_fd(&hand, "lseek", fd, name.clone());
    call!(hand, read, fd, Memory::room(10), 10);
    scene.expect_fd(&hand, "read", fd, name.clone());
    call!(hand, pread64, fd, Memory::room(10), 10, 3);
    scene.expect_fd(&hand, "pread64", fd, name.clone());
    call!(hand, ftruncate, fd, 3);
    scene.expect_fd(&hand, "ftruncate", fd, name.clone());
    call!(hand, close, fd);
    scene.expect_fd(&hand, "close", fd, name);
    // A descriptor that is none any more, and one that never was.
    for fd in [fd, 700] {
        hand.order(nr::close, &[fd.into()]);
        scene.expect_of(hand.tid, "close", json!({ "evt.rawres": -9 }), json!({ "fd.num": fd, "fd.name": null }));
    }
    // The number means another file now.
    let folder = open(&scene, &hand, CWD, &place, libc::O_RDONLY | libc::O_DIRECTORY);
    assert_eq!(folder, fd);
    call!(hand, getdents64, folder, Memory::room(512), 512);
    let name = text(place.as_os_str().as_bytes());
    scene.expect_fd(&hand, "getdents64", fd, json!({ "fd.name": name, "fd.type": "directory", "fd.typechar": "d" }));
    closed(&scene, &hand, folder);
    scene.finish();
}

#[test]
fn copies() {
    let _alone = alone();
    let (_folder, place) = work();
    let (_actor, hand) = Actor::start();
    let scene = Scene::start(CALLS, FIELDS);
    let (one, other) = (place.join("one"), place.join("other"));
    let first = open(&scene, &hand, CWD, &one, libc::O_RDWR | libc::O_CREAT);
    let second = open(&scene, &hand, CWD, &other, libc::O_RDWR | libc::O_CREAT);
    let named = |fd: i64, path: &Path| json!({ "fd.num": fd, "fd.name": text(path.as_os_str().as_bytes()) });
    let copy = call!(hand, dup, first).ret;
    scene.expect(&hand, "dup", copy, named(copy, &one));
    // Over a descriptor of another file.
    call!(hand, dup3, second, copy, libc::O_CLOEXEC);
    scene.expect(&hand, "dup3", copy, named(copy, &other));
    used(&scene, &hand, copy);
    #[cfg(target_arch = "x86_64")]
    {
        hand.made("dup2", libc::SYS_dup2, &[first.into(), copy.into()]);
        scene.expect(&hand, "dup2", copy, named(copy, &one));
        used(&scene, &hand, copy);
    }
    let high = call!(hand, fcntl, second, libc::F_DUPFD, 500).ret;
    scene.expect(&hand, "fcntl", high, json!({ "fd.name": text(other.as_os_str().as_bytes()) }));
    used(&scene, &hand, high);
    let high = call!(hand, fcntl, second, libc::F_DUPFD_CLOEXEC, 500).ret;
    used(&scene, &hand, high);
    closed(&scene, &hand, second);
    used(&scene, &hand, high);
    closed(&scene, &hand, high);
    scene.finish();
}

#[test]
fn heirs() {
    let _alone = alone();
    let (_folder, place) = work();
    let (actor, hand) = Actor::start();
    let scene = Scene::start(CALLS, FIELDS);
    let keeps = open(&scene, &hand, CWD, &place.join("keeps"), libc::O_RDWR | libc::O_CREAT);
    let loses = open(&scene, &hand, CWD, &place.join("loses"), libc::O_RDWR | libc::O_CREAT | libc::O_CLOEXEC);
    let mut child = hand.fork();
    used(&scene, &child, keeps);
    used(&scene, &child, loses);
    // A thread has the descriptors of its process.
    let thread = child.thread();
    used(&scene, &thread, keeps);
    let own = open(&scene, &thread, CWD, "/etc/passwd", libc::O_RDONLY);
    used(&scene, &child, own);
    let program = actor.program().to_owned();
    child.exec(nr::execve, |argv| vec![Arg::from(&program), argv.into(), Memory::words(&[0]).into()]);
    used(&scene, &child, keeps);
    let answer = child.order(nr::fstat, &[loses.into(), Memory::room(256).into()]);
    assert_eq!(answer.ret, -i64::from(libc::EBADF), "it was closed by execve");
    scene.expect_fd(&child, "fstat", loses, json!({ "fd.name": null, "evt.rawres": answer.ret }));
    // The other process's still is what it was.
    closed(&scene, &hand, loses);
    closed(&scene, &child, keeps);
    used(&scene, &hand, keeps);
    scene.finish();
}

#[test]
fn threads_with_descriptors_of_their_own() {
    let _alone = alone();
    let (_folder, place) = work();
    let (_actor, hand) = Actor::start();
    let thread = hand.thread();
    let scene = Scene::start(CALLS, FIELDS);
    let fd = open(&scene, &hand, CWD, &place.join("everybody's"), libc::O_RDWR | libc::O_CREAT);
    call!(thread, unshare, libc::CLONE_FILES);
    let own = truth::task_fd(thread.pid, thread.tid, fd);
    call!(thread, close, fd);
    scene.expect_fd(&thread, "close", fd, json!({ "fd.name": own }));
    let path = place.join("its own");
    let again = call!(thread, openat, CWD, &path, libc::O_RDWR | libc::O_CREAT, 0o600).ret;
    assert_eq!(again, fd, "the same number");
    scene.expect(&thread, "openat", fd, json!({ "fd.name": text(path.as_os_str().as_bytes()) }));
    used(&scene, &hand, fd);
    let name = truth::task_fd(thread.pid, thread.tid, fd);
    call!(thread, fstat, fd, Memory::room(256));
    scene.expect_fd(&thread, "fstat", fd, json!({ "fd.name": name }));
    scene.finish();
}

#[test]
fn passed_through_a_socket() {
    let _alone = alone();
    let (_folder, place) = work();
    let (_actor, hand) = Actor::start();
    let scene = Scene::start(CALLS, FIELDS);
    let pair = call!(hand, socketpair, libc::AF_UNIX, libc::SOCK_STREAM, 0, Memory::room(8));
    let (here, there) = (pair.int(0, 0), pair.int(0, 1));
    let receiver = hand.fork();
    let path = place.join("passed on");
    let fd = open(&scene, &hand, CWD, &path, libc::O_RDWR | libc::O_CREAT);
    // A header, the level, the type, and the descriptor.
    let control = |fd: i64| {
        let words = [20, (u64::from(libc::SCM_RIGHTS as u32) << 32) | libc::SOL_SOCKET as u64, fd as u64];
        Memory::words(&words)
    };
    let message = |control: Memory| {
        let iov = Memory::words(&[0, 1]).pointing(0, Memory::of("x"));
        Memory::words(&[0, 0, 0, 1, 0, 24, 0]).pointing(2, iov).pointing(4, control)
    };
    call!(hand, sendmsg, here, message(control(fd)), 0);
    closed(&scene, &hand, fd);
    let before: Vec<_> = fs::read_dir(format!("/proc/{}/fd", receiver.pid)).expect("a process").flatten().collect();
    call!(receiver, recvmsg, there, message(control(0)), 0);
    let after: Vec<_> = fs::read_dir(format!("/proc/{}/fd", receiver.pid)).expect("a process").flatten().collect();
    let old: Vec<_> = before.iter().map(fs::DirEntry::file_name).collect();
    let new = after.iter().map(fs::DirEntry::file_name).find(|name| !old.contains(name)).expect("a new descriptor");
    let new: i64 = new.to_str().and_then(|text| text.parse().ok()).expect("a number");
    let name = used(&scene, &receiver, new);
    assert_eq!(name, text(path.as_os_str().as_bytes()));
    call!(receiver, write, new, "words", 5);
    scene.expect_fd(&receiver, "write", new, json!({ "fd.name": name, "fd.type": "file" }));
    closed(&scene, &receiver, new);
    scene.finish();
}

#[test]
fn names_that_change() {
    let _alone = alone();
    let (_folder, place) = work();
    let (_actor, hand) = Actor::start();
    let scene = Scene::start(CALLS, FIELDS);
    // Removed while it is open, before the first event that refers to it.
    let path = place.join("removed");
    let fd = call!(hand, openat, CWD, &path, libc::O_RDWR | libc::O_CREAT, 0o600).ret;
    let unseen = hand.fork();
    fs::remove_file(&path).expect("a file");
    let late = call!(unseen, openat, CWD, &*format!("/proc/self/fd/{fd}"), libc::O_RDWR).ret;
    scene.expect(&unseen, "openat", late, json!({ "fd.name": truth::fd(unseen.pid, late) }));
    let shown = truth::fd(unseen.pid, late);
    assert!(shown.as_str().is_some_and(|name| name.ends_with("/removed (deleted)")), "{shown}");
    call!(unseen, write, late, "x", 1);
    scene.expect_fd(&unseen, "write", late, json!({ "fd.name": shown }));
    // A file of the same name is another one.
    let again = open(&scene, &hand, CWD, &path, libc::O_RDWR | libc::O_CREAT);
    assert_eq!(used(&scene, &hand, again), text(path.as_os_str().as_bytes()));
    // Renamed: a descriptor made later shows the new name.
    let renamed = place.join("renamed");
    fs::rename(&path, &renamed).expect("a file");
    let fresh = open(&scene, &hand, CWD, &renamed, libc::O_RDWR);
    assert_eq!(used(&scene, &hand, fresh), text(renamed.as_os_str().as_bytes()));
    used(&scene, &hand, again);
    closed(&scene, &hand, again);
    // A folder on the way is renamed.
    fs::create_dir_all(place.join("folder/inner")).expect("folders");
    let fd = open(&scene, &hand, CWD, &place.join("folder/inner/file"), libc::O_RDWR | libc::O_CREAT);
    used(&scene, &hand, fd);
    fs::rename(place.join("folder"), place.join("moved")).expect("a folder");
    let fd = open(&scene, &hand, CWD, &place.join("moved/inner/file"), libc::O_RDWR);
    used(&scene, &hand, fd);
    scene.finish();
}

#[test]
fn paths_of_all_kinds() {
    let _alone = alone();
    let (_folder, place) = work();
    let (_actor, hand) = Actor::start();
    let scene = Scene::start(CALLS, FIELDS);
    let create = libc::O_RDWR | libc::O_CREAT;
    let names: [&[u8]; 8] = [
        b"a space",
        b"a\nline\ttab",
        b"\xff\xfe wrong \x80",
        b"back\\slash \\xff",
        "Grüße 鳥".as_bytes(),
        b"\x1b[2J control",
        b"quote\"s'",
        b" (deleted)",
    ];
    for name in names {
        let path = [place.as_os_str().as_bytes(), b"/", name].concat();
        let fd = open(&scene, &hand, CWD, OsStr::from_bytes(&path), create);
        used(&scene, &hand, fd);
        closed(&scene, &hand, fd);
    }
    // The longest name, and the longest path that a call takes.
    let long = "n".repeat(255);
    let fd = open(&scene, &hand, CWD, &place.join(&long), create);
    used(&scene, &hand, fd);
    let mut path = place.join("long");
    while path.as_os_str().len() + 200 < 4090 {
        path = path.join("p".repeat(180));
    }
    fs::create_dir_all(&path).expect("folders");
    let fd = open(&scene, &hand, CWD, &path.join("file"), create);
    used(&scene, &hand, fd);
    // As deep as a probe follows: 90 folders here, and those of the temporary one.
    let deep = (0..80).fold(place.join("deep"), |path, n| path.join(format!("d{n}")));
    fs::create_dir_all(&deep).expect("folders");
    let fd = open(&scene, &hand, CWD, &deep.join("file"), create);
    used(&scene, &hand, fd);
    // Relative, with what leads nowhere.
    call!(hand, chdir, &place);
    fs::create_dir_all(place.join("x/y/z")).expect("folders");
    for path in ["x/y/file", "./x/./y/../y//file", "x/y/z/../../../x/y/file", "../"] {
        let flags = if path == "../" { libc::O_RDONLY | libc::O_DIRECTORY } else { create };
        let fd = open(&scene, &hand, CWD, path, flags);
        used(&scene, &hand, fd);
    }
    let folder = open(&scene, &hand, CWD, "x/y", libc::O_PATH | libc::O_DIRECTORY) as i32;
    let fd = open(&scene, &hand, folder, "z/../file", create);
    assert_eq!(used(&scene, &hand, fd), text(place.join("x/y/file").as_os_str().as_bytes()));
    let fd = open(&scene, &hand, folder, "../../x", libc::O_RDONLY);
    used(&scene, &hand, fd);
    // Through a link.
    symlink(place.join("x/y"), place.join("link")).expect("a link");
    let fd = open(&scene, &hand, CWD, "link/file", libc::O_RDONLY);
    assert_eq!(used(&scene, &hand, fd), text(place.join("x/y/file").as_os_str().as_bytes()));
    // Nothing of it but its name.
    let fd = open(&scene, &hand, CWD, "x/y/file", libc::O_PATH);
    used(&scene, &hand, fd);
    closed(&scene, &hand, fd);
    // What is not there is named as it was asked for, made absolute.
    let answer = hand.order(nr::openat, &[folder.into(), Arg::from("../none/./such"), libc::O_RDONLY.into()]);
    let name = text(place.join("x/none/such").as_os_str().as_bytes());
    let fields = json!({ "fd.num": -1, "fd.name": name, "fd.nameraw": "../none/./such" });
    scene.expect(&hand, "openat", answer.ret, fields);
    scene.finish();
}

#[test]
fn very_deep_paths() {
    let _alone = alone();
    let (_folder, place) = work();
    let (_actor, hand) = Actor::start();
    let scene = Scene::start(CALLS, FIELDS);
    // Deeper than any path argument can be long, and than the probe follows: folder by folder.
    call!(hand, chdir, &place);
    for n in 0..600 {
        let name = format!("folder-{n}");
        call!(hand, mkdirat, CWD, &*name, 0o700);
        call!(hand, chdir, &*name);
    }
    let fd = call!(hand, openat, CWD, "file", libc::O_RDWR | libc::O_CREAT, 0o600).ret;
    scene.expect(&hand, "openat", fd, json!({ "fd.num": fd, "fd.type": "file" }));
    let tid = hand.tid;
    let outcome = scene.finish();
    let event = outcome.events.iter().find(|event| event["thread.tid"] == tid && event["evt.rawres"] == fd);
    let event = event.expect("an event");
    // A part of the path would be another path.
    assert_eq!((&event["fd.name"], &event["fd.num"]), (&Value::Null, &json!(fd)));
}

#[test]
fn another_root() {
    let _alone = alone();
    let (_folder, place) = work();
    fs::create_dir_all(place.join("root/inside/deeper")).expect("folders");
    let (_actor, hand) = Actor::start();
    let scene = Scene::start(CALLS, FIELDS);
    let child = hand.fork();
    call!(child, chroot, &place.join("root"));
    call!(child, chdir, "/inside");
    for path in ["/inside/file", "file", "../inside/deeper/../file", "/../../inside/deeper/file"] {
        let fd = open(&scene, &child, CWD, path, libc::O_RDWR | libc::O_CREAT);
        used(&scene, &child, fd);
    }
    // What is outside can be reached by a descriptor from before.
    scene.finish();
}

#[test]
fn kinds() {
    let _alone = alone();
    let (_folder, place) = work();
    let (_actor, hand) = Actor::start();
    let scene = Scene::start(CALLS, FIELDS);
    let pipe = call!(hand, pipe2, Memory::room(8), 0);
    for end in [pipe.int(0, 0), pipe.int(0, 1)] {
        let name = used(&scene, &hand, end.into());
        assert!(name.as_str().is_some_and(|name| name.starts_with("pipe:[")), "{name}");
    }
    let made = [
        (call!(hand, memfd_create, "a memfd", 0).ret, "memfd", "m"),
        (call!(hand, eventfd2, 0, 0).ret, "event", "e"),
        (call!(hand, epoll_create1, 0).ret, "eventpoll", "l"),
        (call!(hand, timerfd_create, 0, 0).ret, "timerfd", "t"),
        (call!(hand, signalfd4, -1, Memory::room(8), 8, 0).ret, "signalfd", "s"),
        (call!(hand, inotify_init1, 0).ret, "inotify", "i"),
        (call!(hand, pidfd_open, hand.vpid, 0).ret, "pidfd", "P"),
        (call!(hand, openat, CWD, "/dev/null", libc::O_RDWR).ret, "file", "f"),
        (call!(hand, openat, CWD, "/proc/self/ns/net", libc::O_RDONLY).ret, "file", "f"),
        (call!(hand, openat, CWD, "/dev/ptmx", libc::O_RDWR | libc::O_NOCTTY).ret, "file", "f"),
        (call!(hand, socket, libc::AF_NETLINK, libc::SOCK_RAW, 0).ret, "netlink", "n"),
        (call!(hand, socket, libc::AF_UNIX, libc::SOCK_DGRAM, 0).ret, "unix", "u"),
    ];
    let rare = [
        ("userfaultfd", hand.order(libc::SYS_userfaultfd, &[1.into()]).ret, json!("userfaultfd"), "u"),
        (
            "io_uring",
            hand.order(libc::SYS_io_uring_setup, &[8.into(), Memory::room(120).into()]).ret,
            json!("io_uring"),
            "r",
        ),
        ("fanotify", hand.order(libc::SYS_fanotify_init, &[0.into(), 0.into()]).ret, Value::Null, "o"),
    ];
    let rare = rare.into_iter().filter(|(name, fd, ..)| {
        if *fd < 0 {
            println!("not looked at: this kernel has no {name}: {fd}");
        }
        *fd >= 0
    });
    let made = made.into_iter().map(|(fd, kind, char)| (fd, json!(kind), char));
    for (fd, kind, char) in made.chain(rare.map(|(_, fd, kind, char)| (fd, kind, char))) {
        let name = truth::fd(hand.pid, fd);
        call!(hand, fstat, fd, Memory::room(256));
        let fields = json!({ "fd.name": name, "fd.type": kind, "fd.typechar": char });
        scene.expect_fd(&hand, "fstat", fd, fields);
        closed(&scene, &hand, fd);
    }
    rustix::fs::mknodat(rustix::fs::CWD, place.join("fifo"), rustix::fs::FileType::Fifo, 0o600.into(), 0)
        .expect("a fifo");
    let fd = open(&scene, &hand, CWD, &place.join("fifo"), libc::O_RDWR);
    assert_eq!(used(&scene, &hand, fd), text(place.join("fifo").as_os_str().as_bytes()));
    scene.finish();
}

#[test]
fn layers() {
    let _alone = alone();
    let (_folder, place) = work();
    let (actor, hand) = Actor::start();
    let overlay = Overlay::new(&place);
    fs::copy(actor.program(), overlay.lower().join("lower")).expect("a copy");
    fs::copy(actor.program(), overlay.lower().join("both")).expect("a copy");
    let fields = [FIELDS, &["proc.is_exe_upper_layer", "proc.is_exe_lower_layer", "proc.exepath", "fd.is_upper_layer"]];
    let scene = Scene::start(CALLS, &fields.concat());
    let outside = hand.fork();
    // In a mount namespace of its own: nothing is left of it when the actor ends.
    let inside = hand.fork();
    overlay.mount(&inside);
    let at = |name: &str| overlay.merged().join(name);
    // By copying up.
    let fd = call!(inside, openat, CWD, &at("both"), libc::O_RDWR).ret;
    scene.expect(&inside, "openat", fd, json!({ "fd.is_upper_layer": true }));
    call!(inside, close, fd);
    for (name, upper, lower) in [("lower", false, true), ("both", true, false)] {
        let mut child = inside.fork();
        child.exec(nr::execve, |argv| vec![Arg::from(&at(name)), argv.into(), Memory::words(&[0]).into()]);
        scene.expect(
            &child,
            "execve",
            0,
            json!({
                "proc.is_exe_upper_layer": upper,
                "proc.is_exe_lower_layer": lower,
                "proc.exepath": text(at(name).as_os_str().as_bytes()),
            }),
        );
    }
    let mut child = outside;
    let program = actor.program().to_owned();
    child.exec(nr::execve, |argv| vec![Arg::from(&program), argv.into(), Memory::words(&[0]).into()]);
    scene.expect(&child, "execve", 0, json!({ "proc.is_exe_upper_layer": false, "proc.is_exe_lower_layer": false }));
    scene.finish();
}
