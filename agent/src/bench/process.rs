// SPDX-License-Identifier: Apache-2.0
//! Processes that a run starts: targets and loads. Each is ended, with its group, when it is dropped.

use std::{
    io::{BufRead as _, BufReader, Read, Write as _},
    os::unix::process::CommandExt as _,
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use crossbeam_channel::{Receiver, Select, Sender, bounded};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::stop::Stop;

/// Lines that are kept for an error.
const KEPT: usize = 8;
/// Lines that wait for being looked at; what comes beyond is thrown away, since a tool may write without end.
const WAITING: usize = 1024;
/// Bytes after which a line is taken to end.
const LONGEST: u64 = 4096;

/// What came of waiting for a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// A line.
    Line(String),
    /// Nothing will come any more.
    End,
    /// Nothing came in time.
    Late,
}

/// A running process.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    /// What it wrote last.
    said: Vec<String>,
    what: String,
    ended: bool,
}

impl Process {
    /// Starts `command` in a group of its own. Lines of every stream that is piped are read.
    pub(super) fn start(command: &mut Command, what: &str) -> Result<Self> {
        let spawned = command.process_group(0).spawn();
        let mut child = spawned.with_context(|| format!("can't start {what}"))?;
        let (tell, lines) = bounded(WAITING);
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        // From here on it is ended, whatever fails.
        let process = Self { child, stdin, lines, said: Vec::new(), what: what.to_owned(), ended: false };
        if let Some(stdout) = stdout {
            read(stdout, tell.clone())?;
        }
        if let Some(stderr) = stderr {
            read(stderr, tell)?;
        }
        Ok(process)
    }

    /// Its process id.
    pub(super) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Waits for a line of its own for at most `time`.
    pub(super) fn line(&mut self, stop: &Stop, time: Duration) -> Result<Heard> {
        let mut select = Select::new();
        let lines = select.recv(&self.lines);
        select.recv(stop.heard());
        let heard = match select.select_timeout(time) {
            Ok(ready) if ready.index() == lines => ready.recv(&self.lines).map_or(Heard::End, Heard::Line),
            Ok(ready) => {
                // It is only ever disconnected.
                let _ = ready.recv(stop.heard());
                stop.pause(Duration::ZERO)?;
                Heard::Late
            }
            Err(_timeout) => Heard::Late,
        };
        if let Heard::Line(line) = &heard {
            if self.said.len() == KEPT {
                self.said.remove(0);
            }
            self.said.push(line.clone());
        }
        Ok(heard)
    }

    /// Waits for a line in which `wanted` is. It looks every millisecond: an agent that waits for its first event sees these
    /// calls.
    pub(super) fn until(&mut self, wanted: &str, stop: &Stop, time: Duration) -> Result<()> {
        let deadline = Instant::now() + time;
        loop {
            match self.line(stop, Duration::from_millis(1))? {
                Heard::Line(line) if line.contains(wanted) => return Ok(()),
                Heard::Line(_) => {}
                Heard::End => bail!("{} ended before it was ready:\n{}", self.what, self.said.join("\n")),
                Heard::Late if Instant::now() < deadline => {}
                Heard::Late => {
                    bail!("{} was not ready after {} s:\n{}", self.what, time.as_secs(), self.said.join("\n"))
                }
            }
        }
    }

    /// Writes a line to it.
    pub(super) fn tell(&mut self, line: &str) -> Result<()> {
        let stdin = self.stdin.as_mut().context("its input is not piped")?;
        writeln!(stdin, "{line}").with_context(|| format!("{} has ended", self.what))
    }

    /// Tells it to end, and waits until it has, for at most `time`.
    pub(super) fn stop(mut self, stop: &Stop, time: Duration) -> Result<ExitStatus> {
        // It may just have ended.
        let _ = kill_process(self.pid(), Signal::TERM);
        self.finish(stop, time)
    }

    /// As [`Self::stop`], of all that it has started.
    pub(super) fn stop_group(mut self, stop: &Stop, time: Duration) -> Result<ExitStatus> {
        let _ = kill_process_group(self.pid(), Signal::TERM);
        let status = self.finish(stop, time)?;
        // Those that it has left behind.
        let _ = kill_process_group(self.pid(), Signal::KILL);
        Ok(status)
    }

    fn finish(&mut self, stop: &Stop, time: Duration) -> Result<ExitStatus> {
        let deadline = Instant::now() + time;
        // Its streams are closed at its end, or before; somebody else may hold them longer.
        loop {
            if let Some(status) = self.child.try_wait()? {
                self.ended = true;
                return Ok(status);
            }
            if Instant::now() >= deadline {
                bail!("{} did not end {} s after SIGTERM", self.what, time.as_secs());
            }
            if self.line(stop, Duration::from_millis(5))? == Heard::End {
                stop.pause(Duration::from_millis(1))?;
            }
        }
    }

    /// Whether it still runs; how it ended is the error.
    pub(super) fn alive(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => {
                self.ended = true;
                bail!("{status}")
            }
        }
    }

    /// What it wrote last.
    pub(super) fn said(&self) -> String {
        self.said.join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.ended {
            let _ = kill_process_group(self.pid(), Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

/// Hands on the lines of a stream until its end.
fn read(stream: impl Read + Send + 'static, tell: Sender<String>) -> Result<()> {
    let reader = thread::Builder::new().name("lanner-lines".to_owned());
    reader
        .spawn(move || {
            let mut stream = BufReader::new(stream);
            let mut line = Vec::new();
            while stream.by_ref().take(LONGEST).read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                // Where nobody listens it is read all the same, so that the writer does not wait.
                let _ = tell.try_send(String::from_utf8_lossy(&line).trim_end().to_owned());
                line.clear();
            }
        })
        .context("can't start a thread")?;
    Ok(())
}

/// A command whose input is nothing, and neither are its streams.
pub(super) fn quiet(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}
