// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask build-ebpf`: the probe, from package `agent-ebpf` to `target/probe/<arch>/lanner-probe.o`.

use std::{path::PathBuf, process::Command, time::Instant};

use agent_compile::{Arch, Job, Toolchain};
use anyhow::Result;

use crate::{output, process, report, setup, workspace};

/// What to build.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The machine whose kernel the probe is for.
    #[arg(long, value_enum, default_value_t = Arch::HOST)]
    arch: Arch,
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<()> {
    build(&setup::toolchain()?, args.arch)
}

/// Builds the probe for `arch`. The copy is touched only if it changes, so that the agent is rebuilt only then.
pub(crate) fn build(toolchain: &Toolchain, arch: Arch) -> Result<()> {
    let started = Instant::now();
    process::run(cargo(toolchain, arch, "build").args(["--profile", "probe"]))?;
    let (object, programs) = agent_compile::finished(&target_dir(arch))?;
    let path = workspace::probe(arch);
    output::put(&path, &object, 0o644)?;
    let (size, took) = (object.len() / 1024, report::seconds(started.elapsed()));
    report::line("probe", format_args!("{} {size} KiB, {programs} programs ({took})", workspace::short(&path)));
    Ok(())
}

/// A cargo that works on the probe for `arch` with `toolchain`.
pub(crate) fn cargo(toolchain: &Toolchain, arch: Arch, subcommand: &str) -> Command {
    let remapped = workspace::remapped();
    let remapped: Vec<_> = remapped.iter().map(|(folder, name)| (folder.as_path(), *name)).collect();
    let (root, target_dir) = (workspace::root(), target_dir(arch));
    let job = Job { workspace: root, target_dir: &target_dir, arch, remapped: &remapped };
    agent_compile::cargo(&workspace::search(), toolchain, &job, subcommand)
}

/// Not the workspace's own: compiler and flags differ, and cargo keeps one set of results per folder and target.
fn target_dir(arch: Arch) -> PathBuf {
    workspace::target().join(format!("ebpf-{}", arch.name()))
}
