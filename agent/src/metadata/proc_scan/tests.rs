// SPDX-License-Identifier: Apache-2.0
//! Tests on this process's own `/proc`, and of the formats.

use std::{
    fs,
    os::{fd::AsRawFd as _, unix::fs::MetadataExt as _},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
};

use super::*;
use crate::metadata::file::FileKind;

fn proc(env: bool) -> Proc {
    Proc::open(Path::new("/"), env).expect("/proc")
}

#[test]
fn starts_are_compared_by_tick() {
    assert!(same_start(TICK * 5, TICK * 5 + 9_999_999));
    assert!(same_start(TICK * 5 + 1, TICK * 5));
    assert!(!same_start(TICK * 5 + 1, TICK * 5 + 2), "both are exact");
    assert!(!same_start(TICK * 5, TICK * 6));
    assert!(same_start(7, 7));
}

#[test]
fn a_name_may_look_like_the_rest_of_the_line() {
    let line = b"42 (a) S 1 (\xff) Z 7 42 40 34816 42 4194304 1 2 3 4 5 6 7 8 20 0 3 0 1234 0 0\n";
    let stat = Stat::parse(line).expect("a line");
    assert_eq!(stat.name, b"a) S 1 (\xff");
    assert_eq!((stat.ppid, stat.group, stat.session, stat.tty, stat.threads), (7, 42, 40, 34816, 3));
    assert_eq!(stat.start, 1234 * TICK);
    assert!(!stat.has_ended(), "other threads live");
    for end in 0..line.len() {
        Stat::parse(&line[..end]);
    }
}

#[test]
fn a_status_without_namespaces_or_capabilities_tells_the_rest() {
    let status = Status::parse(b"Name:\t\xff\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\nNSpid:\t900\t17\n\n:\nNSsid:\n");
    assert_eq!((status.vpid, status.vgroups, status.credentials), (Some(17), None, None));
}

#[test]
fn listening_ports_end_where_connections_begin() {
    let table = b"  sl  local_address rem_address   st\n   0: 0100007F:1F90 00000000:0000 0A 0\n   \
                  1: 00000000:0016 00000000:0000 0A 0\n   2: 0100007F:C350 0100007F:1F90 01 0\n";
    assert_eq!(parse::listening(table).collect::<Vec<_>>(), [8080, 22]);
}

#[test]
fn this_process_is_found_with_its_threads() {
    let (sender, receiver) = mpsc::channel::<()>();
    let (tell, told) = mpsc::channel();
    let other = thread::spawn(move || {
        tell.send(rustix::thread::gettid()).expect("the test waits");
        receiver.recv().unwrap_err();
    });
    let tid = told.recv().expect("a thread").as_raw_nonzero().get().cast_unsigned();
    let pid = std::process::id();
    let scan = proc(true).scan();
    let found = scan.processes.iter().find(|found| found.process.pid == pid).expect("this process");
    drop(sender);
    other.join().expect("the thread");

    let process = &found.process;
    let exe = fs::read_link("/proc/self/exe").expect("an executable");
    let stat = fs::metadata("/proc/self/exe").expect("an executable");
    let file = process.exe_file.expect("an executable");
    assert_eq!(process.exe_path.as_deref(), Some(exe.as_os_str().as_encoded_bytes()));
    assert_eq!((file.inode, u64::from(file.dev), file.mode), (stat.ino(), stat.dev(), stat.mode()));
    assert_eq!(file.mtime, Some(stat.mtime().cast_unsigned() * 1_000_000_000 + stat.mtime_nsec().cast_unsigned()));
    assert_eq!(*process.args, *fs::read("/proc/self/cmdline").expect("arguments"));
    assert_eq!(
        process.env.as_deref().map(<[u8]>::len),
        fs::read("/proc/self/environ").ok().map(|env| env.len().min(4096))
    );
    let cwd = std::env::current_dir().expect("a directory");
    assert_eq!(process.cwd.as_deref(), Some(cwd.as_os_str().as_encoded_bytes()));
    assert_eq!(process.root.as_deref(), Some(&b"/"[..]));
    assert_eq!(process.ppid, std::os::unix::process::parent_id());
    let credentials = process.credentials.expect("credentials");
    assert_eq!(credentials.uid, rustix::process::getuid().as_raw());
    assert_eq!(credentials.egid, rustix::process::getegid().as_raw());
    let group = rustix::process::getpgrp().as_raw_nonzero().get().cast_unsigned();
    assert_eq!(process.groups.map(|(group, _)| group), Some(group));
    assert!(process.threads >= 2 && process.namespaces.is_some() && !process.ended);
    let (_, thread) = found.threads.iter().find(|(found, _)| *found == tid).expect("the thread");
    assert!(thread.start >= process.start && thread.credentials == process.credentials);
    assert!(found.threads.iter().all(|(found, _)| *found != pid));
}

#[test]
fn what_has_ended_is_not_there() {
    let mut child = Command::new("/bin/sleep").arg("60").stdin(Stdio::null()).spawn().expect("a child");
    let (proc, pid) = (proc(false), child.id());
    let process = proc.process(pid).expect("the child");
    assert!(process.env.is_none() && process.threads == 1);
    let glance = proc.glance(pid).expect("the child");
    assert!(glance.start == process.start && !glance.ended);
    child.kill().expect("to end it");
    // Until it is waited for it is a zombie, once its last thread has gone.
    let mut ended = false;
    for _ in 0..100_000 {
        ended = proc.glance(pid).is_some_and(|glance| glance.ended);
        if ended {
            break;
        }
        thread::yield_now();
    }
    assert!(ended && proc.process(pid).is_none());
    child.wait().expect("its end");
    assert_eq!(proc.glance(pid), None);
}

#[test]
fn descriptors_are_named() {
    let (proc, pid) = (proc(false), std::process::id());
    let of = |fd: &dyn Fn() -> i32| proc.fd_link(pid, fd().cast_unsigned()).expect("a descriptor");
    let exe = fs::File::open("/proc/self/exe").expect("a file");
    let file = of(&|| exe.as_raw_fd());
    assert_eq!(file.inode, exe.metadata().expect("a file").ino());
    let path = fs::read_link("/proc/self/exe").expect("a path");
    assert_eq!(file.kind, FileKind::Named(Some(Box::from(path.as_os_str().as_encoded_bytes()))));
    assert_eq!((file.bits, file.format(), file.flags & 0o3), (0, 0o100_000, 0));
    let (reader, _writer) = io::pipe().expect("a pipe");
    assert_eq!(of(&|| reader.as_raw_fd()).kind, FileKind::Pipe);
    let (socket, _other) = std::os::unix::net::UnixStream::pair().expect("sockets");
    let file = of(&|| socket.as_raw_fd());
    let mut name = Vec::new();
    assert!(matches!(file.kind, FileKind::Socket(_)) && file.write_name(&mut name));
    assert_eq!(name, format!("socket:[{}]", file.inode).into_bytes());
    assert_eq!(proc.fd_link(pid, 1 << 20), None);
}

#[test]
fn who_listens_is_seen() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    assert!(proc(false).scan().listening.contains(&port));
}
