// SPDX-License-Identifier: Apache-2.0
//! Files and folders that are this user's alone to write.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
};

use rustix::fs::OFlags;

use super::CacheError;

/// A link is somebody else's idea of where a file is; a FIFO would wait.
pub(super) const NOFOLLOW: i32 = (OFlags::NOFOLLOW.bits() | OFlags::NONBLOCK.bits()) as i32;

/// Makes sure that nobody else can write to a folder. One that is not there is nobody's.
pub(super) fn check_owner(path: &Path) -> Result<(), CacheError> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(CacheError::io("read", path, error)),
    };
    let bad = |why: String| Err(CacheError::Owner { path: path.to_owned(), why });
    let (uid, own) = (metadata.uid(), rustix::process::geteuid().as_raw());
    if !metadata.is_dir() {
        return Err(CacheError::io("use", path, io::ErrorKind::NotADirectory.into()));
    }
    if uid != own && uid != 0 {
        return bad(format!("belongs to user {uid}"));
    }
    if metadata.mode() & 0o022 != 0 {
        return bad(format!("can be written to by others (mode {:o})", metadata.mode() & 0o7777));
    }
    Ok(())
}

/// Makes a folder, and those above it.
pub(super) fn make(path: &Path) -> Result<(), CacheError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| CacheError::io("make", path, error))?;
    check_owner(path)
}

/// A file of at most `limit` bytes; `None` when there is none.
pub(super) fn read(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, CacheError> {
    let failed = |error| CacheError::io("read", path, error);
    let file = match OpenOptions::new().read(true).custom_flags(NOFOLLOW).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() || metadata.len() > limit {
        return Err(failed(io::Error::other("it is no file of ours")));
    }
    let mut bytes = Vec::with_capacity(metadata.len() as usize);
    file.take(limit).read_to_end(&mut bytes).map_err(failed)?;
    Ok(Some(bytes))
}

/// Bytes of a file, 0 when it is not there.
pub(super) fn size(path: &Path) -> u64 {
    fs::symlink_metadata(path).map_or(0, |metadata| metadata.len())
}

/// Gives `name` in `folder` this content in one step: a reader sees the old one or the new one, also after a power failure.
pub(super) fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), CacheError> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let path = folder.join(name);
    let new = folder.join(format!(".new-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).custom_flags(NOFOLLOW).open(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, &path)?;
        File::open(folder)?.sync_all()
    })();
    written.map_err(|error| {
        // It may not be there.
        let _ = fs::remove_file(&new);
        CacheError::io("write", &path, error)
    })
}

/// Removes a file. That it is not there is what was wanted.
pub(super) fn remove(path: &Path) -> Result<(), CacheError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(CacheError::io("remove", path, error)),
        _ => Ok(()),
    }
}

/// The names in a folder; none when there is no folder.
pub(super) fn names(folder: &Path) -> Result<Vec<String>, CacheError> {
    let failed = |error| CacheError::io("read", folder, error);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        // One that is not UTF-8 is not ours.
        names.extend(entry.map_err(failed)?.file_name().into_string().ok());
    }
    Ok(names)
}
