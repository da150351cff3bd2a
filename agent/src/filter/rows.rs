// SPDX-License-Identifier: Apache-2.0
//! A condition as it is for the calls of one syscall: what is the same for each of them is decided once.

#[cfg(test)]
mod tests;

use std::mem::offset_of;

use agent_common::{
    ledger::{NRS, UNKNOWN_SLOT},
    numbers,
    record::{Header, UNSET, flag, lengths_at, payload_at},
    schema::{Abi, Hook, Op, Syscall},
};

use super::condition::{CallArg, Condition, Node, Operand, Wanted};
use crate::{
    arena::Arena,
    decode::RawEvent,
    event::Event,
    fields::{fixed::is_fixed, reference::Reference},
    select::Selection,
};

/// The calls of one slot: a syscall, or numbers that have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The slot: `abi * NRS + nr`, or that of all numbers that no table has room for.
    pub slot: u32,
    /// The calling convention.
    pub abi: Abi,
    /// The number.
    pub nr: i32,
    /// The syscall; `None` for a number that has none.
    pub syscall: Option<&'static Syscall>,
}

impl Row {
    /// The calls of a slot.
    #[must_use]
    pub fn of(slot: u32) -> Self {
        let abi = Abi::from_raw((slot / NRS) as u8);
        let nr = (slot % NRS).cast_signed();
        match abi {
            Some(abi) if slot < UNKNOWN_SLOT => Self { slot, abi, nr, syscall: numbers::row(abi, nr) },
            Some(_) | None => Self { slot: UNKNOWN_SLOT, abi: Abi::Native, nr: -1, syscall: None },
        }
    }

    /// Every slot.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..=UNKNOWN_SLOT).map(Self::of)
    }

    /// Those whose calls are selected.
    pub fn selected(selection: &Selection) -> impl Iterator<Item = Self> {
        Self::all().filter(|row| match row.syscall {
            Some(syscall) => selection.contains(syscall),
            None => selection.unknown(),
        })
    }

    /// The syscall's name.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        self.syscall.map(|row| row.name)
    }

    /// Whether its calls are recorded at their entry, and so have no result.
    #[must_use]
    pub fn at_entry(&self) -> bool {
        self.syscall.is_some_and(|row| row.hook == Hook::Enter)
    }

    /// The record of a call of which only this is known: registers are 0, everything else is missing.
    fn record(&self) -> Vec<u8> {
        const UNKNOWN_REGISTERS: usize = 6;
        let (words, others) = self.syscall.map_or((UNKNOWN_REGISTERS, 0), |row| {
            let words = row.args.iter().filter(|arg| matches!(arg.op(self.abi), Op::Reg(_))).count();
            (words, row.args.len() - words)
        });
        let len = payload_at(words, others);
        let mut bytes = vec![0; len];
        let mut put = |at: usize, value: &[u8]| {
            if let Some(place) = bytes.get_mut(at..at + value.len()) {
                place.copy_from_slice(value);
            }
        };
        put(offset_of!(Header, nr), &self.nr.to_ne_bytes());
        put(offset_of!(Header, len), &(len as u32).to_ne_bytes());
        put(offset_of!(Header, nargs), &[(words + others) as u8]);
        put(offset_of!(Header, abi), &[self.abi as u8]);
        let no_ret = if self.at_entry() { flag::NO_RET } else { 0 };
        put(offset_of!(Header, flags), &[no_ret | if self.syscall.is_none() { flag::UNKNOWN } else { 0 }]);
        for other in 0..others {
            put(lengths_at(words) + 2 * other, &UNSET.to_ne_bytes());
        }
        bytes
    }
}

/// What `condition` is for the calls of a slot.
#[must_use]
pub fn specialise(condition: &Condition, row: Row) -> Node {
    let bytes = row.record();
    let arena = Arena::default();
    let Ok(raw) = RawEvent::parse(&bytes) else { return condition.root.clone() };
    let event = Event::bare(raw, 0, &arena);
    Rows::new(condition, row, &event).fold(&condition.root)
}

/// What is known of an operand without a call.
#[derive(Clone, Copy)]
struct Known {
    /// Every call has the same value.
    fixed: bool,
    /// No call has one.
    missing: bool,
}

/// The slot's condition, being found.
struct Rows<'a> {
    condition: &'a Condition,
    row: Row,
    /// A call of which nothing else is known.
    event: &'a Event<'a>,
    /// By operand: many comparisons may ask for one.
    known: Vec<Known>,
}

impl<'a> Rows<'a> {
    fn new(condition: &'a Condition, row: Row, event: &'a Event<'a>) -> Self {
        let mut rows = Self { condition, row, event, known: Vec::new() };
        rows.known = (0..condition.operands.len())
            .map(|operand| Known { fixed: rows.is_fixed(operand), missing: rows.is_missing(operand) })
            .collect();
        rows
    }

    fn fold(&self, node: &Node) -> Node {
        match node {
            Node::Const(value) => Node::Const(*value),
            Node::And(parts) => Node::all(parts.iter().map(|part| self.fold(part))),
            Node::Or(parts) => Node::any(parts.iter().map(|part| self.fold(part))),
            Node::Not(part) => self.fold(part).negated(),
            Node::Test(test) => self.test(*test).map_or_else(|| node.clone(), Node::Const),
        }
    }

    /// What a comparison always comes to, if it does.
    fn test(&self, index: usize) -> Option<bool> {
        let test = self.condition.tests.get(index)?;
        let right = if let Wanted::Operand(_, right) = test.wanted { Some(right) } else { None };
        let operands = [Some(test.operand), right];
        let known = |operand: usize| self.known.get(operand).copied();
        if operands.into_iter().flatten().all(|operand| known(operand).is_some_and(|known| known.fixed)) {
            return Some(self.condition.holds(&Node::Test(index), self.event));
        }
        // A comparison with what is missing is false.
        if operands.into_iter().flatten().any(|operand| known(operand).is_some_and(|known| known.missing)) {
            return Some(false);
        }
        // The names of numbers without a syscall.
        let without = |text: &[u8]| text.starts_with(b"syscall_");
        let is_type = |field: &Reference| matches!(field.field.name, "evt.type" | "syscall.type");
        if let Wanted::Texts(texts) = &test.wanted
            && self.field(test.operand).is_some_and(is_type)
            && !texts.iter().any(without)
        {
            return Some(false);
        }
        None
    }

    fn field(&self, operand: usize) -> Option<&Reference> {
        match self.condition.operands.get(operand)? {
            Operand::Field(field) => Some(field),
            Operand::Call(..) => None,
        }
    }

    fn is_missing(&self, operand: usize) -> bool {
        self.field(operand).is_some_and(|field| self.always(field) && field.get(self.event).is_missing())
    }

    fn is_fixed(&self, operand: usize) -> bool {
        match self.condition.operands.get(operand) {
            Some(Operand::Field(field)) => self.always(field),
            Some(Operand::Call(_, args)) => args.iter().all(|arg| self.is_fixed_arg(arg)),
            None => false,
        }
    }

    fn is_fixed_arg(&self, arg: &CallArg) -> bool {
        match arg {
            CallArg::Operand(operand) => self.is_fixed(*operand),
            CallArg::Text(_) => true,
            CallArg::List(items) => items.iter().all(|item| self.is_fixed_arg(item)),
        }
    }

    fn always(&self, field: &Reference) -> bool {
        is_fixed(field, self.row.syscall)
    }
}
