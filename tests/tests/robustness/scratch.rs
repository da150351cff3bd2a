// SPDX-License-Identifier: Apache-2.0
//! Records of varying size are built in memory that all calls of a CPU share: they must never be mixed up, however many
//! threads are preempted wherever they are.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{BufRead as _, BufReader},
};

use serde_json::Value;

use crate::{
    agent::{Agent, alone},
    events::{bytes, marked},
    load::Load,
    pattern,
};

/// Threads on each CPU.
const THREADS: u64 = 8;
/// Rounds of each.
const ROUNDS: u64 = 100;

/// The thread, the counter and the length that `bytes` say they are of.
fn origin(bytes: &[u8]) -> Option<(u32, u64, usize)> {
    let end = bytes.iter().skip(1).position(|byte| *byte == b'/')? + 1;
    let text = std::str::from_utf8(bytes.get(1..end)?).ok()?;
    let mut parts = text.split('.');
    let origin = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    parts.next().is_none().then_some(origin)
}

/// Where each call has the bytes that say whose they are.
fn payload(event: &Value) -> Option<(&'static str, &Value)> {
    match event["syscall"].as_str()? {
        "openat" => Some(("name", &event["args"]["name"])),
        "write" | "writev" => Some(("data", &event["args"]["data"])),
        "sendmsg" => Some(("msg", &event["args"]["msg"]["data"])),
        _ => None,
    }
}

/// What is wrong with an event of the load.
fn complaint(event: &Value, found: &[u8]) -> Option<String> {
    let Some((tid, count, len)) = origin(found) else { return Some("it says of nobody that it is theirs".into()) };
    if event["tid"] != tid {
        return Some(format!("it has bytes of thread {tid}"));
    }
    let wanted = pattern::bytes(tid, count, len);
    if found.len() != wanted.len() {
        return Some(format!("{} bytes of call {count}, which has {}", found.len(), wanted.len()));
    }
    let differs = found.iter().zip(&wanted).position(|(found, wanted)| found != wanted)?;
    Some(format!("byte {differs} of call {count} is another's"))
}

#[test]
fn records_are_never_mixed_up() {
    let _alone = alone();
    let mut load = Load::new(&["patterns", &THREADS.to_string(), &ROUNDS.to_string()]);
    let pid = load.pid();
    let agent = Agent::start(&[
        "-o",
        "json",
        "--snaplen",
        "32768",
        "--ring-budget",
        "256MiB",
        "--pid",
        &pid,
        "--syscalls",
        "openat,write,writev,sendmsg",
    ]);
    load.go();
    load.rounds();
    let run = agent.stop();
    assert!(run.status.success(), "{}\n{}", run.status, run.stderr);

    let lines = BufReader::new(File::open(run.folder.join("events")).expect("events"));
    let (mut checked, mut largest, mut cpus, mut wrong) = (0, 0, BTreeSet::new(), Vec::new());
    for line in lines.lines() {
        let event: Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
        assert_eq!(event["type"], "syscall", "the rings were large enough: {event}");
        let Some((name, value)) = payload(&event) else { continue };
        let Some(text) = value.as_str() else { panic!("no payload: {event}") };
        let found = bytes(text, marked(&event, "escaped", name));
        // The load's own libraries and its words to the test.
        if event["pid"] == event["tid"] {
            continue;
        }
        // A thread's first allocation looks at how the machine gives memory away.
        if text.starts_with("/proc/") || text.starts_with("/sys/") {
            continue;
        }
        checked += 1;
        largest = largest.max(found.len());
        cpus.insert(event["cpu"].as_u64());
        if let Some(complaint) = complaint(&event, &found) {
            wrong.push(format!("{complaint}: {} {} seq {}", event["syscall"], event["tid"], event["seq"]));
        }
        assert!(!marked(&event, "truncated", name), "nothing is longer than what is kept: {name} of {}", event["seq"]);
    }
    assert!(wrong.is_empty(), "{} of {checked} are not whole:\n{}", wrong.len(), wrong.join("\n"));
    let threads = THREADS * std::thread::available_parallelism().map_or(1, usize::from) as u64;
    assert_eq!(checked, threads * ROUNDS * 4, "every call is there");
    assert!(largest > 32000, "the largest was {largest}");
    println!("{checked} payloads, the largest of {largest} bytes, on CPUs {cpus:?}");
}
