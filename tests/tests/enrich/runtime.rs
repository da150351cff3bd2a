// SPDX-License-Identifier: Apache-2.0
//! Containers of a real runtime, podman.

use serde_json::{Value, json};
use tests::TempDir;

use crate::{agent::alone, podman::Podman, scene::Scene};

/// What is asked for of each event.
const FIELDS: &[&str] = &[
    "proc.name",
    "proc.exepath",
    "proc.args",
    "proc.vpid",
    "user.uid",
    "container.id",
    "container.full_id",
    "container.name",
    "container.type",
    "container.image",
    "container.image.repository",
    "container.image.tag",
    "container.label[of]",
    "fd.name",
];

#[test]
fn podman() {
    let _alone = alone();
    let mut podman = Podman::new();
    let image = "localhost/lanner/test:v1";
    podman.image(image);
    let folder = TempDir::new();
    let socket = podman.serve(folder.path());
    let args = ["--container-socket", socket.to_str().expect("UTF-8"), "--enrich-wait", "2s"];
    let scene = Scene::start_with("execve,openat,exit_group", FIELDS, &args);
    let name = format!("lanner-test-{}", std::process::id());
    let script = "/bin/cat /etc/passwd; /bin/true last";
    let id = {
        podman.run(&[
            "run",
            "--network",
            "none",
            "--ulimit",
            "nofile=1024:1024",
            "--ulimit",
            "nproc=1000:1000",
            "--user",
            "1234:1234",
            "--label",
            "of=a test",
            "--name",
            &name,
            image,
            "/bin/sh",
            "-c",
            script,
        ]);
        podman.run(&["inspect", "--format", "{{.Id}}", &name])
    };
    let outcome = scene.finish();
    let ours: Vec<&Value> = outcome.events.iter().filter(|event| event["container.full_id"] == *id).collect();
    println!("{} events of the container", ours.len());
    let said = json!({
        "container.id": id[..12],
        "container.full_id": id,
        "container.name": name,
        "container.type": "podman",
        "container.image": image,
        "container.image.repository": "localhost/lanner/test",
        "container.image.tag": "v1",
        "container.label[of]": "a test",
    });
    let said = said.as_object().expect("an object");
    for event in &ours {
        let differing: Vec<_> = said.iter().filter(|(field, value)| event[*field] != **value).collect();
        assert!(differing.is_empty(), "{event} differs in {differing:?}");
    }
    // What the container runs, from its first call on; before it runc moves itself in.
    let run: Vec<_> = ours.iter().filter(|event| event["evt.type"] == "execve" && event["user.uid"] == 1234).collect();
    let args: Vec<_> = run.iter().map(|event| (event["proc.exepath"].clone(), event["proc.args"].clone())).collect();
    assert!(args.iter().any(|(_, args)| *args == format!("-c {script}")), "the shell is seen: {args:?}");
    assert!(args.iter().any(|(_, args)| args == "/etc/passwd"), "what the shell runs is seen: {args:?}");
    let first = run.first().expect("an event");
    assert_eq!(first["proc.vpid"], 1, "{first}");
    let opened = ours.iter().find(|event| event["evt.type"] == "openat" && event["proc.name"] == "cat");
    let opened = opened.expect("cat opens a file");
    assert!(opened["fd.name"].as_str().is_some_and(|name| name.ends_with("/etc/passwd")), "{opened}");
    let ended = ours.iter().filter(|event| event["evt.type"] == "exit_group" && event["user.uid"] == 1234).count();
    assert!(ended >= 2, "its end is seen: {ended}");
    // Outside of it, podman itself is on the host, and so is what it starts for it.
    let outside = outcome.events.iter().find(|event| event["proc.name"] == "conmon" && event["evt.type"] == "execve");
    let outside = outside.expect("a container's monitor");
    assert_eq!(outside["container.id"], "host", "{outside}");
}
