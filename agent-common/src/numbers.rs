// SPDX-License-Identifier: Apache-2.0
//! Syscall numbers per ABI. The tables are generated from kernel headers by `cargo xtask numbers`.

mod aarch64;
mod i386;
mod x86_64;

use crate::schema::{Abi, Numbered, Syscall};

/// The numbers of 64-bit x86 callers, ascending.
pub const X86_64: &[Numbered] = x86_64::NUMBERS;
/// The numbers of 64-bit Arm callers, ascending.
pub const AARCH64: &[Numbered] = aarch64::NUMBERS;
/// The numbers of 32-bit x86 callers, ascending.
pub const I386: &[Numbered] = i386::NUMBERS;

/// One more than the largest number a table may hold.
pub const MAX_NR: u16 = 512;

/// The numbers that callers of `abi` use on this architecture, ascending.
#[must_use]
pub const fn table(abi: Abi) -> &'static [Numbered] {
    match abi {
        Abi::Native if crate::X86 => X86_64,
        Abi::Native => AARCH64,
        Abi::I386 if crate::X86 => I386,
        Abi::I386 => &[],
    }
}

/// The row for number `nr` of `abi`.
#[must_use]
pub fn row(abi: Abi, nr: i32) -> Option<&'static Syscall> {
    let nr = u16::try_from(nr).ok()?;
    let table = table(abi);
    let at = table.binary_search_by_key(&nr, |n| n.nr).ok()?;
    Some(table[at].row)
}
