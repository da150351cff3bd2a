// SPDX-License-Identifier: Apache-2.0
//! What a comparison of texts looks for, as whole texts, beginnings and ends.
#![expect(clippy::wildcard_enum_match_arm, reason = "what is not named is left to userspace")]

use crate::{decode::state::DELETED, filter::condition::Wanted};

/// What a text has to be, begin with or end with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Needle {
    /// The whole text.
    Whole(Vec<u8>),
    /// Its beginning.
    Head(Vec<u8>),
    /// Its end.
    Tail(Vec<u8>),
}

/// What a comparison of texts looks for: any of the needles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Needles {
    /// They.
    pub(super) any: Vec<Needle>,
    /// Whether the comparison holds for every text that has one of them.
    pub(super) complete: bool,
    /// Whether the comparison holds for the other texts instead.
    pub(super) negated: bool,
}

impl Needles {
    /// What `wanted` looks for; `None` when that can't be said so.
    pub(super) fn of(wanted: &Wanted) -> Option<Self> {
        let plain = |any: Vec<Needle>| Self { any, complete: true, negated: false };
        Some(match wanted {
            Wanted::Texts(texts) => plain(texts.iter().map(|text| Needle::Whole(text.to_vec())).collect()),
            Wanted::NotText(text) => Self { negated: true, ..plain(vec![Needle::Whole(text.to_vec())]) },
            Wanted::StartsWith(heads) => plain(heads.iter().map(|head| Needle::Head(head.to_vec())).collect()),
            Wanted::EndsWith(tails) => plain(tails.iter().map(|tail| Needle::Tail(tail.to_vec())).collect()),
            Wanted::Glob(globs) if !globs.is_folded() => {
                let parts: Option<Vec<_>> = globs.iter().map(glob).collect();
                let parts = parts?;
                let complete = parts.iter().all(|(_, complete)| *complete);
                Self { complete, ..plain(parts.into_iter().map(|(needle, _)| needle).collect()) }
            }
            Wanted::Path(tree) => {
                let parts: Option<Vec<_>> = tree.iter().map(below).collect();
                let parts = parts?;
                let complete = parts.iter().all(|(_, complete)| *complete);
                Self { complete, ..plain(parts.into_iter().flat_map(|(needles, _)| needles).collect()) }
            }
            _ => return None,
        })
    }

    /// The same for texts that have no NUL.
    pub(super) fn without_nuls(mut self) -> Self {
        self.any.retain(|needle| !needle.text().contains(&0));
        self
    }

    /// The same for names of which ` (deleted)` was taken away if they end with it; `None` when that can't be said.
    pub(super) fn without_deleted(mut self) -> Option<Self> {
        let mut more = Vec::new();
        for needle in &self.any {
            match needle {
                Needle::Whole(text) => more.extend(text.strip_suffix(DELETED).map(|text| Needle::Whole(text.to_vec()))),
                Needle::Head(text) => more.extend((1..=DELETED.len()).filter_map(|n| {
                    let text = text.strip_suffix(DELETED.get(..n)?)?;
                    Some(Needle::Whole(text.to_vec()))
                })),
                Needle::Tail(text) if DELETED.ends_with(text) => return None,
                Needle::Tail(text) => more.extend(text.strip_suffix(DELETED).map(|text| Needle::Tail(text.to_vec()))),
            }
        }
        self.complete &= more.is_empty();
        self.any.extend(more);
        Some(self)
    }

    /// The needles for names of files, if they are for their directories; `None` when that can't be said.
    pub(super) fn of_directory(self) -> Option<Self> {
        let mut any = Vec::new();
        for needle in self.any {
            if needle.text().first() != Some(&b'/') || needle.text().len() < 2 {
                return None;
            }
            match needle {
                Needle::Whole(text) => {
                    any.push(Needle::Head([text.as_slice(), b"/"].concat()));
                    any.push(Needle::Whole(text));
                }
                Needle::Head(text) => any.push(Needle::Head(text)),
                Needle::Tail(_) => return None,
            }
        }
        if self.negated { None } else { Some(Self { any, complete: false, negated: false }) }
    }

