// SPDX-License-Identifier: Apache-2.0
//! What the agent knows stays within bounds, and what it forgets is counted.

use std::{fs, path::Path};

use serde_json::Value;
use tests::TempDir;

use crate::{
    agent::{Agent, alone},
    books::{all_lost, count, total},
    cgroups::Cgroup,
    crowd::{self, Crowd},
    scene::Outcome,
    wait::wait_for,
};

/// An event's fields, so that everything has to be looked up.
const FIELDS: &str =
    "evt.type,thread.tid,proc.name,proc.exepath,proc.pname,proc.cwd,fd.num,fd.name,container.id,user.name";
/// What the agent may take with its default tables.
const MOST: u64 = 60 << 20;

/// The memory that a process has now.
fn resident(agent: &Agent) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", agent.pid())).expect("a running agent");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number of KiB");
    kib << 10
}

/// The agent, its events thrown away.
fn start(args: &[&str]) -> Agent {
    let folder = TempDir::new();
    let null = fs::File::create("/dev/null").expect("/dev/null");
    // `events` is what outcomes are read from.
    fs::write(folder.join("events"), "").expect("a file");
    Agent::start_to(&[&["-o", "json", "--fields", FIELDS], args].concat(), folder, null.into())
}

/// The counter `name` of what became of the tables.
#[track_caller]
fn metadata(ledger: &Value, path: &str) -> u64 {
    let value = ledger.pointer(path).and_then(Value::as_u64);
    value.unwrap_or_else(|| panic!("the ledger does not say {path}: {}", ledger["metadata"]))
}

#[test]
fn a_fork_bomb() {
    const THREADS: &str = "1024";
    let _alone = alone();
    let folder = TempDir::new();
    let pids = Path::new("/sys/fs/cgroup/pids");
    let hierarchy = if pids.exists() { pids } else { Path::new("/sys/fs/cgroup") };
    let cgroup = Cgroup::in_hierarchy(hierarchy, &format!("lanner-test-bomb-{}", std::process::id()));
    cgroup.limit("pids.max", "3000");
    let seconds = crate::seconds(3).to_string();
    let mut bomb = crowd::start(&folder, &["bomb", &seconds]);
    cgroup.admit(bomb.pid());
    let agent = start(&["--syscalls", "clone,fork,vfork,wait4,exit_group", "--max-threads", THREADS]);
    let before = resident(&agent);
    bomb.go();
    bomb.answer();
    let after = resident(&agent);
    let outcome = Outcome::of(agent.stop());
    println!(
        "{} calls, {} lost, memory {before} to {after}, {}",
        total(&outcome.ledger, "sent"),
        all_lost(&outcome.ledger),
        outcome.ledger["metadata"]
    );
    assert!(after < before + (24 << 20), "it grew from {before} to {after}");
    assert!(metadata(&outcome.ledger, "/metadata/evicted/threads") > 0, "{}", outcome.ledger["metadata"]);
}

/// Opens and uses `count` files each by its own descriptor, in as many processes as it takes.
fn users_of_files(folder: &TempDir, count: u64, names: &str) -> Vec<Crowd> {
    let most = rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(100_000);
    let each = (most - 100).min(count);
    let (mut left, mut crowds) = (count, Vec::new());
    while left > 0 {
        let n = each.min(left);
        crowds.push(crowd::start(folder, &["files", &n.to_string(), names]));
        left -= n;
    }
    crowds
}

#[test]
fn more_files_than_are_kept() {
    const FILES: u64 = 19_000;
    let _alone = alone();
    let folder = TempDir::new();
    let names = folder.join("files");
    fs::create_dir_all(&names).expect("a folder");
    let mut crowds = users_of_files(&folder, FILES, names.to_str().expect("UTF-8"));
    let agent = start(&["--syscalls", "openat,fstat,close", "--max-files", "1024"]);
    let before = resident(&agent);
    for crowd in &mut crowds {
        crowd.go();
        crowd.answer();
    }
    let after = resident(&agent);
    drop(crowds);
    let outcome = Outcome::of(agent.stop());
    println!("memory {before} to {after}, {}", outcome.ledger["metadata"]);
    assert!(after < before + (16 << 20), "it grew from {before} to {after}");
    assert!(metadata(&outcome.ledger, "/metadata/evicted/files") >= FILES - 4096, "{}", outcome.ledger["metadata"]);
}

#[test]
fn memory_of_many_processes_and_files() {
    const PROCESSES: u64 = 5_000;
    const FILES: u64 = 100_000;
    let _alone = alone();
    let folder = TempDir::new();
    let names = folder.join("files");
    fs::create_dir_all(&names).expect("a folder");
    // Half of the processes are there before it.
    let mut sleepers = [(); 2].map(|()| crowd::start(&folder, &["sleep", &(PROCESSES / 2).to_string()]));
    sleepers[0].go();
    assert_eq!(sleepers[0].answer(), PROCESSES / 2);
    let mut crowds = users_of_files(&folder, FILES, names.to_str().expect("UTF-8"));
    let mut calls = [(); 2].map(|()| crowd::start(&folder, &["calls", "350000"]));
    let agent = start(&["--syscalls", "openat,fstat,read,close,clone"]);
    let begun = resident(&agent);
    sleepers[1].go();
    assert_eq!(sleepers[1].answer(), PROCESSES / 2);
    for crowd in &mut crowds {
        crowd.go();
        crowd.answer();
    }
    // A million events, in which buffers find their size; and a million more.
    calls[0].go();
    assert_eq!(calls[0].answer(), 350_000);
    let filled = resident(&agent);
    calls[1].go();
    assert_eq!(calls[1].answer(), 350_000);
    // What is still on its way is memory too.
    let after = wait_for("no more memory is taken than before", || {
        Some(resident(&agent)).filter(|now| *now <= filled + filled / 10)
    });
    drop(crowds);
    drop(sleepers);
    let outcome = Outcome::of(agent.stop());
    println!(
        "memory {begun} at the start, {filled} with all of them, {after} after a million events more; {} calls, {}",
        total(&outcome.ledger, "sent"),
        outcome.ledger["metadata"]
    );
    assert!(count(&outcome.ledger["agent"], "delivered") > 2_000_000, "{}", outcome.stderr);
    assert!(after < MOST, "{after} bytes");
}
