// SPDX-License-Identifier: Apache-2.0
//! The harness itself: what it sees, and how it fails.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    process::Command,
    thread,
};

use tests::{Capture, await_no_leftovers};

#[test]
fn a_call_of_this_thread_is_seen() {
    let captured = Capture::of(["openat"]).run(|| {
        thread::spawn(|| drop(fs::read("/other-thread"))).join().expect("it does not panic");
        drop(fs::read("/this-thread"));
    });
    let event = captured.expect(|e| e.arg("name") == "/this-thread");
    assert!(event.errno() == "ENOENT" && event.ret() == -2 && event.arg("dirfd") == -100);
    captured.expect_none(|e| e.arg("name") == "/other-thread");
    assert!(captured.ledger().closed);
    assert_eq!(captured.ledger().total().lost(), 0);
    await_no_leftovers();
}

#[test]
fn descendants_are_seen() {
    let captured = Capture::of(["execve", "openat"]).command(Command::new("sh").args(["-c", "cat /no-such-file; :"]));
    captured.expect(|e| e.is("execve") && e.arg("filename") == "/usr/bin/cat" && e.ret() == 0);
    captured.expect(|e| e.is("openat") && e.arg("name") == "/no-such-file");
    assert!(!captured.value().status.success() || captured.value().stdout.is_empty());
}

#[test]
fn a_failure_names_what_differs() {
    let captured = Capture::of(["openat"]).run(|| drop(fs::read("/harness-failure")));
    let failure = catch_unwind(AssertUnwindSafe(|| {
        captured.expect(|e| e.is("openat") && e.arg("name") == "/harness-failure" && e.ret() == 3);
    }))
    .expect_err("there is no such event");
    let text = failure.downcast_ref::<String>().expect("it has words");
    assert!(text.contains("ret: is -2, not 3") && text.contains("/harness-failure"), "{text}");
}

#[test]
fn threads_can_be_chosen_by_name() {
    let captured = Capture::of(["openat"]).comm("harness-comm").own_process().run(|| {
        let read = |name: &'static str| move || drop(fs::read(name));
        for (name, path) in [("harness-comm", "/chosen"), ("harness-else", "/left-out")] {
            let thread = thread::Builder::new().name(name.to_owned()).spawn(read(path));
            thread.expect("a thread can be made").join().expect("it does not panic");
        }
    });
    captured.expect(|e| e.arg("name") == "/chosen" && e.field("comm") == "harness-comm");
    captured.expect_none(|e| e.arg("name") == "/left-out");
}

#[test]
fn a_file_is_followed() {
    let folder = tests::TempDir::new();
    let captured = Capture::of(["openat"]).write(folder.join("events")).run(|| drop(fs::read("/in-a-file")));
    captured.expect(|e| e.arg("name") == "/in-a-file");
}

/// Elsewhere `tests/syscalls` has no case.
#[cfg(not(target_arch = "x86_64"))]
#[test]
#[ignore = "the cases of tests/syscalls make their calls by the registers of x86_64"]
fn every_call_is_shown_as_it_was_made() {}
