// SPDX-License-Identifier: Apache-2.0
//! Signals that end a capture. Every signal that would end the process without being a fault of its own does so in order:
//! whoever sends it, and why ever, what was captured is written and accounted for.

use anyhow::{Context as _, Result};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc,
};

/// What ends a process by default, besides faults and what can't be caught:
/// <https://man7.org/linux/man-pages/man7/signal.7.html>. SIGHUP may mean another thing.
const ENDING: [i32; 12] = [
    libc::SIGINT,
    libc::SIGTERM,
    libc::SIGQUIT,
    libc::SIGALRM,
    libc::SIGVTALRM,
    libc::SIGPROF,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGIO,
    libc::SIGPWR,
    libc::SIGSTKFLT,
    libc::SIGXCPU,
];

/// The signals that end a capture, from its making on.
#[derive(Debug)]
pub(super) struct Ending {
    heard: mpsc::Receiver<()>,
    /// A file that may not grow further is to the output what a full disk is, and does not end the process.
    _too_large: Signal,
}

impl Ending {
    /// Listens to them; to be called in the runtime.
    pub(super) fn listen() -> Result<Self> {
        // One is enough: a second signal while the first is answered asks for the same.
        let (tell, heard) = mpsc::channel(1);
        // The C library keeps those below to itself, and tokio has no place for the very last.
        for number in ENDING.into_iter().chain(libc::SIGRTMIN()..libc::SIGRTMAX()) {
            let mut coming = listen(number)?;
            let tell = tell.clone();
            tokio::spawn(async move {
                while coming.recv().await.is_some() {
                    let _ = tell.try_send(());
                }
            });
        }
        Ok(Self { heard, _too_large: listen(libc::SIGXFSZ)? })
    }

    /// Waits for one.
    pub(super) async fn recv(&mut self) {
        // The tasks that send live as long as the runtime.
        self.heard.recv().await;
    }
}

/// Has a signal caught from now on.
pub(super) fn listen(number: i32) -> Result<Signal> {
    signal(SignalKind::from_raw(number)).context("can't listen to signals")
}
