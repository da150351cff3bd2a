// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask schema`: the lock file of the contract between probe and agent.
//!
//! Its first part is what crosses: constants, layouts, numbers and ops. Each ABI number has one digest of that part,
//! for good: objects of that number are out there. Its second part, what rows mean to people, may change freely; it is
//! in the file so that reviews see it.

use std::{
    collections::BTreeMap,
    fmt::{Debug, Write as _},
    fs,
    mem::offset_of,
};

use agent_common::{
    effect,
    kernel::Field,
    layout::Layout,
    numbers,
    predicate::{Predicate, Suffix, Test},
    record::{self, Header, MsgPrefix},
    schema::{Abi, Numbered},
    state::{CgroupWord, ExitWord, FileBytes, FileWord, TaskBytes, TaskWord},
    syscalls::{I386_ROWS, NATIVE_ROWS},
};
use anyhow::{Context as _, Result, bail, ensure};
use sha2::{Digest as _, Sha256};

use crate::{report, workspace};

const LOCK: &str = "agent-common/schema.lock";
/// The sources whose constants cross.
const CONSTANTS: &[&str] = &["kernel", "ledger", "numbers", "options", "predicate", "record", "shed", "state"];

/// What to do with the lock file.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Change nothing; fail if the lock file is not what would be written.
    #[arg(long)]
    check: bool,
    /// Forget what the current ABI number stood for. Only for a number that no release has had.
    #[arg(long, conflicts_with = "check")]
    replace: bool,
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.check {
        report::line("schema", check()?);
        return Ok(());
    }
    ensure!(agent_common::X86, "the lock file is written on x86_64: the layout of `epoll_event` differs elsewhere");
    let path = workspace::root().join(LOCK);
    let old = fs::read_to_string(&path).unwrap_or_default();
    let new = lock(&old, record::ABI, &Contract::of_this_tree()?, args.replace)?;
    if new == old {
        report::line("schema", format_args!("{LOCK} is up to date"));
        return Ok(());
    }
    fs::write(&path, new).with_context(|| format!("cannot write {LOCK}"))?;
    report::line("schema", format_args!("{LOCK} written for ABI {}", record::ABI));
    Ok(())
}

/// Fails unless the lock file is what would be written; says what it has found.
pub(crate) fn check() -> Result<String> {
    if !agent_common::X86 {
        return Ok("not checked: the lock file is that of x86_64".to_owned());
    }
    let old = fs::read_to_string(workspace::root().join(LOCK)).with_context(|| format!("cannot read {LOCK}"))?;
    let new = lock(&old, record::ABI, &Contract::of_this_tree()?, false)?;
    if let Some((was, is)) = first_difference(&old, &new) {
        bail!("{LOCK} is out of date; run `cargo xtask schema`\n- {was}\n+ {is}");
    }
    Ok(format!("ABI {} is as locked", record::ABI))
}

/// The two parts of the lock file.
struct Contract {
    crosses: String,
    means: String,
}

impl Contract {
    fn of_this_tree() -> Result<Self> {
        let mut crosses = String::new();
        constants(&mut crosses)?;
        structs(&mut crosses)?;
        tables(&mut crosses)?;
        let mut means = String::new();
        for (table, rows) in [("native", NATIVE_ROWS), ("i386", I386_ROWS)] {
            for (item, row) in rows {
                let args: Vec<_> =
                    row.args.iter().map(|arg| format!("{}@{}: {:?}", arg.name, arg.at, arg.kind)).collect();
                writeln!(means, "row {table} {item} {} {:#x} [{}]", row.name, row.classes, args.join(", "))?;
            }
        }
        Ok(Self { crosses, means })
    }
}

/// Constants and discriminants as they are written: sentinels, bits, modes, the names of maps and globals.
fn constants(out: &mut String) -> Result<()> {
    for module in CONSTANTS {
        let path = workspace::root().join("agent-common/src").join(module).with_extension("rs");
        let source = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        for line in source.lines().map(str::trim) {
            let discriminant = line.split_once(" = ").is_some_and(|(name, value)| {
                name.chars().all(char::is_alphanumeric) && value.starts_with(|first: char| first.is_ascii_digit())
            });
            // The number itself is what the digest is filed under.
            let constant = line.starts_with("pub const ") && line.ends_with(';') && !line.contains("const ABI: u32");
            if constant || discriminant {
                writeln!(out, "{module} {line}")?;
            }
        }
    }
    Ok(())
}

/// Lists a struct's fields with their offsets; the pattern fails to compile when one is missing here.
macro_rules! fields {
    ($out:ident, $name:ident { $($field:ident),* $(,)? }) => {
        let _all_of_them = |$name { $($field),* }: $name| { let _ = ($($field,)*); };
        $(writeln!($out, "struct {} {} at {}", stringify!($name), stringify!($field), offset_of!($name, $field))?;)*
        writeln!($out, "struct {} of {}", stringify!($name), size_of::<$name>())?;
    };
}

