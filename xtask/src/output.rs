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

/// Makes `path` another name of `of`, in one step.
pub(crate) fn link(of: &Path, path: &Path) -> Result<()> {
    let new = path.with_extension(format!("{}.new", process::id()));
    fs::hard_link(of, &new)
        .with_context(|| format!("cannot link {} (`link = \"copy\"` does without)", new.display()))?;
    fs::rename(&new, path).with_context(|| format!("cannot rename {} to {}", new.display(), path.display()))
}

/// A SHA-256 in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write as _;

    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut digits, byte| {
        // Writing to a String does not fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}
