// SPDX-License-Identifier: Apache-2.0
//! What becomes of a condition: its parts, what the kernel decides of it for which syscalls, and what is left for
//! userspace.

#[cfg(test)]
mod tests;
mod words;

use std::{
    collections::BTreeSet,
    io::{self, Write},
};

use serde::Serialize;

use super::{
    condition::{Condition, Node},
    kernel::{KernelFilter, Verdict},
    rows::Row,
};
use crate::output::json::abi_name;

const DIM: &str = "\x1b[2m";
const BOLD: &str = "\x1b[1m";
const CYAN: &str = "\x1b[36m";
const RESET: &str = "\x1b[0m";

/// Names of a group that are shown to people.
const SHOWN: usize = 12;
/// How numbers without a syscall are called.
const WITHOUT: &str = "numbers without a syscall";

/// What becomes of a condition.
#[derive(Debug, Serialize)]
pub struct Explanation {
    /// It, as it was written.
    condition: String,
    /// Its parts.
    tree: Part,
    /// What is done with the calls of which syscalls.
    groups: Vec<Group>,
    /// Syscalls that are attached for the condition.
    attached: Vec<String>,
    /// Syscalls whose calls keep the tables true; those that the condition does not keep are not printed.
    state: Vec<String>,
    /// What else there is to know of it.
    notes: Vec<String>,
}

/// A part of a condition.
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Part {
    /// What is known in advance.
    Always(bool),
    /// All of these.
    And(Vec<Self>),
    /// Any of these.
    Or(Vec<Self>),
    /// Not this.
    Not(Box<Self>),
    /// A comparison.
    Test(String),
}

/// Syscalls of whose calls the same is decided.
#[derive(Debug, Serialize)]
struct Group {
    /// Their names.
    syscalls: Vec<String>,
    /// What the kernel decides: it keeps calls of which this is true.
    kernel: String,
    /// What userspace decides of those; nothing when the kernel decides all.
    #[serde(skip_serializing_if = "Option::is_none")]
    userspace: Option<String>,
}

impl Explanation {
    /// What becomes of `condition`, `filter` being made of it.
    #[must_use]
    pub fn of(condition: &Condition, filter: &KernelFilter) -> Self {
        let mut groups: Vec<(String, Option<String>, Vec<Row>)> = Vec::new();
        for (slot, verdict) in &filter.slots {
            let row = Row::of(*slot);
            let Some(residual) = filter.residuals.get(slot) else { continue };
            let kernel = match verdict {
                Verdict::Keep => "every call".to_owned(),
                Verdict::When(index) => words::predicate(condition, filter, *index, &row),
            };
            let userspace = (*residual != Node::Const(true)).then(|| text(condition, residual));
            match groups.iter_mut().find(|group| (&group.0, &group.1) == (&kernel, &userspace)) {
                Some(group) => group.2.push(row),
                None => groups.push((kernel, userspace, vec![row])),
            }
        }
        let all: Vec<Row> = filter.residuals.keys().map(|slot| Row::of(*slot)).collect();
        let state: Vec<Row> = filter.state.iter().map(|slot| Row::of(*slot)).collect();
        Self {
            condition: condition.source.to_string(),
            tree: part(condition, &condition.root),
            groups: groups
                .into_iter()
                .map(|(kernel, userspace, rows)| Group { syscalls: names(&rows, &all), kernel, userspace })
                .collect(),
            attached: names(&all, &all),
            state: names(&state, &state),
            notes: condition.notes.iter().map(|(_, note)| note.clone()).collect(),
        }
    }

    /// Writes it for people.
    ///
    /// # Errors
    /// When `out` takes nothing.
    pub fn write(&self, out: &mut impl Write, colour: bool) -> io::Result<()> {
        let paint = |style: &'static str, text: &str| {
            if colour { format!("{style}{text}{RESET}") } else { text.to_owned() }
        };
        writeln!(out, "{}", paint(BOLD, "condition"))?;
        tree(&self.tree, 1, out)?;
        writeln!(out, "\n{}", paint(BOLD, "in the kernel"))?;
        if self.groups.is_empty() {
            writeln!(out, "  it never holds: no call is captured for it")?;
        }
        for group in &self.groups {
            writeln!(out, "  {}", paint(CYAN, &listed(&group.syscalls)))?;
            writeln!(out, "    keeps             {}", group.kernel)?;
            let rest = group.userspace.as_deref().unwrap_or("nothing");
            let rest = if group.userspace.is_some() { rest.to_owned() } else { paint(DIM, rest) };
            writeln!(out, "    left to the agent {rest}")?;
        }
        writeln!(out, "\n{}\n  {}", paint(BOLD, "attached"), counted(&self.attached))?;
        if !self.state.is_empty() {
            writeln!(out, "\n{}", paint(BOLD, "for the tables"))?;
            writeln!(out, "  {}", listed(&self.state))?;
            writeln!(
                out,
                "    they tell which side of a connection a socket is on, and the last peer of a datagram socket;"
            )?;
            writeln!(out, "    what the condition does not keep of them is counted as state and not printed")?;
        }
        if !self.notes.is_empty() {
            writeln!(out, "\n{}", paint(BOLD, "notes"))?;
            for note in &self.notes {
                writeln!(out, "  {note}")?;
            }
        }
        Ok(())
    }

    /// Writes it as JSON.
    ///
    /// # Errors
    /// When `out` takes nothing.
    pub fn json(&self, mut out: impl Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut out, self).map_err(io::Error::from)?;
        writeln!(out)
    }
}

