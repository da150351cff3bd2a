// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask build`: the probe, then the agent with the probe in it, as one static program.

use std::{env, fs};

use anyhow::{Context as _, Result, bail};
use object::{Endianness, elf::PT_INTERP, read::elf::ElfFile64, read::elf::ProgramHeader as _};

use crate::{build_ebpf, process, report, setup, workspace, workspace::Arch};

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
    if fs::read(&agent).is_ok_and(|old| old == program) {
        report::line("agent", format_args!("{} is up to date", workspace::short(&agent)));
        return Ok(());
    }
    // By a rename, since the old one may be running.
    let new = agent.with_extension("new");
    fs::create_dir_all(workspace::target().join("release"))?;
    fs::copy(&built, &new).with_context(|| format!("cannot copy to {}", new.display()))?;
    fs::rename(&new, &agent).with_context(|| format!("cannot rename {}", new.display()))?;
    let size = program.len() as f64 / f64::from(1 << 20);
    report::line("agent", format_args!("{} {size:.1} MiB, static", workspace::short(&agent)));
    Ok(())
}

fn is_static(program: &[u8]) -> Result<bool> {
    let elf = ElfFile64::<Endianness>::parse(program).context("it is no ELF file")?;
    Ok(elf.elf_program_headers().iter().all(|header| header.p_type(elf.endian()) != PT_INTERP))
}
