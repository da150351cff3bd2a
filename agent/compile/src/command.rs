// SPDX-License-Identifier: Apache-2.0
//! The cargo that works on the probe.

use std::{path::Path, process::Command};

use crate::{Arch, Core, Search, TARGET, Toolchain};

/// What to work on.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// The workspace's folder.
    pub workspace: &'a Path,
    /// Where results go. Not the workspace's own folder: compiler and flags differ, and cargo keeps one set of results per
    /// folder and target.
    pub target_dir: &'a Path,
    /// The machine whose kernel the probe is for.
    pub arch: Arch,
    /// Folders, and what the probe names them: results do not depend on where they were built.
    pub remapped: &'a [(&'a Path, &'a str)],
}

/// A cargo that does `subcommand` with the probe. The caller adds `--profile probe` and the like.
#[must_use]
pub fn cargo(search: &Search, toolchain: &Toolchain, job: &Job<'_>, subcommand: &str) -> Command {
    let Toolchain { rustc, core, linker } = toolchain;
    let mut flags = vec![
        format!("--cfg=bpf_target_arch=\"{}\"", job.arch.name()),
        "-Cdebuginfo=2".to_owned(),
        "-Clink-arg=--btf".to_owned(),
        format!("-Clinker={}", linker.path.display()),
        format!("--remap-path-prefix={}=rust", rustc.sysroot.display()),
    ];
    // Of those that fit the last counts, and the folder of results, where build scripts write code, lies in others.
    let remapped = job.remapped.iter().copied().chain([(job.target_dir, "target")]);
    flags.extend(remapped.map(|(folder, name)| format!("--remap-path-prefix={}={name}", folder.display())));
    // cargo would look for `cargo-clippy` in PATH, where another toolchain's comes first.
    let program = if subcommand == "clippy" { "cargo-clippy" } else { "cargo" };
    let mut command = search.command(&rustc.program(program));
    command.arg(subcommand).arg("--manifest-path").arg(job.workspace.join("Cargo.toml"));
    if subcommand == "fetch" {
        // Build scripts and macros, which run here, need other crates than the probe.
        command.args(["--target", "host-tuple"]);
    } else {
        command.args(["--package", "agent-ebpf", "--features", "bpf", "--target-dir"]).arg(job.target_dir);
    }
    command
        .args(["--target", TARGET])
        .env("CARGO", rustc.program("cargo"))
        .env("RUSTC", rustc.program("rustc"))
        // Inline assembly for BPF, which aya-ebpf uses, is unstable; so is `-Z build-std`.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"))
        .env_remove("RUSTFLAGS")
        .env_remove("RUSTUP_TOOLCHAIN");
    match core {
        Core::Prebuilt => {}
        Core::Source => {
            command.args(["-Z", "build-std=core"]);
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Linker, Rustc};

    #[test]
    fn results_do_not_depend_on_folders() {
        let search = Search::of_environment("/".into());
        let rustc = Rustc {
            found: "/t/bin/rustc".into(),
            sysroot: "/t".into(),
            release: "1.95.0".to_owned(),
            llvm: 22,
            core: Some(Core::Source),
        };
        let linker = Linker { path: "/l/bpf-linker".into(), version: "0.13.0".to_owned(), llvm: 22 };
        let toolchain = Toolchain { rustc, core: Core::Source, linker };
        let flags = {
            let (workspace, target_dir) = (Path::new("/here/w"), Path::new("/here/w/out/probe"));
            let remapped = [(workspace, "lanner")];
            let job = Job { workspace, target_dir, arch: Arch::X86_64, remapped: &remapped };
            let command = cargo(&search, &toolchain, &job, "build");
            let flags = command.get_envs().find(|(name, _)| *name == "CARGO_ENCODED_RUSTFLAGS");
            flags.and_then(|(_, flags)| flags?.to_str()).expect("flags").to_owned()
        };
        // rustc takes the last that fits, so the folder inside another comes behind it.
        assert!(
            flags.ends_with("--remap-path-prefix=/here/w=lanner\x1f--remap-path-prefix=/here/w/out/probe=target"),
            "{flags}"
        );
        assert!(flags.contains("--remap-path-prefix=/t=rust\x1f"), "{flags}");
    }
}
