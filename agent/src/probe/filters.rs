// SPDX-License-Identifier: Apache-2.0
//! The maps that hold the kernel's part of the condition, twice: a filter is written to the half that nobody looks at,
//! and takes over by one number.

use std::collections::BTreeMap;

use agent_common::{
    ledger::SLOTS,
    options::{mode, names},
    predicate::{CGROUP_BITS, Op, PREDICATES, Predicate, SUFFIX_BYTES, SUFFIXES, Source, Suffix, TEXT_BYTES},
    state::plan,
};
use aya::{
    Ebpf, EbpfLoader, Pod,
    maps::{Array, HashMap, LpmTrie, MapData, MapError, lpm_trie::Key},
};

use super::{entries, error::ProbeError, typed, wait_for_running};
use crate::filter::kernel::{KernelFilter, Verdict};

/// Cgroups that the kernel is told of; and numbers, texts and networks in sets when the filter may be replaced by one that
/// is not known yet.
const ROOM: u32 = 1 << 14;
/// Bits that count in a key of the sets of texts before the text.
const SET_BITS: u32 = u32::BITS;

/// The kernel's value of a predicate.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct PredicateValue(Predicate);

// SAFETY: integers only, without padding.
unsafe impl Pod for PredicateValue {}

/// The kernel's value of a suffix.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct SuffixValue(Suffix);

// SAFETY: integers only, without padding.
unsafe impl Pod for SuffixValue {}

/// Set and text.
#[derive(Clone, Copy)]
#[repr(C)]
struct TextKey {
    set: u32,
    text: [u8; TEXT_BYTES],
}

// SAFETY: integers only, without padding.
unsafe impl Pod for TextKey {}

/// Set and address.
#[derive(Clone, Copy)]
#[repr(C)]
struct NetworkKey {
    set: u32,
    address: [u8; 16],
}

// SAFETY: integers only, without padding.
unsafe impl Pod for NetworkKey {}

/// What a half holds.
#[derive(Default)]
struct Half {
    plans: BTreeMap<u32, u32>,
    numbers: Vec<[u64; 2]>,
    texts: Vec<Key<TextKey>>,
    networks: Vec<Key<NetworkKey>>,
}

/// How much there is room for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    predicates: u32,
    suffixes: u32,
    numbers: u32,
    texts: u32,
    networks: u32,
    cgroups: u32,
    judges: bool,
}

impl Sizes {
    /// Room for `filter`, and when it is `replaceable` for another.
    pub(super) fn of(filter: &KernelFilter, replaceable: bool) -> Self {
        if replaceable {
            let (predicates, suffixes) = (PREDICATES, SUFFIXES);
            let (numbers, texts, networks, cgroups) = (ROOM, ROOM, ROOM, ROOM);
            return Self { predicates, suffixes, numbers, texts, networks, cgroups, judges: true };
        }
        Self {
            predicates: entries(filter.predicates.len()),
            suffixes: entries(filter.suffixes.len()),
            numbers: entries(filter.numbers.iter().map(Vec::len).sum()),
            texts: entries(filter.texts.iter().map(Vec::len).sum()),
            networks: entries(filter.networks.iter().map(Vec::len).sum()),
            cgroups: if filter.cgroups.is_empty() { 1 } else { ROOM },
            judges: !filter.predicates.is_empty(),
        }
    }

    /// Has the maps made of these sizes. `lanes` is how many lanes there are.
    pub(super) fn set(self, loader: &mut EbpfLoader<'_>, lanes: u32) {
        loader
            .map_max_entries(names::PREDICATES, 2 * self.predicates)
            .map_max_entries(names::SUFFIXES, 2 * self.suffixes)
            .map_max_entries(names::NUMBERS, self.numbers)
            .map_max_entries(names::TEXTS, self.texts)
            .map_max_entries(names::NETWORKS, self.networks)
            .map_max_entries(names::CGROUPS, self.cgroups)
            .map_max_entries(names::FACTS, if self.judges { lanes } else { 1 });
    }
}

