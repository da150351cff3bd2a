// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! Where a state record is built, and how it leaves: one room per lane, so that no hook finds another's half-built
//! record. State records are numbered apart from the events of their lane.

use agent_common::{
    ledger::{Counter, Reason, SLOTS, STATE_SLOT, Slot},
    options::{HOOKS, STATE_LANE},
    record::{Header, UNSET, flag, lengths_at, payload_at},
    state::{ABI, Kind, MAX_STATE},
};
use aya_ebpf::helpers::generated::{bpf_probe_read_kernel_str, bpf_probe_read_user};

use crate::{
    lane::Lane,
    maps::{LEDGER, ROOMS},
    output::{bump, copy},
    path::Walk,
};

/// Masks an offset into the first half of the buffer: any write of at most half a buffer stays inside.
const MASK: usize = MAX_STATE - 1;
/// A kernel name's most bytes with its NUL (`NAME_MAX + 1`).
pub(crate) const NAME: u32 = 256;

/// A map value. Where the record is at lives here and not in registers, see [`crate::scratch::Progress`].
#[repr(C)]
pub(crate) struct Room {
    busy: u64,
    /// Where the next byte goes.
    at: u64,
    /// Where the current byte string began.
    from: u64,
    /// One bit per byte string that was cut.
    truncated: u64,
    /// See [`Builder::hide`].
    hidden: u64,
    /// What a walk through names is at.
    pub walk: Walk,
    buf: [u8; 2 * MAX_STATE],
}

/// A state record being built.
pub(crate) struct Builder {
    room: *mut Room,
    words: usize,
    strings: usize,
    counters: *mut Slot,
    kind: Kind,
}

/// Reads a member of the room: volatile, since the compiler must not keep it in registers.
macro_rules! get {
    ($builder:expr, $member:ident) => {
        // SAFETY: the room is this builder's while it is busy.
        unsafe { (&raw const (*$builder.room).$member).read_volatile() }
    };
}

/// Writes a member of the room.
macro_rules! set {
    ($builder:expr, $member:ident, $value:expr) => {
        // SAFETY: the room is this builder's while it is busy.
        unsafe { (&raw mut (*$builder.room).$member).write_volatile($value) }
    };
}

impl Builder {
    /// Begins a record of `kind`; `None` when the room is in use, which is a counted loss. It counts as seen.
    #[inline(always)]
    pub(crate) fn begin(cpu: u32, hook: u32, lane: &mut Lane, kind: Kind) -> Option<Self> {
        let counters = LEDGER.get_ptr_mut(cpu * SLOTS + STATE_SLOT + kind as u32)?;
        bump(counters, Counter::Seen as usize);
        let room = ROOMS.get_ptr_mut(cpu * HOOKS + hook)?;
        let (words, strings) = kind.shape();
        let builder = Self { room, words, strings, counters, kind };
        if get!(builder, busy) != 0 {
            lose(lane, counters, Reason::Nested);
            return None;
        }
        set!(builder, busy, 1);
        set!(builder, at, payload_at(words, strings) as u64);
        set!(builder, truncated, 0);
        Some(builder)
    }

    #[inline(always)]
    fn base(&self) -> *mut u8 {
        // SAFETY: inside the map value.
        unsafe { (&raw mut (*self.room).buf).cast() }
    }

    /// Where the next byte goes. At most half the buffer may be written there.
    #[inline(always)]
    fn tail(&self) -> *mut u8 {
        let at = get!(self, at) as usize & MASK;
        // SAFETY: the mask keeps it in the first half of the buffer.
        unsafe { self.base().add(at) }
    }

    /// Writes word `place`.
    #[inline(always)]
    pub(crate) fn word(&mut self, place: usize, value: u64) {
        // SAFETY: words follow the header, below the payload; the buffer is aligned to 8.
        unsafe { self.base().add(lengths_at(place)).cast::<u64>().write(value) };
    }

    /// Word `place`, written before.
    #[inline(always)]
    pub(crate) fn read_word(&self, place: usize) -> u64 {
        // SAFETY: as in `word`.
        unsafe { self.base().add(lengths_at(place)).cast::<u64>().read_volatile() }
    }

    /// Where word `place` is.
    #[inline(always)]
    pub(crate) fn place(&mut self, place: usize) -> *mut u64 {
        // SAFETY: as in `word`.
        unsafe { self.base().add(lengths_at(place)).cast() }
    }

    /// `value`, of which the verifier forgets all it knows: a number that differs between the paths that meet here would
    /// keep them apart.
    #[inline(always)]
    pub(crate) fn hide(&mut self, value: u64) -> u64 {
        set!(self, hidden, value);
        get!(self, hidden)
    }

