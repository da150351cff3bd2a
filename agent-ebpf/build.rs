// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! Generates the tail-called programs: one for each shape of row in the table, and the dispatch of entries.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    error::Error,
    fmt::Write as _,
    fs,
    path::Path,
};

use agent_common::{
    identity, numbers,
    schema::{Abi, Hook, Numbered},
    shape,
};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=CARGO_ENCODED_RUSTFLAGS");
    // The build script runs on the host; the table must be the one of the kernel the probe is for.
    let x86 = !env::var("CARGO_ENCODED_RUSTFLAGS")?.contains("bpf_target_arch=\"aarch64\"");
    let tables: &[(Abi, &[Numbered])] = if x86 {
        &[(Abi::Native, numbers::X86_64), (Abi::I386, numbers::I386)]
    } else {
        &[(Abi::Native, numbers::AARCH64)]
    };
    let out = env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("programs.rs"), programs(tables, x86)?)?;
    fs::write(Path::new(&out).join("entries.rs"), entries(tables)?)?;
    let mut identity = String::new();
    identity::write(&mut identity, if x86 { "x86_64" } else { "aarch64" })?;
    fs::write(Path::new(&out).join("identity"), identity)?;
    Ok(())
}

/// `program!(name, Abi, hook, [ops]);` for each shape.
fn programs(tables: &[(Abi, &[Numbered])], x86: bool) -> Result<String, Box<dyn Error>> {
    let mut shapes = BTreeMap::new();
    for (abi, table) in tables {
        for entry in *table {
            let mut name = String::new();
            shape::write_name_on(&mut name, entry.row, *abi, x86)?;
            if entry.row.hook == Hook::Enter && entry.row.fixed_len(*abi).is_none() {
                return Err(format!("{name}: a row recorded at entry must have register arguments only").into());
            }
            shapes.insert(name, (*abi, entry.row));
        }
    }
    let mut text = String::new();
    for (name, (abi, row)) in shapes {
        let ops: Vec<_> = row.args.iter().map(|arg| format!("{:?}", arg.op_on(abi, x86))).collect();
        let hook = if row.hook == Hook::Enter { "ENTER" } else { "EXIT" };
        writeln!(text, "program!({name}, {abi:?}, {hook}, [{}]);", ops.join(", "))?;
    }
    Ok(text)
}

/// Functions that say what to do with a number at `sys_enter`.
fn entries(tables: &[(Abi, &[Numbered])]) -> Result<String, Box<dyn Error>> {
    let mut text = String::new();
    for abi in Abi::ALL {
        for (hook, name) in [(Hook::Enter, "recorded"), (Hook::Both, "kept"), (Hook::Entry, "looked_up")] {
            let numbers: BTreeSet<_> = tables
                .iter()
                .filter(|(of, _)| *of == abi)
                .flat_map(|(_, table)| table.iter())
                .filter(|entry| entry.row.hook == hook)
                .map(|entry| entry.nr.to_string())
                .collect();
            let numbers: Vec<_> = numbers.into_iter().collect();
            let test =
                if numbers.is_empty() { "false".to_owned() } else { format!("matches!(nr, {})", numbers.join(" | ")) };
            let abi = format!("{abi:?}").to_lowercase();
            writeln!(
                text,
                "#[inline(always)]\nconst fn {abi}_{name}(nr: u32) -> bool {{\n    let _ = nr;\n    {test}\n}}"
            )?;
        }
    }
    Ok(text)
}
