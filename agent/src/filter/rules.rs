// SPDX-License-Identifier: Apache-2.0
//! Rules files in Falco's syntax: lists, macros and rules, with what later files append and override.

mod collect;
mod exceptions;
mod expand;
mod item;
mod keys;
mod yaml;

#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc};

use super::{
    ast::Expr,
    error::{Error, Report, harmless},
};

/// Bytes that a rules file may have.
pub const MOST_BYTES: usize = 16 * 1024 * 1024;

/// What rules files say.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Rules, in the order in which they were first defined.
    pub rules: Vec<Rule>,
    /// Macros, in the order in which they were first defined.
    pub macros: Vec<Macro>,
    /// Lists, in the order in which they were first defined.
    pub lists: Vec<List>,
    /// What each file has, in the order of the files.
    pub files: Vec<Counts>,
}

/// How many items a file has that define something or change it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Of rules.
    pub rules: usize,
    /// Of macros.
    pub macros: usize,
    /// Of lists.
    pub lists: usize,
}

/// A rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// Its condition as it was written, with the exceptions.
    pub text: Written,
    /// That, with lists replaced.
    pub own: Expr,
    /// That, with macros replaced too. What stood in a macro has the place of the macro's name.
    pub condition: Expr,
    /// What it says beside its condition.
    pub about: About,
}

/// What a rule says beside its condition.
#[derive(Clone, Debug)]
pub struct About {
    /// What it is for.
    pub desc: String,
    /// The text of its alerts.
    pub output: String,
    /// How bad it is: one of Falco's eight, in capitals.
    pub priority: &'static str,
    /// Whose events it is about: `syscall`, unless it says otherwise.
    pub source: String,
    /// Words to select it by.
    pub tags: Vec<String>,
    /// Whether it is in use.
    pub enabled: bool,
    /// Whether it is left out, and no error, when it names an unknown field.
    pub skip_if_unknown_filter: bool,
}

/// A macro.
#[derive(Clone, Debug)]
pub struct Macro {
    /// Its name.
    pub name: String,
    /// Its condition as it was written.
    pub text: Written,
    /// That, with lists replaced.
    pub own: Expr,
    /// That, with macros replaced too.
    pub condition: Expr,
}

/// A list.
#[derive(Clone, Debug)]
pub struct List {
    /// Its name.
    pub name: String,
    /// Where it is defined.
    pub place: Place,
    /// What it holds, with lists in it replaced.
    pub items: Vec<Box<str>>,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", harmless(&self.file), self.line)
    }
}

/// A text of a file, to which others may have been appended.
#[derive(Clone, Debug)]
pub struct Written {
    /// The text.
    pub text: String,
    /// Where each part of it stands, by its first byte; there is one at least.
    parts: Vec<(usize, Place)>,
}

impl Written {
    fn new(text: String, place: Place) -> Self {
        Self { text, parts: vec![(0, place)] }
    }

    /// Appends `text` behind a blank.
    fn append(&mut self, text: &str, place: Place) {
        self.text.push(' ');
        self.parts.push((self.text.len(), place));
        self.text.push_str(text);
    }

    /// Where the text begins.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.parts[0].1
    }

    /// Where the part with this byte stands.
    #[must_use]
    pub fn place_of(&self, byte: usize) -> &Place {
        self.parts.iter().rev().find(|(start, _)| *start <= byte).map_or_else(|| self.place(), |(_, place)| place)
    }
}

/// What is wrong in a rules file.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// With what: ``rule `Name` ``; empty when that is not known.
    pub what: String,
    /// What.
    pub error: Error,
    /// The condition that the error's place is in, if it is in one.
    pub text: Option<Arc<str>>,
}

impl Problem {
    /// Something is wrong with `what`, at `place`.
    fn new(place: Place, what: &str, message: impl Into<String>) -> Self {
        Self { place, what: what.to_owned(), error: Error::new(<_>::default(), message), text: None }
    }

    /// Something is wrong with the text of `what`.
    #[must_use]
    pub fn in_text(text: &Written, what: &str, error: Error) -> Self {
        let place = text.place_of(error.span.start).clone();
        Self { place, what: what.to_owned(), error, text: Some(Arc::from(text.text.as_str())) }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.what.is_empty() { self.place.to_string() } else { format!("{}: {}", self.place, self.what) };
        match &self.text {
            Some(text) => Report { name: Some(&name), text, error: &self.error }.fmt(f),
            None => write!(f, "{name}: {}", self.error),
        }
    }
}

/// Reads rules files, each with its name, in order. What is wrong is left out.
#[must_use]
pub fn load(files: &[(&str, &str)]) -> (Rules, Vec<Problem>) {
    let mut problems = Vec::new();
    let definitions = collect::collect(files, &mut problems);
    let rules = expand::expand(definitions, &mut problems);
    (rules, problems)
}
