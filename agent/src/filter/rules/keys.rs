// SPDX-License-Identifier: Apache-2.0
//! The keys of a mapping, and what is expected of them.

use super::yaml::{Content, Key, Node, Trouble};
use crate::{fields::most_like, filter::error::shown};

/// The entries of a mapping by key.
pub(super) struct Keys<'a> {
    pub line: usize,
    pub entries: &'a [(Key, Node)],
}

impl<'a> Keys<'a> {
    /// Those of a value, which `what` names in the error.
    pub(super) fn of(node: &'a Node, what: &str) -> Result<Self, Trouble> {
        match &node.content {
            Content::Mapping(entries) => Ok(Self { line: node.line, entries }),
            Content::Null | Content::Scalar(_) | Content::Sequence(_) => {
                Err(Trouble::new(node.line, format!("{what} is a mapping of keys to values")))
            }
        }
    }

    pub(super) fn only(&self, known: &[&'static str], what: &str) -> Result<(), Trouble> {
        match self.entries.iter().find(|(key, _)| !known.contains(&&*key.name)) {
            Some((key, _)) => Err(unknown_key(key, known, what)),
            None => Ok(()),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a Node> {
        self.entries.iter().find(|(key, _)| key.name == name).map(|(_, node)| node)
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<(String, usize)>, Trouble> {
        let Some(node) = self.get(name) else { return Ok(None) };
        Ok(Some((scalar(node, name)?.to_owned(), node.line)))
    }

    pub(super) fn required(&self, name: &str) -> Result<(String, usize), Trouble> {
        self.text(name)?.ok_or_else(|| Trouble::new(self.line, format!("the key `{name}` is missing")))
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Trouble> {
        let Some(node) = self.get(name) else { return Ok(None) };
        match scalar(node, name)?.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => Ok(Some(true)),
            "false" | "no" | "off" => Ok(Some(false)),
            _ => Err(Trouble::new(node.line, format!("`{name}` is true or false"))),
        }
    }
}

pub(super) fn unknown_key(key: &Key, known: &[&'static str], what: &str) -> Trouble {
    let hint = match most_like(&key.name, known.iter().copied()) {
        Some(like) => format!("did you mean `{like}`?"),
        None => format!("there are {}", known.join(", ")),
    };
    Trouble::new(key.line, format!("unknown key `{}` in {what} ({hint})", shown(&key.name)))
}

pub(super) fn scalar<'a>(node: &'a Node, name: &str) -> Result<&'a str, Trouble> {
    match &node.content {
        Content::Scalar(text) if !text.trim().is_empty() => Ok(text.trim_end_matches('\n')),
        Content::Null | Content::Scalar(_) => Err(Trouble::new(node.line, format!("`{name}` is empty"))),
        Content::Sequence(_) | Content::Mapping(_) => Err(Trouble::new(node.line, format!("`{name}` is one text"))),
    }
}

pub(super) fn sequence<'a>(node: &'a Node, name: &str) -> Result<&'a [Node], Trouble> {
    match &node.content {
        Content::Sequence(items) => Ok(items),
        Content::Null | Content::Scalar(_) | Content::Mapping(_) => {
            Err(Trouble::new(node.line, format!("`{name}` is a sequence: [a, b]")))
        }
    }
}
