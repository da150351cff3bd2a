// SPDX-License-Identifier: Apache-2.0
//! What is read of Docker's answers. Go writes `null` for what is empty, so everything may be missing.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::metadata::container::details::{Mount, short};

/// `GET /containers/{id}/json`
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Container {
    pub(super) name: Option<String>,
    pub(super) image: Option<String>,
    pub(super) state: Option<ContainerState>,
    pub(super) config: Option<Config>,
    pub(super) host_config: Option<HostConfig>,
    pub(super) mounts: Option<Vec<MountPoint>>,
    pub(super) network_settings: Option<Network>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ContainerState {
    pub(super) started_at: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Config {
    pub(super) image: Option<String>,
    pub(super) labels: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct HostConfig {
    pub(super) privileged: Option<bool>,
    pub(super) pid_mode: Option<String>,
    pub(super) network_mode: Option<String>,
    pub(super) ipc_mode: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct MountPoint {
    source: Option<String>,
    destination: Option<String>,
    mode: Option<String>,
    #[serde(rename = "RW")]
    rw: Option<bool>,
    propagation: Option<String>,
}

impl From<MountPoint> for Mount {
    fn from(mount: MountPoint) -> Self {
        Self {
            source: short(mount.source.unwrap_or_default()),
            dest: short(mount.destination.unwrap_or_default()),
            mode: short(mount.mode.unwrap_or_default()),
            rdwr: mount.rw.unwrap_or_default(),
            propagation: short(mount.propagation.unwrap_or_default()),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Network {
    /// Of the default bridge; gone since API 1.52.
    #[serde(rename = "IPAddress")]
    ip_address: Option<String>,
    networks: Option<BTreeMap<String, Option<Endpoint>>>,
}

#[derive(Debug, Default, Deserialize)]
struct Endpoint {
    #[serde(rename = "IPAddress")]
    ip_address: Option<String>,
}

impl Network {
    /// The address in the first network that gave one.
    pub(super) fn address(self) -> Option<String> {
        let others =
            self.networks.unwrap_or_default().into_values().flatten().filter_map(|endpoint| endpoint.ip_address);
        self.ip_address.into_iter().chain(others).find(|address| !address.is_empty())
    }
}

/// `GET /images/{id}/json`
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Image {
    pub(super) repo_tags: Option<Vec<String>>,
    pub(super) repo_digests: Option<Vec<String>>,
}
