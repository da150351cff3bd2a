// SPDX-License-Identifier: Apache-2.0
//! One folder of a repository: objects, their other names, BTF.

use std::{collections::BTreeSet, fs, os::unix::fs::MetadataExt as _, path::Path};

use anyhow::{Context as _, Result, ensure};

use super::{
    Changes,
    config::{Config, Kernel, Link},
    key::Signer,
    listing,
    objects::Probe,
};
use crate::{
    input,
    output::{self, sha256},
    repository::{
        manifest::{File, Kind},
        url,
    },
};

/// Bytes of a kernel's BTF at most.
const MAX_BTF: u64 = 128 << 20;

/// Makes the folder of `probe` in `out` hold what `config` asks for, and nothing else of that name.
pub(super) fn folder(config: &Config, probe: &Probe, signer: &Signer, out: &Path, changes: &mut Changes) -> Result<()> {
    let folder = out.join(&probe.version).join(probe.arch.name());
    let portable = url::portable_object(&config.name);
    let object = |name: String| File {
        name,
        size: probe.bytes.len() as u64,
        sha256: probe.sha256.clone(),
        kind: Kind::Object(probe.about.clone()),
    };
    put(&folder.join(&portable), &probe.bytes, changes)?;
    let mut files = vec![object(portable.clone())];
    let mut names = BTreeSet::from([portable.clone()]);
    for kernel in config.kernels.iter().filter(|kernel| is_for(kernel, probe)) {
        let name = url::kernel_object(&config.name, &kernel.target);
        // One file may name a kernel for all versions, and another the same for this one.
        if names.insert(name.clone()) {
            linked(config.link, &folder.join(&portable), &folder.join(&name), &probe.bytes, changes)?;
            files.push(object(name));
        }
        if let Some(path) = &kernel.btf {
            let file = btf(config, kernel, path, &folder, changes)?;
            ensure!(names.insert(file.name.clone()), "{}: its BTF is there twice", kernel.place);
            files.push(file);
        }
    }
    listing::write(&folder, probe, files, signer, changes)?;
    remove_stale(config, &names, &folder, changes)
}

/// Whether this kernel's names are to lead to `probe`.
fn is_for(kernel: &Kernel, probe: &Probe) -> bool {
    kernel.arch.is_none_or(|arch| arch == probe.arch)
        && kernel.driver_version.as_ref().is_none_or(|version| *version == probe.version)
}

/// Puts a kernel's BTF beside its object, packed if it is packed.
fn btf(config: &Config, kernel: &Kernel, path: &Path, folder: &Path, changes: &mut Changes) -> Result<File> {
    let shown = path.display();
    let bytes = input::read(path, MAX_BTF).with_context(|| kernel.place.clone())?;
    let [plain, packed] = url::kernel_btf(&config.name, &kernel.target);
    let name = if bytes.starts_with(b"\xfd7zXZ\0") {
        packed
    } else {
        let magic = [0xeb9f_u16.to_le_bytes(), 0xeb9f_u16.to_be_bytes()];
        ensure!(magic.iter().any(|magic| bytes.starts_with(magic)), "{}: {shown} is neither BTF nor xz", kernel.place);
        plain
    };
    put(&folder.join(&name), &bytes, changes)?;
    Ok(File { name, size: bytes.len() as u64, sha256: sha256(&bytes), kind: Kind::Btf })
}

/// Makes `path` have `bytes`.
pub(super) fn put(path: &Path, bytes: &[u8], changes: &mut Changes) -> Result<()> {
    let changed = output::put(path, bytes, 0o644)?;
    count(changed, changes);
    Ok(())
}

/// Makes `path` another name of `portable`, or a copy of it.
fn linked(link: Link, portable: &Path, path: &Path, bytes: &[u8], changes: &mut Changes) -> Result<()> {
    let inode = |path: &Path| fs::symlink_metadata(path).ok().map(|about| (about.dev(), about.ino()));
    let same = inode(path).is_some_and(|its| inode(portable) == Some(its));
    match link {
        Link::Hard if same => count(false, changes),
        Link::Hard => {
            output::link(portable, path)?;
            count(true, changes);
        }
        Link::Copy => {
            if same {
                // Or a later change of one would be one of both.
                fs::remove_file(path).with_context(|| format!("cannot remove {}", path.display()))?;
            }
            put(path, bytes, changes)?;
        }
    }
    Ok(())
}

fn count(changed: bool, changes: &mut Changes) {
    if changed { changes.written += 1 } else { changes.kept += 1 }
}

/// Removes what an earlier run has put here and this one has not. Other people's files stay.
fn remove_stale(config: &Config, names: &BTreeSet<String>, folder: &Path, changes: &mut Changes) -> Result<()> {
    let prefix = format!("{}_", config.name);
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let ours = name.starts_with(&prefix) && [".o", ".btf", ".btf.xz"].iter().any(|end| name.ends_with(end));
        if ours && !names.contains(&name) {
            fs::remove_file(entry.path()).with_context(|| format!("cannot remove {}", entry.path().display()))?;
            changes.removed += 1;
        }
    }
    Ok(())
}
