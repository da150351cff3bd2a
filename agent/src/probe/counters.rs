// SPDX-License-Identifier: Apache-2.0
//! The probe's counters, read from the kernel.

use std::{cell::RefCell, collections::BTreeMap, fmt};

use agent_common::{
    ledger::{SLOTS, Slot},
    options::{
        HOOKS, LANE_GAP_WORD, LANE_SHED_WORD, LANE_STATE_GAP_WORD, LANE_STATE_SEQ_WORD, LANE_WORDS, STATE_LANE, hook,
        names,
    },
    shed::CLASSES,
};
use aya::{
    Ebpf,
    maps::{Array, IterableMap as _, MapData, MapError},
};

use super::{batch::Batches, error::ProbeError, features, runs};
use crate::pipeline::{order::LaneEnd, shed::Reading};

/// A lane as words; the first is its next sequence number.
type LaneWords = [u64; LANE_WORDS];

/// The probe's counters.
pub struct Counters {
    ledger: Array<MapData, Slot>,
    lanes: Array<MapData, LaneWords>,
    possible: u32,
    preemptible: bool,
    misses: RefCell<BTreeMap<&'static str, u64>>,
}

impl fmt::Debug for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counters").field("cpus", &self.possible).finish_non_exhaustive()
    }
}

impl Counters {
    pub(super) fn new(ledger: Array<MapData, Slot>, lanes: Array<MapData, LaneWords>, possible: u32) -> Self {
        // Asked now: once it captures, the agent may load nothing more. It has loaded the probe, so that this can be tried.
        let preemptible = features::preemptible_at_syscalls().unwrap_or(false);
        Self { ledger, lanes, possible, preemptible, misses: RefCell::default() }
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
        let mut batches = Batches::new(self.ledger.map().fd(), SLOTS as usize, Slot::default());
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

    /// What each CPU has shed, in the order of CPU numbers.
    ///
    /// # Errors
    /// When the map can't be read.
    pub fn shed(&self) -> Result<Vec<Reading>, ProbeError> {
        let mut readings = Vec::new();
        let mut batches = Batches::new(self.lanes.map().fd(), (self.possible * HOOKS) as usize, [0; LANE_WORDS]);
        while let Some((first, lanes)) = batches.next().map_err(|error| ProbeError::map(names::LANES, error))? {
            for (index, words) in (first..).zip(lanes).filter(|(index, _)| index % HOOKS == hook::EXIT) {
                let mut calls = [0; CLASSES];
                calls.copy_from_slice(&words[LANE_SHED_WORD..LANE_SHED_WORD + CLASSES]);
                let (since, last) = (words[LANE_SHED_WORD + CLASSES], words[LANE_SHED_WORD + CLASSES + 1]);
                readings.push(Reading { cpu: index / HOOKS, calls, since, last });
            }
        }
        Ok(readings)
    }

    /// Runs of the probe that the kernel refused since the program was already running on that CPU, by program, where
    /// there were any. They happened before the probe could count anything: they are no part of `seen`.
    #[must_use]
    pub fn recursion_misses(&self) -> BTreeMap<&'static str, u64> {
        self.misses.borrow().clone()
    }

    /// Whether tasks can be preempted inside the probe, of which misses come.
    #[must_use]
    pub const fn preemptible(&self) -> bool {
        self.preemptible
    }

    /// Reads the misses of the attached programs, which the kernel forgets when they are unloaded.
    pub(super) fn read_misses(&self, ebpf: &Ebpf) {
        let missed = runs::of(ebpf).into_iter().filter(|program| program.misses > 0);
        self.misses.replace(missed.map(|program| (program.program, program.misses)).collect());
    }
}

fn get<T: aya::Pod>(map: &Array<MapData, T>, index: u32, name: &str) -> Result<T, ProbeError> {
    map.get(&index, 0).map_err(|error: MapError| ProbeError::map(name, error))
}
