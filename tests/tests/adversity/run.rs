// SPDX-License-Identifier: Apache-2.0
//! What the tests here share of running the agent and of reading what it wrote.

use std::{
    ffi::OsStr,
    fs::File,
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use tests::{Captured, TempDir, await_no_leftovers, binary, lines, untold};

use crate::{
    agent::{Agent, Run},
    books::{closed, count, lost},
    load::Load,
};

/// Rounds of a known load: as many of each of its calls.
pub(crate) const ROUNDS: u64 = 500;

/// A load of [`ROUNDS`].
pub(crate) fn load() -> Load {
    Load::new(&["calls", &ROUNDS.to_string()])
}

/// A command that runs `script` with the agent as `"$0"`, in a mount namespace of its own.
pub(crate) fn in_mounts(script: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", script]).arg(binary());
    untold(command)
}

/// Starts the agent by `command`, which becomes it, with the events in a file.
pub(crate) fn launch(command: Command, args: &[&str]) -> Agent {
    let folder = TempDir::new();
    let events = File::create(folder.join("events")).expect("a file for events");
    Agent::launch(command, args, folder, events.into())
}

/// What a run that ended wrote to its standard output.
pub(crate) fn events(run: &Run) -> Vec<Value> {
    lines(&run.folder.join("events"))
}

/// How often `syscall` is in `events`.
pub(crate) fn times(events: &[Value], syscall: &str) -> u64 {
    events.iter().filter(|event| event["syscall"] == syscall).count() as u64
}

/// The ledger of a run that is to close, of a load of [`ROUNDS`] that is to be in it.
pub(crate) fn complete(run: &Run) -> Value {
    let ledger = closed(run);
    let account = &ledger["syscalls"]["getppid"];
    let accounted = count(account, "sent") + lost(account);
    assert!(accounted >= ROUNDS, "{ROUNDS} calls were made, {accounted} are accounted for: {account}");
    ledger
}

/// What holds of every run of [`Agent`], of one whose end was not seen from here.
pub(crate) fn ended_well<R>(captured: &Captured<R>) {
    assert!(captured.ledger().closed, "{}", captured.stderr());
    assert!(!captured.stderr().contains("panicked"), "{}", captured.stderr());
    await_no_leftovers();
}

/// Runs `command` to its end: it must refuse in one line that has all of `words`, and exit with 1.
pub(crate) fn refuses<S: AsRef<OsStr>>(mut command: Command, args: &[S], words: &[&str]) {
    let Output { status, stderr, stdout } = command.args(args).stdin(Stdio::null()).output().expect("it runs");
    let said = String::from_utf8_lossy(&stderr);
    let error: Vec<_> = said.lines().filter(|line| !line.contains(" WARN ")).collect();
    assert!(status.code() == Some(1) && error.len() == 1 && stdout.is_empty(), "{status}: {said}");
    for word in words {
        assert!(error[0].starts_with("lanner: ") && error[0].contains(word), "`{word}` is not said: {said}");
    }
}
