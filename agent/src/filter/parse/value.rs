// SPDX-License-Identifier: Apache-2.0
//! Fields with their arguments, transformers, `val(field)`.

use winnow::{Parser as _, token::take_while};

use super::{
    Input, Parsed, complain, enter, here, leave, rest,
    token::{blank, is_blank, name, number, quoted, sign, word},
};
use crate::filter::{
    ast::{Call, CallArg, Operand, Span, Spanned, Transformer},
    error::Error,
};

/// What `name`, which was read, begins: a field or a transformer; a name without a dot may be a macro.
pub(super) fn left(input: &mut Input<'_>, name: Spanned<&str>) -> Parsed<Option<Operand>> {
    if rest(input).starts_with('(') {
        return called(input, name).map(Some);
    }
    if name.node.contains('.') {
        return field(input, name).map(|field| Some(Operand::Field(field)));
    }
    Ok(None)
}

/// `val(field)` or a transformer, if one comes next. A name without a parenthesis is a text here.
pub(super) fn operand(input: &mut Input<'_>) -> Parsed<Option<Operand>> {
    let word = word(input);
    if word.is_empty() || !rest(input).get(word.len()..).is_some_and(|behind| behind.starts_with('(')) {
        return Ok(None);
    }
    let name = name(input)?;
    called(input, name).map(Some)
}

/// What stands behind `name(`, which is a transformer or `val`.
fn called(input: &mut Input<'_>, called: Spanned<&str>) -> Parsed<Operand> {
    if called.node == "val" {
        return val(input).map(Operand::Field);
    }
    let Some(node) = Transformer::named(called.node) else {
        return Err(complain::not_a_transformer(called).fault());
    };
    let name = Spanned { node, span: called.span };
    let args = args(input, true)?;
    Ok(Operand::Call(Call { name, args, span: Span { start: called.span.start, end: here(input).end } }))
}

fn val(input: &mut Input<'_>) -> Parsed<Spanned<Box<str>>> {
    let open = sign(input, '(')?.unwrap_or_default();
    blank(input)?;
    let what = "a field in `val(..)`";
    if word(input).is_empty() {
        return Err(complain::expected(input, what).fault());
    }
    let named = name(input)?;
    if !named.node.contains('.') || rest(input).starts_with('(') {
        return Err(Error::new(named.span, format!("expected {what}, not `{}`", named.node))
            .with_hint("a transformer stands without `val`")
            .fault());
    }
    let field = field(input, named)?;
    close(input, open)?;
    Ok(field)
}

/// The closing parenthesis.
fn close(input: &mut Input<'_>, open: Span) -> Parsed<()> {
    blank(input)?;
    match sign(input, ')')? {
        Some(_) => Ok(()),
        None if rest(input).is_empty() => Err(Error::new(open, "this `(` is never closed").fault()),
        None => Err(complain::expected(input, "`,` or `)`").fault()),
    }
}

/// `(a, b)`: of a transformer, or a list among its arguments.
fn args(input: &mut Input<'_>, of_call: bool) -> Parsed<Vec<CallArg>> {
    let open = sign(input, '(')?.unwrap_or_default();
    enter(input, open)?;
    let mut args = Vec::new();
    blank(input)?;
    if of_call || !rest(input).starts_with(')') {
        loop {
            blank(input)?;
            args.push(arg(input, of_call)?);
            blank(input)?;
            if sign(input, ',')?.is_none() {
                break;
            }
        }
    }
    close(input, open)?;
    leave(input);
    Ok(args)
}

fn arg(input: &mut Input<'_>, lists: bool) -> Parsed<CallArg> {
    let what =
        if lists { "a field, a transformer, a text in quotes, a number or a list" } else { "an item of the list" };
    let start = here(input).start;
    match rest(input).chars().next() {
        Some('"' | '\'') => quoted(input).map(CallArg::Literal),
        Some('(') if lists => {
            let node = args(input, false)?;
            Ok(CallArg::List(Spanned { node, span: Span { start, end: here(input).end } }))
        }
        Some(c) if c.is_ascii_alphabetic() => {
            let name = name(input)?;
            if name.node == "val" && rest(input).starts_with('(') {
                let error = Error::new(name.span, "`val` stands only behind an operator");
                return Err(error.with_hint("a field needs none here").fault());
            }
            match left(input, name)? {
                Some(operand) => Ok(CallArg::Operand(operand)),
                None => Err(Error::new(name.span, format!("expected {what}, not `{}`", name.node))
                    .with_hint("a text stands in quotes here")
                    .fault()),
            }
        }
        Some(_) | None => match number(input)? {
            Some(number) => Ok(CallArg::Literal(number)),
            None => Err(complain::expected(input, what).fault()),
        },
    }
}

/// A field, whose name was read, with its argument.
fn field(input: &mut Input<'_>, name: Spanned<&str>) -> Parsed<Spanned<Box<str>>> {
    let Some(open) = sign(input, '[')? else {
        return Ok(Spanned { node: Box::from(name.node), span: name.span });
    };
    let arg = if rest(input).starts_with(['"', '\'']) {
        let arg = quoted(input)?;
        if arg.text.contains(['[', ']']) || arg.text.is_empty() {
            return Err(Error::new(arg.span, "a field's argument is not empty and has no brackets in it").fault());
        }
        arg.text
    } else {
        let bare = |c: char| !is_blank(c) && !matches!(c, '[' | ']' | '"' | '\'');
        Box::from(take_while(0.., bare).parse_next(input)?)
    };
    if arg.is_empty() {
        return Err(complain::expected(input, &format!("an argument of `{}`", name.node)).fault());
    }
    if sign(input, ']')?.is_none() {
        let error = if rest(input).contains(']') {
            complain::expected(input, "`]`").with_hint("an argument with blanks stands in quotes")
        } else {
            Error::new(open, "this `[` is never closed")
        };
        return Err(error.fault());
    }
    let span = Span { start: name.span.start, end: here(input).end };
    Ok(Spanned { node: format!("{}[{arg}]", name.node).into_boxed_str(), span })
}
