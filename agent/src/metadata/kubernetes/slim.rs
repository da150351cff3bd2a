// SPDX-License-Identifier: Apache-2.0
//! Objects of the API as far as they are used. Everything else, `managedFields` above all, is passed over while it is read,
//! and every text and list has a bound.

use serde::de::{IgnoredAny, MapAccess};

use super::{
    json::{Flag, List, Number, Object, Pairs, Record, text},
    pod::{Owner, Parts, PodContainer},
};
use crate::metadata::cgroup::PodUid;

/// The longest name. Kubernetes allows 253 bytes, and as many again before the `/` of a label's name.
const MAX_NAME: usize = 512;
/// The longest name of an image.
const MAX_IMAGE: usize = 1024;
/// The most labels of a pod, in bytes.
const MAX_LABELS: usize = 8 << 10;
/// The longest annotation that is kept. What is longer is made for programs: whole manifests, networks as JSON.
const MAX_ANNOTATION: usize = 256;
/// The most annotations of a pod that are kept, in bytes.
const MAX_ANNOTATIONS: usize = 1 << 10;
/// The most containers of each sort.
const MAX_CONTAINERS: usize = 64;
/// The most addresses, and owners that are looked at.
const MAX_FEW: usize = 16;
/// The longest message of a server.
const MAX_MESSAGE: usize = 16 << 10;
/// The longest resource version, and place to go on from.
const MAX_TOKEN: usize = 16 << 10;

/// The annotation with the UID that a static pod's cgroups have.
const CONFIG_HASH: &str = "kubernetes.io/config.hash";

/// Annotations that nobody looks for, by the beginning of their names: copies of what is kept anyway, and notes that the
/// kubelet and networks keep for themselves.
const LEFT_OUT: [&str; 5] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    "kubernetes.io/config.",
    "cni.projectcalico.org/",
    "k8s.v1.cni.cncf.io/",
    "k8s.ovn.org/",
];

/// An object of a list or of a watch: a pod, a bookmark, or a status.
#[derive(Debug, Default)]
pub(super) struct Slim {
    pub(super) metadata: Metadata,
    spec: Spec,
    status: Status,
    /// Of a status: its HTTP code.
    pub(super) code: Option<u64>,
    /// Of a status: what went wrong.
    pub(super) message: Option<String>,
}

/// `metadata`
#[derive(Debug, Default)]
pub(super) struct Metadata {
    uid: Option<String>,
    name: Option<String>,
    namespace: Option<String>,
    pub(super) resource_version: Option<String>,
    labels: Vec<(String, String)>,
    annotations: Vec<(String, String)>,
    owners: Vec<OwnerReference>,
}

#[derive(Debug, Default)]
struct OwnerReference {
    kind: Option<String>,
    name: Option<String>,
    controller: bool,
}

#[derive(Debug, Default)]
struct Spec {
    node: Option<String>,
    service_account: Option<String>,
    containers: [Vec<Container>; 3],
}

#[derive(Debug, Default)]
struct Status {
    qos: Option<String>,
    ip: Option<String>,
    ips: Vec<Address>,
    containers: [Vec<Container>; 3],
}

/// A container, as the specification or the status has it.
#[derive(Debug, Default)]
struct Container {
    name: Option<String>,
    image: Option<String>,
    id: Option<String>,
}

#[derive(Debug, Default)]
struct Address(Option<String>);

impl Slim {
    /// The pod's UID, if it can be told.
    pub(super) fn uid(&self) -> Option<u128> {
        PodUid::parse(self.metadata.uid.as_deref()?)
    }

    /// What is kept of the pod; `None` where it has no UID, name or namespace.
    pub(super) fn into_parts(self) -> Option<Parts> {
        let uid = self.uid()?;
        let Metadata { name, namespace, mut labels, mut annotations, owners, .. } = self.metadata;
        let config_hash = annotations.iter().position(|(name, _)| name == CONFIG_HASH);
        let config_hash = config_hash.map(|at| annotations.swap_remove(at).1);
        labels.sort_unstable();
        annotations.sort_unstable();
        let controller = owners.into_iter().find(|owner| owner.controller);
        let ips: Vec<_> = self.status.ips.into_iter().filter_map(|address| address.0).collect();
        Some(Parts {
            uid,
            config_hash: config_hash.and_then(|hash| PodUid::parse(&hash)).filter(|hash| *hash != uid),
            name: name.filter(|name| !name.is_empty())?,
            namespace: namespace.filter(|namespace| !namespace.is_empty())?,
            node: self.spec.node.filter(|node| !node.is_empty()),
            service_account: self.spec.service_account.filter(|account| !account.is_empty()),
            qos: self.status.qos,
            ips: if ips.is_empty() { self.status.ip.into_iter().collect() } else { ips },
            owner: controller.and_then(|owner| Some(Owner { kind: owner.kind?, name: owner.name? })),
            labels,
            annotations,
            containers: containers(self.spec.containers, self.status.containers),
        })
    }
}

