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

use tests::{Capture, TempDir};

use self::{
    caller::{COMM, Caller, Expected},
    listed::{UNSAFE, in_kernel},
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
            if catch_unwind(AssertUnwindSafe(|| cases(&caller))).is_err() || caller.failed() {
                failed.push(format!("{topic}: a call did not do what its case expects of the kernel, see above"));
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

    let made: BTreeSet<_> = expected.iter().map(|one| (one.abi.as_str(), one.syscall.as_str())).collect();
    let (present, lacking): (Vec<_>, Vec<_>) = listed::rows().map(|row| row.name).partition(|row| in_kernel(row));
    let (exercised, rest): (Vec<_>, Vec<_>) = present.into_iter().partition(|row| made.contains(&("x86_64", *row)));
    let (listed, neither): (Vec<_>, Vec<_>) =
        rest.into_iter().partition(|row| UNSAFE.iter().any(|(listed, _)| listed == row));
    println!(
        "{} rows: {} exercised, {} listed as unsafe to call, {} not in this kernel (tracefs has no format of them; {} of \
         them were called all the same): {}",
        listed::rows().count(),
        exercised.len(),
        listed.len(),
        lacking.len(),
        lacking.iter().filter(|row| made.contains(&("x86_64", **row))).count(),
        lacking.join(", ")
    );
    let compat = made.iter().filter(|(abi, _)| *abi == "i386").count();
    println!("{compat} rows of 32-bit callers exercised; {} calls compared", expected.len());

    let neither = neither.iter().map(|row| format!("{row}: no case makes it, and listed.rs does not say why"));
    let problems: Vec<_> = failed.iter().chain(&wrong).cloned().chain(neither).collect();
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
    assert!(compat >= 40, "only {compat} rows of 32-bit callers are exercised");

    let ledger = captured.ledger();
    assert!(ledger.closed, "the ledger is open: {}", captured.stderr());
    assert_eq!((ledger.total().lost(), ledger.agent.malformed), (0, 0), "{}", captured.stderr());
}

#[test]
fn what_is_listed_is_there_and_has_no_case() {
    for (name, why) in UNSAFE {
        assert!(listed::rows().any(|row| row.name == *name), "no row is called {name}, which is listed since {why}");
    }
}
