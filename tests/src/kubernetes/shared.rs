// SPDX-License-Identifier: Apache-2.0
//! What the server's connections share with who tells it what to do.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::watch;

use super::{
    cluster::Pods,
    fault::Script,
    traffic::{Asked, Traffic},
};

/// What connections share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) state: Mutex<State>,
    /// The version of the last change.
    pub(super) changed: watch::Sender<u64>,
    /// Changes when all watches are cut.
    pub(super) cut: watch::Sender<u64>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) pods: Pods,
    pub(super) script: Script,
    pub(super) token: Option<String>,
    pub(super) allowed: bool,
    pub(super) gzip: bool,
    pub(super) bookmark_every: Duration,
    pub(super) traffic: BTreeMap<String, Traffic>,
    pub(super) asked: Vec<Asked>,
}

impl Shared {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn pods<T>(&self, look: impl FnOnce(&Pods) -> T) -> T {
        look(&self.state().pods)
    }

    pub(super) fn count(&self, client: &str, count: impl FnOnce(&mut Traffic)) {
        count(self.state().traffic.entry(client.to_owned()).or_default());
    }

    pub(super) fn bookmark_every(&self) -> Duration {
        self.state().bookmark_every
    }

    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Pods) -> T) -> T {
        let mut state = self.state();
        let done = change(&mut state.pods);
        self.changed.send_replace(state.pods.version());
        done
    }
}
