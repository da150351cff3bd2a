// SPDX-License-Identifier: Apache-2.0
//! deny.toml, held without cargo-deny: that takes minutes to build and its advisories come by git, which a gate that
//! runs anywhere cannot ask for. Where cargo-deny is installed, it has the last word.

use std::{collections::BTreeSet, fs, process::Command};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::arguments;
use crate::{process, workspace};

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Checks sources, licences and bans of everything in Cargo.lock that is built for the targets of deny.toml, and that
/// Cargo.lock is up to date.
pub(super) fn check() -> Result<String> {
    let policy = fs::read_to_string(workspace::root().join("deny.toml")).context("cannot read deny.toml")?;
    let policy = policy.parse::<toml::Table>()?;
    let allowed = strings(&policy, "licenses", "allow")?;
    let banned = strings(&policy, "bans", "deny")?;

    let mut command = arguments("metadata", &["--quiet", "--locked", "--format-version", "1"]);
    for target in strings(&policy, "graph", "targets")? {
        command.args(["--filter-platform", &target]);
    }
    let metadata = process::read(&mut command).context("cannot read the dependencies; is Cargo.lock up to date?")?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let packages = metadata["packages"].as_array().context("`cargo metadata` names no packages")?;
    let mut wrong = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let Some(source) = package["source"].as_str() else { continue }; // A member.
        if source != CRATES_IO {
            wrong.push(format!("{name}: from {source}, not crates.io"));
        }
        if banned.contains(name) {
            wrong.push(format!("{name}: banned; deny.toml says why"));
        }
        let license = package["license"].as_str().unwrap_or_default();
        if !permits(license, &allowed) {
            wrong.push(format!("{name}: license `{license}` is not allowed by deny.toml"));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));

    let found = format!("{} packages allowed", packages.len());
    if !process::succeeds(Command::new("cargo-deny").arg("--version")) {
        return Ok(found);
    }
    process::quiet(arguments("deny", &["check", "bans", "licenses", "sources"]))?;
    Ok(format!("{found}, by cargo-deny too"))
}

/// The strings of a list in `policy`; an entry may be a table with a `crate` or `name`.
fn strings(policy: &toml::Table, table: &str, list: &str) -> Result<BTreeSet<String>> {
    let list = policy.get(table).and_then(|table| table.get(list)?.as_array());
    let entries = list.with_context(|| format!("deny.toml has no such list in [{table}]"))?.iter();
    let name = |entry: &toml::Value| Some(entry.get("crate").unwrap_or(entry).as_str()?.to_owned());
    entries.map(|entry| name(entry).with_context(|| format!("deny.toml: {entry:?} in [{table}]"))).collect()
}

/// Whether the SPDX expression `license` can be met with `allowed`: `OR` takes either side, `AND` both.
fn permits(license: &str, allowed: &BTreeSet<String>) -> bool {
    // Old crates write `/` for OR.
    let spaced = license.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let permitted = either(&words, &mut at, allowed);
    permitted && at == words.len()
}

fn either(words: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let mut permitted = both(words, at, allowed);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        permitted |= both(words, at, allowed);
    }
    permitted
}

fn both(words: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let mut permitted = one(words, at, allowed);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        permitted &= one(words, at, allowed);
    }
    permitted
}

fn one(words: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let Some(word) = words.get(*at) else { return false };
    *at += 1;
    if *word == "(" {
        let permitted = either(words, at, allowed);
        let closed = words.get(*at) == Some(&")");
        *at += 1;
        return permitted && closed;
    }
    let mut name = (*word).to_owned();
    if words.get(*at) == Some(&"WITH") {
        name = format!("{name} WITH {}", words.get(*at + 1).unwrap_or(&""));
        *at += 2;
    }
    allowed.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn license_expressions() {
        let allowed = ["MIT", "Apache-2.0", "Unicode-3.0", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned).into();
        for license in [
            "MIT",
            "MIT OR GPL-3.0",
            "GPL-3.0/MIT",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR GPL-2.0",
        ] {
            assert!(permits(license, &allowed), "{license}");
        }
        for license in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT", "MIT GPL-3.0", "MIT WITH nothing"] {
            assert!(!permits(license, &allowed), "{license}");
        }
    }
}
