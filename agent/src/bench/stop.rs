// SPDX-License-Identifier: Apache-2.0
//! A signal ends a run in order: what was attached is detached, what was started is ended, what was written is removed.

use std::{thread, time::Duration};

use anyhow::{Context as _, Result, bail};
use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
use tokio::{
    runtime,
    signal::unix::{SignalKind, signal},
    sync::oneshot,
};

/// What a run looks at before each step, and while it waits.
#[derive(Clone, Debug)]
pub(super) struct Stop {
    /// Disconnected by a signal.
    heard: Receiver<()>,
}

impl Stop {
    /// Lets time pass.
    ///
    /// # Errors
    /// When a signal came.
    pub(super) fn pause(&self, length: Duration) -> Result<()> {
        match self.heard.recv_timeout(length) {
            Err(RecvTimeoutError::Timeout) => Ok(()),
            Ok(()) | Err(RecvTimeoutError::Disconnected) => bail!("stopped by a signal; nothing is left behind"),
        }
    }

    /// Disconnected by a signal.
    pub(super) const fn heard(&self) -> &Receiver<()> {
        &self.heard
    }
}

/// Does `work`, which a signal ends.
pub(super) fn until_a_signal<T>(work: impl FnOnce(&Stop) -> Result<T>) -> Result<T> {
    let runtime = runtime::Builder::new_current_thread().enable_io().build().context("can't start tokio")?;
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup(), SignalKind::quit()];
    let [mut interrupt, mut terminate, mut hangup, mut quit] = {
        let _inside = runtime.enter();
        let [interrupt, terminate, hangup, quit] = kinds.map(signal);
        [interrupt?, terminate?, hangup?, quit?]
    };
    let (tell, heard) = bounded(0);
    let (done, ended) = oneshot::channel::<()>();
    thread::scope(|scope| {
        thread::Builder::new().name("lanner-signals".to_owned()).spawn_scoped(scope, move || {
            // Dropped by the first of them.
            let _tell = tell;
            runtime.block_on(async {
                tokio::select! {
                    _ = ended => {}
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                    _ = hangup.recv() => {}
                    _ = quit.recv() => {}
                }
            });
        })?;
        let result = work(&Stop { heard });
        drop(done);
        result
    })
}

#[cfg(test)]
mod tests {
    use rustix::process::{Signal, getpid, kill_process};

    use super::*;

    #[test]
    fn a_signal_ends_waiting() {
        let said = until_a_signal(|stop| {
            stop.pause(Duration::from_millis(1))?;
            // What builds, which other tests run, do not hear.
            kill_process(getpid(), Signal::QUIT)?;
            stop.pause(Duration::from_hours(1))
        });
        assert!(said.expect_err("a signal came").to_string().contains("signal"));
    }
}
