// SPDX-License-Identifier: Apache-2.0
//! Which calls the user wants: by syscall, and by who makes them. The kernel decides all of it.

use std::collections::BTreeSet;

use agent_common::{
    class, numbers,
    record::Header,
    schema::{Abi, Syscall},
};
use thiserror::Error;

/// What is captured.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    names: BTreeSet<&'static str>,
    unknown: bool,
    /// Whose calls.
    pub who: Who,
}

/// Whose calls are captured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Who {
    /// Process ids; empty for all.
    pub pids: Vec<u32>,
    /// Real user ids; empty for all.
    pub uids: Vec<u32>,
    /// Thread names as the kernel keeps them, NUL-padded; empty for all.
    pub comms: Vec<[u8; 16]>,
}

impl Who {
    /// Whether it is whoever made the call of this header.
    #[must_use]
    pub fn includes(&self, header: &Header) -> bool {
        (self.pids.is_empty() || self.pids.contains(&header.tgid))
            && (self.uids.is_empty() || self.uids.contains(&header.uid))
            && (self.comms.is_empty() || self.comms.contains(&header.comm))
    }

    /// Whether it is everybody.
    #[must_use]
    pub const fn is_everybody(&self) -> bool {
        self.pids.is_empty() && self.uids.is_empty() && self.comms.is_empty()
    }
}

/// A word of `--syscalls` that names nothing.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("unknown syscall or class `{word}`{}; `lanner list syscalls` shows all of them, and the classes are: {}",
    suggestion.map(|name| format!(" (did you mean `{name}`?)")).unwrap_or_default(), class_names())]
pub struct UnknownWord {
    word: String,
    suggestion: Option<&'static str>,
}

/// The class that holds every syscall, numbers without a name included.
pub const ALL: &str = "all";

fn class_names() -> String {
    std::iter::once(ALL).chain(class::ALL.iter().map(|(name, _)| *name)).collect::<Vec<_>>().join(", ")
}

/// Every row that callers on this machine can reach, once each, by name.
pub fn rows() -> impl Iterator<Item = (Abi, u16, &'static Syscall)> {
    Abi::ALL.into_iter().flat_map(|abi| numbers::table(abi).iter().map(move |entry| (abi, entry.nr, entry.row)))
}

impl Selection {
    /// Every syscall.
    #[must_use]
    pub fn all() -> Self {
        Self { names: rows().map(|(_, _, row)| row.name).collect(), unknown: true, ..Self::default() }
    }

    /// The syscalls with these names.
    #[must_use]
    pub(crate) fn of(names: &[&'static str]) -> Self {
        debug_assert!(names.iter().all(|name| rows().any(|(_, _, row)| row.name == *name)), "{names:?}");
        Self { names: names.iter().copied().collect(), ..Self::default() }
    }

    /// What `words` say: syscall names, classes and `all`, each added to what is selected so far, or taken away when
    /// preceded by `!` or `-`. When the first word takes away, everything is selected before it.
    ///
    /// # Errors
    /// When a word names neither a syscall nor a class.
    pub fn parse<S: AsRef<str>>(words: &[S]) -> Result<Self, UnknownWord> {
        let mut words = words
            .iter()
            .flat_map(|text| text.as_ref().split([',', ' ']))
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .peekable();
        let mut selection = match words.peek() {
            None => return Ok(Self::all()),
            Some(first) if first.starts_with(['!', '-']) => Self::all(),
            Some(_) => Self::default(),
        };
        for word in words {
            let (name, add) = word.strip_prefix(['!', '-']).map_or((word, true), |name| (name, false));
            if name == ALL {
                selection = if add { Self::all() } else { Self::default() };
                continue;
            }
            let class = class::ALL.iter().find(|(class, _)| *class == name).map(|(_, bit)| *bit);
            let matched: Vec<_> = rows()
                .map(|(_, _, row)| row)
                .filter(|row| row.name == name || class.is_some_and(|bit| row.classes & bit != 0))
                .map(|row| row.name)
                .collect();
            if matched.is_empty() {
                return Err(UnknownWord { word: name.to_owned(), suggestion: nearest(name) });
            }
            for name in matched {
                if add {
                    selection.names.insert(name);
                } else {
                    selection.names.remove(name);
                }
            }
        }
        Ok(selection)
    }

    /// Whether calls of `row` are captured.
    #[must_use]
    pub fn contains(&self, row: &Syscall) -> bool {
        self.names.contains(row.name)
    }

    /// Whether calls whose number no table holds are captured.
    #[must_use]
    pub const fn unknown(&self) -> bool {
        self.unknown
    }

    /// How many syscalls are selected, by name.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether no syscall is selected.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && !self.unknown
    }
}

/// A thread name as the kernel keeps it: 15 bytes at most.
///
/// # Errors
/// When it is longer, or empty.
pub fn comm(name: &str) -> Result<[u8; 16], String> {
    let bytes = name.as_bytes();
    if bytes.is_empty() || bytes.len() > 15 {
        return Err(format!("`{name}` can't be a thread name: the kernel keeps 1 to 15 bytes"));
    }
    let mut comm = [0; 16];
    comm[..bytes.len()].copy_from_slice(bytes);
    Ok(comm)
}

/// The name nearest to a misspelt one, if any is near.
fn nearest(word: &str) -> Option<&'static str> {
    rows()
        .map(|(_, _, row)| row.name)
        .chain(class::ALL.iter().map(|(name, _)| *name))
        .map(|name| (strsim::osa_distance(word, name), name))
        .min()
        .filter(|(distance, name)| *distance <= (name.len() / 3).max(1))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_add_and_take_away_in_order() {
        let names = |words: &[&str]| {
            Selection::parse(words).map(|s| (s.names.contains("read"), s.names.contains("openat"), s.unknown))
        };
        assert_eq!(names(&[]), Ok((true, true, true)));
        assert_eq!(names(&["read"]), Ok((true, false, false)));
        assert_eq!(names(&["file"]), Ok((false, true, false)));
        assert_eq!(names(&["all,!read"]), Ok((false, true, true)));
        assert_eq!(names(&["-read"]), Ok((false, true, true)));
        assert_eq!(names(&["file, read", "!openat"]), Ok((true, false, false)));
        assert_eq!(names(&["!all", "read"]), Ok((true, false, false)));
    }

    #[test]
    fn a_misspelt_name_gets_the_nearest() {
        let error = Selection::parse(&["opnat"]).expect_err("no such syscall");
        assert!(error.to_string().contains("did you mean `openat`?"), "{error}");
        let error = Selection::parse(&["wriet"]).expect_err("no such syscall");
        assert!(error.to_string().contains("did you mean `write`?"), "{error}");
        let error = Selection::parse(&["zzzzzzzzzz"]).expect_err("no such syscall");
        assert!(!error.to_string().contains("did you mean"), "{error}");
    }

    #[test]
    fn thread_names_are_the_kernels() {
        assert_eq!(comm("bash").map(|c| c[4]), Ok(0));
        assert!(comm("a-name-too-long-x").is_err());
        assert!(comm("").is_err());
    }
}
