// SPDX-License-Identifier: Apache-2.0
//! A field with its argument, as outputs and conditions name it: `proc.name`, `proc.aname[2]`, `evt.arg.flags`.

use std::{fmt, str::FromStr};

use thiserror::Error;

use super::{ArgRule, Field, Type, args, find, most_like, nearest, value::Value};
use crate::{event::Event, select};

/// The argument of a field.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Arg {
    /// `[2]`
    Index(u32),
    /// `[HOME]`, `.flags`
    Key(Box<str>),
}

/// A field with its argument.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The field.
    pub field: &'static Field,
    /// Its argument.
    pub arg: Option<Arg>,
    /// As it was written.
    text: Box<str>,
}

/// Why a text names no field.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum BadReference {
    /// No field has the name.
    #[error("unknown field `{name}`{}", did_you_mean(*.like))]
    Unknown {
        /// The name.
        name: String,
        /// A field with a name like it.
        like: Option<&'static str>,
    },
    /// A bracket is not closed, or something follows it.
    #[error("`{0}`: an argument is written `[argument]`, at the end")]
    Brackets(String),
    /// The field has no argument.
    #[error("`{0}` takes no argument")]
    NotAllowed(&'static str),
    /// The field has no meaning without an argument.
    #[error("`{0}` needs an argument: {0}{1}")]
    Required(&'static str, &'static str),
    /// The argument is not a number.
    #[error("`{0}` takes a number as its argument, not `{1}`")]
    NotANumber(&'static str, String),
    /// No call has an argument of this name.
    #[error("no syscall has an argument `{name}`{}", did_you_mean(*.like))]
    Argument {
        /// The name.
        name: String,
        /// An argument with a name like it.
        like: Option<&'static str>,
    },
    /// No such syscall.
    #[error("no syscall is called `{0}`")]
    Syscall(String),
}

fn did_you_mean(like: Option<&str>) -> String {
    like.map(|like| format!(" (did you mean `{like}`?)")).unwrap_or_default()
}

/// Fields that have several values unless an argument names one.
const LISTS: &[&str] = &[
    "fd.ip",
    "fd.net",
    "fd.port",
    "proc.aargs",
    "proc.acmdline",
    "proc.aenv",
    "proc.aexe",
    "proc.aexepath",
    "proc.aname",
    "proc.apid",
];

impl Reference {
    /// Its value for `event`, for a comparison.
    #[must_use]
    pub fn get<'e>(&self, event: &'e Event<'_>) -> Value<'e> {
        (self.field.get)(event, self.arg.as_ref())
    }

    /// Its value for `event`, for an output. Addresses are not resolved to names, so that these are missing.
    #[must_use]
    pub fn output<'e>(&self, event: &'e Event<'_>) -> Value<'e> {
        if self.field.kind == Type::Hostname { Value::Missing } else { self.get(event) }
    }

    /// Whether it may have several values.
    #[must_use]
    pub fn is_list(&self) -> bool {
        self.arg.is_none() && LISTS.contains(&self.field.name)
    }

    /// It as it was written: what its key in JSON is.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Reference {
    type Err = BadReference;

    fn from_str(text: &str) -> Result<Self, BadReference> {
        let (field, arg) = match text.split_once('[') {
            Some((name, rest)) => {
                let bad = || BadReference::Brackets(text.to_owned());
                let arg = rest.strip_suffix(']').ok_or_else(bad)?;
                if arg.is_empty() || arg.contains(['[', ']']) {
                    return Err(bad());
                }
                (find(name).ok_or_else(|| unknown(name))?, Some(arg))
            }
            None => match find(text) {
                Some(field) => (field, None),
                None => dotted(text).ok_or_else(|| unknown(text))?,
            },
        };
        let arg = argument(field, arg)?;
        Ok(Self { field, arg, text: Box::from(text) })
    }
}

fn unknown(name: &str) -> BadReference {
    BadReference::Unknown { name: name.to_owned(), like: nearest(name) }
}

/// The field and the argument of `evt.arg.flags` and of `container.label.org.name`.
fn dotted(text: &str) -> Option<(&'static Field, Option<&str>)> {
    text.rmatch_indices('.').find_map(|(at, _)| {
        let (name, arg) = (text.get(..at)?, text.get(at + 1..)?);
        let field = find(name)?;
        let allowed = match field.arg {
            ArgRule::Call | ArgRule::Syscall => !arg.contains('.'),
            ArgRule::KeyRequired => true,
            ArgRule::None | ArgRule::Index | ArgRule::Key | ArgRule::IndexOrKey | ArgRule::IndexOrKeyRequired => false,
        };
        (allowed && !arg.is_empty()).then_some((field, Some(arg)))
    })
}

/// The argument of `field`, by the field's rule.
fn argument(field: &'static Field, arg: Option<&str>) -> Result<Option<Arg>, BadReference> {
    let name = field.name;
    let required = || BadReference::Required(name, field.arg.syntax());
    let index = |arg: &str| arg.parse().map(Arg::Index).ok();
    let key = |arg: &str| Arg::Key(Box::from(arg));
    match (field.arg, arg) {
        (ArgRule::None | ArgRule::Index | ArgRule::Key | ArgRule::IndexOrKey, None) => Ok(None),
        (ArgRule::None, Some(_)) => Err(BadReference::NotAllowed(name)),
        (ArgRule::KeyRequired | ArgRule::IndexOrKeyRequired | ArgRule::Call | ArgRule::Syscall, None) => {
            Err(required())
        }
        (ArgRule::Index, Some(arg)) => match index(arg) {
            Some(arg) => Ok(Some(arg)),
            None => Err(BadReference::NotANumber(name, arg.to_owned())),
        },
        (ArgRule::Key | ArgRule::KeyRequired, Some(arg)) => Ok(Some(key(arg))),
        (ArgRule::IndexOrKey | ArgRule::IndexOrKeyRequired, Some(arg)) => {
            Ok(Some(index(arg).unwrap_or_else(|| key(arg))))
        }
        (ArgRule::Call, Some(arg)) => match index(arg) {
            Some(arg) => Ok(Some(arg)),
            None if args::names().any(|known| known == arg) => Ok(Some(key(arg))),
            None => Err(BadReference::Argument { name: arg.to_owned(), like: most_like(arg, args::names()) }),
        },
        (ArgRule::Syscall, Some(arg)) => {
            if select::rows().any(|(_, _, row)| row.name == arg) {
                Ok(Some(key(arg)))
            } else {
                Err(BadReference::Syscall(arg.to_owned()))
            }
        }
    }
}
