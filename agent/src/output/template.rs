// SPDX-License-Identifier: Apache-2.0
//! Lines that the user lays out: `--fields a,b,c` and `--format '%a is %b'`.
//!
//! The syntax of a format is Falco's: `%field`, `%field[argument]`, `%20field` for a value cut or filled to 20
//! characters, and a `*` in front, by which Falco prints an event also when a field is missing. Here every event is
//! printed and what is missing is `<NA>`, with the `*` or without, so that no event is lost in the output. `%%` is `%`.

use std::fmt;

use thiserror::Error;

use super::escape;
use crate::{
    event::Event,
    fields::{
        Basis,
        reference::{BadReference, Reference},
        value::Value,
    },
};

/// What stands between the columns of `--fields`.
const SEPARATOR: &str = " ";

/// How an event becomes a line.
#[derive(Clone, Debug)]
pub struct Template {
    parts: Vec<Part>,
    /// The fields in their order, each once.
    keys: Vec<Reference>,
    /// Whether it was given as columns: then a line of JSON has nothing but the fields.
    columns: bool,
}

/// A part of a line.
#[derive(Clone, Debug)]
enum Part {
    /// Text as it was given.
    Literal(Box<str>),
    /// A field's value, and the characters that it takes if they are set.
    Field(Reference, Option<usize>),
}

/// What is wrong with a template, and where.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub struct BadTemplate {
    text: String,
    /// The character, from 0.
    at: usize,
    why: Wrong,
}

/// What is wrong with a template.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
enum Wrong {
    #[error("nothing to print")]
    Empty,
    #[error("a field's name belongs here; `%%` is a percent sign")]
    NoField,
    #[error("`]` is missing")]
    Unclosed,
    #[error("`{0}` is for conditions only: it stands for several values")]
    FilterOnly(&'static str),
    #[error("functions are for conditions only")]
    Function,
    #[error("a value takes 1 to 9999 characters")]
    Width,
    #[error(transparent)]
    Reference(#[from] BadReference),
}

impl fmt::Display for BadTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Controls would move the caret, or worse.
        let text: String = self.text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        write!(f, "{}\n  {text}\n  {:>2$}", self.why, "^", self.at + 1)
    }
}

impl Template {
    /// A template of columns: fields separated by commas.
    ///
    /// # Errors
    /// When a name is not a field's.
    pub fn fields(list: &str) -> Result<Self, BadTemplate> {
        let mut template = Self { parts: Vec::new(), keys: Vec::new(), columns: true };
        let mut at = 0;
        for item in list.split(',') {
            let name = item.trim();
            let start = at + (item.len() - item.trim_start().len());
            if name.is_empty() {
                return Err(bad(list, start, if list.trim().is_empty() { Wrong::Empty } else { Wrong::NoField }));
            }
            if !template.parts.is_empty() {
                template.parts.push(Part::Literal(Box::from(SEPARATOR)));
            }
            template.push(name, None).map_err(|why| bad(list, start, why))?;
            at += item.len() + 1;
        }
        Ok(template)
    }

    /// A template of text with fields in it.
    ///
    /// # Errors
    /// When what follows a `%` is not a field.
    pub fn parse(text: &str) -> Result<Self, BadTemplate> {
        let mut template = Self { parts: Vec::new(), keys: Vec::new(), columns: false };
        let format = text.strip_prefix('*').unwrap_or(text);
        if format.is_empty() {
            return Err(bad(text, 0, Wrong::Empty));
        }
        let mut literal = String::new();
        let mut rest = format;
        while let Some((before, after)) = rest.split_once('%') {
            literal.push_str(before);
            if let Some(after) = after.strip_prefix('%') {
                literal.push('%');
                rest = after;
                continue;
            }
            let at = text.len() - after.len();
            let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (width, after) = after.split_at(digits);
            let width = (!width.is_empty()).then(|| width_of(width)).transpose().map_err(|why| bad(text, at, why))?;
            let at = at + digits;
            let len = name_len(after).map_err(|why| bad(text, at, why))?;
            let (name, after) = after.split_at(len);
            if !literal.is_empty() {
                template.parts.push(Part::Literal(std::mem::take(&mut literal).into_boxed_str()));
            }
            template.push(name, width).map_err(|why| bad(text, at, why))?;
            rest = after;
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            template.parts.push(Part::Literal(literal.into_boxed_str()));
        }
        Ok(template)
    }

