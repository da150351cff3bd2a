// SPDX-License-Identifier: Apache-2.0
//! What texts are compared with, made ready: sets, prefixes, parts, patterns.

mod path_tree;
mod regexes;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use foldhash::fast::FixedState;
use memchr::memmem::Finder;

pub use self::{
    path_tree::{PathTree, below},
    regexes::Regexes,
};
use crate::{arena::Arena, fields::glob::Glob};

/// Numbers, any of which is looked for. What is looked up comes from processes, but nothing of theirs is put in, so that
/// the hash needs no secret.
pub type NumberSet = HashSet<i128, FixedState>;

/// As many are compared one by one.
const FEW: usize = 8;

/// Whether `text` begins with `prefix`. Most that do not are told by their first byte, without a call.
fn begins(text: &[u8], prefix: &[u8]) -> bool {
    match (text.first(), prefix.first()) {
        (_, None) => true,
        (Some(first), Some(wanted)) if first == wanted => text.starts_with(prefix),
        (Some(_) | None, Some(_)) => false,
    }
}

/// Texts, any of which is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextSet {
    written: Box<[Box<[u8]>]>,
    texts: HashSet<Box<[u8]>, FixedState>,
    /// A bit for each length that there is; the last stands for all that are longer.
    lengths: u64,
}

impl<T: Into<Box<[u8]>>> FromIterator<T> for TextSet {
    fn from_iter<I: IntoIterator<Item = T>>(iter: I) -> Self {
        let (mut set, mut written, mut lengths) = (HashSet::default(), Vec::new(), 0);
        for text in iter {
            let text: Box<[u8]> = text.into();
            lengths |= length_bit(&text);
            if set.insert(text.clone()) {
                written.push(text);
            }
        }
        Self { written: written.into(), texts: set, lengths }
    }
}

fn length_bit(text: &[u8]) -> u64 {
    1 << text.len().min(63)
}

impl TextSet {
    /// Whether `text` is one of them.
    #[must_use]
    #[inline]
    pub fn has(&self, text: &[u8]) -> bool {
        self.lengths & length_bit(text) != 0 && self.looked_up(text)
    }

    fn looked_up(&self, text: &[u8]) -> bool {
        if self.written.len() <= FEW {
            return self.written.iter().any(|own| own.len() == text.len() && begins(text, own));
        }
        self.texts.contains(text)
    }

    /// Each once, as they were written.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.written.iter().map(|text| &**text)
    }
}

/// Texts, any of which another begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefixes {
    /// Sorted; none begins with another.
    prefixes: Box<[Box<[u8]>]>,
    /// A bit for each byte that one begins with; all when one is empty.
    firsts: [u64; 4],
}

impl<T: Into<Box<[u8]>>> FromIterator<T> for Prefixes {
    fn from_iter<I: IntoIterator<Item = T>>(iter: I) -> Self {
        let mut prefixes: Vec<Box<[u8]>> = iter.into_iter().map(Into::into).collect();
        prefixes.sort_unstable();
        // Those that begin with another stand right behind it.
        prefixes.dedup_by(|next, shorter| next.starts_with(shorter));
        let mut firsts = [0; 4];
        for prefix in &prefixes {
            match prefix.first() {
                Some(first) => firsts[usize::from(first >> 6)] |= 1 << (first & 63),
                None => firsts = [u64::MAX; 4],
            }
        }
        Self { prefixes: prefixes.into(), firsts }
    }
}

impl Prefixes {
    /// Whether `text` begins with one of them.
    #[must_use]
    #[inline]
    pub fn has(&self, text: &[u8]) -> bool {
        let first = text.first().copied().unwrap_or_default();
        (self.firsts[usize::from(first >> 6)] >> (first & 63)) & 1 != 0 && self.looked_up(text)
    }

    fn looked_up(&self, text: &[u8]) -> bool {
        if self.prefixes.len() <= FEW {
            return self.prefixes.iter().any(|prefix| begins(text, prefix));
        }
        // A prefix of the text is not above it, and between the two would stand only what begins with that prefix.
        let behind = self.prefixes.partition_point(|prefix| **prefix <= *text);
        behind.checked_sub(1).and_then(|at| self.prefixes.get(at)).is_some_and(|prefix| text.starts_with(prefix))
    }

    /// Those that are needed, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.prefixes.iter().map(|prefix| &**prefix)
    }
}

/// Texts, any of which another contains.
#[derive(Clone, Debug)]
pub struct Patterns {
    finders: Box<[Finder<'static>]>,
    fold: bool,
}

impl Patterns {
    /// Texts; `fold` when upper and lower case of ASCII letters are the same.
    pub fn new<T: AsRef<[u8]>>(texts: impl IntoIterator<Item = T>, fold: bool) -> Self {
        let finder =
            |text: &[u8]| Finder::new(&if fold { text.to_ascii_lowercase() } else { text.to_owned() }).into_owned();
        Self { finders: texts.into_iter().map(|text| finder(text.as_ref())).collect(), fold }
    }

    /// Whether `text` contains one of them.
    #[must_use]
    pub fn has(&self, text: &[u8], arena: &Arena) -> bool {
        let text = if self.fold { arena.text(|out| out.extend(text.iter().map(u8::to_ascii_lowercase))) } else { text };
        self.finders.iter().any(|finder| finder.find(text).is_some())
    }

    /// Whether upper and lower case are the same.
    #[must_use]
    pub fn is_folded(&self) -> bool {
        self.fold
    }

    /// They, in lower case if they are folded.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.finders.iter().map(Finder::needle)
    }
}

/// Patterns, any of which a whole text is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Globs {
    globs: Box<[Glob]>,
    fold: bool,
}

impl Globs {
    /// Patterns; `fold` when upper and lower case of ASCII letters are the same.
    pub fn new<T: AsRef<[u8]>>(patterns: impl IntoIterator<Item = T>, fold: bool) -> Self {
        Self { globs: patterns.into_iter().map(|pattern| Glob::new(pattern.as_ref(), fold)).collect(), fold }
    }

    /// Whether `text` is of one of them.
    #[must_use]
    pub fn has(&self, text: &[u8]) -> bool {
        self.globs.iter().any(|glob| glob.matches(text))
    }

    /// Whether upper and lower case are the same.
    #[must_use]
    pub fn is_folded(&self) -> bool {
        self.fold
    }

    /// They, as they were written.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.globs.iter().map(Glob::pattern)
    }
}
