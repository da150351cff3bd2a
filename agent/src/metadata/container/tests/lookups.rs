// SPDX-License-Identifier: Apache-2.0
//! What becomes of a lookup.

use std::{fs, os::unix::net::UnixListener, time::Duration};

use super::{
    ID, Machine, TIMING, answer, enter,
    fake::{Answer, Fake},
    until,
};
use crate::metadata::{
    cgroup::Runtime,
    container::{Mount, Reason, State, resolver::Timing},
};

const CONTAINER: &str = r#"{
    "Id": "8618d3540ce7", "Name": "/web", "Image": "sha256:aa11", "Created": "2026-01-01T00:00:00Z",
    "State": {"Status": "running", "StartedAt": "1970-01-01T00:00:02.5Z", "Pid": 7},
    "Config": {"Image": "registry:5000/a/web:1", "Labels": {"tier": "front", "io.kubernetes.pod.name": "p",
               "io.kubernetes.pod.namespace": "n", "io.kubernetes.pod.uid": "u", "io.kubernetes.sandbox.id": "s"}},
    "HostConfig": {"Privileged": true, "PidMode": "host", "NetworkMode": "bridge", "IpcMode": "private"},
    "Mounts": [{"Type": "bind", "Source": "/a", "Destination": "/b", "Mode": "ro", "RW": false, "Propagation": "rprivate"}],
    "NetworkSettings": {"IPAddress": "", "Networks": {"bridge": {"IPAddress": "172.17.0.2"}, "none": null}}
}"#;
const IMAGE: &str = r#"{"Id": "sha256:aa11", "RepoTags": null, "RepoDigests": ["registry:5000/a/web@sha256:dd"]}"#;

fn http(status: u16, body: &str) -> Answer {
    Answer::Http(status, body.as_bytes().to_vec())
}

/// A docker that knows one container.
fn docker(_: usize, path: &str, _: &[u8]) -> Answer {
    if path == format!("/containers/{ID}/json") {
        http(200, CONTAINER)
    } else if path == "/images/sha256:aa11/json" {
        http(200, IMAGE)
    } else {
        http(404, "{}")
    }
}

#[test]
fn docker_describes_its_containers() {
    let machine = Machine::new();
    let fake = Fake::docker(&machine.root, docker);
    let mut containers = machine.containers();
    let container = enter(&mut containers, &format!("/system.slice/docker-{ID}.scope"));
    assert_eq!(answer(&container), State::Known);
    assert!(!containers.is_asked(&container));
    assert_eq!((container.id(), container.full_id()), ("8618d3540ce7", ID));
    assert_eq!((container.runtime(), container.name()), (Runtime::Docker, Some("web")));

    let details = container.details().expect("a description");
    assert_eq!(details.image.as_deref(), Some("registry:5000/a/web:1"));
    assert_eq!(details.image_repository.as_deref(), Some("registry:5000/a/web"));
    assert_eq!(details.image_tag.as_deref(), Some("1"));
    assert_eq!(details.image_digest.as_deref(), Some("sha256:dd"));
    assert_eq!(details.image_id.as_deref(), Some("aa11"));
    assert_eq!(details.labels.get("tier").map(String::as_str), Some("front"));
    assert_eq!(details.privileged, Some(true));
    assert_eq!(details.started, Some(2_500_000_000));
    assert_eq!(details.ip.as_deref(), Some("172.17.0.2"));
    assert_eq!((details.host_pid, details.host_network, details.host_ipc), (Some(true), Some(false), Some(false)));
    let pod = details.pod.as_ref().expect("a pod");
    assert_eq!((pod.name.as_deref(), pod.namespace.as_deref()), (Some("p"), Some("n")));
    assert_eq!((pod.uid.as_deref(), pod.sandbox_id.as_deref()), (Some("u"), Some("s")));
    let [mount] = details.mounts.as_slice() else {
        panic!("{:?}", details.mounts);
    };
    let [source, dest, mode, propagation] = ["/a", "/b", "ro", "rprivate"].map(str::to_owned);
    assert_eq!(*mount, Mount { source, dest, mode, rdwr: false, propagation });

    assert_eq!((machine.stats.lookups.get(), machine.stats.resolved.get()), (1, 1));
    until("the connection is closed", || fake.open() == 0);
}

#[test]
fn docker_may_have_what_looks_like_containerd_s() {
    let machine = Machine::new();
    let _fake = Fake::docker(&machine.root, docker);
    let mut containers = machine.containers();
    let container = enter(&mut containers, &format!("/my-parent/{ID}"));
    assert_eq!(answer(&container), State::Known);
    assert_eq!(container.runtime(), Runtime::Docker);
}

