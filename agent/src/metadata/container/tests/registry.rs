// SPDX-License-Identifier: Apache-2.0
//! Which container an event is of.

use std::{fs, os::unix::fs::MetadataExt as _, sync::Arc, time::Instant};

use super::{
    ID, Machine, TIMING, enter,
    fake::{Answer, Fake},
};
use crate::metadata::{
    cgroup::MAX_GONE,
    container::{MAX_CONTAINERS, Reason, State},
};

#[test]
fn all_cgroups_of_a_container_are_it() {
    let machine = Machine::new();
    let mut containers = machine.start(false, TIMING);
    containers.cgroup_made(10, &format!("/docker/{ID}"));
    containers.cgroup_made(11, &format!("/docker/{ID}/init.scope"));
    containers.cgroup_made(12, "/system.slice/ssh.service");
    let container = Arc::clone(containers.of(10, 1).expect("a container"));
    assert!(containers.of(11, 1).is_some_and(|other| Arc::ptr_eq(other, &container)));
    assert!(containers.of(12, 1).is_none());
    assert!(containers.of(0, 1).is_none());
    assert_eq!(container.state(), State::Unresolved(Reason::Off));
    assert!(!containers.is_asked(&container));
    assert_eq!((machine.stats.seen.get(), machine.stats.lookups.get()), (1, 0));
    assert_eq!(machine.stats.unresolved(Reason::Off), 1);
}

#[test]
fn a_name_is_all_that_some_have() {
    let machine = Machine::new();
    let mut containers = machine.containers();
    let container = enter(&mut containers, "/lxc.payload.a-rather-long-name");
    assert_eq!((container.id(), container.name()), ("a-rather-long-name", Some("a-rather-long-name")));
    assert_eq!(container.state(), State::Unresolved(Reason::NoApi));
}

#[test]
fn what_was_there_before_is_found() {
    let machine = Machine::new();
    let folder = machine.root.join("cgroup/docker").join(ID);
    fs::create_dir_all(&folder).expect("a folder");
    let id = fs::metadata(folder).expect("the folder").ino();
    let mut containers = machine.start(false, TIMING);
    assert_eq!(containers.of(id, 1).map(|container| container.full_id().to_owned()).as_deref(), Some(ID));
    assert_eq!(machine.stats.cgroups(), 3);
}

#[test]
fn what_was_not_reported_is_sought() {
    let machine = Machine::new();
    let mut containers = machine.start(false, TIMING);
    let folder = machine.root.join("cgroup/docker").join(ID);
    let process = machine.root.join("proc/42");
    fs::create_dir_all(&folder).expect("a folder");
    fs::create_dir_all(&process).expect("a folder");
    fs::write(process.join("cgroup"), format!("0::/docker/{ID}\n")).expect("a file");
    let id = fs::metadata(folder).expect("the folder").ino();
    assert!(containers.of(id, 41).is_none(), "that process is gone");
    assert!(containers.of(id, 42).is_some());
    assert!(containers.of(id, 41).is_some(), "now it is known");
    assert_eq!(machine.stats.cgroup_fallbacks(), 2);
}

#[test]
fn removed_ones_are_forgotten_after_a_while() {
    let machine = Machine::new();
    let mut containers = machine.start(false, TIMING);
    for id in 1..=MAX_GONE as u64 + 1 {
        containers.cgroup_made(id, &format!("/docker/{id:064x}"));
        containers.cgroup_gone(id);
    }
    assert!(containers.of(1, u32::MAX).is_none());
    assert!(containers.of(2, u32::MAX).is_some());
    assert_eq!((containers.by_id_len(), machine.stats.evicted.get()), (MAX_GONE, 0));
}

#[test]
fn there_is_a_bound() {
    let machine = Machine::new();
    let mut containers = machine.start(false, TIMING);
    for id in 1..=3 * MAX_CONTAINERS as u64 {
        containers.cgroup_made(id, &format!("/docker/{id:064x}"));
    }
    assert!(containers.by_id_len() <= MAX_CONTAINERS);
    assert!(machine.stats.evicted.get() >= 2 * MAX_CONTAINERS as u64);
    let again = containers.of(1, 1).map(|container| container.full_id().to_owned());
    assert_eq!(again, Some(format!("{:064x}", 1)), "its cgroup is known all the same");
}

#[test]
fn nothing_waits_for_the_queue() {
    let machine = Machine::new();
    let _fake = Fake::docker(&machine.root, |_, _, _| Answer::Never);
    let mut containers = machine.containers();
    let start = Instant::now();
    for id in 1..=MAX_CONTAINERS as u64 {
        containers.cgroup_made(id, &format!("/docker/{id:064x}"));
    }
    assert!(machine.stats.unresolved(Reason::Full) > 0);
    assert!(start.elapsed() < TIMING.answer * 20, "{:?}", start.elapsed());
}
