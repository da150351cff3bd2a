// SPDX-License-Identifier: Apache-2.0
//! What a run of `lanner bench` found, as `--json` writes it. `cargo xtask bench` reads it by this very module, so that it
//! uses nothing but serde.

use serde::{Deserialize, Serialize};

/// The form of the report. What is added to it does not change it.
pub(crate) const VERSION: u32 = 1;

/// The target that all others are held against.
pub(crate) const NOTHING: &str = "nothing";
/// A program that returns at once.
pub(crate) const F0: &str = "F0";
/// A program that submits a record.
pub(crate) const F1: &str = "F1";

/// Everything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Report {
    /// [`VERSION`]
    pub(crate) version: u32,
    /// The version of Lanner.
    pub(crate) lanner: String,
    /// When it began, as RFC 3339 has it.
    pub(crate) begun: String,
    /// How many seconds it took.
    pub(crate) seconds: f64,
    /// Where.
    pub(crate) machine: Machine,
    /// How often everything was measured.
    pub(crate) rounds: u32,
    /// Whether it was a short run, whose numbers are rough.
    pub(crate) quick: bool,
    /// What was done.
    pub(crate) workloads: Vec<Named>,
    /// What watched it.
    pub(crate) targets: Vec<Named>,
    /// What was not measured, and why.
    pub(crate) left_out: Vec<Named>,
    /// Each target under each workload.
    pub(crate) cells: Vec<Cell>,
    /// Losses by rate.
    pub(crate) curve: Vec<Point>,
    /// Without any workload.
    pub(crate) idle: Option<Idle>,
    /// Beginning and end of a capture.
    pub(crate) start: Option<Start>,
}

impl Report {
    /// A target under a workload.
    pub(crate) fn cell(&self, workload: &str, target: &str) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.workload == workload && cell.target == target)
    }

    /// How many times what `floor` adds to a workload `target` adds; `None` where the floor adds nothing to speak of.
    pub(crate) fn ratio(&self, workload: &str, target: &str, floor: &str) -> Option<f64> {
        let added = |target| Some(self.cell(workload, target)?.added?.median);
        let floor = added(floor).filter(|floor| *floor > 0.0)?;
        Some(added(target)? / floor)
    }

    /// The highest rate that a target took without loss, of `threads`: no rate below it lost anything either.
    pub(crate) fn loss_free(&self, target: &str, threads: usize) -> Option<f64> {
        let mut points: Vec<_> =
            self.curve.iter().filter(|point| point.target == target && point.threads == threads).collect();
        points.sort_by(|a, b| a.made.median.total_cmp(&b.made.median));
        points.iter().take_while(|point| point.lost_percent.high <= 0.0).last().map(|point| point.made.median)
    }
}

/// The machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Machine {
    /// Its processor.
    pub(crate) cpu: String,
    /// Processors that this process may run on.
    pub(crate) cpus: usize,
    /// Their clock in MHz, as the kernel has it.
    pub(crate) mhz: Option<String>,
    /// Bytes of memory.
    pub(crate) memory: u64,
    /// The kernel's release and architecture.
    pub(crate) kernel: String,
    /// What it keeps time by.
    pub(crate) clock: Option<String>,
    /// How it chooses the processors' frequency.
    pub(crate) governor: Option<String>,
    /// Whether it is a virtual machine, as the processor says.
    pub(crate) hypervisor: bool,
    /// What the kernel does against faults of the processor; what the processor has not is left out.
    pub(crate) mitigations: Vec<Named>,
}

/// A name and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Named {
    /// The name.
    pub(crate) name: String,
    /// What it stands for.
    pub(crate) what: String,
}

/// The median of several rounds, and the quartiles around it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spread {
    /// Half of the rounds are below it.
    pub(crate) median: f64,
    /// A quarter of the rounds is below it.
    pub(crate) low: f64,
    /// A quarter of the rounds is above it.
    pub(crate) high: f64,
}

/// A target under a workload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cell {
    /// The workload.
    pub(crate) workload: String,
    /// The target.
    pub(crate) target: String,
    /// Nanoseconds that one of the workload's operations takes.
    pub(crate) ns: Spread,
    /// How many more than in the same round with nothing attached.
    pub(crate) added: Option<Spread>,
    /// Events that the target said it handled, in all rounds.
    pub(crate) events: Option<u64>,
    /// CPU time of the target for each of them, in nanoseconds.
    pub(crate) cpu_ns_per_event: Option<Spread>,
    /// Events that it handles in a second of CPU time.
    pub(crate) events_per_cpu_second: Option<f64>,
    /// CPU time of the target for each operation, in nanoseconds: for tools that don't tell their events.
    pub(crate) cpu_ns_per_operation: Option<Spread>,
    /// Bytes that an event takes of the ring.
    pub(crate) bytes_per_event: Option<f64>,
    /// Events lost for want of room in the ring or in the output, in all rounds.
    pub(crate) lost: Option<u64>,
    /// Events given up while a ring was filling, in all rounds.
    pub(crate) shed: Option<u64>,
    /// The most resident memory, the rings apart.
    pub(crate) resident: Option<u64>,
    /// Resident memory of the rings.
    pub(crate) rings: Option<u64>,
    /// Whether every ledger closed.
    pub(crate) closed: Option<bool>,
    /// What ran in the kernel, from rounds of its own in which the kernel counted.
    pub(crate) probe: Option<Probe>,
}

/// What programs ran in the kernel during a workload. Programs that they call by tail calls are part of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Probe {
    /// Nanoseconds for each of the workload's operations.
    pub(crate) ns_per_operation: f64,
    /// Nanoseconds for each run.
    pub(crate) ns_per_run: f64,
    /// By program, what took longest first.
    pub(crate) programs: Vec<Program>,
}

/// A program in the kernel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Program {
    /// Its name.
    pub(crate) name: String,
    /// Runs for each of the workload's operations.
    pub(crate) runs_per_operation: f64,
    /// Nanoseconds for each run.
    pub(crate) ns_per_run: f64,
}

/// Losses at a rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Point {
    /// The target.
    pub(crate) target: String,
    /// Threads that made the calls, each on a processor of its own.
    pub(crate) threads: usize,
    /// Calls a second that were asked for, of all together; `None` for as many as there can be.
    pub(crate) asked: Option<u64>,
    /// Calls a second that were made.
    pub(crate) made: Spread,
    /// Events lost or given up, in percent.
    pub(crate) lost_percent: Spread,
    /// CPU time that the target took, in percent of one processor.
    pub(crate) cpu_percent: Spread,
}

/// What the agent takes of a machine that does nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Idle {
    /// For how many seconds, each time.
    pub(crate) seconds: f64,
    /// CPU time, in percent of one processor.
    pub(crate) cpu_percent: Spread,
    /// Events a second that there were all the same.
    pub(crate) events_per_second: Spread,
    /// Resident memory, the rings apart.
    pub(crate) resident: u64,
    /// Resident memory of the rings.
    pub(crate) rings: u64,
}

/// Beginning and end of a capture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Start {
    /// From the start of the process to its first event on the output.
    pub(crate) first_event_ms: Spread,
    /// From SIGTERM to the end of the process.
    pub(crate) stop_ms: Spread,
}
