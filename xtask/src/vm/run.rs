// SPDX-License-Identifier: Apache-2.0
//! Guests, some side by side, and what is said of each.

use std::{
    collections::BTreeMap,
    env,
    fmt::Write as _,
    fs,
    io::{self, IsTerminal as _},
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};

use super::{
    image::Programs,
    kernels::Kernel,
    outcome::Outcome,
    plan::Plan,
    qemu::{self, Files, Machine},
    variants::{self, Variant},
};
use crate::{parallel, report, workspace};

/// How guests are run.
#[derive(Debug, clap::Args)]
pub(super) struct Manner {
    /// How long a flood lasts
    #[arg(long, value_name = "SECONDS", default_value_t = Self::default().seconds)]
    seconds: u32,
    /// How long a guest may take
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = humantime::parse_duration)]
    limit: Duration,
    /// How many run at a time
    #[arg(long, value_name = "N", default_value_t = Self::default().jobs)]
    jobs: usize,
}

impl Default for Manner {
    fn default() -> Self {
        Self { seconds: 2, limit: Duration::from_mins(15), jobs: 2 }
    }
}

/// Boots all of them. The answer is in their order.
pub(super) fn all(guests: &[Guest<'_>], programs: &BTreeMap<&str, Programs>, manner: &Manner) -> Result<Vec<Outcome>> {
    report::line("boot", format_args!("{} guests, {} at a time", guests.len(), manner.jobs.clamp(1, guests.len())));
    parallel::map(guests, manner.jobs, |guest| guest.run(&programs[guest.kernel.arch().name()], manner))
}

/// A kernel, and how it is booted.
#[derive(Clone, Debug)]
pub(super) struct Guest<'a> {
    pub(super) kernel: &'a Kernel,
    /// The file that it is in.
    pub(super) image: PathBuf,
    pub(super) variant: Variant,
}

impl Guest<'_> {
    /// What it is called, in columns.
    fn title(&self) -> String {
        format!("{:<12} {:<8} {:<12}", self.kernel.name, self.kernel.arch().name(), self.variant.name)
    }

    /// Boots it, and says what came of it.
    fn run(&self, programs: &Programs, manner: &Manner) -> Result<Outcome> {
        let arch = self.kernel.arch();
        let name = format!("{}-{}-{}", self.kernel.name, arch.name(), self.variant.name);
        let files = Files::of(&workspace::target().join("vm").join(name))?;
        let steps = variants::steps(&self.variant);
        let wanted = steps.len();
        let environment = [
            ("PATH", "/bin"),
            ("HOME", "/root"),
            ("LANNER_BIN", "/bin/lanner"),
            ("LANNER_TEST_PROGRAMS", "/tests"),
            ("LANNER_TEST_PATIENCE", "10"),
            // As `cargo xtask test` has it.
            ("MALLOC_ARENA_MAX", "1"),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter();
        let plan = Plan {
            report: qemu::report_device(arch).to_owned(),
            cgroups: self.variant.cgroups,
            hotplug: self.variant.hotplug,
            environment: environment.chain([("LANNER_TEST_SECONDS".to_owned(), manner.seconds.to_string())]).collect(),
            steps,
        };
        fs::write(&files.initrd, programs.archive(&plan)?)
            .with_context(|| format!("cannot write {}", files.initrd.display()))?;
        let machine = Machine {
            arch,
            cpus: self.variant.cpus,
            kernel: &self.image,
            initrd: &files.initrd,
            boot: self.variant.boot,
            console: &files.console,
            report: &files.report,
        };
        let started = Instant::now();
        let booted = qemu::boot(&machine, manner.limit).map_err(|error| format!("{error:#}"));
        let read = |path| -> Result<String> { Ok(String::from_utf8_lossy(&fs::read(path)?).into_owned()) };
        let (report, console) = (read(&files.report)?, read(&files.console)?);
        let mut outcome = Outcome::of(&report, &console, booted, wanted);
        if outcome.cpus != self.variant.cpus as usize {
            outcome.wrong.push(format!("{} CPUs were asked for, {} are online", self.variant.cpus, outcome.cpus));
        }
        let mut said = format!("{} ({})", self.line(&outcome), report::seconds(started.elapsed()));
        for wrong in &outcome.wrong {
            write!(said, "\n{:14} {wrong}", "")?;
        }
        if !outcome.ok() {
            write!(said, "\n{:14} its console: {}", "", workspace::short(&files.console))?;
        }
        // At once: others are being run.
        report::line("boot", said);
        // It is large, and made anew each time.
        fs::remove_file(&files.initrd).with_context(|| format!("cannot remove {}", files.initrd.display()))?;
        Ok(outcome)
    }

    /// The verdict, aligned.
    fn line(&self, outcome: &Outcome) -> String {
        let (word, colour) = if outcome.ok() { ("passed", 32) } else { ("FAILED", 31) };
        let colours = io::stdout().is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let word = if colours { format!("\x1b[{colour}m{word}\x1b[0m") } else { word.to_owned() };
        format!("{} {word}  {} {}", self.title(), outcome.release, outcome.summary())
    }
}
