// SPDX-License-Identifier: Apache-2.0
//! Words, signs and texts.

use winnow::{
    Parser as _,
    combinator::{opt, preceded, repeat, separated},
    token::{any, literal, one_of, take_till, take_while},
};

use super::{Input, Parsed, complain, here, rest};
use crate::filter::{
    ast::{Literal, Span, Spanned},
    error::{Error, shown},
};

/// Whether `c` is a blank.
pub(super) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}')
}

/// Whether `c` may stand in a text without quotes.
pub(in crate::filter) fn is_bare(c: char) -> bool {
    !is_blank(c) && !matches!(c, '(' | ')' | '"' | '\'' | '=' | ',')
}

/// Passes over blanks and comments.
pub(super) fn blank(input: &mut Input<'_>) -> Parsed<()> {
    take_while(0.., is_blank).void().parse_next(input)?;
    if !input.state.comments {
        return Ok(());
    }
    let comment = ('#', take_till(0.., '\n'), take_while(0.., is_blank)).void();
    repeat(0.., comment).parse_next(input)
}

/// The word that comes next, which is not read yet; empty when there is none.
pub(super) fn word<'t>(input: &Input<'t>) -> &'t str {
    let rest = rest(input);
    if !rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return "";
    }
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}

/// Reads `sign` if it comes next.
pub(super) fn sign(input: &mut Input<'_>, sign: char) -> Parsed<Option<Span>> {
    Ok(opt(literal(sign).span()).parse_next(input)?.map(Span::from))
}

/// Reads `keyword` if it is the next word, behind blanks.
pub(super) fn keyword(input: &mut Input<'_>, keyword: &str) -> Parsed<Option<Span>> {
    blank(input)?;
    if word(input) != keyword || rest(input).get(keyword.len()..).is_some_and(|next| next.starts_with('.')) {
        return Ok(None);
    }
    Ok(Some(literal(keyword).span().parse_next(input)?.into()))
}

fn part<'t>(input: &mut Input<'t>) -> Parsed<&'t str> {
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (one_of(|c: char| c.is_ascii_alphabetic()), take_while(0.., letters)).take().parse_next(input)
}

/// `proc`, `proc.name`
pub(super) fn name<'t>(input: &mut Input<'t>) -> Parsed<Spanned<&'t str>> {
    let parts = separated::<_, _, (), _, _, _, _>(1.., part, '.');
    let (node, span) = parts.take().with_span().parse_next(input)?;
    Ok(Spanned { node, span: span.into() })
}

/// A text, in quotes or not, if one comes next.
pub(super) fn text(input: &mut Input<'_>) -> Parsed<Option<Literal>> {
    match rest(input).chars().next() {
        Some('"' | '\'') => quoted(input).map(Some),
        Some(c) if is_bare(c) => {
            let (text, span) = take_while(1.., is_bare).with_span().parse_next(input)?;
            Ok(Some(Literal { text: Box::from(text), quoted: false, span: span.into() }))
        }
        Some(_) | None => Ok(None),
    }
}

/// A number, if one comes next.
pub(super) fn number(input: &mut Input<'_>) -> Parsed<Option<Literal>> {
    let found = opt(take_while(1.., is_bare).verify(is_number).with_span()).parse_next(input)?;
    Ok(found.map(|(text, span): (&str, _)| Literal { text: Box::from(text), quoted: false, span: span.into() }))
}

/// `10`, `-1`, `0x1f`, `1.5`, `1e+9`
pub(super) fn is_number(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (number, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    !whole.is_empty() && digits(whole) && digits(fraction) && exponent.is_none_or(|e| !e.is_empty() && digits(e))
}

/// A text in quotes.
pub(super) fn quoted(input: &mut Input<'_>) -> Parsed<Literal> {
    let start = here(input).start;
    let open = one_of(['"', '\'']).parse_next(input)?;
    let mut bytes = Vec::new();
    loop {
        let plain = take_till(0.., [open, '\\']).parse_next(input)?;
        bytes.extend_from_slice(plain.as_bytes());
        if sign(input, open)?.is_some() {
            break;
        }
        if rest(input).is_empty() {
            let span = Span { start, end: start + 1 };
            return Err(Error::new(span, "the text that begins here has no closing quote").fault());
        }
        bytes.push(escape(input, open)?);
    }
    let span = Span { start, end: here(input).end };
    let text = String::from_utf8(bytes).map_err(|error| {
        let error = Error::new(span, format!("this text is not UTF-8 ({})", error.utf8_error()));
        error.with_hint("`bcontains` and `bstartswith` take bytes in hexadecimal").fault()
    })?;
    Ok(Literal { text: text.into_boxed_str(), quoted: true, span })
}

/// The byte that an escape means: Falco's set.
fn escape(input: &mut Input<'_>, quote: char) -> Parsed<u8> {
    let start = here(input).start;
    let next = preceded("\\", opt(any)).parse_next(input)?;
    match next {
        Some('b') => Ok(8),
        Some('f') => Ok(12),
        Some('n') => Ok(b'\n'),
        Some('r') => Ok(b'\r'),
        Some('t') => Ok(b'\t'),
        // Falco takes a backslash before a blank for a backslash, and loses the blank.
        Some('\\' | ' ') => Ok(b'\\'),
        Some('/') => Ok(b'/'),
        Some('"') if quote == '"' => Ok(b'"'),
        Some('\'') if quote == '\'' => Ok(b'\''),
        Some('x') => hex(input, start),
        Some(other) => {
            let span = Span { start, end: here(input).end };
            let error = Error::new(span, format!("unknown escape `\\{}`", shown(other.encode_utf8(&mut [0; 4]))));
            let hint = match other {
                '"' | '\'' => "the other quote needs no backslash",
                _ => "write `\\\\` for a backslash; there are \\\\ \\n \\r \\t \\b \\f \\/ \\xNN and the quote itself",
            };
            Err(error.with_hint(hint).fault())
        }
        None => Err(complain::expected(input, "a letter behind the backslash").fault()),
    }
}

fn hex(input: &mut Input<'_>, start: usize) -> Parsed<u8> {
    let digits = opt(take_while(2..=2, |c: char| c.is_ascii_hexdigit())).parse_next(input)?;
    match digits.and_then(|digits: &str| u8::from_str_radix(digits, 16).ok()) {
        Some(byte) => Ok(byte),
        None => Err(Error::new(Span { start, end: here(input).end }, "`\\x` takes two hexadecimal digits").fault()),
    }
}
