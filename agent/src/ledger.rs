// SPDX-License-Identifier: Apache-2.0
//! The account of a run: what became of every call that the probe saw. It closes, or the run says that it does not.

use std::{collections::BTreeMap, io};

use agent_common::{
    ledger::{Counter, NRS, Reason, STATE_SLOT, Slot, UNKNOWN_SLOT},
    numbers,
    record::Header,
    schema::Abi,
    shed::{self, Class},
    state::Kind,
};
use serde::Serialize;

use crate::{
    metadata::MetadataAccount,
    output::json::abi_name,
    probe::{Counters, ProbeError},
    stats::Stats,
};

/// What became of the calls of one CPU, of one syscall, or of all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Calls that reached the probe.
    pub seen: u64,
    /// Calls of the agent's own process tree.
    #[serde(rename = "self")]
    pub own: u64,
    /// Calls of syscalls that nobody asked for, and those before capture began and after it ended.
    pub filtered: u64,
    /// Calls that the kernel's part of the condition refused.
    pub refused: u64,
    /// Calls given up while a ring was filling: see [`agent_common::shed`].
    pub shed: u64,
    /// Records handed to a ring.
    pub sent: u64,
    /// Records lost, by reason.
    pub lost: BTreeMap<&'static str, u64>,
}

impl Default for Account {
    fn default() -> Self {
        let lost = Reason::ALL.into_iter().map(|reason| (reason.name(), 0)).collect();
        Self { seen: 0, own: 0, filtered: 0, refused: 0, shed: 0, sent: 0, lost }
    }
}

impl Account {
    /// Adds the counters of one syscall.
    pub(crate) fn add(&mut self, slot: &Slot) {
        self.seen += slot[Counter::Seen as usize];
        self.own += slot[Counter::Own as usize];
        self.filtered += slot[Counter::Filtered as usize];
        self.refused += slot[Counter::Refused as usize];
        self.shed += slot[Counter::Shed as usize];
        self.sent += slot[Counter::Sent as usize];
        for reason in Reason::ALL {
            *self.lost.entry(reason.name()).or_default() += slot[Counter::Lost as usize + reason as usize];
        }
    }

    fn merge(&mut self, other: &Self) {
        self.seen += other.seen;
        self.own += other.own;
        self.filtered += other.filtered;
        self.refused += other.refused;
        self.shed += other.shed;
        self.sent += other.sent;
        for (reason, lost) in &other.lost {
            *self.lost.entry(reason).or_default() += lost;
        }
    }

    /// What the parts add up to; the same as `seen`, or something is not accounted for.
    #[must_use]
    pub fn sum(&self) -> u64 {
        self.own + self.filtered + self.refused + self.shed + self.sent + self.lost()
    }

    /// All losses together.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.values().sum()
    }
}

/// One CPU's account.
#[derive(Clone, Debug, Serialize)]
pub struct CpuAccount {
    /// The CPU.
    pub cpu: u32,
    /// Its account.
    #[serde(flatten)]
    pub account: Account,
    /// What was shed, by class.
    pub shed_by_class: BTreeMap<&'static str, u64>,
}

impl CpuAccount {
    /// The account of a CPU that has seen nothing.
    #[must_use]
    pub fn new(cpu: u32) -> Self {
        let shed_by_class = Class::SHED.into_iter().map(|class| (class.name(), 0)).collect();
        Self { cpu, account: Account::default(), shed_by_class }
    }

    /// Adds the counters of the syscall of this slot.
    pub(crate) fn add(&mut self, slot: u32, counters: &Slot) {
        self.account.add(counters);
        let shed = counters[Counter::Shed as usize];
        if shed > 0 {
            *self.shed_by_class.entry(shed_class(slot).name()).or_default() += shed;
        }
    }
}

/// What became of the records that were sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AgentAccount {
    /// Records taken out of the rings.
    pub drained: u64,
    /// Records that were events.
    pub decoded: u64,
    /// Records that were not.
    pub malformed: u64,
    /// Records of tasks, files and cgroups, which keep the tables true and are printed nowhere.
    pub state: u64,
    /// Events not wanted: the self-test's, and those after `--count` was reached.
    pub filtered: u64,
    /// Events that the condition refused.
    pub refused: u64,
    /// Events written.
    pub delivered: u64,
    /// Events that an output could not take, by output.
    pub sink_dropped: BTreeMap<String, u64>,
    /// Events delivered out of order; part of `delivered`.
    pub late: u64,
    /// Losses by the sequence numbers in the records: the same as the kernel's count, or a record vanished.
    pub sequence_gaps: u64,
    /// Calls that the output said were shed: the same as the kernel's count.
    pub shed_announced: u64,
}

