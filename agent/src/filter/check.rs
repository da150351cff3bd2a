// SPDX-License-Identifier: Apache-2.0
//! From a condition as it was written to one that can be evaluated: fields are found, comparisons are checked against
//! their types, literals are read, and what is known without an event is folded.

mod cost;
mod literal;
mod names;
mod operands;
#[cfg(test)]
mod tests;
mod types;
mod wanted;

use std::{collections::HashMap, sync::Arc};

use super::{
    ast::{Check, Expr, Literal, Modifier, Op, Right, Span},
    condition::{Condition, Node, Operand, Test, Wanted},
    error::{Error, shown},
    net::{self, Resolver},
};
use crate::{arena::Arena, fields::value::Value};
use operands::{Key, Typed};

/// How deep a condition may be nested once its macros are put in.
const MOST_LEVELS: usize = 256;
/// Why `evt.dir` tells nothing.
const DIRECTION: &str = "`evt.dir` is always `<`, as in Falco since 0.42: a call is one event, made when it ends";

/// Checks a condition, whose places are those of `source`. Host names are looked up by the system's resolver.
///
/// # Errors
/// When it can't be evaluated: unknown names, values that don't fit.
pub fn check(expr: &Expr, source: &str) -> Result<Condition, Error> {
    check_with(expr, source, &net::resolve)
}

/// The same with another resolver.
///
/// # Errors
/// As [`check`].
pub fn check_with(expr: &Expr, source: &str, resolver: Resolver<'_>) -> Result<Condition, Error> {
    let mut checker = Checker {
        resolver,
        condition: Condition {
            source: Arc::from(source),
            root: Node::Const(false),
            tests: Vec::new(),
            operands: Vec::new(),
            notes: Vec::new(),
        },
        typed: Vec::new(),
        by_operand: HashMap::new(),
        by_test: HashMap::new(),
    };
    checker.condition.root = checker.node(expr, 0)?;
    Ok(checker.condition)
}

/// A condition that is being checked.
struct Checker<'r> {
    resolver: Resolver<'r>,
    condition: Condition,
    /// What the operands are.
    typed: Vec<Typed>,
    by_operand: HashMap<Key, usize>,
    by_test: HashMap<TestKey, Node>,
}

/// By what a comparison that was there before is known: the operand, the operator, the right side.
type TestKey = (usize, Op, Option<Modifier>, Vec<Box<str>>, Option<usize>);

