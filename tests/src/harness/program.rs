// SPDX-License-Identifier: Apache-2.0
//! The program under test.

use std::{env, path::PathBuf, process::Command};

/// Where the agent is: `LANNER_BIN`, else the release build of this workspace.
///
/// # Panics
/// When it is not there.
#[must_use]
pub fn binary() -> PathBuf {
    let path = env::var_os("LANNER_BIN")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/release/lanner")), PathBuf::from);
    let Ok(path) = path.canonicalize() else {
        panic!("there is no {}: run `cargo xtask build`, or name another with LANNER_BIN", path.display());
    };
    path
}

/// A command that runs the agent, as [`untold`].
#[must_use]
pub fn lanner() -> Command {
    untold(Command::new(binary()))
}

/// A command that becomes the agent, its environment free of what the agent reads there. It serves no metrics: several run
/// at once.
#[must_use]
pub fn untold(mut command: Command) -> Command {
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("LANNER_") || text.starts_with("DRIVER") || text == "HOST_ROOT" {
            command.env_remove(name);
        }
    }
    command.env("LANNER_METRICS_LISTEN", "off");
    // Where the kernel's BTF is in a file.
    if let Some(file) = env::var_os("LANNER_TEST_BTF") {
        command.env("LANNER_BTF", file);
    }
    command
}
