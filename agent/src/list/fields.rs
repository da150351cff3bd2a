// SPDX-License-Identifier: Apache-2.0
//! `lanner list fields`: the fields that outputs and conditions may ask for.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use anyhow::Result;
use serde::Serialize;

use crate::fields::{self, Field};

/// One field, as it is listed.
#[derive(Debug, Serialize)]
struct Entry {
    name: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    argument: &'static str,
    /// Whether only conditions may ask for it.
    filter_only: bool,
    help: &'static str,
}

impl From<&'static Field> for Entry {
    fn from(field: &'static Field) -> Self {
        Self {
            name: field.name,
            kind: field.kind.name(),
            argument: field.arg.syntax(),
            filter_only: field.filter_only,
            help: field.help,
        }
    }
}

/// `lanner list fields`
///
/// # Errors
/// When the output can't be written.
pub fn run(json: bool) -> Result<ExitCode> {
    let entries: Vec<_> = fields::all().iter().copied().map(Entry::from).collect();
    super::show(&entries, json, table)
}

fn table(entries: &[Entry], out: &mut impl Write) -> io::Result<()> {
    let width = |of: fn(&Entry) -> usize| entries.iter().map(of).max().unwrap_or(0);
    let (name, argument) = (width(|entry| entry.name.len()), width(|entry| entry.argument.len()));
    writeln!(out, "{:name$}  {:8}  {:argument$}  HELP", "NAME", "TYPE", "ARGUMENT")?;
    for entry in entries {
        let only = if entry.filter_only { " (conditions only)" } else { "" };
        writeln!(out, "{:name$}  {:8}  {:argument$}  {}{only}", entry.name, entry.kind, entry.argument, entry.help)?;
    }
    Ok(())
}

/// `docs/fields.md`, as these fields make it.
#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    const HEAD: &str = "# Fields

<!-- Made by `LANNER_BLESS=1 cargo test -p agent fields_page`; `lanner list fields` prints the same. -->

What `--fields` and `--format` can print of an event. Names and meanings are [Falco's][falco]; a field of Falco's that is
not here is one that this agent can't fill. A value that an event does not have is `<NA>` in text and `null` in JSON.

Times of day are in UTC. Values that processes chose are escaped as in all [output](output.md). A field of several values
is one string, joined by spaces. `lanner list fields --json` is this table for machines.

[falco]: https://falco.org/docs/reference/rules/supported-fields/

## Columns and formats

`--fields evt.time,proc.name,fd.name` prints columns with one space between them, below a line with their names on a
terminal. With `-o json` a line is an object with a member per field.

`--format '%evt.time %proc.name(%proc.pid) %evt.type %fd.name'` has Falco's syntax: `%field` or `%field[argument]` is the
value, `%20field` the value cut or filled to 20 characters, and `%%` a percent sign. Falco does not print an event of which
a field is missing unless a `*` stands in front; here every event is printed, and the `*` is accepted. With `-o json` a line
is `{\"output\": the text, \"output_fields\": {the fields}}`.

Fields are named as they were asked for (`proc.aname[2]`), each once. Where one is not UTF-8, wrong bytes are written `\\xNN`
and backslashes twice, and the member `escaped` lists its name.

## All fields

| field | type | argument | meaning |
|---|---|---|---|
";

    #[test]
    fn fields_page_is_up_to_date() {
        let mut page = HEAD.to_owned();
        for entry in fields::all().iter().copied().map(Entry::from) {
            let only = if entry.filter_only { "; for conditions only" } else { "" };
            let argument = if entry.argument.is_empty() { String::new() } else { format!("`{}`", entry.argument) };
            writeln!(page, "| `{}` | {} | {argument} | {}{only} |", entry.name, entry.kind, entry.help)
                .expect("writing to a string does not fail");
        }
        let there = crate::golden::wanted("../docs/fields.md", page.as_bytes());
        assert!(there == page, "docs/fields.md is out of date: LANNER_BLESS=1 cargo test -p agent fields_page");
    }

    #[test]
    fn every_field_has_a_line() {
        let entries: Vec<_> = fields::all().iter().copied().map(Entry::from).collect();
        let mut out = Vec::new();
        table(&entries, &mut out).expect("memory");
        let text = String::from_utf8(out).expect("UTF-8");
        assert_eq!(text.lines().count(), entries.len() + 1);
        assert!(text.lines().any(|line| line.starts_with("proc.name ") && line.contains(" CHARBUF ")), "{text}");
    }
}
