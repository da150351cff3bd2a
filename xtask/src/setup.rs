// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask setup`: finds or installs what building the probe takes, whichever way this machine can have it.
//!
//! 1. A rustc with rust-src, and a bpf-linker for its LLVM: found, or added by rustup and built.
//! 2. Debian's own rustc with `core` for BPF, which installs beside rustup and needs only the distribution's archive.

use std::{process::Command, time::Duration};

use agent_compile::{Core, DEBIAN, Distribution, Missing, Rustc, Toolchain, complete, linker as bpf, remedies};
use anyhow::{Context as _, Result, bail};

use crate::{
    deploy_tools, linker, packages, process,
    report::{Step, line},
    vm, workspace,
};

/// How long rustup may take to bring rust-src: it is 3 MB, but some networks swallow the question.
const RUSTUP_LIMIT: Duration = Duration::from_mins(2);

/// What to set up.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only say what is there, and what to do about the rest; fail if something is missing.
    #[arg(long)]
    check: bool,
    /// Also what the integration tests use (strace, bpftool, a C compiler for 32-bit programs), and what checks `deploy`.
    #[arg(long)]
    tests: bool,
    /// Also QEMU, for `cargo xtask vm`.
    #[arg(long)]
    vm: bool,
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut missing = Vec::new();
    match Toolchain::find(&workspace::search()) {
        Ok(toolchain) => describe(&toolchain),
        Err(lacking) if args.check => missing.push(explain(&lacking)),
        Err(_) => describe(&install()?),
    }
    if args.tests {
        missing.extend(packages::for_tests(args.check));
        missing.extend(deploy_tools::set_up(args.check));
    }
    if args.vm {
        missing.extend(vm::set_up(args.check)?);
    }
    if !missing.is_empty() && args.check {
        bail!("something is missing\n{}", missing.join("\n"));
    }
    Ok(())
}

/// The probe's toolchain, installed if need be.
pub(crate) fn toolchain() -> Result<Toolchain> {
    let toolchain = Toolchain::find(&workspace::search()).or_else(|_lacking| install())?;
    line("toolchain", toolchain.summary());
    Ok(toolchain)
}

/// Tries each way in turn until a toolchain is complete. That one fails is the normal case on many machines.
fn install() -> Result<Toolchain> {
    for with_core in [with_rust_src, with_debian] {
        let attempt = with_core(&rustcs()).and_then(|()| with_linker(&rustcs()));
        if let Err(error) = attempt {
            line("failed", format_args!("{error:#}"));
        }
        if let Some(toolchain) = complete(&workspace::search(), &rustcs()) {
            return Ok(toolchain);
        }
    }
    let lacking = Toolchain::find(&workspace::search()).err().unwrap_or_default();
    bail!("cannot set up the probe's toolchain\n{}", explain(&lacking));
}

fn rustcs() -> Vec<Rustc> {
    agent_compile::rustcs(&workspace::search())
}

/// Has rustup add `core` as source to the first rustc of its own, unless some rustc has a `core`.
fn with_rust_src(rustcs: &[Rustc]) -> Result<()> {
    let Some(rustc) = rustcs.iter().find(|rustc| rustc.by_rustup()) else { return Ok(()) };
    if rustcs.iter().any(|rustc| rustc.core.is_some()) {
        return Ok(());
    }
    let step = Step::start("rust-src", &format!("rustup adds it to rustc {}", rustc.release));
    let mut rustup = Command::new(rustc.found.with_file_name("rustup"));
    rustup.current_dir(workspace::root()).args(["component", "add", "rust-src"]);
    process::quiet_within(RUSTUP_LIMIT, rustup)?;
    step.done("added");
    Ok(())
}

/// Builds a bpf-linker for the first rustc with `core` whose LLVM, or a newer one, is here or can be installed, unless
/// there is one.
fn with_linker(rustcs: &[Rustc]) -> Result<()> {
    if complete(&workspace::search(), rustcs).is_some() {
        return Ok(());
    }
    let mut outcome = Ok(());
    for rustc in rustcs.iter().filter(|rustc| rustc.core.is_some()) {
        outcome = linker_for(rustc.llvm);
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

fn linker_for(llvm: u32) -> Result<()> {
    let here = bpf::readers(llvm).find_map(|llvm| Some((llvm, linker::llvm_prefix(llvm)?)));
    if let Some((llvm, prefix)) = here {
        return linker::build(llvm, &prefix);
    }
    let newest = || format!("bpf-linker {} is for LLVM up to {}, not {llvm}", bpf::VERSION, bpf::NEWEST);
    let llvm = bpf::readers(llvm).next().with_context(newest)?;
    packages::install(&packages::llvm(llvm))?;
    let prefix = linker::llvm_prefix(llvm).with_context(|| format!("the packages of LLVM {llvm} have no libLLVM"))?;
    linker::build(llvm, &prefix)
}

/// Installs Debian's rustc with all that belongs to it.
fn with_debian(_: &[Rustc]) -> Result<()> {
    packages::install(&DEBIAN)
}

fn describe(toolchain: &Toolchain) {
    let Toolchain { rustc, core, linker } = toolchain;
    line("rustc", format_args!("{} (LLVM {}), {}", rustc.release, rustc.llvm, workspace::short(&rustc.found)));
    line(
        "core",
        match core {
            Core::Prebuilt => "compiled, beside that rustc",
            Core::Source => "source (rust-src), compiled with the probe",
        },
    );
    line("bpf-linker", format_args!("{} (LLVM {}), {}", linker.version, linker.llvm, workspace::short(&linker.path)));
}

/// What is missing, and what a person can do about it.
fn explain(lacking: &[Missing]) -> String {
    let mut lines: Vec<String> = lacking.iter().map(ToString::to_string).collect();
    lines.push("To get it:".to_owned());
    lines.extend(remedies(lacking, Distribution::here()).into_iter().map(|remedy| format!("  {remedy}")));
    for one in lacking {
        if let Missing::BpfLinker { llvm } = one {
            let packages = packages::llvm(*llvm).join(" ");
            lines.push(format!(
                "    or, from the distribution or https://apt.llvm.org: apt-get install {packages}\n    \
                 then `cargo xtask setup`, which builds bpf-linker"
            ));
        }
    }
    lines.join("\n")
}
