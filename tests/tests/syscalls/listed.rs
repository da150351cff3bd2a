// SPDX-License-Identifier: Apache-2.0
//! The rows that no case makes, and why.

use std::{fmt, path::Path};

use agent_common::{
    numbers,
    schema::{Abi, Syscall},
};

/// Why a row is not exercised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lack {
    /// The running kernel has no such syscall: it describes none in tracefs.
    Kernel,
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kernel => f.write_str("not in this kernel: tracefs has no format of it"),
        }
    }
}

impl Lack {
    /// Makes sure that it is so.
    pub(crate) fn verify(self, name: &str) {
        match self {
            Self::Kernel => {
                let format = Path::new("/sys/kernel/tracing/events/syscalls").join(format!("sys_enter_{name}"));
                assert!(!format.exists(), "{name} is listed as lacking, and there is {}", format.display());
            }
        }
    }
}

/// The rows that no case makes.
pub(crate) const LISTED: &[(&str, Lack)] = &[];

/// The rows that 64-bit callers of this machine have.
pub(crate) fn numbered() -> impl Iterator<Item = &'static Syscall> {
    numbers::table(Abi::Native).iter().map(|numbered| numbered.row)
}
