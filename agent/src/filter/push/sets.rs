// SPDX-License-Identifier: Apache-2.0
//! The sets that tests refer to, each but once.

use std::{
    collections::{BTreeSet, HashMap},
    hash::Hash,
};

use agent_common::predicate::{CGROUP_BITS, Op, SUFFIX_BYTES, SUFFIXES, Source, TEXT_BYTES, Test};

use super::{approx::Approx, formula::Formula};
use crate::filter::{condition::Node, kernel::KernelFilter};

/// The most items of all sets together: what the kernel has memory for.
pub(super) const ITEMS: usize = 1 << 15;

/// A network: the address, IPv4 as IPv6 maps it, and the bits of it that count.
type Network = ([u8; 16], u8);

/// The sets that tests refer to.
#[derive(Debug, Default)]
pub(super) struct Sets {
    numbers: Interned<Vec<u64>>,
    texts: Interned<Vec<Box<[u8]>>>,
    suffixes: Interned<Box<[u8]>>,
    networks: Interned<Vec<Network>>,
    cgroups: Vec<Node>,
    items: usize,
    /// What the kernel makes of comparisons of `evt.res`, by their index: it is the same for all syscalls.
    pub(super) outcomes: HashMap<usize, Option<Approx>>,
}

#[derive(Debug)]
struct Interned<T> {
    items: Vec<T>,
    places: HashMap<T, u32>,
}

impl<T> Default for Interned<T> {
    fn default() -> Self {
        Self { items: Vec::new(), places: HashMap::new() }
    }
}

impl<T> Interned<T> {
    fn keep(&mut self, used: &BTreeSet<u32>) {
        let mut place = 0;
        self.items.retain(|_| {
            place += 1;
            used.contains(&(place - 1))
        });
    }
}

/// Which sets tests refer to.
#[derive(Default)]
struct Used {
    numbers: BTreeSet<u32>,
    texts: BTreeSet<u32>,
    suffixes: BTreeSet<u32>,
    networks: BTreeSet<u32>,
    cgroups: BTreeSet<u32>,
}

impl Used {
    /// The sets of the kind that a test refers to.
    fn of(&mut self, test: &Test) -> Option<&mut BTreeSet<u32>> {
        if test.source == Source::Cgroup as u8 {
            return Some(&mut self.cgroups);
        }
        match Op::from_raw(test.op) {
            Some(Op::In) => Some(&mut self.numbers),
            Some(Op::Prefix) => Some(&mut self.texts),
            Some(Op::Suffix) => Some(&mut self.suffixes),
            Some(Op::Network) => Some(&mut self.networks),
            Some(Op::Range | Op::UnsignedRange | Op::Any | Op::Bits) | None => None,
        }
    }

    fn add(&mut self, test: &Test) {
        let number = number(test);
        if let Some(used) = self.of(test) {
            used.insert(number);
        }
    }

    fn renumber(&mut self, test: &mut Test) {
        let old = number(test);
        let Some(new) = self.of(test).map(|used| used.range(..old).count()) else { return };
        if test.source == Source::Cgroup as u8 { test.a = new as u64 } else { test.set = new as u32 }
    }
}

/// The number of what a test refers to.
const fn number(test: &Test) -> u32 {
    if test.source == Source::Cgroup as u8 { test.a as u32 } else { test.set }
}

impl<T: Clone + Eq + Hash> Interned<T> {
    /// The number of `item`, unless it is new and there is no room for it.
    fn place(&mut self, item: T, room: bool) -> Option<u32> {
        if let Some(place) = self.places.get(&item) {
            return Some(*place);
        }
        if !room {
            return None;
        }
        let place = self.items.len() as u32;
        self.items.push(item.clone());
        self.places.insert(item, place);
        Some(place)
    }
}

impl Sets {
    /// Whether there is room for `more` items, which are then taken into account.
    fn room(&mut self, more: usize) -> bool {
        let fits = self.items + more <= ITEMS;
        if fits {
            self.items += more;
        }
        fits
    }

    /// The set of these numbers, ascending; `None` when there is no room for it.
    pub(super) fn numbers(&mut self, numbers: Vec<u64>) -> Option<u32> {
        let room = self.numbers.places.contains_key(&numbers) || self.room(numbers.len());
        self.numbers.place(numbers, room)
    }

    /// The set of these texts; `None` when there is no room for it. Whole texts end in a NUL.
    pub(super) fn texts(&mut self, mut texts: Vec<Box<[u8]>>) -> Option<u32> {
        debug_assert!(texts.iter().all(|text| text.len() <= TEXT_BYTES));
        texts.sort_unstable();
        texts.dedup();
        // What begins with another is looked for by it.
        texts.dedup_by(|next, first| next.starts_with(first));
        let room = self.texts.places.contains_key(&texts) || self.room(texts.len());
        self.texts.place(texts, room)
    }

    /// The suffix; `None` when there is no room for it.
    pub(super) fn suffix(&mut self, suffix: &[u8]) -> Option<u32> {
        debug_assert!(suffix.len() <= SUFFIX_BYTES);
        let room = self.suffixes.items.len() < SUFFIXES as usize;
        self.suffixes.place(Box::from(suffix), room)
    }

    /// The set of these networks; `None` when there is no room for it.
    pub(super) fn networks(&mut self, mut networks: Vec<Network>) -> Option<u32> {
        networks.sort_unstable();
        networks.dedup();
        let room = self.networks.places.contains_key(&networks) || self.room(networks.len());
        self.networks.place(networks, room)
    }

    /// The bit of what must hold of a cgroup; `None` when there is none left.
    pub(super) fn cgroup(&mut self, node: &Node) -> Option<u32> {
        if let Some(bit) = self.cgroups.iter().position(|known| known == node) {
            return Some(bit as u32);
        }
        let bit = self.cgroups.len() as u32;
        if bit >= CGROUP_BITS {
            return None;
        }
        self.cgroups.push(node.clone());
        Some(bit)
    }

    /// Drops what no formula refers to, and numbers the rest anew.
    pub(super) fn keep_used(&mut self, mut formulas: Vec<&mut Formula>) {
        let mut used = Used::default();
        for formula in &formulas {
            formula.each(&mut |test| used.add(test));
        }
        self.numbers.keep(&used.numbers);
        self.texts.keep(&used.texts);
        self.suffixes.keep(&used.suffixes);
        self.networks.keep(&used.networks);
        let mut bit = 0;
        self.cgroups.retain(|_| {
            bit += 1;
            used.cgroups.contains(&(bit - 1))
        });
        for formula in &mut formulas {
            formula.each_mut(&mut |test| used.renumber(test));
        }
    }

    /// Hands all of them over.
    pub(super) fn into_filter(self, filter: &mut KernelFilter) {
        filter.numbers = self.numbers.items;
        filter.texts = self.texts.items;
        filter.suffixes = self.suffixes.items;
        filter.networks = self.networks.items;
        filter.cgroups = self.cgroups;
    }
}
