// SPDX-License-Identifier: Apache-2.0
//! The programs of an object: all that this agent may load, on raw tracepoints, and none of another kind.

use std::collections::{BTreeMap, BTreeSet};

use agent_common::{numbers, options::names, schema::Abi, shape};
use object::{File, Object as _, ObjectSection as _, ObjectSymbol as _, SectionFlags, SymbolKind, elf::SHF_EXECINSTR};

use super::{ObjectError, error::shown};

/// Bytes of an instruction.
const INSTRUCTION: u64 = 8;
/// Instructions of a program, by the kernel's own limit.
const MAX_INSTRUCTIONS: u64 = 1_000_000;
/// What the names of sections with programs for raw tracepoints begin with.
const RAW: &str = "raw_tp/";
/// Functions that programs call.
const TEXT: &str = ".text";

/// Programs that are attached or called by their own name, and where.
const NAMED: [(&str, Option<&str>); 13] = [
    (names::SYS_EXIT, Some("sys_exit")),
    (names::SYS_ENTER, Some("sys_enter")),
    (names::UNKNOWN, None),
    (names::CHANGED, None),
    (names::FILES_EXIT, None),
    (names::FILES_ENTER, None),
    (names::TELL_EXIT, None),
    (names::TELL_ENTER, None),
    (names::JUDGE_EXIT, None),
    (names::JUDGE_ENTER, None),
    (names::GATHER_EXIT, None),
    (names::GATHER_ENTER, None),
    (names::ASKED_EXIT, None),
];

/// Every program that this agent may load, and the tracepoint that its section has to name, if that matters.
pub(super) fn wanted() -> BTreeMap<String, Option<&'static str>> {
    let mut wanted: BTreeMap<_, _> = NAMED.iter().map(|(name, at)| ((*name).to_owned(), *at)).collect();
    wanted.extend(names::TRACEPOINTS.map(|name| (name.to_owned(), Some(name))));
    for abi in Abi::ALL {
        for entry in numbers::table(abi) {
            let mut name = String::new();
            // Writing to a String does not fail.
            let _ = shape::write_name(&mut name, entry.row, abi);
            wanted.insert(name, None);
        }
    }
    wanted
}

/// Checks them, and says how many there are.
pub(super) fn check(file: &File<'_>) -> Result<usize, ObjectError> {
    let mut sections = BTreeMap::new();
    for section in file.sections() {
        let name = section.name_bytes().map(shown).unwrap_or_default();
        let SectionFlags::Elf { sh_flags, .. } = section.flags() else { continue };
        if !sh_flags.contains(SHF_EXECINSTR) || section.size() == 0 {
            continue;
        }
        if name != TEXT && !name.starts_with(RAW) {
            return Err(ObjectError::StrangeProgram(name));
        }
        sections.insert(section.index().0, (name, section.size()));
    }
    let wanted = wanted();
    let mut found = BTreeSet::new();
    for symbol in file.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.is_global()) {
        let name = symbol.name_bytes().map(shown).unwrap_or_default();
        let Some((section, size)) = symbol.section_index().and_then(|index| sections.get(&index.0)) else {
            return Err(ObjectError::Program(name));
        };
        if section == TEXT {
            continue;
        }
        let end = symbol.address().checked_add(symbol.size());
        let whole = symbol.size().is_multiple_of(INSTRUCTION) && symbol.address().is_multiple_of(INSTRUCTION);
        let some = (1..=MAX_INSTRUCTIONS).contains(&(symbol.size() / INSTRUCTION));
        if !whole || !some || end.is_none_or(|end| end > *size) {
            return Err(ObjectError::Program(name));
        }
        if let Some(at) = wanted.get(&name).copied().flatten()
            && section.strip_prefix(RAW) != Some(at)
        {
            return Err(ObjectError::Place { program: name, section: section.clone(), wanted: format!("{RAW}{at}") });
        }
        if !found.insert(name.clone()) {
            return Err(ObjectError::Program(name));
        }
    }
    match wanted.into_keys().find(|name| !found.contains(name)) {
        Some(missing) => Err(ObjectError::NoProgram(missing)),
        None => Ok(found.len()),
    }
}
