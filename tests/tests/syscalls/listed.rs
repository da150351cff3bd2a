// SPDX-License-Identifier: Apache-2.0
//! The rows that need no case, or for which the running kernel has no syscall.

use std::path::Path;

use agent_common::{
    numbers,
    schema::{Abi, Syscall},
};

/// Rows that no case makes, with the reason: a call that can be made neither with success nor with failure.
pub(crate) const UNSAFE: &[(&str, &str)] = &[];

/// Syscalls that the kernel's function of another name serves: row, function.
const SERVED_BY: &[(&str, &str)] = &[
    ("fstat", "newfstat"),
    ("lstat", "newlstat"),
    ("sendfile", "sendfile64"),
    ("stat", "newstat"),
    ("umount2", "umount"),
    ("uname", "newuname"),
];

/// The rows that 64-bit callers of this machine have.
pub(crate) fn rows() -> impl Iterator<Item = &'static Syscall> {
    numbers::table(Abi::Native).iter().map(|numbered| numbered.row)
}

/// Whether the running kernel has a syscall: its own description of it is in tracefs, whatever the agent's table says.
pub(crate) fn in_kernel(name: &str) -> bool {
    let events = Path::new("/sys/kernel/tracing/events/syscalls");
    assert!(events.is_dir(), "{} is missing: mount -t tracefs tracefs /sys/kernel/tracing", events.display());
    let function = SERVED_BY.iter().find(|(row, _)| *row == name).map_or(name, |(_, function)| function);
    events.join(format!("sys_enter_{function}")).exists()
}
