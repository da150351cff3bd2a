// SPDX-License-Identifier: Apache-2.0
//! Which container a call was made in: cgroups that were there before the capture and that came during it, and what a
//! runtime says of them in time for the first event.

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader, Write as _},
    os::{fd::IntoRawFd as _, unix::net::UnixListener},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use tests::TempDir;

use crate::{
    actor::{Actor, Arg, Hand, Memory, call, nr},
    agent::alone,
    cgroups::Cgroup,
    scene::Scene,
};

/// Captured calls.
const CALLS: &str = "getppid,execve,clone,exit_group,read";
/// What is asked for of them.
const FIELDS: &[&str] = &["container.id", "container.full_id", "container.type", "proc.pid", "evt.time", "evt.rawtime"];

/// An id that no other test has: 64 hexadecimal digits.
fn id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let unique = (u64::from(std::process::id()) << 16) | NEXT.fetch_add(1, Ordering::Relaxed);
    let mut id = String::new();
    for part in [unique, 0x5eed, 0xface, unique] {
        // Odd, so that no two are the same.
        let _ = write!(id, "{:016x}", part.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    }
    id
}

/// Names of cgroups as runtimes give them, `{C}` being the id: who runs them, and what the id is.
const LAYOUTS: &[(&str, &str, Option<&str>)] = &[
    ("docker/{C}", "docker", None),
    ("system.slice/docker-{C}.scope", "docker", None),
    ("docker/{O}/docker/{C}", "docker", None),
    ("system.slice/nerdctl-{C}.scope", "containerd", None),
    ("k8s.io/{C}", "containerd", None),
    ("machine.slice/libpod-{C}.scope/container", "podman", None),
    ("libpod_parent/libpod-{C}", "podman", None),
    ("user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{C}.scope", "podman", None),
    (
        "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{V}.slice/cri-containerd-{C}.scope",
        "containerd",
        None,
    ),
    ("kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod{V}.slice/crio-{C}.scope", "cri-o", None),
    ("kubepods/burstable/pod{U}/{C}", "cri", None),
    ("docker/{O}/kubelet/kubepods/burstable/pod{U}/{C}", "cri", None),
    ("lxc.payload.lanner-web", "lxc", Some("lanner-web")),
    ("lxc/lanner-web/system.slice/nginx.service", "lxc", Some("lanner-web")),
    ("machine.slice/systemd-nspawn@lanner.service/payload", "systemd-nspawn", Some("lanner")),
    ("system.slice/lanner-test.service", "host", None),
    ("kubepods.slice/kubepods-pod{V}.slice/crio-conmon-{C}.scope", "host", None),
    ("lanner-test/0123456789abcdef0123456789abcdef", "host", None),
];

/// A layout with an id of its own.
struct Place {
    path: String,
    fields: Value,
}

fn places() -> Vec<Place> {
    let place = |(pattern, kind, name): &(&str, &str, Option<&str>)| {
        let id = id();
        let path = pattern
            .replace("{C}", &id)
            .replace("{O}", &"01adbf".repeat(11)[..64])
            .replace("{U}", "1544eb37-e4f7-49eb-8cc4-3d01c41be77b")
            .replace("{V}", "1544eb37_e4f7_49eb_8cc4_3d01c41be77b");
        let fields = match (*kind, name) {
            ("host", _) => json!({ "container.id": "host" }),
            (kind, Some(name)) => json!({ "container.id": name, "container.type": kind }),
            (kind, None) => {
                json!({ "container.id": id[..12], "container.full_id": id, "container.type": kind })
            }
        };
        Place { path, fields }
    };
    LAYOUTS.iter().map(place).collect()
}

/// Makes a call whose event has to show `fields`.
#[track_caller]
fn checked(scene: &Scene, hand: &Hand, fields: &Value) {
    let ret = call!(hand, getppid).ret;
    scene.expect(hand, "getppid", ret, fields.clone());
}

