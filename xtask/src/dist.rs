// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask dist`: what a release consists of. Static programs, probes, what they are made of, and the digests of all.

pub(crate) mod cross;
mod sbom;

use std::{collections::BTreeMap, fs, path::PathBuf};

use agent_compile::Arch;
use anyhow::{Context as _, Result, bail};

use crate::{build, build_ebpf, output, report, setup, workspace};

/// The licences that go along.
const LICENCES: [&str; 3] = ["LICENSE-APACHE", "LICENSE-GPL-2.0", "LICENSE-MIT"];
/// The digests, in the format of `sha256sum`.
const SUMS: &str = "SHA256SUMS";

/// What to make.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// For these machines [default: this one, and the others that a cross compiler is here for]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "ARCHS")]
    arch: Vec<Arch>,
    /// The folder
    #[arg(long, value_name = "DIR", default_value = "target/dist")]
    out: PathBuf,
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    let mut files: BTreeMap<String, (Vec<u8>, u32)> = BTreeMap::new();
    let toolchain = setup::toolchain()?;
    for arch in Arch::ALL {
        build_ebpf::build(&toolchain, arch)?;
        let path = workspace::probe(arch);
        let object = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        files.insert(format!("lanner-probe-{version}-{}.o", arch.name()), (object, 0o644));
    }
    let wanted = if args.arch.is_empty() { &Arch::ALL[..] } else { &args.arch };
    for arch in wanted {
        match cross::find(*arch) {
            Ok(cross) => {
                let program = build::agent(*arch, build::RELEASE, &cross)?;
                files.insert(format!("lanner-{version}-{}", arch.name()), (program, 0o755));
            }
            Err(missing) if args.arch.is_empty() => {
                report::line("left out", format_args!("lanner for {}: {missing}", arch.name()));
            }
            Err(missing) => bail!("lanner for {} can't be built here: {missing}", arch.name()),
        }
    }
    let sbom = serde_json::to_vec_pretty(&sbom::of_agent()?)?;
    files.insert(format!("lanner-{version}.cdx.json"), (sbom, 0o644));
    for name in LICENCES {
        let text = fs::read(workspace::root().join(name)).with_context(|| format!("cannot read {name}"))?;
        files.insert(name.to_owned(), (text, 0o644));
    }
    let sums = files.iter().map(|(name, (bytes, _))| format!("{}  {name}\n", output::sha256(bytes)));
    let sums = sums.collect::<String>();
    files.insert(SUMS.to_owned(), (sums.into_bytes(), 0o644));

    remove_earlier(args, &files)?;
    for (name, (bytes, mode)) in &files {
        let changed = output::put(&args.out.join(name), bytes, *mode)?;
        let note = if changed { "" } else { ", up to date" };
        report::line(
            "dist",
            format_args!("{} {} KiB{note}", args.out.join(name).display(), bytes.len().div_ceil(1024)),
        );
    }
    Ok(())
}

/// Removes what a run for another version has left: nobody should upload it with this one.
fn remove_earlier(args: &Args, files: &BTreeMap<String, (Vec<u8>, u32)>) -> Result<()> {
    let Ok(entries) = fs::read_dir(&args.out) else { return Ok(()) };
    for entry in entries {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if name.starts_with("lanner-") && !files.contains_key(&name) {
            fs::remove_file(entry.path()).with_context(|| format!("cannot remove {}", entry.path().display()))?;
        }
    }
    Ok(())
}
