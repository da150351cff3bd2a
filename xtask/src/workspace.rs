// SPDX-License-Identifier: Apache-2.0
//! Where things are.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use agent_compile::{Arch, Search};

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

/// Folders, and what results name them: alike wherever they were built.
pub(crate) fn remapped() -> [(PathBuf, &'static str); 2] {
    [(root().to_owned(), "lanner"), (cargo_home(), "cargo")]
}

/// Where the probe's toolchain is looked for: in PATH, and what `cargo xtask setup` has built.
pub(crate) fn search() -> Search {
    let mut search = Search::of_environment(root().to_owned());
    search.add(Path::new("/usr/bin"));
    search
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
