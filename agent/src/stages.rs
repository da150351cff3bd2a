// SPDX-License-Identifier: Apache-2.0
//! `lanner stages`: what one event costs the agent, stage by stage, on this machine. Nothing is captured, so that it
//! takes no privileges.
//!
//! `cargo xtask budget` has each case done under a simulator that counts instructions, which no other load disturbs.

mod calls;
mod measure;
mod rule;
mod work;
mod world;

use std::{
    fmt,
    io::{self, Write},
    process::ExitCode,
};

use anyhow::{Context as _, Result, bail};
use serde::Serialize;

use self::{calls::Call, work::Work};
use crate::{cli, fields::most_like, list, output::Format};

/// One thing that a stage does with one sort of event.
pub struct Case {
    /// `STAGE/EVENT`.
    pub name: String,
    make: Box<dyn Fn() -> io::Result<Work>>,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Case").field(&self.name).finish()
    }
}

impl Case {
    fn new(stage: &str, event: &str, make: impl Fn() -> io::Result<Work> + 'static) -> Self {
        Self { name: format!("{stage}/{event}"), make: Box::new(make) }
    }

    /// Sets it up: what comes back does it as often as it is told.
    ///
    /// # Errors
    /// When there is no room for temporary files.
    pub fn prepare(&self) -> Result<Work> {
        (self.make)().with_context(|| format!("cannot set up {}", self.name))
    }
}

/// All cases, by stage in the order in which an event goes through them.
#[must_use]
pub fn cases() -> Vec<Case> {
    /// The program of the condition's events that is in none of its lists.
    const STRANGER: &str = "exfiltrate";
    const SECRET: &str = "/etc/shadow";
    let of = |stage: &'static str, make: fn(Call) -> io::Result<Work>| {
        Call::ALL.map(|call| Case::new(stage, call.name(), move || make(call)))
    };
    let mut cases = vec![Case::new("order", "getppid", || Ok(work::order()))];
    cases.extend(of("decode", |call| Ok(work::decode(call))));
    cases.push(Case::new("state", "file", work::file));
    cases.push(Case::new("state", "fork-exec-exit", work::process));
    cases.extend(of("enrich", work::enrich));
    // Every exception is looked at, and none applies; the program may; the file is another.
    cases.push(Case::new("condition", "holds", || work::condition(SECRET, STRANGER, true)));
    cases.push(Case::new("condition", "program", || work::condition(SECRET, "mail-7", false)));
    cases.push(Case::new("condition", "file", || work::condition("/etc/hostname", STRANGER, false)));
    cases.extend(of("text", |call| work::line(Format::Text, call)));
    cases.extend(of("json", |call| work::line(Format::Json, call)));
    cases
}

/// What a case costs.
#[derive(Debug, Serialize)]
struct Cost {
    case: String,
    /// The median of the rounds, in nanoseconds for one event.
    median_ns: f64,
    /// The quickest round.
    least_ns: f64,
    /// Events that one CPU does in a second, by the median.
    per_second: u64,
}

/// `lanner stages`
///
/// # Errors
/// When there is no such case, or the output can't be written.
pub fn run(args: &cli::Stages) -> Result<ExitCode> {
    let chosen = chosen(&args.cases)?;
    if args.list {
        let mut out = io::stdout().lock();
        for case in &chosen {
            writeln!(out, "{}", case.name)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(times) = args.times {
        for case in &chosen {
            case.prepare()?(times);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let costs = measure::all(&chosen)?;
    list::show(&costs, args.json, table)
}

/// The cases with these names, or of these stages; all of them when none is named.
fn chosen(names: &[String]) -> Result<Vec<Case>> {
    let stage = |case: &Case| case.name.split('/').next().unwrap_or_default().to_owned();
    let all = cases();
    if let Some(unknown) =
        names.iter().find(|name| !all.iter().any(|case| case.name == **name || stage(case) == **name))
    {
        let stages = all.iter().map(stage);
        let known: Vec<_> = all.iter().map(|case| case.name.clone()).chain(stages).collect();
        match most_like(unknown, known.iter().map(String::as_str)) {
            Some(like) => bail!("no case or stage is called `{unknown}`; did you mean `{like}`?"),
            None => bail!("no case or stage is called `{unknown}`; `lanner stages --list` shows them"),
        }
    }
    let wanted = |case: &Case| names.is_empty() || names.iter().any(|name| *name == case.name || *name == stage(case));
    Ok(all.into_iter().filter(wanted).collect())
}

fn table(costs: &[Cost], out: &mut impl Write) -> io::Result<()> {
    let width = costs.iter().map(|cost| cost.case.len()).max().unwrap_or(0);
    writeln!(out, "{:width$}  {:>9}  {:>9}  {:>12}", "CASE", "MEDIAN NS", "LEAST NS", "EVENTS/CPU S")?;
    for Cost { case, median_ns, least_ns, per_second } in costs {
        writeln!(out, "{case:width$}  {median_ns:>9.1}  {least_ns:>9.1}  {per_second:>12}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
