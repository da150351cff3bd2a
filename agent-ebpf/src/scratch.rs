// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! Room for a record that varies in size. Twice the largest record: every offset is masked to the first half, so that
//! any write of at most half a buffer stays inside, whatever the verifier believes of the offset.

use agent_common::record::MAX_RECORD;

use crate::maps::SCRATCH;

/// Masks an offset into the first half.
pub(crate) const MASK: usize = MAX_RECORD - 1;

/// What a record being built is at. It lives in the map, not in registers: what the verifier reads from a map is any
/// number to it, so that the paths through one argument are the same state to it when they meet, and it need not walk
/// the next argument once for each of them.
#[repr(C)]
pub(crate) struct Progress {
    /// Where the next byte goes.
    pub at: u64,
    /// One bit per argument that was cut.
    pub truncated: u64,
    /// Bytes of the current argument that are written already.
    pub ahead: u64,
}

/// A map value.
#[repr(C)]
pub(crate) struct Scratch {
    busy: u64,
    progress: Progress,
    buf: [u8; 2 * MAX_RECORD],
}

/// The CPU's scratch while a record is built. The kernel keeps programs from meeting here (see [`crate::lane`]);
/// should a kernel ever not, the second one is a counted loss, not a torn record.
pub(crate) struct Guard<'a>(&'a mut Scratch);

impl Guard<'_> {
    /// Takes the CPU's scratch; `None` when it is in use.
    #[inline(always)]
    pub(crate) fn take(cpu: u32) -> Option<Self> {
        let scratch = SCRATCH.get_ptr_mut(cpu)?;
        // SAFETY: a map value; `busy` keeps others out.
        let scratch = unsafe { &mut *scratch };
        if scratch.busy != 0 {
            return None;
        }
        scratch.busy = 1;
        Some(Self(scratch))
    }

    /// What the record is at.
    #[inline(always)]
    pub(crate) fn progress(&mut self) -> *mut Progress {
        &raw mut self.0.progress
    }

    /// The first byte.
    #[inline(always)]
    pub(crate) fn base(&mut self) -> *mut u8 {
        self.0.buf.as_mut_ptr()
    }
}

impl Drop for Guard<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        self.0.busy = 0;
    }
}