/// Names, each once; where only some of the conventions' calls are among them, with the convention.
fn names(rows: &[Row], all: &[Row]) -> Vec<String> {
    let names: BTreeSet<_> = rows.iter().map(Row::name).collect();
    let mut texts = Vec::new();
    for name in names {
        let Some(name) = name else {
            texts.push(WITHOUT.to_owned());
            continue;
        };
        let own: Vec<_> = rows.iter().filter(|row| row.name() == Some(name)).collect();
        let others = all.iter().filter(|row| row.name() == Some(name)).count();
        if own.len() == others {
            texts.push(name.to_owned());
        } else {
            texts.extend(own.iter().map(|row| format!("{name} ({})", abi_name(row.abi))));
        }
    }
    // What has no name comes last.
    texts.sort_by_key(|text| text == WITHOUT);
    texts.dedup();
    texts
}

fn listed(names: &[String]) -> String {
    match names.get(..SHOWN) {
        Some(first) if names.len() > SHOWN => {
            format!("{} and {} more", first.join(", "), names.len() - SHOWN)
        }
        Some(_) | None => names.join(", "),
    }
}

fn counted(names: &[String]) -> String {
    match names.len() {
        0 => "no syscall".to_owned(),
        1 => format!("1 syscall: {}", listed(names)),
        n => format!("{n} syscalls: {}", listed(names)),
    }
}

fn tree(part: &Part, depth: usize, out: &mut impl Write) -> io::Result<()> {
    let indent = "  ".repeat(depth);
    let (word, parts): (&str, &[Part]) = match part {
        Part::Always(true) => return writeln!(out, "{indent}always"),
        Part::Always(false) => return writeln!(out, "{indent}never"),
        Part::Test(text) => return writeln!(out, "{indent}{text}"),
        Part::And(parts) => ("and", parts),
        Part::Or(parts) => ("or", parts),
        Part::Not(part) => ("not", std::slice::from_ref(part)),
    };
    writeln!(out, "{indent}{word}")?;
    parts.iter().try_for_each(|part| tree(part, depth + 1, out))
}

fn part(condition: &Condition, node: &Node) -> Part {
    let parts = |nodes: &[Node]| nodes.iter().map(|node| part(condition, node)).collect();
    match node {
        Node::Const(value) => Part::Always(*value),
        Node::And(nodes) => Part::And(parts(nodes)),
        Node::Or(nodes) => Part::Or(parts(nodes)),
        Node::Not(node) => Part::Not(Box::new(part(condition, node))),
        Node::Test(index) => Part::Test(comparison(condition, *index)),
    }
}

/// A part of a condition in one line.
fn text(condition: &Condition, node: &Node) -> String {
    let joined = |nodes: &[Node], word: &str| {
        let part = |node: &Node| match node {
            Node::And(_) | Node::Or(_) => format!("({})", text(condition, node)),
            Node::Const(_) | Node::Not(_) | Node::Test(_) => text(condition, node),
        };
        nodes.iter().map(part).collect::<Vec<_>>().join(word)
    };
    match node {
        Node::Const(value) => if *value { "always" } else { "never" }.to_owned(),
        Node::And(nodes) => joined(nodes, " and "),
        Node::Or(nodes) => joined(nodes, " or "),
        Node::Not(node) if matches!(**node, Node::And(_) | Node::Or(_)) => format!("not ({})", text(condition, node)),
        Node::Not(node) => format!("not {}", text(condition, node)),
        Node::Test(index) => comparison(condition, *index),
    }
}

/// A comparison as it was written, in one line.
fn comparison(condition: &Condition, index: usize) -> String {
    let written = condition.tests.get(index).and_then(|test| condition.source.get(test.span.start..test.span.end));
    let lines = written.unwrap_or("?").split(['\n', '\r', '\t']).map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ")
}
