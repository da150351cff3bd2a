// SPDX-License-Identifier: Apache-2.0
//! Reading what a running agent writes.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use serde_json::Value;

use super::event::Event;

/// The lines of a file that was written, each one JSON.
///
/// # Panics
/// When it can't be read, or a line is not JSON.
#[must_use]
pub fn lines(path: &Path) -> Vec<Value> {
    let lines = BufReader::new(File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))).lines();
    lines
        .map(|line| {
            let line = line.expect("UTF-8");
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("{}: {error}: {line}", path.display()))
        })
        .collect()
}

/// Lines that have come so far.
#[derive(Debug, Default)]
pub(super) struct Lines {
    events: Mutex<Vec<Event>>,
    came: Condvar,
    ended: AtomicBool,
}

impl Lines {
    fn lock(&self) -> MutexGuard<'_, Vec<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: &str) {
        let json = serde_json::from_str(line).unwrap_or_else(|error| Value::from(format!("not JSON: {error}: {line}")));
        self.lock().push(Event::new(json));
    }

    /// Wakes who waits for lines. Not for each line: waking and waiting are calls, which are captured too.
    fn wake(&self) {
        self.came.notify_all();
    }

    /// Looks for an event among the lines from `from` on, waiting for more for at most `patience`. What it found, and
    /// where to look next.
    pub(super) fn find<T>(
        &self,
        from: usize,
        patience: Duration,
        mut pick: impl FnMut(&Event) -> Option<T>,
    ) -> (Option<T>, usize) {
        let (mut events, mut from) = (self.lock(), from);
        loop {
            while let Some(event) = events.get(from) {
                from += 1;
                if let Some(found) = pick(event) {
                    return (Some(found), from);
                }
            }
            let (guard, timeout) = self.came.wait_timeout(events, patience).unwrap_or_else(PoisonError::into_inner);
            events = guard;
            if timeout.timed_out() && events.len() <= from {
                return (None, from);
            }
        }
    }

    /// All of them.
    pub(super) fn take(&self) -> Vec<Event> {
        std::mem::take(&mut self.lock())
    }

    /// Says that the writer ended: what is not there now never will be.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Release);
    }
}

/// Reads lines from a pipe until it closes.
pub(super) fn follow_pipe(pipe: impl Read + Send + 'static) -> (Arc<Lines>, JoinHandle<()>) {
    let lines = Arc::new(Lines::default());
    let ours = Arc::clone(&lines);
    let reader = thread::spawn(move || {
        let mut pipe = BufReader::with_capacity(1 << 16, pipe);
        let mut line = String::new();
        while pipe.read_line(&mut line).is_ok_and(|n| n > 0) {
            ours.push(line.trim_end());
            line.clear();
            if pipe.buffer().is_empty() {
                ours.wake();
            }
        }
        ours.wake();
    });
    (lines, reader)
}

/// Reads lines from a file that grows, and from the one that takes its name when it is rotated, until
/// [`Lines::end`] and the end of the file.
pub(super) fn follow_file(path: PathBuf) -> (Arc<Lines>, JoinHandle<()>) {
    let lines = Arc::new(Lines::default());
    let ours = Arc::clone(&lines);
    let reader = thread::spawn(move || {
        let (mut file, mut line) = (None, String::new());
        loop {
            // Before the attempt to read: what was written before the end is read after it.
            let ended = ours.ended.load(Ordering::Acquire);
            let Some(open) = &mut file else {
                file = File::open(&path).ok().map(BufReader::new);
                if file.is_none() {
                    if ended {
                        return;
                    }
                    pause();
                }
                continue;
            };
            if open.read_line(&mut line).is_ok_and(|n| n > 0) {
                if line.ends_with('\n') {
                    ours.push(line.trim_end());
                    line.clear();
                    if open.buffer().is_empty() {
                        ours.wake();
                    }
                }
            } else if rotated(&path, open.get_ref()) {
                file = None;
            } else if ended {
                return;
            } else {
                pause();
            }
        }
    });
    (lines, reader)
}

/// Whether the name stands for another file by now.
fn rotated(path: &Path, file: &File) -> bool {
    match (path.metadata(), file.metadata()) {
        (Ok(path), Ok(file)) => path.ino() != file.ino(),
        _ => false,
    }
}

/// Between two looks at a file, which can't be waited for.
fn pause() {
    thread::park_timeout(Duration::from_millis(2));
}
