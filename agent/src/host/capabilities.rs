// SPDX-License-Identifier: Apache-2.0
//! The capabilities of this process, and what each is for. `docs/deploy.md` has what was measured without each of them.

use std::fmt;

use rustix::thread::{CapabilitySet, capabilities};

/// A capability that Lanner uses: <https://man7.org/linux/man-pages/man7/capabilities.7.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capability {
    /// Everything; stands for [`Self::Bpf`] and [`Self::Perfmon`] before 5.8.
    SysAdmin,
    /// Maps and programs.
    Bpf,
    /// Tracing programs and kernel memory.
    Perfmon,
    /// The links of other processes in `/proc`: `exe`, `cwd`, `root`, `fd`, `ns`.
    SysPtrace,
    /// Files and folders of other users: `/proc/PID/fd` and `environ`, a kubeconfig, a condition.
    DacReadSearch,
    /// A thread that goes before others.
    SysNice,
    /// Writing where other users write: their folders, their runtimes' sockets.
    DacOverride,
}

/// What a process must have at its start to capture, and to lack nothing. Manifests, the chart and the systemd unit give
/// these, and a test compares them.
pub const START: [Capability; 5] =
    [Capability::Bpf, Capability::Perfmon, Capability::SysPtrace, Capability::DacReadSearch, Capability::SysNice];

impl Capability {
    /// It alone.
    #[must_use]
    pub const fn set(self) -> CapabilitySet {
        match self {
            Self::SysAdmin => CapabilitySet::SYS_ADMIN,
            Self::Bpf => CapabilitySet::BPF,
            Self::Perfmon => CapabilitySet::PERFMON,
            Self::SysPtrace => CapabilitySet::SYS_PTRACE,
            Self::DacReadSearch => CapabilitySet::DAC_READ_SEARCH,
            Self::SysNice => CapabilitySet::SYS_NICE,
            Self::DacOverride => CapabilitySet::DAC_OVERRIDE,
        }
    }

    /// What is lost without it.
    #[must_use]
    pub const fn without(self) -> &'static str {
        match self {
            Self::SysAdmin | Self::Bpf | Self::Perfmon => "nothing is captured",
            Self::SysPtrace => {
                "processes that were there before have no executable, working directory, environment and namespaces"
            }
            Self::DacReadSearch => "descriptors and environments of other users' processes are not known",
            Self::SysNice => {
                "the thread that empties the rings does not go before others: more is lost on a busy machine"
            }
            Self::DacOverride => "files in other users' folders can't be rotated, their podman can't be asked",
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SysAdmin => "CAP_SYS_ADMIN",
            Self::Bpf => "CAP_BPF",
            Self::Perfmon => "CAP_PERFMON",
            Self::SysPtrace => "CAP_SYS_PTRACE",
            Self::DacReadSearch => "CAP_DAC_READ_SEARCH",
            Self::SysNice => "CAP_SYS_NICE",
            Self::DacOverride => "CAP_DAC_OVERRIDE",
        })
    }
}

/// The effective capabilities of this process; `None` when the kernel does not tell.
#[must_use]
pub fn effective() -> Option<CapabilitySet> {
    capabilities(None).ok().map(|sets| sets.effective)
}

/// Which capabilities capture still needs; empty when it has them, or when the kernel does not tell.
#[must_use]
pub fn missing_for_capture() -> Vec<Capability> {
    effective().map(missing).unwrap_or_default()
}

fn missing(has: CapabilitySet) -> Vec<Capability> {
    if has.contains(CapabilitySet::SYS_ADMIN) {
        return Vec::new();
    }
    lacking(has, &[Capability::Bpf, Capability::Perfmon])
}

/// Which capabilities are missing without which capture works, but less well; empty when the kernel does not tell. Without
/// `names`, nothing of other processes is looked at.
#[must_use]
pub fn missing_for_more(names: bool) -> Vec<Capability> {
    let wanted: &[_] = if names {
        &[Capability::SysPtrace, Capability::DacReadSearch, Capability::SysNice]
    } else {
        &[Capability::SysNice]
    };
    effective().map(|has| lacking(has, wanted)).unwrap_or_default()
}

fn lacking(has: CapabilitySet, wanted: &[Capability]) -> Vec<Capability> {
    wanted.iter().copied().filter(|capability| !has.contains(capability.set())).collect()
}

/// Their names: `CAP_BPF, CAP_PERFMON`.
#[must_use]
pub fn names(capabilities: &[Capability]) -> String {
    capabilities.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(missing(CapabilitySet::SYS_ADMIN), []);
        assert_eq!(missing(CapabilitySet::BPF | CapabilitySet::PERFMON), []);
        assert_eq!(missing(CapabilitySet::BPF), [Capability::Perfmon]);
        assert_eq!(missing(CapabilitySet::empty()), [Capability::Bpf, Capability::Perfmon]);
        let some = lacking(CapabilitySet::SYS_PTRACE, &START);
        assert_eq!(names(&some), "CAP_BPF, CAP_PERFMON, CAP_DAC_READ_SEARCH, CAP_SYS_NICE");
    }

    #[test]
    fn the_kernel_tells() {
        let status = std::fs::read_to_string("/proc/thread-self/status").expect("/proc");
        let line = status.lines().find_map(|line| line.strip_prefix("CapEff:")).expect("a mask");
        let mask = u64::from_str_radix(line.trim(), 16).expect("hexadecimal");
        assert_eq!(effective().map(|set| set.bits()), Some(mask));
    }
}
