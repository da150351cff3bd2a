// SPDX-License-Identifier: Apache-2.0
//! Signals of every kind: what ends the agent ends it in order, what means nothing to it changes nothing.

use std::fs;

use rustix::process::Signal;

use crate::{
    agent::Agent,
    guard::Guard,
    run::{ROUNDS, complete, events, load, times},
    wait::wait_for,
};

/// A set of signals of `/proc/PID/status`.
fn set(agent: &Agent, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", agent.pid())).expect("a running agent");
    let digits = status.lines().find_map(|line| line.strip_prefix(name)).expect("a set of signals");
    u64::from_str_radix(digits.trim(), 16).expect("a set of signals")
}

fn bit(signal: i32) -> u64 {
    1 << (signal - 1)
}

#[test]
fn none_but_faults_ends_it_unprepared() {
    let _guard = Guard::new();
    let agent = Agent::start(&["-o", "json", "--syscalls", "getppid"]);
    let answered = set(&agent, "SigCgt:") | set(&agent, "SigIgn:");
    // Faults; what can't be caught; what stops; what does nothing by default; what the C library keeps to itself; the last
    // one, for which the runtime has no place.
    let others = [
        [libc::SIGILL, libc::SIGABRT, libc::SIGFPE, libc::SIGSEGV, libc::SIGBUS, libc::SIGTRAP, libc::SIGSYS]
            .as_slice(),
        &[libc::SIGKILL, libc::SIGSTOP, libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU],
        &[libc::SIGCHLD, libc::SIGCONT, libc::SIGURG, libc::SIGWINCH],
        &[32, 33, 64],
    ];
    let left: Vec<_> = (1..=64).filter(|n| answered & bit(*n) == 0 && !others.concat().contains(n)).collect();
    assert!(left.is_empty(), "these end it without a ledger: {left:?}");
    assert!(agent.stop().status.success());
}

#[test]
fn each_that_ends_it_does_so_in_order() {
    let _guard = Guard::new();
    let signals = [libc::SIGQUIT, libc::SIGUSR1, libc::SIGALRM, libc::SIGXCPU, libc::SIGRTMIN()];
    let agents = signals.map(|signal| {
        let load = load();
        let agent = Agent::start(&["-o", "json", "--syscalls", "getppid", "--pid", &load.pid()]);
        assert_eq!(load.complete(), ROUNDS);
        (signal, agent)
    });
    for (signal, agent) in agents {
        // SAFETY: the agent has not been waited for, so that its id is its own.
        unsafe { libc::kill(agent.pid().as_raw_nonzero().get(), signal) };
        let run = agent.finish();
        complete(&run);
        assert_eq!(times(&events(&run), "getppid"), ROUNDS, "signal {signal}: all of it");
    }
}

#[test]
fn those_that_mean_nothing_change_nothing() {
    let _guard = Guard::new();
    let load = load();
    let agent = Agent::start(&["-o", "json", "--syscalls", "getppid", "--pid", &load.pid()]);
    for signal in [Signal::PIPE, Signal::CHILD, Signal::URG, Signal::WINCH, Signal::XFSZ, Signal::CONT] {
        agent.signal(signal);
    }
    agent.signal(Signal::STOP);
    wait_for("it is stopped", || {
        let stat = fs::read_to_string(format!("/proc/{}/stat", agent.pid())).expect("a running agent");
        stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T')).then_some(())
    });
    agent.signal(Signal::CONT);
    // These stop it too, unless nobody is left who could continue it: then the kernel leaves them out. See
    // <https://man7.org/linux/man-pages/man2/setpgid.2.html> on orphaned process groups.
    for signal in [Signal::TSTP, Signal::TTIN, Signal::TTOU] {
        agent.signal(signal);
        agent.signal(Signal::CONT);
    }
    assert_eq!(load.complete(), ROUNDS);
    let run = agent.stop();
    complete(&run);
    assert_eq!(times(&events(&run), "getppid"), ROUNDS);
}
