// SPDX-License-Identifier: Apache-2.0
//! Descriptors that run out: at the start, and while the agent captures.

use std::{
    fs,
    net::TcpStream,
    process::{Command, Stdio},
};

use rustix::process::{Resource, Rlimit, getrlimit, prlimit};
use tests::{Footprint, TempDir, binary, untold};

use crate::{
    agent::Agent,
    books::{closed, count, dropped},
    client::Client,
    guard::Guard,
    run::{ROUNDS, load},
    wait::wait_for,
};

/// Descriptors that a process has.
fn descriptors(agent: &Agent) -> u64 {
    fs::read_dir(format!("/proc/{}/fd", agent.pid())).expect("a running agent").count() as u64
}

#[test]
fn a_limit_near_what_it_takes() {
    let _guard = Guard::new();
    let agent = Agent::start(&["-o", "json", "--syscalls", "getppid"]);
    let takes = descriptors(&agent);
    closed(&agent.stop());
    let mut worked = 0;
    for limit in [takes / 2, takes - 8, takes - 1, takes, takes + 1, takes + 4, takes + 32] {
        let mut command = Command::new("prlimit");
        command.arg(format!("--nofile={limit}:{limit}")).arg(binary());
        let mut command = untold(command);
        command.args(["-o", "json", "--syscalls", "getppid", "--duration", "50ms"]);
        let footprint = Footprint::of(&mut command);
        let output = command.stdin(Stdio::null()).output().expect("it runs");
        footprint.await_gone();
        let said = String::from_utf8_lossy(&output.stderr);
        let captured = output.status.success() && said.contains("ledger: closed");
        let told = output.status.code() == Some(1) && said.contains("open files") && said.contains("ulimit -n");
        assert!(captured || told, "{limit} of {takes}: {}\n{said}", output.status);
        assert!(captured || worked == 0, "{limit} of {takes} do not do, where fewer did:\n{said}");
        worked += u64::from(captured);
    }
    assert!(worked > 0, "{takes} descriptors and some do not do");
}

#[test]
fn none_left_while_it_captures() {
    let _guard = Guard::new();
    let folder = TempDir::new();
    let path = folder.join("events");
    let write = path.to_str().expect("UTF-8");
    let agent = Agent::start(&[
        "-o",
        "json",
        "--comm",
        "load",
        "--syscalls",
        "getppid",
        "--write",
        write,
        "--metrics-listen",
        "127.0.0.1:0",
    ]);
    let (client, pid) = (Client::of(&agent), agent.pid());
    assert_eq!(client.get("/healthz").status, 200);
    // Of those below it none is free.
    let maximum = getrlimit(Resource::Nofile).maximum;
    let before = prlimit(Some(pid), Resource::Nofile, Rlimit { current: Some(1), maximum });
    let before = before.expect("root may limit others");
    assert_eq!(load().complete(), ROUNDS);
    // Its file is gone, and it can't make another.
    fs::remove_file(&path).expect("a file");
    wait_for("it says what is wrong", || {
        assert_eq!(load().complete(), ROUNDS);
        agent.stderr().contains("Too many open files").then_some(())
    });
    // Somebody connects meanwhile.
    let address = agent.stderr().split("served at http://").nth(1).expect("an address").to_owned();
    let address = address.split(['/', '\n', ' ']).next().expect("an address").to_owned();
    let waiting: Vec<_> = (0..8).filter_map(|_| TcpStream::connect(&address).ok()).collect();
    prlimit(Some(pid), Resource::Nofile, before).expect("root may limit others");
    drop(waiting);
    assert_eq!(wait_for("it answers again", || client.try_get("/healthz")).status, 200);
    wait_for("it writes again", || {
        assert_eq!(load().complete(), ROUNDS);
        fs::exists(&path).expect("a folder").then_some(())
    });
    let ledger = closed(&agent.stop());
    assert!(dropped(&ledger) > 0 && count(&ledger["agent"], "delivered") > 0, "{ledger}");
}
