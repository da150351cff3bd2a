// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask run -- ARGS`: builds the agent and becomes it, as root.

use std::os::unix::process::CommandExt as _;

use anyhow::{Context as _, Result};

use crate::{build, process, report, workspace};

/// What to run.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What the agent is told.
    #[arg(last = true)]
    args: Vec<String>,
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<()> {
    build::run()?;
    let mut command = process::as_root(workspace::agent());
    command.args(&args.args);
    report::line("run", process::show(&command));
    Err(command.exec()).with_context(|| format!("cannot start `{}`", process::show(&command)))
}
