// SPDX-License-Identifier: Apache-2.0
//! Files that tasks leave behind.

use std::{fs, fs::Permissions, os::unix::fs::PermissionsExt as _, path::Path, process};

use anyhow::{Context as _, Result};

/// Makes `path` have `bytes`; says whether it had others. A file that stays the same is not touched, so that what is
/// built from it stays up to date; one that changes is replaced in one step, since it may be running, or being read.
pub(crate) fn put(path: &Path, bytes: &[u8], mode: u32) -> Result<bool> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(false);
    }
    let folder = path.parent().context("a file lies in a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    // Two tasks may be at it.
    let new = path.with_extension(format!("{}.new", process::id()));
    fs::write(&new, bytes).with_context(|| format!("cannot write {}", new.display()))?;
    fs::set_permissions(&new, Permissions::from_mode(mode))
        .with_context(|| format!("cannot chmod {}", new.display()))?;
    fs::rename(&new, path).with_context(|| format!("cannot rename {} to {}", new.display(), path.display()))?;
    Ok(true)
}
