// SPDX-License-Identifier: Apache-2.0
//! Every syscall of the table, made for real: what the agent shows of each call against what was passed and returned.
//!
//! One agent runs while all the cases do. A case makes a call with [`Caller`] and says, argument by argument, what the
//! line has to show. Then each line is looked up among those of the thread that made the call, in order; every member
//! has to agree, and an argument that is not mentioned is an error, as is a row without a case. A new row's case goes
//! into the file of its topic:
//!
//! ```ignore
//! call!(c, "dup3", fd, 700, O_CLOEXEC).ok(args! { oldfd: fd, newfd: 700, flags: "O_CLOEXEC" });
//! call!(c, "dup3", fd, fd, 0).fails(EINVAL, args! { oldfd: fd, newfd: fd, flags: "0" });
//! ```
//!
//! A call that this architecture does not have is left out, and returns -1. `()` stands for null. What changes the process, or ends it, happens in a child ([`Caller::in_child`]).

#![expect(clippy::panic, reason = "a test fails by panicking")]

mod caller;
mod check;
mod desc;
mod edges;
mod file;
#[cfg(target_arch = "x86_64")]
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
    env::consts::ARCH,
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
};

use tests::{Capture, TempDir, leave_one, pin};

use self::{
    caller::{COMM, Caller, Expected},
    check::Wrong,
    listed::{UNSAFE, in_kernel},
};

/// Makes the calls of a topic.
type Cases = fn(&Caller);

/// The cases, by topic.
const TOPICS: &[(&str, Cases)] = &[
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
    #[cfg(target_arch = "x86_64")]
    ("i386", i386::cases),
    ("edges", edges::cases),
];

/// Runs cases in a thread of the name by which they are captured, on `cpu` if that is given.
fn as_cases<R: Send>(cpu: Option<usize>, cases: impl FnOnce(Caller) -> R + Send) -> R {
    let folder = TempDir::new();
    let run = || {
        if let Some(cpu) = cpu {
            pin(&[cpu]);
        }
        // SAFETY: the cases in this package pass addresses of memory that outlives the call, and what they do to the
        // process is undone by them or happens in a child.
        cases(unsafe { Caller::new(&folder) })
    };
    thread::scope(|scope| {
        let thread = thread::Builder::new().name(COMM.to_owned()).spawn_scoped(scope, run);
        thread.expect("a thread can be made").join().expect("cases that panic are caught")
    })
}

/// Runs all cases; the answer is what to expect, and which topics failed already.
fn run(caller: Caller) -> (Vec<Expected>, Vec<String>) {
    let mut failed = Vec::new();
    for (topic, cases) in TOPICS {
        let thrown = catch_unwind(AssertUnwindSafe(|| cases(&caller))).is_err();
        if caller.failed() || thrown {
            failed.push(format!("{topic}: a call did not do what its case expects of the kernel, see above"));
        }
    }
    (caller.into_expected(), failed)
}

#[test]
fn every_call_is_shown_as_it_was_made() {
    // A file takes everything. What a pipe's reader leaves is dropped, and it is slow where a machine is interpreted.
    let folder = TempDir::new();
    // Where tasks can be preempted inside the probe, the kernel keeps what others do on that CPU from it until they go on.
    let cpu = leave_one();
    let captured = Capture::all().comm(COMM).write(folder.join("events")).run(|| as_cases(cpu, run));
    let ledger = captured.ledger();
    assert!(ledger.closed, "the ledger is open: {}", captured.stderr());
    let dropped: u64 = ledger.agent.sink_dropped.values().sum();
    assert_eq!((ledger.total().lost(), dropped, ledger.agent.malformed), (0, 0, 0), "{}", captured.stderr());
    let (expected, failed) = captured.value();
    let Wrong { lines: mut wrong, absent } = check::all(expected, captured.lines());
    // Of which calls the kernel kept the probe is not known, only how often.
    if ledger.preemptible && absent.len() as u64 <= ledger.recursion_misses {
        println!("{} calls the kernel kept from the probe, of {} in all:", absent.len(), ledger.recursion_misses);
        for absent in &absent {
            println!("  {absent}");
        }
    } else {
        wrong.extend(absent);
    }

    let made: BTreeSet<_> = expected.iter().map(|one| (one.abi.as_str(), one.syscall.as_str())).collect();
    let (present, lacking): (Vec<_>, Vec<_>) = listed::rows().map(|row| row.name).partition(|row| in_kernel(row));
    let (exercised, rest): (Vec<_>, Vec<_>) = present.into_iter().partition(|row| made.contains(&(ARCH, *row)));
    let (listed, neither): (Vec<_>, Vec<_>) =
        rest.into_iter().partition(|row| UNSAFE.iter().any(|(listed, _)| listed == row));
    let called = lacking.iter().filter(|row| made.contains(&(ARCH, **row))).count();
    println!("{} rows of 64-bit callers: {} exercised", listed::rows().count(), exercised.len());
    println!("  {} listed as unsafe to call: {}", listed.len(), listed.join(", "));
    println!("  {} not in this kernel, which has no tracefs format of them: {}", lacking.len(), lacking.join(", "));
    println!("    {called} of these called all the same, their arguments compared");
    let compat_missing = listed::compat().filter(|row| !made.contains(&("i386", *row)));
    let compat_missing = compat_missing.map(|row| format!("{row}: no case makes it as a 32-bit caller"));
    let compat = made.iter().filter(|(abi, _)| *abi == "i386").count();
    println!("{compat} rows of 32-bit callers exercised");
    println!("{} calls compared", expected.len());

    // What tracefs does not describe must not be there, or the case is not about what it seems to be.
    let absent = |one: &&Expected| one.abi == ARCH && lacking.contains(&one.syscall.as_str());
    let there = expected.iter().filter(absent).filter(|one| one.ret != Some(-i64::from(libc::ENOSYS)));
    let there = there.map(|one| format!("{}: {}: tracefs has no format of what the kernel does", one.at, one.syscall));
    let neither = neither.iter().map(|row| format!("{row}: no case makes it, and listed.rs does not say why"));
    let problems: Vec<_> =
        failed.iter().chain(&wrong).cloned().chain(neither).chain(there).chain(compat_missing).collect();
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn the_snap_length_is_what_was_asked_for() {
    const LENGTHS: [usize; 4] = [0, 1, 4096, 32768];
    for length in LENGTHS {
        let capture = Capture::of(["write", "writev", "read"]).args(["--snaplen", &length.to_string()]);
        let captured = capture.comm(COMM).run(|| {
            as_cases(None, |caller| {
                edges::buffers(&caller, length);
                caller.into_expected()
            })
        });
        let Wrong { lines, absent } = check::all(captured.value(), captured.lines());
        let wrong = [lines, absent].concat();
        assert!(wrong.is_empty(), "with --snaplen {length}:\n{}", wrong.join("\n"));
    }
}

#[test]
fn what_is_listed_is_there_and_has_no_case() {
    for (name, why) in UNSAFE {
        assert!(listed::rows().any(|row| row.name == *name), "no row is called {name}, which is listed since {why}");
    }
}