    fn push(&mut self, name: &str, width: Option<usize>) -> Result<(), Wrong> {
        let reference: Reference = name.parse()?;
        if reference.field.filter_only {
            return Err(Wrong::FilterOnly(reference.field.name));
        }
        if !self.keys.iter().any(|key| key.text() == reference.text()) {
            self.keys.push(reference.clone());
        }
        self.parts.push(Part::Field(reference, width));
        Ok(())
    }

    /// Whether it shows what stands on `basis`.
    #[must_use]
    pub fn stands_on(&self, basis: Basis) -> bool {
        self.keys.iter().any(|reference| reference.field.basis == basis)
    }

    /// Appends the names of the columns as a line; nothing for a template that was given as text.
    pub fn header(&self, out: &mut Vec<u8>) {
        if !self.columns {
            return;
        }
        for part in &self.parts {
            match part {
                Part::Literal(text) => out.extend_from_slice(text.as_bytes()),
                Part::Field(reference, _) => out.extend_from_slice(reference.text().as_bytes()),
            }
        }
        out.push(b'\n');
    }

    /// Appends the line for `event`.
    pub fn text(&self, event: &Event<'_>, out: &mut Vec<u8>) {
        self.line(event, out);
        out.push(b'\n');
    }

    /// Appends the line for `event` as a JSON object: the fields by their names, of a template that was given as text
    /// under `output_fields`, with the text as `output`. `escaped` names the fields that are not UTF-8, if any.
    pub fn json(&self, event: &Event<'_>, out: &mut Vec<u8>) {
        out.push(b'{');
        if !self.columns {
            let mut line = Vec::new();
            self.line(event, &mut line);
            out.extend_from_slice(b"\"output\":");
            // Escaped already, so that it is UTF-8.
            escape::json(&line, false, out);
            out.extend_from_slice(b",\"output_fields\":{");
        }
        let mut escaped = Vec::new();
        for (i, key) in self.keys.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            escape::json(key.text().as_bytes(), false, out);
            out.push(b':');
            if key.output(event).json(out) {
                escaped.push(key);
            }
        }
        if !self.columns {
            out.push(b'}');
        }
        if !escaped.is_empty() {
            out.extend_from_slice(b",\"escaped\":[");
            for (i, key) in escaped.into_iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                escape::json(key.text().as_bytes(), false, out);
            }
            out.push(b']');
        }
        out.extend_from_slice(b"}\n");
    }

    fn line(&self, event: &Event<'_>, out: &mut Vec<u8>) {
        for part in &self.parts {
            match part {
                Part::Literal(text) => out.extend_from_slice(text.as_bytes()),
                Part::Field(reference, None) => reference.output(event).text(out),
                Part::Field(reference, Some(width)) => padded(&reference.output(event), *width, out),
            }
        }
    }
}

fn bad(text: &str, byte: usize, why: Wrong) -> BadTemplate {
    let at = text.char_indices().take_while(|(at, _)| *at < byte).count();
    BadTemplate { text: text.to_owned(), at, why }
}

/// The characters that a value takes.
fn width_of(digits: &str) -> Result<usize, Wrong> {
    match digits.parse() {
        Ok(width @ 1..=9999) => Ok(width),
        Ok(_) | Err(_) => Err(Wrong::Width),
    }
}

