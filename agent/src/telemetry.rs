// SPDX-License-Identifier: Apache-2.0
//! What others may ask of the running agent: metrics, health, readiness, versions.
//!
//! The main loop takes a snapshot every second and puts it up; a server on a thread of its own shows the last one. No
//! request reaches the event path, makes a BPF call or waits for anything of the agent's.

mod board;
pub mod histogram;
mod history;
mod kubernetes;
mod listen;
mod metrics;
mod own;
mod pages;
mod ready;
mod server;
mod snapshot;
mod versions;

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::time::{Interval, MissedTickBehavior, interval};

use self::{
    board::{Board, Phase},
    history::History,
    ready::Policy,
    server::Server,
};
pub use self::{
    listen::{BadAddress, BadPercent, Listen, Percent},
    snapshot::Sources,
    versions::Features,
};
use crate::{cli, driver::Provenance, probe::Probe};

/// How often a snapshot is taken.
const PERIOD: Duration = Duration::from_secs(1);

/// The agent's telemetry. Dropped, it serves no more.
#[derive(Debug)]
pub struct Telemetry(Option<Served>);

#[derive(Debug)]
struct Served {
    server: Server,
    history: History,
    policy: Policy,
    /// Since when snapshots are taken.
    since: Option<Instant>,
}

impl Telemetry {
    /// Begins to serve, unless that is switched off. The agent is said to be starting.
    ///
    /// # Errors
    /// When the address that was asked for can't be had.
    pub fn start(args: &cli::Telemetry) -> Result<Self> {
        let Some(listener) = listen::bind(args.metrics_listen)? else { return Ok(Self(None)) };
        let server = Server::start(listener, Board::new())?;
        tracing::info!("metrics and health are served at http://{}", server.address());
        let policy = Policy { max_loss: args.max_loss, require_pods: args.require_k8s };
        Ok(Self(Some(Served { server, history: History::new(args.loss_window), policy, since: None })))
    }

    /// Says what the agent does before it captures.
    pub fn starting(&self, what: &'static str) {
        self.put_up(Phase::Starting(what));
    }

    /// Says that the run ends.
    pub fn stopping(&self) {
        self.put_up(Phase::Stopping);
    }

    fn put_up(&self, phase: Phase) {
        if let Some(served) = &self.0 {
            served.server.board().phase(phase);
        }
    }

    /// Says what the probe was loaded with.
    pub fn features(&self, features: Features) {
        if let Some(served) = &self.0 {
            served.server.board().features(features);
        }
    }

    /// Says where the probe is from.
    pub fn probe(&self, provenance: Provenance) {
        if let Some(served) = &self.0 {
            served.server.board().probe(provenance);
        }
    }

    /// When snapshots are to be taken. One that is late puts those after it off.
    #[must_use]
    pub fn ticks() -> Interval {
        let mut ticks = interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks
    }

    /// Takes a snapshot, judges it and puts it up. Does nothing when nothing is served.
    pub fn publish(&mut self, probe: &Probe, sources: &Sources<'_>) {
        let Some(served) = &mut self.0 else { return };
        match snapshot::take(probe, sources) {
            Ok((mut snapshot, mut beat)) => {
                beat.at = served.since.get_or_insert_with(Instant::now).elapsed();
                served.history.push(beat);
                served.history.peaks(&mut snapshot.rings);
                let verdict = ready::judge(&served.history, snapshot.pods.as_ref(), served.policy);
                served.server.board().put_up(snapshot, verdict);
            }
            // The next one may work; until then the last one grows old, which is seen.
            Err(error) => tracing::warn!("no snapshot for the metrics: {error}"),
        }
    }
}
