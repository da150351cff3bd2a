// SPDX-License-Identifier: Apache-2.0
//! The name of the program that serves a row: rows whose arguments lower to the same ops share it. The probe's build
//! generates one program per name, the agent finds it by the same function.

use core::fmt::{self, Write};

use crate::schema::{Abi, Cap, Dir, Hook, Len, Op, Syscall};

/// Writes the name of the program for `row` as called by `abi` on this architecture: an identifier such as
/// `n_r0_s1_r2_r3`.
///
/// # Errors
/// Only those of `out`.
pub fn write_name(out: &mut impl Write, row: &Syscall, abi: Abi) -> fmt::Result {
    write_name_on(out, row, abi, crate::X86)
}

/// As [`write_name`], for x86_64 or for aarch64.
///
/// # Errors
/// Only those of `out`.
pub fn write_name_on(out: &mut impl Write, row: &Syscall, abi: Abi, x86: bool) -> fmt::Result {
    out.write_str(match abi {
        Abi::Native => "n",
        Abi::I386 => "i",
    })?;
    if row.hook == Hook::Enter {
        out.write_str("e")?;
    }
    for arg in row.args {
        write_op(out, arg.op_on(abi, x86))?;
    }
    Ok(())
}

fn write_op(out: &mut impl Write, op: Op) -> fmt::Result {
    match op {
        Op::Reg(at) => write!(out, "_r{at}"),
        Op::Str(at) => write!(out, "_s{at}"),
        Op::StrIf { at, sel, a, b } => write!(out, "_c{at}q{sel}q{a}q{b}"),
        Op::Mem { at, len, cap, dir } => {
            write!(out, "_m{at}{}", dir_name(dir))?;
            match len {
                Len::Fixed(n) => write!(out, "f{n}")?,
                Len::Arg(n) => write!(out, "a{n}")?,
                Len::Times(n, size) => write!(out, "t{n}x{size}")?,
                Len::Ret => write!(out, "r")?,
                Len::RetArg(n) => write!(out, "l{n}")?,
                Len::RetTimes(size) => write!(out, "u{size}")?,
                Len::RetTimesArg(n, size) => write!(out, "w{n}x{size}")?,
                Len::Deref(n) => write!(out, "d{n}")?,
                Len::Bits(n) => write!(out, "b{n}")?,
            }
            match cap {
                Cap::Snap => write!(out, "s"),
                Cap::Bytes(n) => write!(out, "c{n}"),
            }
        }
        Op::Iov { at, count, dir } => write!(out, "_v{at}{}{count}", dir_name(dir)),
        Op::Msg { at, dir, many } => write!(out, "_g{at}{}{}", dir_name(dir), if many { "m" } else { "" }),
        Op::Strv(at) => write!(out, "_y{at}"),
        Op::ExecStrings { at, env, flags } => write!(out, "_x{at}{}{flags}", if env { "e" } else { "a" }),
        Op::ExecPath { at, flags } => write!(out, "_p{at}q{flags}"),
    }
}

const fn dir_name(dir: Dir) -> &'static str {
    match dir {
        Dir::In => "i",
        Dir::Out => "o",
        Dir::Found => "p",
        Dir::Rest => "n",
    }
}
