// SPDX-License-Identifier: Apache-2.0
//! Conditions on containers, which the kernel decides by cgroup.

use std::{
    io::{Read as _, Write as _},
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use crate::{
    agent::{Agent, alone},
    books::closed,
    cgroups::Cgroup,
    run::{lines, removed},
    wait::wait_for,
};

/// A container's cgroup; its id is this digit, often enough.
fn container(digit: char) -> Cgroup {
    let id: String = std::iter::repeat_n(digit, 64).collect();
    Cgroup::new(&format!("docker-{id}.scope"))
}

/// A shell in a cgroup, that says `ready`, waits for a line and then looks at a file `rounds` times.
fn shell(cgroup: Option<&Cgroup>, file: &str, rounds: u32) -> Child {
    let script = format!("echo ready; read line; i=0; while [ $i -lt {rounds} ]; do : < {file}; i=$((i+1)); done");
    let mut child =
        Command::new("bash").args(["-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("bash");
    let mut word = [0; 5];
    child.stdout.as_mut().expect("piped").read_exact(&mut word).expect("it is ready");
    if let Some(cgroup) = cgroup {
        cgroup.admit(child.id());
    }
    child
}

fn go(mut child: Child) {
    child.stdin.take().expect("piped").write_all(b"\n").expect("it waits");
    let status = wait_for("the shell ends", || child.try_wait().expect("a child"));
    assert!(status.success(), "{status}");
}

fn ids(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event["container.id"].as_str()).collect()
}

#[test]
fn calls_of_other_containers_and_of_the_host_are_refused_in_the_kernel() {
    const ROUNDS: u32 = 2000;
    let _alone = alone();
    let (wanted, other) = (container('a'), container('b'));
    let shells = [Some(&wanted), Some(&other), None].map(|cgroup| shell(cgroup, "/etc/hostname", ROUNDS));
    let agent = Agent::start(&[
        "-o",
        "json",
        "--fields",
        "container.id,fd.name",
        "--no-container-lookups",
        "--ring-budget",
        "64MiB",
        "evt.type = openat and container.id = aaaaaaaaaaaa",
    ]);
    for shell in shells {
        go(shell);
    }
    let run = agent.stop();
    let ledger = closed(&run);
    let events = lines(&run);
    assert_eq!(ids(&events), vec!["aaaaaaaaaaaa"; ROUNDS as usize]);
    let [kernel, userspace, kept] = removed(&ledger);
    println!("{kernel} refused in the kernel, {userspace} in userspace, {kept} kept");
    assert!(kernel >= 2 * u64::from(ROUNDS) && userspace < u64::from(ROUNDS) / 10, "{ledger}");
}

#[test]
fn a_container_that_is_made_later_is_seen_from_its_first_call() {
    let _alone = alone();
    let agent = Agent::start(&[
        "-o",
        "json",
        "--fields",
        "container.id,fd.name",
        "--no-container-lookups",
        "evt.type = openat and container.id != host and fd.name = /etc/hostname",
    ]);
    let cgroup = container('c');
    go(shell(Some(&cgroup), "/etc/hostname", 3));
    let run = agent.stop();
    let _closed = closed(&run);
    assert_eq!(ids(&lines(&run)), ["cccccccccccc"; 3], "{}", run.stderr);
}
