// SPDX-License-Identifier: Apache-2.0
//! Logs that nobody reads, or that have no room: capture goes on and ends as it should.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    process::Stdio,
};

use rustix::{
    fs::{OFlags, fcntl_setfl},
    process::{Pid, Signal, kill_process},
};
use serde_json::Value;
use tests::{Footprint, TempDir, lanner, lines};

use crate::{
    guard::Guard,
    run::{ROUNDS, load, times},
    wait::wait_for,
};

/// Captures with this standard error: all calls of a load must be there, and the ledger must close.
fn captures(stderr: impl Into<Stdio>) {
    let folder = TempDir::new();
    let (events, ledger) = (folder.join("events"), folder.join("ledger"));
    let mut command = lanner();
    command.args(["-o", "json", "--log-level", "info", "--comm", "load", "--syscalls", "getppid", "--ledger"]);
    command.arg(&ledger).stdin(Stdio::null()).stderr(stderr);
    command.stdout(File::create(&events).expect("a file for events"));
    let mut footprint = Footprint::of(&mut command);
    let mut agent = command.spawn().expect("it runs");
    drop(command);
    // It can't say when it is ready.
    wait_for("it captures", || {
        let ended = agent.try_wait().expect("a child");
        assert!(ended.is_none(), "it ended: {ended:?}");
        load().complete();
        (fs::metadata(&events).expect("a file").len() > 0).then_some(())
    });
    footprint.look();
    let load = load();
    let pid = load.id();
    assert_eq!(load.complete(), ROUNDS);
    kill_process(Pid::from_child(&agent), Signal::TERM).expect("a running agent");
    let status = wait_for("it ends", || agent.try_wait().expect("a child"));
    assert!(status.success(), "{status}");
    footprint.await_gone();
    let ledger: Value = serde_json::from_slice(&fs::read(ledger).expect("a ledger")).expect("JSON");
    assert_eq!(ledger["closed"], true, "{ledger}");
    let events: Vec<_> = lines(&events).into_iter().filter(|event| event["pid"] == pid).collect();
    assert_eq!(times(&events, "getppid"), ROUNDS);
}

#[test]
fn nobody_reads_it_any_more() {
    let _guard = Guard::new();
    let (reader, writer) = io::pipe().expect("a pipe");
    drop(reader);
    captures(writer);
}

#[test]
fn its_reader_sleeps() {
    let _guard = Guard::new();
    let (reader, mut writer) = io::pipe().expect("a pipe");
    fcntl_setfl(&writer, OFlags::NONBLOCK).expect("a pipe");
    while writer.write(b"in the way\n").is_ok() {}
    // The agent's end is a descriptor of the same file: it is to block.
    fcntl_setfl(&writer, OFlags::empty()).expect("a pipe");
    captures(writer);
    drop(reader);
}

#[test]
fn its_disk_is_full() {
    let _guard = Guard::new();
    captures(File::options().write(true).open("/dev/full").expect("/dev/full"));
}

#[test]
fn an_error_that_nobody_hears_is_an_exit_code() {
    let _guard = Guard::new();
    let full = || File::options().write(true).open("/dev/full").expect("/dev/full");
    for (args, code) in [(["--syscalls", "opnat"], 1), (["--write", "/nonexistent/x"], 1), (["--no-such", "x"], 2)] {
        let status = lanner().args(args).stderr(full()).status().expect("it runs");
        assert_eq!(status.code(), Some(code), "{args:?}");
    }
}
