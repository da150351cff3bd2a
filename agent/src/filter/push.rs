// SPDX-License-Identifier: Apache-2.0
//! Splits a condition between kernel and userspace: for each syscall a predicate that never refuses a call which the
//! condition would keep, and what is then left to decide.
//!
//! Each comparison becomes a formula that it implies, or `true` where the kernel can make nothing of it; a negated one only
//! if the opposite of its formula is implied as well. So the whole predicate is implied by the whole condition.

mod approx;
mod args;
mod formula;
mod leaf;
mod lower;
mod needles;
mod numbers;
mod opens;
mod result;
mod sets;
mod sockets;
mod state;
#[cfg(test)]
mod tests;
mod texts;

use std::collections::HashMap;

use agent_common::predicate::{Op, PREDICATES, Predicate, Source, Test, Text, need};

use self::{
    approx::{Approx, Fit},
    numbers::Place,
    sets::Sets,
};
pub use self::{
    formula::Formula,
    state::{needs_tables, works_on_sockets},
};
use super::{
    condition::{Condition, Node},
    kernel::{KernelFilter, Verdict},
    rows::{Row, specialise},
};
use crate::{arena::Arena, select::Selection};

/// What is asked for beside the condition.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The syscalls, and whose.
    pub selection: &'a Selection,
    /// Whether the tables are kept.
    pub state: bool,
    /// Whether the output shows which side of a connection a socket is, or its last peer.
    pub output_needs_sides: bool,
}

/// What the kernel is told of a condition, and of what else is asked for. Without a condition every selected call is kept.
#[must_use]
pub fn push(condition: Option<&Condition>, ask: &Ask<'_>) -> KernelFilter {
    push_rows(condition, ask, Row::selected(ask.selection))
}

/// The same for these slots.
fn push_rows(condition: Option<&Condition>, ask: &Ask<'_>, rows: impl Iterator<Item = Row>) -> KernelFilter {
    let mut filter = KernelFilter::default();
    let mut sets = Sets::default();
    let mut slots = Vec::new();
    let mut sides = false;
    for row in rows {
        let node = condition.map_or(Node::Const(true), |condition| specialise(condition, row));
        if node == Node::Const(false) {
            continue;
        }
        let needs = ask.output_needs_sides || condition.is_some_and(|condition| state::needs_sides(condition, &node));
        sides |= needs && row.syscall.is_some_and(works_on_sockets);
        let slot = Slot::of(condition, row, &node, ask, &mut sets);
        if slot.formula != Formula::Const(false) {
            slots.push(slot);
        }
        filter.trees.insert(row.slot, node);
    }
    if ask.state && sides {
        state::add(&mut slots, &mut filter.state);
    }
    slots.sort_by_key(|slot| slot.row.slot);
    sets.keep_used(slots.iter_mut().map(|slot| &mut slot.formula).collect());
    let mut predicates = HashMap::new();
    for slot in slots {
        let verdict = slot.verdict(&mut filter, &mut predicates);
        filter.slots.insert(slot.row.slot, verdict);
        if let Some(residual) = slot.residual {
            filter.residuals.insert(slot.row.slot, residual);
        }
    }
    sets.into_filter(&mut filter);
    filter
}

/// What becomes of the calls of a slot.
struct Slot {
    row: Row,
    /// What the kernel decides.
    formula: Formula,
    /// What is left for userspace; `None` for a slot that is captured for the tables alone.
    residual: Option<Node>,
    /// Where the predicate finds its facts; without tests.
    head: Predicate,
}

impl Slot {
    fn of(condition: Option<&Condition>, row: Row, node: &Node, ask: &Ask<'_>, sets: &mut Sets) -> Self {
        let who = who(ask, sets);
        let Some(condition) = condition else {
            let formula = Formula::all(who).ordered();
            return Self { row, formula, residual: Some(Node::Const(true)), head: Predicate::EMPTY };
        };
        let mut facts = Facts { condition, row, sets, head: Predicate::EMPTY, arena: Arena::default() };
        let split = facts.split(node, true);
        let head = facts.head;
        let whole = Formula::all(who.into_iter().chain([split.formula])).ordered();
        let formula = lower::shortened(whole.clone());
        // What did not fit is left for userspace as a whole.
        let residual = if formula == whole { split.residual } else { node.clone() };
        Self { row, formula, residual: Some(residual), head }
    }

