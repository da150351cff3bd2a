// SPDX-License-Identifier: Apache-2.0
//! One target under one workload, once.

use std::{
    collections::BTreeMap,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use rustix::process::Pid;

use super::{
    Bench,
    figures::median,
    load::{CHILD, Flooded, READY},
    process::{Heard, Process},
    target::{Account, Target},
    workload::Workload,
};
use crate::probe::runs::{self, Counted};

/// How long a load may take for an answer.
const PATIENCE: Duration = Duration::from_mins(2);
/// Between two bursts: the agent looks at its rings every 10 ms.
const GAP: Duration = Duration::from_millis(25);

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sample {
    /// Nanoseconds of an operation: the median of the bursts.
    pub(super) ns: f64,
    /// Operations of all bursts, the one to warm up included.
    pub(super) operations: u64,
    /// CPU time of the target during them.
    pub(super) cpu: u64,
    /// What it says of itself.
    pub(super) account: Option<Account>,
    /// Resident bytes of its rings and of all else.
    pub(super) resident: Option<(u64, u64)>,
    /// What ran in the kernel, if that was counted.
    pub(super) programs: Vec<Ran>,
    /// Operations during which it did.
    pub(super) counted_operations: u64,
}

/// A program that ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ran {
    /// Its name.
    pub(super) name: String,
    /// How often.
    pub(super) runs: u64,
    /// How long.
    pub(super) nanos: u64,
}

/// A load that waits for what it is told.
pub(super) struct Load(Process);

impl Load {
    /// Starts it on these processors.
    pub(super) fn start(bench: &Bench<'_>, workload: Workload, cpus: &[usize]) -> Result<Self> {
        let cpus: Vec<_> = cpus.iter().map(ToString::to_string).collect();
        let mut command = Command::new("/proc/self/exe");
        command.args([CHILD, workload.name()]).arg(bench.folder).arg(cpus.join(","));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = Process::start(&mut command, "the load (/proc/self/exe)")?;
        process.until(READY, bench.stop, PATIENCE).with_context(|| format!("{} is not possible", workload.name()))?;
        Ok(Self(process))
    }

    pub(super) fn pid(&self) -> Pid {
        self.0.pid()
    }

    /// Has it do so many operations; returns how many nanoseconds one took.
    pub(super) fn burst(&mut self, bench: &Bench<'_>, operations: u64) -> Result<f64> {
        self.ask(bench, &operations.to_string())?.parse().context("the load answers with a number")
    }

    /// Has it make calls for so long, at a rate; 0 for as many as there can be.
    pub(super) fn flood(&mut self, bench: &Bench<'_>, length: Duration, rate: u64) -> Result<Flooded> {
        self.ask(bench, &format!("flood {} {rate}", length.as_millis()))?.parse()
    }

    fn ask(&mut self, bench: &Bench<'_>, what: &str) -> Result<String> {
        self.0.tell(what)?;
        match self.0.line(bench.stop, PATIENCE)? {
            Heard::Line(line) if !line.starts_with("lanner: ") => Ok(line),
            Heard::Line(line) => bail!("{line}"),
            Heard::End => bail!("the load ended"),
            Heard::Late => bail!("the load did not answer in {} s", PATIENCE.as_secs()),
        }
    }
}

/// Measures it. The kernel counts its programs' time only where that is asked for: it costs every run two readings of the
/// clock.
pub(super) fn sample(bench: &Bench<'_>, workload: Workload, target: &Target, counted: bool) -> Result<Sample> {
    let bursts = workload.bursts();
    let number = if bench.quick { bursts.quick } else { bursts.number };
    let mut load = Load::start(bench, workload, &bench.workload_cpus(1))?;
    let counting = if counted { Some(runs::count()?) } else { None };
    let running = target.start(bench, load.pid(), workload)?;
    let begun = running.cpu();
    // Whatever is done for the first time is done now.
    load.burst(bench, bursts.length.div_ceil(4))?;
    running.settle(bench)?;
    let before = if counted { runs::of_machine() } else { Vec::new() };
    let mut times = Vec::new();
    for _ in 0..number {
        times.push(load.burst(bench, bursts.length)?);
        bench.stop.pause(GAP)?;
    }
    running.settle(bench)?;
    let after = if counted { runs::of_machine() } else { Vec::new() };
    let cpu = running.cpu().saturating_sub(begun);
    let resident = running.resident();
    drop(load);
    let account = running.stop(bench)?;
    drop(counting);
    let operations = bursts.length * u64::from(number);
    Ok(Sample {
        ns: median(times).context("there is a burst")?,
        operations: bursts.length.div_ceil(4) + operations,
        cpu,
        account,
        resident,
        programs: ran(&before, &after),
        counted_operations: operations,
    })
}

/// What ran between two looks, by name.
fn ran(before: &[Counted], after: &[Counted]) -> Vec<Ran> {
    let before: BTreeMap<_, _> = before.iter().map(|program| (program.id, (program.runs, program.nanos))).collect();
    let mut programs = BTreeMap::<_, Ran>::new();
    for Counted { id, name, runs, nanos } in after {
        let (old_runs, old_nanos) = before.get(id).copied().unwrap_or_default();
        let ran = programs.entry(name).or_insert_with(|| Ran { name: name.clone(), runs: 0, nanos: 0 });
        ran.runs += runs.saturating_sub(old_runs);
        ran.nanos += nanos.saturating_sub(old_nanos);
    }
    let mut programs: Vec<_> = programs.into_values().filter(|program| program.runs > 0).collect();
    programs.sort_by_key(|program| std::cmp::Reverse(program.nanos));
    programs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_of_a_name_are_added_and_what_was_before_is_taken_off() {
        let of = |id, name: &str, runs, nanos| Counted { id, name: name.to_owned(), runs, nanos };
        let before = [of(1, "sys_exit", 10, 1000), of(2, "other", 5, 50)];
        let after =
            [of(1, "sys_exit", 30, 4000), of(2, "other", 5, 50), of(3, "sys_exit", 1, 100), of(4, "x", 1, 9000)];
        let ran = ran(&before, &after);
        let of = |name: &str, runs, nanos| Ran { name: name.to_owned(), runs, nanos };
        assert_eq!(ran, [of("x", 1, 9000), of("sys_exit", 21, 3100)]);
    }
}
