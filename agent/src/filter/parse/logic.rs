// SPDX-License-Identifier: Apache-2.0
//! `and`, `or`, `not` and parentheses.

use winnow::{Parser as _, token::literal};

use super::{
    Input, Parsed, check, complain, enter, leave, rest,
    token::{blank, keyword, sign},
};
use crate::filter::{
    ast::{Expr, Span},
    error::Error,
};

/// A condition and nothing behind it.
pub(super) fn whole(input: &mut Input<'_>) -> Parsed<Expr> {
    blank(input)?;
    if rest(input).is_empty() {
        let error = Error::new(Span::default(), "the condition is empty");
        return Err(error.with_hint("a condition is such as `evt.type = open and proc.name = cat`").fault());
    }
    let expr = any(input)?;
    if rest(input).is_empty() { Ok(expr) } else { Err(complain::joint(input, false).fault()) }
}

/// Alternatives. Blanks behind them are read.
fn any(input: &mut Input<'_>) -> Parsed<Expr> {
    let mut parts = vec![all(input)?];
    while keyword(input, "or")?.is_some() {
        parts.push(all(input)?);
    }
    Ok(Expr::any(parts))
}

fn all(input: &mut Input<'_>) -> Parsed<Expr> {
    let mut parts = vec![negated(input)?];
    while keyword(input, "and")?.is_some() {
        parts.push(negated(input)?);
    }
    Ok(Expr::all(parts))
}

fn negated(input: &mut Input<'_>) -> Parsed<Expr> {
    let mut odd = false;
    while keyword(input, "not")?.is_some() {
        odd = !odd;
    }
    let expr = primary(input)?;
    Ok(if odd { expr.negated() } else { expr })
}

fn primary(input: &mut Input<'_>) -> Parsed<Expr> {
    if !rest(input).starts_with('(') {
        return check::check(input);
    }
    let open = Span::from(literal('(').span().parse_next(input)?);
    enter(input, open)?;
    let expr = any(input)?;
    if sign(input, ')')?.is_none() {
        let error = if rest(input).is_empty() {
            Error::new(open, "this `(` is never closed")
        } else {
            complain::joint(input, true)
        };
        return Err(error.fault());
    }
    leave(input);
    Ok(expr)
}
