// SPDX-License-Identifier: Apache-2.0
//! From the samples of all rounds to what is said of each target under each workload.

use super::{
    figures::{paired, spread},
    measure::{Ran, Sample},
    report::{Cell, NOTHING, Probe, Program},
    target::{Account, Target},
    workload::Workload,
};

/// Programs that took less than this part of the time are not told one by one.
const TOLD: f64 = 0.005;

/// The samples of a run.
#[derive(Debug, Default)]
pub(super) struct Samples {
    taken: Vec<Taken>,
    counted: Vec<Taken>,
}

#[derive(Debug)]
struct Taken {
    round: u32,
    workload: Workload,
    target: String,
    sample: Sample,
}

impl Samples {
    /// Adds one of a round.
    pub(super) fn add(&mut self, round: u32, workload: Workload, target: &Target, sample: Sample) {
        self.taken.push(Taken { round, workload, target: target.name.clone(), sample });
    }

    /// Adds one during which the kernel counted.
    pub(super) fn add_counted(&mut self, workload: Workload, target: &Target, sample: Sample) {
        self.counted.push(Taken { round: 0, workload, target: target.name.clone(), sample });
    }

    /// What is said of them.
    pub(super) fn cells(&self, workloads: &[Workload], targets: &[Target]) -> Vec<Cell> {
        let pairs =
            workloads.iter().flat_map(|workload| targets.iter().map(|target| (*workload, target.name.as_str())));
        pairs.filter_map(|(workload, target)| self.cell(workload, target)).collect()
    }

    fn of(&self, workload: Workload, target: &str) -> Vec<&Taken> {
        self.taken.iter().filter(|taken| taken.workload == workload && taken.target == target).collect()
    }

    fn cell(&self, workload: Workload, target: &str) -> Option<Cell> {
        let taken = self.of(workload, target);
        let times = |taken: &[&Taken]| taken.iter().map(|taken| (taken.round, taken.sample.ns)).collect::<Vec<_>>();
        let own = times(&taken);
        let base = if target == NOTHING { Vec::new() } else { times(&self.of(workload, NOTHING)) };
        let samples: Vec<_> = taken.iter().map(|taken| &taken.sample).collect();
        let accounts: Vec<_> = samples.iter().filter_map(|sample| sample.account).collect();
        let sum = |what: fn(&Account) -> u64| (!accounts.is_empty()).then(|| accounts.iter().map(what).sum::<u64>());
        let resident = samples.iter().filter_map(|sample| sample.resident).reduce(Ord::max);
        let (events, bytes) = (sum(|account| account.events), sum(|account| account.bytes));
        let told = workload.is_captured() && samples.iter().any(|sample| tells(sample));
        let by_event = samples.iter().filter(|_| told).filter_map(|sample| cpu_ns_per_event(sample));
        let by_event = spread(by_event.collect());
        let busy = samples.iter().filter(|sample| sample.resident.is_some());
        let by_operation: Vec<_> = busy.map(|sample| sample.cpu as f64 / sample.operations.max(1) as f64).collect();
        Some(Cell {
            workload: workload.name().to_owned(),
            target: target.to_owned(),
            ns: spread(own.iter().map(|(_, ns)| *ns).collect())?,
            added: spread(paired(&base, &own)),
            events,
            cpu_ns_per_event: by_event,
            events_per_cpu_second: by_event.filter(|ns| ns.median > 0.0).map(|ns| 1e9 / ns.median),
            cpu_ns_per_operation: spread(by_operation),
            bytes_per_event: bytes.zip(events).filter(|_| told).map(|(bytes, events)| bytes as f64 / events as f64),
            lost: sum(|account| account.lost),
            shed: sum(|account| account.shed),
            resident: resident.map(|(_, rest)| rest),
            rings: resident.map(|(rings, _)| rings),
            closed: (!accounts.is_empty()).then(|| accounts.iter().all(|account| account.closed)),
            probe: self.probe(workload, target),
        })
    }

    fn probe(&self, workload: Workload, target: &str) -> Option<Probe> {
        let sample = &self.counted.iter().find(|taken| taken.workload == workload && taken.target == target)?.sample;
        probe(&sample.programs, sample.counted_operations)
    }
}

