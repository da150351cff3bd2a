// SPDX-License-Identifier: Apache-2.0
//! A minute's flood on two CPUs, with an execve every 10 ms.

use std::{
    fs::File,
    process::{Command, Stdio, id},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use serde_json::Value;
use tests::{cpus, pin};

use crate::{
    agent::{Agent, alone},
    books::{all_lost, closed, count, dropped, lost, total},
    lines::{agree, with},
    pinned::{getppid, no_socket, number, open_nothing, pread},
    wait::pause,
};

/// Execs, one every [`EVERY`]: a minute's.
const EXECS: u64 = 6000;
/// From one exec to the next.
const EVERY: Duration = Duration::from_millis(10);
/// The kernel can't decide it, so that everything goes through the rings; and what is written is little.
const CONDITION: &str = "evt.type in (execve, execveat) or evt.num = 0";

/// Cheap and less cheap calls, until told to stop.
fn flood(cpu: usize, done: &AtomicBool) {
    pin(&[cpu]);
    let file = File::open("/etc/passwd").expect("it is there");
    while !done.load(Ordering::Relaxed) {
        for _ in 0..16 {
            pread(number(&file), 0);
            getppid();
        }
        open_nothing();
        drop(File::open("/etc/passwd"));
        no_socket();
    }
}

/// Runs a program with a number of its own every 10 ms. Each has ended before the next begins.
fn exec(word: &str) {
    let began = Instant::now();
    for n in 0..EXECS {
        let due = began + EVERY * u32::try_from(n).expect("few");
        pause(due.saturating_duration_since(Instant::now()));
        let mut command = Command::new("/bin/true");
        let status = command.args([word, &n.to_string()]).stdin(Stdio::null()).status().expect("it runs");
        assert!(status.success(), "{status}");
    }
}

/// Stops the agent for a moment now and then, so that a ring passes its marks however quick the agent is, and still has room
/// for what is never shed.
fn stumble(agent: &Agent, done: &AtomicBool) {
    while !done.load(Ordering::Relaxed) {
        agent.signal(Signal::STOP);
        pause(Duration::from_millis(100));
        agent.signal(Signal::CONT);
        pause(Duration::from_millis(900));
    }
}

#[test]
fn a_flood_hides_no_execve() {
    let _alone = alone();
    let word = format!("lanner-flood-{}", id());
    let agent = Agent::start(&["-o", "json", "--ring-budget", "4MiB", CONDITION]);
    let done = AtomicBool::new(false);
    let began = Instant::now();
    thread::scope(|scope| {
        for cpu in cpus().into_iter().take(2) {
            let done = &done;
            scope.spawn(move || flood(cpu, done));
        }
        scope.spawn(|| stumble(&agent, &done));
        // Even if an exec fails, the flood ends.
        let execs = scope.spawn(|| exec(&word)).join();
        done.store(true, Ordering::Relaxed);
        execs.expect("every program ran");
    });
    let lasted = began.elapsed();
    let run = agent.stop();
    let ledger = closed(&run);
    let events = run.folder.join("events");
    agree(&events, &ledger);

    let execs: Vec<Value> =
        with(&events, &word).into_iter().filter(|event| event["syscall"] == "execve" && event["ret"] == 0).collect();
    let numbers: Vec<_> = execs.iter().map(|event| event["args"]["argv"].clone()).collect();
    let wanted: Vec<_> =
        (0..EXECS).map(|n| Value::from(vec!["/bin/true".to_owned(), word.clone(), n.to_string()])).collect();
    let wrong = numbers.iter().zip(&wanted).position(|(got, wanted)| got != wanted);
    assert!(
        wrong.is_none() && numbers.len() == wanted.len(),
        "{} execs, wrong at {wrong:?}:\n{}",
        numbers.len(),
        run.stderr
    );
    for name in ["execve", "clone", "clone3", "vfork", "fork", "exit_group"] {
        let account = &ledger["syscalls"][name];
        if account.is_object() {
            assert_eq!((lost(account), count(account, "shed")), (0, 0), "{name}: {account}");
        }
    }
    let shed = total(&ledger, "shed");
    println!(
        "{lasted:?}: {} seen, {} sent, {shed} shed, {} lost, {} delivered",
        total(&ledger, "seen"),
        total(&ledger, "sent"),
        all_lost(&ledger),
        ledger["agent"]["delivered"]
    );
    assert_eq!(dropped(&ledger), 0, "the output took all");
    assert!(shed > 0, "the flood passed a mark, or this proves nothing:\n{}", run.stderr);
}
