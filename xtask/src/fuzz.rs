// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask fuzz`: looks for bytes that break what takes bytes from outside, with libFuzzer.
//!
//! rustc counts branches without a nightly; only sanitizers would need one, and the agent decodes without `unsafe`. What is
//! found becomes a file in `agent/fuzz`, which every run of the tests tries from then on.

mod outcome;

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use anyhow::{Context as _, Result, bail, ensure};

use self::outcome::Outcome;
use crate::{packages, parallel, process, report, workspace};

/// Stands before rustc.
const INSTRUMENT: &str = "xtask/src/fuzz/instrument.sh";

/// What to fuzz, and for how long.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Targets [default: all].
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
    /// Seconds for each target.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    time: u32,
    /// Targets at a time [default: one for each CPU].
    #[arg(long, value_name = "NUMBER")]
    jobs: Option<usize>,
    /// Only say which targets there are.
    #[arg(long)]
    list: bool,
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<()> {
    let all = targets()?;
    if args.list {
        for target in &all {
            println!("{target}");
        }
        return Ok(());
    }
    if let Some(unknown) = args.targets.iter().find(|target| !all.contains(*target)) {
        let all: Vec<_> = all.iter().map(String::as_str).collect();
        bail!("no target is called `{unknown}`; there are {}", all.join(", "));
    }
    let chosen = if args.targets.is_empty() { all } else { args.targets.iter().cloned().collect() };
    let executions = fuzz(&chosen, &Effort { time: args.time, seed: 0 }, args.jobs)?;
    report::line("fuzz", format_args!("{executions} inputs tried, none breaks anything"));
    Ok(())
}

/// How much is tried.
struct Effort {
    /// Seconds for each target.
    time: u32,
    /// What the fuzzer's dice begin with; 0 stands for another each time.
    seed: u32,
}

/// Fuzzes all targets for a time that a gate can take. Says what came of it.
pub(crate) fn check() -> Result<String> {
    // With the same dice each time: what a change is told shall be of that change. Whoever fuzzes has others.
    const EFFORT: Effort = Effort { time: 5, seed: 1 };
    let all = targets()?;
    let executions = fuzz(&all, &EFFORT, None)?;
    Ok(format!("{executions} inputs tried on {} targets, none breaks anything", all.len()))
}

/// The targets: each has a folder of inputs, which the agent's tests see to.
fn targets() -> Result<BTreeSet<String>> {
    let folder = inputs();
    let entries = fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
    entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

/// The folder of inputs that are kept.
fn inputs() -> PathBuf {
    workspace::root().join("agent/fuzz")
}

/// Fuzzes these targets; how many inputs were tried.
fn fuzz(targets: &BTreeSet<String>, effort: &Effort, jobs: Option<usize>) -> Result<u64> {
    let program = build()?;
    let jobs = jobs.or_else(|| thread::available_parallelism().ok().map(usize::from)).unwrap_or(1);
    let targets: Vec<_> = targets.iter().collect();
    let outcomes = parallel::map(&targets, jobs, |target| {
        let outcome = one(&program, target, effort)?;
        report::line(target, &outcome);
        Ok(outcome)
    })?;
    let broken: Vec<_> = outcomes.iter().filter_map(Outcome::broken).collect();
    ensure!(broken.is_empty(), "{}", broken.join("\n"));
    Ok(outcomes.iter().map(|outcome| outcome.executions).sum())
}

/// Builds the fuzzer.
fn build() -> Result<PathBuf> {
    packages::need("g++")?;
    let step = report::Step::start("fuzzer", "building it");
    let mut cargo = workspace::cargo("build");
    cargo.args(["--quiet", "--package", "tests", "--bin", "fuzz", "--features", "fuzz"]);
    cargo.env("RUSTC_WORKSPACE_WRAPPER", workspace::root().join(INSTRUMENT));
    process::quiet(cargo)?;
    step.done("built");
    Ok(workspace::target().join("debug/fuzz"))
}

/// Fuzzes one target. What it finds is kept.
fn one(program: &Path, target: &str, effort: &Effort) -> Result<Outcome> {
    let (kept, work) = (inputs().join(target), workspace::target().join("fuzz"));
    let (corpus, found) = (work.join("corpus").join(target), work.join("found").join(target));
    for folder in [&corpus, &found] {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let mut fuzzer = Command::new(program);
    fuzzer.env("LANNER_FUZZ", target).env("RUST_BACKTRACE", "0");
    fuzzer.args([
        &format!("-max_total_time={}", effort.time),
        &format!("-seed={}", effort.seed),
        // No input of so few bytes may take so long, or so much memory.
        "-timeout=20",
        "-rss_limit_mb=1024",
        "-max_len=65536",
        "-print_final_stats=1",
        &format!("-artifact_prefix={}/", found.display()),
    ]);
    let output = fuzzer.args([&corpus, &kept]).stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("cannot run {}", program.display()))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let mut outcome = Outcome::of(target, &said);
    if !output.status.success() {
        let input = outcome.artifact.as_deref().map(|artifact| keep(artifact, &kept)).transpose();
        outcome.fail(input.context("cannot keep the input")?, &said, output.status);
    }
    Ok(outcome)
}

/// Keeps an input that broke something among those that the tests try.
fn keep(artifact: &Path, folder: &Path) -> io::Result<PathBuf> {
    let name = artifact.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let kept = folder.join(name);
    fs::copy(artifact, &kept)?;
    Ok(kept)
}
