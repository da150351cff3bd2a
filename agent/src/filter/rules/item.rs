// SPDX-License-Identifier: Apache-2.0
//! The items of a rules file: which keys they have, and what these hold.

use super::{
    keys::{Keys, scalar, sequence, unknown_key},
    yaml::{Content, Key, Node, Trouble},
};
use crate::{fields::most_like, filter::error::shown};

/// Keys of each kind of item; the first one names it.
const LIST: &[&str] = &["list", "items", "append", "override"];
const MACRO: &[&str] = &["macro", "condition", "append", "override"];
const RULE: &[&str] = &[
    "rule",
    "desc",
    "condition",
    "output",
    "priority",
    "source",
    "tags",
    "enabled",
    "exceptions",
    "capture",
    "capture_duration",
    "warn_evttypes",
    "skip-if-unknown-filter",
    "append",
    "override",
];
const ENGINE: &[&str] = &["required_engine_version"];
const PLUGINS: &[&str] = &["required_plugin_versions"];
const KINDS: &[&[&str]] = &[LIST, MACRO, RULE, ENGINE, PLUGINS];
const EXCEPTION: &[&str] = &["name", "fields", "comps", "values"];

/// Keys of a rule that `override` may append to.
const APPENDABLE: &[&str] = &["condition", "output", "desc", "tags", "exceptions"];
/// Keys of a rule that `override` may replace.
const REPLACEABLE: &[&str] = &[
    "condition",
    "output",
    "desc",
    "priority",
    "capture",
    "capture_duration",
    "tags",
    "exceptions",
    "enabled",
    "warn_evttypes",
    "skip-if-unknown-filter",
];

/// The priorities.
const PRIORITIES: &[&str] = &["EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFORMATIONAL", "DEBUG"];

/// An item.
#[derive(Debug)]
pub(super) enum Item {
    List {
        name: String,
        items: Vec<(String, usize)>,
        append: bool,
    },
    Macro {
        name: String,
        condition: (String, usize),
        append: bool,
    },
    Rule {
        name: String,
        change: Change,
        keys: Box<RuleKeys>,
    },
    /// What a file asks of its reader.
    Required,
}

/// What an item with a rule's name does to the rule.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// It is the rule.
    Define,
    /// `enabled` alone.
    Enable,
    /// What is given is added, or put in the place of what was: `override`; `append` adds all.
    Update(Vec<(String, How)>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Append,
    Replace,
}

/// What is given of a rule.
#[derive(Debug, Default)]
pub(super) struct RuleKeys {
    pub condition: Option<(String, usize)>,
    pub desc: Option<String>,
    pub output: Option<String>,
    pub priority: Option<&'static str>,
    pub source: Option<String>,
    pub tags: Option<Vec<String>>,
    pub enabled: Option<bool>,
    pub skip_if_unknown_filter: Option<bool>,
    pub exceptions: Option<Vec<Exception>>,
}

/// An exception of a rule.
#[derive(Clone, Debug)]
pub(super) struct Exception {
    pub name: String,
    pub line: usize,
    pub fields: Option<Entry>,
    pub comps: Option<Entry>,
    pub values: Vec<Entry>,
}

/// One text or several.
#[derive(Clone, Debug)]
pub(super) enum Entry {
    One(String),
    Many(Vec<Self>),
}

/// Reads an item, and tells what it is, for errors.
pub(super) fn read(node: &Node) -> (String, Result<Item, Trouble>) {
    let keys = match Keys::of(node, "an item") {
        Ok(keys) => keys,
        Err(trouble) => return (String::new(), Err(trouble)),
    };
    let kind = KINDS.iter().find_map(|known| {
        let kind = known.first()?;
        Some((*kind, *known, keys.get(kind)?))
    });
    let Some((kind, known, named)) = kind else {
        let kinds: Vec<_> = KINDS.iter().filter_map(|known| known.first().copied()).collect();
        let trouble = match keys.entries.first() {
            Some((key, _)) if most_like(&key.name, kinds.iter().copied()).is_some() => {
                unknown_key(key, &kinds, "a rules file")
            }
            _ => Trouble::new(node.line, format!("an item has one of the keys {}", kinds.join(", "))),
        };
        return (String::new(), Err(trouble));
    };
    let what = if let Content::Scalar(name) = &named.content
        && matches!(kind, "list" | "macro" | "rule")
    {
        format!("{kind} `{}`", shown(name))
    } else {
        kind.to_owned()
    };
    let item = keys.only(known, &format!("a {kind}")).and_then(|()| match kind {
        "list" => list(&keys),
        "macro" => named_condition(&keys),
        "rule" => rule(&keys),
        "required_engine_version" => engine(named),
        _ => plugins(named),
    });
    (what, item)
}

