// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! Scattered buffers: `iovec` arrays, and the messages that carry them.

use agent_common::{
    options::Opt,
    record::{CONTROL_MAX, FAULT, IOV_COUNT, MAX_SNAPLEN, MSG_PREFIX_LEN, MsgPrefix, NULL, SOCKADDR_MAX, UNSET},
    schema::{Abi, Dir},
};

use super::{Source, mem, writer::Writer};
use crate::{maps::option, scratch::MASK};

/// What became of a copy: bytes, whether there were more, whether reading failed before any.
struct Copied {
    bytes: usize,
    cut: bool,
    fault: bool,
}

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

/// Copies what an array of `count` elements points to behind the `ahead` bytes already written, `most` bytes at most.
#[inline(always)]
fn gather(writer: &Writer, abi: Abi, array: u64, count: u64, ahead: usize, most: u64) -> Copied {
    let mut copied: usize = 0;
    let mut cut = count > u64::from(IOV_COUNT);
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
        // The verifier does not relate `copied` to `most`: bound what is left by itself.
        let left = most.wrapping_sub(copied as u64) & MASK as u64;
        let left = if left > u64::from(MAX_SNAPLEN) { u64::from(MAX_SNAPLEN) } else { left };
        let mut n = len;
        if len > left {
            n = left;
            cut = true;
        }
        if n != 0 && !mem::read(writer.tail(ahead + copied), n, base) {
            fault = true;
            break;
        }
        copied = (copied + n as usize) & MASK;
        k += 1;
    }
    Copied { bytes: copied, cut: cut || (fault && copied != 0), fault: fault && copied == 0 }
}

/// How many bytes of data are wanted: the snap length, and no more than the kernel returned.
#[inline(always)]
fn most(dir: Dir, ret: i64) -> u64 {
    let snap = u64::from(option(Opt::Snaplen));
    match dir {
        Dir::In => snap,
        Dir::Out if ret < 0 => 0,
        Dir::Out if (ret as u64) < snap => ret as u64,
        Dir::Out => snap,
    }
}

/// Whether more was there than was copied. What the kernel filled is known exactly.
#[inline(always)]
fn is_cut(dir: Dir, ret: i64, copied: &Copied) -> bool {
    match dir {
        Dir::In => copied.cut,
        Dir::Out => ret > copied.bytes as i64,
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
    let copied = gather(writer, source.abi, array, source.arg(count), 0, most(dir, source.ret));
    if copied.fault {
        return writer.absent(FAULT);
    }
    if is_cut(dir, source.ret, &copied) {
        writer.cut(i);
    }
    writer.done(copied.bytes);
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

/// Copies one part of a message behind the `ahead` bytes already written: its length or sentinel, and its bytes.
#[inline(always)]
fn part(writer: &mut Writer, i: usize, from: u64, len: u64, ahead: usize, cap: u16) -> (u16, usize) {
    if from == 0 {
        return (NULL, 0);
    }
    let mut n = len;
    if len > u64::from(cap) {
        n = u64::from(cap);
        writer.cut(i);
    }
    if mem::read(writer.tail(ahead), n, from) { (n as u16, n as usize) } else { (FAULT, 0) }
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
    let mut ahead = MSG_PREFIX_LEN;
    let (name_len, n) = part(writer, i, message.name, u64::from(message.name_len), ahead, SOCKADDR_MAX);
    ahead += n;
    let (control_len, n) = part(writer, i, message.control, message.control_len, ahead, CONTROL_MAX);
    ahead += n;
    let (data_len, n) = if message.iov == 0 {
        (NULL, 0)
    } else {
        let copied = gather(writer, source.abi, message.iov, message.iov_len, ahead, most(dir, bytes));
        if is_cut(dir, bytes, &copied) {
            writer.cut(i);
        }
        if copied.fault { (FAULT, 0) } else { (copied.bytes as u16, copied.bytes) }
    };
    ahead += n;
    let prefix = MsgPrefix { flags: message.flags, name_len, control_len, data_len, reserved: 0 };
    // SAFETY: the prefix was left room for at the argument's start.
    unsafe { writer.tail(0).cast::<MsgPrefix>().write_unaligned(prefix) };
    writer.done(ahead);
}
