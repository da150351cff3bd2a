// SPDX-License-Identifier: Apache-2.0
//! The least program: it exits with 0. A static ELF file of one segment, so that what a fork and an exec take is not lost
//! in what a program does at its start.

use std::{
    fs::OpenOptions,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

/// Where it is loaded.
const BASE: u64 = 0x40_0000;
/// Bytes of the ELF header and of the one program header: <https://man7.org/linux/man-pages/man5/elf.5.html>
const HEADERS: u64 = 64 + 56;

/// `exit(0)`: `xor edi, edi; mov eax, 60; syscall`
#[cfg(target_arch = "x86_64")]
const CODE: &[u8] = &[0x31, 0xff, 0xb8, 60, 0, 0, 0, 0x0f, 0x05];
/// `exit(0)`: `mov x0, 0; mov x8, 93; svc 0`
#[cfg(target_arch = "aarch64")]
const CODE: &[u8] = &[0x00, 0x00, 0x80, 0xd2, 0xa8, 0x0b, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4];
/// `EM_X86_64`, `EM_AARCH64`
const MACHINE: u16 = if cfg!(target_arch = "x86_64") { 62 } else { 183 };

/// Writes it into `folder`.
pub(super) fn write(folder: &Path) -> Result<PathBuf> {
    let path = folder.join("nothing");
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o755).open(&path);
    file.and_then(|mut file| file.write_all(&program())).with_context(|| format!("can't write {}", path.display()))?;
    Ok(path)
}

fn program() -> Vec<u8> {
    let length = HEADERS + CODE.len() as u64;
    let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
    bytes.resize(16, 0);
    // ET_EXEC, machine, EV_CURRENT
    for half in [2, MACHINE] {
        bytes.extend(half.to_le_bytes());
    }
    bytes.extend(1_u32.to_le_bytes());
    // Entry, program headers, section headers.
    for word in [BASE + HEADERS, 64, 0] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(0_u32.to_le_bytes());
    // Sizes: of this header, of a program header and how many there are, of section headers.
    for half in [64_u16, 56, 1, 0, 0, 0] {
        bytes.extend(half.to_le_bytes());
    }
    // PT_LOAD, to be read and run.
    for word in [1_u32, 5] {
        bytes.extend(word.to_le_bytes());
    }
    // Offset, addresses, sizes, alignment.
    for word in [0, BASE, BASE, length, length, 0x1000] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(CODE);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headers_have_the_length_that_they_state() {
        assert_eq!(program().len() as u64, HEADERS + CODE.len() as u64);
    }
}
