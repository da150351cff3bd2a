// SPDX-License-Identifier: Apache-2.0
//! Processes in number: the program `crowd.c`.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use tests::{TempDir, compile};

/// A crowd that waits for its start.
#[derive(Debug)]
pub(crate) struct Crowd {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

/// Starts one.
pub(crate) fn start(folder: &TempDir, args: &[&str]) -> Crowd {
    let program = folder.join("crowd");
    if !program.exists() {
        let _ = compile::c(folder.path(), "crowd", include_str!("crowd.c"), &["-static"]);
    }
    let mut child = Command::new(&program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the crowd starts");
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take().expect("piped"));
    Crowd { child, stdin, stdout: BufReader::new(stdout) }
}

impl Crowd {
    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Lets it begin.
    pub(crate) fn go(&mut self) {
        self.stdin.as_mut().expect("it is open").write_all(b"\n").expect("the crowd waits for a line");
    }

    /// Waits until it says how many it made.
    pub(crate) fn answer(&mut self) -> u64 {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("the crowd says what it did");
        line.trim().parse().unwrap_or_else(|error| panic!("the crowd failed: {error}: {line}"))
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        // Those that sleep until the input ends do now; those that don't are given up.
        drop(self.stdin.take());
        let _ = self.child.wait();
    }
}
