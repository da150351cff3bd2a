// SPDX-License-Identifier: Apache-2.0
//! What is defined, after every item of every file.

use std::{collections::HashMap, sync::Arc};

use super::{
    About, Counts, MOST_BYTES, Place, Problem, Written,
    exceptions::Exceptions,
    item::{self, Change, How, Item, RuleKeys},
    yaml::{self, Content, Trouble},
};

/// Definitions of one kind, by name and in order.
#[derive(Debug)]
pub(super) struct Named<T> {
    all: Vec<Defined<T>>,
    by_name: HashMap<String, usize>,
}

#[derive(Debug)]
pub(super) struct Defined<T> {
    pub name: String,
    /// When it was defined first, among all items.
    pub first: usize,
    /// When it was last changed: it may use what was defined before.
    pub last: usize,
    pub is: T,
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self { all: Vec::new(), by_name: HashMap::new() }
    }
}

impl<T> Named<T> {
    pub(super) fn all(&self) -> &[Defined<T>] {
        &self.all
    }

    pub(super) fn into_all(self) -> Vec<Defined<T>> {
        self.all
    }

    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// Defines `name`, or defines it anew in its old place.
    fn define(&mut self, name: String, time: usize, is: T) {
        if let Some(defined) = self.change(&name, time) {
            *defined = is;
        } else {
            self.by_name.insert(name.clone(), self.all.len());
            self.all.push(Defined { name, first: time, last: time, is });
        }
    }

    /// What is called `name`, to be changed.
    fn change(&mut self, name: &str, time: usize) -> Option<&mut T> {
        let defined = self.all.get_mut(*self.by_name.get(name)?)?;
        defined.last = time;
        Some(&mut defined.is)
    }
}

/// A list: its items with their places.
#[derive(Debug)]
pub(super) struct ListDefinition {
    pub place: Place,
    pub items: Vec<(String, Place)>,
}

/// A rule.
#[derive(Debug)]
pub(super) struct RuleDefinition {
    pub condition: Written,
    pub exceptions: Exceptions,
    pub about: About,
}

/// Everything that is defined.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    pub lists: Named<ListDefinition>,
    pub macros: Named<Written>,
    pub rules: Named<RuleDefinition>,
    pub files: Vec<Counts>,
    items: usize,
}

pub(super) fn collect(files: &[(&str, &str)], problems: &mut Vec<Problem>) -> Definitions {
    let mut definitions = Definitions::default();
    for (name, text) in files {
        let file = Arc::from(*name);
        definitions.files.push(Counts::default());
        if let Err(trouble) = definitions.file(&file, text, problems) {
            problems.push(Problem::new(Place { file, line: trouble.line }, "", trouble.message));
        }
    }
    definitions
}

impl Definitions {
    fn file(&mut self, file: &Arc<str>, text: &str, problems: &mut Vec<Problem>) -> Result<(), Trouble> {
        if text.len() > MOST_BYTES {
            return Err(Trouble::new(
                1,
                format!("a rules file has at most {MOST_BYTES} bytes, this one has {}", text.len()),
            ));
        }
        for document in yaml::read(text)? {
            let items = match document.content {
                Content::Sequence(items) => items,
                Content::Null => continue,
                Content::Scalar(_) | Content::Mapping(_) => {
                    return Err(Trouble::new(document.line, "a rules file is a sequence of items: `- rule: ..`"));
                }
            };
            for node in items {
                let place = |line| Place { file: Arc::clone(file), line };
                let (what, item) = item::read(&node);
                let done = item.and_then(|item| self.item(item, node.line, &place));
                if let Err(trouble) = done {
                    problems.push(Problem::new(place(trouble.line), &what, trouble.message));
                }
            }
        }
        Ok(())
    }

