// SPDX-License-Identifier: Apache-2.0
//! The words of the parser's errors.

use super::{
    Input, here, rest,
    token::{is_bare, is_blank, word},
};
use crate::{
    fields,
    filter::{
        ast::{Op, Span, Spanned, Transformer},
        error::{Error, shown},
        words::{instead_of_joint, instead_of_operator},
    },
};

/// Signs that operators are made of, here or elsewhere.
pub(super) fn is_sign(c: char) -> bool {
    matches!(c, '=' | '!' | '<' | '>' | '~' | '&' | '|')
}

/// What comes next, as far as it belongs together.
fn next<'t>(input: &Input<'t>) -> &'t str {
    let rest = rest(input);
    let belongs: fn(char) -> bool = match rest.chars().next() {
        Some(c) if is_sign(c) => is_sign,
        Some(c) if is_bare(c) => |c| is_bare(c) && !is_sign(c),
        _ => |_| false,
    };
    let end = rest.char_indices().skip(1).find(|(_, c)| !belongs(*c)).map_or(rest.len(), |(at, _)| at);
    rest.get(..end).unwrap_or_default()
}

/// Something else was expected here.
pub(super) fn expected(input: &Input<'_>, what: &str) -> Error {
    let next = next(input);
    let start = here(input).start;
    let span = Span { start, end: start + next.len() };
    if next.is_empty() {
        return Error::new(span, format!("expected {what} at the end"));
    }
    Error::new(span, format!("expected {what}, not `{}`", shown(next)))
}

/// A comparison, a macro or a parenthesis was expected here.
pub(super) fn check(input: &Input<'_>) -> Error {
    let error = expected(input, "a field, a macro or `(`");
    match rest(input).chars().next() {
        Some('!') => error.with_hint("write `not`"),
        Some('"' | '\'') => error.with_hint("a comparison begins with its field: `proc.name = \"cat\"`"),
        Some('%') => error.with_hint("a field has no `%` in a condition"),
        Some('#') if !input.state.comments => comment(error),
        _ => error,
    }
}

/// `and`, `or` or the end was expected here.
pub(super) fn joint(input: &Input<'_>, open: bool) -> Error {
    let error = expected(input, if open { "`and`, `or` or `)`" } else { "`and` or `or`" });
    let next = next(input);
    if !open && next == ")" {
        return Error::new(error.span, "this `)` closes nothing");
    }
    if let Some(hint) = instead_of_joint(next) {
        return error.with_hint(hint);
    }
    match next.chars().next() {
        Some('#') if !input.state.comments => comment(error),
        Some('"' | '\'' | '=' | '(' | ',') => {
            error.with_hint("a text with blanks or any of ( ) \" ' = , stands in quotes")
        }
        _ => error,
    }
}

fn comment(error: Error) -> Error {
    error.with_hint("rules files have no comments inside of conditions: their lines are folded into one")
}

/// An operator was expected here.
pub(super) fn operator(input: &Input<'_>) -> Error {
    let next = next(input);
    if word(input) == "not" || (!next.is_empty() && !matches!(word(input), "and" | "or")) {
        let start = here(input).start;
        let span = Span { start, end: start + next.len() };
        if let Some(hint) = instead_of_operator(next) {
            return Error::new(span, format!("unknown operator `{}`", shown(next))).with_hint(hint);
        }
    }
    expected(input, "an operator such as `=`, `in`, `startswith`, `exists`")
}

/// One value was expected here.
pub(super) fn value(input: &Input<'_>, op: Op) -> Error {
    let error = expected(input, &format!("a text, a number or `val(field)` behind `{}`", op.name()));
    match rest(input).chars().next() {
        Some('(') if op == Op::Eq => error.with_hint("for one of several, write `in (..)`"),
        Some('(') => error.with_hint(format!("for one of several, write `{} oneof (..)`", op.name())),
        Some('=') => error.with_hint("a text that begins with `=` stands in quotes"),
        _ => error,
    }
}

/// A number was expected here.
pub(super) fn number(input: &Input<'_>, op: Op) -> Error {
    expected(input, &format!("a number or `val(field)` behind `{}`", op.name()))
}

/// A list was expected here.
pub(super) fn list(input: &Input<'_>, behind: &str) -> Error {
    let error = expected(input, &format!("a list behind `{behind}`"));
    let next = next(input);
    let one = next.starts_with(is_bare) || next.starts_with(['"', '\'']);
    if one { error.with_hint("a list stands in parentheses: `(a, b)`") } else { error }
}

/// A name that is no macro, since an operator follows it.
pub(super) fn not_a_field(name: Spanned<&str>) -> Error {
    if name.node.eq_ignore_ascii_case("not") {
        return Error::new(name.span, format!("`{}` is written in small letters", name.node)).with_hint("write `not`");
    }
    let error = Error::new(name.span, format!("`{}` is no field", shown(name.node)));
    let ends = |field: &&str| field.rsplit('.').next() == Some(name.node);
    let names = || fields::all().iter().map(|field| field.name);
    let like = ["proc.", "evt.", "fd."]
        .iter()
        .find_map(|group| names().find(|field| field.strip_prefix(group) == Some(name.node)))
        .or_else(|| names().find(ends))
        .or_else(|| fields::nearest(name.node));
    match like {
        Some(like) => error.with_hint(format!("did you mean `{like}`?")),
        None => error.with_hint("`lanner list fields` shows all fields"),
    }
}

/// A name before a parenthesis that is no transformer.
pub(super) fn not_a_transformer(name: Spanned<&str>) -> Error {
    if name.node == "getopt" {
        return Error::new(name.span, "the transformer `getopt` is not supported")
            .with_hint("compare `proc.args` or `proc.cmdline` instead");
    }
    let error = Error::new(name.span, format!("unknown transformer `{}`", shown(name.node)));
    let known = || Transformer::ALL.iter().map(|known| known.name()).chain(["val"]);
    if let Some(like) = fields::most_like(&name.node.to_ascii_lowercase(), known()) {
        return error.with_hint(format!("did you mean `{like}`?"));
    }
    let known: Vec<_> = known().collect();
    error.with_hint(format!("there are {}; a text with a parenthesis stands in quotes", known.join(", ")))
}

/// The end of a run of signs: whether it can be an operator that is unknown, rather than one with a text behind it.
pub(super) fn stands_alone(behind: &str) -> bool {
    behind.chars().next().is_none_or(|c| is_blank(c) || matches!(c, '"' | '\'' | '('))
}
