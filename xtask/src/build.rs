// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask build`: the probe, then the agent with the probe in it, as one static program.

use std::{env, fs};

use anyhow::{Context as _, Result, bail};
use object::{Endianness, elf::PT_INTERP, read::elf::ElfFile64, read::elf::ProgramHeader as _};

use crate::{build_ebpf, output, process, report, setup, workspace, workspace::Arch};

/// Runs the task.
pub(crate) fn run() -> Result<()> {
    build_ebpf::build(&setup::toolchain()?, Arch::HOST)?;

    let target = format!("{}-unknown-linux-gnu", Arch::HOST.name());
    let mut flags = Vec::from(workspace::remapped());
    // Static glibc, and `--target`, without which the flag would reach proc macros, which cannot be static.
    flags.push("-Ctarget-feature=+crt-static".to_owned());
    // Those of the environment, which cargo would otherwise ignore now.
    flags.extend(env::var("RUSTFLAGS").iter().flat_map(|flags| flags.split_whitespace()).map(str::to_owned));
    process::run(
        workspace::cargo("build")
            .args(["--release", "--package", "agent", "--bin", "lanner", "--target", &target])
            .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f")),
    )?;

    let built = workspace::target().join(target).join("release/lanner");
    let program = fs::read(&built).with_context(|| format!("cannot read {}", built.display()))?;
    if !is_static(&program)? {
        bail!("{} is not static: it names an interpreter", built.display());
    }
    let agent = workspace::agent();
    let changed = output::put(&agent, &program, 0o755)?;
    let (shown, size) = (workspace::short(&agent), program.len() as f64 / f64::from(1 << 20));
    let note = if changed { "" } else { ", up to date" };
    report::line("agent", format_args!("{shown} {size:.1} MiB, static{note}"));
    Ok(())
}

fn is_static(program: &[u8]) -> Result<bool> {
    let elf = ElfFile64::<Endianness>::parse(program).context("it is no ELF file")?;
    Ok(elf.elf_program_headers().iter().all(|header| header.p_type(elf.endian()) != PT_INTERP))
}
