// SPDX-License-Identifier: Apache-2.0
//! bpf-linker: finding one for a given LLVM.

use std::{
    fs,
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use memchr::memmem;
use object::{Endianness, elf::DT_NEEDED, read::elf::ElfFile64};

use crate::Search;

/// The version that `cargo xtask setup` builds when none is found.
pub const VERSION: &str = "0.13.0";
/// The oldest LLVM that [`VERSION`] can be built for.
const OLDEST: u32 = 21;
/// The newest.
pub const NEWEST: u32 = 23;

/// A bpf-linker.
#[derive(Clone, Debug)]
pub struct Linker {
    /// The program.
    pub path: PathBuf,
    /// What it says of itself.
    pub version: String,
    /// Its LLVM's major version.
    pub llvm: u32,
}

/// The LLVMs whose linker reads the bitcode of LLVM `llvm`: itself first, then newer ones.
#[must_use]
pub fn readers(llvm: u32) -> RangeInclusive<u32> {
    llvm.max(OLDEST)..=NEWEST
}

/// A linker for the bitcode of LLVM `llvm`: from the folders of `search`, or one that `cargo xtask setup` has built.
pub(crate) fn find(search: &Search, llvm: u32) -> Option<Linker> {
    let mut paths = search.all("bpf-linker");
    let built = readers(llvm).map(|llvm| folder(search.tools(), llvm).join("bin/bpf-linker"));
    paths.extend(built.filter(|path| path.exists()));
    paths.into_iter().find_map(|path| {
        let its = llvm_of(&fs::read(&path).ok()?)?;
        // It does not start when its LLVM has been removed since.
        let version = search.ask(&path, &["--version"])?.strip_prefix("bpf-linker ")?.to_owned();
        (its >= llvm).then_some(Linker { path, version, llvm: its })
    })
}

/// Where the linker for `llvm` goes that `cargo xtask setup` builds: never into the user's own cargo folder.
#[must_use]
pub fn folder(tools: &Path, llvm: u32) -> PathBuf {
    tools.join(format!("bpf-linker-{VERSION}-llvm{llvm}"))
}

/// The major version of the LLVM in, or under, the linker in `file`, which does not say it itself.
fn llvm_of(file: &[u8]) -> Option<u32> {
    if let Some(library) = needed_libraries(file).into_iter().find_map(|name| name.strip_prefix("libLLVM")) {
        return version_of_library(library);
    }
    // Linked statically: LLVM's bitcode writer holds its version as a string, `LLVM22.1.2`.
    memmem::find_iter(file, "LLVM").find_map(|at| {
        let text = file.get(at + 4..at + 16)?;
        let end = text.iter().position(|byte| !byte.is_ascii_digit() && *byte != b'.')?;
        let version = str::from_utf8(&text[..end]).ok()?;
        version.contains('.').then(|| leading_number(version)).flatten()
    })
}

fn needed_libraries(file: &[u8]) -> Vec<&str> {
    let Ok(elf) = ElfFile64::<Endianness>::parse(file) else { return Vec::new() };
    let Ok(dynamic) = elf.elf_section_table().dynamic_table(elf.endian(), elf.data()) else { return Vec::new() };
    let needed = dynamic.iter().filter(|entry| entry.tag == DT_NEEDED);
    needed.filter_map(|entry| str::from_utf8(dynamic.string(entry).ok()?).ok()).collect()
}

/// The version in the rest of a library's name: `.so.22.1`, `-22.so`, `-22.so.1`.
fn version_of_library(rest: &str) -> Option<u32> {
    leading_number(rest.trim_start_matches(['.', '-', 's', 'o']))
}

fn leading_number(text: &str) -> Option<u32> {
    let digits = text.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linker_reads_its_own_and_older_bitcode() {
        assert_eq!(readers(22), 22..=23);
        assert_eq!(readers(19), 21..=23);
        assert!(readers(24).is_empty());
    }

    #[test]
    fn library_names_hold_the_version() {
        for rest in [".so.22.1", "-22.so", "-22.so.1", ".so.22.1-rust-1.95.0-stable"] {
            assert_eq!(version_of_library(rest), Some(22), "{rest}");
        }
        assert_eq!(version_of_library(".so"), None);
    }

    #[test]
    fn a_static_linker_holds_the_version() {
        assert_eq!(llvm_of(b"\0LLVM ERROR: \0LLVMContext\0LLVM22.1.2\0the end, with LLVM"), Some(22));
        assert_eq!(llvm_of(b"\0LLVM ERROR: \0"), None);
    }
}
