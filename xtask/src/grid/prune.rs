// SPDX-License-Identifier: Apache-2.0
//! Which driver versions stay.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use agent_compile::Arch;
use anyhow::{Context as _, Result};
use semver::Version;

use super::{Changes, listing, objects::Probe};
use crate::{
    report,
    repository::manifest::{MANIFEST, SIGNATURE},
};

/// The newest `keep` driver versions, of those that are to be laid out and those that `out` has. Versions that are not
/// SemVer (Falco's were commits once) have no order among others: those that are to be laid out stay.
pub(super) fn kept(keep: usize, probes: &[Probe], out: &Path) -> Result<BTreeSet<String>> {
    let mut kept: BTreeSet<String> = BTreeSet::new();
    let mut ordered: BTreeSet<(Version, String)> = BTreeSet::new();
    for probe in probes {
        match Version::parse(&probe.version) {
            Ok(version) => drop(ordered.insert((version, probe.version.clone()))),
            Err(_) => drop(kept.insert(probe.version.clone())),
        }
    }
    ordered.extend(there(out)?);
    kept.extend(ordered.into_iter().rev().take(keep).map(|(_, version)| version));
    Ok(kept)
}

/// Removes the driver versions that are not among `kept`: what their manifests list, and the manifests.
pub(super) fn remove_others(kept: &BTreeSet<String>, out: &Path, changes: &mut Changes) -> Result<()> {
    for (_, version) in there(out)?.into_iter().filter(|(_, version)| !kept.contains(version)) {
        let folder = out.join(&version);
        for arch in arches(&folder) {
            remove_listed(&arch, changes)?;
        }
        // Unless somebody else has files there.
        match fs::remove_dir(&folder) {
            Ok(()) => report::line("pruned", &version),
            Err(error) => report::line("pruned", format_args!("{version}, but its folder stays: {error}")),
        }
    }
    Ok(())
}

/// The driver versions in `out` that an earlier run has laid out.
fn there(out: &Path) -> Result<Vec<(Version, String)>> {
    if !out.exists() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(out).with_context(|| format!("cannot list {}", out.display()))? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let Ok(version) = Version::parse(&name) else { continue };
        if !arches(&entry.path()).is_empty() {
            found.push((version, name));
        }
    }
    Ok(found)
}

/// The folders of a driver version that have a manifest.
fn arches(folder: &Path) -> Vec<PathBuf> {
    Arch::ALL
        .map(|arch| folder.join(arch.name()))
        .into_iter()
        .filter(|folder| folder.join(MANIFEST).is_file())
        .collect()
}

fn remove_listed(folder: &Path, changes: &mut Changes) -> Result<()> {
    let Some(manifest) = listing::read(folder) else { return Ok(()) };
    // A manifest could have been written by anybody who can write here, but its names lead nowhere else.
    let listed = manifest.files.iter().map(|file| file.name.as_str()).filter(|name| !name.contains('/'));
    for name in listed.chain([SIGNATURE, MANIFEST]) {
        let path = folder.join(name);
        if path.is_file() {
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
            changes.removed += 1;
        }
    }
    // Its parent's removal tells of what is left.
    drop(fs::remove_dir(folder));
    Ok(())
}
