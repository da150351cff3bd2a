// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! Every map and global of the probe. Those with one entry here are sized by userspace, in multiples of the CPUs.

use agent_common::{
    kernel::Field,
    ledger::Slot,
    options::{Opt, stage},
    predicate::{Predicate, Suffix},
    record,
};
use aya_ebpf::{
    Global,
    btf_maps::{ArrayOfMaps, RingBuf},
    macros::{btf_map, map},
    maps::{Array, HashMap, LpmTrie, LruHashMap, ProgramArray},
};

use crate::{
    files::Told,
    lane::Lane,
    predicate::facts::{Facts, NetworkKey, TextKey},
    regs::Kept,
    room::Room,
    scratch::Scratch,
};

/// The contract's version, for the loader to read before it loads.
#[unsafe(no_mangle)]
pub(crate) static LANNER_ABI: Global<u32> = Global::new(record::ABI);
/// Options, fixed at load; indexed by [`Opt`].
#[unsafe(no_mangle)]
pub(crate) static OPTIONS: Global<[u32; Opt::COUNT]> = Global::new([0; Opt::COUNT]);
/// Offsets of kernel struct members, fixed at load; indexed by [`Field`].
#[unsafe(no_mangle)]
pub(crate) static LAYOUT: Global<[u16; Field::COUNT]> = Global::new([0; Field::COUNT]);

/// A ring per CPU. The template's size matters only before 5.10; 64 KiB fits kernels with 64 KiB pages.
#[btf_map]
pub(crate) static RINGS: ArrayOfMaps<RingBuf<u8, 65536>, 1> = ArrayOfMaps::new();
/// What is done for each syscall: bits of [`agent_common::state::plan`]. Two halves, of which one holds.
#[map]
pub(crate) static SELECTED: Array<u32> = Array::with_max_entries(2 * agent_common::ledger::SLOTS, 0);
/// Programs by ABI and number.
#[map]
pub(crate) static CALLS: ProgramArray = ProgramArray::with_max_entries(agent_common::ledger::SLOTS, 0);
/// Programs of the syscalls that are recorded at their entry.
#[map]
pub(crate) static ENTERS: ProgramArray = ProgramArray::with_max_entries(agent_common::ledger::SLOTS, 0);
/// Counters by CPU and syscall. An array, not a per-CPU array: one lookup the JIT inlines on every kernel.
#[map]
pub(crate) static LEDGER: Array<Slot> = Array::with_max_entries(1, 0);
/// State of each hook on each CPU.
#[map]
pub(crate) static LANES: Array<Lane> = Array::with_max_entries(1, 0);
/// Room to build records of varying size, one per CPU. Not a per-CPU array, whose values may not exceed 32 KiB:
/// <https://github.com/torvalds/linux/blob/v6.12/mm/percpu.c#L1756>
#[map]
pub(crate) static SCRATCH: Array<Scratch> = Array::with_max_entries(1, 0);
/// Rooms to build state records, one per lane.
#[map]
pub(crate) static ROOMS: Array<Room> = Array::with_max_entries(1, 0);
/// What is done between a dispatcher and the program for the call.
#[map]
pub(crate) static STAGES: ProgramArray = ProgramArray::with_max_entries(stage::COUNT, 0);
/// The open files that the agent was told of, by address.
#[map]
pub(crate) static FILES: LruHashMap<u64, Told> = LruHashMap::with_max_entries(1, 0);
/// What to do with calls: live capture, self-test, or nothing more.
#[map]
pub(crate) static MODE: Array<u32> = Array::with_max_entries(1, 0);
/// Registers at the entry of calls that lose them (execve, rt_sigreturn), by task. LRU, so that a task that dies
/// inside its call leaves nothing behind for long.
#[map]
pub(crate) static ENTERED: LruHashMap<u64, Kept> = LruHashMap::with_max_entries(8192, 0);
/// Predicates by their number.
#[map]
pub(crate) static PREDICATES: Array<Predicate> = Array::with_max_entries(1, 0);
/// Sets of numbers: `[set, number]`.
#[map]
pub(crate) static NUMBERS: HashMap<[u64; 2], u8> = HashMap::with_max_entries(1, 0);
/// Sets of texts, by their beginnings.
#[map]
pub(crate) static TEXTS: LpmTrie<TextKey, u8> = LpmTrie::with_max_entries(1, 0);
/// Sets of networks.
#[map]
pub(crate) static NETWORKS: LpmTrie<NetworkKey, u8> = LpmTrie::with_max_entries(1, 0);
/// Ends of texts.
#[map]
pub(crate) static SUFFIXES: Array<Suffix> = Array::with_max_entries(1, 0);
/// What was decided of cgroups.
#[map]
pub(crate) static CGROUPS: HashMap<u64, u64> = HashMap::with_max_entries(1, 0);
/// What predicates are evaluated on, by lane.
#[map]
pub(crate) static FACTS: Array<Facts> = Array::with_max_entries(1, 0);

/// An option's value. The verifier knows it: branches that an option rules out cost nothing.
#[inline(always)]
pub(crate) fn option(opt: Opt) -> u32 {
    // SAFETY: the index is below the array's length; volatile, since userspace rewrites the global before load.
    unsafe { core::ptr::from_ref(&OPTIONS).cast::<u32>().add(opt as usize).read_volatile() }
}
