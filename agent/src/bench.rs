// SPDX-License-Identifier: Apache-2.0
//! `lanner bench`: what capture costs those who are watched, and what the agent takes to keep up.
//!
//! Everything is measured in rounds. In each, every workload runs once under every target, the targets in an order that
//! rotates from round to round; what a target adds is the difference to nothing attached in the same round. So a machine
//! that gets slower for a while, or is busy, changes the differences little, and medians of them less.

mod cells;
mod curve;
mod figures;
mod load;
mod machine;
mod measure;
mod process;
mod progress;
mod report;
mod stop;
mod table;
mod target;
mod usage;
mod whole;
mod workload;

use std::{
    io::{self, BufWriter, IsTerminal as _, Write as _},
    path::Path,
    process::ExitCode,
    time::{Instant, SystemTime},
};

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum as _;
use rustix::thread::{CpuSet, sched_getaffinity};

use self::{
    cells::Samples,
    measure::Load,
    progress::Progress,
    report::{Named, Report, VERSION},
    stop::Stop,
    target::Target,
};
pub use self::{
    load::{CHILD, LoadArgs, child},
    workload::Workload,
};
use crate::{
    cli::BenchArgs,
    host::{self, capabilities},
};

/// How often everything is measured unless the user says otherwise.
const ROUNDS: u32 = 7;

/// What every measurement needs.
pub(in crate::bench) struct Bench<'a> {
    stop: &'a Stop,
    /// Where files may be written; removed at the end.
    folder: &'a Path,
    /// The processors that this process may use.
    cpus: Vec<usize>,
    quick: bool,
}

impl Bench<'_> {
    /// So many processors for workloads, if there are as many: the last ones, since the first has most interrupts.
    fn workload_cpus(&self, threads: usize) -> Vec<usize> {
        self.cpus.iter().rev().take(threads).copied().collect()
    }

    /// A processor beside the workload's; `None` where there is but one.
    fn spare_cpu(&self) -> Option<usize> {
        self.cpus.first().filter(|_| self.cpus.len() > 1).copied()
    }
}

/// Measures, and prints what was found.
///
/// # Errors
/// When it is not possible here, or a signal ends it.
pub fn run(args: &BenchArgs) -> Result<ExitCode> {
    let missing = capabilities::missing_for_capture();
    if !missing.is_empty() {
        bail!(
            "this process lacks {}, without which nothing is measured; run it with sudo",
            capabilities::names(&missing)
        );
    }
    if !host::has_proc() {
        bail!("{}", host::NO_PROC);
    }
    let report = stop::until_a_signal(|stop| {
        let folder =
            tempfile::Builder::new().prefix("lanner-").rand_bytes(6).tempdir().context("can't make a folder")?;
        let set = sched_getaffinity(None).context("can't tell which processors there are")?;
        let cpus = (0..CpuSet::MAX_CPU).filter(|cpu| set.is_set(*cpu)).collect();
        let bench = Bench { stop, folder: folder.path(), cpus, quick: args.quick };
        let report = measured(&bench, args)?;
        folder.close().context("can't remove the folder of the run")?;
        Ok(report)
    })?;
    let mut out = BufWriter::new(io::stdout().lock());
    if args.json {
        serde_json::to_writer_pretty(&mut out, &report).map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        table::write(&report, host::colour(io::stdout().is_terminal()), &mut out)?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn measured(bench: &Bench<'_>, args: &BenchArgs) -> Result<Report> {
    let (begun, clock) = (SystemTime::now(), Instant::now());
    let rounds = args.rounds.unwrap_or(if args.quick { 1 } else { ROUNDS });
    let targets = target::all(&args.compare, args.compare_ready);
    let (workloads, left_out) = possible(bench, args)?;
    let calls: Vec<_> = workloads.iter().copied().filter(|workload| *workload != Workload::W7).collect();
    let curve = workloads.contains(&Workload::W7);

    let counted = calls.len() * (targets.len() - 1);
    let curves = if curve { curve::number(bench, &targets) * u64::from(rounds) } else { 0 };
    let steps = (calls.len() * targets.len() + 2) as u64 * u64::from(rounds) + counted as u64 + curves;
    let progress = Progress::of(steps);

    let mut samples = Samples::default();
    for round in 0..rounds {
        for workload in &calls {
            for target in figures::order(targets.len(), round).filter_map(|n| targets.get(n)) {
                progress.step(&format!("round {} of {rounds}: {} {}", round + 1, workload.name(), target.name));
                let sample = of(*workload, target, measure::sample(bench, *workload, target, false))?;
                samples.add(round, *workload, target, sample);
            }
        }
    }
    for workload in &calls {
        for target in targets.iter().filter(|target| !target.is_nothing()) {
            progress.step(&format!("the kernel counts: {} {}", workload.name(), target.name));
            let sample = of(*workload, target, measure::sample(bench, *workload, target, true))?;
            samples.add_counted(*workload, target, sample);
        }
    }
    let curve = if curve { curve::measure(bench, &targets, rounds, &progress)? } else { Vec::new() };
    let idle = whole::idle(bench, rounds, &progress)?;
    let start = whole::start(bench, rounds, &progress)?;
    Ok(Report {
        version: VERSION,
        lanner: env!("CARGO_PKG_VERSION").to_owned(),
        begun: humantime::format_rfc3339_seconds(begun).to_string(),
        seconds: clock.elapsed().as_secs_f64(),
        machine: machine::describe(bench.cpus.len()),
        rounds,
        quick: args.quick,
        workloads: workloads.iter().map(|workload| named(*workload)).collect(),
        targets: targets.iter().map(Target::named).collect(),
        left_out,
        cells: samples.cells(&calls, &targets),
        curve,
        idle: Some(idle),
        start: Some(start),
    })
}

/// Names what was measured in what went wrong.
fn of<T>(workload: Workload, target: &Target, measured: Result<T>) -> Result<T> {
    measured.with_context(|| format!("{} can't be measured under {}", target.name, workload.name()))
}

fn named(workload: Workload) -> Named {
    Named { name: workload.name().to_owned(), what: workload.words().to_owned() }
}

/// The workloads that can be done here, and why the others can't.
fn possible(bench: &Bench<'_>, args: &BenchArgs) -> Result<(Vec<Workload>, Vec<Named>)> {
    let (mut workloads, mut left_out) = (Vec::new(), Vec::new());
    for workload in Workload::value_variants().iter().copied() {
        let long = matches!(workload, Workload::W6 | Workload::W7);
        let wanted = if args.only.is_empty() { !(args.quick && long) } else { args.only.contains(&workload) };
        if !wanted {
            continue;
        }
        let tried = Load::start(bench, workload, &bench.workload_cpus(1)).and_then(|mut load| load.burst(bench, 1));
        match tried {
            Ok(_) => workloads.push(workload),
            Err(error) => {
                // A signal ends the trial as well.
                bench.stop.pause(std::time::Duration::ZERO)?;
                left_out.push(Named { name: workload.name().to_owned(), what: format!("{error:#}") });
            }
        }
    }
    if let (true, Some(why)) = (workloads.is_empty(), left_out.first()) {
        bail!("nothing can be measured here: {}", why.what);
    }
    Ok((workloads, left_out))
}
