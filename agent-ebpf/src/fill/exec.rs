// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! What an execve asked for and what it started. When it succeeded, the caller's memory is gone, but the new image's
//! stack holds it all: the argument strings, the environment strings, and right behind them the file name
//! (`bprm->exec`, what `AT_EXECFN` points to):
//! <https://github.com/torvalds/linux/blob/v6.12/fs/exec.c#L1915>

use core::ffi::c_void;

use agent_common::{
    kernel::Field,
    record::{FAULT, STRINGS_MAX, UNSET},
    schema::{AT_EXECVE_CHECK, NO_FLAGS},
};
use aya_ebpf::helpers::bpf_get_current_task;

use super::{Source, mem, strings, writer::Writer};
use crate::kernel;

/// A field of the current address space.
#[inline(always)]
fn mm(field: Field) -> Option<u64> {
    // SAFETY: a helper without arguments.
    let task = unsafe { bpf_get_current_task() } as *const c_void;
    let mm = kernel::read::<*const c_void>(task, Field::TaskMm)?;
    kernel::read::<u64>(mm, field)
}

/// Whether a new image runs.
#[inline(always)]
fn replaced(source: Source<'_>, flags: u8) -> bool {
    source.ret >= 0 && (flags == NO_FLAGS || source.arg(flags) & AT_EXECVE_CHECK == 0)
}

/// [`agent_common::schema::Op::ExecStrings`]
#[inline(always)]
pub(crate) fn strings(writer: &mut Writer, i: usize, source: Source<'_>, at: u8, env: bool, flags: u8) {
    if !replaced(source, flags) {
        return strings::vector(writer, i, source.abi, source.arg(at));
    }
    let (start, end) = if env { (Field::MmEnvStart, Field::MmEnvEnd) } else { (Field::MmArgStart, Field::MmArgEnd) };
    let (Some(start), Some(end)) = (mm(start), mm(end)) else { return writer.absent(UNSET) };
    let all = end.wrapping_sub(start);
    let len = mem::bound(all, u64::from(STRINGS_MAX));
    if all > len {
        writer.cut(i);
    }
    if mem::read(writer.tail(), len, start) {
        writer.advance(len);
        writer.done();
    } else {
        writer.absent(FAULT);
    }
}

/// [`agent_common::schema::Op::ExecPath`]
#[inline(always)]
pub(crate) fn path(writer: &mut Writer, i: usize, source: Source<'_>, at: u8, flags: u8) {
    if !replaced(source, flags) {
        return strings::one(writer, i, source.arg(at));
    }
    match mm(Field::MmEnvEnd) {
        Some(name) => strings::one(writer, i, name),
        None => writer.absent(UNSET),
    }
}