impl AgentAccount {
    /// Reads the agent's counters. `output` is the name of the output.
    #[must_use]
    pub fn collect(stats: &Stats, output: &str) -> Self {
        Self {
            drained: stats.drained.get(),
            decoded: stats.decoded.get(),
            malformed: stats.malformed.get(),
            state: stats.state.get(),
            filtered: stats.filtered.get(),
            refused: stats.refused.get(),
            delivered: stats.delivered.get(),
            sink_dropped: BTreeMap::from([(output.to_owned(), stats.dropped.get())]),
            late: stats.late.get(),
            sequence_gaps: stats.gaps.get(),
            shed_announced: stats.shed_announced.get(),
        }
    }
}

/// What the condition did with the calls of a syscall.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Removed {
    /// Calls that the kernel's part refused.
    pub kernel: u64,
    /// Calls that the rest of it refused.
    pub userspace: u64,
    /// Calls that it kept.
    pub kept: u64,
}

impl Removed {
    fn all(self) -> u64 {
        self.kernel + self.userspace + self.kept
    }
}

/// The account of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Ledger {
    /// By CPU.
    pub cpus: Vec<CpuAccount>,
    /// By syscall; those of 32-bit callers end in `@i386`.
    pub syscalls: BTreeMap<String, Account>,
    /// In the agent.
    pub agent: AgentAccount,
    /// What the tables of processes, files and containers held and did; null when none were kept.
    pub metadata: Option<MetadataAccount>,
    /// What the condition removed, by syscall; null without one.
    pub condition: Option<BTreeMap<String, Removed>>,
    /// Runs of the probe that the kernel itself refused as recursion; the probe could not see those calls.
    pub recursion_misses: u64,
    /// The same by program, where there were any.
    pub missed: BTreeMap<&'static str, u64>,
    /// Bytes that the rings took of all records, the kernel's eight in front of each included.
    pub ring_bytes: u64,
    /// Whether this kernel lets tasks be preempted inside the probe, of which such misses come.
    pub preemptible: bool,
    /// Whether every sum agrees.
    pub closed: bool,
}

/// The slot that a call is accounted under.
#[must_use]
pub fn slot(header: &Header) -> u32 {
    match (Abi::from_raw(header.abi), u32::try_from(header.nr)) {
        (Some(abi), Ok(nr)) if nr < NRS => abi as u32 * NRS + nr,
        (_, _) => UNKNOWN_SLOT,
    }
}

/// As what the calls of a slot are shed.
#[must_use]
pub fn shed_class(slot: u32) -> Class {
    if slot >= STATE_SLOT {
        return Class::Never;
    }
    let row = Abi::from_raw((slot / NRS) as u8).and_then(|abi| numbers::row(abi, (slot % NRS).cast_signed()));
    row.map_or(Class::Other, shed::class)
}

/// The name under which the calls of a slot are accounted.
#[must_use]
pub fn slot_name(slot: u32) -> String {
    if let Some(kind) = slot.checked_sub(STATE_SLOT).and_then(|kind| Kind::from_raw(kind.cast_signed())) {
        return kind.name().to_owned();
    }
    let (abi, nr) = (Abi::from_raw((slot / NRS) as u8), slot % NRS);
    match abi {
        None => "unknown".to_owned(),
        Some(abi) => {
            let suffix = if abi == Abi::Native { String::new() } else { format!("@{}", abi_name(abi)) };
            match numbers::row(abi, nr.cast_signed()) {
                Some(row) => format!("{}{suffix}", row.name),
                None => format!("syscall_{nr}{suffix}"),
            }
        }
    }
}

