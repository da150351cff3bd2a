// SPDX-License-Identifier: Apache-2.0
//! Why the probe can't be built here.

use std::{fmt, io, path::PathBuf, process::ExitStatus};

use agent_compile::{Distribution, Missing, ObjectError, remedies, remedy};

use crate::driver::resolve::Lack;

/// Why the probe can't be built here.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Tools are missing.
    #[error("the probe can't be built here:{}", Lacking(missing, *distribution))]
    Missing {
        /// Which.
        missing: Vec<Missing>,
        /// Where they would be installed.
        distribution: Option<&'static Distribution>,
    },
    /// A folder can't be used.
    #[error("{what} {}: {error}", path.display())]
    Folder {
        /// What can't be done with it.
        what: &'static str,
        /// The folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Programs must not run from the folder.
    #[error(
        "the probe can't be built in {}, which is mounted noexec: name a folder that is not by TMPDIR",
        path.display()
    )]
    NoExec {
        /// The folder.
        path: PathBuf,
    },
    /// The folder is too small.
    #[error(
        "the probe can't be built in {}: {free} MiB are free there and it takes {needed}; name another folder by TMPDIR",
        path.display()
    )]
    NoSpace {
        /// The folder.
        path: PathBuf,
        /// MiB that are free.
        free: u64,
        /// MiB that it takes.
        needed: u64,
    },
    /// What `--vendor` names has no sources of crates.
    #[error(
        "{} has no aya-ebpf in it, so it is no folder of vendored crates; `lanner probe vendor DIR` makes one, on a machine \
         with a network",
        path.display()
    )]
    NotVendored {
        /// The folder.
        path: PathBuf,
    },
    /// A tool can't be started.
    #[error("cannot start {program}: {error}")]
    Start {
        /// The tool.
        program: String,
        /// Why.
        error: io::Error,
    },
    /// cargo can't bring the crates that the probe is made of.
    #[error(
        "cargo can't fetch the crates that the probe is made of: {status}{}\nwithout a network, give them by --vendor DIR; \
         `lanner probe vendor DIR` brings them, on a machine with one",
        Said(said)
    )]
    Fetch {
        /// How cargo ended.
        status: ExitStatus,
        /// What it said, if that was not shown.
        said: String,
    },
    /// The compiler, or the linker, has failed.
    #[error("the probe does not compile: {status}{}", Said(said))]
    Compile {
        /// How cargo ended.
        status: ExitStatus,
        /// What it said, if that was not shown.
        said: String,
    },
    /// Signals can't be heard, which would leave a compiler behind.
    #[error("cannot listen to signals: {0}")]
    Signals(io::Error),
    /// This program was told to stop meanwhile.
    #[error("told to stop while the probe was built; nothing is left of it")]
    Stopped,
    /// What was built is no probe.
    #[error(transparent)]
    Object(#[from] ObjectError),
}

impl BuildError {
    /// The same as what a [`crate::driver::Resolver`] notes.
    #[must_use]
    pub fn lacks(&self) -> Vec<Lack> {
        let Self::Missing { missing, distribution } = self else {
            return vec![Lack { what: super::FROM.to_owned(), why: self.to_string(), remedy: None }];
        };
        let lack = |missing: &Missing| Lack {
            what: "a toolchain".to_owned(),
            why: missing.to_string(),
            remedy: Some(remedy(missing, *distribution)),
        };
        missing.iter().map(lack).collect()
    }
}

/// What is missing, a line each, and how to get it.
struct Lacking<'a>(&'a [Missing], Option<&'static Distribution>);

impl fmt::Display for Lacking<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for missing in self.0 {
            write!(f, "\n  {missing}")?;
        }
        write!(f, "\nto get it:")?;
        remedies(self.0, self.1).iter().try_for_each(|remedy| write!(f, "\n  {remedy}"))
    }
}

/// A tool's own words below ours.
struct Said<'a>(&'a str);

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, "\n{}", self.0.trim_end()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing() -> BuildError {
        BuildError::Missing {
            missing: vec![Missing::Rustc, Missing::BpfLinker { llvm: 21 }, Missing::Cc],
            distribution: Distribution::of("ID=fedora\n"),
        }
    }

    #[test]
    fn everything_that_is_missing_is_told_at_once() {
        let text = missing().to_string();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            lines[..5],
            [
                "the probe can't be built here:",
                "  no rustc that runs, and no cargo, in PATH",
                "  no bpf-linker of LLVM 21 or newer in PATH",
                "  no C linker (`cc`) in PATH, by which programs are linked that run during the build",
                "to get it:",
            ]
        );
        assert!(lines[5].starts_with("  curl -sSf https://sh.rustup.rs | sh"), "{text}");
        assert_eq!(lines.last(), Some(&"  dnf install gcc glibc-devel"));
    }

    #[test]
    fn a_resolver_notes_each_with_its_remedy() {
        let lacks = missing().lacks();
        let whys: Vec<_> = lacks.iter().map(|lack| lack.why.split(',').next().expect("words")).collect();
        assert_eq!(
            whys,
            ["no rustc that runs", "no bpf-linker of LLVM 21 or newer in PATH", "no C linker (`cc`) in PATH"]
        );
        assert_eq!(lacks[2].remedy.as_deref(), Some("dnf install gcc glibc-devel"));
        let other = BuildError::NotVendored { path: "/x".into() }.lacks();
        assert!(other.len() == 1 && other[0].why.contains("`lanner probe vendor DIR` makes one"), "{other:?}");
    }
}