    /// What is done with the calls of this slot; its predicate is shared with others that have the same.
    fn verdict(&self, filter: &mut KernelFilter, known: &mut HashMap<Predicate, usize>) -> Verdict {
        if self.formula.is_empty() {
            return Verdict::Keep;
        }
        let predicate = self.predicate();
        if let Some(index) = known.get(&predicate) {
            return Verdict::When(*index);
        }
        let index = filter.predicates.len();
        // Their numbers in the kernel count from 1.
        if index as u32 + 1 >= PREDICATES {
            return Verdict::Keep;
        }
        filter.predicates.push(predicate);
        filter.formulas.push(self.formula.clone());
        known.insert(predicate, index);
        Verdict::When(index)
    }

    fn predicate(&self) -> Predicate {
        let tests = lower::lower(&self.formula);
        let mut needs = 0;
        self.formula.each(&mut |test| needs |= need_of(test));
        let mut predicate = Predicate { len: tests.len() as u32, needs, ..self.head };
        for (place, test) in predicate.tests.iter_mut().zip(tests) {
            *place = test;
        }
        // What no test asks for need not be looked for, and does not make predicates differ.
        let unless = |needed: u32, place: u8| if needs & needed == 0 { Predicate::EMPTY.path } else { place };
        predicate.texts = [unless(need::ARG0, self.head.texts[0]), unless(need::ARG1, self.head.texts[1])];
        predicate.path = unless(need::FILE | need::ASKED, self.head.path);
        predicate.dirfd = unless(need::FILE | need::ASKED, self.head.dirfd);
        predicate.peer = unless(need::SOCKET, self.head.peer);
        if needs & need::SOCKET == 0 {
            predicate.peer_in_message = 0;
        }
        if needs & (need::FILE | need::CLASS) == 0 {
            predicate.opens = 0;
        }
        predicate
    }
}

/// The fact that a test asks for, if it is costly.
fn need_of(test: &Test) -> u32 {
    match Source::from_raw(test.source) {
        Some(Source::Text) => match Text::from_raw(test.arg) {
            Some(Text::File) => need::FILE,
            Some(Text::Asked) => need::ASKED,
            Some(Text::Arg0) => need::ARG0,
            Some(Text::Arg1) => need::ARG1,
            Some(Text::Comm) | None => 0,
        },
        Some(Source::Class) => need::CLASS,
        Some(Source::Address | Source::Port) => need::SOCKET,
        Some(
            Source::Ret
            | Source::Tgid
            | Source::Tid
            | Source::Ppid
            | Source::Uid
            | Source::Gid
            | Source::Euid
            | Source::Egid
            | Source::LoginUid
            | Source::Cpu
            | Source::ExeInode
            | Source::Arg
            | Source::Memory
            | Source::Cgroup,
        )
        | None => 0,
    }
}

/// Who makes the calls that are asked for. What there is no room for is not asked of the kernel here.
fn who(ask: &Ask<'_>, sets: &mut Sets) -> Vec<Formula> {
    let asked = &ask.selection.who;
    let mut ids = |source, ids: &[u32]| {
        let wanted = ids.iter().map(|id| i128::from(*id));
        let formula = if ids.is_empty() { None } else { Place::id(source).any_of(wanted, sets) };
        formula.unwrap_or(Formula::Const(true))
    };
    let mut who = vec![ids(Source::Tgid, &asked.pids), ids(Source::Uid, &asked.uids)];
    if !asked.comms.is_empty() {
        let name = |comm: &[u8; 16]| comm.split_inclusive(|byte| *byte == 0).next().unwrap_or(comm).into();
        let test = Test { source: Source::Text as u8, op: Op::Prefix as u8, arg: Text::Comm as u8, ..Test::default() };
        let set = sets.texts(asked.comms.iter().map(name).collect());
        who.extend(set.map(|set| Formula::Test(Test { set, ..test })));
    }
    who
}

/// What the kernel can be asked about the calls of a slot.
struct Facts<'a> {
    condition: &'a Condition,
    row: Row,
    sets: &'a mut Sets,
    /// Where the predicate will find its facts.
    head: Predicate,
    arena: Arena,
}

