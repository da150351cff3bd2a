// SPDX-License-Identifier: Apache-2.0
//! The rows that need no case, or for which the running kernel has no syscall.

use std::{path::Path, ptr};

use agent_common::{
    numbers,
    schema::{Abi, Syscall},
    shape,
    syscalls::I386_ROWS,
};

/// Rows that no case makes, with the reason: a call that can be made neither with success nor with failure.
pub(crate) const UNSAFE: &[(&str, &str)] = &[];

/// Syscalls that the kernel's function of another name serves: row, function.
const SERVED_BY: &[(&str, &str)] = &[
    #[cfg(target_arch = "aarch64")]
    ("fadvise64", "fadvise64_64"),
    ("fstat", "newfstat"),
    ("lstat", "newlstat"),
    #[cfg(target_arch = "aarch64")]
    ("personality", "arm64_personality"),
    ("sendfile", "sendfile64"),
    ("stat", "newstat"),
    ("umount2", "umount"),
    ("uname", "newuname"),
];

/// The rows that 64-bit callers of this machine have.
pub(crate) fn rows() -> impl Iterator<Item = &'static Syscall> {
    numbers::table(Abi::Native).iter().map(|numbered| numbered.row)
}

/// The names of the rows that 32-bit callers need cases of their own for: those that 64-bit callers do not have, and
/// those whose record is made in another way.
pub(crate) fn compat() -> impl Iterator<Item = &'static str> {
    let program = |row: &Syscall, abi| {
        let mut name = String::new();
        shape::write_name(&mut name, row, abi).expect("a string can be written to");
        name.split_off(1)
    };
    let differs = move |row: &Syscall| program(row, Abi::I386) != program(row, Abi::Native);
    let own = |row: &Syscall| I386_ROWS.iter().any(|(_, own)| ptr::eq(*own, row));
    let rows = numbers::table(Abi::I386).iter().map(|numbered| numbered.row);
    rows.filter(move |row| own(row) || differs(row)).map(|row| row.name)
}

/// Whether the running kernel has a syscall: its own description of it is in tracefs, whatever the agent's table says.
pub(crate) fn in_kernel(name: &str) -> bool {
    let events = Path::new("/sys/kernel/tracing/events/syscalls");
    assert!(events.is_dir(), "{} is missing: mount -t tracefs tracefs /sys/kernel/tracing", events.display());
    let function = SERVED_BY.iter().find(|(row, _)| *row == name).map_or(name, |(_, function)| function);
    events.join(format!("sys_enter_{function}")).exists()
}
