// SPDX-License-Identifier: Apache-2.0
//! Building a bpf-linker for a given LLVM.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use agent_compile::linker::{VERSION, folder};
use anyhow::{Context as _, Result};

use crate::{process, report::Step, workspace};

/// Builds a linker into the user's cache, for the LLVM installed under `prefix`.
pub(crate) fn build(llvm: u32, prefix: &Path) -> Result<()> {
    let folder = folder(workspace::search().tools(), llvm);
    let step = Step::start("bpf-linker", &format!("building {VERSION} for LLVM {llvm}, a minute or two"));
    let mut install = workspace::cargo("install");
    install
        .args(["bpf-linker", "--version", VERSION, "--locked", "--no-default-features", "--features"])
        .arg(format!("llvm-{llvm}"))
        .arg("--root")
        .arg(&folder)
        .env("LLVM_PREFIX", prefix)
        .env_remove("CARGO_TARGET_DIR");
    process::quiet(install).context("cannot build bpf-linker")?;
    step.done(format_args!("built in {}", workspace::short(&folder)));
    Ok(())
}

/// The installation of LLVM `llvm` with what linking against it takes, if there is one.
pub(crate) fn llvm_prefix(llvm: u32) -> Option<PathBuf> {
    let search = workspace::search();
    let mut prefixes: Vec<PathBuf> = Vec::new();
    for name in [format!("llvm-config-{llvm}"), "llvm-config".to_owned()] {
        for config in search.all(&name) {
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
