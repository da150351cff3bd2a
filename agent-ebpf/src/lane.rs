// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! A lane is one hook on one CPU. The kernel never runs an attached program inside itself on a CPU (syscalls' tracepoints
//! disabled preemption until 7.1, and `prog->active` guards raw tracepoints since 6.1), so that a lane's state and the
//! counters of the syscalls recorded by its hook belong to one run at a time, without atomics. A run refused by that
//! guard is counted by the kernel as a recursion miss, which the ledger shows.
//! <https://github.com/torvalds/linux/blob/v6.12/kernel/trace/bpf_trace.c#L2369>

use agent_common::{
    options::{HOOKS, LANE_SHED_WORD, LANE_WORDS},
    record::Header,
    shed::CLASSES,
};

use crate::{maps::LANES, regs::Block};

/// What an attached program leaves for the one it tail-calls, and what lives on between events.
#[repr(C)]
pub(crate) struct Lane {
    /// The next record's sequence number.
    pub seq: u64,
    /// The call's registers.
    pub regs: Block,
    /// The call's header, but for what its arguments decide.
    pub header: Header,
    /// Index of the call's counters on this CPU.
    pub slot: u32,
    /// Bits of the reasons why events were lost since the last record.
    pub gap: u32,
    /// What is still to be done for the call: bits of [`agent_common::state::plan`].
    pub plan: u32,
    /// The call's convention.
    pub abi: u32,
    /// The file that the agent is to be told of, an address.
    pub telling: u64,
    /// Which of the call's files it is, 0 or 1; those before it are done.
    pub file: u32,
    /// Bits of the reasons why state records were lost since the last one.
    pub state_gap: u32,
    /// The next state record's sequence number: they are numbered apart, so that events keep theirs without holes.
    pub state_seq: u64,
    /// The predicate that the call must pass: its index plus 1, or 0.
    pub predicate: u32,
    /// How far the predicate is decided.
    pub judged: u16,
    /// 1 when it is one of the second half.
    pub second: u16,
    /// Bytes put into the ring since it was looked how full it is.
    pub unlooked: u32,
    /// Calls of a class below this ask whether they are shed: 0, or [`agent_common::state::plan::CLASSES`] once the ring
    /// fills.
    pub armed: u32,
    /// Calls that were shed, by class.
    pub shed: [u64; CLASSES],
    /// Boot time since when calls were shed without a break.
    pub shed_since: u64,
    /// Boot time of the last call that was shed.
    pub shed_last: u64,
}

/// Values of [`Lane::judged`].
pub(crate) mod judged {
    /// Nothing was gathered for it yet.
    pub(crate) const FIRST: u16 = 0;
    /// What it asks for was gathered.
    pub(crate) const GATHERED: u16 = 1;
    /// What it asks for can't be gathered any more, and passes.
    pub(crate) const TOO_LATE: u16 = 2;
    /// It was refused at the call's entry.
    pub(crate) const REFUSED: u16 = 3;
}

const _: () = assert!(size_of::<Lane>() == 8 * LANE_WORDS);
const _: () = assert!(core::mem::offset_of!(Lane, shed) == 8 * LANE_SHED_WORD);

/// The lane of `hook` on this CPU.
#[inline(always)]
pub(crate) fn get<'a>(cpu: u32, hook: u32) -> Option<&'a mut Lane> {
    let lane = LANES.get_ptr_mut(cpu * HOOKS + hook)?;
    // SAFETY: a map value, which no other run of this program on this CPU uses (see the module's comment).
    Some(unsafe { &mut *lane })
}