#[test]
fn cgroups_that_were_there() {
    let _alone = alone();
    let (_actor, hand) = Actor::start();
    let inside: Vec<_> = places()
        .into_iter()
        .map(|place| {
            let cgroup = Cgroup::new(&place.path);
            let child = hand.fork();
            cgroup.admit(child.pid);
            (cgroup, child, place.fields)
        })
        .collect();
    let scene = Scene::start(CALLS, FIELDS);
    checked(&scene, &hand, &json!({ "container.id": "host" }));
    for (_, child, fields) in &inside {
        checked(&scene, child, fields);
        checked(&scene, &child.fork(), fields);
    }
    scene.finish();
}

#[test]
fn cgroups_that_come_and_go() {
    let _alone = alone();
    let (actor, hand) = Actor::start();
    let program = actor.program().to_owned();
    let scene = Scene::start(CALLS, FIELDS);
    let mut born = Vec::new();
    for place in places() {
        let cgroup = Cgroup::new(&place.path);
        let mut child = hand.fork();
        checked(&scene, &child, &json!({ "container.id": "host" }));
        cgroup.admit(child.pid);
        // What a runtime does next, and what the program does that it runs; all gone before an event is looked at.
        child.exec(nr::execve, |argv| vec![Arg::from(&program), argv.into(), Memory::words(&[0]).into()]);
        scene.expect(&child, "execve", 0, place.fields.clone());
        let grandchild = child.fork();
        checked(&scene, &grandchild, &place.fields);
        born.push((grandchild.tid, place.fields.clone()));
        scene.expect_of(grandchild.tid, "exit_group", json!({}), place.fields.clone());
        grandchild.exit(0);
        scene.expect_of(child.tid, "exit_group", json!({}), place.fields);
        child.exit(0);
        drop(cgroup);
    }
    let outcome = scene.finish();
    for (tid, fields) in born {
        let all: Vec<_> = outcome.events.iter().filter(|event| event["thread.tid"] == tid).collect();
        assert!(all.len() >= 2, "what a process in a container did: {all:?}");
        let wrong = all.iter().find(|event| event["container.id"] != fields["container.id"]);
        assert!(wrong.is_none(), "an event of {fields} is of another container: {wrong:?}");
    }
}

#[test]
fn a_process_that_moves() {
    let _alone = alone();
    let (_actor, hand) = Actor::start();
    let [one, other] = [id(), id()];
    let scene = Scene::start(CALLS, FIELDS);
    let (first, second) = (Cgroup::new(&format!("docker/{one}")), Cgroup::new(&format!("docker/{other}")));
    let child = hand.fork();
    for _ in 0..3 {
        first.admit(child.pid);
        checked(&scene, &child, &json!({ "container.full_id": one }));
        second.admit(child.pid);
        checked(&scene, &child, &json!({ "container.full_id": other }));
        fs::write(crate::cgroups::root().join("cgroup.procs"), child.pid.to_string()).expect("the root takes it back");
        checked(&scene, &child, &json!({ "container.id": "host" }));
    }
    scene.finish();
}

/// A runtime that answers as Docker does, of one container.
struct Docker {
    socket: PathBuf,
    asked: Arc<AtomicU64>,
}

/// How it answers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// At once.
    Prompt,
    /// After a while, in which somebody else's request goes unanswered.
    Slow(Duration),
    /// Not at all.
    Mute,
}

impl Docker {
    /// Answers at `socket` about the container `id`.
    fn at(socket: &Path, id: &str, manner: Manner) -> Self {
        fs::create_dir_all(socket.parent().expect("a folder")).expect("a folder");
        let listener = UnixListener::bind(socket).expect("a socket");
        let asked = Arc::new(AtomicU64::new(0));
        let (counter, id) = (Arc::clone(&asked), id.to_owned());
        // It ends with the test program.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counter.fetch_add(1, Ordering::Relaxed);
                match manner {
                    // The descriptor stays open.
                    Manner::Mute => drop(stream.into_raw_fd()),
                    Manner::Prompt | Manner::Slow(_) => {
                        let id = id.clone();
                        thread::spawn(move || answer(&stream, &id, manner));
                    }
                }
            }
        });
        Self { socket: socket.to_owned(), asked }
    }

    fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }
}

