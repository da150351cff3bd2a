// SPDX-License-Identifier: Apache-2.0
//! What building the agent for another machine takes: Rust's library for it, and a C compiler (`ring` has C, and it links).

mod library;

use std::{env, path::PathBuf};

use agent_compile::Arch;
use anyhow::{Result, bail};

use self::library::Library;
use crate::{build, packages, workspace};

/// What cargo is told to build for another machine; nothing for this one.
#[derive(Debug, Default)]
pub(crate) struct Cross {
    /// Of its environment.
    pub(crate) environment: Vec<(String, PathBuf)>,
    /// More of rustc's flags.
    pub(crate) flags: Vec<String>,
}

/// What there is on this machine to build for `arch`.
///
/// The error names all that is missing, with how to get it.
pub(crate) fn find(arch: Arch) -> Result<Cross, String> {
    if arch == Arch::HOST {
        return Ok(Cross::default());
    }
    let target = build::target(arch);
    let (library, compiler) = (library::find(arch), compiler(arch));
    let mut missing = Vec::new();
    if library.is_none() {
        missing.push(format!("no Rust library for {target}: `rustup target add {target}`"));
    }
    if compiler.is_none() {
        let (name, [gcc, libc], linker) = (compiler_name(arch), compiler_packages(arch), linker_variable(arch));
        missing.push(format!("no {name} in PATH: `apt-get install {gcc} {libc}`, or name a compiler by {linker}"));
    }
    let (Some(library), Some(compiler)) = (library, compiler) else { return Err(missing.join("; ")) };
    let mut cross = Cross::default();
    cross.environment.push((linker_variable(arch), compiler.clone()));
    cross.environment.push((format!("CC_{}", target.replace('-', "_")), compiler));
    if let Library::Debian { rustc, sysroot } = library {
        cross.environment.push(("RUSTC".to_owned(), rustc));
        cross.flags.push(format!("--sysroot={}", sysroot.display()));
    }
    Ok(cross)
}

/// As [`find`], once what is missing was installed, where that can be had.
pub(crate) fn set_up(arch: Arch) -> Result<Cross> {
    if arch != Arch::HOST {
        if compiler(arch).is_none() {
            packages::install(&compiler_packages(arch))?;
        }
        if library::find(arch).is_none() {
            library::install(arch)?;
        }
    }
    find(arch).or_else(|missing| bail!("programs for {} can't be built here: {missing}", arch.name()))
}

/// The variable by which cargo is told a linker.
fn linker_variable(arch: Arch) -> String {
    format!("CARGO_TARGET_{}_LINKER", build::target(arch).replace('-', "_").to_uppercase())
}

fn compiler_name(arch: Arch) -> String {
    format!("{}-linux-gnu-gcc", arch.name())
}

/// The C compiler for `arch`. Whoever has another one has told cargo.
fn compiler(arch: Arch) -> Option<PathBuf> {
    let given = env::var_os(linker_variable(arch)).map(PathBuf::from);
    given.or_else(|| workspace::search().all(&compiler_name(arch)).into_iter().next())
}

/// Debian's packages of it.
const fn compiler_packages(arch: Arch) -> [&'static str; 2] {
    match arch {
        Arch::X86_64 => ["gcc-x86-64-linux-gnu", "libc6-dev-amd64-cross"],
        Arch::Aarch64 => ["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"],
    }
}