fn list(keys: &Keys<'_>) -> Result<Item, Trouble> {
    let (name, _) = keys.required("list")?;
    let items = keys.get("items").ok_or_else(|| Trouble::new(keys.line, "the key `items` is missing"))?;
    let items = sequence(items, "items")?
        .iter()
        .map(|item| match &item.content {
            Content::Scalar(text) => Ok((text.clone(), item.line)),
            Content::Null | Content::Sequence(_) | Content::Mapping(_) => {
                Err(Trouble::new(item.line, "an item of a list is one text or number"))
            }
        })
        .collect::<Result<_, _>>()?;
    Ok(Item::List { name, items, append: appends(keys, "items")? })
}

fn named_condition(keys: &Keys<'_>) -> Result<Item, Trouble> {
    let (name, line) = keys.required("macro")?;
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || !name.chars().all(letters) {
        let message = "a macro's name has letters, digits and `_`, and begins with a letter";
        return Err(Trouble::new(line, message));
    }
    Ok(Item::Macro { name, condition: keys.required("condition")?, append: appends(keys, "condition")? })
}

/// Whether an item of which only `key` may be overridden is appended.
fn appends(keys: &Keys<'_>, key: &'static str) -> Result<bool, Trouble> {
    let append = keys.flag("append")?;
    let overrides = overrides(keys, &[key], &[key])?;
    if append == Some(true) && !overrides.is_empty() {
        return Err(Trouble::new(keys.line, "`append` and `override` do not go together"));
    }
    Ok(append == Some(true) || overrides.iter().any(|(_, how)| *how == How::Append))
}

