// SPDX-License-Identifier: Apache-2.0
//! What a build lacks.

use std::{fmt, path::PathBuf};

use crate::{OLDEST, Rustc, Search, TARGET, linker};

/// Something that a build needs and that was not found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// A rustc at all.
    Rustc,
    /// A rustc that is new enough.
    NewerRustc {
        /// The one that was found.
        found: PathBuf,
        /// Its version.
        release: String,
    },
    /// The cargo of the rustc that was found.
    Cargo {
        /// Where it would be.
        path: PathBuf,
    },
    /// `core` for the probe's target.
    Core {
        /// The rustc that has none.
        found: PathBuf,
        /// Whether rustup can add it.
        by_rustup: bool,
    },
    /// A linker of BPF.
    BpfLinker {
        /// The LLVM that it must have at least.
        llvm: u32,
    },
    /// A linker of the host's programs.
    Cc,
}

impl Missing {
    /// What `rustcs`, all that were found, lack, or rather the one of them that lacks least.
    pub(crate) fn of(search: &Search, rustcs: &[Rustc]) -> Vec<Self> {
        let of_each = rustcs.iter().map(|rustc| Self::beside(search, rustc));
        // The first of those that lack least.
        let least = of_each.min_by_key(Vec::len);
        least.unwrap_or_else(|| {
            let linker = Self::BpfLinker { llvm: *linker::readers(0).start() };
            let mut missing = vec![Self::Rustc];
            missing.extend(search.all("bpf-linker").is_empty().then_some(linker));
            missing
        })
    }

    /// What belongs to `rustc` and is not there.
    fn beside(search: &Search, rustc: &Rustc) -> Vec<Self> {
        let Rustc { found, release, llvm, core, .. } = rustc;
        let found = || found.clone();
        let mut missing = Vec::new();
        if !rustc.new_enough() {
            missing.push(Self::NewerRustc { found: found(), release: release.clone() });
        }
        let cargo = rustc.program("cargo");
        if !cargo.exists() {
            missing.push(Self::Cargo { path: cargo });
        }
        if core.is_none() {
            missing.push(Self::Core { found: found(), by_rustup: rustc.by_rustup() });
        }
        if linker::find(search, *llvm).is_none() {
            missing.push(Self::BpfLinker { llvm: *linker::readers(*llvm).start() });
        }
        missing
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rustc => write!(f, "no rustc that runs, and no cargo, in PATH"),
            Self::NewerRustc { found, release } => {
                write!(f, "{} is rustc {release}; it takes {OLDEST} or newer", found.display())
            }
            Self::Cargo { path } => write!(f, "no cargo beside rustc: {} is not there", path.display()),
            Self::Core { found, .. } => {
                write!(f, "{} has no `core` for {TARGET}: neither its source (rust-src) nor compiled", found.display())
            }
            Self::BpfLinker { llvm } => write!(f, "no bpf-linker of LLVM {llvm} or newer in PATH"),
            Self::Cc => write!(f, "no C linker (`cc`) in PATH, by which programs are linked that run during the build"),
        }
    }
}
