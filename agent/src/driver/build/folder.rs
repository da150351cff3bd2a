// SPDX-License-Identifier: Apache-2.0
//! Where a probe is built: a folder that is gone afterwards.

use std::{
    env,
    fs::{self, Permissions},
    io,
    os::unix::fs::{PermissionsExt as _, chown},
    path::PathBuf,
};

use agent_compile::User;
use rustix::fs::{StatVfsMountFlags, statvfs};
use tempfile::TempDir;

use super::BuildError;

/// MiB that a build takes, all crates included.
const NEEDED: u64 = 450;

/// A folder for one build.
#[derive(Debug)]
pub(super) struct Folder {
    folder: TempDir,
}

/// Where such folders lie: `TMPDIR`, or `/tmp`.
pub(super) fn parent() -> PathBuf {
    env::temp_dir()
}

impl Folder {
    /// A new one, in which `user` can build.
    pub(super) fn new(user: Option<&User>) -> Result<Self, BuildError> {
        let parent = parent();
        let cannot = |error| BuildError::Folder { what: "cannot make a folder in", path: parent.clone(), error };
        let about = statvfs(&parent).map_err(|error| cannot(error.into()))?;
        if about.f_flag.contains(StatVfsMountFlags::NOEXEC) {
            return Err(BuildError::NoExec { path: parent });
        }
        let free = about.f_bavail.saturating_mul(about.f_frsize) >> 20;
        if free < NEEDED {
            return Err(BuildError::NoSpace { path: parent, free, needed: NEEDED });
        }
        let folder = tempfile::Builder::new().prefix("lanner-build-").tempdir_in(&parent).map_err(cannot)?;
        let new = Self { folder };
        new.prepare(user).map_err(new.cannot("cannot prepare"))?;
        Ok(new)
    }

    fn prepare(&self, user: Option<&User>) -> io::Result<()> {
        // The user who builds gets to the folders inside, which others do not need.
        fs::set_permissions(self.folder.path(), Permissions::from_mode(0o711))?;
        for folder in [self.sources(), self.target(), self.home()] {
            fs::create_dir_all(&folder)?;
            if let Some(user) = user {
                chown(folder, Some(user.uid), Some(user.gid))?;
            }
        }
        Ok(())
    }

    /// Where the sources are.
    pub(super) fn sources(&self) -> PathBuf {
        self.folder.path().join("lanner")
    }

    /// Where results go.
    pub(super) fn target(&self) -> PathBuf {
        self.folder.path().join("target")
    }

    /// The home folder of a user that has none, or whose own must not be used.
    pub(super) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// An error about this folder.
    pub(super) fn cannot(&self, what: &'static str) -> impl Fn(io::Error) -> BuildError + use<> {
        let path = self.folder.path().to_owned();
        move |error| BuildError::Folder { what, path: path.clone(), error }
    }
}
