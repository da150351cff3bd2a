// SPDX-License-Identifier: Apache-2.0
//! What the probe is built with: a rustc, `core` for the BPF target in one of two forms, and a linker that reads the
//! bitcode of that rustc's LLVM.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use crate::{linker, linker::Linker, process, workspace};

/// The probe's target.
pub(crate) const TARGET: &str = "bpfel-unknown-none";
/// The oldest rustc that builds the workspace.
pub(crate) const OLDEST: &str = env!("CARGO_PKG_RUST_VERSION");

/// How a rustc has the `core` library for [`TARGET`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Core {
    /// Compiled, as Debian ships it.
    Prebuilt,
    /// As source, as `rustup component add rust-src` brings it; cargo compiles it (`-Z build-std`).
    Source,
}

/// A rustc and what belongs to it.
#[derive(Clone, Debug)]
pub(crate) struct Rustc {
    /// Where it was found; the name under which rustup knows it, if it is rustup's.
    pub(crate) found: PathBuf,
    /// The folder of its libraries and programs.
    pub(crate) sysroot: PathBuf,
    /// Its version.
    pub(crate) release: String,
    /// Its LLVM's major version.
    pub(crate) llvm: u32,
    /// Its `core` for the probe's target, if it has one.
    pub(crate) core: Option<Core>,
}

/// Everything that the probe needs.
#[derive(Clone, Debug)]
pub(crate) struct Toolchain {
    /// The compiler.
    pub(crate) rustc: Rustc,
    /// The form of its `core`.
    pub(crate) core: Core,
    /// The linker.
    pub(crate) linker: Linker,
}

impl Rustc {
    /// Asks the rustc at `found` about itself.
    fn ask(found: PathBuf) -> Result<Self> {
        let about = process::read(Command::new(&found).current_dir(workspace::root()).arg("-vV"))?;
        let field = |name: &str| {
            let value = about.lines().find_map(|line| line.strip_prefix(name));
            value.with_context(|| format!("`{} -vV` does not say `{name}`", found.display()))
        };
        let release = field("release: ")?.to_owned();
        let llvm = field("LLVM version: ")?;
        let llvm = llvm.split('.').next().unwrap_or(llvm).parse().with_context(|| format!("LLVM version {llvm}"))?;
        let asked = process::read(Command::new(&found).current_dir(workspace::root()).args(["--print", "sysroot"]))?;
        let sysroot = PathBuf::from(asked);
        let core = core_in(&sysroot);
        Ok(Self { found, sysroot, release, llvm, core })
    }

    /// Whether it can compile the workspace.
    fn new_enough(&self) -> bool {
        numbers(&self.release) >= numbers(OLDEST)
    }

    /// Whether rustup manages it, so that components can be added.
    pub(crate) fn by_rustup(&self) -> bool {
        self.found.with_file_name("rustup").exists()
    }

    /// Whether it is the distribution's, so that more of it comes as packages.
    pub(crate) fn by_distribution(&self) -> bool {
        self.sysroot == Path::new("/usr")
    }

    /// A program that came with it.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.sysroot.join("bin").join(name)
    }
}

impl Toolchain {
    /// One line about it.
    pub(crate) fn summary(&self) -> String {
        let Self { rustc, core, linker } = self;
        let core = match core {
            Core::Prebuilt => "prebuilt core",
            Core::Source => "rust-src",
        };
        format!("rustc {} with {core}, bpf-linker of LLVM {}", rustc.release, linker.llvm)
    }
}

/// Every rustc in PATH that can compile the workspace, in the order of preference: the user's first.
pub(crate) fn rustcs() -> Vec<Rustc> {
    let mut found = process::all_in_path("rustc");
    let system = PathBuf::from("/usr/bin/rustc");
    if system.exists() && !found.contains(&system) {
        found.push(system);
    }
    // One that does not run (rustup without a toolchain, say) is as good as none.
    found.into_iter().filter_map(|path| Rustc::ask(path).ok()).filter(Rustc::new_enough).collect()
}

/// The first of `rustcs` that lacks nothing.
pub(crate) fn complete(rustcs: &[Rustc]) -> Option<Toolchain> {
    rustcs.iter().find_map(|rustc| {
        let core = rustc.core?;
        let linker = linker::find(rustc.llvm)?;
        Some(Toolchain { rustc: rustc.clone(), core, linker })
    })
}

fn core_in(sysroot: &Path) -> Option<Core> {
    let rustlib = sysroot.join("lib/rustlib");
    let compiled = fs::read_dir(rustlib.join(TARGET).join("lib")).ok().is_some_and(|mut files| {
        files.any(|file| file.is_ok_and(|file| file.file_name().to_string_lossy().starts_with("libcore-")))
    });
    if compiled {
        return Some(Core::Prebuilt);
    }
    rustlib.join("src/rust/library/core/src/lib.rs").exists().then_some(Core::Source)
}

/// The numbers of a version, for comparison; a pre-release counts as its release.
fn numbers(version: &str) -> Vec<u32> {
    version.split(['.', '-']).map_while(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert!(numbers("1.100.0") > numbers("1.95"));
        assert!(numbers("1.97.0-nightly") > numbers("1.95"));
        assert!(numbers("1.85.0") < numbers("1.95"));
    }
}
