// SPDX-License-Identifier: Apache-2.0
//! Ends builds that are under way when this program is told to stop. What they have started goes with them, and so do
//! their folders: a signal to this program alone reaches neither.

use std::{
    io::{self, Read},
    os::unix::process::CommandExt as _,
    process::{Command, ExitStatus},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use rustix::{
    io::retry_on_intr,
    process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid},
};
use tokio::{
    runtime,
    signal::unix::{SignalKind, signal},
    sync::oneshot,
};

/// Bytes that are kept of what a tool says.
const MAX_SAID: u64 = 64 << 10;

/// The builds of this process.
static HERE: Builds = Builds::new();

/// Ends every build of this process, and lets none begin; returns when their folders are gone.
pub fn stop() {
    HERE.stop();
}

/// Whether that has happened.
#[must_use]
pub fn is_stopped() -> bool {
    HERE.underway().stopped
}

/// Does `work`, a build, which a signal ends.
pub(super) fn until_a_signal<T>(work: impl FnOnce() -> T) -> io::Result<T> {
    let runtime = runtime::Builder::new_current_thread().enable_io().build()?;
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let [mut interrupt, mut terminate, mut hangup] = {
        let _inside = runtime.enter();
        let [interrupt, terminate, hangup] = kinds.map(signal);
        [interrupt?, terminate?, hangup?]
    };
    let (done, ended) = oneshot::channel::<()>();
    thread::scope(|scope| {
        let listening = thread::Builder::new().name("lanner-signals".to_owned());
        listening.spawn_scoped(scope, move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = ended => {}
                    _ = interrupt.recv() => stop(),
                    _ = terminate.recv() => stop(),
                    _ = hangup.recv() => stop(),
                }
            });
        })?;
        let result = work();
        drop(done);
        Ok(result)
    })
}

/// Builds that end together.
#[derive(Debug)]
struct Builds {
    underway: Mutex<Underway>,
    /// A build has ended.
    ended: Condvar,
}

#[derive(Debug)]
struct Underway {
    builds: usize,
    /// The groups of processes that they have started.
    groups: Vec<Pid>,
    stopped: bool,
}

impl Builds {
    const fn new() -> Self {
        let underway = Underway { builds: 0, groups: Vec::new(), stopped: false };
        Self { underway: Mutex::new(underway), ended: Condvar::new() }
    }

    fn underway(&self) -> MutexGuard<'_, Underway> {
        // Numbers and ids are right at any time.
        self.underway.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self) -> Option<Build<'_>> {
        let mut underway = self.underway();
        if underway.stopped {
            return None;
        }
        underway.builds += 1;
        Some(Build(self))
    }

    fn stop(&self) {
        let mut underway = self.underway();
        underway.stopped = true;
        for group in &underway.groups {
            // It may just have ended.
            let _ = kill_process_group(*group, Signal::KILL);
        }
        while underway.builds > 0 {
            underway = self.ended.wait(underway).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// A build, from before its folder is made until after it is gone.
#[derive(Debug)]
pub(super) struct Build<'a>(&'a Builds);

impl Build<'_> {
    /// A new one of this process; `None` when that is about to end.
    pub(super) fn begin() -> Option<Self> {
        HERE.begin()
    }

    /// Whether it has to end.
    pub(super) fn is_stopped(&self) -> bool {
        self.0.underway().stopped
    }

    /// Runs `command` to its end, which [`stop`] brings about sooner; returns the end of what it said on stderr, if that is
    /// piped.
    pub(super) fn run(&self, command: &mut Command) -> io::Result<(ExitStatus, Vec<u8>)> {
        let mut underway = self.0.underway();
        if underway.stopped {
            return Err(io::ErrorKind::Interrupted.into());
        }
        // A group of its own, which has whatever it starts, too.
        let mut child = command.process_group(0).spawn()?;
        let group = Pid::from_child(&child);
        underway.groups.push(group);
        drop(underway);

        let said = child.stderr.take().map_or_else(|| Ok(Vec::new()), the_end);
        // Its id stays its own until `wait`, so that nobody else's processes are ended.
        let ended = retry_on_intr(|| waitid(WaitId::Pid(group), WaitIdOptions::EXITED.union(WaitIdOptions::NOWAIT)));
        self.0.underway().groups.retain(|one| *one != group);
        let status = child.wait()?;
        ended?;
        Ok((status, said?))
    }
}

/// Reads all there is, and keeps the last [`MAX_SAID`] bytes.
fn the_end(mut from: impl Read) -> io::Result<Vec<u8>> {
    let mut end = Vec::new();
    while from.by_ref().take(MAX_SAID).read_to_end(&mut end)? > 0 {
        end.drain(..end.len().saturating_sub(MAX_SAID as usize));
    }
    Ok(end)
}

impl Drop for Build<'_> {
    fn drop(&mut self) {
        self.0.underway().builds -= 1;
        self.0.ended.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead as _, BufReader},
        os::unix::process::ExitStatusExt as _,
        process::Stdio,
    };

    use super::*;

    #[test]
    fn what_a_build_has_started_ends_with_it() {
        let builds = Builds::new();
        let (reader, writer) = io::pipe().expect("a pipe");
        thread::scope(|scope| {
            let build = builds.begin().expect("nobody has stopped it");
            let running = scope.spawn(move || {
                let mut command = Command::new("sh");
                // A shell, and what it has started: both hold the pipe.
                command.args(["-c", "sleep 600 & echo started; wait"]).stdout(writer).stderr(Stdio::null());
                let (status, _) = build.run(&mut command).expect("it runs");
                (status, build.is_stopped())
            });
            let mut lines = BufReader::new(reader).lines();
            assert_eq!(lines.next().expect("a line").expect("text"), "started");
            builds.stop();
            assert!(lines.next().is_none(), "nobody is left who could write");
            let (status, stopped) = running.join().expect("a result");
            assert_eq!((status.signal(), stopped), (Some(9), true));
        });
        assert!(builds.begin().is_none(), "it begins after the end");
        assert!(builds.underway().groups.is_empty());
    }

    #[test]
    fn of_much_the_end_is_kept() {
        let much: Vec<u8> = (0..3 * MAX_SAID as u32 / 2).map(|n| (n % 251) as u8).collect();
        assert_eq!(the_end(much.as_slice()).expect("words"), much[much.len() - MAX_SAID as usize..]);
        assert_eq!(the_end(&much[..1000]).expect("words"), much[..1000]);
        assert!(the_end(&b""[..]).expect("words").is_empty());
    }

    #[test]
    fn what_is_said_is_kept() {
        let builds = Builds::new();
        let build = builds.begin().expect("nobody has stopped it");
        let mut command = Command::new("sh");
        command.args(["-c", "echo why >&2; exit 7"]).stderr(Stdio::piped());
        let (status, said) = build.run(&mut command).expect("it runs");
        assert_eq!((status.code(), said.as_slice()), (Some(7), &b"why\n"[..]));
        assert!(build.run(&mut Command::new("/nonexistent")).is_err());
        drop(build);
        builds.stop();
    }
}
