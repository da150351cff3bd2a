// SPDX-License-Identifier: Apache-2.0
//! Ends that nobody can prepare for.

use std::{fs, os::unix::process::ExitStatusExt as _};

use rustix::process::Signal;
use tests::TempDir;

use crate::{
    agent::Agent,
    guard::Guard,
    load::Load,
    run::{ROUNDS, complete, load},
    wait::wait_for,
};

#[test]
fn killed_and_started_again() {
    let _guard = Guard::new();
    let load = load();
    let agent = Agent::start(&["-o", "json"]);
    assert_eq!(load.complete(), ROUNDS);
    agent.signal(Signal::KILL);
    assert_eq!(agent.finish().status.signal(), Some(libc::SIGKILL));

    let load = self::load();
    let agent = Agent::start(&["-o", "json", "--pid", &load.pid()]);
    assert_eq!(load.complete(), ROUNDS);
    complete(&agent.stop());
}

#[test]
fn killed_amid_a_flood() {
    let _guard = Guard::new();
    let mut load = Load::new(&["flood", "2"]);
    let folder = TempDir::new();
    let path = folder.join("events");
    let agent = Agent::start(&["-o", "json", "--ring-budget", "256KiB", "--write", path.to_str().expect("UTF-8")]);
    load.go();
    wait_for("much is written", || (fs::metadata(&path).expect("a file").len() > 1 << 20).then_some(()));
    agent.signal(Signal::KILL);
    assert_eq!(agent.finish().status.signal(), Some(libc::SIGKILL));
    load.rounds();
}

/// Whether it has, and only waits for being asked how.
fn has_ended(agent: &Agent) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", agent.pid())).expect("it was not asked");
    stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z'))
}

#[test]
fn faults_of_its_own() {
    let _guard = Guard::new();
    let faults = [Signal::SEGV, Signal::BUS, Signal::ILL, Signal::FPE, Signal::TRAP, Signal::SYS, Signal::ABORT];
    // Several at once take hardly longer than one.
    let agents = faults.map(|fault| (fault, Agent::start(&["-o", "json", "--syscalls", "getppid", "--no-enrich"])));
    for (fault, agent) in agents {
        // The first of those that mean an overflow of the stack is looked into, and makes the next one count.
        wait_for("the fault ends it", || {
            agent.signal(fault);
            has_ended(&agent).then_some(())
        });
        assert_eq!(agent.finish().status.signal(), Some(fault.as_raw()), "{fault:?}");
    }
}
