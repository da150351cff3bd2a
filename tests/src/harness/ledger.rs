// SPDX-License-Identifier: Apache-2.0
//! The account of a run, as `--ledger FILE` writes it.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What became of the calls of one CPU, of one syscall, or of all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Account {
    /// Calls that reached the probe.
    pub seen: u64,
    /// Calls of the agent's own process tree.
    #[serde(rename = "self")]
    pub own: u64,
    /// Calls of syscalls that nobody asked for.
    pub filtered: u64,
    /// Calls that the kernel's part of the condition refused.
    pub refused: u64,
    /// Calls given up while a ring was filling.
    pub shed: u64,
    /// Records handed to a ring.
    pub sent: u64,
    /// Records lost, by reason.
    pub lost: BTreeMap<String, u64>,
}

impl Account {
    /// All losses together.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.values().sum()
    }

    /// Whether every call is accounted for.
    #[must_use]
    pub fn closes(&self) -> bool {
        self.seen == self.own + self.filtered + self.refused + self.shed + self.sent + self.lost()
    }

    fn add(&mut self, other: &Self) {
        self.seen += other.seen;
        self.own += other.own;
        self.filtered += other.filtered;
        self.refused += other.refused;
        self.shed += other.shed;
        self.sent += other.sent;
        for (reason, lost) in &other.lost {
            *self.lost.entry(reason.clone()).or_default() += lost;
        }
    }
}

/// One CPU's account.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CpuAccount {
    /// The CPU.
    pub cpu: u32,
    /// Its account.
    #[serde(flatten)]
    pub account: Account,
}

/// What became of the records that were sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct AgentAccount {
    /// Records taken out of the rings.
    pub drained: u64,
    /// Records that were events.
    pub decoded: u64,
    /// Records that were not.
    pub malformed: u64,
    /// Records of tasks, files and cgroups.
    pub state: u64,
    /// Events not wanted.
    pub filtered: u64,
    /// Events that the condition refused.
    pub refused: u64,
    /// Events written.
    pub delivered: u64,
    /// Events that an output could not take, by output.
    pub sink_dropped: BTreeMap<String, u64>,
    /// Events delivered out of order; part of `delivered`.
    pub late: u64,
    /// Losses by the sequence numbers in the records.
    pub sequence_gaps: u64,
    /// Calls that the output said were shed.
    pub shed_announced: u64,
}

/// What the condition did with the calls of a syscall.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Removed {
    /// Calls that the kernel's part refused.
    pub kernel: u64,
    /// Calls that the rest of it refused.
    pub userspace: u64,
    /// Calls that it kept.
    pub kept: u64,
}

/// The account of a run.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Ledger {
    /// By CPU.
    pub cpus: Vec<CpuAccount>,
    /// By syscall; those of 32-bit callers end in `@i386`.
    pub syscalls: BTreeMap<String, Account>,
    /// In the agent.
    pub agent: AgentAccount,
    /// What the condition removed, by syscall.
    pub condition: Option<BTreeMap<String, Removed>>,
    /// Runs of the probe that the kernel itself refused as recursion.
    pub recursion_misses: u64,
    /// Whether this kernel lets tasks be preempted inside the probe, of which such misses come.
    pub preemptible: bool,
    /// Whether the agent says that every sum agrees.
    pub closed: bool,
}

impl Ledger {
    /// The account of all CPUs together.
    #[must_use]
    pub fn total(&self) -> Account {
        let mut total = Account::default();
        for cpu in &self.cpus {
            total.add(&cpu.account);
        }
        total
    }

    /// The account of a syscall; zeros when it never was called.
    #[must_use]
    pub fn syscall(&self, name: &str) -> Account {
        self.syscalls.get(name).cloned().unwrap_or_default()
    }
}
