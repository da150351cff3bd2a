// SPDX-License-Identifier: Apache-2.0
//! The log, on the standard error. Whoever reads it may be slow, or gone: that must neither end nor hold up a capture, so that
//! a line that can't be written is left out, and how many were is said when it works again.

use std::{
    io::{self, Write},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    stdio,
};
use tracing_subscriber::{filter::LevelFilter, util::SubscriberInitExt as _};

use crate::host;

/// How long a reader is waited for before the first line that is left out.
const PATIENCE: Duration = Duration::from_millis(200);
/// A pipe that says it is ready takes as much as this at once:
/// <https://man7.org/linux/man-pages/man7/pipe.7.html>
const AT_ONCE: usize = 4096;

/// Held by whoever writes, so that lines stay whole.
static TURN: Mutex<()> = Mutex::new(());
/// Lines left out since the last that was written.
static LEFT_OUT: AtomicU64 = AtomicU64::new(0);

/// Starts the log: what is at `level` or worse is written.
pub fn start(level: LevelFilter) {
    let terminal = io::IsTerminal::is_terminal(&io::stderr());
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(|| Stderr)
        .with_ansi(host::colour(terminal))
        .with_target(false)
        // Where the log can't be written, that can't be said either.
        .log_internal_errors(false)
        .finish();
    // Fails only when a log was started before, which nothing here does.
    let _ = subscriber.try_init();
}

/// The standard error, as far as it takes what is written without waiting long.
#[derive(Clone, Copy, Debug)]
pub struct Stderr;

impl Write for Stderr {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let left_out = LEFT_OUT.load(Ordering::Relaxed);
        // Once is enough: a reader that sleeps must not cost the time of each line.
        let patience = if left_out == 0 { PATIENCE } else { Duration::ZERO };
        let note = format!("lanner: {left_out} lines of the log were left out here: they could not be written\n");
        if (left_out == 0 || written(note.as_bytes(), patience)) && written(buf, patience) {
            LEFT_OUT.store(0, Ordering::Relaxed);
        } else {
            LEFT_OUT.store(left_out + 1, Ordering::Relaxed);
        }
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether the standard error takes something within `patience`.
fn ready(patience: Duration) -> bool {
    let stderr = stdio::stderr();
    let mut fds = [PollFd::new(&stderr, PollFlags::OUT)];
    let timeout = Timespec { tv_sec: 0, tv_nsec: patience.subsec_nanos().into() };
    // What can't be asked (an interrupted call) is taken for ready: the write will tell.
    !matches!(poll(&mut fds, Some(&timeout)), Ok(0))
}

/// Writes `line`, waiting for `patience` wherever it is cut; whether all of it was written.
fn written(mut line: &[u8], patience: Duration) -> bool {
    while !line.is_empty() {
        if !ready(patience) {
            return false;
        }
        match rustix::io::write(stdio::stderr(), line.get(..AT_ONCE).unwrap_or(line)) {
            Ok(n) if n > 0 => line = line.get(n..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Ok(_) | Err(_) => return false,
        }
    }
    true
}
