// SPDX-License-Identifier: Apache-2.0
//! Runs of the agent: started until it captures, stopped by a signal, its output read when it has ended.

use std::{
    fs,
    fs::File,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
};

use rustix::process::{Pid, Signal, kill_process};
use tests::{Footprint, TempDir, lanner};

use crate::wait::wait_for;

/// Lets one test at a time load the machine: each sees every syscall, those of its neighbours too.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A running agent. It is killed when the test fails before it stopped it.
#[derive(Debug)]
pub(crate) struct Agent {
    child: Child,
    folder: Option<TempDir>,
    footprint: Footprint,
}

/// What a run left.
#[derive(Debug)]
pub(crate) struct Run {
    /// How it ended.
    pub(crate) status: ExitStatus,
    /// Its standard error.
    pub(crate) stderr: String,
    /// Holds `events` and `ledger`, unless the run was told otherwise.
    pub(crate) folder: TempDir,
}

impl Agent {
    /// Starts the agent with `args`, its standard output in a file, and waits until it captures.
    pub(crate) fn start(args: &[&str]) -> Self {
        let folder = TempDir::new();
        let stdout = File::create(folder.join("events")).expect("a file for events");
        Self::start_to(args, folder, stdout.into())
    }

    /// As [`Self::start`], with the standard output in `stdout`.
    pub(crate) fn start_to(args: &[&str], folder: TempDir, stdout: Stdio) -> Self {
        Self::launch(lanner(), args, folder, stdout)
    }

    /// Starts the agent by a command that becomes it.
    pub(crate) fn launch(mut command: Command, args: &[&str], folder: TempDir, stdout: Stdio) -> Self {
        let stderr = File::create(folder.join("stderr")).expect("a file for the log");
        command.args(["--log-level", "info", "--ledger"]).arg(folder.join("ledger")).args(args);
        let footprint = Footprint::of(&mut command);
        let child = command.stdin(Stdio::null()).stdout(stdout).stderr(stderr).spawn().expect("the agent starts");
        let mut agent = Self { child, folder: Some(folder), footprint };
        wait_for("the agent captures", || {
            if agent.stderr().contains("capturing") {
                return Some(());
            }
            let ended = agent.child.try_wait().expect("a child to ask for");
            assert!(ended.is_none(), "the agent ended before it captured: {ended:?}\n{}", agent.stderr());
            None
        });
        agent.footprint.look();
        agent
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("a running agent");
    }

    /// What it has logged so far.
    pub(crate) fn stderr(&self) -> String {
        let folder = self.folder.as_ref().expect("it is taken at the end");
        fs::read_to_string(folder.join("stderr")).expect("the agent's log")
    }

    /// Waits until it ends by itself, and until nothing is left of it.
    pub(crate) fn finish(mut self) -> Run {
        let status = wait_for("the agent ends", || self.child.try_wait().expect("a child to wait for"));
        let stderr = self.stderr();
        assert!(!stderr.contains("panicked"), "the agent panicked:\n{stderr}");
        self.footprint.await_gone();
        let folder = self.folder.take().expect("it is taken once");
        Run { status, stderr, folder }
    }

    /// Tells it to end and waits for that.
    pub(crate) fn stop(self) -> Run {
        self.signal(Signal::TERM);
        self.finish()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // Both fail when it has ended, as it should have.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
