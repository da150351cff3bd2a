// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! The body of every tail-called program. A program names its ops one by one (see `program!`), not in a loop over a
//! list: a loop is not reliably unrolled, and then each program holds an interpreter of all ops.

mod exec;
mod iov;
pub(crate) mod mem;
mod strings;
mod writer;

use agent_common::{
    ledger::Reason,
    options::hook::EXIT,
    record::{self, UNSET, flag},
    schema::{Abi, Op},
};
use aya_ebpf::programs::RawTracePointContext;

pub(crate) use self::{
    mem::{bound, value},
    writer::Writer,
};
use crate::{lane::Lane, output::Call, regs, scratch::Guard};

/// The registers and the result of the call being filled.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    lane: &'a Lane,
    abi: Abi,
    ret: i64,
}

impl Source<'_> {
    /// Register argument `n`.
    #[inline(always)]
    fn arg(&self, n: u8) -> u64 {
        regs::arg(&self.lane.regs, self.abi, n as usize)
    }
}

/// Writes argument `op`, if it is a register, as word `n` behind the header; the answer is the next word's index.
///
/// # Safety
/// `at` is aligned to 8 and has room for the header and the word.
#[inline(always)]
pub(crate) unsafe fn word(source: Source<'_>, op: Op, at: *mut u8, n: usize) -> usize {
    let Op::Reg(register) = op else { return n };
    // SAFETY: inside the record, see above.
    unsafe { at.add(record::lengths_at(n)).cast::<u64>().write(source.arg(register)) };
    n + 1
}

/// How many of `ops` are registers.
pub(crate) const fn count_words(ops: &[Op]) -> usize {
    let (mut i, mut n) = (0, 0);
    while i < ops.len() {
        if matches!(ops[i], Op::Reg(_)) {
            n += 1;
        }
        i += 1;
    }
    n
}

/// Records the current call, all of whose arguments are registers: `words` of them, written by `write`.
#[inline(always)]
pub(crate) fn fixed(abi: Abi, hook: u32, words: usize, write: impl FnOnce(Source<'_>, *mut u8)) -> Option<()> {
    let call = Call::current(hook)?;
    call.put_fixed(record::payload_at(words, 0), words, |lane, at| write(Source { lane, abi, ret: 0 }, at));
    Some(())
}

/// Records the current call, of whose `nargs` arguments `words` are registers, written by `write`; the rest is
/// appended by `append`.
#[inline(always)]
pub(crate) fn varying(
    abi: Abi,
    nargs: usize,
    words: usize,
    write: impl FnOnce(Source<'_>, *mut u8),
    append: impl FnOnce(Source<'_>, &mut Writer),
) -> Option<()> {
    let call = Call::current(EXIT)?;
    let Some(mut scratch) = Guard::take(call.cpu) else {
        call.lose(Reason::Nested);
        return None;
    };
    let base = scratch.base();
    let source = Source { lane: call.lane, abi, ret: call.lane.header.ret };
    write(source, base);
    let mut writer = Writer::new(&mut scratch, words, nargs - words);
    append(source, &mut writer);
    let (len, truncated) = writer.finish();
    let header = &mut call.lane.header;
    header.len = len as u32;
    header.nargs = nargs as u8;
    header.truncated = truncated;

    // SAFETY: the header is the first part of the scratch.
    unsafe { base.cast::<record::Header>().write(*header) };
    call.put_scratch(scratch, len);
    Some(())
}

/// Appends one argument.
#[inline(always)]
pub(crate) fn put(writer: &mut Writer, i: usize, source: Source<'_>, op: Op) {
    match op {
        // Written before all others, see `word`.
        Op::Reg(_) => {}
        Op::Str(at) => strings::one(writer, i, source.arg(at)),
        Op::StrIf { at, sel, a, b } => {
            let selector = source.arg(sel) as u32;
            if selector == a || selector == b {
                strings::one(writer, i, source.arg(at));
            } else {
                writer.absent(UNSET);
            }
        }
        Op::Mem { at, len, cap, dir } => mem::copy(writer, i, source, at, len, cap, dir),
        Op::Iov { at, count, dir } => iov::vector(writer, i, source, at, count, dir),
        Op::Msg { at, dir, many } => iov::message(writer, i, source, at, dir, many),
        Op::Strv(at) => strings::vector(writer, i, source.abi, source.arg(at)),
        Op::ExecStrings { at, env, flags } => exec::strings(writer, i, source, at, env, flags),
        Op::ExecPath { at, flags } => exec::path(writer, i, source, at, flags),
    }
}

/// Records a call whose number no table holds: its six registers.
#[inline(always)]
pub(crate) fn unknown(ctx: &RawTracePointContext) -> Option<()> {
    const ARGS: usize = 6;
    let call = Call::current(EXIT)?;
    let header = &mut call.lane.header;
    aya_log_ebpf::debug!(ctx, "no row for syscall {} of abi {}", header.nr, header.abi);
    header.flags |= flag::UNKNOWN;
    call.put_fixed(record::payload_at(ARGS, 0), ARGS, |lane, at| {
        let mut n = 0;
        while n < ARGS {
            let value = match Abi::from_raw(lane.header.abi) {
                Some(Abi::I386) => regs::arg(&lane.regs, Abi::I386, n),
                _ => regs::arg(&lane.regs, Abi::Native, n),
            };
            // SAFETY: the record has room for the words, and rings align records to 8.
            unsafe { at.add(record::lengths_at(n)).cast::<u64>().write(value) };
            n += 1;
        }
    });
    Some(())
}
