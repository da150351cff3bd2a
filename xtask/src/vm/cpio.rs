// SPDX-License-Identifier: Apache-2.0
//! Archives as the kernel unpacks them into its first file system: cpio, format "newc".
//! <https://www.kernel.org/doc/html/latest/driver-api/early-userspace/buffer-format.html>

use std::io::Write as _;

use anyhow::{Context as _, Result};

const FOLDER: u32 = 0o040_000;
const FILE: u32 = 0o100_000;
const DEVICE: u32 = 0o020_000;
const LINK: u32 = 0o120_000;

/// An archive that is being made.
#[derive(Debug, Default)]
pub(super) struct Archive {
    bytes: Vec<u8>,
    entries: u32,
}

impl Archive {
    /// A folder. Those around it must be there already.
    pub(super) fn folder(&mut self, path: &str, mode: u32) -> Result<()> {
        self.entry(path, FOLDER | mode, (0, 0), &[])
    }

    /// The folders of a path, and those around them.
    pub(super) fn folders(&mut self, path: &str) -> Result<()> {
        for (end, _) in path.match_indices('/').skip(1) {
            self.folder(&path[..end], 0o755)?;
        }
        self.folder(path, 0o755)
    }

    /// A file.
    pub(super) fn file(&mut self, path: &str, mode: u32, content: &[u8]) -> Result<()> {
        self.entry(path, FILE | mode, (0, 0), content)
    }

    /// A symbolic link.
    pub(super) fn link(&mut self, path: &str, to: &str) -> Result<()> {
        self.entry(path, LINK | 0o777, (0, 0), to.as_bytes())
    }

    /// A device of characters.
    pub(super) fn device(&mut self, path: &str, numbers: (u32, u32)) -> Result<()> {
        self.entry(path, DEVICE | 0o600, numbers, &[])
    }

    /// The whole archive.
    pub(super) fn finish(mut self) -> Result<Vec<u8>> {
        self.entry("TRAILER!!!", 0, (0, 0), &[])?;
        Ok(self.bytes)
    }

    fn entry(&mut self, path: &str, mode: u32, device: (u32, u32), content: &[u8]) -> Result<()> {
        let name = path.trim_start_matches('/');
        let length = u32::try_from(content.len()).with_context(|| format!("{path} is too large for an archive"))?;
        self.entries += 1;
        let links = if mode & FOLDER == FOLDER { 2 } else { 1 };
        let (uid, gid, mtime, checksum) = (0, 0, 0, 0);
        let fields = [
            self.entries,
            mode,
            uid,
            gid,
            links,
            mtime,
            length,
            0,
            0,
            device.0,
            device.1,
            name.len() as u32 + 1,
            checksum,
        ];
        self.bytes.extend(b"070701");
        for field in fields {
            write!(self.bytes, "{field:08X}")?;
        }
        self.bytes.extend(name.as_bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend(content);
        self.pad();
        Ok(())
    }

    /// Names and contents end at multiples of four bytes.
    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_as_the_kernel_reads_it() {
        let mut archive = Archive::default();
        archive.file("/a", 0o755, b"hello").expect("it fits");
        let bytes = archive.finish().expect("it fits");
        let head = "070701\
                    00000001000081ED0000000000000000000000010000000000000005\
                    000000000000000000000000000000000000000200000000";
        assert_eq!(String::from_utf8_lossy(&bytes[..110]), head);
        assert_eq!(&bytes[110..112], b"a\0");
        assert_eq!(&bytes[112..120], b"hello\0\0\0");
        assert_eq!(&bytes[120..126], b"070701");
        assert!(bytes.ends_with(b"TRAILER!!!\0\0\0\0") && bytes.len().is_multiple_of(4));
    }

    #[test]
    fn folders_come_from_the_outside_in() {
        let mut archive = Archive::default();
        archive.folders("/one/two").expect("it fits");
        let bytes = archive.finish().expect("it fits");
        let text = String::from_utf8_lossy(&bytes);
        let (one, two) = (text.find("one\0"), text.find("one/two\0"));
        assert!(one.is_some() && one < two, "{one:?} {two:?}");
    }
}
