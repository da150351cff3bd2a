// SPDX-License-Identifier: Apache-2.0
//! Bytes that tell who wrote them: derived from a thread's id and a counter, so that any mixture of two is found. The
//! load makes them, the test makes them again.

/// Letters, so that they are the same in any output.
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyzABCDEF";

/// A step of xorshift: <https://www.jstatsoft.org/article/view/v008i14>
pub(crate) const fn next(mut state: u64) -> u64 {
    state ^= state << 13;
    state ^= state >> 7;
    state ^ (state << 17)
}

/// What the bytes of call `count` of thread `tid` begin with.
pub(crate) fn prefix(tid: u32, count: u64, len: usize) -> String {
    format!("/{tid}.{count}.{len}/")
}

/// All bytes of call `count` of thread `tid`: `len`, but for a prefix that is longer.
pub(crate) fn bytes(tid: u32, count: u64, len: usize) -> Vec<u8> {
    let mut out = prefix(tid, count, len).into_bytes();
    let mut state = (1 << 63) | (u64::from(tid) << 32) | count;
    while out.len() < len {
        state = next(state);
        out.extend(state.to_ne_bytes().map(|byte| LETTERS[usize::from(byte) % LETTERS.len()]));
    }
    out.truncate(len.max(prefix(tid, count, len).len()));
    out
}
