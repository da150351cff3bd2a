// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask test`: unit and documentation tests as you, then package `tests` as root on the live kernel.

use std::{env, fs};

use agent_compile::Arch;
use anyhow::{Context as _, Result};

use crate::{build, packages, process, report, workspace};

/// What to test.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// What the test programs are told, such as a part of a test's name.
    #[arg(last = true)]
    args: Vec<String>,
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<()> {
    packages::for_tests(false);
    build::run()?;

    report::line("tests", "of units and documentation");
    process::run(workspace::cargo("test").args(["--workspace", "--exclude", "tests", "--"]).args(&args.args))?;

    mount_tracefs();
    report::line("tests", "on the live kernel, as root");
    let mut live = workspace::cargo("test");
    // One at a time: each sees every syscall of the machine, those of its neighbours too.
    live.args(["--package", "tests", "--", "--test-threads=1"]).args(&args.args);
    // A test that captures everything captures its own reading too. Heaps of threads grow by a call for every few KiB, so
    // that each line read would make another, without end; the first heap grows in large steps.
    live.env("MALLOC_ARENA_MAX", "1");
    live.env("LANNER_BIN", workspace::agent());
    live.env("LANNER_XTASK", env::current_exe().context("cannot find xtask's own program")?);
    if !rustix::process::geteuid().is_root() {
        // Built as you, run as root.
        let target = format!("CARGO_TARGET_{}_UNKNOWN_LINUX_GNU_RUNNER", Arch::HOST.name().to_uppercase());
        live.env(target, "sudo -E");
    }
    process::run(&mut live)
}

/// Makes the kernel's own descriptions of its syscalls visible, which tests compare the table with.
fn mount_tracefs() {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    if mounts.lines().any(|mount| mount.split(' ').nth(2) == Some("tracefs")) {
        return;
    }
    let mounted = process::run(process::as_root("mount").args(["-t", "tracefs", "tracefs", "/sys/kernel/tracing"]));
    mounted.unwrap_or_else(|error| report::line("tracefs", format_args!("not to be had: {error:#}")));
}