    /// A place of three words for what a walk is at.
    #[inline(always)]
    pub(crate) fn walk(&self) -> *mut Walk {
        // SAFETY: inside the map value.
        unsafe { &raw mut (*self.room).walk }
    }

    #[inline(always)]
    fn length(&mut self, place: usize, len: u16) {
        // SAFETY: lengths follow the words, below the payload, at even offsets.
        unsafe { self.base().add(lengths_at(self.words) + 2 * place).cast::<u16>().write(len) };
    }

    /// Byte string `place` is not there.
    #[inline(always)]
    pub(crate) fn absent(&mut self, place: usize) {
        self.length(place, UNSET);
    }

    /// The next byte string begins. They come in the order of their places.
    #[inline(always)]
    pub(crate) fn open(&mut self) {
        let at = get!(self, at);
        set!(self, from, at);
    }

    /// Bytes of the current byte string so far.
    #[inline(always)]
    pub(crate) fn written(&self) -> u64 {
        get!(self, at) - get!(self, from)
    }

    /// Byte string `place` is what was appended since [`Self::open`].
    #[inline(always)]
    pub(crate) fn close(&mut self, place: usize, cut: bool) {
        let len = self.written();
        self.length(place, len as u16);
        if cut {
            let truncated = get!(self, truncated) | (1 << place);
            set!(self, truncated, truncated);
        }
    }

    /// Appends a NUL-terminated string of the kernel's with its NUL, at most `cap` bytes; false when it can't be read.
    #[inline(always)]
    pub(crate) fn kernel_string(&mut self, from: u64, cap: u32) -> bool {
        // SAFETY: there is room for half the buffer, which is more than `cap`; the helper checks the source.
        let n = unsafe { bpf_probe_read_kernel_str(self.tail().cast(), cap, from as *const _) };
        if n <= 0 {
            return false;
        }
        let at = get!(self, at) + n as u64;
        set!(self, at, at);
        true
    }

    /// Appends `len` bytes of the kernel's, which the caller has bounded by half the buffer.
    #[inline(always)]
    pub(crate) fn kernel_bytes(&mut self, from: u64, len: u64) -> bool {
        // SAFETY: see above.
        let done = unsafe {
            aya_ebpf::helpers::generated::bpf_probe_read_kernel(self.tail().cast(), len as u32, from as *const _) == 0
        };
        self.advance(done, len)
    }

    /// Appends `len` bytes of the current task's memory, which the caller has bounded by half the buffer.
    #[inline(always)]
    pub(crate) fn user_bytes(&mut self, from: u64, len: u64) -> bool {
        // SAFETY: see above.
        let done = unsafe { bpf_probe_read_user(self.tail().cast(), len as u32, from as *const _) == 0 };
        self.advance(done, len)
    }

    #[inline(always)]
    fn advance(&mut self, done: bool, len: u64) -> bool {
        if done {
            let at = get!(self, at) + len;
            set!(self, at, at);
        }
        done
    }

    /// The record can't be made after all; it counts as lost.
    #[inline(always)]
    pub(crate) fn give_up(self, lane: &mut Lane) {
        set!(self, busy, 0);
        lose(lane, self.counters, Reason::Nested);
    }

    /// Sends the record with this header, of which only who and when matter; false when it was lost.
    #[inline(always)]
    pub(crate) fn send(self, cpu: u32, lane: &mut Lane, mut header: Header) -> bool {
        let len = get!(self, at);
        header.seq = lane.state_seq;
        header.gap = lane.state_gap;
        header.hook += STATE_LANE as u8;
        header.abi = ABI;
        header.nr = self.kind as i32;
        header.flags = flag::NO_RET;
        header.ret = 0;
        header.files = [0; 2];
        header.nargs = (self.words + self.strings) as u8;
        header.truncated = get!(self, truncated) as u16;
        header.len = len as u32;
        // SAFETY: the header is the first part of the buffer, which is aligned to 8.
        unsafe { self.base().cast::<Header>().write(header) };
        // SAFETY: the buffer has at least MAX_STATE bytes.
        let outcome = unsafe { copy(cpu, self.base(), len, MAX_STATE as u64, lane) };
        set!(self, busy, 0);
        if let Err(reason) = outcome {
            lose(lane, self.counters, reason);
            return false;
        }
        lane.state_seq += 1;
        lane.state_gap = 0;
        bump(self.counters, Counter::Sent as usize);
        true
    }
}

/// Counts a state record as lost: its sequence number is used up, so that the agent sees the gap.
#[inline(always)]
fn lose(lane: &mut Lane, counters: *mut Slot, reason: Reason) {
    lane.state_seq += 1;
    lane.state_gap |= 1 << reason as u32;
    bump(counters, Counter::Lost as usize + reason as usize);
}
