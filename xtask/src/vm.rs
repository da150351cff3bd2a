// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask vm`: kernels of distributions, booted in QEMU with nothing but the agent and its tests.
//!
//! The first file system is an archive of static programs; its first process is ours (`tests/src/bin/guest`). It takes the
//! steps of a plan, answers by a serial port, and turns the machine off. A boot takes some seconds, without hardware that
//! virtualizes.

mod cpio;
mod docs;
mod fetch;
mod image;
mod kernels;
mod outcome;
#[path = "../../tests/src/bin/guest/plan.rs"]
mod plan;
mod qemu;
mod run;
mod variants;

use std::path::{Path, PathBuf};

use agent_compile::Arch;
use anyhow::{Result, bail};

use self::{
    image::Programs,
    kernels::Kernel,
    outcome::Outcome,
    run::{Guest, Manner},
    variants::Variant,
};
use crate::report;

/// What to boot.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Kernels, by the names that --list shows, such as 6.1
    #[arg(value_name = "KERNEL", required_unless_present_any = ["all", "list"])]
    kernels: Vec<String>,
    /// Those kernels that CI boots
    #[arg(long, conflicts_with = "kernels")]
    all: bool,
    /// Only show the kernels that are known, and the variants
    #[arg(long)]
    list: bool,
    /// For these machines [default: this one; with --all, all]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "ARCHS")]
    arch: Vec<Arch>,
    /// How they are booted, by the names that --list shows, or `all`
    #[arg(long, value_delimiter = ',', value_name = "VARIANTS", default_value = variants::PLAIN)]
    variant: Vec<String>,
    /// How guests are run.
    #[command(flatten)]
    manner: Manner,
    /// Take this agent instead of building it
    #[arg(long, value_name = "FILE")]
    agent: Option<PathBuf>,
    /// Write docs/kernels.md from what this and earlier runs found of this agent
    #[arg(long)]
    docs: bool,
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.list {
        return list();
    }
    let here = if args.all { &Arch::ALL[..] } else { &[Arch::HOST] };
    let archs = if args.arch.is_empty() { here } else { &args.arch };
    let kernels = kernels::chosen(&args.kernels, args.all, archs)?;
    let variants = variants::chosen(&args.variant)?;
    if args.agent.is_some() && Arch::ALL.iter().all(|arch| kernels.iter().any(|kernel| kernel.arch() == *arch)) {
        bail!("one agent is not for all machines: name one by --arch");
    }
    let Fetched { guests, gone } = fetch(&kernels, &variants)?;
    let outcomes = boot(&guests, args.agent.as_deref(), &args.manner)?;
    if args.docs {
        docs::write()?;
    }
    report::line("vm", verdict(&outcomes, &gone)?);
    Ok(())
}

/// The gate of `cargo xtask ci`: QEMU and what builds for the other machine are installed if need be, and the kernels of
/// `--all` are booted.
pub(crate) fn gate() -> Result<String> {
    qemu::set_up(false)?;
    let kernels = kernels::chosen(&[], true, &Arch::ALL)?;
    let Fetched { guests, gone } = fetch(&kernels, &variants::chosen(&[variants::PLAIN.to_owned()])?)?;
    verdict(&boot(&guests, None, &Manner::short())?, &gone)
}

/// The guests to boot, and the kernels that the archive does not have any more.
struct Fetched<'a> {
    guests: Vec<Guest<'a>>,
    gone: Vec<&'a Kernel>,
}

/// Every kernel in every way. They are fetched first: one that can't be had is told before any is booted.
///
/// Archives drop old versions, which is no fault of the agent's: it is said of each, and enough that one kernel is left for
/// each machine.
fn fetch<'a>(kernels: &'a [Kernel], variants: &[Variant]) -> Result<Fetched<'a>> {
    let mut fetched = Fetched { guests: Vec::new(), gone: Vec::new() };
    for kernel in kernels {
        match fetch::image(kernel)? {
            fetch::Fetched::Image(image) => {
                let guest = |variant: &Variant| Guest { kernel, image: image.clone(), variant: *variant };
                fetched.guests.extend(variants.iter().map(guest));
            }
            fetch::Fetched::Gone(said) => {
                report::line("NOT CHECKED", format_args!("{}: gone from the archive: {said}", kernel.title()));
                fetched.gone.push(kernel);
            }
        }
    }
    for gone in &fetched.gone {
        if !fetched.guests.iter().any(|guest| guest.kernel.arch() == gone.arch()) {
            bail!(
                "no kernel for {} is left in the archive: give xtask/src/vm/kernels.toml versions that it has",
                gone.arch().name()
            );
        }
    }
    Ok(fetched)
}

/// Builds what guests need, and boots them.
fn boot(guests: &[Guest<'_>], agent: Option<&Path>, manner: &Manner) -> Result<Vec<Outcome>> {
    let build = |arch| {
        qemu::check(arch)?;
        Programs::build(arch, variants::TESTS, agent)
    };
    run::all(guests, build, manner)
}

/// What came of all of them, in words.
fn verdict(outcomes: &[Outcome], gone: &[&Kernel]) -> Result<String> {
    let failed = outcomes.iter().filter(|outcome| !outcome.ok()).count();
    if failed > 0 {
        bail!("{failed} of {} guests failed", outcomes.len());
    }
    let gone: Vec<_> = gone.iter().map(|kernel| kernel.title()).collect();
    let gone = if gone.is_empty() {
        String::new()
    } else {
        format!("; NOT CHECKED, gone from the archive: {}", gone.join(", "))
    };
    Ok(format!("all {} guests passed{gone}", outcomes.len()))
}

/// QEMU, for `cargo xtask setup --vm`.
pub(crate) fn set_up(check: bool) -> Result<Vec<String>> {
    qemu::set_up(check)
}

fn list() -> Result<()> {
    println!("{:<14} {:<8} {:<18} {:<18} package", "KERNEL", "MACHINE", "VERSION", "SUITE");
    for kernel in kernels::all()? {
        let note = if kernel.first { "" } else { "  (not in --all)" };
        let Kernel { name, version, suite, package, .. } = &kernel;
        println!("{name:<14} {:<8} {version:<18} {suite:<18} {package}{note}", kernel.arch().name());
    }
    println!("\n{:<14} what differs", "VARIANT");
    for variant in variants::ALL {
        println!("{:<14} {}", variant.name, variant.words);
    }
    Ok(())
}
