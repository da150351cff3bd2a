// SPDX-License-Identifier: Apache-2.0
//! What the kernel decides, as a formula of tests.

use agent_common::predicate::{Op, Source, Test, Text};

/// A formula of tests of the kernel. `not` stands only in tests ([`Test::negate`]): a test whose fact is not known passes
/// either way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Formula {
    /// What is known in advance.
    Const(bool),
    /// All of two or more.
    And(Vec<Self>),
    /// Any of two or more.
    Or(Vec<Self>),
    /// A test; where it leads is not said here.
    Test(Test),
}

/// What is compared, and what is cheap comes first: by the cost of the facts it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cost {
    /// What is at hand.
    Register,
    /// A lookup, or what the kernel has a few pointers away.
    Lookup,
    /// A lookup by the cgroup, which has to be found.
    Cgroup,
    /// Memory of the caller, or of the kernel.
    Memory,
    /// A text of the caller.
    Text,
    /// The file behind a descriptor.
    File,
    /// A path, name by name.
    Path,
}

impl Formula {
    /// All of these.
    pub(super) fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        Self::join(parts, true)
    }

    /// Any of these.
    pub(super) fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        Self::join(parts, false)
    }

    fn join(parts: impl IntoIterator<Item = Self>, all: bool) -> Self {
        let mut kept: Vec<Self> = Vec::new();
        for part in parts {
            let inner = match part {
                Self::Const(value) if value == all => continue,
                Self::Const(value) => return Self::Const(value),
                Self::And(inner) if all => inner,
                Self::Or(inner) if !all => inner,
                part @ (Self::And(_) | Self::Or(_) | Self::Test(_)) => vec![part],
            };
            for part in inner {
                if !kept.contains(&part) {
                    kept.push(part);
                }
            }
        }
        if kept.len() <= 1 {
            return kept.pop().unwrap_or(Self::Const(all));
        }
        if all { Self::And(kept) } else { Self::Or(kept) }
    }

    /// The opposite, where all facts are known.
    pub(super) fn negated(self) -> Self {
        match self {
            Self::Const(value) => Self::Const(!value),
            Self::And(parts) => Self::any(parts.into_iter().map(Self::negated)),
            Self::Or(parts) => Self::all(parts.into_iter().map(Self::negated)),
            Self::Test(test) => Self::Test(Test { negate: 1 - test.negate, ..test }),
        }
    }

    /// How many tests it has.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Const(_) => 0,
            Self::And(parts) | Self::Or(parts) => parts.iter().map(Self::len).sum(),
            Self::Test(_) => 1,
        }
    }

    /// Whether it has no test.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What its costliest test costs.
    pub(super) fn cost(&self) -> Cost {
        match self {
            Self::Const(_) => Cost::Register,
            Self::And(parts) | Self::Or(parts) => parts.iter().map(Self::cost).max().unwrap_or(Cost::Register),
            Self::Test(test) => cost(test),
        }
    }

    /// The same with cheap tests first, which are then often enough.
    pub(super) fn ordered(self) -> Self {
        let sorted = |parts: Vec<Self>| {
            let mut parts: Vec<_> = parts.into_iter().map(Self::ordered).collect();
            parts.sort_by_key(|part| (part.cost(), part.len()));
            parts
        };
        match self {
            Self::And(parts) => Self::And(sorted(parts)),
            Self::Or(parts) => Self::Or(sorted(parts)),
            Self::Const(_) | Self::Test(_) => self,
        }
    }

    /// Hands every test to `change`.
    pub(super) fn each_mut(&mut self, change: &mut impl FnMut(&mut Test)) {
        match self {
            Self::Const(_) => {}
            Self::And(parts) | Self::Or(parts) => parts.iter_mut().for_each(|part| part.each_mut(change)),
            Self::Test(test) => change(test),
        }
    }

    /// Shows every test to `look`.
    pub(super) fn each(&self, look: &mut impl FnMut(&Test)) {
        match self {
            Self::Const(_) => {}
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.each(look)),
            Self::Test(test) => look(test),
        }
    }
}

fn cost(test: &Test) -> Cost {
    match Source::from_raw(test.source) {
        Some(Source::Text) => match Text::from_raw(test.arg) {
            Some(Text::Comm) => Cost::Lookup,
            Some(Text::Arg0 | Text::Arg1) => Cost::Text,
            Some(Text::File | Text::Asked) | None => Cost::Path,
        },
        Some(Source::Class | Source::Address | Source::Port) => Cost::File,
        Some(Source::Memory) => Cost::Memory,
        Some(Source::Cgroup) => Cost::Cgroup,
        Some(Source::Euid | Source::Egid | Source::LoginUid | Source::ExeInode) => Cost::Lookup,
        Some(
            Source::Ret
            | Source::Tgid
            | Source::Tid
            | Source::Ppid
            | Source::Uid
            | Source::Gid
            | Source::Cpu
            | Source::Arg,
        )
        | None => {
            if test.op == Op::In as u8 {
                Cost::Lookup
            } else {
                Cost::Register
            }
        }
    }
}
