// SPDX-License-Identifier: Apache-2.0
//! Comparisons.

use winnow::{Parser as _, token::take};

use super::{
    Input, MOST_ITEMS, Parsed, complain, here, rest,
    token::{blank, is_blank, name, number, sign, text, word},
    value::{left, operand},
};
use crate::filter::{
    ast::{Check, Expr, Literal, Modifier, Op, Right, Span, Spanned},
    error::Error,
    words::{Takes, instead_of_operator},
};

/// A comparison, or a macro.
pub(super) fn check(input: &mut Input<'_>) -> Parsed<Expr> {
    if matches!(word(input), "" | "and" | "or") {
        return Err(complain::check(input).fault());
    }
    let name = name(input)?;
    let Some(left) = left(input, name)? else {
        blank(input)?;
        if operator_follows(input) || name.node.eq_ignore_ascii_case("not") {
            return Err(complain::not_a_field(name).fault());
        }
        return Ok(Expr::Macro(Spanned { node: Box::from(name.node), span: name.span }));
    };
    blank(input)?;
    let op = operator(input)?;
    blank(input)?;
    let right = right(input, op.node)?;
    Ok(Expr::Check(Check { left, op, right }))
}

fn operator_follows(input: &Input<'_>) -> bool {
    let word = word(input);
    Op::named(word).is_some() || rest(input).starts_with(['=', '<', '>', '~']) || rest(input).starts_with("!=")
}

fn operator(input: &mut Input<'_>) -> Parsed<Spanned<Op>> {
    let op = match word(input) {
        "" => sign_operator(rest(input)),
        word => Op::named(word).map(|op| (op, word.len())),
    };
    let Some((node, len)) = op else { return Err(complain::operator(input).fault()) };
    let span = take(len).span().parse_next(input)?.into();
    Ok(Spanned { node, span })
}

/// The operator of the signs that come next, with its length. Of `=~x` it is the first sign, of `=~ x` there is none.
fn sign_operator(rest: &str) -> Option<(Op, usize)> {
    let run = rest.split(|c| !complain::is_sign(c)).next().unwrap_or_default();
    let behind = rest.get(run.len()..).unwrap_or_default();
    let known = |signs: &str| if signs == "==" { Some(Op::Eq) } else { Op::named(signs) };
    let longest = [2, 1].into_iter().find_map(|len| run.get(..len).and_then(known).map(|op| (op, len)));
    if longest.is_some_and(|(_, len)| len == run.len()) || !complain::stands_alone(behind) {
        return longest;
    }
    if instead_of_operator(run).is_none() { longest } else { None }
}

fn right(input: &mut Input<'_>, op: Op) -> Parsed<Right> {
    match op.takes() {
        Takes::Nothing => Ok(Right::None),
        Takes::Number => {
            if let Some(operand) = operand(input)? {
                return Ok(Right::Operand(operand));
            }
            match number(input)? {
                Some(number) => Ok(Right::Literal(number)),
                None => Err(complain::number(input, op).fault()),
            }
        }
        Takes::Text => {
            if let Some(modifier) = modifier(input)? {
                let items = match list(input)? {
                    Some(items) => items,
                    None => named_list(input, modifier.node.name())?,
                };
                return Ok(Right::List { modifier: Some(modifier), items });
            }
            if let Some(operand) = operand(input)? {
                return Ok(Right::Operand(operand));
            }
            match text(input)? {
                Some(text) => Ok(Right::Literal(text)),
                None => Err(complain::value(input, op).fault()),
            }
        }
        Takes::List => {
            if let Some(items) = list(input)? {
                return Ok(Right::List { modifier: None, items });
            }
            if let Some(operand) = operand(input)? {
                return Ok(Right::Operand(operand));
            }
            Ok(Right::List { modifier: None, items: named_list(input, op.name())? })
        }
    }
}

/// `oneof`, `anyof`, `allof`, if a list follows it: else the word is the text that is compared with.
fn modifier(input: &mut Input<'_>) -> Parsed<Option<Spanned<Modifier>>> {
    let word = word(input);
    let Some(node) = Modifier::named(word) else { return Ok(None) };
    let behind = rest(input).get(word.len()..).unwrap_or_default();
    let list = behind.trim_start_matches(is_blank);
    let end = list.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(list.len());
    let name = list.get(..end).unwrap_or_default();
    let named = name.starts_with(|c: char| c.is_ascii_alphabetic()) && !matches!(name, "and" | "or" | "not");
    let apart = list.len() < behind.len();
    if !(list.starts_with('(') || named && apart) {
        return Ok(None);
    }
    let span = take(word.len()).span().parse_next(input)?.into();
    blank(input)?;
    Ok(Some(Spanned { node, span }))
}

/// The name of a list, without parentheses.
fn named_list(input: &mut Input<'_>, behind: &str) -> Parsed<Spanned<Vec<Literal>>> {
    if matches!(word(input), "" | "and" | "or" | "not") {
        return Err(complain::list(input, behind).fault());
    }
    let name = word(input);
    let span = Span::from(take(name.len()).span().parse_next(input)?);
    Ok(Spanned { node: vec![Literal { text: Box::from(name), quoted: false, span }], span })
}

/// A list in parentheses, if one comes next.
fn list(input: &mut Input<'_>) -> Parsed<Option<Spanned<Vec<Literal>>>> {
    let Some(open) = sign(input, '(')? else { return Ok(None) };
    let mut items = Vec::new();
    loop {
        blank(input)?;
        match text(input)? {
            Some(item) => items.push(item),
            None if items.is_empty() && rest(input).starts_with(')') => {}
            None if rest(input).is_empty() => return Err(unclosed(open)),
            None => return Err(complain::expected(input, "an item of the list").fault()),
        }
        if items.len() > MOST_ITEMS {
            return Err(Error::new(here(input), format!("a list has at most {MOST_ITEMS} items")).fault());
        }
        blank(input)?;
        if sign(input, ')')?.is_some() {
            break;
        }
        if sign(input, ',')?.is_none() {
            return Err(if rest(input).is_empty() {
                unclosed(open)
            } else {
                complain::expected(input, "`,` or `)` in the list").fault()
            });
        }
    }
    Ok(Some(Spanned { node: items, span: Span { start: open.start, end: here(input).end } }))
}

fn unclosed(open: Span) -> super::Fault {
    Error::new(open, "this `(` is never closed").fault()
}
