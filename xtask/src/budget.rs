// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask budget`: how many instructions the agent takes for one event, stage by stage, and how many it may take.
//!
//! They are counted by callgrind, which interprets the program: other load on the machine changes nothing. Each case of
//! `lanner stages` is done a few times and many times, so that what comes before and after it is not counted.

use std::{collections::BTreeMap, fs, process::Command, thread, time::Duration};

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::{build, output, packages, parallel, process, report, workspace};

/// The file that holds the budget.
const FILE: &str = "agent/budget.toml";
/// What the file says first.
const HEAD: &str = "\
# SPDX-License-Identifier: Apache-2.0
# Instructions that the agent may take for one event, by case of `lanner stages`: what callgrind counted on x86_64 with
# AVX2. `cargo xtask budget` holds the agent to it, `cargo xtask budget --replace` writes it anew.

";
/// How often a case is done: what lies between the two is counted.
const TIMES: (u64, u64) = (1000, 3000);
/// Hash tables have other seeds in each run, and so other collisions.
const SLACK_PERCENT: u64 = 4;
/// Of a small number that would be nothing.
const SLACK: u64 = 8;
/// How long a run may take.
const LIMIT: Duration = Duration::from_mins(5);

/// What to do with the budget.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Cases of `lanner stages`, or stages [default: all].
    #[arg(value_name = "CASE")]
    cases: Vec<String>,
    /// Make what is counted the new budget.
    #[arg(long, conflicts_with = "cases")]
    replace: bool,
}

/// The file.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Budget {
    instructions: BTreeMap<String, u64>,
}

