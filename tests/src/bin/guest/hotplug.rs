// SPDX-License-Identifier: Apache-2.0
//! CPUs that go and come.

use std::{
    fs,
    sync::mpsc::{RecvTimeoutError, Sender, channel},
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::{Context as _, Result, anyhow};

/// The second CPU: the first one can't go.
const SWITCH: &str = "/sys/devices/system/cpu/cpu1/online";
/// How long it is there, or away.
const PERIOD: Duration = Duration::from_millis(300);

/// The second CPU goes and comes until this is stopped.
pub(crate) struct Hotplug {
    stop: Sender<()>,
    thread: JoinHandle<Result<u64>>,
}

impl Hotplug {
    /// Begins.
    pub(crate) fn start() -> Result<Self> {
        turn(false)?;
        turn(true)?;
        let (stop, stopped) = channel();
        let thread = thread::spawn(move || {
            let mut turns = 2;
            let mut online = true;
            while stopped.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
                online = !online;
                turn(online)?;
                turns += 1;
            }
            if !online {
                turn(true)?;
            }
            Ok(turns)
        });
        Ok(Self { stop, thread })
    }

    /// Ends; how often the CPU went or came.
    pub(crate) fn stop(self) -> Result<u64> {
        // It has ended by itself when that fails, with what the thread returns.
        let _ = self.stop.send(());
        self.thread.join().map_err(|_panic| anyhow!("the thread that turns CPUs on and off panicked"))?
    }
}

fn turn(online: bool) -> Result<()> {
    fs::write(SWITCH, if online { "1" } else { "0" })
        .with_context(|| format!("cannot turn CPU 1 {} by {SWITCH}", if online { "on" } else { "off" }))
}
