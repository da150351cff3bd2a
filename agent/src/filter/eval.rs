// SPDX-License-Identifier: Apache-2.0
//! Whether a condition holds for an event. Operands are evaluated when they are first asked for, and once; nothing is
//! allocated but in the event's arena.

mod pair;
mod transform;

use std::cell::OnceCell;

use super::{
    ast::{Modifier, Op, Transformer},
    condition::{CallArg, Condition, Node, Operand, Test, Wanted},
    program::{Program, YES},
};
use crate::{arena::Arena, event::Event, fields::value::Value};

/// A program while it runs.
struct Run<'c, 'e, 'a> {
    condition: &'c Condition,
    program: &'c Program,
    event: &'e Event<'a>,
    /// Values that are asked for more than once, as far as they were.
    known: &'e [OnceCell<Value<'e>>],
}

impl Condition {
    /// Whether a program of this condition holds for `event`.
    #[must_use]
    pub fn run(&self, program: &Program, event: &Event<'_>) -> bool {
        let run = Run { condition: self, program, event, known: event.arena.cells(program.kept) };
        let mut at = program.entry;
        // What is no step is an end. A step leads only to those before it.
        while let Some(step) = program.steps.get(at as usize) {
            let passes = self.tests.get(step.test as usize).is_some_and(|test| run.passes(test, step.cell));
            at = if passes { step.yes } else { step.no };
        }
        at == YES
    }

    /// Whether `node`, whose comparisons are this condition's, holds for `event`. What is asked often is asked of a
    /// [`Program`].
    #[must_use]
    pub fn holds(&self, node: &Node, event: &Event<'_>) -> bool {
        self.run(&self.program(node), event)
    }
}

impl Test {
    /// Whether `value` passes. `None` when it is compared with another value of the event.
    #[must_use]
    pub fn accepts(&self, value: Value<'_>, arena: &Arena) -> Option<bool> {
        if matches!(self.wanted, Wanted::Operand(..)) {
            return None;
        }
        Some(self.passes(&value, arena))
    }

    #[inline(never)]
    fn passes(&self, value: &Value<'_>, arena: &Arena) -> bool {
        self.of(value, |value| self.wanted.accepts(value, arena))
    }

    /// Whether a value, or of several one or each, is as `so` says; a missing one never is.
    fn of(&self, value: &Value<'_>, so: impl Fn(&Value<'_>) -> bool) -> bool {
        let values = value.each();
        if self.all { !values.is_empty() && values.iter().all(so) } else { values.iter().any(so) }
    }
}

impl Wanted {
    /// Whether a single value is wanted.
    fn accepts(&self, value: &Value<'_>, arena: &Arena) -> bool {
        match self {
            Self::Exists => !value.is_missing(),
            Self::Range(range) => number(value).is_some_and(|number| range.contains(&number)),
            Self::NotNumber(other) => number(value).is_some_and(|number| number != *other),
            Self::Numbers(set) => number(value).is_some_and(|number| set.contains(&number)),
            Self::Bool(wanted) => matches!(value, Value::Bool(value) if value == wanted),
            Self::Texts(set) => text(value, arena).is_some_and(|text| set.has(text)),
            Self::NotText(other) => text(value, arena).is_some_and(|text| *text != **other),
            Self::StartsWith(prefixes) => text(value, arena).is_some_and(|text| prefixes.has(text)),
            Self::EndsWith(ends) => text(value, arena).is_some_and(|text| ends.iter().any(|end| text.ends_with(end))),
            Self::Contains(patterns) => text(value, arena).is_some_and(|text| patterns.has(text, arena)),
            Self::Glob(globs) => text(value, arena).is_some_and(|text| globs.has(text)),
            Self::Regex(regexes) => text(value, arena).is_some_and(|text| regexes.has(text, arena)),
            Self::Path(tree) => text(value, arena).is_some_and(|path| tree.has(path)),
            Self::Networks(networks) => matches!(value, Value::Ip(address) if networks.has(*address)),
            Self::NotNetworks(networks) => matches!(value, Value::Ip(address) if !networks.has(*address)),
            // Who has the event compares with it.
            Self::Operand(..) => false,
            Self::Several(modifier, wanted) => {
                let mut so = wanted.iter().map(|wanted| wanted.accepts(value, arena));
                match modifier {
                    Modifier::Anyof => so.any(|so| so),
                    Modifier::Allof => so.all(|so| so),
                    Modifier::Oneof => so.filter(|so| *so).take(2).count() == 1,
                }
            }
        }
    }
}

