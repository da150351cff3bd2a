// SPDX-License-Identifier: Apache-2.0
//! Rust's library for another machine: rustup's, or that of Debian's rustc, whose package for the other machine holds it.

use std::{
    env, fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use agent_compile::{Arch, DEBIAN, Rustc};
use anyhow::{Context as _, Result, anyhow};

use crate::{
    apt::{self, Apt},
    build, packages, process, report,
    report::Step,
    workspace,
};

/// How long rustup may take: it is 25 MB, but some networks swallow the question.
const RUSTUP_LIMIT: Duration = Duration::from_mins(1);
/// The package of Debian's rustc that has the library.
const PACKAGE: &str = "libstd-rust-web-dev";

/// Where a library is.
#[derive(Debug)]
pub(super) enum Library {
    /// With the rustc that cargo uses.
    Here,
    /// With Debian's rustc, told by `--sysroot`.
    Debian { rustc: PathBuf, sysroot: PathBuf },
}

/// The library for `arch`, if there is one.
pub(super) fn find(arch: Arch) -> Option<Library> {
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.current_dir(workspace::root()).args(["--print", "target-libdir", "--target", &build::target(arch)]);
    if process::read(&mut rustc).is_ok_and(|folder| Path::new(&folder).is_dir()) {
        return Some(Library::Here);
    }
    let rustc = debian()?.found;
    let sysroot = sysroot(&version().ok()?, arch);
    let there = sysroot.join("lib/rustlib").join(build::target(arch)).join("lib").is_dir();
    there.then_some(Library::Debian { rustc, sysroot })
}

/// Has rustup add it, or fetches it for Debian's rustc.
pub(super) fn install(arch: Arch) -> Result<()> {
    let target = build::target(arch);
    let step = Step::start("rust library", &format!("for {target}"));
    let mut rustup = Command::new("rustup");
    rustup.current_dir(workspace::root()).args(["target", "add", &target]);
    match process::quiet_within(RUSTUP_LIMIT, rustup) {
        Ok(_) => step.done(format_args!("for {target}, by rustup")),
        Err(error) => {
            report::line("failed", format_args!("{error:#}"));
            with_debian(arch)?;
            step.done(format_args!("for {target}, of Debian's rustc"));
        }
    }
    Ok(())
}

fn with_debian(arch: Arch) -> Result<()> {
    if debian().is_none() {
        packages::install(&DEBIAN)?;
    }
    let version = version()?;
    let sysroot = sysroot(&version, arch);
    fs::create_dir_all(&sysroot).with_context(|| format!("cannot make {}", sysroot.display()))?;
    let apt = Apt::of("rust", &["bookworm", "bookworm-security"])?;
    let wanted = format!("{PACKAGE}:{}={version}", apt::debian(arch));
    if apt.download(&wanted, &sysroot).is_err() {
        apt.update()?;
        apt.download(&wanted, &sysroot)?;
    }
    let mut packages = fs::read_dir(&sysroot)?.filter_map(|entry| Some(entry.ok()?.path()));
    let package = packages.find(|path| path.extension() == Some("deb".as_ref()));
    let package = package.with_context(|| format!("apt-get left no package in {}", sysroot.display()))?;
    let mut unpack = Command::new("dpkg-deb");
    unpack.arg("--extract").arg(&package).arg(&sysroot);
    process::quiet(unpack)?;
    fs::remove_file(&package).with_context(|| format!("cannot remove {}", package.display()))?;
    // As it is where rustc looks below a sysroot.
    let lib = sysroot.join("lib");
    if !lib.exists() {
        symlink("usr/lib", &lib).with_context(|| format!("cannot make {}", lib.display()))?;
    }
    Ok(())
}

/// Debian's own rustc, if it is here.
fn debian() -> Option<Rustc> {
    agent_compile::rustcs(&workspace::search()).into_iter().find(Rustc::by_distribution)
}

/// The version of its package: its library for another machine has to be of the same.
fn version() -> Result<String> {
    let [rustc, ..] = DEBIAN;
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat=${Version}", rustc]);
    process::read(&mut query).map_err(|error| anyhow!("Debian's rustc is not installed: {error:#}"))
}

/// Where the library for `arch` is unpacked.
fn sysroot(version: &str, arch: Arch) -> PathBuf {
    let version: String =
        version.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
    workspace::search().tools().join(format!("rust-{version}-{}", arch.name()))
}
