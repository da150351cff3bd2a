// SPDX-License-Identifier: Apache-2.0
//! This program as an agent: started as users start it, ended by SIGTERM, its ledger read.

use std::{
    collections::BTreeMap,
    env, fs,
    path::PathBuf,
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use rustix::process::Pid;
use serde::Deserialize;

use super::{Bench, PATIENCE};
use crate::bench::{process::Process, workload::Workload};

/// What it logs when it captures.
const CAPTURING: &str = "capturing";
/// It ends by itself if nobody is left to end it.
const LONGEST: &str = "15m";
/// How long it may take to start: on a busy machine the verifier takes its time.
const START: Duration = Duration::from_mins(1);

/// A running agent.
#[derive(Debug)]
pub(in crate::bench) struct Lanner {
    process: Process,
    ledger: PathBuf,
    begun: Instant,
}

impl Lanner {
    /// Starts it, and waits until it captures.
    pub(super) fn start(bench: &Bench<'_>, args: &[&str], workload: Workload) -> Result<Self> {
        let asked = ["--syscalls", workload.selected(), "--snaplen", workload.snaplen(), "--metrics-listen", "off"];
        let args: Vec<_> = asked.iter().chain(args).copied().collect();
        let mut lanner = Self::launch(bench, &args, Stdio::null())?;
        lanner.process.until(CAPTURING, bench.stop, START)?;
        Ok(lanner)
    }

    /// Starts it with its output in `stdout`.
    pub(in crate::bench) fn launch(bench: &Bench<'_>, args: &[&str], stdout: Stdio) -> Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let ledger = bench.folder.join(format!("ledger{}", NEXT.fetch_add(1, Ordering::Relaxed)));
        let mut command = Command::new("/proc/self/exe");
        for (name, _) in env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"LANNER_")) {
            command.env_remove(name);
        }
        command.args(["--log-level", "info", "--duration", LONGEST, "--ledger"]);
        command.arg(&ledger).args(args).stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped());
        let begun = Instant::now();
        let process = Process::start(&mut command, "the agent (/proc/self/exe)")?;
        Ok(Self { process, ledger, begun })
    }

    /// Its process id.
    pub(in crate::bench) fn pid(&self) -> Pid {
        self.process.pid()
    }

    /// Waits until it writes `wanted`; returns how long that took from its start on.
    pub(in crate::bench) fn until(&mut self, wanted: &str, bench: &Bench<'_>) -> Result<Duration> {
        self.process.until(wanted, bench.stop, START)?;
        Ok(self.begun.elapsed())
    }

    /// Ends it; returns its account, and how long it took to end.
    pub(in crate::bench) fn stop(self, bench: &Bench<'_>) -> Result<(Account, Duration)> {
        let Self { process, ledger, .. } = self;
        let asked = Instant::now();
        let status = process.stop(bench.stop, PATIENCE)?;
        let took = asked.elapsed();
        // A ledger that does not close is told, not an error of the run.
        ensure!(matches!(status.code(), Some(0 | 3)), "the agent failed: {status}");
        let text = fs::read(&ledger).with_context(|| format!("can't read {}", ledger.display()))?;
        let read: Ledger = serde_json::from_slice(&text).context("the agent's ledger")?;
        fs::remove_file(&ledger)?;
        Ok((read.account(), took))
    }
}

/// What became of the events of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::bench) struct Account {
    /// Events that were taken out of the rings.
    pub(in crate::bench) events: u64,
    /// Bytes that they, and the state records beside them, took.
    pub(in crate::bench) bytes: u64,
    /// Records that were lost, events that the output dropped.
    pub(in crate::bench) lost: u64,
    /// Events that there were, whatever became of them.
    pub(in crate::bench) all: u64,
    /// Events that were given up.
    pub(in crate::bench) shed: u64,
    /// Whether every sum agrees.
    pub(in crate::bench) closed: bool,
}

impl Account {
    /// Of a floor, which sends records of one size and counts nothing else.
    pub(super) fn of_records(records: u64) -> Self {
        let record = crate::probe::floor::RECORD as u64 + HEAD;
        Self { events: records, all: records, bytes: records * record, closed: true, ..Self::default() }
    }
}

/// What the kernel puts in front of each record.
const HEAD: u64 = 8;

/// The part of the ledger that is looked at.
#[derive(Debug, Deserialize)]
struct Ledger {
    cpus: Vec<Cpu>,
    agent: Agent,
    ring_bytes: u64,
    closed: bool,
}

#[derive(Debug, Deserialize)]
struct Cpu {
    shed: u64,
    lost: BTreeMap<String, u64>,
}

#[derive(Debug, Deserialize)]
struct Agent {
    filtered: u64,
    refused: u64,
    delivered: u64,
    sink_dropped: BTreeMap<String, u64>,
}

impl Ledger {
    fn account(&self) -> Account {
        let dropped: u64 = self.agent.sink_dropped.values().sum();
        let lost: u64 = self.cpus.iter().flat_map(|cpu| cpu.lost.values()).sum();
        let shed = self.cpus.iter().map(|cpu| cpu.shed).sum();
        let events = self.agent.filtered + self.agent.refused + self.agent.delivered + dropped;
        Account {
            events,
            bytes: self.ring_bytes,
            lost: lost + dropped,
            all: events + lost + shed,
            shed,
            closed: self.closed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_what_was_decided_and_losses_are_of_kernel_and_output() {
        let text = r#"{"cpus": [{"cpu": 0, "seen": 9, "shed": 2, "lost": {"ring_full": 3, "nested": 0}},
            {"cpu": 1, "seen": 9, "shed": 5, "lost": {"ring_full": 4, "nested": 1}}],
            "agent": {"decoded": 99, "state": 50, "filtered": 1, "refused": 10, "delivered": 100, "sink_dropped": {"stdout": 7}},
            "ring_bytes": 4096, "closed": true}"#;
        let ledger: Ledger = serde_json::from_str(text).expect("a ledger");
        assert_eq!(ledger.account(), Account { events: 118, bytes: 4096, lost: 15, all: 133, shed: 7, closed: true });
    }
}