/// The maps.
pub(super) struct Filters {
    selected: Array<MapData, u32>,
    mode: Array<MapData, u32>,
    predicates: Array<MapData, PredicateValue>,
    suffixes: Array<MapData, SuffixValue>,
    numbers: HashMap<MapData, [u64; 2], u8>,
    texts: LpmTrie<MapData, TextKey, u8>,
    networks: LpmTrie<MapData, NetworkKey, u8>,
    sizes: Sizes,
    halves: [Half; 2],
    /// The half that holds.
    current: u32,
}

/// The number that a set of a filter has in the maps.
const fn set_in(half: u32, number: u32) -> u32 {
    (number << 1) | half
}

impl Filters {
    pub(super) fn new(ebpf: &mut Ebpf, sizes: Sizes) -> Result<Self, ProbeError> {
        Ok(Self {
            selected: typed(ebpf, names::SELECTED)?,
            mode: typed(ebpf, names::MODE)?,
            predicates: typed(ebpf, names::PREDICATES)?,
            suffixes: typed(ebpf, names::SUFFIXES)?,
            numbers: typed(ebpf, names::NUMBERS)?,
            texts: typed(ebpf, names::TEXTS)?,
            networks: typed(ebpf, names::NETWORKS)?,
            sizes,
            halves: [Half::default(), Half::default()],
            current: 0,
        })
    }

    /// The first of the bits of the `CGROUPS` map that belong to the filter that holds.
    pub(super) const fn cgroup_base(&self) -> u32 {
        self.current * CGROUP_BITS
    }

    /// Has calls treated as `filter` and `plans` say, in `mode`, from one moment to the next.
    pub(super) fn replace(
        &mut self,
        filter: &KernelFilter,
        plans: &BTreeMap<u32, u32>,
        mode: u32,
    ) -> Result<(), ProbeError> {
        let half = 1 - self.current;
        self.clear(half)?;
        if let Err(error) = self.write(half, filter, plans) {
            // The filter that holds goes on to hold.
            self.clear(half)?;
            return Err(error);
        }
        self.current = half;
        self.set_mode(mode)?;
        // What a program that is running still looks at must stay until it has run.
        wait_for_running();
        self.clear(1 - half)
    }

    /// Changes the mode, and nothing else.
    pub(super) fn set_mode(&mut self, mode: u32) -> Result<(), ProbeError> {
        let half = if self.current == 0 { 0 } else { mode::SECOND };
        self.mode.set(0, mode | half, 0).map_err(|error| ProbeError::map(names::MODE, error))
    }

    fn write(&mut self, half: u32, filter: &KernelFilter, plans: &BTreeMap<u32, u32>) -> Result<(), ProbeError> {
        let fits = |len: usize, room: u32| u32::try_from(len).is_ok_and(|len| len <= room);
        if !fits(filter.predicates.len(), self.sizes.predicates) || !fits(filter.suffixes.len(), self.sizes.suffixes) {
            return Err(ProbeError::FilterTooLarge);
        }
        for (i, set) in (0..).zip(&filter.numbers) {
            for number in set {
                let key = [u64::from(set_in(half, i)), *number];
                self.halves[half as usize].numbers.push(key);
                self.numbers.insert(key, 1, 0).map_err(|error| full(names::NUMBERS, error))?;
            }
        }
        for (i, set) in (0..).zip(&filter.texts) {
            for text in set {
                let mut bytes = [0; TEXT_BYTES];
                let len = text.len().min(TEXT_BYTES);
                bytes[..len].copy_from_slice(&text[..len]);
                let data = TextKey { set: set_in(half, i), text: bytes };
                let key = Key::new(SET_BITS + 8 * len as u32, data);
                self.halves[half as usize].texts.push(key);
                self.texts.insert(&key, 1, 0).map_err(|error| full(names::TEXTS, error))?;
            }
        }
        for (i, set) in (0..).zip(&filter.networks) {
            for (address, bits) in set {
                let data = NetworkKey { set: set_in(half, i), address: *address };
                let key = Key::new(SET_BITS + u32::from(*bits), data);
                self.halves[half as usize].networks.push(key);
                self.networks.insert(&key, 1, 0).map_err(|error| full(names::NETWORKS, error))?;
            }
        }
        for (i, bytes) in (0..).zip(&filter.suffixes) {
            let value = SuffixValue(suffix(bytes));
            let index = half * self.sizes.suffixes + i;
            self.suffixes.set(index, value, 0).map_err(|error| ProbeError::map(names::SUFFIXES, error))?;
        }
        for (i, predicate) in (0..).zip(&filter.predicates) {
            let value = PredicateValue(self.in_half(half, predicate));
            let index = half * self.sizes.predicates + i;
            self.predicates.set(index, value, 0).map_err(|error| ProbeError::map(names::PREDICATES, error))?;
        }
        for (slot, plan) in plans {
            let number = match filter.slots.get(slot) {
                Some(Verdict::When(i)) => 1 + half * self.sizes.predicates + *i as u32,
                Some(Verdict::Keep) | None => 0,
            };
            let plan = plan | (number << plan::PREDICATE);
            self.select(half, *slot, plan)?;
            self.halves[half as usize].plans.insert(*slot, plan);
        }
        Ok(())
    }

