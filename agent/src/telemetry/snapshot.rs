// SPDX-License-Identifier: Apache-2.0
//! The state of the agent at one moment, as plain data.

use std::time::{Duration, Instant, SystemTime};

use agent_common::{
    ledger::{Counter, NRS, Reason, SLOTS, Slot},
    schema::Abi,
};

use super::{
    histogram::Reading,
    history::{Beat, HEARTBEATS},
    kubernetes::Pods,
    own::Own,
};
use crate::{
    ledger::{AgentAccount, CpuAccount},
    metadata::{self, MetadataAccount, kubernetes::KubernetesStats},
    probe::{Probe, ProbeError, levels::RingLevel, runs::Runs},
    stats::Stats,
};

/// What snapshots are taken of, beside the probe.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// The agent's counters.
    pub stats: &'a Stats,
    /// What the tables count; `None` when none are kept.
    pub tables: Option<&'a metadata::Counters>,
    /// What is counted of the API server; `None` when none is asked.
    pub kubernetes: Option<&'a KubernetesStats>,
    /// The name of the output.
    pub output: &'static str,
}

/// Containers that a runtime was asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lookups {
    pub(super) asked: u64,
    pub(super) resolved: u64,
}

/// What there is of the probe's programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Programs {
    pub(super) loaded: u64,
    /// Instructions that the verifier looked at.
    pub(super) verified: u64,
    /// Bytes of machine code.
    pub(super) machine_code: u64,
}

/// The state of the agent at one moment.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    /// When it was taken.
    pub(super) time: SystemTime,
    /// How long that took.
    pub(super) took: Duration,
    /// The accounts of the CPUs that have seen a call.
    pub(super) cpus: Vec<CpuAccount>,
    /// The slots that have seen something, all CPUs together.
    pub(super) slots: Vec<(u32, Slot)>,
    /// What the agent did with the events of each slot: refused, and kept.
    pub(super) decided: Vec<(u32, [u64; 2])>,
    /// The agent's half of the ledger.
    pub(super) agent: AgentAccount,
    /// Events that were handed to the output.
    pub(super) queued: u64,
    /// The rings, in the order of CPU numbers.
    pub(super) rings: Vec<RingLevel>,
    /// How long the stages took.
    pub(super) stages: [(&'static str, Reading); 5],
    pub(super) tables: Option<MetadataAccount>,
    pub(super) lookups: Option<Lookups>,
    pub(super) pods: Option<Pods>,
    pub(super) own: Option<Own>,
    pub(super) programs: Programs,
    pub(super) runs: Vec<Runs>,
}

/// Takes a snapshot, and makes the calls by which the next one knows that the probe sees calls.
///
/// It costs a system call and 0.3 ms for each CPU that the machine may have, for its thousand counters (measured on a
/// virtual machine).
///
/// # Errors
/// When the probe's counters can't be read.
pub(super) fn take(probe: &Probe, sources: &Sources<'_>) -> Result<(Snapshot, Beat), ProbeError> {
    let (began, stats) = (Instant::now(), sources.stats);
    let mut cpus: Vec<CpuAccount> = Vec::new();
    let mut sums = vec![Slot::default(); SLOTS as usize];
    probe.counters().read(|cpu, slot, counters| {
        if cpus.last().is_none_or(|last| last.cpu != cpu) {
            cpus.push(CpuAccount::new(cpu));
        }
        if let Some(last) = cpus.last_mut() {
            last.add(slot, &counters);
        }
        for (sum, counter) in sums.get_mut(slot as usize).into_iter().flatten().zip(counters) {
            *sum += counter;
        }
    })?;
    let seen = |slot: u32| sums.get(slot as usize).map_or(0, |slot| slot[Counter::Seen as usize]);
    let heartbeats = seen(Abi::Native as u32 * NRS + libc::SYS_getppid as u32);
    let agent = AgentAccount::collect(stats, sources.output);
    let mut snapshot = Snapshot {
        time: SystemTime::now(),
        took: Duration::ZERO,
        cpus,
        slots: (0..).zip(sums).filter(|(_, slot)| slot.iter().any(|n| *n > 0)).collect(),
        decided: stats
            .by_slot
            .iter()
            .map(|(slot, refused, kept)| (slot, [refused, kept]))
            .filter(|(_, counts)| *counts != [0; 2])
            .collect(),
        agent,
        queued: stats.queued.get(),
        rings: probe.levels().take().collect(),
        stages: stats.stages.read(),
        tables: sources.tables.map(MetadataAccount::collect),
        lookups: sources.tables.map(|tables| Lookups {
            asked: tables.containers.lookups.get(),
            resolved: tables.containers.resolved.get(),
        }),
        pods: sources.kubernetes.map(Pods::read),
        own: Own::read(),
        programs: programs(probe),
        runs: probe.runs(),
    };
    let beat = beat(&snapshot, heartbeats);
    for _ in 0..HEARTBEATS {
        let _ = rustix::process::getppid();
    }
    snapshot.took = began.elapsed();
    Ok((snapshot, beat))
}

fn programs(probe: &Probe) -> Programs {
    let programs = probe.programs();
    Programs {
        loaded: programs.len() as u64,
        verified: programs.iter().filter_map(|program| program.verified).map(u64::from).sum(),
        machine_code: programs.iter().map(|program| u64::from(program.jited)).sum(),
    }
}

/// What readiness is judged by.
fn beat(snapshot: &Snapshot, heartbeats: u64) -> Beat {
    let agent = &snapshot.agent;
    let dropped = agent.sink_dropped.values().sum();
    let mut beat = Beat {
        at: Duration::ZERO,
        heartbeats,
        sent: 0,
        lost: [0; Reason::ALL.len()],
        shed: 0,
        drained: agent.drained,
        decoded: agent.decoded + agent.malformed,
        queued: snapshot.queued,
        dropped,
        settled: agent.delivered + dropped,
    };
    for (_, slot) in &snapshot.slots {
        beat.sent += slot[Counter::Sent as usize];
        beat.shed += slot[Counter::Shed as usize];
        for reason in Reason::ALL {
            beat.lost[reason as usize] += slot[Counter::Lost as usize + reason as usize];
        }
    }
    beat
}
