// SPDX-License-Identifier: Apache-2.0
//! Small C programs, for what Rust's standard library can't be made to do: 32-bit processes above all.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Names a folder of programs that are compiled already, for machines without a compiler.
const COMPILED: &str = "LANNER_TEST_PROGRAMS";

/// Compiles `source` with `gcc` and these flags; the program is `folder/name`. One of that name in the folder
/// `LANNER_TEST_PROGRAMS` is taken instead.
///
/// # Errors
/// What gcc says, and what may help.
pub fn try_c(folder: &Path, name: &str, source: &str, flags: &[&str]) -> Result<PathBuf, String> {
    let (file, program) = (folder.join(format!("{name}.c")), folder.join(name));
    if let Some(compiled) = env::var_os(COMPILED).map(|folder| Path::new(&folder).join(name)) {
        fs::copy(&compiled, &program).map_err(|error| format!("{}: {error}", compiled.display()))?;
        return Ok(program);
    }
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
