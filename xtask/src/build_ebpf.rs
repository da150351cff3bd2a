// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask build-ebpf`: the probe, from package `agent-ebpf` to `target/probe/<arch>/lanner-probe.o`.

use std::{fs, path::PathBuf, process::Command, time::Instant};

use anyhow::{Context as _, Result, bail};
use object::{
    Architecture, File, Object as _, ObjectSection as _, ObjectSymbol as _, SymbolKind,
    build::elf::{Builder, SectionData},
    elf::SHT_STRTAB,
};

use crate::{
    output, process, report, setup,
    toolchain::{Core, TARGET, Toolchain},
    workspace::{self, Arch},
};

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
    let built = target_dir(arch).join(TARGET).join("probe/lanner-probe");
    let object = fs::read(&built).with_context(|| format!("cannot read {}", built.display()))?;
    let object = without_dwarf(&object).with_context(|| format!("cannot strip {}", built.display()))?;
    let programs = count_programs(&object).with_context(|| format!("{} is no probe", built.display()))?;
    let path = workspace::probe(arch);
    output::put(&path, &object, 0o644)?;
    let (size, took) = (object.len() / 1024, report::seconds(started.elapsed()));
    report::line("probe", format_args!("{} {size} KiB, {programs} programs ({took})", workspace::short(&path)));
    Ok(())
}

/// A cargo that works on the probe for `arch` with `toolchain`.
pub(crate) fn cargo(toolchain: &Toolchain, arch: Arch, subcommand: &str) -> Command {
    let Toolchain { rustc, core, linker } = toolchain;
    let mut flags = vec![
        format!("--cfg=bpf_target_arch=\"{}\"", arch.name()),
        "-Cdebuginfo=2".to_owned(),
        "-Clink-arg=--btf".to_owned(),
        format!("-Clinker={}", linker.path.display()),
        format!("--remap-path-prefix={}=rust", rustc.sysroot.display()),
    ];
    flags.extend(workspace::remapped());
    // cargo would look for `cargo-clippy` in PATH, where another toolchain's comes first.
    let program = if subcommand == "clippy" { "cargo-clippy" } else { "cargo" };
    let mut command = Command::new(rustc.program(program));
    command
        .current_dir(workspace::root())
        .arg(subcommand)
        .args(["--package", "agent-ebpf", "--features", "bpf", "--target", TARGET, "--target-dir"])
        .arg(target_dir(arch))
        .env("CARGO", rustc.program("cargo"))
        .env("RUSTC", rustc.program("rustc"))
        // Inline assembly for BPF, which aya-ebpf uses, is unstable; so is `-Z build-std`.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"))
        .env_remove("RUSTFLAGS")
        .env_remove("RUSTUP_TOOLCHAIN");
    match core {
        Core::Prebuilt => {}
        Core::Source => {
            command.args(["-Z", "build-std=core"]);
        }
    }
    command
}

/// Not the workspace's own: compiler and flags differ, and cargo keeps one set of results per folder and target.
fn target_dir(arch: Arch) -> PathBuf {
    workspace::target().join(format!("ebpf-{}", arch.name()))
}

/// The object without DWARF, of which the linker has made BTF, and without BTF's line numbers, of which the loader
/// would hand every program a copy: a quarter of the size, and half the time to load.
fn without_dwarf(object: &[u8]) -> Result<Vec<u8>> {
    let mut builder = Builder::read(object)?;
    for section in &mut builder.sections {
        let name = section.name.strip_prefix(b".rel").unwrap_or(&section.name);
        section.delete = name.starts_with(b".debug_") || name == b".BTF.ext";
    }
    builder.delete_orphans();
    // LLVM keeps the names of sections and symbols in one section; the builder writes two.
    let names = builder.sections.add();
    names.name = b".shstrtab"[..].into();
    names.sh_type = SHT_STRTAB;
    names.sh_addralign = 1;
    names.data = SectionData::SectionString;
    let mut stripped = Vec::new();
    builder.write(&mut stripped)?;
    Ok(stripped)
}

/// Makes sure that the object has what a loader expects, and counts its programs.
fn count_programs(object: &[u8]) -> Result<usize> {
    let file = File::parse(object)?;
    if file.architecture() != Architecture::Bpf {
        bail!("it is for {:?}, not BPF", file.architecture());
    }
    for section in [".BTF", "license"] {
        file.section_by_name(section).with_context(|| format!("it has no section {section}"))?;
    }
    // Functions in .text are those that programs call, and local ones are the panics that nothing reaches.
    let programs = file.symbols().filter(|symbol| {
        let section = symbol.section_index().and_then(|index| file.section_by_index(index).ok());
        let section = section.as_ref().and_then(|section| section.name().ok());
        symbol.kind() == SymbolKind::Text
            && symbol.is_global()
            && section.is_some_and(|name| !name.starts_with(".text"))
    });
    Ok(programs.count())
}
