// SPDX-License-Identifier: Apache-2.0
//! What every member must have. A lint table that nobody inherits does nothing, and nothing else would say so.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};

use crate::workspace;

/// Looks at each member's manifest and sources.
pub(super) fn check() -> Result<String> {
    let members = members()?;
    let mut wrong = Vec::new();
    let mut sources = Vec::new();
    for member in &members {
        let manifest = read(&member.join("Cargo.toml"))?.parse::<toml::Table>()?;
        let lints = manifest.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool);
        if lints != Some(true) {
            wrong.push(format!("{}/Cargo.toml: no `[lints] workspace = true`", workspace::short(member)));
        }
        find_sources(member, &mut sources)?;
    }
    for source in &sources {
        if !read(source)?.starts_with("// SPDX-License-Identifier: ") {
            wrong.push(format!("{}: no SPDX-License-Identifier in its first line", workspace::short(source)));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(format!("{} members inherit the lints, {} sources name their licence", members.len(), sources.len()))
}

fn members() -> Result<Vec<PathBuf>> {
    let manifest = read(&workspace::root().join("Cargo.toml"))?.parse::<toml::Table>()?;
    let members = manifest.get("workspace").and_then(|workspace| workspace.get("members")?.as_array());
    let members = members.context("Cargo.toml has no workspace.members")?.iter();
    members.map(|name| Ok(workspace::root().join(name.as_str().context("a member is a path")?))).collect()
}

fn find_sources(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            find_sources(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