fn structs(out: &mut String) -> Result<()> {
    fields!(
        out,
        Header {
            ts,
            seq,
            ret,
            cgroup_id,
            comm,
            nr,
            tgid,
            tid,
            ppid,
            uid,
            gid,
            len,
            truncated,
            flags,
            nargs,
            abi,
            hook,
            cpu,
            gap,
            files,
        }
    );
    fields!(out, Test { source, op, negate, arg, width, yes, no, reserved, offset, set, a, b });
    fields!(out, Predicate { len, needs, texts, path, dirfd, peer, peer_in_message, opens, reserved, tests });
    fields!(out, Suffix { len, reserved, words });
    fields!(out, MsgPrefix { flags, name_len, control_len, data_len, reserved });
    for layout in Layout::ALL {
        writeln!(out, "layout {layout:?} {} {}", layout.size(Abi::Native), layout.size(Abi::I386))?;
    }
    for (name, places) in [
        ("task word", TaskWord::NAMES),
        ("task bytes", TaskBytes::NAMES),
        ("exit word", ExitWord::NAMES),
        ("file word", FileWord::NAMES),
        ("file bytes", FileBytes::NAMES),
        ("cgroup word", CgroupWord::NAMES),
    ] {
        for (i, place) in places.iter().enumerate() {
            writeln!(out, "{name} {i} {place}")?;
        }
    }
    for field in Field::ALL {
        writeln!(out, "field {} {field:?} of {}", *field as usize, field.width())?;
    }
    Ok(())
}

fn tables(out: &mut String) -> Result<()> {
    let tables: [(&str, Abi, &[Numbered]); 3] = [
        ("x86_64", Abi::Native, numbers::X86_64),
        ("aarch64", Abi::Native, numbers::AARCH64),
        ("i386", Abi::I386, numbers::I386),
    ];
    for (name, abi, table) in tables {
        for Numbered { nr, row } in table {
            let ops: Vec<_> = row.args.iter().map(|arg| arg.op(abi)).collect();
            let plan = effect::files(row) | effect::changes(row);
            writeln!(out, "nr {name} {nr} {} at {} {ops:?} plan {plan:#x}", row.name, debug(&row.hook))?;
        }
    }
    Ok(())
}

fn debug(value: &impl Debug) -> String {
    format!("{value:?}").to_lowercase()
}

/// The lock file that follows `old`; refuses to give `abi` a second meaning.
fn lock(old: &str, abi: u32, contract: &Contract, replace: bool) -> Result<String> {
    let digest = Sha256::digest(&contract.crosses).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let mut digests = BTreeMap::new();
    for line in old.lines().filter_map(|line| line.strip_prefix("abi ")) {
        let (abi, digest) = line.split_once(' ').with_context(|| format!("{LOCK}: `abi {line}`"))?;
        digests.insert(abi.parse().with_context(|| format!("{LOCK}: `abi {line}`"))?, digest.to_owned());
    }
    if let Some(locked) = digests.insert(abi, digest.clone())
        && locked != digest
        && !replace
    {
        let crossed =
            old.split_once("\n\n").and_then(|(_, parts)| parts.split_once("\n\n")).map_or("", |parts| parts.0);
        let (was, is) = first_difference(crossed, &contract.crosses).unwrap_or_default();
        bail!(
            "what crosses between probe and agent has changed, but the ABI number has not\n- {was}\n+ {is}\n\
             raise `ABI`, now {abi}, in agent-common/src/record.rs, and run `cargo xtask schema`;\n\
             if no release has had ABI {abi} yet, run `cargo xtask schema --replace`"
        );
    }
    let mut new =
        "# Written by `cargo xtask schema`; do not edit. CONTRIBUTING.md has the rule of the ABI number.\n".to_owned();
    for (abi, digest) in digests {
        writeln!(new, "abi {abi} {digest}")?;
    }
    write!(new, "\n{}\n{}", contract.crosses, contract.means)?;
    Ok(new)
}

/// The first line that differs, before and after.
fn first_difference(old: &str, new: &str) -> Option<(String, String)> {
    let (mut old, mut new) = (old.lines(), new.lines());
    loop {
        match (old.next(), new.next()) {
            (None, None) => return None,
            (was, is) if was == is => {}
            (was, is) => return Some((was.unwrap_or("(nothing)").to_owned(), is.unwrap_or("(nothing)").to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contract(crosses: &str, means: &str) -> Contract {
        Contract { crosses: crosses.to_owned(), means: means.to_owned() }
    }

    #[test]
    fn a_new_file_locks_the_number() {
        let text = lock("", 1, &contract("a\n", "x\n"), false).unwrap();
        assert!(text.contains("\nabi 1 "));
        assert_eq!(lock(&text, 1, &contract("a\n", "x\n"), false).unwrap(), text);
    }

    #[test]
    fn a_number_keeps_its_meaning() {
        let text = lock("", 1, &contract("a\n", "x\n"), false).unwrap();
        let error = lock(&text, 1, &contract("b\n", "x\n"), false).err().unwrap().to_string();
        assert!(error.contains("- a\n+ b\n"), "{error}");
        assert!(lock(&text, 1, &contract("b\n", "x\n"), true).is_ok());
    }

    #[test]
    fn a_raised_number_keeps_the_older_ones() {
        let one = lock("", 1, &contract("a\n", "x\n"), false).unwrap();
        let two = lock(&one, 2, &contract("b\n", "x\n"), false).unwrap();
        assert!(two.contains("\nabi 1 ") && two.contains("\nabi 2 "));
        assert!(lock(&two, 1, &contract("b\n", "x\n"), false).is_err());
    }

    #[test]
    fn meaning_may_change() {
        let text = lock("", 1, &contract("a\n", "x\n"), false).unwrap();
        let newer = lock(&text, 1, &contract("a\n", "y\n"), false).unwrap();
        assert_eq!(first_difference(&text, &newer), Some(("x".to_owned(), "y".to_owned())));
    }
}