/// Answers the requests of one connection.
fn answer(stream: &std::os::unix::net::UnixStream, id: &str, manner: Manner) {
    let container = json!({
        "Id": id,
        "Name": "/a-name",
        "Image": format!("sha256:{}", "ab".repeat(32)),
        "Created": "2026-01-02T03:04:05.678901234Z",
        "Config": { "Image": "registry.example/team/app:1.2", "Labels": { "a.label": "its value" }, "Env": null },
        "HostConfig": { "Privileged": true, "PidMode": "host", "NetworkMode": "default" },
        "State": { "StartedAt": "2026-01-02T03:04:06Z" },
        "NetworkSettings": { "IPAddress": "172.17.0.9" },
        "Mounts": [{ "Type": "bind", "Source": "/a", "Destination": "/b", "Mode": "ro", "RW": false, "Propagation": "rprivate" }],
    });
    let image = json!({
        "Id": format!("sha256:{}", "ab".repeat(32)),
        "RepoTags": ["registry.example/team/app:1.2"],
        "RepoDigests": [format!("registry.example/team/app@sha256:{}", "cd".repeat(32))],
    });
    let mut lines = BufReader::new(stream).lines();
    while let Some(Ok(request)) = lines.next() {
        while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
        if let Manner::Slow(length) = manner {
            crate::wait::pause(length);
        }
        let (status, body) = if request.contains(&format!("/containers/{id}/json")) {
            ("200 OK", container.to_string())
        } else if request.contains("/images/") {
            ("200 OK", image.to_string())
        } else {
            ("404 Not Found", json!({ "message": "No such container" }).to_string())
        };
        let head =
            format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        let mut to = stream;
        // Whoever asked may have lost patience.
        let _ = to.write_all(head.as_bytes()).and_then(|()| to.write_all(body.as_bytes()));
    }
}

/// What [`answer`] says, as fields.
fn described(id: &str) -> Value {
    json!({
        "container.id": id[..12],
        "container.name": "a-name",
        "container.image": "registry.example/team/app:1.2",
        "container.image.repository": "registry.example/team/app",
        "container.image.tag": "1.2",
        "container.image.digest": format!("sha256:{}", "cd".repeat(32)),
        "container.type": "docker",
        "container.privileged": true,
        "container.ip": "172.17.0.9",
        "container.host_pid": true,
        "container.label[a.label]": "its value",
    })
}

/// The fields of [`described`].
fn described_fields() -> Vec<&'static str> {
    let more = [
        "container.name",
        "container.image",
        "container.image.repository",
        "container.image.tag",
        "container.image.digest",
        "container.privileged",
        "container.ip",
        "container.host_pid",
        "container.label[a.label]",
    ];
    FIELDS.iter().copied().chain(more).collect()
}

/// A container's first events, with a runtime that answers at `socket`.
fn first_events(docker: &Docker, id: &str, args: &[&str], fields: &Value) -> Vec<Value> {
    let (actor, hand) = Actor::start();
    let program = actor.program().to_owned();
    let scene = Scene::start_with(CALLS, &described_fields(), args);
    let cgroup = Cgroup::new(&format!("docker/{id}"));
    let mut child = hand.fork();
    cgroup.admit(child.pid);
    child.exec(nr::execve, |argv| vec![Arg::from(&program), argv.into(), Memory::words(&[0]).into()]);
    scene.expect(&child, "execve", 0, fields.clone());
    let grandchild = child.fork();
    checked(&scene, &grandchild, fields);
    let tids = [child.tid, grandchild.tid];
    grandchild.exit(0);
    child.exit(0);
    drop(cgroup);
    // A stop would end the waiting for the runtime's answer.
    scene.written(tids[0], 2);
    scene.written(tids[1], 2);
    let outcome = scene.finish();
    assert!(docker.asked() > 0, "the runtime was asked");
    outcome.events.into_iter().filter(|event| tids.iter().any(|tid| event["thread.tid"] == *tid)).collect()
}

#[test]
fn the_first_event_has_the_name() {
    let _alone = alone();
    let folder = TempDir::new();
    for manner in [Manner::Prompt, Manner::Slow(Duration::from_millis(10))] {
        let id = id();
        let socket = folder.join(format!("docker-{}.sock", &id[40..]));
        let docker = Docker::at(&socket, &id, manner);
        let args = ["--container-socket", docker.socket.to_str().expect("UTF-8"), "--enrich-wait", "500ms"];
        first_events(&docker, &id, &args, &described(&id));
    }
}

