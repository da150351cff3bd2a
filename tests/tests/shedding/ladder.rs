// SPDX-License-Identifier: Apache-2.0
//! One ring that nobody empties, filled class by class.

use std::{
    fs,
    fs::File,
    path::{Path, PathBuf},
};

use agent_common::{
    record::{WORD, payload_at},
    shed::{Class, mark},
};
use rustix::process::{Signal, WaitOptions, waitpid};
use serde_json::Value;
use tests::{TempDir, cpus};

use crate::{
    agent::{Agent, Run, alone},
    books::{Stream, all_lost, closed, count, lost, total},
    lines::{ABOUT, agree, with},
    pinned::{getppid, no_signal, no_socket, number, on, open_nothing, pread},
    wait::wait_for,
};

/// The thread whose calls are captured.
const NAME: &str = "ladder";
/// Bytes of a ring.
const RING: u64 = 256 << 10;
/// Calls of each sort: more than a ring holds.
const CALLS: u64 = 4000;
/// Children that are made at last.
const FORKS: u64 = 20;

/// An agent with rings of [`RING`] bytes that captures the thread.
fn start(args: &[&str]) -> Agent {
    let online = fs::read_to_string("/sys/devices/system/cpu/online").expect("the CPUs that are online");
    let online: u64 = online.trim().split(',').map(width).sum();
    let budget = format!("{}KiB", (RING >> 10) * online);
    Agent::start(&[&["-o", "json", "--ring-budget", &budget, "--comm", NAME], args].concat())
}

/// How many CPUs `3` or `0-7` are.
fn width(range: &str) -> u64 {
    let number = |text: &str| text.parse::<u64>().expect("a CPU");
    range.split_once('-').map_or(1, |(first, last)| number(last) - number(first) + 1)
}

/// Does `work` while the agent is stopped, so that nothing is taken out of a ring.
fn while_stopped(agent: &Agent, work: impl FnOnce() + Send) {
    agent.signal(Signal::STOP);
    wait_for("the agent is stopped", || {
        waitpid(Some(agent.pid()), WaitOptions::UNTRACED | WaitOptions::NOHANG).ok()?
    });
    on(cpus()[0], NAME, work);
    agent.signal(Signal::CONT);
}

fn repeat(call: impl Fn()) {
    for _ in 0..CALLS {
        call();
    }
}

/// Makes children that end at once, and waits for them.
fn fork() {
    for _ in 0..FORKS {
        // SAFETY: the child calls nothing but `_exit`; the parent waits for it.
        unsafe {
            let child = libc::fork();
            if child == 0 {
                libc::_exit(0);
            }
            assert!(child > 0, "a child");
            assert_eq!(libc::waitpid(child, std::ptr::null_mut(), 0), child);
        }
    }
}

/// What was written and what was shed of a syscall. The self-test's calls were sent too, and are not written.
fn of(run: &Run, ledger: &Value, name: &str) -> (u64, u64) {
    let account = &ledger["syscalls"][name];
    assert_eq!(lost(account), 0, "{name}: {account}");
    (written(run, name), count(account, "shed"))
}

/// Events of a syscall that were written.
fn written(run: &Run, name: &str) -> u64 {
    with(&run.folder.join("events"), &format!("\"syscall\":\"{name}\"")).len() as u64
}

fn stop(agent: Agent) -> (Run, Value) {
    let run = agent.stop();
    let ledger = closed(&run);
    (run, ledger)
}

