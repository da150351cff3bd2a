// SPDX-License-Identifier: Apache-2.0
//! Why a probe could not be loaded, and what to do about it.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "aya's enums are matched for the few cases that mean something here"
)]

use std::{fs, io};

use aya::{EbpfError, maps::MapError, programs::ProgramError};
use thiserror::Error;

use super::layout::LayoutError;
use crate::host::capabilities;

/// How many lines of the verifier's log an error shows.
const LOG_LINES: usize = 24;

/// Why capture can't start.
#[derive(Debug, Error)]
pub enum ProbeError {
    /// The kernel refused for want of privilege.
    #[error("the kernel refused to load the probe ({what}): {hint}")]
    NotPermitted {
        /// What was asked of the kernel.
        what: String,
        /// What is missing, and the remedy.
        hint: String,
    },
    /// The verifier rejected a program.
    #[error(
        "the kernel's verifier rejected program {program}; the end of its log:\n{log}\nThis is a bug in Lanner: \
             please report it with `lanner doctor --json` and this log"
    )]
    Verifier {
        /// The program.
        program: String,
        /// The last lines of the verifier's log.
        log: String,
    },
    /// A program could not be loaded or attached for another reason.
    #[error("can't {what}: {error}")]
    Program {
        /// What was tried.
        what: String,
        /// Why it failed.
        error: ProgramError,
    },
    /// A map could not be made or used.
    #[error("can't use map {map}: {error}")]
    Map {
        /// The map.
        map: String,
        /// Why.
        error: MapError,
    },
    /// A filter that replaces another does not fit into the maps.
    #[error(
        "the condition has more comparisons, texts, numbers or networks than there is room for; start anew with it"
    )]
    FilterTooLarge,
    /// The object was refused by the loader.
    #[error("can't load the probe object: {0}")]
    Load(EbpfError),
    /// The kernel's layout is not known.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The object lacks a part that the contract names.
    #[error("the probe object has no {0}: it was built from other sources than this lanner")]
    Missing(String),
    /// The process has no descriptors left.
    #[error(
        "too many open files: the probe takes a descriptor for each of some 370 programs and each CPU; raise \
             `ulimit -n`"
    )]
    Descriptors,
    /// The kernel does not count runs.
    #[error(
        "can't have the kernel count the probe's run time (--probe-stats): {0}; it needs Linux 5.8 and CAP_SYS_ADMIN"
    )]
    RunStats(io::Error),
    /// A system call of the agent's own failed.
    #[error("{call} failed: {error}")]
    System {
        /// The call.
        call: &'static str,
        /// Why.
        error: io::Error,
    },
}

impl ProbeError {
    /// Whether the kernel does not have what was asked for.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Self::Program { error: ProgramError::SyscallError(call), .. }
            if call.io_error.kind() == io::ErrorKind::NotFound)
    }

    pub(super) fn map(map: &str, error: MapError) -> Self {
        match &error {
            MapError::CreateError { io_error, .. } if exhausted(io_error) => Self::Descriptors,
            MapError::SyscallError(call) if denied(&call.io_error) => Self::denied(call.call),
            MapError::CreateError { io_error, .. } if denied(io_error) => Self::denied("bpf_map_create"),
            _ => Self::Map { map: map.to_owned(), error },
        }
    }

    pub(super) fn program(what: &str, program: &str, error: ProgramError) -> Self {
        match &error {
            // A log that is too long hides the first error behind its own, so the limit is tried too.
            ProgramError::LoadError { io_error, .. } if exhausted(io_error) || none_left() => Self::Descriptors,
            // The verifier too says EACCES, but then it has written why.
            ProgramError::LoadError { io_error, verifier_log }
                if denied(io_error) && verifier_log.to_string().trim().is_empty() =>
            {
                Self::denied("bpf_prog_load")
            }
            ProgramError::SyscallError(call) if denied(&call.io_error) => Self::denied(call.call),
            ProgramError::LoadError { verifier_log, .. } => {
                let log = verifier_log.to_string();
                let lines: Vec<_> = log.lines().collect();
                let log = lines[lines.len().saturating_sub(LOG_LINES)..].join("\n");
                Self::Verifier { program: program.to_owned(), log }
            }
            _ => Self::Program { what: format!("{what} program {program}"), error },
        }
    }

    pub(super) fn load(error: EbpfError) -> Self {
        match error {
            EbpfError::MapError(error) => Self::map("of the probe", error),
            error => Self::Load(error),
        }
    }

    pub(super) fn system(call: &'static str, error: impl Into<io::Error>) -> Self {
        Self::System { call, error: error.into() }
    }

    fn denied(what: &str) -> Self {
        Self::NotPermitted { what: what.to_owned(), hint: hint() }
    }
}

/// EMFILE, ENFILE
fn exhausted(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(23 | 24))
}

/// Whether this process can open nothing more.
fn none_left() -> bool {
    fs::File::open("/dev/null").is_err_and(|error| exhausted(&error))
}

/// EPERM, EACCES
fn denied(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(1 | 13))
}

/// What keeps this process from loading a probe, by looking at what the kernel says of it.
fn hint() -> String {
    let missing = capabilities::missing_for_capture();
    if !missing.is_empty() {
        return format!(
            "this process lacks {}; run it with sudo, or give it CAP_BPF and CAP_PERFMON (CAP_SYS_ADMIN before 5.8)",
            capabilities::names(&missing)
        );
    }
    if fs::read_to_string("/sys/kernel/security/lockdown").is_ok_and(|text| text.contains("[confidentiality]")) {
        return "kernel lockdown is in confidentiality mode, which forbids reading kernel memory; boot with \
                lockdown=integrity or none"
            .to_owned();
    }
    "the capabilities are there, so a security module, seccomp, a user namespace or a memory limit forbids bpf(2); \
     in a container, run it privileged; before 5.11, raise `ulimit -l`"
        .to_owned()
}
