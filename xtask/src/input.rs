// SPDX-License-Identifier: Apache-2.0
//! Files that tasks are given.

use std::{fs::File, io::Read as _, path::Path};

use anyhow::{Context as _, Result, ensure};

use crate::workspace;

/// A file of at most `limit` bytes: somebody may have named a device, which has no end.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let shown = workspace::short(path);
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes));
    read.with_context(|| format!("cannot read {shown}"))?;
    ensure!(bytes.len() as u64 <= limit, "{shown} has more than {} MiB", limit >> 20);
    Ok(bytes)
}