/// Containers by the specification, with the ids that the status has of them.
fn containers(specified: [Vec<Container>; 3], told: [Vec<Container>; 3]) -> Vec<PodContainer<String>> {
    let mut all = Vec::new();
    for (specified, mut told) in specified.into_iter().zip(told) {
        for Container { name, image, .. } in specified {
            let Some(name) = name else { continue };
            let id = told.iter_mut().find(|one| one.name.as_ref() == Some(&name)).and_then(|one| one.id.take());
            all.push(PodContainer { id: bare(id), name, image: image.unwrap_or_default() });
        }
        // Of a container that the specification does not have the status knows it all.
        for Container { name, image, id } in told {
            if let (Some(name), Some(id)) = (name, id) {
                all.push(PodContainer { id: bare(Some(id)), name, image: image.unwrap_or_default() });
            }
        }
    }
    all
}

/// An id without the runtime: `containerd://0123..`.
fn bare(id: Option<String>) -> String {
    let id = id.unwrap_or_default();
    match id.split_once("://") {
        Some((_, bare)) => bare.to_owned(),
        None => id,
    }
}

impl Record for Slim {
    const NAMES: &'static [&'static str] = &["metadata", "spec", "status", "code", "message"];

    fn read<'de, A: MapAccess<'de>>(&mut self, name: &'static str, map: &mut A) -> Result<bool, A::Error> {
        match name {
            "metadata" => map.next_value_seed(Object(&mut self.metadata)),
            "spec" => map.next_value_seed(Object(&mut self.spec)),
            "status" => map.next_value_seed(Object(&mut self.status)),
            "code" => map.next_value_seed(Number(&mut self.code)),
            "message" => map.next_value_seed(text(&mut self.message, MAX_MESSAGE)),
            _ => map.next_value::<IgnoredAny>().map(|_| true),
        }
    }
}

impl Record for Metadata {
    const NAMES: &'static [&'static str] =
        &["uid", "name", "namespace", "resourceVersion", "labels", "annotations", "ownerReferences"];

    fn read<'de, A: MapAccess<'de>>(&mut self, name: &'static str, map: &mut A) -> Result<bool, A::Error> {
        match name {
            "uid" => map.next_value_seed(text(&mut self.uid, MAX_NAME)),
            "name" => map.next_value_seed(text(&mut self.name, MAX_NAME)),
            "namespace" => map.next_value_seed(text(&mut self.namespace, MAX_NAME)),
            "resourceVersion" => map.next_value_seed(text(&mut self.resource_version, MAX_TOKEN)),
            "labels" => map.next_value_seed(Pairs {
                into: &mut self.labels,
                room: MAX_LABELS,
                max_value: MAX_NAME,
                wanted: |_| true,
                always: None,
            }),
            "annotations" => map.next_value_seed(Pairs {
                into: &mut self.annotations,
                room: MAX_ANNOTATIONS,
                max_value: MAX_ANNOTATION,
                wanted: |name| !LEFT_OUT.iter().any(|prefix| name.starts_with(prefix)),
                always: Some(CONFIG_HASH),
            }),
            "ownerReferences" => map.next_value_seed(List { into: &mut self.owners, max: MAX_FEW }),
            _ => map.next_value::<IgnoredAny>().map(|_| true),
        }
    }
}

impl Record for OwnerReference {
    const NAMES: &'static [&'static str] = &["kind", "name", "controller"];

    fn read<'de, A: MapAccess<'de>>(&mut self, name: &'static str, map: &mut A) -> Result<bool, A::Error> {
        match name {
            "kind" => map.next_value_seed(text(&mut self.kind, MAX_NAME)),
            "name" => map.next_value_seed(text(&mut self.name, MAX_NAME)),
            "controller" => map.next_value_seed(Flag(&mut self.controller)),
            _ => map.next_value::<IgnoredAny>().map(|_| true),
        }
    }
}

