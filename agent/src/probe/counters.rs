// SPDX-License-Identifier: Apache-2.0
//! The probe's counters, read from the kernel.

use std::{
    cell::Cell,
    fmt,
    os::fd::{AsFd as _, AsRawFd as _, BorrowedFd},
};

use agent_common::{
    ledger::{SLOTS, Slot},
    options::{HOOKS, LANE_GAP_WORD, LANE_STATE_GAP_WORD, LANE_STATE_SEQ_WORD, LANE_WORDS, STATE_LANE, names},
};
use aya::{
    Ebpf,
    maps::{Array, MapData, MapError},
    programs::RawTracePoint,
};

use super::error::ProbeError;
use crate::pipeline::order::LaneEnd;

/// A lane as words; the first is its next sequence number.
type LaneWords = [u64; LANE_WORDS];

/// The probe's counters.
pub struct Counters {
    ledger: Array<MapData, Slot>,
    lanes: Array<MapData, LaneWords>,
    possible: u32,
    misses: Cell<u64>,
}

impl fmt::Debug for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counters").field("cpus", &self.possible).finish_non_exhaustive()
    }
}

impl Counters {
    pub(super) const fn new(ledger: Array<MapData, Slot>, lanes: Array<MapData, LaneWords>, possible: u32) -> Self {
        Self { ledger, lanes, possible, misses: Cell::new(0) }
    }

    /// Number of CPUs that have counters.
    #[must_use]
    pub const fn cpus(&self) -> u32 {
        self.possible
    }

    /// Hands the counters of each syscall that was seen on each CPU to `take`: CPU, slot, counters.
    ///
    /// # Errors
    /// When the map can't be read.
    pub fn read(&self, mut take: impl FnMut(u32, u32, Slot)) -> Result<(), ProbeError> {
        for cpu in 0..self.possible {
            for slot in 0..SLOTS {
                let counters = get(&self.ledger, cpu * SLOTS + slot, names::LEDGER)?;
                if counters.iter().any(|n| *n != 0) {
                    take(cpu, slot, counters);
                }
            }
        }
        Ok(())
    }

    /// How every lane stands; final once the probe is detached.
    ///
    /// # Errors
    /// When the map can't be read.
    pub fn lane_ends(&self) -> Result<Vec<LaneEnd>, ProbeError> {
        let lanes = (0..self.possible).flat_map(|cpu| (0..HOOKS).map(move |hook| (cpu, hook)));
        let mut ends = Vec::new();
        for (cpu, hook) in lanes {
            let words = get(&self.lanes, cpu * HOOKS + hook, names::LANES)?;
            let reasons = |word: usize| (words[word] >> 32) as u32;
            ends.push(LaneEnd { cpu, hook, next_seq: words[0], reasons: reasons(LANE_GAP_WORD) });
            ends.push(LaneEnd {
                cpu,
                hook: hook + STATE_LANE,
                next_seq: words[LANE_STATE_SEQ_WORD],
                reasons: reasons(LANE_STATE_GAP_WORD),
            });
        }
        Ok(ends)
    }

    /// Runs of the probe that the kernel refused since the program was already running on that CPU. They happened
    /// before the probe could count anything: they are no part of `seen`.
    #[must_use]
    pub const fn recursion_misses(&self) -> u64 {
        self.misses.get()
    }

    /// Reads the misses of the attached programs, which the kernel forgets when they are unloaded.
    pub(super) fn read_misses(&self, ebpf: &Ebpf) {
        let misses = [names::SYS_EXIT, names::SYS_ENTER]
            .iter()
            .chain(&names::TRACEPOINTS)
            .filter_map(|name| ebpf.program(name))
            .filter_map(|program| <&RawTracePoint>::try_from(program).ok()?.fd().ok())
            .map(|fd| recursion_misses(fd.as_fd()).unwrap_or_default())
            .sum::<u64>();
        self.misses.set(misses);
    }
}

fn get<T: aya::Pod>(map: &Array<MapData, T>, index: u32, name: &str) -> Result<T, ProbeError> {
    map.get(&index, 0).map_err(|error: MapError| ProbeError::map(name, error))
}

/// `bpf_prog_info.recursion_misses` of a program; aya does not show it.
/// <https://github.com/torvalds/linux/blob/v6.12/include/uapi/linux/bpf.h#L6652>
fn recursion_misses(program: BorrowedFd<'_>) -> Option<u64> {
    use aya_obj::generated::{bpf_attr, bpf_cmd::BPF_OBJ_GET_INFO_BY_FD, bpf_prog_info};
    // SAFETY: both are plain C structs, for which all zeroes is a value.
    let (mut info, mut attr): (bpf_prog_info, bpf_attr) = unsafe { (std::mem::zeroed(), std::mem::zeroed()) };
    attr.info.bpf_fd = program.as_raw_fd() as u32;
    attr.info.info_len = size_of::<bpf_prog_info>() as u32;
    attr.info.info = &raw mut info as u64;
    // SAFETY: the attributes name a live descriptor and a buffer of the length they state.
    let result =
        unsafe { libc::syscall(libc::SYS_bpf, BPF_OBJ_GET_INFO_BY_FD as u32, &raw mut attr, size_of::<bpf_attr>()) };
    (result == 0).then_some(info.recursion_misses)
}
