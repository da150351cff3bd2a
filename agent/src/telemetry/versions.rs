// SPDX-License-Identifier: Apache-2.0
//! What runs here.

use std::{fmt::Write as _, sync::OnceLock};

use agent_common::record;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::{
    cli, host,
    metadata::cgroup::Hierarchy,
    probe::{self, Layout},
};

/// What the probe was loaded with.
#[derive(Clone, Debug, Serialize)]
pub struct Features {
    /// Whether the kernel's structs are known from BTF.
    pub btf: bool,
    /// Whether tables of processes, files and containers are kept.
    pub tables: bool,
    /// Whether the probe tells of open files.
    pub files: bool,
    /// Whether the condition is read from a file, and again on SIGHUP.
    pub replaceable_condition: bool,
    /// By which cgroups containers are told: the v1 controller, or `v2`.
    pub cgroups: String,
}

impl Features {
    /// What a run with these arguments has on this kernel.
    #[must_use]
    pub fn of(args: &cli::Capture, layout: &Layout, hierarchy: &Hierarchy, replaceable_condition: bool) -> Self {
        let tables = !args.no_enrich;
        Self {
            btf: layout.has_btf(),
            tables,
            files: tables && layout.tells_files(),
            replaceable_condition,
            cgroups: hierarchy.controller().unwrap_or("v2").to_owned(),
        }
    }
}

/// The probe.
#[derive(Debug, Serialize)]
struct Object {
    source: &'static str,
    /// Of the object, as it was embedded.
    sha256: Option<String>,
    bytes: Option<usize>,
}

#[derive(Debug, Serialize)]
struct Page<'a> {
    version: &'a str,
    /// Of the contract between probe and agent.
    abi: u32,
    architecture: &'a str,
    kernel: &'a str,
    probe: Object,
    features: Option<&'a Features>,
}

/// What runs here.
#[derive(Debug)]
pub(super) struct Versions {
    kernel: String,
    features: OnceLock<Features>,
}

impl Versions {
    pub(super) fn new() -> Self {
        Self::of(&host::kernel_release())
    }

    /// Of this kernel.
    pub(super) fn of(kernel: &str) -> Self {
        Self { kernel: kernel.to_owned(), features: OnceLock::new() }
    }

    pub(super) fn features(&self, features: Features) {
        // There is one probe in a run.
        let _ = self.features.set(features);
    }

    /// The version of the agent.
    pub(super) const fn version() -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    /// `uname -r`
    pub(super) fn kernel(&self) -> &str {
        &self.kernel
    }

    /// As JSON.
    pub(super) fn json(&self) -> Vec<u8> {
        let object = probe::embedded().ok();
        let page = Page {
            version: Self::version(),
            abi: record::ABI,
            architecture: std::env::consts::ARCH,
            kernel: &self.kernel,
            probe: Object { source: "embedded", sha256: object.map(sha256), bytes: object.map(<[u8]>::len) },
            features: self.features.get(),
        };
        // Plain data, which has a JSON.
        let mut json = serde_json::to_vec_pretty(&page).unwrap_or_default();
        json.push(b'\n');
        json
    }
}

fn sha256(object: &[u8]) -> String {
    let mut hex = String::new();
    for byte in Sha256::digest(object) {
        // Writing to a string does not fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_json() {
        let versions = Versions::new();
        let page = || serde_json::from_slice::<serde_json::Value>(&versions.json()).expect("JSON");
        assert!(page()["features"].is_null());
        versions.features(Features {
            btf: true,
            tables: true,
            files: true,
            replaceable_condition: false,
            cgroups: "v2".to_owned(),
        });
        let page = page();
        assert_eq!(page["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(page["abi"], record::ABI);
        assert_eq!(page["kernel"], host::kernel_release());
        assert_eq!(page["probe"]["source"], "embedded");
        assert_eq!(page["features"]["cgroups"], "v2");
    }

    #[test]
    fn digests_are_hexadecimal() {
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
