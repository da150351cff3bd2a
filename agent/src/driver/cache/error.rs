// SPDX-License-Identifier: Apache-2.0
//! Why the cache is of no use.

use std::{
    io,
    path::{Path, PathBuf},
};

use thiserror::Error;

/// Why the cache is of no use.
#[derive(Debug, Error)]
pub enum CacheError {
    /// Others could have changed it.
    #[error(
        "{path} {why}: what is loaded into the kernel must not be others'; chown and chmod it, or name another by --probe-cache"
    )]
    Owner {
        /// The folder.
        path: PathBuf,
        /// Whose it is.
        why: String,
    },
    /// A file was changed since it was written.
    #[error("{file} in the cache was damaged and is removed: {why}")]
    Damaged {
        /// The file.
        file: String,
        /// What is wrong.
        why: String,
    },
    /// It looks so, but is not removed: whoever has the lock may be putting it there.
    #[error("{file} in the cache is damaged: {why}; it stays there, for {error}")]
    Stays {
        /// The file.
        file: String,
        /// What is wrong.
        why: String,
        /// What keeps it.
        error: Box<Self>,
    },
    /// Somebody else writes, and does not end.
    #[error("{0} is held by another process, which may have been stopped: end it, or try again when it has ended")]
    Locked(PathBuf),
    /// The file system says no.
    #[error("can't {what} {path}: {error}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// With what.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
}

impl CacheError {
    pub(super) fn io(what: &'static str, path: &Path, error: io::Error) -> Self {
        Self::Io { what, path: path.to_owned(), error }
    }
}
