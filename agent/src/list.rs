// SPDX-License-Identifier: Apache-2.0
//! `lanner list`: what this binary knows.

pub mod fields;

use std::{
    collections::BTreeMap,
    io::{self, BufWriter, Write},
    process::ExitCode,
};

use agent_common::{
    class,
    schema::{Abi, Hook, Syscall},
    shed,
};
use anyhow::Result;
use serde::Serialize;

use crate::{output::json::abi_name, select};

/// One argument, as it is listed.
#[derive(Debug, Serialize)]
struct Argument {
    name: &'static str,
    kind: String,
}

/// One syscall, as it is listed.
#[derive(Debug, Serialize)]
struct Entry {
    name: &'static str,
    /// Numbers by ABI.
    nr: BTreeMap<&'static str, u16>,
    classes: Vec<&'static str>,
    /// As what it is given up when a ring fills.
    shed: &'static str,
    args: Vec<Argument>,
    /// Whether it is recorded at its entry, and so has no result.
    at_entry: bool,
}

fn entry(row: &'static Syscall) -> Entry {
    Entry {
        name: row.name,
        nr: BTreeMap::new(),
        classes: class::ALL.iter().filter(|(_, bit)| row.classes & bit != 0).map(|(name, _)| *name).collect(),
        shed: shed::class(row).name(),
        args: row.args.iter().map(|arg| Argument { name: arg.name, kind: format!("{:?}", arg.kind) }).collect(),
        at_entry: row.hook == Hook::Enter,
    }
}

/// Every syscall by name. A name whose arguments differ by ABI has an entry for each form.
fn entries() -> Vec<Entry> {
    let mut entries = BTreeMap::<(&str, String), Entry>::new();
    for (abi, nr, row) in select::rows() {
        let key = (row.name, format!("{:?}", row.args));
        entries.entry(key).or_insert_with(|| entry(row)).nr.insert(abi_name(abi), nr);
    }
    entries.into_values().collect()
}

/// `lanner list syscalls`
///
/// # Errors
/// When the output can't be written.
pub fn syscalls(json: bool) -> Result<ExitCode> {
    show(&entries(), json, table)
}

/// Prints entries as JSON, or as the table for people.
pub(crate) fn show<T: Serialize>(
    entries: &[T],
    json: bool,
    table: impl FnOnce(&[T], &mut BufWriter<io::StdoutLock<'static>>) -> io::Result<()>,
) -> Result<ExitCode> {
    let mut out = BufWriter::new(io::stdout().lock());
    if json {
        serde_json::to_writer_pretty(&mut out, entries).map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        table(entries, &mut out)?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn table(entries: &[Entry], out: &mut impl Write) -> io::Result<()> {
    let width = entries.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
    let abis: Vec<_> = Abi::ALL.into_iter().map(abi_name).collect();
    write!(out, "{:width$}", "NAME")?;
    for abi in &abis {
        write!(out, " {:>7}", abi.to_uppercase())?;
    }
    writeln!(out, "  {:7}  {:30}  ARGUMENTS", "SHED", "CLASSES")?;
    for entry in entries {
        write!(out, "{:width$}", entry.name)?;
        for abi in &abis {
            write!(out, " {:>7}", entry.nr.get(abi).map_or_else(|| "-".to_owned(), u16::to_string))?;
        }
        let args: Vec<_> = entry.args.iter().map(|arg| format!("{}: {}", arg.name, arg.kind)).collect();
        writeln!(out, "  {:7}  {:30}  {}", entry.shed, entry.classes.join(","), args.join(", "))?;
    }
    Ok(())
}
