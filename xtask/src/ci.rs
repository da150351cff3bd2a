// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask ci`: every gate, in the order of what fails fastest. CI and people run the same.

mod clippy;
mod dependencies;
mod deploy;
mod members;

use std::{
    env,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow};
use clap::ValueEnum;

use crate::{
    budget, fuzz, process,
    report::{self, Step},
    schema, test, vm, workspace,
};

/// Where Debian's `linux-libc-dev` has the headers of all architectures, from 7.x on.
const HEADERS: &str = "/usr/lib/linux/uapi";

/// Which gates to pass.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only these, such as `fmt,clippy`.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "GATES")]
    only: Vec<Gate>,
}

/// A gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Gate {
    /// Formatting.
    Fmt,
    /// Every member inherits the lint table; every source names its licence.
    Members,
    /// Licences and sources of dependencies, by deny.toml.
    Dependencies,
    /// Clippy on the host's crates.
    Clippy,
    /// Clippy on the probe, for each architecture.
    ClippyBpf,
    /// Documentation without warnings.
    Doc,
    /// The lock file of the contract between probe and agent.
    Schema,
    /// The generated tables of syscall numbers.
    Numbers,
    /// Bytes that break what takes bytes from outside, looked for a short while.
    Fuzz,
    /// The manifests, the chart, the image and the unit in `deploy`.
    Deploy,
    /// All tests, those on the live kernel too.
    Test,
    /// The agent's instructions for one event, by agent/budget.toml.
    Budget,
    /// Kernels of Debian in virtual machines, of both architectures: takes a while, and is passed when it is named.
    Vm,
}

impl Gate {
    /// Tries it; says what it has found.
    fn pass(self) -> Result<String> {
        match self {
            Self::Fmt => process::quiet(arguments("fmt", &["--all", "--check"])).map(|()| "formatted".to_owned()),
            Self::Members => members::check(),
            Self::Dependencies => dependencies::check(),
            Self::Clippy => clippy::host(),
            Self::ClippyBpf => clippy::bpf(),
            Self::Doc => {
                let mut doc = arguments("doc", &["--quiet", "--workspace", "--no-deps", "--document-private-items"]);
                doc.env("RUSTDOCFLAGS", "-D warnings");
                process::quiet(doc).map(|()| "no warnings".to_owned())
            }
            Self::Schema => schema::check(),
            Self::Numbers if !Path::new(HEADERS).exists() => {
                Ok(format!("not checked: no {HEADERS} (linux-libc-dev 7.x) on this machine"))
            }
            Self::Numbers => {
                let mut numbers = Command::new(env::current_exe().context("cannot find xtask's own program")?);
                numbers.args(["numbers", "--check", "--headers", HEADERS]);
                process::quiet(numbers).map(|()| "as the kernel's headers have them".to_owned())
            }
            Self::Fuzz => fuzz::check(),
            Self::Deploy => deploy::check(),
            Self::Test => test::run(&test::Args::default()).map(|()| "all passed".to_owned()),
            Self::Budget => budget::check(),
            Self::Vm => vm::gate(),
        }
    }

    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<()> {
    let usual = || Gate::value_variants().iter().copied().filter(|gate| *gate != Gate::Vm).collect();
    let gates: Vec<Gate> = if args.only.is_empty() { usual() } else { args.only.clone() };
    let mut passed: Vec<(String, String, Duration)> = Vec::new();
    for gate in &gates {
        let (name, started) = (gate.name(), Instant::now());
        // Tests, fuzzers and guests talk while they run, and so does what is set up and built for them.
        let step = (!matches!(gate, Gate::Fuzz | Gate::Test | Gate::Vm)).then(|| Step::start(&name, "checking"));
        let found = gate.pass().map_err(|error| {
            report::failure(&error);
            anyhow!("gate `{name}` failed; again: `cargo xtask ci --only {name}`")
        })?;
        match step {
            Some(step) => step.done(&found),
            None => report::line(&name, &found),
        }
        passed.push((name, found, started.elapsed()));
    }
    println!("\nall gates passed");
    for (name, found, took) in passed {
        println!("  {name:<14} {:>8}  {found}", report::seconds(took));
    }
    Ok(())
}

fn arguments(subcommand: &str, arguments: &[&str]) -> Command {
    let mut command = workspace::cargo(subcommand);
    command.args(arguments);
    command
}