impl Ledger {
    /// Reads the probe's counters and closes the account with the agent's. `ring_bytes` went through the rings,
    /// `conditional` says whether there was a condition, `output` is the name of the output.
    ///
    /// # Errors
    /// When the probe's counters can't be read.
    pub fn collect(
        counters: &Counters,
        stats: &Stats,
        metadata: Option<MetadataAccount>,
        ring_bytes: u64,
        conditional: bool,
        output: &str,
    ) -> Result<Self, ProbeError> {
        let mut cpus: Vec<_> = (0..counters.cpus()).map(CpuAccount::new).collect();
        let mut syscalls = BTreeMap::<String, Account>::new();
        counters.read(|cpu, slot, counters| {
            if let Some(cpu) = cpus.get_mut(cpu as usize) {
                cpu.add(slot, &counters);
            }
            syscalls.entry(slot_name(slot)).or_default().add(&counters);
        })?;
        // What was queued but never written, when an output was given up.
        let abandoned = stats.queued.get().saturating_sub(stats.delivered.get() + stats.dropped.get());
        let mut agent = AgentAccount::collect(stats, output);
        *agent.sink_dropped.entry(output.to_owned()).or_default() += abandoned;
        let condition = conditional.then(|| removed(&syscalls, stats));
        let missed = counters.recursion_misses();
        let recursion_misses = missed.values().sum();
        let preemptible = counters.preemptible();
        let mut ledger = Self {
            cpus,
            syscalls,
            agent,
            metadata,
            condition,
            recursion_misses,
            missed,
            preemptible,
            ring_bytes,
            closed: false,
        };
        ledger.closed = ledger.open().is_empty();
        Ok(ledger)
    }

    /// The account of all CPUs together.
    #[must_use]
    pub fn total(&self) -> Account {
        let mut total = Account::default();
        for cpu in &self.cpus {
            total.merge(&cpu.account);
        }
        total
    }

    /// The identities that do not hold, each in words; empty when the account closes.
    #[must_use]
    pub fn open(&self) -> Vec<String> {
        let mut open = Vec::new();
        let mut check = |what: String, left: u64, right: u64| {
            if left != right {
                open.push(format!("{what}: {left} is not {right}"));
            }
        };
        for cpu in &self.cpus {
            check(
                format!("cpu{}: seen = self + filtered + refused + shed + sent + lost", cpu.cpu),
                cpu.account.seen,
                cpu.account.sum(),
            );
            check(format!("cpu{}: shed = shed by class", cpu.cpu), cpu.account.shed, cpu.shed_by_class.values().sum());
        }
        for (name, account) in &self.syscalls {
            check(
                format!("{name}: seen = self + filtered + refused + shed + sent + lost"),
                account.seen,
                account.sum(),
            );
        }
        let (total, agent) = (self.total(), &self.agent);
        check("sent = drained".to_owned(), total.sent, agent.drained);
        check("drained = decoded + malformed".to_owned(), agent.drained, agent.decoded + agent.malformed);
        let dropped: u64 = agent.sink_dropped.values().sum();
        check(
            "decoded = state + filtered + refused + delivered + sink_dropped".to_owned(),
            agent.decoded,
            agent.state + agent.filtered + agent.refused + agent.delivered + dropped,
        );
        check("lost = sequence gaps".to_owned(), total.lost(), agent.sequence_gaps);
        check("shed = announced".to_owned(), total.shed, agent.shed_announced);
        open
    }

