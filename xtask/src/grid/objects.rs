// SPDX-License-Identifier: Apache-2.0
//! The probes of a repository: what each says of itself.

use std::{collections::BTreeSet, fs, path::Path, process::Command, time::SystemTime};

use agent_common::identity::{self, Identity};
use agent_compile::Arch;
use anyhow::{Context as _, Result, bail, ensure};
use object::{Architecture, File, Object as _, ObjectSection as _};

use super::config::{self, Config, GivenObject};
use crate::{
    build_ebpf, input,
    output::sha256,
    process,
    repository::{
        manifest::{self, Object},
        url,
    },
    setup, workspace,
};

/// Bytes of an object that are read at most; one has about 1 MiB.
const MAX_OBJECT: u64 = 32 << 20;

/// A probe.
#[derive(Clone, Debug)]
pub(super) struct Probe {
    /// The driver version: the folder that it goes to.
    pub version: String,
    /// The machine that it is for: the folder inside.
    pub arch: Arch,
    /// It.
    pub bytes: Vec<u8>,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// What the manifest says of it.
    pub about: Object,
}

/// Those that `config` names, built if need be; each version and machine once.
pub(super) fn all(config: &Config) -> Result<Vec<Probe>> {
    let mut probes = Vec::new();
    if !config.build.is_empty() {
        let toolchain = setup::toolchain()?;
        for arch in &config.build {
            build_ebpf::build(&toolchain, *arch)?;
            probes.push(read(&workspace::probe(*arch), &revision())?);
        }
    }
    for GivenObject { file, revision } in &config.objects {
        probes.push(read(file, revision)?);
    }
    let mut seen = BTreeSet::new();
    for Probe { version, arch, .. } in &probes {
        if !seen.insert((version, *arch)) {
            bail!("there are two objects of driver version {version} for {}: leave one out", arch.name());
        }
    }
    Ok(probes)
}

/// Reads an object, and what it says of itself.
pub(super) fn read(path: &Path, revision: &str) -> Result<Probe> {
    let shown = workspace::short(path);
    let bytes = input::read(path, MAX_OBJECT)?;
    let about = fs::metadata(path).with_context(|| format!("cannot read {shown}"))?;
    let built = about.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    probe(bytes, revision, &humantime::format_rfc3339_seconds(built).to_string()).with_context(|| shown)
}

fn probe(bytes: Vec<u8>, revision: &str, date: &str) -> Result<Probe> {
    let file = File::parse(&*bytes).context("no object file")?;
    ensure!(file.architecture() == Architecture::Bpf, "an object for {:?}, not BPF", file.architecture());
    let section = file.section_by_name(identity::SECTION);
    let section = section.context("no probe of Lanner's: it does not say what it is")?;
    let text = str::from_utf8(section.data()?).ok().map(|text| text.trim_end_matches('\0'));
    let identity = text.and_then(Identity::parse).context("what it says of itself is not of the form that is known")?;
    let Identity { abi, schema, arch, version, features } = identity;
    url::checked("a driver version", version)?;
    let sha256 = sha256(&bytes);
    let about = Object {
        abi,
        schema: schema.to_owned(),
        arch: arch.to_owned(),
        build_id: manifest::build_id(&sha256).to_owned(),
        features: features.split(',').map(str::to_owned).collect(),
        revision: revision.to_owned(),
        date: date.to_owned(),
    };
    let (version, arch) = (version.to_owned(), config::arch(arch)?);
    Ok(Probe { version, arch, bytes, sha256, about })
}

/// The commit of this checkout, with a `+` when there are changes; nothing outside of git.
fn revision() -> String {
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        process::read(git.current_dir(workspace::root()).args(arguments)).ok()
    };
    let Some(commit) = git(&["rev-parse", "HEAD"]) else { return String::new() };
    let changed = git(&["status", "--porcelain"]).is_none_or(|changes| !changes.is_empty());
    if changed { commit + "+" } else { commit }
}
