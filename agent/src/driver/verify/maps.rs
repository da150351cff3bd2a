// SPDX-License-Identifier: Apache-2.0
//! The maps of an object: those that the contract names, with the types and sizes that this agent uses, and no others.

use std::collections::BTreeMap;

use agent_common::{
    ledger::{SLOTS, Slot},
    options::{LANE_WORDS, names, stage},
    predicate::{Predicate, Suffix, TEXT_BYTES},
    record::MAX_RECORD,
    state::MAX_STATE,
};
use object::{File, Object as _, ObjectSection as _, ObjectSymbol as _};

use super::{ObjectError, error::shown};
use crate::probe::btf::{Btf, Definition};

/// Values of `enum bpf_map_type`:
/// <https://github.com/torvalds/linux/blob/v6.12/include/uapi/linux/bpf.h#L963>
mod kind {
    pub(super) const HASH: u32 = 1;
    pub(super) const ARRAY: u32 = 2;
    pub(super) const PROG_ARRAY: u32 = 3;
    pub(super) const LRU_HASH: u32 = 9;
    pub(super) const LPM_TRIE: u32 = 11;
    pub(super) const ARRAY_OF_MAPS: u32 = 12;
    pub(super) const RINGBUF: u32 = 27;
}

/// The words of a definition in the section `maps`: type, key, value, entries, flags, id, pinning.
const WORDS: usize = 7;
/// Diagnostics of the probe, by aya-log.
const LOGS: &str = "AYA_LOGS";

/// A number that a map has.
#[derive(Clone, Copy)]
pub(super) enum Wanted {
    /// This.
    Is(u32),
    /// One that only the probe uses, in these bounds.
    Within(u32, u32),
    /// Any: the loader says it.
    Any,
}

impl Wanted {
    const fn admits(self, is: u32) -> bool {
        match self {
            Self::Is(wanted) => is == wanted,
            Self::Within(least, most) => least <= is && is <= most,
            Self::Any => true,
        }
    }
}

impl std::fmt::Display for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Is(wanted) => write!(f, "{wanted}"),
            Self::Within(least, most) => write!(f, "{least} to {most}"),
            Self::Any => f.write_str("any"),
        }
    }
}

use Wanted::{Any, Is, Within};

