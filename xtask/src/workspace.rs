// SPDX-License-Identifier: Apache-2.0
//! Where things are.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use clap::ValueEnum;

/// A machine that the probe is built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Arch {
    /// 64-bit x86.
    #[value(name = "x86_64")]
    X86_64,
    /// 64-bit Arm.
    Aarch64,
}

impl Arch {
    /// The machine this runs on.
    pub(crate) const HOST: Self = if cfg!(target_arch = "aarch64") { Self::Aarch64 } else { Self::X86_64 };

    /// As Rust names it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Aarch64 => "aarch64",
        }
    }
}

/// The workspace's folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace")
}

/// The folder of everything that is built. Not `CARGO_TARGET_DIR`: the agent's build script looks for the probe here.
pub(crate) fn target() -> PathBuf {
    root().join("target")
}

/// Where the probe for `arch` is, once it is built.
pub(crate) fn probe(arch: Arch) -> PathBuf {
    target().join("probe").join(arch.name()).join("lanner-probe.o")
}

/// Where the agent is, once it is built.
pub(crate) fn agent() -> PathBuf {
    target().join("release/lanner")
}

/// The user's home folder, and root's in a process that has none.
pub(crate) fn home() -> PathBuf {
    env::var_os("HOME").map_or_else(|| "/root".into(), PathBuf::from)
}

/// Where cargo keeps the sources of crates.
pub(crate) fn cargo_home() -> PathBuf {
    env::var_os("CARGO_HOME").map_or_else(|| home().join(".cargo"), PathBuf::from)
}

/// Flags for rustc by which what it builds names its sources alike wherever it was built.
pub(crate) fn remapped() -> [String; 2] {
    [(root().to_owned(), "lanner"), (cargo_home(), "cargo")]
        .map(|(folder, name)| format!("--remap-path-prefix={}={name}", folder.display()))
}

/// `path` as people type it: relative to the workspace, or to the home folder by `~`.
pub(crate) fn short(path: &Path) -> String {
    if let Ok(inside) = path.strip_prefix(root()) {
        return inside.display().to_string();
    }
    match path.strip_prefix(home()) {
        Ok(inside) => format!("~/{}", inside.display()),
        Err(_) => path.display().to_string(),
    }
}

/// The cargo that runs this, working in the workspace, building into its target folder.
pub(crate) fn cargo(subcommand: &str) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).env("CARGO_TARGET_DIR", target()).arg(subcommand);
    command
}
