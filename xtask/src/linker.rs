// SPDX-License-Identifier: Apache-2.0
//! bpf-linker: finding one, and building one for a given LLVM.

use std::{
    env, fs,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};
use memchr::memmem;
use object::{Endianness, elf::DT_NEEDED, read::elf::ElfFile64};

use crate::{process, report::Step, workspace};

/// The version that is built when none is found.
pub(crate) const VERSION: &str = "0.13.0";
/// The oldest LLVM that [`VERSION`] can be built for.
const OLDEST: u32 = 21;
/// The newest.
pub(crate) const NEWEST: u32 = 23;

/// A bpf-linker.
#[derive(Clone, Debug)]
pub(crate) struct Linker {
    /// The program.
    pub(crate) path: PathBuf,
    /// What it says of itself.
    pub(crate) version: String,
    /// Its LLVM's major version.
    pub(crate) llvm: u32,
}

/// The LLVMs whose linker reads the bitcode of LLVM `llvm`: itself first, then newer ones.
pub(crate) fn readers(llvm: u32) -> RangeInclusive<u32> {
    llvm.max(OLDEST)..=NEWEST
}

/// A linker for the bitcode of LLVM `llvm`: from PATH, or one that [`build`] left.
pub(crate) fn find(llvm: u32) -> Option<Linker> {
    let mut paths = process::all_in_path("bpf-linker");
    paths.extend(readers(llvm).map(|llvm| folder(llvm).join("bin/bpf-linker")).filter(|path| path.exists()));
    paths.into_iter().find_map(|path| {
        let its = llvm_of(&fs::read(&path).ok()?)?;
        // It does not start when its LLVM has been removed since.
        let said = Command::new(&path).arg("--version").output().ok().filter(|output| output.status.success())?;
        let said = String::from_utf8(said.stdout).ok()?;
        let version = said.trim().strip_prefix("bpf-linker ")?.to_owned();
        (its >= llvm).then_some(Linker { path, version, llvm: its })
    })
}

/// Builds a linker into the user's cache, for the LLVM installed under `prefix`.
pub(crate) fn build(llvm: u32, prefix: &Path) -> Result<()> {
    let step = Step::start("bpf-linker", &format!("building {VERSION} for LLVM {llvm}, a minute or two"));
    let mut install = workspace::cargo("install");
    install
        .args(["bpf-linker", "--version", VERSION, "--locked", "--no-default-features", "--features"])
        .arg(format!("llvm-{llvm}"))
        .arg("--root")
        .arg(folder(llvm))
        .env("LLVM_PREFIX", prefix)
        .env_remove("CARGO_TARGET_DIR");
    process::quiet(install).context("cannot build bpf-linker")?;
    step.done(format_args!("built in {}", workspace::short(&folder(llvm))));
    Ok(())
}

/// The installation of LLVM `llvm` with what linking against it takes, if there is one.
pub(crate) fn llvm_prefix(llvm: u32) -> Option<PathBuf> {
    let mut prefixes: Vec<PathBuf> = Vec::new();
    for name in [format!("llvm-config-{llvm}"), "llvm-config".to_owned()] {
        for config in process::all_in_path(&name) {
            let ask = |what| String::from_utf8(Command::new(&config).arg(what).output().ok()?.stdout).ok();
            if ask("--version").is_some_and(|version| version.starts_with(&format!("{llvm}."))) {
                prefixes.extend(ask("--prefix").map(|prefix| PathBuf::from(prefix.trim())));
            }
        }
    }
    prefixes.push(format!("/usr/lib/llvm-{llvm}").into());
    let homebrews = ["/home/linuxbrew/.linuxbrew", "/opt/homebrew", "/usr/local"];
    prefixes.extend(homebrews.map(|homebrew| format!("{homebrew}/opt/llvm@{llvm}").into()));
    prefixes.into_iter().find(|prefix| {
        let libraries = ["libLLVM.so".to_owned(), format!("libLLVM-{llvm}.so"), "libLLVM.dylib".to_owned()];
        libraries.iter().any(|library| prefix.join("lib").join(library).exists())
    })
}

/// Where the linker for `llvm` goes: never into the user's own cargo folder.
fn folder(llvm: u32) -> PathBuf {
    tools().join(format!("bpf-linker-{VERSION}-llvm{llvm}"))
}

/// The folder of the programs that xtask builds for itself.
pub(crate) fn tools() -> PathBuf {
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    cache.unwrap_or_else(|| workspace::home().join(".cache")).join("lanner/tools")
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