/// A map: its name, type, bytes of a key and of a value, entries.
pub(super) type Row = (&'static str, u32, Wanted, Wanted, Wanted);

/// The prefix's length and the set, in front of what a trie holds.
const TRIE_HEAD: u32 = 8;

/// Every map of the contract.
#[rustfmt::skip]
pub(super) const MAPS: [Row; 20] = [
    (names::CALLS, kind::PROG_ARRAY, Is(4), Is(4), Is(SLOTS)),
    (names::CGROUPS, kind::HASH, Is(8), Is(8), Any),
    (names::ENTERED, kind::LRU_HASH, Is(8), Within(1, 1024), Within(1, 1 << 16)),
    (names::ENTERS, kind::PROG_ARRAY, Is(4), Is(4), Is(SLOTS)),
    (names::FACTS, kind::ARRAY, Is(4), Within(1, 1 << 17), Any),
    (names::FILES, kind::LRU_HASH, Is(8), Within(1, 1024), Any),
    (names::LANES, kind::ARRAY, Is(4), Within(8 * LANE_WORDS as u32, 1 << 12), Any),
    (names::LEDGER, kind::ARRAY, Is(4), Is(size_of::<Slot>() as u32), Any),
    (names::MODE, kind::ARRAY, Is(4), Is(4), Is(1)),
    (names::NETWORKS, kind::LPM_TRIE, Is(TRIE_HEAD + 16), Is(1), Any),
    (names::NUMBERS, kind::HASH, Is(16), Is(1), Any),
    (names::PREDICATES, kind::ARRAY, Is(4), Is(size_of::<Predicate>() as u32), Any),
    (names::RINGS, kind::ARRAY_OF_MAPS, Is(4), Is(4), Any),
    (names::ROOMS, kind::ARRAY, Is(4), Within(2 * MAX_STATE as u32, 1 << 18), Any),
    (names::SCRATCH, kind::ARRAY, Is(4), Within(2 * MAX_RECORD as u32, 1 << 20), Any),
    (names::SELECTED, kind::ARRAY, Is(4), Is(4), Is(2 * SLOTS)),
    (names::STAGES, kind::PROG_ARRAY, Is(4), Is(4), Is(stage::COUNT)),
    (names::SUFFIXES, kind::ARRAY, Is(4), Is(size_of::<Suffix>() as u32), Any),
    (names::TEXTS, kind::LPM_TRIE, Is(TRIE_HEAD + TEXT_BYTES as u32), Is(1), Any),
    (LOGS, kind::RINGBUF, Is(0), Is(0), Within(1, 1 << 24)),
];

/// Checks them, and says how many there are.
pub(super) fn check(file: &File<'_>) -> Result<usize, ObjectError> {
    let mut maps = by_section(file)?;
    maps.extend(by_btf(file)?);
    for (name, definition) in &maps {
        if !MAPS.iter().any(|row| row.0.as_bytes() == *name) {
            return Err(ObjectError::StrangeMap(shown(name)));
        }
        if definition.pinned || definition.inner.as_ref().is_some_and(|inner| inner.pinned) {
            return Err(ObjectError::Pinned(shown(name)));
        }
    }
    for (name, kind, key, value, entries) in MAPS {
        // Diagnostics may be left out of a build.
        let Some(definition) = maps.get(name.as_bytes()) else {
            if name == LOGS {
                continue;
            }
            return Err(ObjectError::NoMap(name));
        };
        for (what, is, wanted) in [
            ("type", definition.kind, Is(kind)),
            ("a key of bytes", definition.key, key),
            ("a value of bytes", definition.value, value),
            ("entries", definition.entries, entries),
        ] {
            if !wanted.admits(is) {
                return Err(ObjectError::Map { map: name, what, is, wanted: wanted.to_string() });
            }
        }
        if kind == kind::ARRAY_OF_MAPS {
            let inner = definition.inner.as_ref().map_or(0, |inner| inner.kind);
            if inner != kind::RINGBUF {
                let wanted = kind::RINGBUF.to_string();
                return Err(ObjectError::Map { map: name, what: "inner maps of type", is: inner, wanted });
            }
        }
    }
    Ok(maps.len())
}

type Definitions<'a> = BTreeMap<&'a [u8], Definition>;

/// Those that the section `maps` defines, each by a struct behind a symbol.
fn by_section<'a>(file: &File<'a>) -> Result<Definitions<'a>, ObjectError> {
    let mut definitions = BTreeMap::new();
    for section in file.sections() {
        let name = section.name_bytes().map_err(|_why| ObjectError::Maps("a section has no name"))?;
        if !name.starts_with(b"maps") {
            continue;
        }
        if name != b"maps" {
            // The loader goes by the beginning of the name.
            return Err(ObjectError::Maps("they are in a section of another name"));
        }
        let data = section.data().map_err(|_why| ObjectError::Maps("section maps lies outside of the file"))?;
        for symbol in file.symbols().filter(|symbol| symbol.section_index() == Some(section.index())) {
            let name = symbol.name_bytes().map_err(|_why| ObjectError::Maps("a symbol has no name"))?;
            if name.is_empty() {
                // That of the section.
                continue;
            }
            let definition = usize::try_from(symbol.address()).ok().and_then(|at| legacy(data, at));
            let definition = definition.ok_or(ObjectError::Maps("a symbol lies outside of section maps"))?;
            if definitions.insert(name, definition).is_some() {
                return Err(ObjectError::Maps("a map is there twice"));
            }
        }
    }
    Ok(definitions)
}

fn legacy(data: &[u8], at: usize) -> Option<Definition> {
    let bytes = data.get(at..at.checked_add(4 * WORDS)?)?;
    let mut words = bytes.chunks_exact(4).map(|word| word.try_into().map_or(0, u32::from_ne_bytes));
    let mut next = || words.next();
    let (kind, key, value, entries) = (next()?, next()?, next()?, next()?);
    let (_flags, _id, pinning) = (next()?, next()?, next()?);
    Some(Definition { kind, key, value, entries, pinned: pinning != 0, inner: None })
}

/// Those that BTF defines.
fn by_btf<'a>(file: &File<'a>) -> Result<Definitions<'a>, ObjectError> {
    let Some(section) = file.section_by_name(".BTF") else { return Ok(BTreeMap::new()) };
    let data = section.data().map_err(|_why| ObjectError::Maps("section .BTF lies outside of the file"))?;
    let btf = Btf::parse(data).map_err(|_why| ObjectError::Maps("section .BTF is not BTF"))?;
    let maps = btf.maps().ok_or(ObjectError::Maps("one of section .maps is not of the form that loaders read"))?;
    Ok(maps.into_iter().collect())
}

/// A map's name, and the words of its definition.
#[cfg(test)]
pub(super) type Least = (String, [u32; WORDS]);

/// The smallest definitions that are right.
#[cfg(test)]
pub(super) fn least() -> Vec<Least> {
    let of = |wanted| match wanted {
        Is(number) | Within(number, _) => number,
        Any => 1,
    };
    MAPS.iter()
        .map(|(name, kind, key, value, entries)| {
            ((*name).to_owned(), [*kind, of(*key), of(*value), of(*entries), 0, 0, 0])
        })
        .collect()
}