impl Record for Spec {
    const NAMES: &'static [&'static str] =
        &["nodeName", "serviceAccountName", "initContainers", "containers", "ephemeralContainers"];

    fn read<'de, A: MapAccess<'de>>(&mut self, name: &'static str, map: &mut A) -> Result<bool, A::Error> {
        let [init, regular, ephemeral] = &mut self.containers;
        match name {
            "nodeName" => map.next_value_seed(text(&mut self.node, MAX_NAME)),
            "serviceAccountName" => map.next_value_seed(text(&mut self.service_account, MAX_NAME)),
            "initContainers" => map.next_value_seed(List { into: init, max: MAX_CONTAINERS }),
            "containers" => map.next_value_seed(List { into: regular, max: MAX_CONTAINERS }),
            "ephemeralContainers" => map.next_value_seed(List { into: ephemeral, max: MAX_CONTAINERS }),
            _ => map.next_value::<IgnoredAny>().map(|_| true),
        }
    }
}

impl Record for Status {
    const NAMES: &'static [&'static str] =
        &["qosClass", "podIP", "podIPs", "initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"];

    fn read<'de, A: MapAccess<'de>>(&mut self, name: &'static str, map: &mut A) -> Result<bool, A::Error> {
        let [init, regular, ephemeral] = &mut self.containers;
        match name {
            "qosClass" => map.next_value_seed(text(&mut self.qos, MAX_NAME)),
            "podIP" => map.next_value_seed(text(&mut self.ip, MAX_NAME)),
            "podIPs" => map.next_value_seed(List { into: &mut self.ips, max: MAX_FEW }),
            "initContainerStatuses" => map.next_value_seed(List { into: init, max: MAX_CONTAINERS }),
            "containerStatuses" => map.next_value_seed(List { into: regular, max: MAX_CONTAINERS }),
            "ephemeralContainerStatuses" => map.next_value_seed(List { into: ephemeral, max: MAX_CONTAINERS }),
            _ => map.next_value::<IgnoredAny>().map(|_| true),
        }
    }
}

impl Record for Container {
    const NAMES: &'static [&'static str] = &["name", "image", "containerID"];

    fn read<'de, A: MapAccess<'de>>(&mut self, name: &'static str, map: &mut A) -> Result<bool, A::Error> {
        match name {
            "name" => map.next_value_seed(text(&mut self.name, MAX_NAME)),
            "image" => map.next_value_seed(text(&mut self.image, MAX_IMAGE)),
            "containerID" => map.next_value_seed(text(&mut self.id, MAX_NAME)),
            _ => map.next_value::<IgnoredAny>().map(|_| true),
        }
    }
}

impl Record for Address {
    const NAMES: &'static [&'static str] = &["ip"];

    fn read<'de, A: MapAccess<'de>>(&mut self, _: &'static str, map: &mut A) -> Result<bool, A::Error> {
        map.next_value_seed(text(&mut self.0, MAX_NAME))
    }
}

/// What a list has beside its objects.
#[derive(Debug, Default)]
pub(super) struct ListHead {
    pub(super) kind: Option<String>,
    pub(super) metadata: ListMetadata,
}

/// `metadata` of a list
#[derive(Debug, Default)]
pub(super) struct ListMetadata {
    pub(super) resource_version: Option<String>,
    /// Where the next page begins.
    pub(super) next: Option<String>,
}

impl Record for ListHead {
    const NAMES: &'static [&'static str] = &["kind", "metadata"];

    fn read<'de, A: MapAccess<'de>>(&mut self, name: &'static str, map: &mut A) -> Result<bool, A::Error> {
        match name {
            "kind" => map.next_value_seed(text(&mut self.kind, MAX_NAME)),
            _ => map.next_value_seed(Object(&mut self.metadata)),
        }
    }
}

impl Record for ListMetadata {
    const NAMES: &'static [&'static str] = &["resourceVersion", "continue"];

    fn read<'de, A: MapAccess<'de>>(&mut self, name: &'static str, map: &mut A) -> Result<bool, A::Error> {
        let into = if name == "continue" { &mut self.next } else { &mut self.resource_version };
        map.next_value_seed(text(into, MAX_TOKEN))
    }
}

/// A line of a watch.
#[derive(Debug, Default)]
pub(super) struct Event {
    pub(super) kind: Option<String>,
    pub(super) object: Slim,
}

impl Record for Event {
    const NAMES: &'static [&'static str] = &["type", "object"];

    fn read<'de, A: MapAccess<'de>>(&mut self, name: &'static str, map: &mut A) -> Result<bool, A::Error> {
        match name {
            "type" => map.next_value_seed(text(&mut self.kind, MAX_NAME)),
            _ => map.next_value_seed(Object(&mut self.object)),
        }
    }
}

#[cfg(test)]
mod tests;
