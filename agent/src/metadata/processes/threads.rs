// SPDX-License-Identifier: Apache-2.0
//! Threads other than the first of their process.

use std::collections::VecDeque;

use super::{
    ENDED,
    slab::{Id, Slab},
};
use crate::metadata::{bounded::Bounded, process::Thread};

#[derive(Debug)]
struct Entry {
    thread: Thread,
    process: Id,
    /// The process's image when the thread was made: a later one ended the thread.
    image: u32,
}

impl Entry {
    fn lives_in(&self, slab: &Slab) -> bool {
        slab.get(self.process).is_some_and(|process| process.image == self.image)
    }
}

/// The threads.
#[derive(Debug)]
pub(super) struct Threads {
    table: Bounded<u32, Entry>,
    /// Ids and starts of threads that ended, oldest first.
    ended: VecDeque<(u32, u64)>,
}

impl Threads {
    pub(super) fn new(capacity: usize) -> Self {
        Self { table: Bounded::new(capacity), ended: VecDeque::new() }
    }

    pub(super) const fn len(&self) -> usize {
        self.table.len()
    }

    /// The thread `tid`, if it is one of this process and image.
    pub(super) fn of(&self, process: Id, image: u32, tid: u32) -> Option<&Thread> {
        let entry = self.table.peek(tid).filter(|entry| entry.process == process && entry.image == image)?;
        Some(&entry.thread)
    }

    /// The thread `tid`, which is used by that.
    pub(super) fn get(&mut self, tid: u32) -> Option<&mut Thread> {
        self.table.get(tid).map(|entry| &mut entry.thread)
    }

    pub(super) fn insert(&mut self, tid: u32, thread: Thread, process: Id, image: u32, slab: &Slab) {
        // Threads that an exec or a lost record ended are nobody's; they are gone before as many others come.
        self.table.sweep(2, |entry| entry.lives_in(slab));
        self.table.insert(tid, Entry { thread, process, image });
    }

    /// A thread ended: it is still found for a while.
    pub(super) fn end(&mut self, tid: u32, start: u64) {
        if self.table.peek(tid).is_none() {
            return;
        }
        self.ended.push_back((tid, start));
        if self.ended.len() > ENDED {
            self.forget_ended();
        }
    }

    /// Forgets the thread that ended first. False when there is none.
    pub(super) fn forget_ended(&mut self) -> bool {
        let Some((tid, start)) = self.ended.pop_front() else { return false };
        // The id may have gone to another thread since.
        if self.table.peek(tid).is_some_and(|entry| crate::metadata::proc_scan::same_start(entry.thread.start, start)) {
            self.table.remove(tid);
        }
        true
    }

    /// Forgets a thread that was not used for long. False when there is none.
    pub(super) fn evict(&mut self) -> bool {
        self.table.evict().is_some()
    }
}
