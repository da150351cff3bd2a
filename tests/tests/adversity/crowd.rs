// SPDX-License-Identifier: Apache-2.0
//! As many threads at once as the machine takes, up to a hundred thousand. Fork bombs within a limit of processes are in the
//! tests of the tables (`enrich/bounds.rs`).

use std::fs;

use serde_json::Value;

use crate::{
    agent::Agent,
    books::{closed, count, lost},
    guard::Guard,
    load::Load,
};

/// Threads that are asked for.
const THREADS: u64 = 100_000;
/// Memory of the kernel's that a thread takes, generously.
const EACH: u64 = 48 << 10;
/// What the agent may take: a thread that it knows takes some 150 bytes, of which it keeps 262,144 at most.
const MOST: u64 = 120 << 20;

/// A limit of the kernel's, put back when this is dropped.
struct Limit {
    path: &'static str,
    before: String,
}

impl Limit {
    /// Raises the limit, if it may be.
    fn raise(path: &'static str, value: u64) -> Self {
        let before = fs::read_to_string(path).expect("a limit of the kernel's");
        if before.trim().parse::<u64>().is_ok_and(|now| now < value) {
            // Where it may not be, there are fewer threads.
            let _ = fs::write(path, value.to_string());
        }
        Self { path, before }
    }
}

impl Drop for Limit {
    fn drop(&mut self) {
        let _ = fs::write(self.path, &self.before);
    }
}

/// A number of bytes that a file of `/proc` has behind `key`.
fn bytes(file: &str, key: &str) -> u64 {
    let text = fs::read_to_string(file).expect("/proc is mounted");
    let line = text.lines().find_map(|line| line.strip_prefix(key)).expect("a line");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("KiB") << 10
}

#[test]
fn a_hundred_thousand_threads() {
    let _guard = Guard::new();
    let _limits =
        ["/proc/sys/kernel/pid_max", "/proc/sys/kernel/threads-max"].map(|path| Limit::raise(path, 2 * THREADS));
    let wanted = THREADS.min(bytes("/proc/meminfo", "MemAvailable:") / 2 / EACH);
    let mut load = Load::new(&["crowd", &wanted.to_string()]);
    let pid = load.pid();
    let null = fs::File::create("/dev/null").expect("/dev/null");
    let args = ["-o", "json", "--pid", &pid, "--syscalls", "clone,getppid,exit"];
    let agent = Agent::start_to(&args, tests::TempDir::new(), null.into());
    load.go();
    let made: u64 = load.answer().parse().expect("a number of threads");
    let resident = bytes(&format!("/proc/{}/status", agent.pid()), "VmRSS:");
    load.go();
    assert_eq!(load.rounds(), made);
    let run = agent.stop();
    let ledger = closed(&run);
    let accounted = |name: &str| {
        let account: &Value = &ledger["syscalls"][name];
        count(account, "sent") + lost(account)
    };
    println!("{made} of {wanted} threads at once, the agent took {resident} bytes, {}", ledger["metadata"]);
    println!("{} {}", ledger["syscalls"]["state:exit"], ledger["syscalls"]["state:fork"]);
    assert!(made >= wanted / 2, "the machine takes {made} threads only");
    // It returns twice; the one that is refused, after which the load stops, once.
    assert!((2 * made..=2 * made + 1).contains(&accounted("clone")), "{made} threads: {}", ledger["syscalls"]["clone"]);
    for name in ["getppid", "exit"] {
        // The load makes a few more of its own.
        assert!((made..made + 50).contains(&accounted(name)), "{name}: {}", ledger["syscalls"][name]);
    }
    assert!(resident < MOST, "{resident} bytes");
}
