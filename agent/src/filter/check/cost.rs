// SPDX-License-Identifier: Apache-2.0
//! The order in which the parts of a condition are evaluated: what the call itself tells, then what is looked up, then
//! what has to be put together. It changes no result, for evaluating has no effects.

use super::Checker;
use crate::{
    fields::Basis,
    filter::condition::{Node, Operand, Test, Wanted},
};

/// Fields that are put together.
const MADE: &[&str] = &[
    "container.labels",
    "container.mounts",
    "evt.args",
    "evt.info",
    "proc.aargs",
    "proc.acmdline",
    "proc.aenv",
    "proc.args",
    "proc.cmdline",
    "proc.env",
    "proc.exeline",
    "proc.pcmdline",
];

impl Checker<'_> {
    /// The node with its parts in their order; parts that cost the same stay as they were written.
    pub(super) fn sorted(&self, node: Node) -> Node {
        match node {
            Node::And(mut parts) => {
                parts.sort_by_cached_key(|part| self.cost(part));
                Node::And(parts)
            }
            Node::Or(mut parts) => {
                parts.sort_by_cached_key(|part| self.cost(part));
                Node::Or(parts)
            }
            node @ (Node::Const(_) | Node::Not(_) | Node::Test(_)) => node,
        }
    }

    /// What the costliest comparison in it costs.
    fn cost(&self, node: &Node) -> u32 {
        match node {
            Node::Const(_) => 0,
            Node::And(parts) | Node::Or(parts) => parts.iter().map(|part| self.cost(part)).max().unwrap_or(0),
            Node::Not(part) => self.cost(part),
            Node::Test(test) => self.condition.tests.get(*test).map_or(0, |test| self.test_cost(test)),
        }
    }

    /// Whether the value is put together for the event.
    fn is_made(&self, operand: usize) -> bool {
        match self.condition.operands.get(operand) {
            Some(Operand::Field(reference)) => reference.is_list() || MADE.contains(&reference.field.name),
            Some(Operand::Call(..)) => true,
            None => false,
        }
    }

    fn test_cost(&self, test: &Test) -> u32 {
        let value = match self.condition.test_bases(test).last() {
            None | Some(Basis::Call) => 0,
            Some(Basis::Process | Basis::File | Basis::Side | Basis::Container | Basis::Pod) => 1,
        };
        let made = if self.is_made(test.operand) { 2 } else { 0 };
        let comparison = match test.wanted {
            Wanted::Regex(_) => 2,
            Wanted::Contains(_) | Wanted::Glob(_) | Wanted::Several(..) => 1,
            Wanted::Exists
            | Wanted::Range(_)
            | Wanted::NotNumber(_)
            | Wanted::Numbers(_)
            | Wanted::Bool(_)
            | Wanted::Texts(_)
            | Wanted::NotText(_)
            | Wanted::StartsWith(_)
            | Wanted::EndsWith(_)
            | Wanted::Path(_)
            | Wanted::Networks(_)
            | Wanted::NotNetworks(_)
            | Wanted::Operand(..) => 0,
        };
        (value + made) * 4 + comparison
    }
}
