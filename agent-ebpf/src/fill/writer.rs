// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! Appends arguments to a record in the scratch.

use agent_common::record::{lengths_at, payload_at};

use crate::scratch::{Guard, MASK, Progress};

/// A record being built.
pub(crate) struct Writer {
    base: *mut u8,
    /// Volatile: the compiler must not keep it in registers, see [`Progress`].
    progress: *mut Progress,
    /// Where the next length goes.
    length_at: usize,
}

/// Reads a member of the progress.
macro_rules! get {
    ($writer:expr, $member:ident) => {
        // SAFETY: a field of the scratch, which the guard keeps for us.
        unsafe { (&raw const (*$writer.progress).$member).read_volatile() }
    };
}

/// Writes a member of the progress.
macro_rules! set {
    ($writer:expr, $member:ident, $value:expr) => {
        // SAFETY: a field of the scratch, which the guard keeps for us.
        unsafe { (&raw mut (*$writer.progress).$member).write_volatile($value) }
    };
}

impl Writer {
    /// A record of `words` register arguments and `others` in the scratch.
    #[inline(always)]
    pub(crate) fn new(scratch: &mut Guard<'_>, words: usize, others: usize) -> Self {
        let writer = Self { base: scratch.base(), progress: scratch.progress(), length_at: lengths_at(words) };
        set!(writer, at, payload_at(words, others) as u64);
        set!(writer, truncated, 0);
        set!(writer, ahead, 0);
        writer
    }

    /// Where the argument's next byte goes. At most half the scratch may be written there.
    #[inline(always)]
    pub(crate) fn tail(&self) -> *mut u8 {
        let at = (get!(self, at) + get!(self, ahead)) as usize & MASK;
        // SAFETY: the mask keeps it in the first half of the scratch.
        unsafe { self.base.add(at) }
    }

    /// Where the argument's first byte is.
    #[inline(always)]
    pub(crate) fn start(&self) -> *mut u8 {
        let at = get!(self, at) as usize & MASK;
        // SAFETY: the mask keeps it in the first half of the scratch.
        unsafe { self.base.add(at) }
    }

    /// Bytes of the argument that are written already.
    #[inline(always)]
    pub(crate) fn ahead(&self) -> u64 {
        get!(self, ahead) & MASK as u64
    }

    /// `len` more bytes of the argument were written at [`Self::tail`].
    #[inline(always)]
    pub(crate) fn advance(&mut self, len: u64) {
        let ahead = get!(self, ahead) + len;
        set!(self, ahead, ahead);
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
        set!(self, ahead, 0);
        self.length(sentinel);
    }

    /// The next argument is what was advanced over.
    #[inline(always)]
    pub(crate) fn done(&mut self) {
        let len = get!(self, ahead);
        let at = get!(self, at) + len;
        set!(self, at, at);
        set!(self, ahead, 0);
        self.length(len as u16);
    }

    /// Argument `i` was cut.
    #[inline(always)]
    pub(crate) fn cut(&mut self, i: usize) {
        let truncated = get!(self, truncated) | (1 << i);
        set!(self, truncated, truncated);
    }

    /// The record's length, and one bit for each argument that was cut.
    #[inline(always)]
    pub(crate) fn finish(self) -> (usize, u16) {
        (get!(self, at) as usize, get!(self, truncated) as u16)
    }
}
