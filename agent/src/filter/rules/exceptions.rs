// SPDX-License-Identifier: Apache-2.0
//! Exceptions of a rule, as text that is appended to its condition: `and not ((field = value and ..) or ..)`.

use super::{
    Place, Written,
    item::{Entry, Exception},
    yaml::Trouble,
};
use crate::filter::{
    ast::{Literal, Modifier, Op},
    error::shown,
    parse::is_bare,
    words::Takes,
};

/// The exceptions of a rule.
#[derive(Debug, Default)]
pub(super) struct Exceptions {
    all: Vec<Known>,
}

/// An exception: fields with operators, and rows of values.
#[derive(Debug)]
struct Known {
    name: String,
    place: Place,
    /// Whether `fields` was one text: each value is then one of what the field is compared with.
    single: bool,
    fields: Vec<String>,
    comps: Vec<String>,
    values: Vec<Entry>,
}

impl Exceptions {
    /// Adds to those of the same name, or new ones.
    pub(super) fn add(&mut self, exceptions: Vec<Exception>, place: &impl Fn(usize) -> Place) -> Result<(), Trouble> {
        for exception in exceptions {
            let line = exception.line;
            let in_exception = |trouble: Trouble| {
                Trouble::new(line, format!("exception `{}`: {}", shown(&exception.name), trouble.message))
            };
            let found = self.all.iter().position(|known| known.name == exception.name);
            let at = found.unwrap_or(self.all.len());
            if found.is_none() {
                self.all.push(Known::new(&exception, place(line)).map_err(in_exception)?);
            } else if exception.fields.is_some() || exception.comps.is_some() {
                return Err(in_exception(Trouble::new(line, "it is known; only `values` can be added")));
            }
            let known = &mut self.all[at];
            known.check(&exception.values, line).map_err(in_exception)?;
            known.values.extend(exception.values);
        }
        Ok(())
    }

    /// Appends them to a condition.
    pub(super) fn append_to(&self, condition: &Written) -> Written {
        let mut text = Written::new("(".to_owned(), condition.place().clone());
        text.parts.extend(condition.parts.iter().map(|(start, place)| (start + 1, place.clone())));
        text.text.push_str(&condition.text);
        text.text.push(')');
        for known in self.used() {
            text.append(&format!("and not {}", known.text()), known.place.clone());
        }
        text
    }

    pub(super) fn is_empty(&self) -> bool {
        self.used().next().is_none()
    }

    fn used(&self) -> impl Iterator<Item = &Known> {
        self.all.iter().filter(|known| !known.values.is_empty())
    }
}

impl Known {
    fn new(exception: &Exception, place: Place) -> Result<Self, Trouble> {
        let line = exception.line;
        let wrong = |message: &str| Trouble::new(line, message);
        let (single, fields) = match &exception.fields {
            Some(Entry::One(field)) => (true, vec![field.clone()]),
            Some(Entry::Many(fields)) => {
                (false, texts(fields).ok_or_else(|| wrong("`fields` is one field or several"))?)
            }
            None => return Err(wrong("the key `fields` is missing")),
        };
        let comps = match &exception.comps {
            None => vec![if single { "in" } else { "=" }.to_owned(); fields.len()],
            Some(Entry::One(comp)) if single => vec![comp.clone()],
            Some(Entry::Many(comps)) if !single => {
                texts(comps).ok_or_else(|| wrong("`comps` is a list of operators"))?
            }
            Some(Entry::One(_) | Entry::Many(_)) => {
                return Err(wrong("`fields` and `comps` are both one text or both lists"));
            }
        };
        if comps.len() != fields.len() || fields.is_empty() {
            return Err(wrong("`fields` and `comps` have the same length, which is not 0"));
        }
        for comp in &comps {
            match takes(comp) {
                None => return Err(wrong(&format!("`{}` is no operator", shown(comp)))),
                Some(Takes::List) => {}
                Some(_) if single => {
                    return Err(wrong("of one field `comps` is in, pmatch, intersects or such as `startswith oneof`"));
                }
                Some(Takes::Nothing | Takes::Number | Takes::Text) => {}
            }
        }
        Ok(Self { name: exception.name.clone(), place, single, fields, comps, values: Vec::new() })
    }

    fn check(&self, values: &[Entry], line: usize) -> Result<(), Trouble> {
        let fits = |value: &Entry| match value {
            Entry::One(_) => self.single,
            Entry::Many(row) if self.single => row.is_empty(),
            Entry::Many(row) => {
                let flat = |entry: &Entry| match entry {
                    Entry::One(_) => true,
                    Entry::Many(items) => texts(items).is_some(),
                };
                row.len() == self.fields.len() && row.iter().all(flat)
            }
        };
        if values.iter().all(fits) {
            return Ok(());
        }
        Err(Trouble::new(
            line,
            if self.single {
                "of one field `values` is a list of texts: [a, b]"
            } else {
                "each of `values` is a list with a value for each of `fields`: [[a, b], [c, d]]"
            },
        ))
    }

    fn text(&self) -> String {
        if self.single {
            let values = joined(&self.values, ", ", |value| match value {
                Entry::One(text) => quoted(text),
                Entry::Many(_) => String::new(),
            });
            return format!("({} {} ({values}))", self.fields[0], self.comps[0]);
        }
        let row = |value: &Entry| {
            let Entry::Many(row) = value else { return String::new() };
            let parts: Vec<_> = self.fields.iter().zip(&self.comps).zip(row).collect();
            let parts = joined(&parts, " and ", |((field, comp), value)| {
                let value = match value {
                    Entry::Many(items) => format!(
                        "({})",
                        joined(items, ", ", |item| match item {
                            Entry::One(text) => quoted(text),
                            Entry::Many(_) => String::new(),
                        })
                    ),
                    Entry::One(text) if takes(comp) != Some(Takes::List) => quoted(text),
                    Entry::One(text) if text.starts_with('(') => text.clone(),
                    Entry::One(text) => format!("({})", quoted(text)),
                };
                format!("{field} {comp} {value}")
            });
            format!("({parts})")
        };
        format!("({})", joined(&self.values, " or ", row))
    }
}

fn joined<T>(parts: &[T], joint: &str, text: impl Fn(&T) -> String) -> String {
    parts.iter().map(text).collect::<Vec<_>>().join(joint)
}

fn texts(entries: &[Entry]) -> Option<Vec<String>> {
    entries
        .iter()
        .map(|entry| match entry {
            Entry::One(text) => Some(text.clone()),
            Entry::Many(_) => None,
        })
        .collect()
}

/// What `comp` takes: an operator, or one with `oneof`, `anyof`, `allof`.
fn takes(comp: &str) -> Option<Takes> {
    let mut words = comp.split_whitespace();
    let op = words.next().map(|word| if word == "==" { "=" } else { word }).and_then(Op::named)?;
    match (words.next().map(Modifier::named), words.next()) {
        (None, None) => Some(op.takes()),
        (Some(Some(_)), None) if op.takes() == Takes::Text => Some(Takes::List),
        _ => None,
    }
}

/// The text as it stands in a condition.
fn quoted(text: &str) -> String {
    if text.starts_with(['"', '\'']) || (!text.is_empty() && text.chars().all(is_bare)) {
        return text.to_owned();
    }
    Literal { text: Box::from(text), quoted: true, span: <_>::default() }.to_string()
}
