// SPDX-License-Identifier: Apache-2.0
//! What watches a workload: nothing, a floor, this program as an agent, or another tool.

mod floor;
mod lanner;

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use rustix::process::Pid;

use self::floor::Draining;
pub(super) use self::lanner::{Account, Lanner};
use super::{
    Bench,
    process::{Heard, Process},
    report::{F0, F1, NOTHING, Named},
    usage,
    workload::Workload,
};
use crate::probe::floor::Kind;

/// How long a tool may take to end.
const PATIENCE: Duration = Duration::from_secs(20);
/// A process of the workload, in the command of another tool.
const PID: &str = "{pid}";

/// A target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// How it is called.
    pub(super) name: String,
    /// What it is.
    pub(super) what: String,
    sort: Sort,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Sort {
    Nothing,
    Floor(Kind),
    Lanner(&'static [&'static str]),
    /// A command, and how long it is waited for.
    Other(String, Duration),
}

/// How this program is run as an agent: by name, with options, in words.
const LANNER: [(&str, &[&str], &str); 6] = [
    ("discard", &["-o", "none", "--no-enrich"], "Lanner without tables, no output"),
    ("state", &["-o", "none"], "Lanner with tables, no output"),
    ("text", &["-o", "text", "--no-enrich"], "Lanner without tables, as text"),
    ("json", &["-o", "json", "--no-enrich"], "Lanner without tables, as JSON"),
    ("condition", &["-o", "json", "proc.name = lanner-no-such"], "Lanner with a condition that the kernel refuses by"),
    ("enriched", &["-o", "json"], "Lanner with tables, as JSON: what it does unless told otherwise"),
];

/// Those whose losses are looked at.
pub(super) const CURVES: [&str; 2] = ["state", "enriched"];

/// All targets: those that there always are, and other tools.
pub(super) fn all(others: &[String], ready: Duration) -> Vec<Target> {
    let fixed = [
        (NOTHING, "nothing attached", Sort::Nothing),
        (F0, "an empty program on sys_exit", Sort::Floor(Kind::Empty)),
        (F1, "a program on sys_exit that submits a record of 64 bytes", Sort::Floor(Kind::Record)),
    ];
    let ours = LANNER.map(|(name, args, what)| (name, what, Sort::Lanner(args)));
    let known = fixed.into_iter().chain(ours);
    let mut targets: Vec<_> =
        known.map(|(name, what, sort)| Target { name: name.to_owned(), what: what.to_owned(), sort }).collect();
    for command in others {
        let word = command.split_whitespace().find(|word| *word != "exec").unwrap_or("other");
        let word = word.rsplit('/').next().unwrap_or(word);
        let taken = targets.iter().filter(|target| target.name.split('#').next() == Some(word)).count();
        let name = if taken == 0 { word.to_owned() } else { format!("{word}#{}", taken + 1) };
        targets.push(Target { name, what: command.clone(), sort: Sort::Other(command.clone(), ready) });
    }
    targets
}

impl Target {
    /// Whether it is nothing.
    pub(super) fn is_nothing(&self) -> bool {
        self.sort == Sort::Nothing
    }

    /// As it is told.
    pub(super) fn named(&self) -> Named {
        let options = match &self.sort {
            Sort::Lanner(args) => format!(": lanner {}", args.join(" ")),
            Sort::Nothing | Sort::Floor(_) | Sort::Other(..) => String::new(),
        };
        Named { name: self.name.clone(), what: format!("{}{options}", self.what) }
    }

    /// Starts it, and waits until it watches. `load` is the process that it is to watch.
    pub(super) fn start(&self, bench: &Bench<'_>, load: Pid, workload: Workload) -> Result<Running> {
        Ok(match &self.sort {
            Sort::Nothing => Running::Nothing,
            Sort::Floor(kind) => Running::Floor(Draining::start(*kind, bench)?),
            Sort::Lanner(args) => Running::Lanner(Lanner::start(bench, args, workload)?),
            Sort::Other(command, ready) => {
                Running::Other(other(bench, &command.replace(PID, &load.to_string()), *ready)?)
            }
        })
    }
}

/// Starts another tool: it is ready when it writes something, or after a while.
fn other(bench: &Bench<'_>, line: &str, ready: Duration) -> Result<Process> {
    let mut command = Command::new("sh");
    command.args(["-c", line]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = Process::start(&mut command, &format!("`{line}`"))?;
    match process.line(bench.stop, ready)? {
        Heard::Line(_) | Heard::Late => {}
        // Its streams may be elsewhere: then it is given its time.
        Heard::End => bench.stop.pause(ready)?,
    }
    process.alive().with_context(|| format!("`{line}` ended at once:\n{}", process.said()))?;
    Ok(process)
}

/// A target at work.
pub(super) enum Running {
    /// Nothing is.
    Nothing,
    /// A floor.
    Floor(Draining),
    /// This program.
    Lanner(Lanner),
    /// Another tool.
    Other(Process),
}

impl Running {
    /// CPU time that it took so far, in nanoseconds.
    pub(super) fn cpu(&self) -> u64 {
        match self {
            Self::Nothing | Self::Floor(_) => 0,
            Self::Lanner(lanner) => usage::cpu(lanner.pid()),
            Self::Other(process) => usage::cpu_of_group(process.pid()),
        }
    }

    /// Resident bytes of its rings and of all else; `None` of what is no process of its own.
    pub(super) fn resident(&self) -> Option<(u64, u64)> {
        match self {
            Self::Nothing | Self::Floor(_) => None,
            Self::Lanner(lanner) => Some(usage::resident(lanner.pid())),
            Self::Other(process) => Some((0, usage::resident_of_group(process.pid()))),
        }
    }

    /// Waits until it has done what there is to do: until it takes no CPU time to speak of.
    pub(super) fn settle(&self, bench: &Bench<'_>) -> Result<()> {
        const LOOK: Duration = Duration::from_millis(25);
        const LITTLE: u64 = 500_000;
        // On a machine that is busy otherwise it never does nothing.
        const LONGEST: Duration = Duration::from_millis(500);
        if matches!(self, Self::Nothing | Self::Floor(_)) {
            return Ok(());
        }
        let deadline = Instant::now() + LONGEST;
        let mut before = self.cpu();
        while Instant::now() < deadline {
            bench.stop.pause(LOOK)?;
            let now = self.cpu();
            if now.saturating_sub(before) < LITTLE {
                break;
            }
            before = now;
        }
        Ok(())
    }

    /// Ends it; returns its account if it keeps one.
    pub(super) fn stop(self, bench: &Bench<'_>) -> Result<Option<Account>> {
        match self {
            Self::Nothing => Ok(None),
            Self::Floor(floor) => floor.stop().map(|records| Some(Account::of_records(records))),
            Self::Lanner(lanner) => lanner.stop(bench).map(|(account, _)| Some(account)),
            Self::Other(process) => process.stop_group(bench.stop, PATIENCE).map(|_| None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_have_names_of_their_own() {
        let others =
            ["exec strace -f -p {pid}".to_owned(), "/usr/bin/strace -c -p {pid}".to_owned(), "state".to_owned()];
        let targets = all(&others, Duration::ZERO);
        let names: Vec<_> = targets.iter().map(|target| target.name.as_str()).collect();
        assert_eq!(
            names,
            [
                NOTHING,
                F0,
                F1,
                "discard",
                "state",
                "text",
                "json",
                "condition",
                "enriched",
                "strace",
                "strace#2",
                "state#2"
            ]
        );
        for name in CURVES {
            assert!(names.contains(&name), "{name}");
        }
    }
}
