// SPDX-License-Identifier: Apache-2.0
//! The probe's counters, read from the kernel.

use std::{cell::Cell, fmt};

use agent_common::{
    ledger::{SLOTS, Slot},
    options::{HOOKS, LANE_GAP_WORD, LANE_STATE_GAP_WORD, LANE_STATE_SEQ_WORD, LANE_WORDS, STATE_LANE, names},
};
use aya::{
    Ebpf,
    maps::{Array, IterableMap as _, MapData, MapError},
};

use super::{batch::Batches, error::ProbeError, runs};
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
        // One system call for each CPU instead of one for each of its counters: this is done every second.
        let mut batches = Batches::<Slot>::new(self.ledger.map().fd(), SLOTS as usize);
        while let Some((first, slots)) = batches.next().map_err(|error| ProbeError::map(names::LEDGER, error))? {
            for (index, counters) in (first..).zip(slots) {
                if counters.iter().any(|n| *n != 0) {
                    take(index / SLOTS, index % SLOTS, *counters);
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
        self.misses.set(runs::of(ebpf).iter().map(|program| program.misses).sum());
    }
}

fn get<T: aya::Pod>(map: &Array<MapData, T>, index: u32, name: &str) -> Result<T, ProbeError> {
    map.get(&index, 0).map_err(|error: MapError| ProbeError::map(name, error))
}
