// SPDX-License-Identifier: Apache-2.0
//! Small C programs, for what Rust's standard library can't be made to do: 32-bit processes above all.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Compiles `source` with `gcc` and these flags; the program is `folder/name`.
///
/// # Errors
/// What gcc says, and what may help.
pub fn try_c(folder: &Path, name: &str, source: &str, flags: &[&str]) -> Result<PathBuf, String> {
    let (file, program) = (folder.join(format!("{name}.c")), folder.join(name));
    fs::write(&file, source).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut gcc = Command::new("gcc");
    gcc.args(["-O1", "-Wall", "-o"]).arg(&program).arg(&file).args(flags);
    let output = gcc.output().map_err(|error| format!("gcc: {error}; `cargo xtask setup --tests` installs it"))?;
    if output.status.success() {
        return Ok(program);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let remedy = if flags.contains(&"-m32") { "\n`cargo xtask setup --tests` installs what -m32 takes" } else { "" };
    Err(format!("gcc {}: {said}{remedy}", flags.join(" ")))
}

/// As [`try_c`].
///
/// # Panics
/// When it does not compile.
#[must_use]
pub fn c(folder: &Path, name: &str, source: &str, flags: &[&str]) -> PathBuf {
    try_c(folder, name, source, flags).unwrap_or_else(|error| panic!("{error}"))
}
