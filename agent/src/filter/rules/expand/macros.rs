// SPDX-License-Identifier: Apache-2.0
//! Macros.

use std::{collections::HashMap, mem, sync::Arc};

use crate::{
    fields::most_like,
    filter::{
        ast::{Call, CallArg, Check, Expr, Literal, Operand, Right, Span, Spanned},
        error::{Error, shown},
        rules::{Place, Written, collect::Defined},
    },
};

/// Macros that may stand inside one another.
const MOST_LEVELS: usize = 64;
/// Comparisons and items of lists that a condition may have.
const MOST_PARTS: usize = 100_000;
/// `and`, `or`, `not` that may stand inside one another.
const MOST_DEPTH: usize = 256;

/// The macros, and what they mean.
pub(super) struct Macros {
    all: Vec<Known>,
    by_name: HashMap<String, usize>,
    /// Comparisons and items that may still be made.
    left: usize,
}

struct Known {
    place: Place,
    first: usize,
    last: usize,
    /// Nothing when the text is wrong.
    own: Option<Arc<Expr>>,
    state: State,
    errors: Vec<Error>,
}

enum State {
    New,
    Open,
    Done(Option<Expanded>),
}

#[derive(Clone)]
struct Expanded {
    expr: Arc<Expr>,
    parts: usize,
    depth: usize,
}

impl Macros {
    /// None yet; with all that will be expanded they may become `left` comparisons and items.
    pub(super) fn new(left: usize) -> Self {
        Self { all: Vec::new(), by_name: HashMap::new(), left }
    }

    pub(super) fn add(&mut self, defined: &Defined<Written>, own: Option<Expr>) {
        self.by_name.insert(defined.name.clone(), self.all.len());
        self.all.push(Known {
            place: defined.is.place().clone(),
            first: defined.first,
            last: defined.last,
            own: own.map(Arc::new),
            state: State::New,
            errors: Vec::new(),
        });
    }

    pub(super) fn resolve_all(&mut self) {
        for at in 0..self.all.len() {
            self.resolve(at, 0);
        }
    }

    pub(super) fn errors_of(&mut self, at: usize) -> impl Iterator<Item = Error> {
        self.all.get_mut(at).map(|known| mem::take(&mut known.errors)).unwrap_or_default().into_iter()
    }

    /// What a macro is by itself, and what it means; nothing when something is wrong with it, or with one that it names.
    pub(super) fn resolved(&self, at: usize) -> Option<(Expr, Expr)> {
        let known = self.all.get(at)?;
        match (&known.own, &known.state) {
            (Some(own), State::Done(Some(expanded))) => Some((Expr::clone(own), Expr::clone(&expanded.expr))),
            _ => None,
        }
    }

    /// What the condition of a rule means. As in Falco it may name macros that are defined after it.
    pub(super) fn expand(&mut self, own: &Expr) -> (Option<Expr>, Vec<Error>) {
        let mut errors = Vec::new();
        let expanded = Walk { macros: self, time: usize::MAX, level: 0, errors: &mut errors, parts: 0 }.walk(own);
        (expanded.map(|(expr, _)| expr), errors)
    }

    fn resolve(&mut self, at: usize, level: usize) -> Option<Expanded> {
        let known = self.all.get_mut(at)?;
        if let State::Done(expanded) = &known.state {
            return expanded.clone();
        }
        let (own, time) = (known.own.clone(), known.last);
        known.state = State::Open;
        let mut errors = Vec::new();
        let mut parts = 0;
        let expanded = own.and_then(|own| {
            let mut walk = Walk { macros: self, time, level, errors: &mut errors, parts: 0 };
            let walked = walk.walk(&own);
            parts = walk.parts;
            walked
        });
        let expanded = expanded.map(|(expr, depth)| Expanded { expr: Arc::new(expr), parts, depth });
        let known = self.all.get_mut(at)?;
        known.errors = errors;
        known.state = State::Done(expanded.clone());
        expanded
    }
}

/// One condition's way through its parts.
struct Walk<'a> {
    macros: &'a mut Macros,
    time: usize,
    level: usize,
    errors: &'a mut Vec<Error>,
    parts: usize,
}