fn overrides(
    keys: &Keys<'_>,
    appendable: &[&'static str],
    replaceable: &[&'static str],
) -> Result<Vec<(String, How)>, Trouble> {
    let Some(node) = keys.get("override") else { return Ok(Vec::new()) };
    let overridden = Keys::of(node, "`override`")?;
    overridden.only(replaceable, "`override`")?;
    if overridden.entries.is_empty() {
        return Err(Trouble::new(node.line, "`override` is empty"));
    }
    let read = |(key, node): &(Key, Node)| {
        let how = match scalar(node, &key.name)? {
            "append" if appendable.contains(&&*key.name) => How::Append,
            "append" => {
                return Err(Trouble::new(key.line, format!("`{}` can't be appended to, only replaced", key.name)));
            }
            "replace" => How::Replace,
            other => {
                let message = format!("`{}` is overridden by `append` or `replace`, not `{}`", key.name, shown(other));
                return Err(Trouble::new(node.line, message));
            }
        };
        if keys.get(&key.name).is_none() {
            return Err(Trouble::new(
                key.line,
                format!("`override` names `{}`, which the item does not have", key.name),
            ));
        }
        Ok((key.name.clone(), how))
    };
    overridden.entries.iter().map(read).collect()
}

fn rule(keys: &Keys<'_>) -> Result<Item, Trouble> {
    let (name, _) = keys.required("rule")?;
    let text = |name| keys.text(name).map(|found| found.map(|(text, _)| text));
    let tags = match keys.get("tags") {
        Some(node) => {
            let tags = sequence(node, "tags")?.iter().map(|tag| scalar(tag, "tags").map(str::to_owned));
            Some(tags.collect::<Result<_, _>>()?)
        }
        None => None,
    };
    // Those of a rule that this agent has no use for are checked all the same.
    keys.flag("capture")?;
    keys.flag("warn_evttypes")?;
    if let Some((duration, line)) = keys.text("capture_duration")?
        && duration.parse::<u32>().is_err()
    {
        return Err(Trouble::new(line, "`capture_duration` is a number of milliseconds"));
    }
    let rule = RuleKeys {
        condition: keys.text("condition")?,
        desc: text("desc")?,
        output: text("output")?,
        priority: priority(keys)?,
        source: keys.get("source").filter(|node| !node.is_empty()).map(|_| text("source")).transpose()?.flatten(),
        tags,
        enabled: keys.flag("enabled")?,
        skip_if_unknown_filter: keys.flag("skip-if-unknown-filter")?,
        exceptions: exceptions(keys)?,
    };
    let overrides = overrides(keys, APPENDABLE, REPLACEABLE)?;
    let append = keys.flag("append")?;
    let given = |known: &[&str]| keys.entries.iter().find(|(key, _)| known.contains(&&*key.name));
    let change = if !overrides.is_empty() {
        if append == Some(true) {
            return Err(Trouble::new(keys.line, "`append` and `override` do not go together"));
        }
        let named = |name: &str| overrides.iter().any(|(overridden, _)| overridden == name);
        if let Some((key, _)) = keys.entries.iter().find(|(k, _)| REPLACEABLE.contains(&&*k.name) && !named(&k.name)) {
            return Err(Trouble::new(key.line, format!("`override` does not say what to do with `{}`", key.name)));
        }
        Change::Update(overrides)
    } else if append == Some(true) {
        if rule.condition.is_none() && rule.exceptions.is_none() {
            return Err(Trouble::new(keys.line, "what is appended is a `condition` or `exceptions`"));
        }
        Change::Update(["condition", "exceptions"].map(|key| (key.to_owned(), How::Append)).into())
    } else if given(&["condition", "output", "desc", "priority"]).is_none() {
        if rule.enabled.is_none() {
            return Err(Trouble::new(keys.line, "a rule has the keys condition, desc, output, priority"));
        }
        Change::Enable
    } else {
        for key in ["condition", "desc", "output", "priority"] {
            if keys.get(key).is_none() {
                return Err(Trouble::new(keys.line, format!("the key `{key}` is missing")));
            }
        }
        Change::Define
    };
    Ok(Item::Rule { name, change, keys: Box::new(rule) })
}

fn priority(keys: &Keys<'_>) -> Result<Option<&'static str>, Trouble> {
    let Some((text, line)) = keys.text("priority")? else { return Ok(None) };
    let upper = text.to_ascii_uppercase();
    let full = if upper == "INFO" { "INFORMATIONAL" } else { &upper };
    let known = PRIORITIES.iter().find(|known| **known == full).copied();
    let unknown = || format!("unknown priority `{}` (there are {})", shown(&text), PRIORITIES.join(", "));
    known.map(Some).ok_or_else(|| Trouble::new(line, unknown()))
}

fn exceptions(keys: &Keys<'_>) -> Result<Option<Vec<Exception>>, Trouble> {
    let Some(node) = keys.get("exceptions") else { return Ok(None) };
    if matches!(node.content, Content::Null) {
        return Ok(Some(Vec::new()));
    }
    let read = |node: &Node| {
        let keys = Keys::of(node, "an exception")?;
        keys.only(EXCEPTION, "an exception")?;
        let entry = |name| keys.get(name).map(|node| entry(node, name)).transpose();
        let values = match keys.get("values") {
            Some(values) => sequence(values, "values")?.iter().map(|value| self::entry(value, "values")).collect(),
            None => Ok(Vec::new()),
        };
        Ok(Exception {
            name: keys.required("name")?.0,
            line: node.line,
            fields: entry("fields")?,
            comps: entry("comps")?,
            values: values?,
        })
    };
    sequence(node, "exceptions")?.iter().map(read).collect::<Result<_, _>>().map(Some)
}

fn entry(node: &Node, name: &str) -> Result<Entry, Trouble> {
    match &node.content {
        Content::Sequence(items) => {
            items.iter().map(|item| entry(item, name)).collect::<Result<_, _>>().map(Entry::Many)
        }
        Content::Null | Content::Scalar(_) | Content::Mapping(_) => {
            scalar(node, name).map(|text| Entry::One(text.into()))
        }
    }
}

/// A number, or `1.2.3`. What it asks for is not held against this agent: what it lacks shows as an unknown field.
fn engine(node: &Node) -> Result<Item, Trouble> {
    let text = scalar(node, "required_engine_version")?;
    let number = text.split(['-', '+']).next().unwrap_or_default();
    if number.split('.').all(|part| part.parse::<u32>().is_ok()) {
        return Ok(Item::Required);
    }
    Err(Trouble::new(node.line, "`required_engine_version` is a number or such as 0.50.0"))
}

fn plugins(node: &Node) -> Result<Item, Trouble> {
    for plugin in sequence(node, "required_plugin_versions")? {
        let keys = Keys::of(plugin, "a required plugin")?;
        keys.only(&["name", "version", "alternatives"], "a required plugin")?;
        keys.required("name")?;
        keys.required("version")?;
        if let Some(alternatives) = keys.get("alternatives") {
            for alternative in sequence(alternatives, "alternatives")? {
                let keys = Keys::of(alternative, "an alternative")?;
                keys.only(&["name", "version"], "an alternative")?;
                keys.required("name")?;
                keys.required("version")?;
            }
        }
    }
    Ok(Item::Required)
}
