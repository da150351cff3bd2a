// SPDX-License-Identifier: Apache-2.0
//! What a running agent keeps of the privileges that it was started with, and that it goes on working with that.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, chown},
};

use rustix::process::{Signal, getppid};
use tests::TempDir;

use crate::{agent::alone, running::Running, wait::wait_for};

/// `man 7 capabilities`: their numbers.
const DAC_OVERRIDE: u64 = 1 << 1;
const DAC_READ_SEARCH: u64 = 1 << 2;
const SYS_PTRACE: u64 = 1 << 19;
const PERFMON: u64 = 1 << 38;
const BPF: u64 = 1 << 39;
/// What the tables take.
const NAMES: u64 = SYS_PTRACE | DAC_READ_SEARCH;

/// A line of each thread's status.
fn statuses(agent: &Running, line: &str) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{}/task", agent.pid())).expect("a running agent").flatten();
    let texts = tasks.map(|task| fs::read_to_string(task.path().join("status")).expect("a thread"));
    let value = |text: String| {
        let mut lines = text.lines().filter_map(|text| text.strip_prefix(line)?.strip_prefix(":\t"));
        lines.next().unwrap_or_else(|| panic!("no {line} in {text}")).to_owned()
    };
    texts.map(value).collect()
}

/// Makes sure that every thread has these capabilities, and can't get others.
fn check(agent: &Running, capabilities: u64) {
    let expect = |line: &str, wanted: &str| {
        let found = statuses(agent, line);
        assert!(found.len() > 3 && found.iter().all(|value| value == wanted), "{line}: {found:?}, not {wanted}");
    };
    let mask = format!("{capabilities:016x}");
    for set in ["CapPrm", "CapEff", "CapBnd"] {
        expect(set, &mask);
    }
    for set in ["CapInh", "CapAmb"] {
        expect(set, "0000000000000000");
    }
    expect("NoNewPrivs", "1");
    // 2 is a filter.
    expect("Seccomp", "2");
}

/// Waits until calls of this process are written; the events.
fn await_event(agent: &Running, name: &str) -> String {
    wait_for("an event", || {
        let _ = getppid();
        let _ = fs::read("/nonexistent/lanner/kept");
        let events = agent.events();
        events.contains(name).then_some(events)
    })
}

#[test]
fn every_thread_keeps_what_the_run_takes_and_no_more() {
    let _alone = alone();
    for (args, kept) in [(&["--no-enrich"][..], 0), (&[], NAMES)] {
        let agent = Running::start(&[&["-o", "json", "--syscalls", "getppid"], args].concat());
        await_event(&agent, "getppid");
        check(&agent, kept);
        let run = agent.stop();
        assert!(
            run.status.success() && run.stderr.contains("ledger: closed") && !run.stderr.contains("WARN"),
            "{run:?}"
        );
    }
}

#[test]
fn a_condition_is_read_again() {
    let _alone = alone();
    let folder = TempDir::new();
    let file = folder.join("condition");
    fs::write(&file, "evt.type = getppid").expect("a file");
    let agent = Running::start(&["-o", "json", "--filter", file.to_str().expect("UTF-8")]);
    await_event(&agent, "getppid");
    check(&agent, NAMES | BPF | PERFMON);
    // Other programs, and a predicate with the walk of a path: all of it is loaded now.
    fs::write(&file, "evt.type = openat and fd.name startswith /nonexistent/lanner").expect("a file");
    agent.signal(Signal::HUP);
    wait_for("the condition is read again", || agent.stderr().contains("read again and holds").then_some(()));
    await_event(&agent, "openat");
    let run = agent.stop();
    assert!(run.status.success() && run.stderr.contains("ledger: closed"), "{run:?}");
}

#[test]
fn files_in_another_users_folder_are_rotated() {
    let _alone = alone();
    let folder = TempDir::new();
    let theirs = folder.join("theirs");
    fs::create_dir_all(&theirs).expect("a folder");
    fs::set_permissions(&theirs, fs::Permissions::from_mode(0o755)).expect("its own");
    chown(&theirs, Some(65534), Some(65534)).expect("root");
    let file = theirs.join("events");
    let path = file.to_str().expect("UTF-8");
    let args = ["-o", "json", "--syscalls", "getppid", "--write", path, "--rotate-size", "4KiB"];
    let agent = Running::start(&args);
    check(&agent, NAMES | DAC_OVERRIDE);
    wait_for("a file is put aside", || {
        let _ = getppid();
        fs::exists(theirs.join("events.2")).expect("a folder").then_some(())
    });
    let run = agent.stop();
    assert!(run.status.success() && !run.stderr.contains("can't write"), "{run:?}");
    // In a folder of its own nothing more is needed for that.
    let path = folder.join("events");
    let agent =
        Running::start(&["--syscalls", "getppid", "--write", path.to_str().expect("UTF-8"), "--rotate-size", "4KiB"]);
    check(&agent, NAMES);
    assert!(agent.stop().status.success());
}

#[test]
fn everything_is_kept_when_told_so() {
    let _alone = alone();
    let agent = Running::start(&["--syscalls", "getppid", "--no-confine"]);
    let own = fs::read_to_string("/proc/self/status").expect("a status");
    let own = own.lines().find_map(|line| line.strip_prefix("CapEff:\t")).expect("a mask");
    assert!(statuses(&agent, "CapEff").iter().all(|mask| mask == own), "{:?}", statuses(&agent, "CapEff"));
    assert!(statuses(&agent, "Seccomp").iter().all(|mode| mode == "0"));
    assert!(agent.stop().status.success());
}
