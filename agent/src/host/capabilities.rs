// SPDX-License-Identifier: Apache-2.0
//! The capabilities of this process.

use std::{fmt, fs};

/// A capability that capture needs: <https://man7.org/linux/man-pages/man7/capabilities.7.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capability {
    /// Everything; stands for the others before 5.8.
    SysAdmin,
    /// Maps and programs.
    Bpf,
    /// Tracing programs and kernel memory.
    Perfmon,
}

impl Capability {
    /// Its bit in the masks of `/proc/PID/status`.
    const fn bit(self) -> u32 {
        match self {
            Self::SysAdmin => 21,
            Self::Perfmon => 38,
            Self::Bpf => 39,
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SysAdmin => "CAP_SYS_ADMIN",
            Self::Bpf => "CAP_BPF",
            Self::Perfmon => "CAP_PERFMON",
        })
    }
}

/// The effective capabilities of this process; `None` when /proc does not tell.
#[must_use]
pub fn effective() -> Option<u64> {
    mask(&fs::read_to_string("/proc/self/status").ok()?)
}

fn mask(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

/// Which capabilities capture still needs; empty when it has them, or when /proc does not tell.
#[must_use]
pub fn missing_for_capture() -> Vec<Capability> {
    effective().map(missing).unwrap_or_default()
}

fn missing(mask: u64) -> Vec<Capability> {
    let has = |capability: Capability| mask & (1 << capability.bit()) != 0;
    if has(Capability::SysAdmin) {
        return Vec::new();
    }
    [Capability::Bpf, Capability::Perfmon].into_iter().filter(|capability| !has(*capability)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(missing(1 << 21), []);
        assert_eq!(missing((1 << 38) | (1 << 39)), []);
        assert_eq!(missing(1 << 39), [Capability::Perfmon]);
        assert_eq!(missing(0), [Capability::Bpf, Capability::Perfmon]);
        assert_eq!(mask("Name:\tx\nCapEff:\t000001fffeffffff\n"), Some(0x1ff_feff_ffff));
        assert_eq!(mask("Name:\tx\n"), None);
    }
}
