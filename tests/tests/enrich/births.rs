// SPDX-License-Identifier: Apache-2.0
//! Processes that live as briefly as the machine can make them.

use std::{collections::BTreeMap, path::Path, thread, time::Instant};

use serde_json::Value;
use tests::{TempDir, compile};

use crate::{
    agent::alone,
    crowd,
    scene::{Outcome, Scene},
};

/// What each of them must be known by.
const KNOWN: [&str; 8] =
    ["proc.name", "proc.exepath", "proc.args", "proc.ppid", "proc.pname", "proc.cwd", "user.uid", "container.id"];

/// How many processes: more for releases.
fn scale() -> u64 {
    crate::seconds(3).div_ceil(3)
}

/// Lets `count` processes of `program` run.
fn run(program: &Path, count: u64, calls: &str) -> (Outcome, u64) {
    let cpus = thread::available_parallelism().expect("a number of CPUs").get() as u64;
    let folder = TempDir::new();
    let each = count.div_ceil(cpus).to_string();
    let mut crowd = crowd::start(&folder, &["spawn", &each, program.to_str().expect("UTF-8"), "one", "two"]);
    let scene =
        Scene::start_with(calls, &[&KNOWN[..], &["proc.pid", "proc.exe"]].concat(), &["--ring-budget", "64MiB"]);
    crowd.go();
    assert_eq!(crowd.answer(), each.parse::<u64>().expect("a number") * cpus);
    (scene.finish(), each.parse::<u64>().expect("a number") * cpus)
}

#[test]
fn nothing_is_unknown_of_ten_thousand_programs() {
    let _alone = alone();
    let program = Path::new("/bin/true").canonicalize().expect("there is a `true`");
    let start = Instant::now();
    let (outcome, count) = run(&program, 10_000 * scale(), "execve,exit_group");
    let path = program.to_str().expect("UTF-8");
    let ours = |event: &&Value| event["proc.args"] == "one two" && event["proc.exe"] == path;
    let mut made = BTreeMap::<&str, u64>::new();
    let mut wrong = Vec::new();
    for event in &outcome.events {
        let call = event["evt.type"].as_str().expect("every event has a type");
        // What others run at the same time has to be known as well, but for the image that an execve failed to replace.
        let missing: Vec<_> = KNOWN.iter().filter(|field| event[**field].is_null()).collect();
        if !missing.is_empty() && event["evt.rawres"].as_i64().is_none_or(|ret| ret == 0) {
            wrong.push(format!("{missing:?} missing: {event}"));
        }
        if !ours(&event) {
            continue;
        }
        *made.entry(call).or_default() += 1;
        let right = event["proc.name"] == "true"
            && event["proc.exepath"] == path
            && event["proc.pname"] == "crowd"
            && event["user.uid"] == 0
            && event["container.id"] == "host";
        if !right {
            wrong.push(format!("{event}"));
        }
    }
    println!("{count} programs in {:?}: {made:?}", start.elapsed());
    assert!(wrong.is_empty(), "{} wrong, such as\n{}", wrong.len(), wrong[..wrong.len().min(5)].join("\n"));
    assert_eq!(made, BTreeMap::from([("execve", count), ("exit_group", count)]), "{}", outcome.stderr);
}

#[test]
fn twenty_thousand_processes_in_a_minute() {
    /// A program that does nothing but end.
    const NOTHING: &str = r#"
        #include <sys/syscall.h>
        void _start(void) {
            for (;;) {
        #if defined(__x86_64__)
                __asm__ volatile("syscall" : : "a"(SYS_exit_group), "D"(0) : "rcx", "r11", "memory");
        #else
                register long nr __asm__("x8") = SYS_exit_group;
                register long code __asm__("x0") = 0;
                __asm__ volatile("svc 0" : : "r"(nr), "r"(code) : "memory");
        #endif
            }
        }
    "#;
    let _alone = alone();
    let folder = TempDir::new();
    let program = compile::c(folder.path(), "nothing", NOTHING, &["-nostdlib", "-static"]);
    let start = Instant::now();
    let (outcome, count) = run(&program, 20_000 * scale(), "all,!write,!writev");
    let length = start.elapsed();
    println!("{count} processes in {length:?}, {} events", outcome.events.len());
    assert!(length.as_secs() < 60 * scale(), "it took {length:?}");
    let ours = |event: &&Value| event["proc.name"] == "nothing" && event["evt.type"] == "exit_group";
    let ended: Vec<_> = outcome.events.iter().filter(ours).collect();
    assert_eq!(ended.len() as u64, count, "{}", outcome.stderr);
    let unknown: Vec<_> =
        ended.iter().filter(|event| KNOWN.iter().any(|field| event[*field].is_null())).take(3).collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
}
