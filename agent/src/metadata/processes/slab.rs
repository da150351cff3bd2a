// SPDX-License-Identifier: Apache-2.0
//! The entries of processes and who made whom.
//!
//! An entry is named by its place and a generation, so that a name outlives its entry without ever meaning another. An
//! ended process stays while others descend from it; both the length of such a chain and their number are bounded.

use std::{collections::VecDeque, sync::Arc};

use crate::metadata::process::Process;

/// How far up ended processes are kept for their descendants.
pub(super) const LINEAGE: usize = 64;
/// The most ended processes that are kept for their descendants.
pub(super) const RETAINED: usize = 1 << 14;

/// Names an entry of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Id {
    index: u32,
    generation: u32,
}

/// A process and what the table itself must know of it.
#[derive(Debug)]
pub(super) struct Entry {
    /// What is known of it. An event that is held back keeps it as it was.
    pub process: Arc<Process>,
    /// When it ended, in nanoseconds since boot; `u64::MAX` while that is not known.
    pub ended_at: u64,
    /// Raised with every new image: threads of older ones have ended.
    pub image: u32,
    /// The last loss after which it was compared with `/proc`.
    pub epoch: u32,
    /// Whether something of it is only known to `/proc`.
    pub partial: bool,
    /// Whether it was looked up since eviction last came by.
    pub used: bool,
    /// Whether it is only kept for its descendants.
    retired: bool,
    /// Who made it.
    parent: Option<Id>,
    /// How many entries have this one as their parent.
    children: u32,
}

impl Entry {
    pub(super) fn new(process: Process, epoch: u32) -> Self {
        Self {
            process: Arc::new(process),
            ended_at: u64::MAX,
            image: 0,
            epoch,
            partial: false,
            used: false,
            retired: false,
            parent: None,
            children: 0,
        }
    }

    /// The process, to be changed.
    pub(super) fn change(&mut self) -> &mut Process {
        Arc::make_mut(&mut self.process)
    }

    /// Who made it.
    pub(super) const fn parent(&self) -> Option<Id> {
        self.parent
    }
}

#[derive(Debug, Default)]
struct Slot {
    generation: u32,
    entry: Option<Entry>,
}

/// The entries.
#[derive(Debug, Default)]
pub(super) struct Slab {
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// Retired entries, oldest first, among names of some that are gone.
    retired: VecDeque<Id>,
    /// How many retired entries there are.
    retained: usize,
    hand: usize,
}

impl Slab {
    /// How many entries there are.
    pub(super) const fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub(super) fn get(&self, id: Id) -> Option<&Entry> {
        let slot = self.slots.get(id.index as usize)?;
        slot.entry.as_ref().filter(|_| slot.generation == id.generation)
    }

    pub(super) fn get_mut(&mut self, id: Id) -> Option<&mut Entry> {
        let slot = self.slots.get_mut(id.index as usize)?;
        slot.entry.as_mut().filter(|_| slot.generation == id.generation)
    }

    /// Every entry's name.
    pub(super) fn ids(&self) -> impl Iterator<Item = Id> {
        self.slots.iter().enumerate().filter_map(|(index, slot)| {
            slot.entry.as_ref().map(|_| Id { index: index as u32, generation: slot.generation })
        })
    }

    /// The name of the entry at a place, for going round.
    pub(super) fn at(&self, place: usize) -> Option<Id> {
        let slot = self.slots.get(place)?;
        slot.entry.as_ref().map(|_| Id { index: place as u32, generation: slot.generation })
    }

