// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! Room for a record that varies in size. Twice the largest record: every offset is masked to the first half, so that
//! any write of at most half a buffer stays inside, whatever the verifier believes of the offset.

use agent_common::record::MAX_RECORD;

use crate::maps::SCRATCH;

/// Masks an offset into the first half.
pub(crate) const MASK: usize = MAX_RECORD - 1;

/// A map value.
#[repr(C)]
pub(crate) struct Scratch {
    busy: u64,
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
