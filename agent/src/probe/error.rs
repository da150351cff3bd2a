// SPDX-License-Identifier: Apache-2.0
//! Why a probe could not be loaded, and what to do about it.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "aya's enums are matched for the few cases that mean something here"
)]

use std::{fs, io};

use aya::{EbpfError, maps::MapError, programs::ProgramError, sys::SyscallError};

use super::layout::LayoutError;
use crate::{causes::causes, host::capabilities};

/// How many lines of the verifier's log an error shows.
const LOG_LINES: usize = 24;

/// Why capture can't start.
#[derive(Debug, thiserror::Error)]
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
    #[error("can't {what}: {}", causes(error))]
    Program {
        /// What was tried.
        what: String,
        /// Why it failed.
        error: ProgramError,
    },
    /// A map could not be made or used.
    #[error("can't use map {map}: {}", causes(error))]
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
    #[error("can't load the probe object: {}", causes(.0))]
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
    /// The kernel may take no more memory for this process.
    #[error(
        "the kernel has no memory left for {0}: raise the limit of this process's cgroup (memory.max; \
             resources.limits.memory in Kubernetes), or lower --ring-budget, --max-files and --max-threads"
    )]
    Memory(String),
    /// The kernel does not count runs.
    #[error(
        "can't have the kernel count the probe's run time (--probe-stats): {0}; it needs Linux 5.8 and CAP_SYS_ADMIN"
    )]
    RunStats(io::Error),
    /// The kernel does not show its CPUs.
    #[error("can't tell which CPUs there are: {path}: {error}; mount sysfs: mount -t sysfs sysfs /sys")]
    Cpus {
        /// Where they are told.
        path: &'static str,
        /// Why it can't be read.
        error: io::Error,
    },
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
        let (call, cause) = match &error {
            MapError::SyscallError(call) => (call.call, &call.io_error),
            MapError::CreateError { io_error, .. } => ("bpf_map_create", io_error),
            _ => return Self::Map { map: map.to_owned(), error },
        };
        if let Some(lacking) = Self::lacking(cause, "a map") {
            return lacking;
        }
        if denied(cause) { Self::denied(call) } else { Self::Map { map: map.to_owned(), error } }
    }

    pub(super) fn program(what: &str, program: &str, error: ProgramError) -> Self {
        match &error {
            // A log that is too long hides the first error behind its own, so the limit is tried too.
            ProgramError::LoadError { .. } if none_left() => Self::Descriptors,
            // The verifier too says EACCES, but then it has written why.
            ProgramError::LoadError { io_error, verifier_log }
                if denied(io_error) && verifier_log.to_string().trim().is_empty() =>
            {
                Self::denied("bpf_prog_load")
            }
            ProgramError::SyscallError(call) if denied(&call.io_error) => Self::denied(call.call),
            ProgramError::LoadError { io_error: cause, .. }
            | ProgramError::SyscallError(SyscallError { io_error: cause, .. })
                if exhausted(cause) || no_memory(cause) =>
            {
                Self::lacking(cause, "a program").unwrap_or(Self::Program { what: what.to_owned(), error })
            }
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
        let error = error.into();
        Self::lacking(&error, call).unwrap_or(Self::System { call, error })
    }

    /// What `cause` says of descriptors or memory that ran out when `what` was to be had.
    fn lacking(cause: &io::Error, what: &str) -> Option<Self> {
        if exhausted(cause) { Some(Self::Descriptors) } else { no_memory(cause).then(|| Self::Memory(what.to_owned())) }
    }

    fn denied(what: &str) -> Self {
        Self::NotPermitted { what: what.to_owned(), hint: hint() }
    }
}

/// EMFILE, ENFILE
fn exhausted(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(23 | 24))
}

/// ENOMEM
fn no_memory(error: &io::Error) -> bool {
    error.raw_os_error() == Some(12)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn not_made(errno: i32) -> String {
        let io_error = io::Error::from_raw_os_error(errno);
        ProbeError::map("RINGS", MapError::CreateError { name: "FILES".to_owned(), io_error }).to_string()
    }

    #[test]
    fn what_ran_out_is_named_with_the_remedy() {
        assert!(not_made(24).contains("ulimit -n"), "{}", not_made(24));
        assert!(not_made(12).contains("memory.max"), "{}", not_made(12));
        let call = |errno| {
            let io_error = io::Error::from_raw_os_error(errno);
            let error = SyscallError { call: "bpf_raw_tracepoint_open", io_error };
            ProbeError::program("attach", "sys_exit", ProgramError::SyscallError(error)).to_string()
        };
        assert!(call(23).contains("ulimit -n") && call(12).contains("memory.max"), "{} {}", call(23), call(12));
        assert_eq!(
            call(16),
            "can't attach program sys_exit: `bpf_raw_tracepoint_open` failed: Device or resource busy (os error 16)"
        );
    }

    #[test]
    fn a_cause_is_said_once() {
        let error = not_made(7);
        assert_eq!(error, "can't use map RINGS: failed to create map `FILES`: Argument list too long (os error 7)");
    }
}