#[test]
fn no_cgroup_s_name_gets_into_a_request() {
    let machine = Machine::new();
    let fake = Fake::docker(&machine.root, docker);
    let mut containers = machine.containers();
    for name in ["..", "a?b", "a%2e", "a b", "\r\nX: y", "é"].map(|name| format!("/default/x{name}")) {
        assert_eq!(answer(&enter(&mut containers, &name)), State::Unresolved(Reason::NotFound), "{name}");
    }
    assert_eq!(fake.requests(), 0);
}

#[test]
fn a_container_may_be_known_late() {
    let machine = Machine::new();
    let fake = Fake::docker(&machine.root, |n, path, body| if n < 2 { http(404, "") } else { docker(n, path, body) });
    let mut containers = machine.containers();
    let container = enter(&mut containers, &format!("/docker/{ID}"));
    assert_eq!(answer(&container), State::Known);
    assert_eq!(fake.requests(), 4);
}

#[test]
fn or_never() {
    let machine = Machine::new();
    let fake = Fake::docker(&machine.root, |_, _, _| http(404, r#"{"message":"No such container"}"#));
    let mut containers = machine.containers();
    let container = enter(&mut containers, &format!("/docker/{ID}"));
    assert_eq!(answer(&container), State::Unresolved(Reason::NotFound));
    assert_eq!((fake.requests(), container.details(), container.name()), (7, None, None));
    until("it is counted", || machine.stats.unresolved(Reason::NotFound) == 1);
}

#[test]
fn what_is_made_is_asked_again_when_it_has_started() {
    let machine = Machine::new();
    let _fake = Fake::docker(&machine.root, |n, path, body| match n {
        0 => http(200, r#"{"Name":"/web","State":{"StartedAt":"0001-01-01T00:00:00Z"}}"#),
        _ => docker(n, path, body),
    });
    let mut containers = machine.containers();
    let container = enter(&mut containers, &format!("/docker/{ID}"));
    assert_eq!(answer(&container), State::Known);
    assert_eq!(container.name(), Some("web"));
    until("it has an address", || container.details().is_some_and(|details| details.ip.is_some()));
}

#[test]
fn a_runtime_that_hangs_is_not_waited_for() {
    let machine = Machine::new();
    let fake = Fake::docker(&machine.root, |_, _, _| Answer::Never);
    let mut containers = machine.start(true, Timing { answer: Duration::from_millis(30), ..TIMING });
    let container = enter(&mut containers, &format!("/docker/{ID}"));
    assert!(containers.is_asked(&container) && containers.patience(&container).is_some(), "it may answer yet");
    assert_eq!(answer(&container), State::Unresolved(Reason::Timeout));
    assert_eq!(fake.requests(), 3);
    until("its connections are closed", || fake.open() == 0);

    let other = enter(&mut containers, &format!("/docker/{}", ID.replace('8', "9")));
    assert!(!containers.is_asked(&other), "three times in a row it did not");
    assert_eq!(answer(&other), State::Unresolved(Reason::Timeout));
    assert_eq!(fake.requests(), 3, "and it is left alone");
}

#[test]
fn answers_may_be_none() {
    let over = format!(r#"{{"Name":"{}"}}"#, "x".repeat(crate::metadata::container::exchange::MAX_REPLY));
    for (status, body, reason) in [
        (200, "not JSON", Reason::Malformed),
        (200, "[]", Reason::Malformed),
        (200, r#"{"Name":7}"#, Reason::Malformed),
        (200, &over, Reason::Malformed),
        (500, "{}", Reason::Refused),
    ] {
        let machine = Machine::new();
        let body = body.to_owned();
        let _fake = Fake::docker(&machine.root, move |_, _, _| http(status, &body));
        let mut containers = machine.containers();
        let container = enter(&mut containers, &format!("/docker/{ID}"));
        assert_eq!(answer(&container), State::Unresolved(reason));
    }
}

#[test]
fn without_a_socket_nothing_is_waited_for() {
    let machine = Machine::new();
    let mut containers = machine.containers();
    let container = enter(&mut containers, &format!("/machine.slice/libpod-{ID}.scope"));
    assert!(!containers.is_asked(&container));
    assert_eq!(answer(&container), State::Unresolved(Reason::NoSocket));
}

#[test]
fn without_a_listener_neither() {
    let machine = Machine::new();
    fs::create_dir_all(machine.root.join("run/user/1000/podman")).expect("a folder");
    drop(UnixListener::bind(machine.root.join("run/user/1000/podman/podman.sock")).expect("a socket"));
    let mut containers = machine.containers();
    let container = enter(&mut containers, &format!("/machine.slice/libpod-{ID}.scope"));
    assert_eq!(answer(&container), State::Unresolved(Reason::Refused));
}
