// SPDX-License-Identifier: Apache-2.0
//! Arguments that nobody passes, and arguments that change while they are read.

use std::{collections::BTreeMap, os::unix::process::CommandExt as _, process::Command};

use agent_common::{numbers, schema::Abi};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::Value;

use crate::{
    agent::Agent,
    books::{closed, count, lost},
    events::{arg_bytes, arg_strings, marked},
    guard::Guard,
    load::Load,
    run::{ended_well, events},
};

/// A load in namespaces of its own, as far as its calls could reach beyond it.
fn apart(args: &[&str]) -> Load {
    let mut command = Command::new("unshare");
    command.args(["--ipc", "--mount", "--net", "--uts", env!("CARGO_BIN_EXE_load")]);
    Load::of(command, args)
}

#[test]
fn every_syscall_with_hostile_arguments() {
    let _guard = Guard::new();
    let mut load = apart(&["hostile"]);
    let agent = Agent::start(&["-o", "json", "--comm", "load", "--ring-budget", "64MiB"]);
    load.go();
    let made = load.answer();
    let run = agent.stop();
    let ledger = closed(&run);
    let mut by_name = BTreeMap::<_, u64>::new();
    for word in made.split(' ') {
        let (nr, times) = word.split_once(':').expect("a number and how often");
        let (nr, times): (u32, u64) = (nr.parse().expect("a number"), times.parse().expect("a number"));
        let row = numbers::table(Abi::Native).iter().find(|numbered| u32::from(numbered.nr) == nr).expect("a row").row;
        *by_name.entry(row.name).or_default() += times;
    }
    assert!(by_name.len() > 300, "{} syscalls were made", by_name.len());
    for (name, made) in &by_name {
        let account = &ledger["syscalls"][name];
        let accounted = count(account, "sent") + lost(account);
        assert!(accounted >= *made, "{name}: {made} were made, {accounted} are accounted for: {account}");
    }
    // Each line is JSON, and as many as the ledger says.
    assert!(events(&run).len() as u64 >= count(&ledger["agent"], "delivered"));
    println!("{} calls of {} syscalls", by_name.values().sum::<u64>(), by_name.len());
}

/// Bytes of a rewritten name, behind what stays of it.
const NAME: usize = 2048;

/// The bytes of an argument that another thread rewrote: of the memory as it was at some moment, or marked as not there.
fn whole(event: &Value, name: &str) -> bool {
    let Some(bytes) = arg_bytes(event, name) else { return marked(event, "unreadable", name) };
    let letters = |bytes: &[u8]| bytes.iter().all(|byte| matches!(byte, 0 | b'a' | b'b'));
    let prefix = b"/nonexistent/".as_slice();
    // A buffer may be several of them, one behind the other.
    match bytes.strip_prefix(prefix) {
        Some(rest) if name == "name" => letters(rest) && !rest.contains(&0) && rest.len() <= NAME,
        Some(rest) => rest.windows(prefix.len()).all(|part| part == prefix || !part.starts_with(prefix)),
        None => bytes.is_empty(),
    }
}

#[test]
fn memory_that_another_thread_rewrites() {
    const ROUNDS: u64 = 3000;
    let _guard = Guard::new();
    let mut load = Load::new(&["rewritten", &ROUNDS.to_string()]);
    let pid = load.pid();
    let agent = Agent::start(&[
        "-o",
        "json",
        "--pid",
        &pid,
        "--syscalls",
        "openat,write,writev",
        "--snaplen",
        "4096",
        "--ring-budget",
        "64MiB",
    ]);
    load.go();
    let rounds = load.rounds();
    assert!(rounds >= ROUNDS);
    let run = agent.stop();
    let ledger = closed(&run);
    for name in ["openat", "write", "writev"] {
        let account = &ledger["syscalls"][name];
        // The load opens and writes a few things more.
        assert!((rounds..rounds + 50).contains(&(count(account, "sent") + lost(account))), "{name}: {account}");
    }
    let events = events(&run);
    let rewriter: Vec<_> = events.iter().filter(|event| event["pid"] == event["tid"]).collect();
    let mut lengths = std::collections::BTreeSet::new();
    for event in rewriter {
        let name = match event["syscall"].as_str() {
            Some("openat") => "name",
            Some("write" | "writev") => "data",
            _ => continue,
        };
        let bytes = arg_bytes(event, name).unwrap_or_default();
        if name == "name" && bytes.starts_with(b"/nonexistent/") {
            lengths.insert(bytes.len());
        }
        // The load's own words to the test are short.
        assert!(whole(event, name) || bytes.len() < 64 && !bytes.starts_with(b"/nonexistent/"), "torn: {event}");
    }
    assert!(lengths.len() > 10, "the names did change: {lengths:?}");
}

