// SPDX-License-Identifier: Apache-2.0
//! What is in `deploy`: rendered as users render it, held against the schemas of Kubernetes, linted, and compared with one
//! another and with the agent by the test `deploy` of package `agent`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use anyhow::{Context as _, Result, bail, ensure};

use super::arguments;
use crate::{deploy_tools, process, workspace};

/// The oldest Kubernetes that is supported, and the newest that the schemas are of.
const KUBERNETES: [&str; 2] = ["1.30", "1.37"];
/// Renders the chart.
const RENDER: &str = include_str!("deploy/render.py");

/// Renders, validates, lints, compares.
pub(super) fn check() -> Result<String> {
    let programs = deploy_tools::programs()?;
    let rendered = workspace::target().join("deploy");
    if rendered.exists() {
        fs::remove_dir_all(&rendered).with_context(|| format!("cannot remove {}", rendered.display()))?;
    }
    fs::create_dir_all(&rendered).with_context(|| format!("cannot make {}", rendered.display()))?;
    let mut not_checked = Vec::new();
    match deploy_tools::kubectl() {
        Some(kubectl) => kustomize(&kubectl, &rendered)?,
        None => not_checked.push("the kustomizations (no kubectl from 1.24 on)"),
    }
    // There is no wheel for others.
    if cfg!(target_arch = "x86_64") {
        chart(&programs, &rendered)?;
    } else {
        not_checked.push("the chart (Helm as a library is for x86_64)");
    }
    let manifests = validate(&programs, &rendered)?;

    let mut hadolint = Command::new(programs.join("hadolint"));
    hadolint.arg(folder().join("image/Dockerfile"));
    process::quiet(hadolint)?;
    if process::succeeds(Command::new("systemd-analyze").arg("--version")) {
        unit(&rendered)?;
    } else {
        not_checked.push("the unit (no systemd-analyze)");
    }
    let mut compare =
        arguments("test", &["--quiet", "--package", "agent", "--test", "deploy", "--", "--include-ignored"]);
    compare.env("LANNER_RENDERED", &rendered);
    process::quiet(compare)?;
    let mut found =
        format!("{manifests} rendered manifests fit Kubernetes {} and one another", KUBERNETES.join(" and "));
    for what in not_checked {
        found = format!("{found}; not checked: {what}");
    }
    Ok(found)
}

fn folder() -> PathBuf {
    workspace::root().join("deploy")
}

/// `kubectl kustomize` of each folder that users apply.
fn kustomize(kubectl: &Path, rendered: &Path) -> Result<()> {
    for (name, path) in [("plain", "kubernetes"), ("plain-least-privilege", "kubernetes/least-privilege")] {
        let text = process::read(Command::new(kubectl).arg("kustomize").arg(folder().join(path)))?;
        fs::write(rendered.join(format!("{name}.yaml")), text)?;
    }
    Ok(())
}

/// The chart with its default values, and with each file in its folder `ci`.
fn chart(programs: &Path, rendered: &Path) -> Result<()> {
    let chart = folder().join("helm/lanner");
    let mut values = vec![("helm".to_owned(), PathBuf::from("-"))];
    for entry in fs::read_dir(chart.join("ci")).context("cannot list the chart's ci")? {
        let path = entry?.path();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let name = stem.strip_suffix("-values").with_context(|| format!("{stem} is not called *-values.yaml"))?;
        values.push((format!("helm-{name}"), path));
    }
    for (name, values) in values {
        let mut render = Command::new(programs.join("python3"));
        render.args(["-c", RENDER]).args([&chart, &values, &rendered.join(format!("{name}.yaml"))]);
        process::quiet(render).with_context(|| format!("the chart with {}", workspace::short(&values)))?;
    }
    Ok(())
}

/// Holds everything that was rendered against the schemas; how many files that is.
fn validate(programs: &Path, rendered: &Path) -> Result<usize> {
    let files = fs::read_dir(rendered)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    for version in KUBERNETES {
        let mut validate = Command::new(programs.join("kubernetes-validate"));
        validate.args(["--strict", "--quiet", "--kubernetes-version", version]).args(&files);
        process::quiet(validate)?;
    }
    Ok(files.len())
}

/// The systemd unit. Of its program it is known where it will be, not that it is there.
fn unit(rendered: &Path) -> Result<()> {
    let text = fs::read_to_string(folder().join("systemd/lanner.service")).context("cannot read the unit")?;
    let here = std::env::current_exe().context("cannot find xtask's own program")?;
    let changed = text.replace("/usr/bin/lanner", &here.display().to_string());
    ensure!(changed != text, "the unit does not run /usr/bin/lanner");
    let unit = rendered.join("lanner.service");
    fs::write(&unit, changed)?;
    // What is unknown in it is a warning only.
    let Output { status, stdout, stderr } = Command::new("systemd-analyze").arg("verify").arg(&unit).output()?;
    let said = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    if !status.success() || !said.is_empty() {
        bail!("`systemd-analyze verify` of deploy/systemd/lanner.service: {status}\n{said}");
    }
    Ok(())
}