/// Whether a sample has the events of its workload, but for what was lost: otherwise it has only those of the rest of the
/// machine.
fn tells(sample: &Sample) -> bool {
    sample.account.is_some_and(|account| 2 * account.events >= sample.operations)
}

fn cpu_ns_per_event(sample: &Sample) -> Option<f64> {
    let account = sample.account.filter(|_| tells(sample) && sample.resident.is_some())?;
    Some(sample.cpu as f64 / account.events as f64)
}

/// What ran in the kernel during so many operations.
fn probe(programs: &[Ran], operations: u64) -> Option<Probe> {
    let (runs, nanos) = programs.iter().fold((0, 0), |(runs, nanos), ran| (runs + ran.runs, nanos + ran.nanos));
    if runs == 0 || operations == 0 {
        return None;
    }
    let told = programs.iter().filter(|ran| ran.nanos as f64 >= TOLD * nanos as f64);
    let program = |ran: &Ran| Program {
        name: ran.name.clone(),
        runs_per_operation: ran.runs as f64 / operations as f64,
        ns_per_run: ran.nanos as f64 / ran.runs as f64,
    };
    Some(Probe {
        ns_per_operation: nanos as f64 / operations as f64,
        ns_per_run: nanos as f64 / runs as f64,
        programs: told.map(program).collect(),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::bench::target;

    fn sample(ns: f64, cpu: u64, events: u64) -> Sample {
        let account = Account { events, all: events, bytes: events * 100, closed: true, ..Account::default() };
        Sample {
            ns,
            operations: 1000,
            cpu,
            account: Some(account),
            resident: Some((1 << 20, 2 << 20)),
            ..Sample::default()
        }
    }

    #[test]
    fn cells_are_medians_of_what_rounds_have_in_common() {
        let targets = target::all(&[], Duration::ZERO);
        let target = |name: &str| targets.iter().find(|target| target.name == name).expect("a target");
        let mut samples = Samples::default();
        // The machine is three times as slow in the second round, and in the third something came between.
        for (round, nothing, json) in [(0, 100.0, 300.0), (1, 300.0, 510.0), (2, 100.0, 9000.0)] {
            samples.add(round, Workload::W1, target(NOTHING), Sample { ns: nothing, ..Sample::default() });
            samples.add(round, Workload::W1, target("json"), sample(json, 600_000, 1200));
        }
        samples.add_counted(
            Workload::W1,
            target("json"),
            Sample {
                counted_operations: 100,
                programs: vec![
                    Ran { name: "sys_exit".to_owned(), runs: 200, nanos: 20_000 },
                    Ran { name: "else".to_owned(), runs: 1, nanos: 10 },
                ],
                ..Sample::default()
            },
        );
        let cells = samples.cells(&[Workload::W1], &targets);
        assert_eq!(cells.len(), 2, "what was not measured is not told");
        let (nothing, json) = (&cells[0], &cells[1]);
        assert_eq!((nothing.ns.median, nothing.added, nothing.closed), (100.0, None, None));
        assert_eq!(json.added.map(|added| added.median), Some(210.0));
        assert_eq!(json.cpu_ns_per_event.map(|cpu| cpu.median), Some(500.0));
        assert_eq!((json.events_per_cpu_second, json.bytes_per_event), (Some(2e6), Some(100.0)));
        assert_eq!((json.events, json.lost, json.closed), (Some(3600), Some(0), Some(true)));
        assert_eq!((json.resident, json.rings), (Some(2 << 20), Some(1 << 20)));
        let probe = json.probe.as_ref().expect("it was counted");
        assert_eq!((probe.ns_per_operation, probe.programs.len()), (200.1, 1), "what took next to nothing is not told");
        assert_eq!((probe.programs[0].runs_per_operation, probe.programs[0].ns_per_run), (2.0, 100.0));
    }

    #[test]
    fn events_of_others_are_not_the_workloads() {
        let mut other = sample(1.0, 600_000, 10);
        assert_eq!(cpu_ns_per_event(&other), None, "the syscall is not selected");
        other.account = None;
        assert_eq!(cpu_ns_per_event(&other), None, "a tool that does not tell");
    }
}
