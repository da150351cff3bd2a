// SPDX-License-Identifier: Apache-2.0
//! Clocks that step, machines that sleep, namespaces that tell another time.

use std::{
    fs,
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use rustix::{
    process::Signal,
    time::{ClockId, Timespec, clock_gettime, clock_settime},
};
use serde_json::Value;
use tests::{TempDir, binary, untold};

use crate::{
    agent::{Agent, Run},
    books::{closed, count},
    guard::Guard,
    load::Load,
    run::{ROUNDS, events, launch},
    wait::wait_for,
};

/// How far the clock is put forward, in seconds: far more than anything here takes, and little to those who share it.
const STEP: i64 = 20;

/// The wall clock, which is put right when this is dropped.
struct WallClock {
    ahead: i128,
}

fn nanos(time: Timespec) -> i128 {
    i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec)
}

fn ahead() -> i128 {
    nanos(clock_gettime(ClockId::Realtime)) - nanos(clock_gettime(ClockId::Monotonic))
}

impl WallClock {
    fn new() -> Self {
        Self { ahead: ahead() }
    }

    /// Puts it so many seconds before or behind where it was.
    fn put(&self, seconds: i64) {
        let time = nanos(clock_gettime(ClockId::Monotonic)) + self.ahead + i128::from(seconds) * 1_000_000_000;
        let (sec, nsec) = (time.div_euclid(1_000_000_000) as i64, time.rem_euclid(1_000_000_000) as i64);
        clock_settime(ClockId::Realtime, Timespec { tv_sec: sec, tv_nsec: nsec }).expect("root may set the clock");
    }
}

impl Drop for WallClock {
    fn drop(&mut self) {
        self.put(0);
    }
}

/// The time of an event, in seconds since the epoch.
fn time(event: &Value) -> f64 {
    let nanos: f64 = event["evt.rawtime"].as_f64().unwrap_or_else(|| panic!("no time: {event}"));
    nanos / 1e9
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64()
}

/// Captures with these fields, one of which is the time.
const CAPTURED: [&str; 8] =
    ["-o", "json", "--syscalls", "getppid", "--comm", "load", "--fields", "evt.rawtime,evt.type,proc.pid"];

/// An agent, started by `start`, that writes what is captured to a file in `folder`; and what reads that.
fn writing(folder: &TempDir, start: impl FnOnce(&[&str]) -> Agent) -> (Agent, impl Fn() -> String) {
    let path = folder.join("events");
    let agent = start(&[&CAPTURED, ["--write", path.to_str().expect("UTF-8")].as_slice()].concat());
    (agent, move || fs::read_to_string(&path).unwrap_or_default())
}

/// Runs a load and waits until its calls are written: when it began, the times of its calls, when they were written.
fn stamped(agent: &Agent, read: impl Fn() -> String) -> (f64, Vec<f64>, f64) {
    let begun = now();
    let load = Load::new(&["calls", &ROUNDS.to_string()]);
    let pid = load.id();
    assert_eq!(load.complete(), ROUNDS);
    let times = wait_for("the calls are written", || {
        assert!(!agent.stderr().contains("ERROR"), "{}", agent.stderr());
        let lines = read();
        let events = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let times: Vec<_> = events.filter(|event| event["proc.pid"] == pid).map(|event| time(&event)).collect();
        (times.len() as u64 == ROUNDS).then_some(times)
    });
    (begun, times, now())
}

fn check((begun, times, ended): &(f64, Vec<f64>, f64)) {
    // The boot time that the kernel stamps and the wall clock are not read at the same moment.
    let slack = 1.0;
    for time in times {
        assert!((begun - slack..=ended + slack).contains(time), "{time} is not between {begun} and {ended}");
    }
}

/// All calls of so many loads are in the ledger.
fn all_there(run: &Run, loads: u64) {
    assert_eq!(count(&closed(run)["agent"], "delivered"), loads * ROUNDS);
}

#[test]
fn the_wall_clock_steps() {
    let _guard = Guard::new();
    let clock = WallClock::new();
    let folder = TempDir::new();
    let (agent, read) = writing(&folder, Agent::start);
    for step in [0, STEP, -STEP, 0] {
        clock.put(step);
        check(&stamped(&agent, &read));
    }
    all_there(&agent.stop(), 4);
}

/// As nearly as it can be had without suspending the machine: nothing of the agent runs, and when it does again the wall
/// clock has gone on.
#[test]
fn everything_stands_still_for_a_while() {
    let _guard = Guard::new();
    let clock = WallClock::new();
    let folder = TempDir::new();
    let (agent, read) = writing(&folder, Agent::start);
    check(&stamped(&agent, &read));
    let mut load = Load::new(&["calls", &ROUNDS.to_string()]);
    agent.signal(Signal::STOP);
    load.go();
    assert_eq!(load.rounds(), ROUNDS);
    clock.put(STEP);
    agent.signal(Signal::CONT);
    check(&stamped(&agent, read));
    all_there(&agent.stop(), 3);
}

#[test]
fn a_namespace_with_another_boot_time() {
    let _guard = Guard::new();
    // A day ahead; and behind, where a machine that has just been started may be at its boot.
    let uptime = fs::read_to_string("/proc/uptime").expect("a time");
    let uptime: f64 = uptime.split(' ').next().and_then(|seconds| seconds.parse().ok()).expect("a time");
    for offset in ["86400".to_owned(), format!("-{}", uptime as u64 / 2)] {
        let mut command = Command::new("unshare");
        command.args(["--time", "--boottime", &offset]).arg(binary());
        let folder = TempDir::new();
        let (agent, read) = writing(&folder, |args| launch(untold(command), args));
        // They are written while it runs: no more is held back than otherwise.
        check(&stamped(&agent, read));
        let run = agent.stop();
        all_there(&run, 1);
        assert!(events(&run).is_empty() && !run.stderr.contains("WARN"), "{}", run.stderr);
    }
}
