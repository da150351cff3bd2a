// SPDX-License-Identifier: Apache-2.0
//! What building the agent for another machine takes: Rust's library for it, and a C compiler (`ring` has C, and it links).

use std::{env, path::PathBuf, process::Command};

use agent_compile::Arch;

use crate::{build, process, workspace};

/// What cargo's environment needs for `arch`: variables and the compiler that they name. Nothing on the machine itself.
///
/// The error names all that is missing, with how to get it.
pub(crate) fn environment(arch: Arch) -> Result<Vec<(String, PathBuf)>, String> {
    if arch == Arch::HOST {
        return Ok(Vec::new());
    }
    let target = build::target(arch);
    let linker = format!("CARGO_TARGET_{}_LINKER", target.replace('-', "_").to_uppercase());
    let compiler = format!("{}-linux-gnu-gcc", arch.name());
    // Whoever has another compiler has told cargo.
    let given = env::var_os(&linker).map(PathBuf::from);
    let found = given.or_else(|| workspace::search().all(&compiler).into_iter().next());
    let mut missing = Vec::new();
    if !has_library(&target) {
        missing.push(format!("no Rust library for {target}: `rustup target add {target}`"));
    }
    if found.is_none() {
        let (gcc, libc) = match arch {
            Arch::X86_64 => ("gcc-x86-64-linux-gnu", "libc6-dev-amd64-cross"),
            Arch::Aarch64 => ("gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"),
        };
        missing.push(format!("no {compiler} in PATH: `apt-get install {gcc} {libc}`, or name a compiler by {linker}"));
    }
    match found {
        Some(compiler) if missing.is_empty() => {
            Ok(vec![(linker, compiler.clone()), (format!("CC_{}", target.replace('-', "_")), compiler)])
        }
        Some(_) | None => Err(missing.join("; ")),
    }
}

/// Whether the rustc that cargo uses has the standard library for `target`.
fn has_library(target: &str) -> bool {
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.current_dir(workspace::root()).args(["--print", "target-libdir", "--target", target]);
    process::read(&mut rustc).is_ok_and(|folder| PathBuf::from(folder).is_dir())
}
