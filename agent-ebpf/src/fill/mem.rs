// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! Bytes at an address.

use agent_common::{
    options::Opt,
    record::{FAULT, NULL, UNSET},
    schema::{Cap, Dir, ERESTART_RESTARTBLOCK, Len},
};
use aya_ebpf::helpers::{bpf_probe_read_user, generated};

use super::{Source, writer::Writer};
use crate::maps::option;

/// The smallest page: a buffer whose end is not mapped is read to the end of its first page.
const PAGE: u64 = 4096;

/// Reads `len` bytes of user memory to `to`; false when they can't be.
#[inline(always)]
pub(crate) fn read(to: *mut u8, len: u64, from: u64) -> bool {
    // SAFETY: callers give a place in the scratch with room for half of it; the helper checks the source.
    unsafe { generated::bpf_probe_read_user(to.cast(), len as u32, from as *const _) == 0 }
}

/// `len`, at most `most`. Without the barrier the compiler compares what `len` was computed from, and the verifier,
/// which does not follow that, sees a length without bounds.
#[inline(always)]
pub(crate) fn bound(mut len: u64, most: u64) -> u64 {
    // SAFETY: a move of the register to itself. Not an empty sequence: its line would share an instruction with the next
    // line's, which the kernel refuses.
    unsafe { core::arch::asm!("{0} = {0}", inout(reg) len, options(nomem, nostack, preserves_flags)) };
    if len > most { most } else { len }
}

/// Copies a string with its NUL to `to`, at most `cap` bytes: how many, or a negative error.
#[inline(always)]
pub(crate) fn string(to: *mut u8, cap: u32, from: u64) -> i64 {
    // SAFETY: callers give a place with room for that much; the helper checks the source.
    let n = unsafe { generated::bpf_probe_read_user_str(to.cast(), cap, from as *const _) };
    // Before 6.16 the kernel does not count the NUL of an empty string, though it is there.
    if n == 0 { 1 } else { n }
}

/// Reads one value of user memory.
#[inline(always)]
pub(crate) fn value<T: Copy>(from: u64) -> Option<T> {
    // SAFETY: the helper checks the source.
    unsafe { bpf_probe_read_user(from as *const T).ok() }
}

/// How many bytes the argument has; `None` when that could not be read.
#[inline(always)]
fn length(source: Source<'_>, len: Len) -> Option<u64> {
    let ret = if source.ret < 0 { 0 } else { source.ret as u64 };
    Some(match len {
        Len::Fixed(n) => u64::from(n),
        Len::Arg(n) => source.arg(n),
        Len::Times(n, size) => elements(source.arg(n)) * u64::from(size),
        Len::Ret => ret,
        Len::RetArg(n) => {
            let room = source.arg(n);
            if ret > room { room } else { ret }
        }
        Len::RetTimes(size) => elements(ret) * u64::from(size),
        Len::RetTimesArg(n, size) => {
            let room = source.arg(n);
            elements(if ret > room { room } else { ret }) * u64::from(size)
        }
        Len::Deref(n) => u64::from(value::<u32>(source.arg(n))?),
        Len::Bits(n) => (source.arg(n) & 0xffff_ffff).div_ceil(8),
    })
}

/// An element count, so bounded that its product with a size cannot wrap.
#[inline(always)]
fn elements(count: u64) -> u64 {
    if count > 0xffff { 0xffff } else { count }
}

/// [`agent_common::schema::Op::Mem`]
#[inline(always)]
pub(crate) fn copy(writer: &mut Writer, i: usize, source: Source<'_>, at: u8, len: Len, cap: Cap, dir: Dir) {
    let filled = match dir {
        Dir::In => true,
        Dir::Out => source.ret >= 0,
        Dir::Found => source.ret > 0,
        Dir::Rest => source.ret == ERESTART_RESTARTBLOCK,
    };
    if !filled {
        return writer.absent(UNSET);
    }
    let from = source.arg(at);
    if from == 0 {
        return writer.absent(NULL);
    }
    let Some(want) = length(source, len) else { return writer.absent(FAULT) };
    let most = match cap {
        Cap::Snap => u64::from(option(Opt::Snaplen)),
        Cap::Bytes(n) => u64::from(n),
    };
    let n = bound(want, most);
    if want > n {
        writer.cut(i);
    }
    if read(writer.tail(), n, from) {
        writer.advance(n);
        return writer.done();
    }
    if matches!(cap, Cap::Snap) {
        let first = bound(PAGE - (from & (PAGE - 1)), PAGE);
        if first < n && read(writer.tail(), first, from) {
            writer.cut(i);
            writer.advance(first);
            return writer.done();
        }
    }
    writer.absent(FAULT);
}
