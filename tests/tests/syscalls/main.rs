// SPDX-License-Identifier: Apache-2.0
//! Every syscall of the table, made for real: what the agent shows of each call against what was passed and returned.
//!
//! One agent runs while all the cases do. A case makes a call with [`Caller`] and says, argument by argument, what the
//! line has to show. Then each line is looked up among those of the thread that made the call.

#![cfg(target_arch = "x86_64")]
#![expect(clippy::panic, reason = "a test fails by panicking")]

mod caller;
mod check;
mod desc;
mod file;
mod i386;
mod io;
mod ipc;
mod listed;
mod memory;
mod mount;
mod network;
mod process;
mod sched;
mod security;
mod signal;
mod structs;
mod system;
mod time;

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
};

use agent_common::syscalls::{I386_ROWS, NATIVE_ROWS};
use tests::{Capture, TempDir};

use self::{
    caller::{COMM, Caller, Expected},
    listed::LISTED,
};

/// The cases, by topic.
const TOPICS: &[(&str, fn(&Caller))] = &[
    ("file", file::cases),
    ("desc", desc::cases),
    ("io", io::cases),
    ("memory", memory::cases),
    ("process", process::cases),
    ("sched", sched::cases),
    ("network", network::cases),
    ("ipc", ipc::cases),
    ("time", time::cases),
    ("signal", signal::cases),
    ("mount", mount::cases),
    ("security", security::cases),
    ("system", system::cases),
    ("i386", i386::cases),
];

/// Runs all cases; the answer is what to expect, and which topics failed already.
fn run() -> (Vec<Expected>, Vec<String>) {
    let folder = TempDir::new();
    let cases = || {
        let (mut expected, mut failed) = (Vec::new(), Vec::new());
        for (topic, cases) in TOPICS {
            // SAFETY: the cases in this package pass addresses of memory that outlives the call, and what they do to
            // the process is undone by them or happens in a child.
            let caller = unsafe { Caller::new(&folder) };
            if catch_unwind(AssertUnwindSafe(|| cases(&caller))).is_err() {
                failed.push(format!("{topic}: a call did not do what the case expects of the kernel, see above"));
            }
            expected.extend(caller.into_expected());
        }
        (expected, failed)
    };
    thread::scope(|scope| {
        let thread = thread::Builder::new().name(COMM.to_owned()).spawn_scoped(scope, cases);
        thread.expect("a thread can be made").join().expect("panics are caught")
    })
}

#[test]
fn every_call_is_shown_as_it_was_made() {
    let captured = Capture::all().comm(COMM).run(run);
    let (expected, failed) = captured.value();
    let wrong = check::all(expected, captured.lines());

    let exercised: BTreeSet<_> = expected.iter().map(|one| (one.abi.as_str(), one.syscall.as_str())).collect();
    let of = |abi| exercised.iter().filter(|(of, _)| *of == abi).count();
    let rows = listed::numbered().count();
    println!("{rows} rows: {} exercised, {} listed; {} of 32-bit callers", of("x86_64"), LISTED.len(), of("i386"));
    for (name, lack) in LISTED {
        println!("  {name}: {lack}");
    }
    println!("{} calls compared", expected.len());

    let neither: Vec<_> = listed::numbered()
        .filter(|row| !exercised.contains(&("x86_64", row.name)) && !LISTED.iter().any(|(name, _)| *name == row.name))
        .map(|row| format!("{}: no case makes it, and listed.rs does not say why", row.name))
        .collect();
    let problems: Vec<_> = failed.iter().chain(&wrong).chain(&neither).map(String::as_str).collect();
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
    assert!(of("i386") >= 40, "only {} calls of 32-bit callers are exercised", of("i386"));

    let ledger = captured.ledger();
    assert!(ledger.closed, "the ledger is open: {}", captured.stderr());
    assert_eq!((ledger.total().lost(), ledger.agent.malformed), (0, 0), "{}", captured.stderr());
}

#[test]
fn what_is_listed_is_lacking() {
    for (name, lack) in LISTED {
        assert!(NATIVE_ROWS.iter().any(|(_, row)| row.name == *name), "no row is called {name}");
        lack.verify(name);
    }
    assert!(I386_ROWS.len() > 100);
}