impl Budget {
    fn read() -> Result<Self> {
        let text = fs::read_to_string(workspace::root().join(FILE)).with_context(|| format!("cannot read {FILE}"))?;
        toml::from_str(&text).with_context(|| format!("{FILE} is no budget"))
    }
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<()> {
    let counted = counted(&args.cases)?;
    if args.replace {
        let text = format!("{HEAD}{}", toml::to_string(&Budget { instructions: counted.into_iter().collect() })?);
        let changed = output::put(&workspace::root().join(FILE), text.as_bytes(), 0o644)?;
        report::line("budget", format_args!("{FILE} is {}", if changed { "written anew" } else { "as it was" }));
        return Ok(());
    }
    let budget = Budget::read()?;
    let width = counted.iter().map(|(case, _)| case.len()).max().unwrap_or(0);
    println!("{:width$}  {:>8}  {:>8}  {:>7}", "CASE", "BUDGET", "NOW", "CHANGE");
    for (case, now) in &counted {
        match budget.instructions.get(case) {
            Some(was) => {
                let change = (*now as f64 / *was as f64 - 1.0) * 100.0;
                println!("{case:width$}  {was:>8}  {now:>8}  {change:>+6.1}%");
            }
            None => println!("{case:width$}  {:>8}  {now:>8}", "none"),
        }
    }
    report::line("budget", verdict(&budget, &counted, args.cases.is_empty())?);
    Ok(())
}

/// Holds the agent to the budget; says how much of it is taken.
pub(crate) fn check() -> Result<String> {
    if !agent_common::X86 {
        return Ok("not checked: it is that of x86_64".to_owned());
    }
    verdict(&Budget::read()?, &counted(&[])?, true)
}

/// What is to be said of what was counted. `all` says that every case was.
fn verdict(budget: &Budget, counted: &[(String, u64)], all: bool) -> Result<String> {
    let now: BTreeMap<_, _> = counted.iter().map(|(case, count)| (case.as_str(), *count)).collect();
    let mut wrong = Vec::new();
    for (case, now) in &now {
        match budget.instructions.get(*case) {
            None => wrong.push(format!("{case} has no budget, and takes {now} instructions")),
            Some(was) if *now > was + (was * SLACK_PERCENT / 100).max(SLACK) => {
                wrong.push(format!("{case} takes {now} instructions for an event, and may take {was}"));
            }
            Some(_) => {}
        }
    }
    let gone = budget.instructions.keys().filter(|case| all && !now.contains_key(case.as_str()));
    wrong.extend(gone.map(|case| format!("{case} has a budget, and is no case any more")));
    ensure!(wrong.is_empty(), "{}\nif it is worth that, `cargo xtask budget --replace`", wrong.join("\n"));
    let below = |(case, now): (&&str, &u64)| budget.instructions.get(*case).is_some_and(|was| now * 10 < was * 9);
    let below = now.iter().filter(|(case, now)| below((case, now))).count();
    let spare = match below {
        0 => String::new(),
        _ => format!(", {below} of them less than nine tenths: `cargo xtask budget --replace` keeps it so"),
    };
    Ok(format!("{} cases take no more instructions than they may{spare}", now.len()))
}

/// The instructions that cases take for one event, in the order of the stages.
fn counted(cases: &[String]) -> Result<Vec<(String, u64)>> {
    packages::need("valgrind")?;
    build::run()?;
    let mut list = Command::new(workspace::agent());
    let names = process::read(list.args(["stages", "--list"]).args(cases))?;
    let names: Vec<_> = names.lines().collect();
    let jobs = thread::available_parallelism().map_or(1, usize::from);
    parallel::map(&names, jobs, |name| {
        let (few, many) = (instructions(name, TIMES.0)?, instructions(name, TIMES.1)?);
        Ok(((*name).to_owned(), many.saturating_sub(few) / (TIMES.1 - TIMES.0)))
    })
}

/// The instructions of a run that does a case this often.
fn instructions(case: &str, times: u64) -> Result<u64> {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(workspace::agent());
    valgrind.args(["stages", "--times", &times.to_string(), case]);
    let said = process::quiet_within(LIMIT, valgrind)?;
    collected(&said)
        .with_context(|| format!("callgrind says of {case} how many instructions it was, in other words:\n{said}"))
}

/// What callgrind says that it has counted.
fn collected(said: &str) -> Option<u64> {
    let line = said.lines().find_map(|line| line.split_once("Collected : "))?;
    line.1.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(cases: &[(&str, u64)]) -> Budget {
        Budget { instructions: cases.iter().map(|(case, count)| ((*case).to_owned(), *count)).collect() }
    }

    fn said(of: &[(&str, u64)], now: &[(&str, u64)], all: bool) -> Result<String, String> {
        let now: Vec<_> = now.iter().map(|(case, count)| ((*case).to_owned(), *count)).collect();
        verdict(&budget(of), &now, all).map_err(|error| error.to_string())
    }

    #[test]
    fn more_than_the_budget_is_refused() {
        let of = [("a/x", 1000), ("b/y", 20)];
        assert_eq!(
            said(&of, &[("a/x", 1040), ("b/y", 28)], true).as_deref(),
            Ok("2 cases take no more instructions than they may")
        );
        let wrong = said(&of, &[("a/x", 1041), ("b/y", 29)], true).expect_err("it is more");
        assert!(wrong.contains("a/x takes 1041 instructions for an event, and may take 1000"), "{wrong}");
        assert!(wrong.contains("b/y takes 29"), "{wrong}");
    }

    #[test]
    fn cases_and_budget_are_the_same() {
        assert!(
            said(&[("a/x", 1)], &[("a/x", 1), ("b/y", 2)], true)
                .is_err_and(|wrong| wrong.contains("b/y has no budget"))
        );
        let wrong = said(&[("a/x", 1), ("b/y", 2)], &[("a/x", 1)], true);
        assert!(wrong.is_err_and(|wrong| wrong.contains("b/y has a budget, and is no case any more")));
        assert!(said(&[("a/x", 1), ("b/y", 2)], &[("a/x", 1)], false).is_ok());
    }

    #[test]
    fn what_became_cheap_is_told() {
        let good = said(&[("a/x", 1000)], &[("a/x", 899)], true).expect("it is less");
        assert!(good.contains("1 of them less than nine tenths"), "{good}");
    }

    #[test]
    fn the_count_is_found() {
        let said = "==7== Events    : Ir\n==7== Collected : 123456\n==7==\n==7== I   refs:      123,456\n";
        assert_eq!(collected(said), Some(123_456));
        assert_eq!(collected("==7== nothing"), None);
    }
}
