// SPDX-License-Identifier: Apache-2.0
//! A folder's manifest and its signature. Both stay as they are while they are right, dates included.

use std::{fs, path::Path, time::SystemTime};

use anyhow::{Context as _, Result};

use super::{Changes, key::Signer, layout::put, objects::Probe};
use crate::repository::manifest::{FORMAT, File, Kind, MANIFEST, Manifest, SIGNATURE};

/// Reads the manifest of `folder`, if it has one.
pub(super) fn read(folder: &Path) -> Option<Manifest> {
    serde_json::from_slice(&fs::read(folder.join(MANIFEST)).ok()?).ok()
}

/// Lists `files` in the manifest of `folder`, and signs it.
pub(super) fn write(
    folder: &Path,
    probe: &Probe,
    mut files: Vec<File>,
    signer: &Signer,
    changes: &mut Changes,
) -> Result<()> {
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let old = read(folder);
    if let Some(old) = &old {
        // The same bytes were built when they were built first.
        for file in &mut files {
            if let (Kind::Object(new), Some(Kind::Object(known))) =
                (&mut file.kind, old.file(&file.name).filter(|old| old.sha256 == file.sha256).map(|old| &old.kind))
            {
                new.date.clone_from(&known.date);
                new.revision.clone_from(&known.revision);
            }
        }
    }
    let mut manifest = Manifest {
        format: FORMAT,
        driver_version: probe.version.clone(),
        arch: probe.arch.name().to_owned(),
        date: old.as_ref().map_or_else(String::new, |old| old.date.clone()),
        files,
    };
    if old.is_none_or(|old| old != manifest) {
        manifest.date = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    }
    manifest.check(&probe.version, probe.arch.name()).context("the manifest would be wrong")?;
    let mut text = serde_json::to_string_pretty(&manifest)?;
    text.push('\n');
    put(&folder.join(MANIFEST), text.as_bytes(), changes)?;

    let path = folder.join(SIGNATURE);
    let signed = fs::read_to_string(&path).ok().filter(|signature| signer.has_signed(text.as_bytes(), signature));
    let comment = format!("{} {} {}", probe.version, probe.arch.name(), manifest.date);
    let signature = signed.map_or_else(|| signer.sign(text.as_bytes(), &comment), Ok)?;
    put(&path, signature.as_bytes(), changes)
}
