// SPDX-License-Identifier: Apache-2.0
//! The table: one row per syscall. A new syscall is one row here, and its numbers, which `cargo xtask numbers` writes.
//!
//! ```text
//! openat = FILE | DESC, [dirfd@0: Dirfd, name@1: Path, flags@2: Flags(Open), mode@3: Mode];
//! clone_backwards as "clone" = PROCESS, [...];          the item's name differs from the syscall's
//! exit_group = PROCESS, [status@0: Int] on Enter;       recorded at its entry
//! ```
//!
//! `name@N: Kind` takes register argument N (0 to 5). One register may serve several arguments. Rules: argument names
//! are Falco's where Falco has the parameter, else the man page's; a row is never reused for another meaning; an
//! argument's kind says what the kernel does with it, not what callers hope.

mod i386;
mod native;
#[cfg(test)]
mod tests;

pub use i386::ROWS as I386_ROWS;
pub use native::ROWS as NATIVE_ROWS;

/// Rows by their item names, for the number tables.
pub mod rows {
    pub use super::{i386::rows as i386, native::rows as native};
}

macro_rules! hook {
    () => {
        crate::schema::Hook::Exit
    };
    ($hook:ident) => {
        crate::schema::Hook::$hook
    };
}
macro_rules! name {
    ($item:ident) => {
        stringify!($item)
    };
    ($item:ident $name:literal) => {
        $name
    };
}
macro_rules! syscalls { ($($item:ident $(as $name:literal)? = $classes:expr, [$($arg:ident@$at:literal: $kind:expr),* $(,)?] $(on $hook:ident)?;)*) => {
    /// Each row under its item name.
    #[expect(non_upper_case_globals, reason = "a row is named as the kernel names the syscall")]
    pub mod rows {
        use crate::{class::*, layout::Layout::*, schema::{Arg, Kind::*, Len::*, Syscall}, sets::Set::*};
        $(
            #[doc = concat!("`", stringify!($item), "`")]
            pub static $item: Syscall = Syscall {
                name: $crate::syscalls::name!($item $($name)?),
                classes: $classes,
                args: &[$(Arg { name: stringify!($arg), at: $at, kind: $kind }),*],
                hook: $crate::syscalls::hook!($($hook)?),
                makes: $crate::effect::named_to_make($crate::syscalls::name!($item $($name)?)),
            };
        )*
    }
    /// Every row of this table with its item name.
    pub const ROWS: &[(&str, &crate::schema::Syscall)] = &[$((stringify!($item), &rows::$item)),*];
} }
pub(crate) use {hook, name, syscalls};