#[test]
fn the_cheapest_calls_go_first() {
    let _alone = alone();
    let folder = TempDir::new();
    fs::write(folder.join("regular"), "r").expect("a file");
    let (regular, device) = (File::open(folder.join("regular")).expect("it is there"), File::open("/dev/zero"));
    let device = device.expect("it is there");
    // No tables: whatever else happens on the machine then sends nothing.
    let agent = start(&["--no-enrich"]);
    while_stopped(&agent, || {
        repeat(|| pread(number(&regular), 0));
        repeat(|| {
            // SAFETY: plain numbers.
            unsafe { libc::lseek(number(&device), 0, libc::SEEK_SET) };
        });
        repeat(getppid);
        repeat(open_nothing);
        repeat(no_socket);
        repeat(no_signal);
        repeat(|| pread(number(&regular), 0));
        fork();
    });
    let (run, ledger) = stop(agent);
    agree(&run.folder.join("events"), &ledger);
    assert_eq!(all_lost(&ledger), 0, "nothing is lost:\n{}", run.stderr);

    // Regular files: up to the first mark, and no further. Each record has a header of the ring's and is aligned. The ring is
    // looked at after 4 KiB, so that the first that is shed may come late by that, and by the record before it.
    let (sent, shed) = of(&run, &ledger, "pread64");
    let record = (payload_at(3, 1) as u64 + 1 + 8).next_multiple_of(WORD as u64);
    let first = mark(Class::Io as u32, RING);
    assert!((first..first + 4096 + 3 * record).contains(&(sent * record)), "{sent} of {record} bytes, mark {first}");
    assert_eq!(sent + shed, 2 * CALLS);
    // The others: each from the mark before to its own.
    for name in ["lseek", "openat", "getsockname", "kill"] {
        let (sent, shed) = of(&run, &ledger, name);
        assert!(sent > 0 && shed > 0 && sent + shed == CALLS, "{name}: {sent} sent, {shed} shed");
    }
    // Their mark is that of what is no regular file.
    assert_eq!(of(&run, &ledger, "getppid"), (0, CALLS));
    let (forks, ends) = (of(&run, &ledger, "clone"), of(&run, &ledger, "exit_group"));
    assert_eq!((forks, ends), ((2 * FORKS, 0), (FORKS, 0)), "each returns twice and ends once");

    // They take no numbers, so that they leave no holes.
    let stream = Stream::of(File::open(run.folder.join("events")).expect("events"));
    assert_eq!((stream.wrong(), stream.gaps, stream.missing), ("", 0, stream.before));
    assert_eq!((stream.events, stream.shed), (count(&ledger["agent"], "delivered"), total(&ledger, "shed")));
    assert!(run.stderr.contains("  shed:   "), "the summary says so:\n{}", run.stderr);
}

#[test]
fn without_shedding_whatever_comes_is_lost() {
    let _alone = alone();
    let file = File::open("/etc/passwd").expect("it is there");
    let agent = start(&["--no-enrich", "--no-shed"]);
    while_stopped(&agent, || {
        repeat(|| pread(number(&file), 0));
        fork();
    });
    let (run, ledger) = stop(agent);
    assert_eq!(total(&ledger, "shed"), 0, "{}", run.stderr);
    assert_eq!(with(&run.folder.join("events"), ABOUT), [Value::Null; 0]);
    for (name, calls) in [("pread64", CALLS), ("clone", 2 * FORKS), ("exit_group", FORKS)] {
        let account = &ledger["syscalls"][name];
        assert!(lost(account) > 0 && lost(account) == count(&account["lost"], "ring_full"), "{name}: {account}");
        assert_eq!(written(&run, name) + lost(account), calls, "{name}: {account}");
    }
}

#[test]
fn what_is_shed_leaves_the_tables_true() {
    let _alone = alone();
    let folder = TempDir::new();
    let (before, after) = (folder.join("before"), folder.join("after"));
    fs::create_dir_all(&before).expect("a folder");
    fs::write(before.join("file"), "f").expect("a file");
    let open = |path: &Path| File::open(path).expect("it is there");
    let events = folder.join("written");
    let agent = start(&["--write", events.to_str().expect("UTF-8")]);
    // What is said of a file that is read at `at`.
    let named = |file: &File, at: i64| {
        let line = wait_for("the read is written", || {
            on(cpus()[0], NAME, || pread(number(file), at));
            with(&events, "\"syscall\":\"pread64\"").into_iter().find(|event| event["args"]["pos"] == at)
        });
        line["files"]["fd"].as_str().map(PathBuf::from)
    };
    let file = open(&before.join("file"));
    let told = named(&file, 101);
    assert_eq!(told, Some(before.join("file")));
    drop(file);
    fs::rename(&before, &after).expect("renamed");
    let mut kept = None;
    while_stopped(&agent, || {
        repeat(|| pread(number(&open(&after.join("file"))), 0));
        repeat(open_nothing);
        kept = Some(open(&after.join("file")));
    });
    let kept = kept.expect("it was opened");
    let told = named(&kept, 102);
    let (run, ledger) = stop(agent);
    agree(&events, &ledger);
    assert_eq!(told, Some(after.join("file")), "of a file that had another name before");
    let shed = count(&ledger["syscalls"]["openat"], "shed");
    assert!(shed > 0, "opens were shed, or this proves nothing:\n{}", run.stderr);
}
