// SPDX-License-Identifier: Apache-2.0
//! What a kernel tells of itself.

use super::halves;
use crate::{
    metadata::cgroup::{Hierarchy, PodUid, detect},
    probe::Layout,
};

/// BTF: what is found in it are places that the probe can read.
pub(super) fn btf(bytes: &[u8]) {
    if let Ok(layout) = Layout::from_btf(bytes) {
        let _ = (layout.places().len(), layout.offsets(), layout.tells_files(), layout.controller("memory"));
    }
}

/// A cgroup's path: the container that it tells of is named in it. And what tells of the hierarchies.
pub(super) fn cgroup(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Some(found) = detect(&text) {
        assert!(!found.full_id.is_empty() && found.full_id.len() <= text.len(), "{text:?}: {found:?}");
        if let Some(pod) = found.pod {
            assert_eq!(PodUid::parse(&pod.to_string()).map(PodUid::of_api).map(PodUid::value), Some(pod.value()));
        }
    }
    let (mounts, cgroups) = halves(bytes);
    let hierarchy = Hierarchy::parse(&String::from_utf8_lossy(mounts), &String::from_utf8_lossy(cgroups));
    let _ = (hierarchy.controller(), hierarchy.id(), hierarchy.mount());
}
