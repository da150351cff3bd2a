// SPDX-License-Identifier: Apache-2.0
//! Losses by rate: floods of getppid at a pace, by one processor and by two.

use std::time::Duration;

use anyhow::{Context as _, Result};

use super::{
    Bench,
    figures::{order, spread},
    measure::Load,
    progress::Progress,
    report::Point,
    target::{CURVES, Target},
    workload::Workload,
};

/// Calls a second of all threads; 0 for as many as there can be.
const RATES: [u64; 6] = [250_000, 500_000, 750_000, 1_000_000, 1_500_000, 0];
/// Those of a short run.
const QUICK: [u64; 2] = [100_000, 0];

/// One target at one rate.
struct At<'a> {
    target: &'a Target,
    threads: usize,
    rate: u64,
    made: Vec<f64>,
    lost: Vec<f64>,
    cpu: Vec<f64>,
}

fn points<'a>(bench: &Bench<'_>, targets: &'a [Target]) -> Vec<At<'a>> {
    let rates: &[u64] = if bench.quick { &QUICK } else { &RATES };
    let threads = 1..=bench.workload_cpus(2).len();
    let ours: Vec<_> = targets.iter().filter(|target| CURVES.contains(&target.name.as_str())).collect();
    threads
        .flat_map(|threads| ours.iter().map(move |target| (threads, *target)))
        .flat_map(|(threads, target)| rates.iter().map(move |rate| (threads, target, *rate)))
        .map(|(threads, target, rate)| At {
            target,
            threads,
            rate,
            made: Vec::new(),
            lost: Vec::new(),
            cpu: Vec::new(),
        })
        .collect()
}

/// How many there are in a round.
pub(super) fn number(bench: &Bench<'_>, targets: &[Target]) -> u64 {
    points(bench, targets).len() as u64
}

/// Measures all points, each once a round.
pub(super) fn measure(bench: &Bench<'_>, targets: &[Target], rounds: u32, progress: &Progress) -> Result<Vec<Point>> {
    let mut points = points(bench, targets);
    for round in 0..rounds {
        for n in order(points.len(), round) {
            let Some(at) = points.get_mut(n) else { continue };
            progress.step(&format!("round {} of {rounds}: {} {}", round + 1, Workload::W7.name(), at.target.name));
            one(bench, at)?;
        }
    }
    points.into_iter().map(point).collect()
}

fn one(bench: &Bench<'_>, at: &mut At<'_>) -> Result<()> {
    let length = Duration::from_millis(if bench.quick { 200 } else { 1000 });
    let mut load = Load::start(bench, Workload::W7, &bench.workload_cpus(at.threads))?;
    let running = at.target.start(bench, load.pid(), Workload::W7)?;
    running.settle(bench)?;
    let begun = running.cpu();
    let flooded = load.flood(bench, length, at.rate)?;
    running.settle(bench)?;
    let cpu = running.cpu().saturating_sub(begun);
    drop(load);
    let account = running.stop(bench)?.context("an agent keeps an account")?;
    at.made.push(flooded.calls as f64 / flooded.seconds);
    at.lost.push(100.0 * (account.lost + account.shed) as f64 / account.all.max(1) as f64);
    at.cpu.push(100.0 * cpu as f64 / 1e9 / flooded.seconds);
    Ok(())
}

fn point(at: At<'_>) -> Result<Point> {
    let [made, lost_percent, cpu_percent] =
        [at.made, at.lost, at.cpu].map(|values| spread(values).context("there is a round"));
    Ok(Point {
        target: at.target.name.clone(),
        threads: at.threads,
        asked: (at.rate > 0).then_some(at.rate),
        made: made?,
        lost_percent: lost_percent?,
        cpu_percent: cpu_percent?,
    })
}
