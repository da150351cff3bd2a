// SPDX-License-Identifier: Apache-2.0
//! What is done while something watches.

use clap::ValueEnum;

/// A workload. An operation is one call, or what is said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "verbatim")]
pub enum Workload {
    /// A syscall that nobody selected
    W0,
    /// getppid
    W1,
    /// read of 1 byte
    W2,
    /// read of 4 KiB, of which 80 bytes are kept
    W2b,
    /// read of 4 KiB, all of it kept
    W2c,
    /// open and close of a file whose path has 30 characters
    W3,
    /// fork, exec and exit of a static program that does nothing
    W4,
    /// TCP connect, accept and close on loopback
    W5,
    /// A small file compiled by cc
    W6,
    /// Paced floods of getppid, for the rate that is taken without loss
    W7,
}

/// What is looked at for one number: so many bursts of so many operations. A burst must fit into a ring, so that nothing is
/// lost however slow the reader is; between two there is time to read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bursts {
    /// Operations of each.
    pub(super) length: u64,
    /// Operations between two readings of the clock.
    pub(super) chunk: u64,
    /// How many.
    pub(super) number: u32,
    /// How many in a short run.
    pub(super) quick: u32,
}

/// The calls of all workloads but W0 and W6.
const SELECTED: &str = "getppid,read,open,openat,close,fork,vfork,clone,clone3,execve,exit_group,wait4,socket,connect,accept,\
                        accept4";

impl Workload {
    /// As it is named and chosen.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::W0 => "W0",
            Self::W1 => "W1",
            Self::W2 => "W2",
            Self::W2b => "W2b",
            Self::W2c => "W2c",
            Self::W3 => "W3",
            Self::W4 => "W4",
            Self::W5 => "W5",
            Self::W6 => "W6",
            Self::W7 => "W7",
        }
    }

    /// As it is told.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::W0 => "getuid, not selected",
            Self::W1 => "getppid",
            Self::W2 => "read, 1 byte",
            Self::W2b => "read, 4 KiB, 80 bytes kept",
            Self::W2c => "read, 4 KiB, all kept",
            Self::W3 => "open + close",
            Self::W4 => "fork + exec + exit",
            Self::W5 => "connect + accept + close",
            Self::W6 => "cc of a small file",
            Self::W7 => "getppid, paced",
        }
    }

    /// How it is done. A record of getppid takes some 100 bytes, of a 4 MiB ring 40,000 of them.
    pub(super) const fn bursts(self) -> Bursts {
        match self {
            Self::W0 | Self::W1 | Self::W2 | Self::W2b => Bursts { length: 8000, chunk: 100, number: 20, quick: 3 },
            Self::W2c => Bursts { length: 250, chunk: 25, number: 40, quick: 3 },
            Self::W3 => Bursts { length: 2000, chunk: 50, number: 20, quick: 3 },
            Self::W4 => Bursts { length: 50, chunk: 1, number: 10, quick: 2 },
            Self::W5 => Bursts { length: 250, chunk: 5, number: 10, quick: 2 },
            Self::W6 => Bursts { length: 20, chunk: 20, number: 1, quick: 1 },
            Self::W7 => Bursts { length: 0, chunk: 1, number: 0, quick: 0 },
        }
    }

    /// Whether its calls are captured: what events there are otherwise are those of the rest of the machine.
    pub(super) const fn is_captured(self) -> bool {
        !matches!(self, Self::W0)
    }

    /// What the agent is to capture: the calls of all workloads, so that it is attached wherever it is for everything, but
    /// sees less of what else runs here. Compilers make any call.
    pub(super) const fn selected(self) -> &'static str {
        match self {
            Self::W6 => "!getuid",
            Self::W0 | Self::W1 | Self::W2 | Self::W2b | Self::W2c | Self::W3 | Self::W4 | Self::W5 | Self::W7 => {
                SELECTED
            }
        }
    }

    /// How many bytes of a buffer it is to keep.
    pub(super) const fn snaplen(self) -> &'static str {
        match self {
            Self::W2c => "4096",
            Self::W0 | Self::W1 | Self::W2 | Self::W2b | Self::W3 | Self::W4 | Self::W5 | Self::W6 | Self::W7 => "80",
        }
    }
}
