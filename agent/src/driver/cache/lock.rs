// SPDX-License-Identifier: Apache-2.0
//! One writer at a time, among all processes.

use std::{
    fs::{File, OpenOptions},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    time::Duration,
};

use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};

use super::CacheError;
use crate::driver::pause;

/// How long apart the lock is tried.
const APART: Duration = Duration::from_millis(50);

/// The lock, while this lives.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "closing it is what gives the lock back")] File);

impl Lock {
    pub(super) fn take(path: &Path, patience: Duration) -> Result<Self, CacheError> {
        let open = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(super::files::NOFOLLOW)
            .open(path);
        let file = open.map_err(|error| CacheError::io("write", path, error))?;
        let mut waited = Duration::ZERO;
        while waited <= patience {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Self(file)),
                Err(Errno::WOULDBLOCK | Errno::INTR) => {
                    pause(APART);
                    waited += APART;
                }
                Err(error) => return Err(CacheError::io("lock", path, error.into())),
            }
        }
        Err(CacheError::Locked(path.to_owned()))
    }
}
