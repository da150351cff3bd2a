// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! Appends arguments to a record in the scratch.

use agent_common::record::{lengths_at, payload_at};

use crate::scratch::MASK;

/// A record being built: where the next byte goes, and which arguments were cut.
pub(crate) struct Writer {
    base: *mut u8,
    /// Where the next length goes.
    length_at: usize,
    at: usize,
    truncated: u16,
}

impl Writer {
    /// A record of `words` register arguments and `others` at `base`, which has twice `MAX_RECORD` bytes.
    #[inline(always)]
    pub(crate) fn new(base: *mut u8, words: usize, others: usize) -> Self {
        Self { base, length_at: lengths_at(words), at: payload_at(words, others), truncated: 0 }
    }

    /// Where byte `ahead` of the argument goes. At most half the scratch may be written there.
    #[inline(always)]
    pub(crate) fn tail(&self, ahead: usize) -> *mut u8 {
        // SAFETY: the mask keeps it in the first half of the scratch.
        unsafe { self.base.add((self.at + ahead) & MASK) }
    }

    #[inline(always)]
    fn length(&mut self, len: u16) {
        // SAFETY: lengths follow the words, below the payload, at even offsets.
        unsafe { self.base.add(self.length_at).cast::<u16>().write(len) };
        self.length_at += 2;
    }

    /// The next argument has no bytes; `sentinel` says why.
    #[inline(always)]
    pub(crate) fn absent(&mut self, sentinel: u16) {
        self.length(sentinel);
    }

    /// The next argument is the `len` bytes that were written at [`Self::tail`].
    #[inline(always)]
    pub(crate) fn done(&mut self, len: usize) {
        self.length(len as u16);
        self.at += len;
    }

    /// Argument `i` was cut.
    #[inline(always)]
    pub(crate) fn cut(&mut self, i: usize) {
        self.truncated |= 1 << i;
    }

    /// The record's length, and one bit for each argument that was cut.
    #[inline(always)]
    pub(crate) fn finish(self) -> (usize, u16) {
        (self.at, self.truncated)
    }
}