/// How many bytes of `text`, which begins behind a `%`, are a field with its argument. Dots at the end are not.
fn name_len(text: &str) -> Result<usize, Wrong> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_'))).unwrap_or(text.len());
    let name = text.get(..end).unwrap_or(text).trim_end_matches('.');
    if name.is_empty() {
        return Err(Wrong::NoField);
    }
    let after = text.get(name.len()..).unwrap_or_default();
    if after.starts_with('[') {
        return after.find(']').map(|end| name.len() + end + 1).ok_or(Wrong::Unclosed);
    }
    if after.starts_with('(') && !name.contains('.') {
        return Err(Wrong::Function);
    }
    Ok(name.len())
}

/// Appends `value` in exactly `width` characters.
fn padded(value: &Value<'_>, width: usize, out: &mut Vec<u8>) {
    let mut text = Vec::new();
    value.text(&mut text);
    let text = String::from_utf8_lossy(&text);
    let mut taken = 0;
    for c in text.chars().take(width) {
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        taken += 1;
    }
    out.extend(std::iter::repeat_n(b' ', width - taken));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        Template::parse(text).map(|_| ()).expect_err(text).to_string()
    }

    #[test]
    fn mistakes_are_pointed_at() {
        assert_eq!(
            wrong("%evt.time %proc.nmae"),
            "unknown field `proc.nmae` (did you mean `proc.name`?)\n  %evt.time %proc.nmae\n             ^"
        );
        assert_eq!(wrong("a %"), "a field's name belongs here; `%%` is a percent sign\n  a %\n     ^");
        assert_eq!(wrong("%proc.aname[2"), "`]` is missing\n  %proc.aname[2\n   ^");
        assert_eq!(wrong("*"), "nothing to print\n  *\n  ^");
        assert_eq!(wrong("%tolower(proc.name)"), "functions are for conditions only\n  %tolower(proc.name)\n   ^");
        assert_eq!(wrong("%0proc.name"), "a value takes 1 to 9999 characters\n  %0proc.name\n   ^");
        assert_eq!(
            wrong("\u{e9} %fd.ip"),
            "`fd.ip` is for conditions only: it stands for several values\n  \u{e9} %fd.ip\n     ^"
        );
        let error = Template::fields("evt.time, proc.name,,fd.name").map(|_| ()).expect_err("an empty column");
        assert!(error.to_string().ends_with("\n  evt.time, proc.name,,fd.name\n                      ^"), "{error}");
        let error = Template::fields("evt.time, proc.aname[x]").map(|_| ()).expect_err("not a number");
        assert_eq!(
            error.to_string(),
            "`proc.aname` takes a number as its argument, not `x`\n  evt.time, proc.aname[x]\n            ^"
        );
    }

    #[test]
    fn fields_end_where_they_end() {
        let parts = |text: &str| Template::parse(text).map(|template| format!("{:?}", shape(&template))).expect(text);
        assert_eq!(parts("%proc.name(%proc.pid)"), r#"["%proc.name", "(", "%proc.pid", ")"]"#);
        assert_eq!(parts("100%% %evt.type."), r#"["100% ", "%evt.type", "."]"#);
        assert_eq!(parts("*%evt.arg.flags,%evt.arg[1]"), r#"["%evt.arg.flags", ",", "%evt.arg[1]"]"#);
        assert_eq!(parts("%proc.env[HOME]:"), r#"["%proc.env[HOME]", ":"]"#);
        assert_eq!(parts("plain"), r#"["plain"]"#);
    }

    fn shape(template: &Template) -> Vec<String> {
        let shape = |part: &Part| match part {
            Part::Literal(text) => text.to_string(),
            Part::Field(reference, _) => format!("%{reference}"),
        };
        template.parts.iter().map(shape).collect()
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_parsed_or_refused(text: String) {
            let _ = Template::parse(&text).map_err(|error| error.to_string());
            let _ = Template::fields(&text).map_err(|error| error.to_string());
        }

        #[test]
        fn any_format_is_parsed_or_refused(text in "[%*a-z.0-9\\[\\]() ]{0,24}") {
            let _ = Template::parse(&text).map_err(|error| error.to_string());
        }
    }
}
