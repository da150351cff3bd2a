// SPDX-License-Identifier: Apache-2.0
//! The load program, as the tests start it.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// A load that waits for its start.
pub(crate) struct Load {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Load {
    /// Starts it with `args`.
    pub(crate) fn new(args: &[&str]) -> Self {
        Self::of(Command::new(env!("CARGO_BIN_EXE_load")), args)
    }

    /// As [`Self::new`], of another copy or user.
    pub(crate) fn of(mut command: Command, args: &[&str]) -> Self {
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the load starts");
        let (stdin, stdout) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        Self { child, stdin, stdout: BufReader::new(stdout) }
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its process id, as an argument.
    pub(crate) fn pid(&self) -> String {
        self.id().to_string()
    }

    /// Lets it begin.
    pub(crate) fn go(&mut self) {
        self.stdin.write_all(b"\n").expect("the load waits for a line");
    }

    /// Waits until it says what it did.
    pub(crate) fn answer(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("the load says what it did");
        line.trim().to_owned()
    }

    /// Waits until it is done: how many rounds it made.
    pub(crate) fn rounds(mut self) -> u64 {
        let answer = self.answer();
        assert!(self.child.wait().expect("the load ends").success(), "the load failed");
        answer.parse().unwrap_or_else(|error| panic!("{error}: {answer}"))
    }

    /// Lets it begin and waits until it is done.
    pub(crate) fn complete(mut self) -> u64 {
        self.go();
        self.rounds()
    }
}