/// A part of the condition, split.
struct Split {
    /// What the kernel decides: it holds whenever the part does.
    formula: Formula,
    /// What userspace has to decide when that holds.
    residual: Node,
}

impl Facts<'_> {
    /// Splits `node`, or its opposite.
    fn split(&mut self, node: &Node, positive: bool) -> Split {
        if !matches!(node, Node::Not(_))
            && self.is_of_cgroup(node)
            && let Some(bit) = self.sets.cgroup(node)
        {
            let test =
                Test { source: Source::Cgroup as u8, a: bit.into(), negate: u8::from(!positive), ..Test::default() };
            return Split { formula: Formula::Test(test), residual: Node::Const(true) };
        }
        match (node, positive) {
            (Node::Const(value), _) => {
                let formula = Formula::Const(*value == positive);
                Split { formula, residual: Node::Const(true) }
            }
            (Node::Not(part), _) => self.split(part, !positive),
            (Node::And(parts), true) => self.split_all(parts, true),
            (Node::Or(parts), false) => self.split_all(parts, false),
            (Node::Or(parts), true) => self.split_any(node, parts, true),
            (Node::And(parts), false) => self.split_any(node, parts, false),
            (Node::Test(index), _) => self.split_test(node, *index, positive),
        }
    }

    /// All of `parts` must hold, or none of them.
    fn split_all(&mut self, parts: &[Node], positive: bool) -> Split {
        let grouped = self.grouped(parts, if positive { Node::all } else { Node::any });
        let splits: Vec<_> = grouped.iter().map(|part| self.split(part, positive)).collect();
        let (formulas, residuals): (Vec<_>, Vec<_>) =
            splits.into_iter().map(|split| (split.formula, split.residual)).unzip();
        Split { formula: Formula::all(formulas), residual: Node::all(residuals) }
    }

    /// Any of `parts` must hold, or any of them must not.
    fn split_any(&mut self, node: &Node, parts: &[Node], positive: bool) -> Split {
        let grouped = self.grouped(parts, if positive { Node::any } else { Node::all });
        let splits: Vec<_> = grouped.iter().map(|part| self.split(part, positive)).collect();
        // Which of them the kernel found is not told, so that userspace looks at all of them again.
        let decided = splits.iter().all(|split| split.residual == Node::Const(true));
        let whole = || if positive { node.clone() } else { node.clone().negated() };
        let residual = if decided { Node::Const(true) } else { whole() };
        Split { formula: Formula::any(splits.into_iter().map(|split| split.formula)), residual }
    }

    fn split_test(&mut self, node: &Node, index: usize, positive: bool) -> Split {
        let left = || if positive { node.clone() } else { node.clone().negated() };
        match (self.leaf(index), positive) {
            (Some(Approx { formula, fit: Fit::Exact }), false) => {
                Split { formula: formula.negated(), residual: Node::Const(true) }
            }
            (Some(Approx { formula, fit: Fit::Exact | Fit::Same }), true) => {
                Split { formula, residual: Node::Const(true) }
            }
            (Some(Approx { formula, fit: Fit::Wider }), true) => Split { formula, residual: left() },
            (Some(_) | None, _) => Split { formula: Formula::Const(true), residual: left() },
        }
    }

    /// The parts, those that are about the cgroup alone joined to one.
    fn grouped(&self, parts: &[Node], join: fn(Vec<Node>) -> Node) -> Vec<Node> {
        let (own, mut rest): (Vec<_>, Vec<_>) = parts.iter().cloned().partition(|part| self.is_of_cgroup(part));
        if !own.is_empty() {
            rest.insert(0, join(own));
        }
        rest
    }

    /// Whether a part has comparisons, and all of them are about the cgroup alone.
    fn is_of_cgroup(&self, node: &Node) -> bool {
        match node {
            Node::Const(_) => false,
            Node::And(parts) | Node::Or(parts) => parts.iter().all(|part| self.is_of_cgroup(part)),
            Node::Not(part) => self.is_of_cgroup(part),
            Node::Test(index) => self.condition.tests.get(*index).is_some_and(|test| {
                let bases = self.condition.test_bases(test);
                bases.iter().all(|basis| basis.is_of_cgroup()) && !bases.is_empty()
            }),
        }
    }
}
