// SPDX-License-Identifier: Apache-2.0
//! Clippy, with warnings denied.

use agent_compile::{Arch, Toolchain};
use anyhow::Result;

use super::arguments;
use crate::{build_ebpf, packages, process, report, setup};

/// On the host's crates, their tests included.
pub(super) fn host() -> Result<String> {
    process::quiet(arguments("clippy", &["--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    Ok("no warnings".to_owned())
}

/// On the probe, for each architecture: one has code that the other has not.
pub(super) fn bpf() -> Result<String> {
    let toolchain = setup::toolchain()?;
    if !has_clippy(&toolchain) && toolchain.rustc.by_distribution() {
        let installed = packages::install(&["rust-web-clippy"]);
        installed.unwrap_or_else(|error| report::line("clippy", format_args!("not to be had: {error:#}")));
    }
    let clippy = has_clippy(&toolchain);
    for arch in [Arch::X86_64, Arch::Aarch64] {
        let mut command = build_ebpf::cargo(&toolchain, arch, if clippy { "clippy" } else { "rustc" });
        // The probe's own profile, so that dependencies are those of the build.
        command.args(["--quiet", "--profile", "probe", "--", "-D", "warnings"]);
        process::quiet(command)?;
    }
    let how = if clippy { "no warnings" } else { "no warnings of rustc; that toolchain has no clippy" };
    Ok(format!("{how} (rustc {})", toolchain.rustc.release))
}

fn has_clippy(toolchain: &Toolchain) -> bool {
    toolchain.rustc.program("cargo-clippy").exists() && toolchain.rustc.program("clippy-driver").exists()
}
