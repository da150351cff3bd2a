// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! NUL-terminated strings, alone and in arrays.

use super::{mem, writer::Writer};
use agent_common::{
    record::{FAULT, NULL, PATH_MAX, STRINGS_COUNT, STRINGS_MAX},
    schema::Abi,
};

/// [`agent_common::schema::Op::Str`]
#[inline(always)]
pub(crate) fn one(writer: &mut Writer, i: usize, from: u64) {
    if from == 0 {
        return writer.absent(NULL);
    }
    // One byte more than the longest name, so that a cut one can be told from one that just fits.
    let n = mem::string(writer.tail(), u32::from(PATH_MAX) + 1, from);
    if n <= 0 {
        return writer.absent(FAULT);
    }
    if n > i64::from(PATH_MAX) {
        writer.cut(i);
    }
    writer.advance(n as u64 - 1);
    writer.done();
}

/// The `n`th pointer of an array in the caller's memory.
#[inline(always)]
pub(crate) fn pointer(abi: Abi, array: u64, n: u64) -> Option<u64> {
    match abi {
        Abi::Native => mem::value::<u64>(array.wrapping_add(8 * n)),
        Abi::I386 => mem::value::<u32>(array.wrapping_add(4 * n)).map(u64::from),
    }
}

/// [`agent_common::schema::Op::Strv`]
#[inline(always)]
pub(crate) fn vector(writer: &mut Writer, i: usize, abi: Abi, array: u64) {
    if array == 0 {
        return writer.absent(NULL);
    }
    let mut cut = true;
    let mut k = 0;
    while k < STRINGS_COUNT {
        let Some(from) = pointer(abi, array, u64::from(k)) else {
            if k == 0 {
                return writer.absent(FAULT);
            }
            break;
        };
        if from == 0 {
            cut = false;
            break;
        }
        let used = writer.ahead();
        if used >= u64::from(STRINGS_MAX) {
            break;
        }
        let left = mem::bound(u64::from(STRINGS_MAX) - used, u64::from(STRINGS_MAX));
        // One byte more than there is room for, so that a cut string can be told: it stays without its NUL.
        let n = mem::string(writer.tail(), left as u32 + 1, from);
        if n < 0 {
            break;
        }
        if n as u64 > left {
            writer.advance(left);
            break;
        }
        writer.advance(n as u64);
        k += 1;
    }
    if cut {
        writer.cut(i);
    }
    writer.done();
}
