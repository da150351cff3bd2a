// SPDX-License-Identifier: Apache-2.0
//! Child processes: run, awaited, and named in what goes wrong.

use std::{
    ffi::OsStr,
    io,
    io::Read as _,
    iter,
    path::Path,
    process::{Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

/// How long a child may take that nobody watches.
const AN_HOUR: Duration = Duration::from_hours(1);

/// The command as one would type it, its program without the folder.
pub(crate) fn show(command: &Command) -> String {
    let program = command.get_program();
    let program = Path::new(program).file_name().unwrap_or(program);
    let words = iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// Runs `command` with our own input and output.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| cannot_start(command))?;
    succeeded(status, command)
}

/// Runs `command` and returns what it printed, without the last newline. Its errors go to ours.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output().with_context(|| cannot_start(command))?;
    succeeded(output.status, command)?;
    let text = String::from_utf8(output.stdout).with_context(|| format!("`{}` printed no UTF-8", show(command)))?;
    Ok(text.trim_end().to_owned())
}

/// Whether `command` can be run and succeeds; what it prints is thrown away.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
}

/// Runs `command` silently. What it printed is part of the error if it fails.
pub(crate) fn quiet(command: Command) -> Result<()> {
    quiet_within(AN_HOUR, command).map(drop)
}

/// As [`quiet`], but ends the child after `limit`; returns what it printed.
pub(crate) fn quiet_within(limit: Duration, mut command: Command) -> Result<String> {
    let (mut reader, writer) = io::pipe().context("cannot make a pipe")?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let shown = show(&command);
    let mut child = command.spawn().with_context(|| cannot_start(&command))?;
    drop(command); // It holds the pipe's other end, without which there is no end of file.

    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = reader.read_to_end(&mut bytes);
        sender.send(read.map(|_| bytes)).ok()
    });
    let Ok(bytes) = receiver.recv_timeout(limit) else {
        child.kill().and_then(|()| child.wait()).with_context(|| format!("cannot end `{shown}`"))?;
        bail!("`{shown}` took longer than {} s", limit.as_secs());
    };
    let output = String::from_utf8_lossy(&bytes?).into_owned();
    let status = child.wait().with_context(|| format!("cannot await `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` failed: {status}\n{}", output.trim_end());
    }
    Ok(output)
}

/// A command that runs `program` as root, by a sudo that may ask for a password.
pub(crate) fn as_root(program: impl AsRef<OsStr>) -> Command {
    if rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let mut sudo = Command::new("sudo");
    sudo.arg("-E").arg(program);
    sudo
}

fn cannot_start(command: &Command) -> String {
    format!("cannot start `{}`: is it installed, and in PATH?", show(command))
}

fn succeeded(status: ExitStatus, command: &Command) -> Result<()> {
    if !status.success() {
        bail!("`{}` failed: {status}", show(command));
    }
    Ok(())
}
