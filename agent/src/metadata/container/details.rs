// SPDX-License-Identifier: Apache-2.0
//! What runtimes say about containers.

use std::collections::BTreeMap;

use super::Image;
use crate::metadata::cgroup::Runtime;

/// The longest label value that is kept, Falco's `label_max_len`. A longer label is left out: a part of a value would
/// be a wrong one.
pub const MAX_LABEL_LEN: usize = 100;
/// How many labels are kept, in the order of their names.
pub const MAX_LABELS: usize = 128;
/// How many mounts are kept.
pub const MAX_MOUNTS: usize = 256;
/// The longest name of a label: Kubernetes' prefix, slash and name.
const MAX_LABEL_NAME_LEN: usize = 253 + 1 + 63;
/// The longest text otherwise: a path's.
const MAX_TEXT: usize = 4096;

/// A runtime's description of a container. What is `None` it did not tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// Who runs it, where the path does not tell.
    pub runtime: Option<Runtime>,
    /// Its name.
    pub name: Option<String>,
    /// The image as it was named.
    pub image: Option<String>,
    /// The image's name without tag and digest.
    pub image_repository: Option<String>,
    /// The image's tag.
    pub image_tag: Option<String>,
    /// The digest that the registry knows the image by: `sha256:..`.
    pub image_digest: Option<String>,
    /// The image's own id, without `sha256:`.
    pub image_id: Option<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// What is mounted in it.
    pub mounts: Vec<Mount>,
    /// Whether it is privileged.
    pub privileged: Option<bool>,
    /// When it was started, in nanoseconds since the epoch.
    pub started: Option<u64>,
    /// Its address, or its pod's.
    pub ip: Option<String>,
    /// Whether it shares the host's process ids.
    pub host_pid: Option<bool>,
    /// Whether it shares the host's network.
    pub host_network: Option<bool>,
    /// Whether it shares the host's System V IPC.
    pub host_ipc: Option<bool>,
    /// Its pod.
    pub pod: Option<Pod>,
    /// The network interfaces that CNI made, as JSON.
    pub cni_json: Option<String>,
}

/// A mount of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mount {
    /// The path on the host.
    pub source: String,
    /// The path in the container.
    pub dest: String,
    /// The mode that the user gave.
    pub mode: String,
    /// Whether it can be written.
    pub rdwr: bool,
    /// How mounts in it propagate.
    pub propagation: String,
}

/// The Kubernetes pod of a container, as the runtime knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pod {
    /// The runtime's id of the pod's sandbox.
    pub sandbox_id: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Its namespace.
    pub namespace: Option<String>,
    /// Its UID.
    pub uid: Option<String>,
    /// Its labels, from when the sandbox was made.
    pub labels: BTreeMap<String, String>,
}

impl Pod {
    /// What the kubelet writes into the labels of containers.
    pub(super) fn of_labels<'a>(label: impl Fn(&str) -> Option<&'a String>) -> Option<Self> {
        let get = |name| label(name).cloned().and_then(text);
        let pod = Self {
            sandbox_id: get("io.kubernetes.sandbox.id"),
            name: get("io.kubernetes.pod.name"),
            namespace: get("io.kubernetes.pod.namespace"),
            uid: get("io.kubernetes.pod.uid"),
            labels: BTreeMap::new(),
        };
        (pod != Self::default()).then_some(pod)
    }
}

impl Details {
    /// Enters an image's name and its parts; the registry's `digest` where the name has none.
    pub(super) fn set_image(&mut self, name: &str, digest: Option<&str>) {
        if let Some(image) = Image::parse(name) {
            self.image_repository = text(image.repository);
            self.image_tag = image.tag.and_then(text);
            self.image_digest = image.digest.or(digest).and_then(text);
        } else {
            self.image_digest = digest.and_then(text);
        }
        self.image = text(name);
    }

    /// Sees to it that no answer can make it large.
    #[cfg(any(test, feature = "fuzz"))]
    pub(super) fn assert_bounded(&self) {
        let image = [&self.image, &self.image_repository, &self.image_tag, &self.image_digest, &self.image_id];
        let texts = image.into_iter().chain([&self.name, &self.ip]).flatten();
        let mounts = self.mounts.iter().flat_map(|mount| [&mount.source, &mount.dest, &mount.mode, &mount.propagation]);
        assert!(texts.chain(mounts).all(|text| text.len() <= MAX_TEXT) && self.mounts.len() <= MAX_MOUNTS, "{self:?}");
        for labels in [Some(&self.labels), self.pod.as_ref().map(|pod| &pod.labels)].into_iter().flatten() {
            assert!(labels.len() <= MAX_LABELS, "{self:?}");
            assert!(
                labels.iter().all(|(name, value)| name.len() <= MAX_LABEL_NAME_LEN && value.len() <= MAX_LABEL_LEN)
            );
        }
    }
}

/// A text that is there and not too long.
pub(super) fn text(value: impl Into<String>) -> Option<String> {
    let value = value.into();
    (!value.is_empty() && value.len() <= MAX_TEXT).then_some(value)
}

/// A text that is not too long; of what is, nothing: a part of a path would be another one.
pub(super) fn short(value: String) -> String {
    text(value).unwrap_or_default()
}

/// The labels that are kept.
pub(super) fn labels(all: impl IntoIterator<Item = (String, String)>) -> BTreeMap<String, String> {
    let fits = |(name, value): &(String, String)| name.len() <= MAX_LABEL_NAME_LEN && value.len() <= MAX_LABEL_LEN;
    let sorted: BTreeMap<_, _> = all.into_iter().filter(fits).collect();
    sorted.into_iter().take(MAX_LABELS).collect()
}

#[cfg(test)]
mod tests {
    use super::{Details, MAX_LABEL_LEN, MAX_LABELS, labels, text};

    #[test]
    fn labels_are_bounded() {
        let many = (0..2 * MAX_LABELS).map(|i| (format!("{i:04}"), "x".to_owned()));
        let kept = labels(many);
        assert_eq!(kept.len(), MAX_LABELS);
        assert_eq!(kept.keys().next().map(String::as_str), Some("0000"));
        let long =
            [("a", MAX_LABEL_LEN), ("b", MAX_LABEL_LEN + 1)].map(|(name, len)| (name.to_owned(), "x".repeat(len)));
        assert_eq!(labels(long).into_keys().collect::<Vec<_>>(), ["a"]);
        assert_eq!((text(""), text("x".repeat(5000))), (None, None));
    }

    #[test]
    fn the_name_s_digest_is_the_image_s() {
        let mut details = Details::default();
        details.set_image("a/b:1@sha256:aa", Some("sha256:bb"));
        assert_eq!(details.image_digest.as_deref(), Some("sha256:aa"));
        details.set_image("a/b:1", Some("sha256:bb"));
        assert_eq!(details.image_digest.as_deref(), Some("sha256:bb"));
        details.set_image("sha256:cc", None);
        assert_eq!((details.image.as_deref(), details.image_digest), (Some("sha256:cc"), None));
    }
}
