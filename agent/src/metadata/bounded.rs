// SPDX-License-Identifier: Apache-2.0
//! A map that forgets what was not used for long once it is full. Every operation takes constant time.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hash, Hasher},
};

/// Hashes a number by mixing its bits. Keys are ids and addresses that the kernel chose: nobody can pick colliding ones,
/// and the standard hash would cost more than the rest of a look-up.
#[derive(Clone, Copy, Debug, Default)]
pub struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u32(&mut self, i: u32) {
        self.write_u64(u64::from(i));
    }

    fn write_u64(&mut self, i: u64) {
        // MurmurHash3's finalizer. <https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp#L81>
        let mut bits = self.0 ^ i;
        bits = (bits ^ (bits >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        self.0 = bits ^ (bits >> 33);
    }
}

/// A map by numbers that the kernel chose.
pub type IdMap<K, V> = HashMap<K, V, BuildHasherDefault<IdHasher>>;

/// A map of at most `capacity` entries. When it is full a new entry takes the place of one that was not used since the
/// hand last passed it (the clock algorithm, which comes close to evicting the least recently used).
#[derive(Debug)]
pub struct Bounded<K, V> {
    capacity: usize,
    places: IdMap<K, u32>,
    entries: Vec<(K, V)>,
    used: Vec<bool>,
    hand: usize,
    swept: usize,
}

impl<K: Copy + Eq + Hash, V> Bounded<K, V> {
    /// An empty map that holds at most `capacity` entries, and at least one.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        let capacity = capacity.clamp(1, u32::MAX as usize);
        Self { capacity, places: IdMap::default(), entries: Vec::new(), used: Vec::new(), hand: 0, swept: 0 }
    }

    /// How many entries there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn place(&self, key: K) -> Option<usize> {
        self.places.get(&key).map(|place| *place as usize)
    }

    /// The entry of `key`, without counting it as used.
    #[must_use]
    pub fn peek(&self, key: K) -> Option<&V> {
        let place = self.place(key)?;
        self.entries.get(place).map(|(_, value)| value)
    }

    /// The entry of `key`, which is used by that.
    pub fn get(&mut self, key: K) -> Option<&mut V> {
        let place = self.place(key)?;
        if let Some(used) = self.used.get_mut(place) {
            *used = true;
        }
        self.entries.get_mut(place).map(|(_, value)| value)
    }

    /// Sets the entry of `key`; returns the entry of another key that was forgotten for it, if any.
    pub fn insert(&mut self, key: K, value: V) -> Option<(K, V)> {
        if let Some(known) = self.get(key) {
            *known = value;
            return None;
        }
        let evicted = (self.len() >= self.capacity).then(|| self.evict()).flatten();
        self.places.insert(key, self.entries.len() as u32);
        self.entries.push((key, value));
        self.used.push(false);
        evicted
    }

    /// Forgets an entry that was not used for long.
    pub fn evict(&mut self) -> Option<(K, V)> {
        loop {
            if self.hand >= self.entries.len() {
                self.hand = 0;
            }
            let used = self.used.get_mut(self.hand)?;
            if !std::mem::take(used) {
                break;
            }
            self.hand += 1;
        }
        let evicted = self.remove_at(self.hand);
        // The last entry, which may be a new one, has taken the place: pass it.
        self.hand += 1;
        evicted
    }

    /// Removes the entry of `key`.
    pub fn remove(&mut self, key: K) -> Option<V> {
        let place = self.place(key)?;
        self.remove_at(place).map(|(_, value)| value)
    }

    fn remove_at(&mut self, place: usize) -> Option<(K, V)> {
        if place >= self.entries.len() {
            return None;
        }
        let (key, value) = self.entries.swap_remove(place);
        self.used.swap_remove(place);
        self.places.remove(&key);
        if let Some((moved, _)) = self.entries.get(place) {
            self.places.insert(*moved, place as u32);
        }
        Some((key, value))
    }

    /// Looks at the next `n` entries in turn and removes those that are not to be kept. Called at every insertion, it
    /// finds in time what became worthless without anybody looking.
    pub fn sweep(&mut self, n: usize, mut keep: impl FnMut(&V) -> bool) {
        for _ in 0..n.min(self.len()) {
            if self.swept >= self.entries.len() {
                self.swept = 0;
            }
            match self.entries.get(self.swept) {
                Some((_, value)) if keep(value) => self.swept += 1,
                Some(_) => drop(self.remove_at(self.swept)),
                None => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_used_is_forgotten_first() {
        let mut map = Bounded::new(3);
        for key in 1..=3_u64 {
            assert_eq!(map.insert(key, key), None);
        }
        map.get(1);
        map.get(3);
        assert_eq!(map.insert(4, 4), Some((2, 2)));
        assert_eq!(map.len(), 3);
        for key in [1, 3, 4] {
            assert_eq!(map.peek(key), Some(&key));
        }
        // All but 4 were used, and the hand has not passed 3 since.
        assert_eq!(map.insert(5, 5).map(|(key, _)| key), Some(4));
    }

    #[test]
    fn a_known_key_is_replaced() {
        let mut map = Bounded::new(1);
        map.insert(7_u64, 'a');
        assert_eq!(map.insert(7, 'b'), None);
        assert_eq!((map.peek(7), map.len()), (Some(&'b'), 1));
        assert_eq!(map.remove(7), Some('b'));
        assert!(map.is_empty() && map.evict().is_none());
    }

    #[test]
    fn sweeping_visits_everything() {
        let mut map = Bounded::new(100);
        for key in 0..100_u32 {
            map.insert(key, key % 2 == 0);
        }
        for _ in 0..100 {
            map.sweep(2, |keep| *keep);
        }
        assert_eq!(map.len(), 50);
        assert!((0..100).all(|key| map.peek(key).is_some() == (key % 2 == 0)));
    }

    proptest::proptest! {
        #[test]
        fn its_parts_agree(steps in proptest::collection::vec((0..4_u8, 0..24_u32), 0..200)) {
            let mut map = Bounded::new(8);
            for (step, key) in steps {
                match step {
                    0 => drop(map.get(key)),
                    1 => drop(map.remove(key)),
                    2 => map.sweep(1, |value| *value != key),
                    _ => drop(map.insert(key, key)),
                }
                proptest::prop_assert!(map.len() <= 8);
                proptest::prop_assert_eq!(map.len(), map.places.len());
                proptest::prop_assert_eq!(map.len(), map.used.len());
                for (i, (key, _)) in map.entries.iter().enumerate() {
                    proptest::prop_assert_eq!(map.place(*key), Some(i));
                }
            }
        }
    }
}
