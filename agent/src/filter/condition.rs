// SPDX-License-Identifier: Apache-2.0
//! A condition that was checked: every field is known, every comparison fits its types, every literal is read, and what
//! is looked for is made ready to be looked for (sets hashed, prefixes sorted, patterns compiled).
//!
//! A comparison with a missing value is false, whatever the operator; `not` then makes it true.

use std::{ops::RangeInclusive, sync::Arc};

use super::{
    ast::{Modifier, Op, Span, Transformer},
    net::Networks,
    text::{Globs, NumberSet, PathTree, Patterns, Prefixes, Regexes, TextSet},
};
use crate::fields::{Basis, reference::Reference};

/// A checked condition.
#[derive(Clone, Debug)]
pub struct Condition {
    /// As it was written.
    pub source: Arc<str>,
    /// What must hold.
    pub root: Node,
    /// Its comparisons.
    pub tests: Vec<Test>,
    /// What is compared. The same field is here but once, so that it is evaluated but once for an event. The operands of a
    /// transformer stand before it.
    pub operands: Vec<Operand>,
    /// What the user should know of it though it is no mistake: what never holds, what is called otherwise here.
    pub notes: Vec<(Span, String)>,
}

/// A part of a condition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// What is known without an event.
    Const(bool),
    /// All of these; two or more.
    And(Box<[Self]>),
    /// Any of these; two or more.
    Or(Box<[Self]>),
    /// Not.
    Not(Box<Self>),
    /// A comparison: index into [`Condition::tests`].
    Test(usize),
}

/// A comparison.
#[derive(Clone, Debug)]
pub struct Test {
    /// What is compared: index into [`Condition::operands`].
    pub operand: usize,
    /// With what, and how.
    pub wanted: Wanted,
    /// Whether of several values each must be so; else one is enough.
    pub all: bool,
    /// Its place in the source.
    pub span: Span,
}

/// What has a value for each event.
#[derive(Clone, Debug)]
pub enum Operand {
    /// A field.
    Field(Reference),
    /// A transformer.
    Call(Transformer, Vec<CallArg>),
}

/// An argument of a transformer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CallArg {
    /// Index into [`Condition::operands`].
    Operand(usize),
    /// A text.
    Text(Box<[u8]>),
    /// Several.
    List(Vec<Self>),
}

/// What a value is compared with, and how. A value of another type than it is made for is not what it wants.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// That there is one.
    Exists,
    /// A number in this range: `=`, `<`, `<=`, `>`, `>=`.
    Range(RangeInclusive<i128>),
    /// Another number.
    NotNumber(i128),
    /// One of these numbers: `in`.
    Numbers(NumberSet),
    /// Yes or no; `!=` is the other.
    Bool(bool),
    /// One of these texts: `=`, `in`.
    Texts(TextSet),
    /// Another text: `!=`.
    NotText(Box<[u8]>),
    /// `startswith`, `bstartswith`: one of these.
    StartsWith(Prefixes),
    /// `endswith`: one of these.
    EndsWith(Vec<Box<[u8]>>),
    /// `contains`, `icontains`, `bcontains`: one of these.
    Contains(Patterns),
    /// `glob`, `iglob`: one of these.
    Glob(Globs),
    /// `regex`: one of these.
    Regex(Regexes),
    /// `pmatch`
    Path(PathTree),
    /// An address in one of these: `=`, `in`, of addresses, networks and host names.
    Networks(Networks),
    /// An address in none of these: `!=`.
    NotNetworks(Networks),
    /// Another value of the event: index into [`Condition::operands`].
    Operand(Op, usize),
    /// One, any or all of these, where that can't be said by one of the above.
    Several(Modifier, Box<[Self]>),
}

impl Condition {
    /// What has to be known for an operand: bases, each once, in their order.
    #[must_use]
    pub fn bases(&self, operand: usize) -> Vec<Basis> {
        let mut bases = Vec::new();
        self.collect_bases(operand, &mut bases);
        bases.sort_unstable();
        bases.dedup();
        bases
    }

    fn collect_bases(&self, operand: usize, bases: &mut Vec<Basis>) {
        match self.operands.get(operand) {
            Some(Operand::Field(reference)) => bases.push(reference.field.basis),
            Some(Operand::Call(_, args)) => args.iter().for_each(|arg| self.collect_arg_bases(arg, bases)),
            None => {}
        }
    }

    fn collect_arg_bases(&self, arg: &CallArg, bases: &mut Vec<Basis>) {
        match arg {
            CallArg::Operand(operand) => self.collect_bases(*operand, bases),
            CallArg::Text(_) => {}
            CallArg::List(args) => args.iter().for_each(|arg| self.collect_arg_bases(arg, bases)),
        }
    }

    /// Whether any comparison asks for what stands on `basis`.
    #[must_use]
    pub fn stands_on(&self, basis: Basis) -> bool {
        self.tests.iter().any(|test| self.test_bases(test).contains(&basis))
    }

    /// What has to be known for a comparison: bases, each once, in their order.
    #[must_use]
    pub fn test_bases(&self, test: &Test) -> Vec<Basis> {
        let mut bases = self.bases(test.operand);
        if let Wanted::Operand(_, other) = test.wanted {
            bases.extend(self.bases(other));
            bases.sort_unstable();
            bases.dedup();
        }
        bases
    }
}

impl Node {
    /// All of `parts`: what is known is folded, and what is in another of the same kind becomes part of this.
    #[must_use]
    pub fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Vec::new();
        for part in parts {
            match part {
                Self::Const(true) => {}
                Self::Const(false) => return Self::Const(false),
                Self::And(inner) => all.extend(inner),
                part @ (Self::Or(_) | Self::Not(_) | Self::Test(_)) => all.push(part),
            }
        }
        Self::joined(all, true, Self::And)
    }

    /// Any of `parts`, likewise.
    #[must_use]
    pub fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut any = Vec::new();
        for part in parts {
            match part {
                Self::Const(false) => {}
                Self::Const(true) => return Self::Const(true),
                Self::Or(inner) => any.extend(inner),
                part @ (Self::And(_) | Self::Not(_) | Self::Test(_)) => any.push(part),
            }
        }
        Self::joined(any, false, Self::Or)
    }

    fn joined(parts: Vec<Self>, empty: bool, join: fn(Box<[Self]>) -> Self) -> Self {
        let mut seen = std::collections::HashSet::new();
        let mut parts: Vec<_> = parts.into_iter().filter(|part| seen.insert(part.clone())).collect();
        match parts.len() {
            0 => Self::Const(empty),
            1 => parts.pop().unwrap_or(Self::Const(empty)),
            _ => join(parts.into()),
        }
    }

    /// Not this.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::Const(known) => Self::Const(!known),
            Self::Not(inner) => *inner,
            part @ (Self::And(_) | Self::Or(_) | Self::Test(_)) => Self::Not(Box::new(part)),
        }
    }
}
