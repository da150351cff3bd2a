// SPDX-License-Identifier: Apache-2.0
//! A condition that is read again. Splitting a long one takes seconds, so that it is done beside the main loop, which goes
//! on answering signals meanwhile.

use std::{future, sync::Arc};

use anyhow::{Context as _, Result};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::filter::{active::Active, kernel::KernelFilter, wanted::Wanted};

/// What takes the place of the condition before.
#[derive(Debug)]
pub(super) struct Next {
    /// What was read.
    pub(super) wanted: Wanted,
    /// What the kernel does.
    pub(super) kernel: KernelFilter,
    /// What the agent does.
    pub(super) active: Arc<Active>,
}

/// The reading of a condition, if it is being read.
#[derive(Debug, Default)]
pub(super) struct Reread {
    reading: Option<JoinHandle<Result<Next>>>,
    /// Whether it was asked for once more meanwhile: the file may have changed since it was read.
    again: bool,
}

impl Reread {
    /// Has the file of `wanted` read.
    pub(super) fn ask(&mut self, wanted: &Wanted) {
        if self.reading.is_some() {
            self.again = true;
            return;
        }
        let wanted = wanted.clone();
        self.reading = Some(spawn_blocking(move || {
            let wanted = wanted.reread()?;
            let kernel = wanted.kernel();
            let active = wanted.active(&kernel);
            Ok(Next { wanted, kernel, active })
        }));
    }

    /// What was read, once it is. While nothing is being read this does not end.
    pub(super) async fn next(&mut self, wanted: &Wanted) -> Result<Next> {
        let Some(reading) = &mut self.reading else { return future::pending().await };
        let read = reading.await;
        self.reading = None;
        if std::mem::take(&mut self.again) {
            self.ask(wanted);
        }
        read.context("the thread that reads the condition failed")?
    }
}