    /// Writes the ledger as JSON.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, mut out: impl io::Write) -> io::Result<()> {
        serde_json::to_writer(&mut out, self)?;
        out.write_all(b"\n")
    }

    /// A count of all CPUs, and of each where it is not zero; `None` when it is zero on all.
    fn by_cpu<'a>(&'a self, count: impl Fn(&'a CpuAccount) -> Option<&'a u64>) -> Option<(u64, String)> {
        let counts = self.cpus.iter().filter_map(|cpu| Some((cpu.cpu, *count(cpu)?))).filter(|(_, n)| *n > 0);
        let (sum, cpus) = counts.fold((0, Vec::new()), |(sum, mut cpus), (cpu, n)| {
            cpus.push(format!("cpu{cpu} {n}"));
            (sum + n, cpus)
        });
        (sum > 0).then(|| (sum, cpus.join(", ")))
    }

    /// Writes the summary for people: the sums, every loss that is not zero, the loudest syscalls.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_summary(&self, mut out: impl io::Write) -> io::Result<()> {
        let (total, agent) = (self.total(), &self.agent);
        let dropped: u64 = agent.sink_dropped.values().sum();
        let verdict = match (self.closed, self.recursion_misses) {
            (true, 0) => "closed, every call accounted for",
            // Those are in no sum, so that the sums agree without them.
            (true, _) => "closed, but for what the kernel kept from the probe",
            (false, _) => "NOT CLOSED",
        };
        writeln!(out, "ledger: {verdict}")?;
        for line in self.open() {
            writeln!(out, "  open: {line}")?;
        }
        writeln!(
            out,
            "  kernel: {} seen = {} self + {} filtered + {} refused + {} shed + {} sent + {} lost",
            total.seen,
            total.own,
            total.filtered,
            total.refused,
            total.shed,
            total.sent,
            total.lost()
        )?;
        writeln!(
            out,
            "  agent:  {} drained = {} state + {} filtered + {} refused + {} delivered + {} dropped + {} malformed",
            agent.drained, agent.state, agent.filtered, agent.refused, agent.delivered, dropped, agent.malformed
        )?;
        for class in Class::SHED.map(Class::name) {
            if let Some((shed, cpus)) = self.by_cpu(|cpu| cpu.shed_by_class.get(class)) {
                writeln!(out, "  shed:   {shed} {class} ({cpus})")?;
            }
        }
        for reason in total.lost.keys() {
            if let Some((lost, cpus)) = self.by_cpu(|cpu| cpu.account.lost.get(reason)) {
                writeln!(out, "  lost:   {lost} {reason} ({cpus})")?;
            }
        }
        for (sink, dropped) in agent.sink_dropped.iter().filter(|(_, dropped)| **dropped > 0) {
            writeln!(out, "  lost:   {dropped} dropped by {sink}")?;
        }
        if agent.late > 0 {
            writeln!(out, "  late:   {} delivered out of order", agent.late)?;
        }
        if self.recursion_misses > 0 {
            let missed: Vec<_> = self.missed.iter().map(|(program, runs)| format!("{program} {runs}")).collect();
            writeln!(
                out,
                "  missed: {} runs refused by the kernel as recursion, in no sum ({})",
                self.recursion_misses,
                missed.join(", ")
            )?;
        }
        if let Some(metadata) = &self.metadata {
            write!(out, "{metadata}")?;
        }
        if let Some(condition) = &self.condition {
            write_condition(condition, &mut out)?;
        }
        let loud = |account: &Account| account.sent + account.shed + account.lost();
        let mut loudest: Vec<_> = self.syscalls.iter().filter(|(_, account)| loud(account) > 0).collect();
        loudest.sort_by_key(|(_, account)| std::cmp::Reverse(loud(account)));
        let width = loudest.iter().take(LOUDEST).map(|(name, _)| name.len()).max().unwrap_or(0);
        for (i, (name, account)) in loudest.iter().take(LOUDEST).enumerate() {
            let label = if i == 0 { "loudest:" } else { "" };
            write!(out, "  {label:8} {name:width$} {:>12} sent", account.sent)?;
            if account.shed > 0 {
                write!(out, ", {} shed", account.shed)?;
            }
            if account.lost() > 0 {
                write!(out, ", {} lost", account.lost())?;
            }
            writeln!(out)?;
        }
        Ok(())
    }
}

/// What the condition removed, by syscall.
fn removed(syscalls: &BTreeMap<String, Account>, stats: &Stats) -> BTreeMap<String, Removed> {
    let mut condition = BTreeMap::<String, Removed>::new();
    for (name, account) in syscalls.iter().filter(|(_, account)| account.refused > 0) {
        condition.entry(name.clone()).or_default().kernel = account.refused;
    }
    for (slot, refused, kept) in stats.by_slot.iter().filter(|(_, refused, kept)| refused + kept > 0) {
        let entry = condition.entry(slot_name(slot)).or_default();
        entry.userspace += refused;
        entry.kept += kept;
    }
    condition
}

/// Says where the condition was decided.
fn write_condition(condition: &BTreeMap<String, Removed>, out: &mut impl io::Write) -> io::Result<()> {
    let mut all = Removed::default();
    for removed in condition.values() {
        all.kernel += removed.kernel;
        all.userspace += removed.userspace;
        all.kept += removed.kept;
    }
    writeln!(
        out,
        "  condition: {} calls = {} refused in the kernel + {} refused in userspace + {} kept",
        all.all(),
        all.kernel,
        all.userspace,
        all.kept
    )?;
    let mut busiest: Vec<_> = condition.iter().collect();
    busiest.sort_by_key(|(_, removed)| std::cmp::Reverse(removed.all()));
    busiest.truncate(LOUDEST);
    let width = busiest.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, removed) in busiest {
        let Removed { kernel, userspace, kept } = removed;
        writeln!(
            out,
            "           {name:width$} {kernel:>12} in the kernel {userspace:>12} in userspace {kept:>12} kept"
        )?;
    }
    Ok(())
}

/// How many of the loudest syscalls the summary names.
const LOUDEST: usize = 5;