    fn item(&mut self, item: Item, line: usize, place: &impl Fn(usize) -> Place) -> Result<(), Trouble> {
        self.items += 1;
        let time = self.items;
        if let Some(counts) = self.files.last_mut() {
            match &item {
                Item::Required => {}
                Item::List { .. } => counts.lists += 1,
                Item::Macro { .. } => counts.macros += 1,
                Item::Rule { .. } => counts.rules += 1,
            }
        }
        match item {
            Item::Required => {}
            Item::List { name, items, append } => {
                let items: Vec<_> = items.into_iter().map(|(text, line)| (text, place(line))).collect();
                if append {
                    self.lists.change(&name, time).ok_or_else(|| no_previous(line, "list"))?.items.extend(items);
                } else {
                    self.lists.define(name, time, ListDefinition { place: place(line), items });
                }
            }
            Item::Macro { name, condition: (text, at), append } => {
                if append {
                    let previous = self.macros.change(&name, time).ok_or_else(|| no_previous(line, "macro"))?;
                    previous.append(&text, place(at));
                } else {
                    self.macros.define(name, time, Written::new(text, place(at)));
                }
            }
            Item::Rule { name, change: Change::Define, keys } => {
                let Some(rule) = define(*keys, place)? else {
                    return Err(Trouble::new(line, "a rule has the keys condition, desc, output, priority"));
                };
                self.rules.define(name, time, rule);
            }
            Item::Rule { name, change: Change::Enable, keys } => {
                let rule = self.rules.change(&name, time).ok_or_else(|| no_previous(line, "rule"))?;
                rule.about.enabled = keys.enabled.unwrap_or(rule.about.enabled);
            }
            Item::Rule { name, change: Change::Update(how), keys } => {
                let rule = self.rules.change(&name, time).ok_or_else(|| no_previous(line, "rule"))?;
                update(rule, &how, *keys, place)?;
            }
        }
        Ok(())
    }
}

fn no_previous(line: usize, kind: &str) -> Trouble {
    Trouble::new(line, format!("no {kind} of this name was defined before, so nothing can be changed"))
}

fn define(keys: RuleKeys, place: &impl Fn(usize) -> Place) -> Result<Option<RuleDefinition>, Trouble> {
    let (Some((condition, line)), Some(desc), Some(output), Some(priority)) =
        (keys.condition, keys.desc, keys.output, keys.priority)
    else {
        return Ok(None);
    };
    let mut exceptions = Exceptions::default();
    exceptions.add(keys.exceptions.unwrap_or_default(), place)?;
    let about = About {
        desc,
        output,
        priority,
        source: keys.source.unwrap_or_else(|| "syscall".to_owned()),
        tags: keys.tags.unwrap_or_default(),
        enabled: keys.enabled.unwrap_or(true),
        skip_if_unknown_filter: keys.skip_if_unknown_filter.unwrap_or(false),
    };
    Ok(Some(RuleDefinition { condition: Written::new(condition, place(line)), exceptions, about }))
}

fn update(
    rule: &mut RuleDefinition,
    how: &[(String, How)],
    keys: RuleKeys,
    place: &impl Fn(usize) -> Place,
) -> Result<(), Trouble> {
    let appended = |key: &str| how.iter().any(|(name, how)| name == key && *how == How::Append);
    if let Some((text, line)) = keys.condition {
        if appended("condition") {
            rule.condition.append(&text, place(line));
        } else {
            rule.condition = Written::new(text, place(line));
        }
    }
    let about = &mut rule.about;
    for (key, old, new) in [("desc", &mut about.desc, keys.desc), ("output", &mut about.output, keys.output)] {
        let Some(new) = new else { continue };
        if appended(key) {
            old.push(' ');
            old.push_str(&new);
        } else {
            *old = new;
        }
    }
    if let Some(tags) = keys.tags {
        if !appended("tags") {
            about.tags.clear();
        }
        about.tags.extend(tags);
    }
    if let Some(exceptions) = keys.exceptions {
        if !appended("exceptions") {
            rule.exceptions = Exceptions::default();
        }
        rule.exceptions.add(exceptions, place)?;
    }
    // `append` changes nothing but what is appended to.
    if how.iter().any(|(_, how)| *how == How::Replace) {
        about.priority = keys.priority.unwrap_or(about.priority);
        about.enabled = keys.enabled.unwrap_or(about.enabled);
        about.skip_if_unknown_filter = keys.skip_if_unknown_filter.unwrap_or(about.skip_if_unknown_filter);
    }
    Ok(())
}