impl<'e> Run<'_, 'e, '_> {
    #[inline(always)]
    fn passes(&self, test: &Test, cell: u32) -> bool {
        let cell = self.known.get(cell as usize);
        if let Some(known) = cell.and_then(OnceCell::get) {
            return self.compared(test, known);
        }
        // Looked at before it is kept: to copy it right after it was written would mean to wait for the write.
        let value = self.evaluated(test.operand);
        let passes = self.compared(test, &value);
        if let Some(cell) = cell {
            // It is not there yet, for no operand asks for itself.
            let _ = cell.set(value);
        }
        passes
    }

    #[inline(always)]
    fn compared(&self, test: &Test, value: &Value<'_>) -> bool {
        // What most comparisons are, without a call.
        match (value, &test.wanted) {
            (Value::Missing, _) => false,
            (Value::Text(text), Wanted::Texts(set)) => set.has(text),
            (Value::Text(text), Wanted::StartsWith(prefixes)) => prefixes.has(text),
            (_, Wanted::Operand(op, other)) => self.pair(test, value, *op, *other),
            (_, _) => test.passes(value, self.event.arena),
        }
    }

    /// A comparison with another value of the event.
    #[cold]
    fn pair(&self, test: &Test, value: &Value<'_>, op: Op, other: usize) -> bool {
        let arena = self.event.arena;
        let other = self.operand(other);
        test.of(value, |value| test.of(&other, |other| pair::compare(op, value, other, arena)))
    }

    fn operand(&self, at: usize) -> Value<'e> {
        let cell = self.program.cells.get(at).and_then(|cell| self.known.get(*cell as usize));
        cell.map_or_else(|| self.evaluated(at), |cell| *cell.get_or_init(|| self.evaluated(at)))
    }

    #[inline(always)]
    fn evaluated(&self, at: usize) -> Value<'e> {
        match self.condition.operands.get(at) {
            Some(Operand::Field(reference)) => reference.get(self.event),
            Some(Operand::Call(transformer, args)) => self.transformed(*transformer, args),
            None => Value::Missing,
        }
    }

    #[cold]
    fn transformed(&self, transformer: Transformer, args: &[CallArg]) -> Value<'e> {
        let arena = self.event.arena;
        transform::apply(transformer, arena.list(args.iter().map(|arg| self.argument(arg))), arena)
    }

    fn argument(&self, arg: &CallArg) -> Value<'e> {
        match arg {
            CallArg::Operand(at) => self.operand(*at),
            CallArg::Text(text) => Value::Text(self.event.arena.copy(text)),
            CallArg::List(args) => {
                let values = self.event.arena.list(args.iter().map(|arg| self.argument(arg)));
                if values.iter().any(Value::is_missing) { Value::Missing } else { Value::List(values) }
            }
        }
    }
}

/// The number that a value is.
fn number(value: &Value<'_>) -> Option<i128> {
    match value {
        Value::Int(value) => Some((*value).into()),
        Value::Uint(value) | Value::Nanos(value) | Value::Hex(value) => Some((*value).into()),
        Value::Missing
        | Value::Bool(_)
        | Value::Time(..)
        | Value::Text(_)
        | Value::Bytes(_)
        | Value::Ip(_)
        | Value::List(_) => None,
    }
}

/// The text or the bytes that a value is.
#[inline(always)]
fn text<'e>(value: &Value<'e>, arena: &'e Arena) -> Option<&'e [u8]> {
    if let Value::Text(text) | Value::Bytes(text) = value { Some(text) } else { written(value, arena) }
}

/// The text that stands for a time.
#[cold]
fn written<'e>(value: &Value<'e>, arena: &'e Arena) -> Option<&'e [u8]> {
    matches!(value, Value::Time(..)).then(|| arena.text(|out| value.write(out)))
}