impl Walk<'_> {
    /// The expression and how deep it is. Goes on behind an error, for the next one.
    fn walk(&mut self, expr: &Expr) -> Option<(Expr, usize)> {
        match expr {
            Expr::And(parts) => self.walk_all(parts, Expr::all),
            Expr::Or(parts) => self.walk_all(parts, Expr::any),
            Expr::Not(inner) => self.walk(inner).map(|(inner, depth)| (inner.negated(), depth + 1)),
            Expr::Check(check) => self.count(parts_of(check), None).then(|| (expr.clone(), 1)),
            Expr::Macro(name) => self.named(name),
        }
    }

    fn walk_all(&mut self, parts: &[Expr], join: fn(Vec<Expr>) -> Expr) -> Option<(Expr, usize)> {
        let walked: Vec<_> = parts.iter().map(|part| self.walk(part)).collect();
        let walked: Vec<_> = walked.into_iter().collect::<Option<_>>()?;
        let depth = walked.iter().map(|(_, depth)| *depth).max().unwrap_or(0) + 1;
        Some((join(walked.into_iter().map(|(part, _)| part).collect()), depth))
    }

    /// Whether there may be so many more.
    fn count(&mut self, parts: usize, place: Option<Span>) -> bool {
        let fits = self.parts <= MOST_PARTS;
        self.parts += parts;
        let message = if fits && self.parts > MOST_PARTS {
            format!("with its macros the condition has more than {MOST_PARTS} comparisons and items of lists")
        } else if let Some(left) = self.macros.left.checked_sub(parts) {
            self.macros.left = left;
            return fits;
        } else if self.macros.left > 0 {
            self.macros.left = 0;
            "with their macros all conditions together have too many comparisons and items of lists".to_owned()
        } else {
            // Was said.
            return false;
        };
        self.errors.push(Error::new(place.unwrap_or_default(), message));
        false
    }

    fn named(&mut self, name: &Spanned<Box<str>>) -> Option<(Expr, usize)> {
        let Some(at) = self.macros.by_name.get(&*name.node).copied() else {
            self.errors.push(self.unknown(name));
            return None;
        };
        let known = self.macros.all.get(at)?;
        let error = |message: String| Error::new(name.span, message);
        let wrong = if matches!(known.state, State::Open) {
            Some(error(format!("the macro `{}` stands inside of itself", name.node)))
        } else if known.first >= self.time {
            let error = error(format!("the macro `{}` is defined only later, at {}", name.node, known.place));
            Some(error.with_hint("a macro is defined before it is used"))
        } else if self.level == MOST_LEVELS {
            Some(error(format!("macros stand more than {MOST_LEVELS} deep inside one another")))
        } else {
            None
        };
        if let Some(error) = wrong {
            self.errors.push(error);
            return None;
        }
        let expanded = self.macros.resolve(at, self.level + 1)?;
        if expanded.depth > MOST_DEPTH {
            self.errors.push(error(format!("with its macros the condition is more than {MOST_DEPTH} levels deep")));
            return None;
        }
        self.count(expanded.parts, Some(name.span)).then(|| (placed(&expanded.expr, name.span), expanded.depth))
    }

    fn unknown(&self, name: &Spanned<Box<str>>) -> Error {
        let error = Error::new(name.span, format!("no macro is called `{}`", shown(&name.node)));
        match most_like(&name.node, self.macros.by_name.keys().map(String::as_str)) {
            Some(like) => error.with_hint(format!("did you mean `{like}`?")),
            None => error,
        }
    }
}

fn parts_of(check: &Check) -> usize {
    match &check.right {
        Right::List { items, .. } => 1 + items.node.len(),
        Right::None | Right::Literal(_) | Right::Operand(_) => 1,
    }
}

/// A copy of which every part stands at `span`.
fn placed(expr: &Expr, span: Span) -> Expr {
    match expr {
        Expr::And(parts) => Expr::And(parts.iter().map(|part| placed(part, span)).collect()),
        Expr::Or(parts) => Expr::Or(parts.iter().map(|part| placed(part, span)).collect()),
        Expr::Not(inner) => Expr::Not(Box::new(placed(inner, span))),
        Expr::Macro(name) => Expr::Macro(Spanned { node: name.node.clone(), span }),
        Expr::Check(check) => Expr::Check(Check {
            left: placed_operand(&check.left, span),
            op: Spanned { node: check.op.node, span },
            right: match &check.right {
                Right::None => Right::None,
                Right::Literal(literal) => Right::Literal(placed_literal(literal, span)),
                Right::List { modifier, items } => Right::List {
                    modifier: modifier.map(|modifier| Spanned { node: modifier.node, span }),
                    items: Spanned { node: items.node.iter().map(|item| placed_literal(item, span)).collect(), span },
                },
                Right::Operand(operand) => Right::Operand(placed_operand(operand, span)),
            },
        }),
    }
}

fn placed_literal(literal: &Literal, span: Span) -> Literal {
    Literal { span, ..literal.clone() }
}

fn placed_operand(operand: &Operand, span: Span) -> Operand {
    match operand {
        Operand::Field(name) => Operand::Field(Spanned { node: name.node.clone(), span }),
        Operand::Call(call) => Operand::Call(Call {
            name: Spanned { node: call.name.node, span },
            args: call.args.iter().map(|arg| placed_arg(arg, span)).collect(),
            span,
        }),
    }
}

fn placed_arg(arg: &CallArg, span: Span) -> CallArg {
    match arg {
        CallArg::Operand(operand) => CallArg::Operand(placed_operand(operand, span)),
        CallArg::Literal(literal) => CallArg::Literal(placed_literal(literal, span)),
        CallArg::List(args) => {
            CallArg::List(Spanned { node: args.node.iter().map(|arg| placed_arg(arg, span)).collect(), span })
        }
    }
}
