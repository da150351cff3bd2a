// SPDX-License-Identifier: Apache-2.0
//! What a repository is to hold, as its maker writes it.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use agent_compile::Arch;
use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

use super::{driverkit, objects::Probe};
use crate::{
    input,
    repository::url::{self, Target},
};

/// Bytes of a configuration file that are read at most.
const MAX_FILE: u64 = 4 << 20;

/// What a repository is to hold.
#[derive(Clone, Debug)]
pub(super) struct Config {
    /// What objects' names begin with.
    pub name: String,
    /// Driver versions that stay, the newest of all that are there.
    pub keep: usize,
    /// How the portable object gets its other names.
    pub link: Link,
    /// The architectures whose probe is built from this checkout.
    pub build: Vec<Arch>,
    /// Further objects.
    pub objects: Vec<GivenObject>,
    /// Kernels that have names of their own.
    pub kernels: Vec<Kernel>,
}

/// How one file gets several names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Link {
    /// It has them in the file system.
    #[default]
    Hard,
    /// It is there several times.
    Copy,
}

/// An object that was built before.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GivenObject {
    /// It.
    pub file: PathBuf,
    /// The revision that it was built from.
    #[serde(default)]
    pub revision: String,
}

/// A kernel with names of its own.
#[derive(Clone, Debug)]
pub(super) struct Kernel {
    /// What it is called.
    pub target: Target,
    /// Its machine; every one of the repository's when `None`.
    pub arch: Option<Arch>,
    /// The driver version it is for; every one when `None`.
    pub driver_version: Option<String>,
    /// Its BTF, for kernels that don't bring theirs.
    pub btf: Option<PathBuf>,
    /// Where this was written.
    pub place: String,
}

/// A TOML file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default = "name")]
    name: String,
    #[serde(default = "keep")]
    keep: usize,
    #[serde(default)]
    link: Link,
    build: Option<Vec<String>>,
    #[serde(default)]
    object: Vec<GivenObject>,
    #[serde(default)]
    kernel: Vec<WrittenKernel>,
    /// Folders of driverkit's files, or files.
    #[serde(default)]
    driverkit: Vec<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenKernel {
    target: String,
    release: String,
    #[serde(default = "version")]
    version: String,
    arch: Option<String>,
    driver_version: Option<String>,
    btf: Option<PathBuf>,
}

fn name() -> String {
    "lanner".to_owned()
}

const fn keep() -> usize {
    2
}

fn version() -> String {
    "1".to_owned()
}

impl Config {
    /// Reads what `path` says; without it, this checkout's probe and nothing else.
    pub(super) fn read(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else { return Self::of_toml("", Path::new("."), "") };
        let shown = path.display().to_string();
        if path.is_dir() || driverkit::is_yaml(path) {
            let mut config = Self::of_toml("", Path::new("."), "")?;
            config.kernels = driverkit::read(path)?;
            ensure!(!config.kernels.is_empty(), "{shown}: there is no .yaml file in it");
            return config.checked();
        }
        let folder = path.parent().unwrap_or_else(|| Path::new("."));
        Self::of_toml(&text(path)?, folder, &shown)
    }

    /// Paths in `text` are relative to `folder`.
    pub(super) fn of_toml(text: &str, folder: &Path, shown: &str) -> Result<Self> {
        let written: Written = toml::from_str(text).map_err(|error| anyhow::anyhow!("{shown}: {}", trimmed(&error)))?;
        let Written { name, keep, link, build, mut object, kernel, driverkit } = written;
        ensure!(keep > 0, "{shown}: `keep = 0` would keep no driver version at all");
        let arches = |words: Vec<String>| words.iter().map(|word| arch(word)).collect::<Result<Vec<_>>>();
        let build = match build {
            Some(words) => arches(words).with_context(|| format!("{shown}: `build`"))?,
            None if object.is_empty() => Arch::ALL.to_vec(),
            None => Vec::new(),
        };
        ensure!(!build.is_empty() || !object.is_empty(), "{shown}: `build = []` and no [[object]]: nothing to lay out");
        for object in &mut object {
            object.file = folder.join(&object.file);
        }
        let mut kernels = Vec::new();
        for (i, kernel) in kernel.into_iter().enumerate() {
            let place = format!("{shown}: [[kernel]] number {}", i + 1);
            let WrittenKernel { target, release, version, arch: word, driver_version, btf } = kernel;
            kernels.push(Kernel {
                target: Target { id: target, release, version },
                arch: word.map(|word| arch(&word)).transpose().with_context(|| place.clone())?,
                driver_version,
                btf: btf.map(|path| folder.join(path)),
                place,
            });
        }
        for path in driverkit {
            kernels.extend(driverkit::read(&folder.join(path))?);
        }
        Self { name, keep, link, build, objects: object, kernels }.checked()
    }

    /// Names become files, and two kernels can't have one.
    fn checked(self) -> Result<Self> {
        url::checked("the name of a driver", &self.name)?;
        ensure!(!self.name.contains('_'), "{:?} can't be the name of a driver: it has an underscore", self.name);
        let mut seen = BTreeSet::new();
        for Kernel { target, arch, driver_version, place, .. } in &self.kernels {
            let checked = |what, word| url::checked(what, word).with_context(|| place.clone());
            checked("a target", &target.id)?;
            checked("a kernel's release", &target.release)?;
            checked("a kernel's version", &target.version)?;
            ensure!(!target.id.contains('_'), "{place}: {:?} can't be a target: it has an underscore", target.id);
            if !seen.insert((target.stem(), *arch, driver_version.clone())) {
                bail!("{place}: {} is there twice", target.stem());
            }
        }
        Ok(self)
    }

    /// Whether every driver version and architecture that kernels name has an object.
    pub(super) fn check_against(&self, probes: &[Probe]) -> Result<()> {
        for Kernel { arch, driver_version, place, .. } in &self.kernels {
            if let Some(version) = driver_version
                && !probes.iter().any(|probe| probe.version == *version)
            {
                let there: BTreeSet<_> = probes.iter().map(|probe| probe.version.as_str()).collect();
                let there = Vec::from_iter(there).join(", ");
                bail!(
                    "{place}: there is no object of driver version {version}; there are those of {there}. Add it as an \
                     [[object]], or leave the version out, to mean every one"
                );
            }
            if let Some(arch) = arch
                && !probes.iter().any(|probe| probe.arch == *arch)
            {
                let arch = arch.name();
                bail!("{place}: there is no object for {arch}: add one as an [[object]], or `build = [\"{arch}\"]`");
            }
        }
        Ok(())
    }
}

/// A file's text, if it is of a size that a person could have written.
pub(super) fn text(path: &Path) -> Result<String> {
    let text = String::from_utf8(input::read(path, MAX_FILE)?);
    text.with_context(|| format!("cannot read {}: it is no text", path.display()))
}

/// An architecture, as Rust, `uname -m` or driverkit names it.
pub(super) fn arch(word: &str) -> Result<Arch> {
    match word {
        "x86_64" | "amd64" => Ok(Arch::X86_64),
        "aarch64" | "arm64" => Ok(Arch::Aarch64),
        _ => bail!("unknown architecture {word:?}: it is x86_64 (amd64) or aarch64 (arm64)"),
    }
}

/// The parser's words, without blank lines at the end.
fn trimmed(error: &toml::de::Error) -> String {
    error.to_string().trim_end().to_owned()
}
