// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! Scattered buffers: `iovec` arrays, and the messages that carry them.

use agent_common::{
    options::Opt,
    record::{CONTROL_MAX, FAULT, IOV_COUNT, MAX_SNAPLEN, MSG_PREFIX_LEN, MsgPrefix, NULL, SOCKADDR_MAX, UNSET},
    schema::{Abi, Dir},
};

use super::{Source, mem, writer::Writer};
use crate::{maps::option, scratch::MASK};

/// One `struct iovec`: base and length.
#[inline(always)]
fn element(abi: Abi, array: u64, n: u64) -> Option<(u64, u64)> {
    match abi {
        Abi::Native => mem::value::<[u64; 2]>(array.wrapping_add(16 * n)).map(|[base, len]| (base, len)),
        Abi::I386 => {
            mem::value::<[u32; 2]>(array.wrapping_add(8 * n)).map(|[base, len]| (u64::from(base), u64::from(len)))
        }
    }
}

/// Appends what an array of `count` elements points to, `most` bytes at most. False when nothing could be read.
#[inline(always)]
fn gather(writer: &mut Writer, i: usize, dir: Dir, abi: Abi, array: u64, count: u64, most: u64) -> bool {
    let before = writer.ahead();
    let mut fault = false;
    let mut k = 0;
    while k < IOV_COUNT {
        if u64::from(k) >= count {
            break;
        }
        let Some((base, len)) = element(abi, array, u64::from(k)) else {
            fault = true;
            break;
        };
        // The verifier does not relate what is written to `most`: bound what is left by itself.
        let left = most.wrapping_sub(writer.ahead().wrapping_sub(before)) & MASK as u64;
        let n = mem::bound(if len > left { left } else { len }, u64::from(MAX_SNAPLEN));
        if len > n && matches!(dir, Dir::In) {
            writer.cut(i);
        }
        if n != 0 && !mem::read(writer.tail(), n, base) {
            fault = true;
            break;
        }
        writer.advance(n);
        k += 1;
    }
    let none = writer.ahead() == before;
    if matches!(dir, Dir::In) && (count > u64::from(IOV_COUNT) || (fault && !none)) {
        writer.cut(i);
    }
    !(fault && none)
}

/// How many bytes of data are wanted: the snap length, and no more than the kernel returned.
#[inline(always)]
fn most(dir: Dir, ret: i64) -> u64 {
    let snap = u64::from(option(Opt::Snaplen));
    match dir {
        Dir::In => snap,
        Dir::Out | Dir::Found | Dir::Rest if ret < 0 => 0,
        Dir::Out | Dir::Found | Dir::Rest if (ret as u64) < snap => ret as u64,
        Dir::Out | Dir::Found | Dir::Rest => snap,
    }
}

/// Marks argument `i` when the kernel filled in more than was copied.
#[inline(always)]
fn mark_cut(writer: &mut Writer, i: usize, dir: Dir, ret: i64, copied: u64) {
    if matches!(dir, Dir::Out) && ret > copied as i64 {
        writer.cut(i);
    }
}

/// [`agent_common::schema::Op::Iov`]
#[inline(always)]
pub(crate) fn vector(writer: &mut Writer, i: usize, source: Source<'_>, at: u8, count: u8, dir: Dir) {
    if matches!(dir, Dir::Out) && source.ret < 0 {
        return writer.absent(UNSET);
    }
    let array = source.arg(at);
    if array == 0 {
        return writer.absent(NULL);
    }
    if !gather(writer, i, dir, source.abi, array, source.arg(count), most(dir, source.ret)) {
        return writer.absent(FAULT);
    }
    let copied = writer.ahead();
    mark_cut(writer, i, dir, source.ret, copied);
    writer.done();
}

/// The members of `struct msghdr`, widened: <https://github.com/torvalds/linux/blob/v6.12/include/linux/socket.h#L91>
struct Message {
    name: u64,
    name_len: u32,
    iov: u64,
    iov_len: u64,
    control: u64,
    control_len: u64,
    flags: u32,
    /// `mmsghdr.msg_len`
    len: u32,
}

#[inline(always)]
fn header(abi: Abi, at: u64, many: bool) -> Option<Message> {
    match abi {
        Abi::Native => {
            let m = mem::value::<[u64; 7]>(at)?;
            let len = if many { mem::value::<u32>(at.wrapping_add(56))? } else { 0 };
            Some(Message {
                name: m[0],
                name_len: m[1] as u32,
                iov: m[2],
                iov_len: m[3],
                control: m[4],
                control_len: m[5],
                flags: m[6] as u32,
                len,
            })
        }
        Abi::I386 => {
            let m = mem::value::<[u32; 7]>(at)?;
            let len = if many { mem::value::<u32>(at.wrapping_add(28))? } else { 0 };
            Some(Message {
                name: u64::from(m[0]),
                name_len: m[1],
                iov: u64::from(m[2]),
                iov_len: u64::from(m[3]),
                control: u64::from(m[4]),
                control_len: u64::from(m[5]),
                flags: m[6],
                len,
            })
        }
    }
}

/// Appends one part of a message: its length, or a sentinel.
#[inline(always)]
fn part(writer: &mut Writer, i: usize, from: u64, len: u64, cap: u16) -> u16 {
    if from == 0 {
        return NULL;
    }
    let n = mem::bound(len, u64::from(cap));
    if len > n {
        writer.cut(i);
    }
    if !mem::read(writer.tail(), n, from) {
        return FAULT;
    }
    writer.advance(n);
    n as u16
}

/// [`agent_common::schema::Op::Msg`]
#[inline(always)]
pub(crate) fn message(writer: &mut Writer, i: usize, source: Source<'_>, at: u8, dir: Dir, many: bool) {
    if matches!(dir, Dir::Out) && source.ret < 0 {
        return writer.absent(UNSET);
    }
    let from = source.arg(at);
    if from == 0 {
        return writer.absent(NULL);
    }
    let Some(message) = header(source.abi, from, many) else { return writer.absent(FAULT) };
    // recvmmsg returns a count of messages; the first one's length stands in its header.
    let bytes = if many && matches!(dir, Dir::Out) { i64::from(message.len) } else { source.ret };
    let start = writer.start();
    writer.advance(MSG_PREFIX_LEN as u64);
    let name_len = part(writer, i, message.name, u64::from(message.name_len), SOCKADDR_MAX);
    let control_len = part(writer, i, message.control, message.control_len, CONTROL_MAX);
    let before = writer.ahead();
    let data_len = if message.iov == 0 {
        NULL
    } else if gather(writer, i, dir, source.abi, message.iov, message.iov_len, most(dir, bytes)) {
        let copied = writer.ahead().wrapping_sub(before);
        mark_cut(writer, i, dir, bytes, copied);
        copied as u16
    } else {
        FAULT
    };
    let prefix = MsgPrefix { flags: message.flags, name_len, control_len, data_len, reserved: 0 };
    // SAFETY: the prefix was left room for at the argument's start.
    unsafe { start.cast::<MsgPrefix>().write_unaligned(prefix) };
    writer.done();
}
