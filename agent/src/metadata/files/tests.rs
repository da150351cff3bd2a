// SPDX-License-Identifier: Apache-2.0
//! Sequences of records and calls.

use std::net::Ipv4Addr;

use agent_common::state::FileWord;

use super::*;
use crate::decode::{
    encode::state::File as Told,
    state::{State, StateRecord},
};

const STREAM: u16 = 1;
const NOBODY: ([u8; 4], u16) = ([0; 4], 0);
const HERE: ([u8; 4], u16) = ([10, 0, 0, 1], 80);
const THERE: ([u8; 4], u16) = ([10, 0, 0, 2], 40_000);

fn files(capacity: usize) -> Files {
    Files::new(capacity, Arc::new(MetadataStats::default()))
}

fn tell(files: &mut Files, file: &Told) -> bool {
    let bytes = file.record();
    match StateRecord::parse(&bytes).expect("a record").state() {
        State::File(file) => files.apply(&file),
        State::Task(_) | State::Exit(_) | State::CgroupMade(_) | State::CgroupGone(_) => unreachable!("no file"),
    }
}

fn name(files: &mut Files, id: u64) -> String {
    let mut name = Vec::new();
    files.get(id).expect("a file").write_name(&mut name);
    String::from_utf8(name).expect("a name")
}

fn role(files: &mut Files, id: u64) -> Role {
    match &files.get(id).expect("a file").kind {
        FileKind::Socket(socket) => socket.role,
        FileKind::Named(_) | FileKind::Pipe | FileKind::Anonymous(_) => unreachable!("no socket"),
    }
}

#[test]
fn an_id_that_is_taken_again_is_another_file() {
    let mut files = files(10);
    assert!(!tell(&mut files, &Told::named(0xff00, 7, "/etc/passwd")));
    assert!(!tell(&mut files, &Told::named(0xff00, 8, "/etc/group")), "another file, not another name");
    assert_eq!((name(&mut files, 0xff00), files.len()), ("/etc/group".to_owned(), 1));
    assert!(tell(&mut files, &Told::named(0xff00, 8, "/etc/group.old")), "it was renamed");
    assert!(files.get(0).is_none() && files.peek(0).is_none() && files.peek(0xff00).is_some());
}

#[test]
fn equal_files_are_stored_once() {
    let mut files = files(1000);
    for id in 1..=100 {
        tell(&mut files, &Told::named(id, 7, "/usr/lib/libc.so.6"));
    }
    let first = Arc::clone(files.get(1).expect("a file"));
    assert!((1..=100).all(|id| Arc::ptr_eq(&first, files.get(id).expect("a file"))));
    // Sockets too, until one of them changes.
    for id in [200, 201] {
        tell(&mut files, &Told::socket(id, 9, STREAM, NOBODY, NOBODY));
    }
    files.set_role(200, Role::Client);
    assert_eq!((role(&mut files, 200), role(&mut files, 201)), (Role::Client, Role::Unknown));
}

#[test]
fn a_connections_name_and_role_follow_the_calls() {
    let mut files = files(10);
    tell(&mut files, &Told::socket(1, 7, STREAM, NOBODY, NOBODY));
    files.set_role(1, Role::Client);
    assert!(tell(&mut files, &Told::socket(1, 7, STREAM, THERE, HERE)));
    assert!(!tell(&mut files, &Told::socket(1, 7, STREAM, THERE, HERE)));
    assert_eq!(name(&mut files, 1), "10.0.0.2:40000->10.0.0.1:80");
    assert_eq!(role(&mut files, 1), Role::Client, "the socket is the same");
    tell(&mut files, &Told::socket(1, 8, STREAM, NOBODY, NOBODY));
    assert_eq!(role(&mut files, 1), Role::Unknown, "the socket is another");
    files.set_role(99, Role::Client);
}

#[test]
fn who_has_a_port_that_is_listened_on_is_a_server() {
    let mut files = files(10);
    files.listening(&[443, 0]);
    tell(&mut files, &Told::socket(1, 1, STREAM, (HERE.0, 443), THERE));
    assert_eq!(role(&mut files, 1), Role::Server);
    tell(&mut files, &Told::socket(2, 2, STREAM, HERE, NOBODY));
    tell(&mut files, &Told::socket(3, 3, STREAM, HERE, THERE));
    assert_eq!(role(&mut files, 3), Role::Unknown);
    files.listens(2);
    tell(&mut files, &Told::socket(4, 4, STREAM, HERE, THERE));
    assert_eq!((role(&mut files, 2), role(&mut files, 4)), (Role::Server, Role::Server));
    tell(&mut files, &Told::socket(5, 5, SOCK_DGRAM, HERE, NOBODY));
    tell(&mut files, &Told::socket(6, 6, STREAM, NOBODY, NOBODY));
    assert_eq!((role(&mut files, 5), role(&mut files, 6)), (Role::Unknown, Role::Unknown));
}

#[test]
fn a_datagram_socket_is_named_after_its_last_peer() {
    let mut files = files(10);
    tell(&mut files, &Told::socket(1, 7, SOCK_DGRAM, ([0; 4], 53), NOBODY));
    assert_eq!(name(&mut files, 1), "0.0.0.0:53");
    let before = Arc::clone(files.get(1).expect("a file"));
    let peer = (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 9)), 5000);
    assert!(files.set_remote(1, peer));
    assert!(!files.set_remote(1, peer));
    assert_eq!(name(&mut files, 1), "0.0.0.0:53->10.0.0.9:5000");
    let mut old = Vec::new();
    assert!(before.write_name(&mut old) && old == b"0.0.0.0:53");
    // Told again, for its local address.
    assert!(tell(&mut files, &Told::socket(1, 7, SOCK_DGRAM, ([127, 0, 0, 1], 53), NOBODY)));
    assert_eq!(name(&mut files, 1), "127.0.0.1:53->10.0.0.9:5000");
    tell(&mut files, &Told::socket(2, 8, STREAM, HERE, NOBODY));
    tell(&mut files, &Told::named(3, 9, "/tmp/x"));
    assert!(!files.set_remote(2, peer) && !files.set_remote(3, peer) && !files.set_remote(4, peer));
}

#[test]
fn the_table_is_bounded() {
    let mut files = files(100);
    for id in 1..=1000 {
        tell(&mut files, &Told::named(id, id, "/tmp/x").word(FileWord::Flags, 2));
        assert!(files.get(1).is_some(), "it is in use");
    }
    assert_eq!((files.len(), files.stats.evicted_files.get(), files.stats.files.get()), (100, 900, 100));
}

#[test]
fn what_was_read_from_proc_is_counted() {
    let mut files = files(2);
    tell(&mut files, &Told::named(1, 7, "/tmp/x"));
    let file = (**files.get(1).expect("a file")).clone();
    files.insert(2, file);
    assert_eq!((name(&mut files, 2), files.stats.descriptors_read.get()), ("/tmp/x".to_owned(), 1));
}
