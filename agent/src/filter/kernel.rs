// SPDX-License-Identifier: Apache-2.0
//! What the kernel is told of a condition.

use std::collections::{BTreeMap, BTreeSet};

use agent_common::predicate::Predicate;

pub use super::push::Formula;
use super::{condition::Node, rows::Row};
use crate::select::Selection;

/// What the kernel is told of a condition. Sets, suffixes and cgroup bits are numbered from 0, as they stand here; who
/// loads them gives them their numbers in the maps.
#[derive(Clone, Debug, Default)]
pub struct KernelFilter {
    /// What is done with the calls of each slot (`abi * NRS + nr`, then the one for unknown numbers); a slot that is not
    /// here is not captured.
    pub slots: BTreeMap<u32, Verdict>,
    /// The predicates that slots refer to, each but once.
    pub predicates: Vec<Predicate>,
    /// Sets of numbers ([`agent_common::predicate::Op::In`]).
    pub numbers: Vec<Vec<u64>>,
    /// Sets of texts ([`agent_common::predicate::Op::Prefix`]): whole texts end in a NUL. None begins with another.
    pub texts: Vec<Vec<Box<[u8]>>>,
    /// Suffixes ([`agent_common::predicate::Op::Suffix`]).
    pub suffixes: Vec<Box<[u8]>>,
    /// Sets of networks ([`agent_common::predicate::Op::Network`]): the address, IPv4 as IPv6 maps it, and the bits of it
    /// that count, of 128.
    pub networks: Vec<Vec<([u8; 16], u8)>>,
    /// What must hold of a cgroup alone, for [`agent_common::predicate::Source::Cgroup`]: bit by bit. The comparisons are
    /// the condition's.
    pub cgroups: Vec<Node>,
    /// Slots whose calls keep the tables true: those that the condition does not keep are counted as `state`.
    pub state: BTreeSet<u32>,
    /// What the predicates say, in the same order, before it became tests that lead on to one another.
    pub formulas: Vec<Formula>,
    /// The condition as it is for the calls of each slot that is asked for and where it can hold.
    pub trees: BTreeMap<u32, Node>,
    /// What only userspace decides of the calls that the kernel keeps for the condition; `Const(true)` is nothing. A slot
    /// that is captured for the tables alone is not here.
    pub residuals: BTreeMap<u32, Node>,
}

/// What is done with the calls of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All of them go to the agent.
    Keep,
    /// Those that this predicate keeps: index into [`KernelFilter::predicates`].
    When(usize),
}

impl KernelFilter {
    /// Every call of the selected syscalls.
    #[must_use]
    pub fn of(selection: &Selection) -> Self {
        Self { slots: Row::selected(selection).map(|row| (row.slot, Verdict::Keep)).collect(), ..Self::default() }
    }
}
