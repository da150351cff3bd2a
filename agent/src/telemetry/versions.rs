// SPDX-License-Identifier: Apache-2.0
//! What runs here.

use std::sync::OnceLock;

use agent_common::record;
use serde::Serialize;

use crate::{cli, driver::Provenance, host, metadata::cgroup::Hierarchy, probe::Layout};

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

#[derive(Debug, Serialize)]
struct Page<'a> {
    version: &'a str,
    /// Of the contract between probe and agent.
    abi: u32,
    architecture: &'a str,
    kernel: &'a str,
    /// Where the probe is from and what it is, and what else was tried; null until that is known.
    probe: Option<&'a Provenance>,
    features: Option<&'a Features>,
}

/// What runs here.
#[derive(Debug)]
pub(super) struct Versions {
    kernel: String,
    features: OnceLock<Features>,
    probe: OnceLock<Provenance>,
}

impl Versions {
    pub(super) fn new() -> Self {
        Self::of(&host::kernel_release())
    }

    /// Of this kernel.
    pub(super) fn of(kernel: &str) -> Self {
        Self { kernel: kernel.to_owned(), features: OnceLock::new(), probe: OnceLock::new() }
    }

    pub(super) fn features(&self, features: Features) {
        // There is one probe in a run.
        let _ = self.features.set(features);
    }

    pub(super) fn probe(&self, provenance: Provenance) {
        let _ = self.probe.set(provenance);
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
        let page = Page {
            version: Self::version(),
            abi: record::ABI,
            architecture: std::env::consts::ARCH,
            kernel: &self.kernel,
            probe: self.probe.get(),
            features: self.features.get(),
        };
        // Plain data, which has a JSON.
        let mut json = serde_json::to_vec_pretty(&page).unwrap_or_default();
        json.push(b'\n');
        json
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_json() {
        let versions = Versions::new();
        let page = || serde_json::from_slice::<serde_json::Value>(&versions.json()).expect("JSON");
        assert!(page()["features"].is_null() && page()["probe"].is_null());
        versions.probe(Provenance::default());
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
        assert!(page["probe"]["chosen"].is_null() && page["probe"]["tried"].is_array());
        assert_eq!(page["features"]["cgroups"], "v2");
    }
}
