// SPDX-License-Identifier: Apache-2.0
//! A floor, and the thread that empties its ring, so that it never is full.

use std::{
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::{Context as _, Result};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::Bench;
use crate::probe::floor::{Floor, Kind};

/// How often the ring is emptied: in that time it does not fill, whatever happens.
const EVERY: Duration = Duration::from_millis(1);

/// An attached floor.
#[derive(Debug)]
pub(in crate::bench) struct Draining {
    /// Dropped to end it.
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<u64>>,
}

impl Draining {
    pub(super) fn start(kind: Kind, bench: &Bench<'_>) -> Result<Self> {
        let (end, ended) = bounded(0);
        let floor = Floor::attach(kind)?;
        let cpu = bench.spare_cpu();
        let thread = thread::Builder::new().name("lanner-floor".to_owned());
        let thread = thread.spawn(move || drain(floor, &ended, cpu)).context("can't start a thread")?;
        Ok(Self { end: Some(end), thread: Some(thread) })
    }

    /// Detaches it; says how many records there were.
    pub(super) fn stop(mut self) -> Result<u64> {
        drop(self.end.take());
        let thread = self.thread.take().context("it is taken once")?;
        thread.join().ok().context("the thread that reads the ring panicked: this is a bug in Lanner")
    }
}

impl Drop for Draining {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // Only for the floor to be gone.
            let _ = thread.join();
        }
    }
}

fn drain(mut floor: Floor, ended: &Receiver<()>, cpu: Option<usize>) -> u64 {
    if let Some(cpu) = cpu {
        // Beside the workload; where it may not choose, the kernel does.
        let _ = crate::bench::load::pin(cpu);
    }
    let mut records = 0;
    while ended.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
        records += floor.drain();
    }
    records + floor.drain()
}