    /// How many places there are, free ones included.
    pub(super) const fn places(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn insert(&mut self, entry: Entry) -> Id {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            self.slots.len() as u32 - 1
        });
        let mut id = Id { index, generation: 0 };
        if let Some(slot) = self.slots.get_mut(index as usize) {
            slot.entry = Some(entry);
            id.generation = slot.generation;
        }
        id
    }

    /// Notes that `parent` made `child`, unless it descends from it. Cuts what is too far up.
    pub(super) fn link(&mut self, child: Id, parent: Id) {
        if self.lineage(parent).take(LINEAGE).any(|above| above == child) || self.get(parent).is_none() {
            return;
        }
        self.unlink(child);
        let Some(entry) = self.get_mut(child) else { return };
        entry.parent = Some(parent);
        if let Some(parent) = self.get_mut(parent) {
            parent.children += 1;
        }
        let far = self.ancestor(child, LINEAGE);
        if let Some(far) = far
            && self.get(far).is_some_and(|far| far.process.ended)
        {
            self.unlink(far);
        }
    }

    fn unlink(&mut self, child: Id) {
        if let Some(parent) = self.get_mut(child).and_then(|entry| entry.parent.take()) {
            self.leave(parent);
        }
    }

    /// One entry fewer has `parent` as its parent.
    fn leave(&mut self, parent: Id) {
        let Some(entry) = self.get_mut(parent) else { return };
        entry.children = entry.children.saturating_sub(1);
        if entry.retired && entry.children == 0 {
            self.free(parent);
        }
    }

    /// An entry and those that it came from, nearest first.
    fn lineage(&self, id: Id) -> impl Iterator<Item = Id> {
        std::iter::successors(Some(id), |id| self.get(*id).and_then(Entry::parent))
    }

    /// The `n`th ancestor; 0 is the entry itself.
    pub(super) fn ancestor(&self, id: Id, n: usize) -> Option<Id> {
        self.lineage(id).nth(n).filter(|id| self.get(*id).is_some())
    }

    /// An entry that nobody finds by its pid any more: frees it, or keeps it for those that it made.
    pub(super) fn retire(&mut self, id: Id) {
        let Some(entry) = self.get_mut(id).filter(|entry| !entry.retired) else { return };
        if entry.children == 0 {
            self.free(id);
            return;
        }
        entry.retired = true;
        self.retained += 1;
        self.retired.push_back(id);
        if self.retained > RETAINED {
            self.forget_retired();
        }
        if self.retired.len() > 2 * RETAINED {
            // Half of them at least are gone: this happens once in as many calls.
            let mut retired = std::mem::take(&mut self.retired);
            retired.retain(|id| self.get(*id).is_some());
            self.retired = retired;
        }
    }

    /// Frees the oldest entry that is only kept for its descendants. False when there is none.
    pub(super) fn forget_retired(&mut self) -> bool {
        while let Some(id) = self.retired.pop_front() {
            if self.get(id).is_some() {
                self.free(id);
                return true;
            }
        }
        false
    }

    /// Frees an entry and the retired ones that were kept for it alone.
    fn free(&mut self, mut id: Id) {
        while self.get(id).is_some() {
            let Some(entry) = self.slots.get_mut(id.index as usize).and_then(|slot| {
                slot.generation = slot.generation.wrapping_add(1);
                slot.entry.take()
            }) else {
                return;
            };
            self.free.push(id.index);
            self.retained -= usize::from(entry.retired);
            let Some(parent) = entry.parent else { return };
            let Some(above) = self.get_mut(parent) else { return };
            above.children = above.children.saturating_sub(1);
            if !above.retired || above.children > 0 {
                return;
            }
            id = parent;
        }
    }

    /// A process that is not retired and was not looked up for long.
    pub(super) fn unused(&mut self) -> Option<Id> {
        // Twice round: the first time clears what was used.
        for _ in 0..2 * self.slots.len() {
            let place = self.hand;
            self.hand = if place + 1 < self.slots.len() { place + 1 } else { 0 };
            let Some(slot) = self.slots.get_mut(place) else { continue };
            let generation = slot.generation;
            if let Some(entry) = slot.entry.as_mut().filter(|entry| !entry.retired)
                && !std::mem::take(&mut entry.used)
            {
                return Some(Id { index: place as u32, generation });
            }
        }
        None
    }

    /// What must always hold.
    #[cfg(test)]
    pub(super) fn check(&self) {
        let mut children = std::collections::HashMap::new();
        let mut retained = 0;
        for id in self.ids() {
            let entry = self.get(id).expect("an entry");
            retained += usize::from(entry.retired);
            if let Some(parent) = entry.parent.filter(|parent| self.get(*parent).is_some()) {
                *children.entry(parent).or_insert(0) += 1;
            }
        }
        for id in self.ids() {
            let entry = self.get(id).expect("an entry");
            assert_eq!(entry.children, children.get(&id).copied().unwrap_or(0));
            assert!(!entry.retired || entry.children > 0, "kept for nobody");
        }
        assert_eq!(retained, self.retained);
        assert_eq!(self.len(), self.ids().count());
        assert!(retained <= RETAINED && self.retired.len() <= 2 * RETAINED && retained <= self.retired.len());
    }
}