    /// A predicate with the numbers that sets, suffixes and bits have in a half.
    fn in_half(&self, half: u32, predicate: &Predicate) -> Predicate {
        let mut predicate = *predicate;
        for test in predicate.tests.iter_mut().take(predicate.len as usize) {
            if test.source == Source::Cgroup as u8 {
                test.a += u64::from(half * CGROUP_BITS);
            }
            match Op::from_raw(test.op) {
                Some(Op::In | Op::Prefix | Op::Network) => test.set = set_in(half, test.set),
                Some(Op::Suffix) => test.set += half * self.sizes.suffixes,
                Some(Op::Range | Op::UnsignedRange | Op::Any | Op::Bits) | None => {}
            }
        }
        predicate
    }

    fn select(&mut self, half: u32, slot: u32, plan: u32) -> Result<(), ProbeError> {
        self.selected.set(half * SLOTS + slot, plan, 0).map_err(|error| ProbeError::map(names::SELECTED, error))
    }

    /// Takes out what a half holds. What was written of it last may not be there.
    fn clear(&mut self, half: u32) -> Result<(), ProbeError> {
        let holds = std::mem::take(&mut self.halves[half as usize]);
        for slot in holds.plans.into_keys() {
            self.select(half, slot, 0)?;
        }
        for key in &holds.numbers {
            removed(self.numbers.remove(key), names::NUMBERS)?;
        }
        for key in &holds.texts {
            removed(self.texts.remove(key), names::TEXTS)?;
        }
        for key in &holds.networks {
            removed(self.networks.remove(key), names::NETWORKS)?;
        }
        Ok(())
    }
}

/// A suffix as the kernel compares it.
fn suffix(bytes: &[u8]) -> Suffix {
    let len = bytes.len().min(SUFFIX_BYTES);
    let mut words = [0; 8];
    for (word, part) in words.iter_mut().zip(bytes[bytes.len() - len..].chunks(8)) {
        let mut padded = [0; 8];
        padded[..part.len()].copy_from_slice(part);
        *word = u64::from_ne_bytes(padded);
    }
    Suffix { len: len as u32, reserved: 0, words }
}

/// An error of a map that may be full.
fn full(map: &str, error: MapError) -> ProbeError {
    if let MapError::SyscallError(call) = &error
        && matches!(call.io_error.raw_os_error(), Some(libc::E2BIG | libc::ENOSPC))
    {
        return ProbeError::FilterTooLarge;
    }
    ProbeError::map(map, error)
}

/// That something is not there is as good as removed.
fn removed(result: Result<(), MapError>, map: &str) -> Result<(), ProbeError> {
    match result {
        Ok(()) | Err(MapError::KeyNotFound) => Ok(()),
        Err(MapError::SyscallError(call)) if call.io_error.raw_os_error() == Some(libc::ENOENT) => Ok(()),
        Err(error) => Err(ProbeError::map(map, error)),
    }
}
