// SPDX-License-Identifier: Apache-2.0
//! The agent as users start it, without a workload: its beginning, its end, and what it takes meanwhile.

use std::{process::Stdio, time::Duration};

use anyhow::{Context as _, Result};

use super::{
    Bench,
    figures::spread,
    progress::Progress,
    report::{Idle, Start},
    target::Lanner,
    usage,
};

/// As users start it, but for an address that is free.
const PLAIN: [&str; 2] = ["--metrics-listen", "127.0.0.1:0"];
/// How the first event begins.
const EVENT: &str = "{\"";
/// What is logged when it captures.
const CAPTURING: &str = "capturing";

/// What it takes while nothing is done; what else runs on the machine is seen all the same.
pub(super) fn idle(bench: &Bench<'_>, rounds: u32, progress: &Progress) -> Result<Idle> {
    let length = if bench.quick { Duration::from_secs(1) } else { Duration::from_secs(4) };
    let (mut cpu, mut events, mut memory) = (Vec::new(), Vec::new(), (0, 0));
    for round in 0..rounds {
        progress.step(&format!("round {} of {rounds}: idle", round + 1));
        let args: Vec<_> = ["-o", "json"].into_iter().chain(PLAIN).collect();
        let mut lanner = Lanner::launch(bench, &args, Stdio::null())?;
        lanner.until(CAPTURING, bench)?;
        bench.stop.pause(Duration::from_millis(500))?;
        let begun = usage::cpu(lanner.pid());
        bench.stop.pause(length)?;
        cpu.push(100.0 * usage::cpu(lanner.pid()).saturating_sub(begun) as f64 / length.as_nanos() as f64);
        memory = memory.max(usage::resident(lanner.pid()));
        let (account, _) = lanner.stop(bench)?;
        events.push(account.events as f64 / (length + Duration::from_millis(500)).as_secs_f64());
    }
    Ok(Idle {
        seconds: length.as_secs_f64(),
        cpu_percent: spread(cpu).context("there is a round")?,
        events_per_second: spread(events).context("there is a round")?,
        resident: memory.1,
        rings: memory.0,
    })
}

/// How long it takes to begin and to end. This process makes calls while it waits, which are the first events.
pub(super) fn start(bench: &Bench<'_>, rounds: u32, progress: &Progress) -> Result<Start> {
    let (mut first, mut stop) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        progress.step(&format!("round {} of {rounds}: start and stop", round + 1));
        let args: Vec<_> = ["-o", "json"].into_iter().chain(PLAIN).collect();
        let mut lanner = Lanner::launch(bench, &args, Stdio::piped())?;
        first.push(lanner.until(EVENT, bench)?.as_secs_f64() * 1e3);
        let (_, took) = lanner.stop(bench)?;
        stop.push(took.as_secs_f64() * 1e3);
    }
    Ok(Start {
        first_event_ms: spread(first).context("there is a round")?,
        stop_ms: spread(stop).context("there is a round")?,
    })
}
