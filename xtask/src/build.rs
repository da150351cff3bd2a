// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask build`: the probe, then the agent with the probe in it, as one static program.

use std::{env, fs};

use agent_compile::Arch;
use anyhow::{Context as _, Result, bail};
use object::{Endianness, elf::PT_INTERP, read::elf::ElfFile64, read::elf::ProgramHeader as _};

use crate::{build_ebpf, dist::cross::Cross, output, process, report, setup, workspace};

/// Runs the task.
pub(crate) fn run() -> Result<()> {
    build_ebpf::build(&setup::toolchain()?, Arch::HOST)?;
    let program = agent(Arch::HOST, RELEASE, &Cross::default())?;
    let agent = workspace::agent();
    let changed = output::put(&agent, &program, 0o755)?;
    let (shown, size) = (workspace::short(&agent), program.len() as f64 / f64::from(1 << 20));
    let note = if changed { "" } else { ", up to date" };
    report::line("agent", format_args!("{shown} {size:.1} MiB, static{note}"));
    Ok(())
}

/// The profile of what people run.
pub(crate) const RELEASE: &str = "release";

/// Builds the agent for `arch` by a profile of cargo's, with the probe that is there; returns the program.
pub(crate) fn agent(arch: Arch, profile: &str, cross: &Cross) -> Result<Vec<u8>> {
    let target = target(arch);
    process::run(
        workspace::cargo("build")
            .args(["--profile", profile, "--package", "agent", "--bin", "lanner", "--target", &target])
            .env("CARGO_ENCODED_RUSTFLAGS", flags(cross))
            .envs(cross.environment.iter().map(|(name, value)| (name, value))),
    )?;

    let built = workspace::target().join(target).join(profile).join("lanner");
    let program = fs::read(&built).with_context(|| format!("cannot read {}", built.display()))?;
    if !is_static(&program)? {
        bail!("{} is not static: it names an interpreter", built.display());
    }
    Ok(program)
}

/// The compiler's flags for static programs, as cargo takes them from `CARGO_ENCODED_RUSTFLAGS`.
pub(crate) fn flags(cross: &Cross) -> String {
    let remapped = workspace::remapped();
    let remapped = remapped.iter().map(|(folder, name)| format!("--remap-path-prefix={}={name}", folder.display()));
    let mut flags: Vec<String> = remapped.collect();
    // Static glibc, and `--target`, without which the flag would reach proc macros, which cannot be static.
    flags.push("-Ctarget-feature=+crt-static".to_owned());
    flags.extend(cross.flags.iter().cloned());
    // Those of the environment, which cargo would otherwise ignore now.
    flags.extend(env::var("RUSTFLAGS").iter().flat_map(|flags| flags.split_whitespace()).map(str::to_owned));
    flags.join("\x1f")
}

/// The target of the agent for `arch`.
pub(crate) fn target(arch: Arch) -> String {
    format!("{}-unknown-linux-gnu", arch.name())
}

fn is_static(program: &[u8]) -> Result<bool> {
    let elf = ElfFile64::<Endianness>::parse(program).context("it is no ELF file")?;
    Ok(elf.elf_program_headers().iter().all(|header| header.p_type(elf.endian()) != PT_INTERP))
}
