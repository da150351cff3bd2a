// SPDX-License-Identifier: Apache-2.0
//! What the probe is built with: a rustc, `core` for the BPF target in one of two forms, and a linker that reads the
//! bitcode of that rustc's LLVM.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{Linker, Missing, Search, linker};

/// The probe's target.
pub const TARGET: &str = "bpfel-unknown-none";
/// The oldest rustc that builds the workspace.
pub const OLDEST: &str = env!("CARGO_PKG_RUST_VERSION");

/// How a rustc has the `core` library for [`TARGET`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Core {
    /// Compiled, as Debian ships it.
    Prebuilt,
    /// As source, as `rustup component add rust-src` brings it; cargo compiles it (`-Z build-std`).
    Source,
}

/// A rustc and what belongs to it.
#[derive(Clone, Debug)]
pub struct Rustc {
    /// Where it was found; the name under which rustup knows it, if it is rustup's.
    pub found: PathBuf,
    /// The folder of its libraries and programs.
    pub sysroot: PathBuf,
    /// Its version.
    pub release: String,
    /// Its LLVM's major version.
    pub llvm: u32,
    /// Its `core` for the probe's target, if it has one.
    pub core: Option<Core>,
}

/// Everything that the probe needs.
#[derive(Clone, Debug)]
pub struct Toolchain {
    /// The compiler.
    pub rustc: Rustc,
    /// The form of its `core`.
    pub core: Core,
    /// The linker.
    pub linker: Linker,
}

impl Rustc {
    /// Asks the rustc at `found` about itself. One that does not run (rustup without a toolchain, say) is as good as none.
    fn ask(search: &Search, found: PathBuf) -> Option<Self> {
        let about = search.ask(&found, &["-vV"])?;
        let field = |name: &str| about.lines().find_map(|line| line.strip_prefix(name));
        let release = field("release: ")?.to_owned();
        let llvm = field("LLVM version: ")?.split('.').next()?.parse().ok()?;
        let sysroot = PathBuf::from(search.ask(&found, &["--print", "sysroot"])?);
        let core = core_in(&sysroot);
        Some(Self { found, sysroot, release, llvm, core })
    }

    /// Whether it can compile the workspace.
    pub(crate) fn new_enough(&self) -> bool {
        numbers(&self.release) >= numbers(OLDEST)
    }

    /// Whether rustup manages it, so that components can be added.
    #[must_use]
    pub fn by_rustup(&self) -> bool {
        self.found.with_file_name("rustup").exists()
    }

    /// Whether it is the distribution's, so that more of it comes as packages.
    #[must_use]
    pub fn by_distribution(&self) -> bool {
        self.sysroot == Path::new("/usr")
    }

    /// A program that came with it.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.sysroot.join("bin").join(name)
    }
}

impl Toolchain {
    /// Finds one.
    ///
    /// # Errors
    /// What is missing, of the toolchain that lacks least.
    pub fn find(search: &Search) -> Result<Self, Vec<Missing>> {
        let all = all(search);
        let new: Vec<Rustc> = all.iter().filter(|rustc| rustc.new_enough()).cloned().collect();
        complete(search, &new).ok_or_else(|| Missing::of(search, &all))
    }

    /// One line about it.
    #[must_use]
    pub fn summary(&self) -> String {
        let Self { rustc, core, linker } = self;
        let core = match core {
            Core::Prebuilt => "prebuilt core",
            Core::Source => "rust-src",
        };
        format!("rustc {} with {core}, bpf-linker of LLVM {}", rustc.release, linker.llvm)
    }
}

/// Every rustc that can compile the workspace, in the order of preference: the user's first.
#[must_use]
pub fn rustcs(search: &Search) -> Vec<Rustc> {
    let mut found = all(search);
    found.retain(Rustc::new_enough);
    found
}

fn all(search: &Search) -> Vec<Rustc> {
    search.all("rustc").into_iter().filter_map(|path| Rustc::ask(search, path)).collect()
}

/// The first of `rustcs` that lacks nothing.
#[must_use]
pub fn complete(search: &Search, rustcs: &[Rustc]) -> Option<Toolchain> {
    rustcs.iter().find_map(|rustc| {
        let core = rustc.core.filter(|_| rustc.program("cargo").exists())?;
        let linker = linker::find(search, rustc.llvm)?;
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
