// SPDX-License-Identifier: Apache-2.0
//! `lanner explain`: what the kernel decides of a condition, and whether it is right.

use std::{
    io::{self, BufWriter, IsTerminal as _, Write as _},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use anyhow::Result;
use clap::Parser as _;

use crate::{
    capture::{self, Refused},
    cli::{self, Cli},
    filter::{
        explain::Explanation,
        wanted::{BadCondition, Shown, Wanted},
    },
    host,
    telemetry::Listen,
};

/// Exit code of a check that found the kernel's part to refuse what the condition keeps.
const WRONG: u8 = 3;

/// Runs the command.
///
/// # Errors
/// When the condition is not one, or the output can't be written; with a check, when capture can't start.
pub fn run(args: &cli::Explain) -> Result<ExitCode> {
    let shown = Shown { tables: !args.no_enrich, sides: !args.no_enrich };
    let wanted = Wanted::of(&args.what, shown)?;
    let Some(condition) = wanted.condition.as_deref() else {
        return Err(BadCondition::new("there is nothing to explain: give a condition, or --filter FILE").into());
    };
    let explanation = Explanation::of(condition, &wanted.kernel());
    let mut out = BufWriter::new(io::stdout().lock());
    if args.json {
        explanation.json(&mut out)?;
    } else {
        explanation.write(&mut out, host::colour(io::stdout().is_terminal()))?;
    }
    out.flush()?;
    match args.check {
        None => Ok(ExitCode::SUCCESS),
        Some(time) => check(args, wanted, time, &mut out),
    }
}

/// Captures for a while, and compares.
fn check(args: &cli::Explain, wanted: Wanted, time: Duration, out: &mut impl io::Write) -> Result<ExitCode> {
    // As a plain capture would: its defaults, and what the environment says.
    let mut capture = Cli::try_parse_from(["lanner"])?.capture;
    capture.what = args.what.clone();
    capture.no_enrich = args.no_enrich;
    capture.duration = Some(time);
    capture.write = Some(PathBuf::from("/dev/null"));
    capture.telemetry.metrics_listen = Some(Listen::Off);
    let ended = capture::capture(&capture, wanted, Refused::Mark)?;
    let wrong = ended.stats.wrongly_refused.get();
    let (agent, lost) = (&ended.ledger.agent, ended.ledger.total().lost() + ended.ledger.total().shed);
    let marked = ended.stats.marked.get();
    writeln!(out, "check: {} calls compared in {}", agent.refused + agent.delivered, humantime::format_duration(time))?;
    writeln!(out, "  kernel:    {marked} would be refused, {wrong} of them wrongly")?;
    writeln!(out, "  userspace: {} more refused, {} kept", agent.refused - marked, agent.delivered)?;
    if lost > 0 {
        writeln!(out, "  lost:      {lost} could not be compared")?;
    }
    out.flush()?;
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::from(WRONG) })
}
