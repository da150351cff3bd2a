// SPDX-License-Identifier: Apache-2.0
//! What is wrong with a condition, and showing the place.

use std::fmt;

use thiserror::Error;
use unicode_width::UnicodeWidthChar as _;

use super::ast::Span;
use crate::output::escape;

/// What is wrong with a condition.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{message}{}", hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default())]
pub struct Error {
    /// What.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Error {
    /// An error without a hint.
    #[must_use]
    pub fn new(span: Span, message: impl Into<String>) -> Self {
        Self { message: message.into(), span, hint: None }
    }

    /// The same with a hint: `did you mean ..?`, `write ..`.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// Text of a user's as it stands in a message: short, and harmless to a terminal.
#[must_use]
pub fn shown(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => harmless(text.get(..end).unwrap_or_default()) + "..",
        None => harmless(text),
    }
}

/// Text that does not act on a terminal.
#[must_use]
pub fn harmless(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    text.chars().for_each(|c| push_harmless(c, &mut harmless));
    harmless
}

fn push_harmless(c: char, out: &mut String) {
    if escape::hides(c) {
        out.extend(c.escape_unicode());
    } else {
        out.push(c);
    }
}

/// An error with the text that it is about, made for people.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// What the text is: a file's name, `condition`.
    pub name: Option<&'a str>,
    /// The text.
    pub text: &'a str,
    /// What is wrong with it.
    pub error: &'a Error,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = Place::find(self.text, self.error.span);
        if let Some(name) = self.name {
            write!(f, "{}: ", harmless(name))?;
        }
        if let Some(number) = place.number {
            write!(f, "line {number}: ")?;
        }
        writeln!(f, "{}", self.error)?;
        let (line, caret) = place.draw();
        writeln!(f, "  {line}")?;
        write!(f, "  {caret}")
    }
}

/// Where a span begins in a text.
struct Place<'a> {
    /// The line's number from 1, when there are several.
    number: Option<usize>,
    /// The line.
    line: &'a str,
    /// Bytes of it that are meant.
    start: usize,
    end: usize,
}

impl<'a> Place<'a> {
    fn find(text: &'a str, span: Span) -> Self {
        // What is missing at the end is missing behind the last word, not behind the line breaks after it.
        let text_end = text.trim_end().len();
        let start = if span.start > text_end { text_end } else { text.floor_char_boundary(span.start) };
        let (before, after) = text.split_at(start);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line_end = after.find(['\n', '\r']).map_or(text.len(), |at| start + at);
        let line = text.get(line_start..line_end).unwrap_or_default();
        let several = text.trim_end().contains('\n');
        let end = text.floor_char_boundary(span.end.min(line_end)).max(start);
        Self {
            number: several.then(|| before.matches('\n').count() + 1),
            line,
            start: start - line_start,
            end: end - line_start,
        }
    }

    /// The line, or what of a long one is near, and the line below it.
    fn draw(&self) -> (String, String) {
        /// Characters that are shown before and behind the place.
        const AROUND: usize = 50;
        let (before, rest) = self.line.split_at(self.start);
        let (meant, after) = rest.split_at(self.end - self.start);
        let skipped = before.chars().count().saturating_sub(AROUND);
        let mut line = Drawn::default();
        if skipped > 0 {
            line.push_str("..");
        }
        before.chars().skip(skipped).for_each(|c| line.push(c));
        let from = line.width;
        let mut rest = meant.chars();
        rest.by_ref().take(AROUND).for_each(|c| line.push(c));
        let to = line.width;
        let left = AROUND.saturating_sub(meant.chars().count());
        let mut rest = rest.chain(after.trim_end().chars());
        rest.by_ref().take(left).for_each(|c| line.push(c));
        if rest.next().is_some() {
            line.push_str("..");
        }
        line.text.truncate(line.text.trim_end().len());
        let caret = format!("{}{}", " ".repeat(from), "^".repeat((to - from).max(1)));
        (line.text, caret)
    }
}

/// Text with the columns that it takes.
#[derive(Default)]
struct Drawn {
    text: String,
    width: usize,
}

impl Drawn {
    fn push_str(&mut self, text: &str) {
        text.chars().for_each(|c| self.push(c));
    }

    fn push(&mut self, c: char) {
        let from = self.text.len();
        if c == '\t' {
            self.text.push(' ');
        } else {
            push_harmless(c, &mut self.text);
        }
        let added = self.text.get(from..).unwrap_or_default();
        self.width += added.chars().map(|c| c.width().unwrap_or(0)).sum::<usize>();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(text: &str, start: usize, end: usize) -> String {
        let error = Error::new(Span { start, end }, "wrong");
        Report { name: Some("condition"), text, error: &error }.to_string()
    }

    #[test]
    fn the_place_is_underlined() {
        let error =
            Error::new(Span { start: 0, end: 9 }, "unknown field `proc.nmae`").with_hint("did you mean `proc.name`?");
        let report = Report { name: Some("condition"), text: "proc.nmae = cat and evt.type = open", error: &error };
        assert_eq!(
            report.to_string(),
            "condition: unknown field `proc.nmae` (did you mean `proc.name`?)\n  \
             proc.nmae = cat and evt.type = open\n  ^^^^^^^^^"
        );
    }

    #[test]
    fn an_empty_span_is_one_caret_and_the_end_is_behind_the_last_word() {
        assert_eq!(report("a = ", 4, 4), "condition: wrong\n  a =\n     ^");
        assert_eq!(report("", 0, 0), "condition: wrong\n  \n  ^");
        assert_eq!(report("a", 70, 80), "condition: wrong\n  a\n   ^", "a span outside is the end");
    }

    #[test]
    fn several_lines_are_numbered() {
        assert_eq!(report("a and\r\nb = c and\nd", 7, 8), "condition: line 2: wrong\n  b = c and\n  ^");
        assert_eq!(report("a and\nb", 3, 7), "condition: line 1: wrong\n  a and\n     ^^", "to the end of the line");
        assert_eq!(report("a and \n\n", 8, 8), "condition: wrong\n  a and\n       ^");
    }

    #[test]
    fn columns_are_those_of_a_terminal() {
        assert_eq!(report("\ta = b", 3, 4), "condition: wrong\n   a = b\n     ^");
        assert_eq!(report("日本 x", 7, 8), "condition: wrong\n  日本 x\n       ^", "wide characters");
        assert_eq!(report("\u{1b}[m x", 4, 5), "condition: wrong\n  \\u{1b}[m x\n           ^", "controls");
        assert_eq!(report("e\u{301} x", 4, 5), "condition: wrong\n  e\u{301} x\n    ^", "accents take none");
        assert_eq!(report("日本", 4, 5), "condition: wrong\n  日本\n    ^", "inside of a character");
    }

    #[test]
    fn of_a_long_line_what_is_near_is_shown() {
        let text = format!("{}WRONG{}", "a".repeat(500), "b".repeat(500));
        let want =
            format!("condition: wrong\n  ..{}WRONG{}..\n  {}^^^^^", "a".repeat(50), "b".repeat(45), " ".repeat(52));
        assert_eq!(report(&text, 500, 505), want);
        let all = report(&text, 0, 1005);
        assert_eq!(all, format!("condition: wrong\n  {}..\n  {}", "a".repeat(50), "^".repeat(50)));
    }

    #[test]
    fn words_of_users_do_not_act_on_a_terminal() {
        assert_eq!(shown("a\u{1b}b\u{202e}"), "a\\u{1b}b\\u{202e}");
        assert_eq!(shown(&"x".repeat(100)), format!("{}..", "x".repeat(60)));
    }
}