impl Checker<'_> {
    fn note(&mut self, span: Span, note: impl Into<String>) {
        let note = note.into();
        if !self.condition.notes.iter().any(|(_, known)| *known == note) {
            self.condition.notes.push((span, note));
        }
    }

    fn node(&mut self, expr: &Expr, level: usize) -> Result<Node, Error> {
        if level > MOST_LEVELS {
            return Err(Error::new(first(expr), format!("nested more than {MOST_LEVELS} levels deep")));
        }
        Ok(match expr {
            Expr::And(inner) => {
                let parts = self.nodes(inner, level + 1)?;
                self.sorted(Node::all(parts))
            }
            Expr::Or(inner) => {
                let parts = self.nodes(inner, level + 1)?;
                self.sorted(Node::any(parts))
            }
            Expr::Not(inner) => self.node(inner, level + 1)?.negated(),
            Expr::Check(check) => self.check(check)?,
            Expr::Macro(name) => {
                let error = Error::new(name.span, format!("unknown macro `{}`", shown(&name.node)));
                return Err(
                    error.with_hint("macros come from rules files; a comparison has an operator: `proc.name = cat`")
                );
            }
        })
    }

    fn nodes(&mut self, parts: &[Expr], level: usize) -> Result<Vec<Node>, Error> {
        parts.iter().map(|part| self.node(part, level)).collect()
    }

    /// The comparison as a node; the same comparison is the same node.
    fn check(&mut self, check: &Check) -> Result<Node, Error> {
        let op = check.op.node;
        let left = self.operand(&check.left)?;
        let typed = self.typed(left).clone();
        if !typed.class.fits(op) {
            return Err(types::unfit(check.op, &typed));
        }
        let (modifier, items, other) = match &check.right {
            Right::None => (None, &[][..], None),
            Right::Literal(literal) => (None, std::slice::from_ref(literal), None),
            Right::List { modifier, items } => (modifier.as_ref().map(|it| it.node), &*items.node, None),
            Right::Operand(right) => (None, &[][..], Some((self.operand(right)?, operands::span(right)))),
        };
        let key = (left, op, modifier, items.iter().map(|item| item.text.clone()).collect(), other.map(|(at, _)| at));
        if let Some(known) = self.by_test.get(&key) {
            return Ok(known.clone());
        }
        let span = Span { start: operands::span(&check.left).start, end: end(check) };
        let wanted = match other {
            Some((other, right)) => {
                types::comparable(check.op, &typed, self.typed(other), right)?;
                Some(Wanted::Operand(op, other))
            }
            None if op == Op::Exists => Some(Wanted::Exists),
            None => self.literals(check, &typed, modifier, items)?,
        };
        let node = match wanted {
            None => Node::Const(false),
            Some(wanted) => self.test(Test { operand: left, wanted, all: op == Op::Ne && typed.class.is_end(), span }),
        };
        self.by_test.insert(key, node.clone());
        Ok(node)
    }

    /// What the literals on the right side want; nothing when no value can be it.
    fn literals(
        &mut self,
        check: &Check,
        left: &Typed,
        modifier: Option<Modifier>,
        items: &[Literal],
    ) -> Result<Option<Wanted>, Error> {
        let op = check.op.node;
        let listed = matches!(op, Op::In | Op::Intersects | Op::Pmatch) || modifier.is_some();
        let Some(one) = items.first() else {
            if !listed {
                return Err(Error::new(check.op.span, format!("a value is missing behind `{}`", op.name())));
            }
            self.note(check.op.span, "the list is empty: nothing is in it");
            return Ok(None);
        };
        if let ([_, second, ..], false) = (items, listed) {
            let error = Error::new(second.span, format!("behind `{}` stands one value", op.name()));
            return Err(error.with_hint("several are compared by `in`, or by `anyof` behind the operator"));
        }
        let items = if left.is_call_name { self.call_names(op, modifier, items)? } else { items.to_vec() };
        if items.is_empty() {
            return Ok(None);
        }
        let wanted = match modifier {
            Some(modifier @ (Modifier::Oneof | Modifier::Allof)) if items.len() > 1 => {
                wanted::each(modifier, op, left, &items, self)?
            }
            Some(_) | None => wanted::any(op, left, &items, self)?,
        };
        if left.is_direction {
            self.note(one.span, DIRECTION);
        }
        Ok(Some(wanted))
    }

    fn test(&mut self, test: Test) -> Node {
        if let Some(known) = self.constant(test.operand).and_then(|value| test.accepts(value, &Arena::default())) {
            return Node::Const(known);
        }
        self.condition.tests.push(test);
        Node::Test(self.condition.tests.len() - 1)
    }

    /// The value of a field that has the same one for every event.
    fn constant(&self, operand: usize) -> Option<Value<'static>> {
        let Some(Operand::Field(reference)) = self.condition.operands.get(operand) else { return None };
        match reference.field.name {
            "evt.dir" => Some("<".into()),
            "evt.source" => Some("syscall".into()),
            "evt.is_async" => Some(false.into()),
            "evt.count" | "evt.count.exit" => Some(1_u32.into()),
            _ => None,
        }
    }
}

/// Where an expression begins.
fn first(expr: &Expr) -> Span {
    let mut expr = expr;
    loop {
        expr = match expr {
            Expr::And(parts) | Expr::Or(parts) => match parts.first() {
                Some(part) => part,
                None => return Span::default(),
            },
            Expr::Not(inner) => inner,
            Expr::Check(check) => return operands::span(&check.left),
            Expr::Macro(name) => return name.span,
        };
    }
}

/// Where a comparison ends.
fn end(check: &Check) -> usize {
    match &check.right {
        Right::None => check.op.span.end,
        Right::Literal(literal) => literal.span.end,
        Right::List { items, .. } => items.span.end,
        Right::Operand(right) => operands::span(right).end,
    }
}