#[test]
fn a_thousand_parts_and_more() {
    let _guard = Guard::new();
    let captured = tests::Capture::of(["writev", "readv", "sendmsg"]).args(["--snaplen", "4096"]).run(|| {
        let null = std::fs::File::options().write(true).open("/dev/null").expect("/dev/null");
        let fd = std::os::fd::AsRawFd::as_raw_fd(&null);
        let bytes = *b"0123456789abcdef";
        let parts: Vec<_> = (0..2048)
            .map(|n| libc::iovec { iov_base: bytes[n % 16..].as_ptr().cast_mut().cast(), iov_len: 1 })
            .collect();
        [1024, 1025, i32::MAX as usize, usize::MAX].map(|count| {
            // SAFETY: the kernel takes 1,024 at most, and refuses more.
            unsafe { libc::syscall(libc::SYS_writev, fd, parts.as_ptr(), count) }
        })
    });
    assert_eq!(*captured.value(), [1024, -1, -1, -1]);
    let taken = captured.expect(|e| e.is("writev") && e.ret() == 1024);
    let data = arg_bytes(taken.json(), "data").expect("bytes");
    let all: Vec<_> = b"0123456789abcdef".iter().copied().cycle().take(1024).collect();
    assert!(all.starts_with(&data) && data.len() >= 16, "{taken}");
    assert!(data.len() == 1024 || marked(taken.json(), "truncated", "data"), "{taken}");
    assert_eq!(captured.count(|e| e.is("writev") && e.errno() == "EINVAL"), 3);
    ended_well(&captured);
}

#[test]
fn two_mebibytes_of_arguments() {
    /// The most that one argument may have, its NUL counted.
    const LARGEST: usize = 128 << 10;
    let _guard = Guard::new();
    let stack = getrlimit(Resource::Stack);
    let most = stack.maximum.unwrap_or(u64::MAX).min(64 << 20);
    assert!(most >= 16 << 20, "a stack of {most} bytes at most does not hold two mebibytes of arguments");
    let letters = |n: usize| String::from(char::from(b'a' + n as u8));
    let argv: Vec<_> = (0..16).map(|n| letters(n).repeat(LARGEST - 1)).collect();
    let captured = tests::Capture::of(["execve"]).pid_tree().run(|| {
        let mut command = Command::new("/bin/true");
        // The name itself is 10 bytes more than two mebibytes.
        command.args(&argv);
        let limit = Rlimit { current: Some(most), maximum: stack.maximum };
        // SAFETY: a system call, in the child.
        unsafe { command.pre_exec(move || setrlimit(Resource::Stack, limit).map_err(Into::into)) };
        command.status().expect("it runs")
    });
    assert!(captured.value().success());
    let event = captured.expect(|e| e.is("execve") && e.ret() == 0 && e.arg("filename") == "/bin/true");
    assert!(marked(event.json(), "truncated", "argv"), "{event}");
    let kept = arg_strings(event.json(), "argv").expect("strings");
    assert!(kept.len() >= 2 && kept[0] == b"/bin/true", "{event}");
    assert!(kept[1].len() > 1024 && kept[1].iter().all(|byte| *byte == b'a'), "{event}");
    ended_well(&captured);
}
