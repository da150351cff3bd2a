// SPDX-License-Identifier: Apache-2.0
//! Memory for what is put together for one event: command lines, names of sockets, lists. It is kept from event to event,
//! so that an event costs no allocation once the arena is as large as its kind asks for.

use std::{
    cell::{OnceCell, RefCell},
    mem,
};

use bumpalo::Bump;

/// Bytes that an arena begins with.
const FIRST: usize = 16 << 10;
/// Bytes that it keeps for the next event: what a single huge event took is given back.
const KEPT: usize = 1 << 20;

/// Memory that is freed as a whole.
#[derive(Debug)]
pub struct Arena {
    bump: Bump,
    /// Where texts are written before their length is known.
    spare: RefCell<Vec<Vec<u8>>>,
}

impl Default for Arena {
    fn default() -> Self {
        Self { bump: Bump::with_capacity(FIRST), spare: RefCell::default() }
    }
}

impl Arena {
    /// The text that `write` writes.
    pub fn text(&self, write: impl FnOnce(&mut Vec<u8>)) -> &[u8] {
        // A text may be put together while another is: each has a buffer of its own.
        let mut out = self.spare.borrow_mut().pop().unwrap_or_default();
        out.clear();
        write(&mut out);
        let text = self.copy(&out);
        self.spare.borrow_mut().push(out);
        text
    }

    /// The text that `write` writes, unless it says that there is none.
    pub fn some_text(&self, write: impl FnOnce(&mut Vec<u8>) -> bool) -> Option<&[u8]> {
        let mut there = false;
        let text = self.text(|out| there = write(out));
        there.then_some(text)
    }

    /// `items`, copied.
    pub fn copy<T: Copy>(&self, items: &[T]) -> &[T] {
        self.bump.alloc_slice_copy(items)
    }

    /// As many spaces, to be written over.
    pub fn spaces(&self, len: usize) -> &mut [u8] {
        self.bump.alloc_slice_fill_copy(len, b' ')
    }

    /// As many empty cells.
    pub fn cells<T: Copy>(&self, len: usize) -> &[OnceCell<T>] {
        self.bump.alloc_slice_fill_with(len, |_| OnceCell::new())
    }

    /// `parts`, one behind the other.
    pub fn concat(&self, parts: &[&[u8]]) -> &[u8] {
        self.text(|out| parts.iter().for_each(|part| out.extend_from_slice(part)))
    }

    /// The items of an iterator.
    pub fn list<T: Copy>(&self, items: impl Iterator<Item = T>) -> &[T] {
        let mut list = bumpalo::collections::Vec::new_in(&self.bump);
        list.extend(items);
        list.into_bump_slice()
    }

    /// Makes the memory free for the next event.
    pub fn reset(&mut self) {
        self.bump.reset();
        let spare: usize = self.spare.get_mut().iter().map(Vec::capacity).sum();
        if self.bump.allocated_bytes() > KEPT || spare > KEPT {
            drop(mem::take(self));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_within_texts_stay_apart() {
        let arena = Arena::default();
        let mut inner = &[][..];
        let outer = arena.text(|out| {
            out.extend_from_slice(b"outer");
            inner = arena.concat(&[b"in", b"", b"ner"]);
            out.extend_from_slice(b"most");
        });
        assert_eq!((outer, inner), (&b"outermost"[..], &b"inner"[..]));
        assert_eq!(arena.some_text(|out| out.is_empty()), Some(&[][..]));
        assert_eq!(arena.some_text(|_| false), None);
        assert_eq!(arena.list([1, 2, 3].into_iter().filter(|n| *n != 2)), [1, 3]);
    }

    #[test]
    fn memory_is_kept_up_to_a_bound() {
        let mut arena = Arena::default();
        let fill = |arena: &Arena, len: usize| {
            arena.text(|out| out.resize(len, b'x'));
        };
        fill(&arena, 100_000);
        arena.reset();
        let again = allocation_counter::measure(|| {
            fill(&arena, 100_000);
            arena.reset();
        });
        assert_eq!(again.count_total, 0);
        fill(&arena, 2 * KEPT);
        arena.reset();
        assert!(arena.bump.allocated_bytes() <= 2 * FIRST);
        assert!(arena.spare.borrow().is_empty());
    }
}
