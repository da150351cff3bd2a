// SPDX-License-Identifier: Apache-2.0
//! Guests, some side by side, and what is said of each.

use std::{
    env,
    fmt::Write as _,
    fs,
    io::{self, IsTerminal as _},
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use agent_compile::Arch;
use anyhow::{Context as _, Result, anyhow};

use super::{
    image::Programs,
    kernels::Kernel,
    outcome::Outcome,
    plan::{BTF_FILE, Btf, Plan},
    qemu::{self, Files, Machine},
    variants::{self, Extent, Variant},
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
    /// Do in each what CI does: as much as shows soonest that a kernel is served
    #[arg(long)]
    short: bool,
}

impl Manner {
    /// As CI has it.
    pub(super) fn short() -> Self {
        Self { seconds: 1, short: true, ..Self::default() }
    }
}

impl Default for Manner {
    fn default() -> Self {
        Self { seconds: 2, limit: Duration::from_mins(15), jobs: 2, short: false }
    }
}

/// Boots all of them. The answer is in their order.
///
/// While the guests of one machine run, what those of the next one need is built by `build`.
pub(super) fn all(
    guests: &[Guest<'_>],
    build: impl Fn(Arch) -> Result<Programs>,
    manner: &Manner,
) -> Result<Vec<Outcome>> {
    let of = |arch: Arch| guests.iter().enumerate().filter(move |(_, guest)| guest.kernel.arch() == arch);
    let archs: Vec<_> = Arch::ALL.into_iter().filter(|arch| of(*arch).next().is_some()).collect();
    let jobs = (manner.jobs / archs.len().max(1)).max(1);
    let mut outcomes =
        thread::scope(|scope| -> Result<Vec<(usize, Outcome)>> {
            let mut running = Vec::new();
            for arch in archs {
                let programs = build(arch)?;
                let guests: Vec<_> = of(arch).collect();
                report::line("boot", format_args!("{} guests for {}, {jobs} at a time", guests.len(), arch.name()));
                running.push(scope.spawn(move || {
                    parallel::map(&guests, jobs, |(at, guest)| Ok((*at, guest.run(&programs, manner)?)))
                }));
            }
            let mut outcomes = Vec::new();
            for thread in running {
                outcomes.extend(thread.join().map_err(|_panic| anyhow!("a thread that runs guests panicked"))??);
            }
            Ok(outcomes)
        })?;
    outcomes.sort_by_key(|(at, _)| *at);
    Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
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
        let files = Files::of(&self.variant.of(self.kernel));
        files.clear()?;
        let steps = variants::steps(&self.variant, if manner.short { Extent::Short } else { Extent::Full });
        let wanted = steps.len();
        let environment = [
            ("PATH", "/bin"),
            ("HOME", "/root"),
            ("LANNER_BIN", "/bin/lanner"),
            ("LANNER_TEST_PROGRAMS", "/tests"),
            ("LANNER_TEST_PATIENCE", "30"),
            // As `cargo xtask test` has it.
            ("MALLOC_ARENA_MAX", "1"),
        ];
        let btf = (self.variant.btf == Btf::File).then_some([("LANNER_BTF", BTF_FILE), ("LANNER_TEST_BTF", BTF_FILE)]);
        let environment = environment.into_iter().chain(btf.into_iter().flatten());
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let plan = Plan {
            report: qemu::report_device(arch).to_owned(),
            cgroups: self.variant.cgroups,
            btf: self.variant.btf,
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
        outcome.agent.clone_from(&programs.sum);
        if outcome.cpus != self.variant.cpus as usize {
            outcome.wrong.push(format!("{} CPUs were asked for, {} are online", self.variant.cpus, outcome.cpus));
        }
        let warned = outcome.doctor.as_ref().is_some_and(|doctor| doctor.warned().contains(&"BTF"));
        if warned != (self.variant.btf == Btf::Missing) {
            let words = if warned { "is missing, but it is there" } else { "is there, but it is missing" };
            outcome.wrong.push(format!("by the doctor, BTF {words}"));
        }
        let mut said = format!("{} ({})", self.line(&outcome), report::seconds(started.elapsed()));
        for wrong in &outcome.wrong {
            write!(said, "\n{:14} {wrong}", "")?;
        }
        if !outcome.ok() {
            write!(said, "\n{:14} its console: {}", "", workspace::short(&files.console))?;
        }
        fs::write(&files.outcome, serde_json::to_vec(&outcome)?)
            .with_context(|| format!("cannot write {}", files.outcome.display()))?;
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
