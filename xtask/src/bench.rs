// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask bench`: builds the agent, has it measure what capture costs, and writes what was found into
//! `docs/performance.md`, with plots beside it. What people have written there stays.

mod limits;
mod plots;
#[path = "../../agent/src/bench/report.rs"]
mod report;
#[cfg(test)]
mod sample;
mod tables;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};

use self::report::{Report, VERSION};
use crate::{build, output, process, report as say, workspace};

/// The page, and what is made beside it.
const PAGE: &str = "docs/performance.md";
const COSTS: &str = "docs/performance/costs.svg";
const LOSSES: &str = "docs/performance/losses.svg";
/// Where the last report is kept.
const KEPT: &str = "bench.json";

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Measure nothing: write the page anew from a report that `lanner bench --json` wrote.
    #[arg(long, value_name = "FILE", conflicts_with = "args")]
    from: Option<PathBuf>,
    /// What `lanner bench` is told, such as --rounds 9 or --compare.
    #[arg(last = true)]
    args: Vec<String>,
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<()> {
    let text = match &args.from {
        Some(file) => fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?,
        None => measure(&args.args)?,
    };
    let report: Report = serde_json::from_str(&text).context("that is no report of `lanner bench --json`")?;
    ensure!(report.version == VERSION, "the report has form {}, not {VERSION}: measure again", report.version);

    let page = workspace::root().join(PAGE);
    let old = fs::read_to_string(&page).with_context(|| format!("cannot read {PAGE}"))?;
    put(&page, tables::into_page(&old, &report)?.as_bytes())?;
    put(&workspace::root().join(COSTS), plots::costs(&report)?.as_bytes())?;
    if report.curve.is_empty() {
        say::line("plot", "no losses were measured (W7): that plot stays as it is");
    } else {
        put(&workspace::root().join(LOSSES), plots::losses(&report)?.as_bytes())?;
    }
    for limit in limits::of(&report) {
        say::line(if limit.holds { "holds" } else { "does not hold" }, limit.words());
    }
    Ok(())
}

fn measure(args: &[String]) -> Result<String> {
    build::run()?;
    let mut command = process::as_root(workspace::agent());
    command.args(["bench", "--json"]).args(args);
    say::line("bench", process::show(&command));
    let text = process::read(&mut command)?;
    put(&workspace::target().join(KEPT), text.as_bytes())?;
    Ok(text)
}

fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    let changed = output::put(path, bytes, 0o644)?;
    say::line("wrote", format_args!("{}{}", workspace::short(path), if changed { "" } else { ", up to date" }));
    Ok(())
}
