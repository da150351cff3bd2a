// SPDX-License-Identifier: Apache-2.0
//! `lanner probe cache`.

use std::{
    env,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use bytesize::ByteSize;

use super::write_json;
use crate::driver::cache::{Cache, Proof};

fn open(root: Option<&Path>) -> Result<Cache> {
    let root = root.map(PathBuf::from).or_else(|| Cache::default_root(|name| env::var(name).ok()));
    let root = root.context("there is no home for a cache; name a folder by --probe-cache")?;
    Ok(Cache::open(&root)?)
}

pub(super) fn list(out: &mut impl Write, root: Option<&Path>, json: bool) -> Result<()> {
    let cache = open(root)?;
    let entries = cache.list()?;
    if json {
        return Ok(write_json(out, &entries)?);
    }
    for entry in &entries {
        let proof = match entry.proof {
            Proof::Signed { .. } => "signed",
            Proof::Unsigned => "unsigned",
            Proof::Built => "built",
        };
        let (size, digest) = (ByteSize(entry.size), entry.sha256.get(..16).unwrap_or_default());
        writeln!(
            out,
            "{}  {proof:<8}  {size:>9}  {digest}  {} {} {}",
            entry.stored, entry.driver_version, entry.arch, entry.file
        )?;
        writeln!(out, "  {}", entry.from)?;
    }
    if entries.is_empty() {
        writeln!(out, "{} is empty", cache.root().display())?;
    }
    Ok(())
}

pub(super) fn prune(out: &mut impl Write, root: Option<&Path>, keep: u64) -> Result<()> {
    let cache = open(root)?;
    let pruned = cache.prune(keep)?;
    let entries = if pruned.entries == 1 { "entry" } else { "entries" };
    writeln!(
        out,
        "{}: {} {entries} removed, {} freed",
        cache.root().display(),
        pruned.entries,
        ByteSize(pruned.bytes)
    )?;
    Ok(())
}