    /// The needles for names of files, if they are for the last name in them; `None` when that can't be said.
    pub(super) fn of_filename(self) -> Option<Self> {
        let mut any = Vec::new();
        for needle in self.any {
            match needle {
                // No name has a slash.
                needle if needle.text().contains(&b'/') => {}
                Needle::Whole(text) => any.push(Needle::Tail([b"/", text.as_slice()].concat())),
                Needle::Tail(text) => any.push(Needle::Tail(text)),
                Needle::Head(_) => return None,
            }
        }
        if self.negated { None } else { Some(Self { any, complete: false, negated: false }) }
    }

    /// The needles for paths as callers write them, if they are for paths without repeated slashes.
    pub(super) fn of_raw(self) -> Option<Self> {
        let cut = |needle: Needle| match needle {
            Needle::Whole(text) | Needle::Tail(text) if text.contains(&b'/') => {
                let last = text.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
                Needle::Tail(text.get(last..).unwrap_or_default().to_vec())
            }
            Needle::Head(text) => {
                let len = text.iter().position(|byte| *byte == b'/').map_or(text.len(), |at| at + 1);
                Needle::Head(text.get(..len).unwrap_or(&text).to_vec())
            }
            needle => needle,
        };
        if self.negated {
            return None;
        }
        Some(Self { any: self.any.into_iter().map(cut).collect(), complete: false, negated: false })
    }

    /// Whether only names that are paths can be meant.
    pub(super) fn are_paths(&self) -> bool {
        self.any.iter().all(|needle| match needle {
            Needle::Whole(text) | Needle::Head(text) => text.starts_with(b"/"),
            Needle::Tail(_) => true,
        })
    }
}

impl Needle {
    /// Its bytes.
    pub(super) fn text(&self) -> &[u8] {
        match self {
            Self::Whole(text) | Self::Head(text) | Self::Tail(text) => text,
        }
    }
}

const fn is_special(byte: u8) -> bool {
    matches!(byte, b'*' | b'?' | b'[' | b'\\')
}

/// What texts of a pattern have, and whether all that have it are of the pattern.
fn glob(pattern: &[u8]) -> Option<(Needle, bool)> {
    let first = pattern.iter().position(|byte| is_special(*byte));
    let Some(first) = first else { return Some((Needle::Whole(pattern.to_vec()), true)) };
    let (head, rest) = pattern.split_at_checked(first)?;
    if !head.is_empty() {
        return Some((Needle::Head(head.to_vec()), rest == b"*"));
    }
    // What stands behind the last special byte; a set or an escape may end anywhere.
    if pattern.iter().any(|byte| matches!(byte, b'[' | b'\\')) {
        return None;
    }
    let last = pattern.iter().rposition(|byte| is_special(*byte))?;
    let tail = pattern.get(last + 1..).filter(|tail| !tail.is_empty())?;
    Some((Needle::Tail(tail.to_vec()), pattern.get(..last + 1) == Some(b"*")))
}

/// What paths have that are this one or below it, names of which may be patterns.
fn below(path: &[u8]) -> Option<(Vec<Needle>, bool)> {
    let mut names = path.split(|byte| *byte == b'/').filter(|name| !name.is_empty()).peekable();
    let is_plain = |name: &&[u8]| !name.iter().any(|byte| is_special(*byte));
    // What is no path has a colon in its first name, and might be meant too.
    if names.peek().is_none_or(|name| !is_plain(name) || name.contains(&b':')) {
        return None;
    }
    let mut head = Vec::new();
    while let Some(name) = names.next_if(is_plain) {
        head.push(b'/');
        head.extend_from_slice(name);
    }
    let within = Needle::Head([head.as_slice(), b"/"].concat());
    // Behind a name that is a pattern nothing is looked at.
    Some(match names.next() {
        Some(_) => (vec![within], false),
        None => (vec![within, Needle::Whole(head)], true),
    })
}
