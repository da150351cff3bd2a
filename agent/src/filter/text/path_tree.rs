// SPDX-License-Identifier: Apache-2.0
//! `pmatch`: paths that are one of a set, or below one.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::fields::glob::{self, Glob};

/// Paths by their names. A name may be a pattern, of which a `*` does not lead across a slash, for it is compared with one
/// name. Empty names count for nothing: `/a//b/`, `/a/b` and `a/b` are the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathTree {
    written: Box<[Box<[u8]>]>,
    root: Directory,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Directory {
    /// Whether a path of the set ends here.
    ends: bool,
    names: HashMap<Box<[u8]>, Self, FixedState>,
    patterns: Vec<(Glob, Self)>,
}

impl<T: Into<Box<[u8]>>> FromIterator<T> for PathTree {
    fn from_iter<I: IntoIterator<Item = T>>(iter: I) -> Self {
        let written: Box<[Box<[u8]>]> = iter.into_iter().map(Into::into).collect();
        let mut root = Directory::default();
        for path in &written {
            root.add(path);
        }
        Self { written, root }
    }
}

impl PathTree {
    /// Whether `path` is one of the set, or below one.
    #[must_use]
    pub fn has(&self, path: &[u8]) -> bool {
        self.root.has(path)
    }

    /// The set, as it was written.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.written.iter().map(|path| &**path)
    }
}

/// Whether `path` is `pattern` or below it.
#[must_use]
pub fn below(path: &[u8], pattern: &[u8]) -> bool {
    let mut names_of_path = names(path);
    names(pattern).all(|name| {
        names_of_path
            .next()
            .is_some_and(|own| if is_pattern(name) { glob::matches(name, own, false) } else { name == own })
    })
}

fn is_pattern(name: &[u8]) -> bool {
    name.iter().any(|byte| b"?*[".contains(byte))
}

/// The names of a path that are not empty.
fn names(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|byte| *byte == b'/').filter(|name| !name.is_empty())
}

impl Directory {
    fn add(&mut self, path: &[u8]) {
        let mut here = self;
        for name in names(path) {
            here = if is_pattern(name) {
                let known = here.patterns.iter().position(|(glob, _)| glob.pattern() == name);
                let at = known.unwrap_or_else(|| {
                    here.patterns.push((Glob::new(name, false), Self::default()));
                    here.patterns.len() - 1
                });
                &mut here.patterns[at].1
            } else {
                here.names.entry(Box::from(name)).or_default()
            };
        }
        here.ends = true;
    }

    /// Each directory is looked at once at most, so that it takes no longer than the set is large.
    fn has(&self, path: &[u8]) -> bool {
        if self.ends {
            return true;
        }
        let Some(start) = path.iter().position(|byte| *byte != b'/') else { return false };
        let path = path.get(start..).unwrap_or_default();
        let end = memchr::memchr(b'/', path).unwrap_or(path.len());
        let (name, rest) = path.split_at(end);
        self.names.get(name).is_some_and(|below| below.has(rest))
            || self.patterns.iter().any(|(glob, below)| glob.matches(name) && below.has(rest))
    }
}