#[test]
fn a_container_that_was_there_has_its_name() {
    let _alone = alone();
    let (folder, id) = (TempDir::new(), id());
    let docker = Docker::at(&folder.join("docker.sock"), &id, Manner::Prompt);
    let (_actor, hand) = Actor::start();
    let cgroup = Cgroup::new(&format!("docker/{id}"));
    let child = hand.fork();
    cgroup.admit(child.pid);
    let args = ["--container-socket", docker.socket.to_str().expect("UTF-8"), "--enrich-wait", "500ms"];
    let scene = Scene::start_with(CALLS, &described_fields(), &args);
    checked(&scene, &child, &described(&id));
    scene.written(child.tid, 1);
    scene.finish();
    drop(child);
    drop(cgroup);
}

#[test]
fn a_runtime_below_another_root() {
    let _alone = alone();
    let (folder, id) = (TempDir::new(), id());
    let docker = Docker::at(&folder.join("run/docker.sock"), &id, Manner::Prompt);
    // What else it reads there.
    for name in ["proc", "etc", "sys"] {
        std::os::unix::fs::symlink(format!("/{name}"), folder.join(name)).expect("a link");
    }
    let args = ["--host-root", folder.path().to_str().expect("UTF-8"), "--enrich-wait", "500ms"];
    first_events(&docker, &id, &args, &described(&id));
}

#[test]
fn a_runtime_that_is_not_asked() {
    let _alone = alone();
    let (folder, id) = (TempDir::new(), id());
    let docker = Docker::at(&folder.join("docker.sock"), &id, Manner::Prompt);
    let (_actor, hand) = Actor::start();
    let args = ["--container-socket", docker.socket.to_str().expect("UTF-8"), "--no-container-lookups"];
    let scene = Scene::start_with(CALLS, &described_fields(), &args);
    let cgroup = Cgroup::new(&format!("docker/{id}"));
    let child = hand.fork();
    cgroup.admit(child.pid);
    checked(&scene, &child, &json!({ "container.id": id[..12], "container.name": null, "container.type": "docker" }));
    scene.finish();
    drop(child);
    drop(cgroup);
    assert_eq!(docker.asked(), 0, "the runtime was asked");
}

#[test]
fn a_runtime_that_never_answers() {
    let _alone = alone();
    let (folder, id) = (TempDir::new(), id());
    let docker = Docker::at(&folder.join("docker.sock"), &id, Manner::Mute);
    let (_actor, hand) = Actor::start();
    let other = hand.fork();
    let args = ["--container-socket", docker.socket.to_str().expect("UTF-8"), "--enrich-wait", "300ms"];
    let scene = Scene::start_with(CALLS, &described_fields(), &args);
    let cgroup = Cgroup::new(&format!("docker/{id}"));
    let child = hand.fork();
    cgroup.admit(child.pid);
    // Others' events don't wait for it, nor does its own for longer than was asked for.
    checked(&scene, &child, &json!({ "container.id": id[..12], "container.name": null }));
    checked(&scene, &other, &json!({ "container.id": "host" }));
    let others = scene.written(other.tid, 1);
    let own = scene.written(child.tid, 1);
    println!("another's event came after {others:?}, its own {own:?} later");
    assert!(others < Duration::from_millis(250), "another's event was held back for {others:?}");
    assert!(others + own < Duration::from_millis(1300), "its own event was held back for {:?}", others + own);
    // A flood of events of it is not lost either.
    for _ in 0..2000 {
        call!(child, getppid);
    }
    let tid = child.tid;
    drop(child);
    drop(cgroup);
    let outcome = scene.finish();
    assert!(docker.asked() > 0, "the runtime was asked");
    let calls = outcome.events.iter().filter(|event| event["thread.tid"] == tid && event["evt.type"] == "getppid");
    assert_eq!(calls.count(), 2001, "{}", outcome.stderr);
}
