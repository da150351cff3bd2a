// SPDX-License-Identifier: Apache-2.0
//! A condition that is replaced while calls are made.

use std::{
    ffi::CString,
    fs,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use rustix::process::Signal;
use serde_json::Value;
use tests::TempDir;

use crate::{
    agent::{Agent, alone},
    books::closed,
    run::{lines, lossless},
    wait::wait_for,
};

/// How often the condition is replaced.
const TIMES: usize = 30;

/// How often the agent said that it reads by the new condition.
fn read_again(agent: &Agent) -> usize {
    agent.stderr().matches("the condition was read again and holds").count()
}

/// Replaces the condition, and waits until it holds.
fn replace(agent: &Agent, file: &Path, condition: &str) {
    let before = read_again(agent);
    fs::write(file, condition).expect("a file");
    agent.signal(Signal::HUP);
    wait_for("the condition is read again", || (read_again(agent) > before).then_some(()));
}

fn open(path: &str, mode: u64) {
    let path = CString::new(path).expect("no NUL");
    // SAFETY: the path is a C string; the descriptor is closed at once. The mode means nothing here: it is a mark.
    unsafe {
        let fd = libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), libc::O_RDONLY, mode);
        if fd >= 0 {
            libc::close(fd as i32);
        }
    }
}

/// The marks of the events whose file's name begins with `name`.
fn marks(events: &[Value], name: &str) -> Vec<u64> {
    let named = events.iter().filter(|event| event["fd.name"].as_str().is_some_and(|known| known.starts_with(name)));
    named.map(|event| event["evt.rawarg.mode"].as_u64().expect("a mark")).collect()
}

#[test]
fn nothing_is_lost_that_both_conditions_keep() {
    let _alone = alone();
    let folder = TempDir::new();
    let at = folder.path().to_str().expect("UTF-8");
    fs::write(folder.join("both-there"), "b").expect("a file");
    let conditions = ["a", "b"].map(|which| {
        format!("# the files of {which}\nevt.type = openat and\n (fd.name startswith {at}/both or fd.name startswith {at}/{which}-)\n")
    });
    let file = folder.join("condition");
    fs::write(&file, &conditions[0]).expect("a file");
    let agent = Agent::start(&[
        "-o",
        "json",
        "--fields",
        "fd.name,evt.rawarg.mode",
        "--ring-budget",
        "64MiB",
        "--filter",
        file.to_str().expect("UTF-8"),
    ]);
    let done = AtomicBool::new(false);
    let rounds = thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let mut round = 0;
            while !done.load(Ordering::Relaxed) {
                open(&format!("{at}/both-there"), round);
                open(&format!("{at}/both-missing"), round);
                open(&format!("{at}/a-missing"), round);
                open(&format!("{at}/b-missing"), round);
                round += 1;
            }
            round
        });
        for time in 1..=TIMES {
            replace(&agent, &file, &conditions[time % 2]);
        }
        done.store(true, Ordering::Relaxed);
        worker.join().expect("the work is done")
    });
    let run = agent.stop();
    lossless(&run);
    let events = lines(&run);
    let every: Vec<u64> = (0..rounds).collect();
    assert_eq!(marks(&events, &format!("{at}/both-there")), every);
    assert_eq!(marks(&events, &format!("{at}/both-missing")), every);
    for which in ["a", "b"] {
        let seen = marks(&events, &format!("{at}/{which}-")).len() as u64;
        assert!(seen > 0 && seen < rounds, "{seen} of {rounds} events of {which}, which holds half of the time");
    }
}

#[test]
fn other_syscalls_can_be_asked_for() {
    let _alone = alone();
    let folder = TempDir::new();
    let file = folder.join("condition");
    let own = std::process::id();
    let of = |name: &str| format!("evt.type = {name} and proc.pid = {own}");
    fs::write(&file, of("getppid")).expect("a file");
    let agent = Agent::start(&["-o", "json", "--fields", "evt.type", "--filter", file.to_str().expect("UTF-8")]);
    let call = || {
        // SAFETY: calls without arguments.
        unsafe {
            libc::getppid();
            libc::sched_yield();
        }
    };
    call();
    // Its program is not loaded yet; close also asks for the entry of calls, which nothing did so far.
    replace(&agent, &file, &of("sched_yield"));
    call();
    replace(&agent, &file, &of("close"));
    // SAFETY: nothing has this number.
    unsafe { libc::close(1_000_000) };
    let run = agent.stop();
    lossless(&run);
    let types: Vec<_> =
        lines(&run).iter().map(|event| event["evt.type"].as_str().expect("a name").to_owned()).collect();
    let of_close = types.iter().filter(|name| *name == "close").count();
    assert_eq!(types[..2], ["getppid", "sched_yield"], "{types:?}");
    assert!(of_close > 0 && of_close == types.len() - 2, "{types:?}");
}

#[test]
fn a_condition_that_is_wrong_changes_nothing() {
    let _alone = alone();
    let folder = TempDir::new();
    let file = folder.join("condition");
    let own = std::process::id();
    fs::write(&file, format!("evt.type = getppid and proc.pid = {own}")).expect("a file");
    let agent = Agent::start(&["-o", "json", "--fields", "evt.type", "--filter", file.to_str().expect("UTF-8")]);
    fs::write(&file, "evt.type = getppid and proc.nmae = x").expect("a file");
    agent.signal(Signal::HUP);
    wait_for("the agent complains", || agent.stderr().contains("goes on to hold").then_some(()));
    let stderr = agent.stderr();
    assert!(
        stderr.contains("proc.nmae") && stderr.contains("did you mean `proc.name`?") && stderr.contains('^'),
        "{stderr}"
    );
    // SAFETY: a call without arguments.
    unsafe { libc::getppid() };
    let run = agent.stop();
    lossless(&run);
    assert_eq!(lines(&run).len(), 1);
}

#[test]
fn a_condition_that_takes_long_to_read_holds_up_nobody() {
    let _alone = alone();
    let folder = TempDir::new();
    let file = folder.join("condition");
    fs::write(&file, "evt.type = getppid").expect("a file");
    let agent = Agent::start(&["--filter", file.to_str().expect("UTF-8")]);
    // To split this takes many seconds.
    let parts: Vec<_> = (0..20_000).map(|n| format!("(proc.pid = {n} and fd.name startswith /{n})")).collect();
    fs::write(&file, parts.join(" or ")).expect("a file");
    agent.signal(Signal::HUP);
    let run = agent.stop();
    let _closed = closed(&run);
    assert!(!run.stderr.contains("the condition was read again"), "{}", run.stderr);
}
