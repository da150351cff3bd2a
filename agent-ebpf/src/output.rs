// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! A call on its way into the ring: counters, submission.

use core::ptr;

use agent_common::{
    ledger::{Counter, Reason, SLOTS, Slot},
    options::Opt,
    record::{Header, MAX_RECORD},
    shed::{Class, mark},
    state::plan,
};
use aya_ebpf::{
    btf_maps::RingBuf,
    helpers::{
        bpf_get_smp_processor_id,
        generated::{bpf_ringbuf_output, bpf_ringbuf_query},
    },
};

use crate::{
    fill::bound,
    lane::{self, Lane},
    maps::{LEDGER, RINGS, option},
    scratch::Guard,
};

/// Flags of `bpf_ringbuf_output` and `bpf_ringbuf_submit`:
/// <https://github.com/torvalds/linux/blob/v6.12/include/uapi/linux/bpf.h#L6115>
const BPF_RB_NO_WAKEUP: u64 = 1 << 0;
const BPF_RB_FORCE_WAKEUP: u64 = 1 << 1;
/// What `bpf_ringbuf_query` is asked for: bytes not yet read, and those that there is room for.
const BPF_RB_AVAIL_DATA: u64 = 0;
const BPF_RB_RING_SIZE: u64 = 1;
/// After how many bytes the fill of a ring is looked at again.
const LOOK_EVERY: u32 = 4096;

/// Adds one to a counter. Not atomic: the slot belongs to one lane (see [`crate::lane`]).
#[inline(always)]
pub(crate) fn bump(counters: *mut Slot, counter: usize) {
    // SAFETY: a map value; every index is below the slot's length.
    unsafe { *counters.cast::<u64>().add(counter) += 1 }
}

/// Counts a call as lost: its sequence number is used up, so that the agent sees the gap.
#[inline(always)]
pub(crate) fn lose(lane: &mut Lane, counters: *mut Slot, reason: Reason) {
    lane.seq += 1;
    lane.gap |= 1 << reason as u32;
    bump(counters, Counter::Lost as usize + reason as usize);
}

/// An admitted call in the program for its shape.
pub(crate) struct Call<'a> {
    /// The CPU.
    pub cpu: u32,
    /// Its lane, which holds the registers and most of the header.
    pub lane: &'a mut Lane,
    counters: *mut Slot,
}

impl Call<'_> {
    /// The call that the dispatcher admitted.
    #[inline(always)]
    pub(crate) fn current(hook: u32) -> Option<Self> {
        // SAFETY: a helper without arguments.
        let cpu = unsafe { bpf_get_smp_processor_id() };
        let lane = lane::get(cpu, hook)?;
        let counters = LEDGER.get_ptr_mut(cpu * SLOTS + lane.slot)?;
        Some(Self { cpu, lane, counters })
    }

    /// Counts the call as lost.
    #[inline(always)]
    pub(crate) fn lose(self, reason: Reason) {
        lose(self.lane, self.counters, reason);
    }

    /// Counts the call as sent.
    #[inline(always)]
    fn sent(self) {
        self.lane.seq += 1;
        self.lane.gap = 0;
        bump(self.counters, Counter::Sent as usize);
    }

    /// Reserves `len` bytes in the ring, lets `write` fill them behind the header, and submits. `len` is a constant.
    #[inline(always)]
    pub(crate) fn put_fixed(self, len: usize, nargs: usize, write: impl FnOnce(&Lane, *mut u8)) {
        let Some(ring) = RINGS.get(self.cpu) else { return self.lose(Reason::NoRing) };
        let Some(mut entry) = ring.reserve_bytes(len, 0) else { return self.lose(Reason::RingFull) };
        let at = entry.as_mut_ptr();
        let header = &mut self.lane.header;
        header.len = len as u32;
        header.nargs = nargs as u8;
        // SAFETY: the entry has `len` bytes, of which the header takes the first; the ring aligns entries to 8.
        unsafe { at.cast::<Header>().write(*header) };
        write(self.lane, at);
        entry.submit(wake(ring, self.lane, len as u32));
        self.sent();
    }

    /// Copies the record of `len` bytes in the scratch to the ring.
    #[inline(always)]
    pub(crate) fn put_scratch(self, mut scratch: Guard<'_>, len: usize) {
        // SAFETY: the scratch has at least MAX_RECORD bytes.
        let outcome = unsafe { copy(self.cpu, scratch.base(), len as u64, MAX_RECORD as u64, self.lane) };
        drop(scratch);
        match outcome {
            Ok(()) => self.sent(),
            Err(reason) => self.lose(reason),
        }
    }
}

/// Copies a record of `len` bytes, `most` at most, of `lane` to the CPU's ring.
///
/// # Safety
/// At `from` are at least `most` bytes of a map value.
#[inline(always)]
pub(crate) unsafe fn copy(cpu: u32, from: *mut u8, len: u64, most: u64, lane: &mut Lane) -> Result<(), Reason> {
    if len > most {
        return Err(Reason::TooLarge);
    }
    let Some(ring) = RINGS.get(cpu) else { return Err(Reason::NoRing) };
    let flags = wake(ring, lane, len as u32);
    // Bounded again in front of the call that needs it: the comparison above may be of a copy, while what is passed lies on
    // the stack, and the verifier of 5.10 takes that for any number when it comes back.
    let len = bound(len, most);
    // SAFETY: see above; the helper copies them.
    let ret = unsafe { bpf_ringbuf_output(ptr::from_ref(ring).cast_mut().cast(), from.cast(), len, flags) };
    if ret < 0 { Err(Reason::RingFull) } else { Ok(()) }
}

/// Bytes that wait in a ring, and those that it holds at most.
#[inline(always)]
pub(crate) fn fill(ring: &RingBuf<u8, 65536>) -> (u64, u64) {
    let ring = ptr::from_ref(ring).cast_mut().cast();
    // SAFETY: `ring` is the map's address, as the helper takes it.
    unsafe { (bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA), bpf_ringbuf_query(ring, BPF_RB_RING_SIZE)) }
}

/// Whether the agent is woken: not for each record, but when much waits. It also looks by itself every few
/// milliseconds. When so much waits that calls may have to be shed, those that come ask for it from now on.
#[inline(always)]
fn wake(ring: &RingBuf<u8, 65536>, lane: &mut Lane, len: u32) -> u64 {
    if lane.unlooked < LOOK_EVERY {
        lane.unlooked += len;
        return BPF_RB_NO_WAKEUP;
    }
    lane.unlooked = len;
    let (waiting, size) = fill(ring);
    if option(Opt::Shed) != 0 && waiting > mark(Class::Io as u32, size) {
        lane.armed = plan::CLASSES;
    }
    if waiting > size / 4 { BPF_RB_FORCE_WAKEUP } else { BPF_RB_NO_WAKEUP }
}
