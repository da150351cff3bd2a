// SPDX-License-Identifier: Apache-2.0
//! A filter at work: what becomes of the events that the kernel let through.

use std::collections::BTreeSet;

use agent_common::{ledger::UNKNOWN_SLOT, record::flag};

use super::{
    condition::{Condition, Node},
    kernel::KernelFilter,
    program::Program,
};
use crate::{event::Event, fields::Basis, ledger::slot, select::Who};

/// What becomes of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is written.
    Deliver,
    /// It was captured to keep the tables true.
    State,
    /// The condition refuses it.
    Refuse,
}

/// A filter at work. The kernel's part of the condition is looked at again: then nothing is lost between two filters, of
/// which one may still hold in the kernel and the other here already.
#[derive(Debug)]
pub struct Active {
    condition: Option<Condition>,
    who: Who,
    /// What must hold of the calls of each slot.
    slots: Vec<Asked>,
    /// Slots whose calls are captured to keep the tables true.
    state: BTreeSet<u32>,
    /// What must hold of a cgroup alone, for the kernel to know.
    cgroups: Vec<Node>,
    /// Whether it may depend on what a container's runtime says, or the API server of its pod.
    waits: bool,
    /// Whether it may depend on the pod.
    of_pods: bool,
}

/// What must hold of the calls of a slot.
#[derive(Clone, Debug, Default)]
enum Asked {
    /// Nobody asked for them, or nothing can hold.
    #[default]
    No,
    /// All of them are asked for.
    All,
    /// Those for which this holds.
    If(Program),
}

impl Active {
    /// The filter of `condition` for the calls of `who`, of which the kernel was told `kernel`.
    #[must_use]
    pub fn new(who: &Who, condition: Option<&Condition>, kernel: &KernelFilter) -> Self {
        let mut slots = vec![Asked::No; UNKNOWN_SLOT as usize + 1];
        // Comparisons are added to it.
        let mut condition = condition.cloned();
        let trees: Vec<_> = kernel.trees.values().cloned().collect();
        let programs = condition.as_mut().map(|condition| condition.programs(&trees)).unwrap_or_default();
        let mut programs = programs.into_iter();
        for (slot, tree) in &kernel.trees {
            let program = programs.next();
            slots[*slot as usize] = match (tree, program) {
                (Node::Const(true), _) | (_, None) => Asked::All,
                (_, Some(program)) => Asked::If(program),
            };
        }
        let stands_on = |basis| condition.as_ref().is_some_and(|condition| condition.stands_on(basis));
        let of_pods = stands_on(Basis::Pod);
        let waits = of_pods || stands_on(Basis::Container);
        let (who, state, cgroups) = (who.clone(), kernel.state.clone(), kernel.cgroups.clone());
        Self { condition, who, slots, state, cgroups, waits, of_pods }
    }

    /// Whether the fate of an event may depend on what a container's runtime says of it, or the API server of its pod.
    #[must_use]
    pub const fn waits(&self) -> bool {
        self.waits
    }

    /// Whether it may depend on the pod.
    #[must_use]
    pub const fn of_pods(&self) -> bool {
        self.of_pods
    }

    /// What becomes of an event.
    #[must_use]
    pub fn fate(&self, event: &Event<'_>) -> Fate {
        let slot = slot(&event.raw.header);
        if self.keeps(slot, event) {
            Fate::Deliver
        } else if self.state.contains(&slot) && event.raw.header.flags & flag::REFUSED == 0 {
            Fate::State
        } else {
            Fate::Refuse
        }
    }

    fn keeps(&self, slot: u32, event: &Event<'_>) -> bool {
        let holds = match (self.slots.get(slot as usize), &self.condition) {
            (None | Some(Asked::No), _) => false,
            (Some(Asked::If(program)), Some(condition)) => condition.run(program, event),
            (Some(Asked::All | Asked::If(_)), _) => true,
        };
        holds && self.who.includes(&event.raw.header)
    }

    /// What is decided of a cgroup in advance, a bit for each condition, by an event of which only the container is known.
    #[must_use]
    pub fn of_cgroup(&self, event: &Event<'_>) -> u32 {
        let holds = |tree| self.condition.as_ref().is_some_and(|condition| condition.holds(tree, event));
        let bits = self.cgroups.iter().enumerate().map(|(i, tree)| u32::from(holds(tree)) << i);
        bits.fold(0, |all, bit| all | bit)
    }

    /// How many conditions are decided of cgroups in advance.
    #[must_use]
    pub fn cgroup_bits(&self) -> usize {
        self.cgroups.len()
    }
}
