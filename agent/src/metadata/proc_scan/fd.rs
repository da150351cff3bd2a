// SPDX-License-Identifier: Apache-2.0
//! One descriptor of a process, for files that the kernel did not tell whole.

use agent_common::state::file;
use rustix::fs::{AtFlags, FileType, RawMode, statat};

use super::{FILE_BYTES, Proc, bytes, link};
use crate::metadata::file::{Ends, File, FileKind, Role, Socket};

impl Proc {
    /// What a descriptor refers to now. Of a socket only the inode is known.
    #[must_use]
    pub fn fd_link(&self, pid: u32, fd: u32) -> Option<File> {
        let dir = self.of(pid)?;
        let name = format!("fd/{fd}");
        let link = link(&dir, &name)?;
        let stat = statat(&dir, &name, AtFlags::empty()).ok()?;
        let info = bytes(&dir, &format!("fdinfo/{fd}"), FILE_BYTES).unwrap_or_default();
        Some(File {
            inode: stat.st_ino,
            dev: stat.st_dev as u32,
            mode: stat.st_mode,
            flags: flags(&info).unwrap_or(0),
            bits: if stat.st_nlink == 0 { file::DELETED } else { 0 },
            kind: kind(link, stat.st_mode),
        })
    }
}

/// `flags:\t0100002`
fn flags(info: &[u8]) -> Option<u32> {
    let line = info.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"flags:"))?;
    u32::from_str_radix(std::str::from_utf8(line.trim_ascii()).ok()?, 8).ok()
}

fn kind(link: Vec<u8>, mode: RawMode) -> FileKind {
    if FileType::from_raw_mode(mode) == FileType::Socket {
        let (family, kind, protocol) = (0, 0, 0);
        return FileKind::Socket(Box::new(Socket { family, kind, protocol, ends: Ends::Other, role: Role::Unknown }));
    }
    if link.starts_with(b"pipe:[") {
        return FileKind::Pipe;
    }
    match link.strip_prefix(b"anon_inode:") {
        Some(name) => FileKind::Anonymous(Box::from(name)),
        None => FileKind::Named(Some(link.into_boxed_slice())),
    }
}
