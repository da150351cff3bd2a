// SPDX-License-Identifier: Apache-2.0
//! Bytes that tell who wrote them: derived from a thread's id and a counter, so that any mixture of two is found. The
//! load makes them, the test makes them again.

/// Letters, so that they are the same in any output.
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyzABCDEF";

/// A step of xorshift: <https://www.jstatsoft.org/article/view/v008i14>
const fn next(mut state: u64) -> u64 {
    state ^= state << 13;
    state ^= state >> 7;
    state ^ state << 17
}

/// What the bytes of call `count` of thread `tid` begin with.
pub(crate) fn prefix(tid: u32, count: u64, len: usize) -> String {
    format!("/{tid}.{count}.{len}/")
}

/// All bytes of call `count` of thread `tid`: `len`, but for a prefix that is longer.
pub(crate) fn bytes(tid: u32, count: u64, len: usize) -> Vec<u8> {
    let mut out = prefix(tid, count, len).into_bytes();
    let mut state = (u64::from(tid) << 32 | count) | 1 << 63;
    while out.len() < len {
        state = next(state);
        out.extend(state.to_ne_bytes().map(|byte| LETTERS[usize::from(byte) % LETTERS.len()]));
    }
    out.truncate(len.max(prefix(tid, count, len).len()));
    out
}

/// The thread, the counter and the length that `bytes` say they are of.
pub(crate) fn origin(bytes: &[u8]) -> Option<(u32, u64, usize)> {
    let end = bytes.iter().skip(1).position(|byte| *byte == b'/')? + 1;
    let text = std::str::from_utf8(bytes.get(1..end)?).ok()?;
    let mut parts = text.split('.');
    let origin = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    parts.next().is_none().then_some(origin)
}

/// How long call `count` of thread `tid` is: most are short, some as long as can be captured.
pub(crate) fn length(tid: u32, count: u64, most: usize) -> usize {
    let random = next(next(u64::from(tid) << 20 ^ count ^ 0x9e37_79b9_7f4a_7c15)) as usize;
    let most = if random % 16 == 0 { most } else { most.min(2000) };
    64 + (random >> 8) % (most - 63)
}
