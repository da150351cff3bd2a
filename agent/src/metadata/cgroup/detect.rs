// SPDX-License-Identifier: Apache-2.0
//! Which container a cgroup path belongs to.
//!
//! Runtimes agree on nothing but nesting, so a path is read from its inner end: the first component that is a
//! container's wins (Kubernetes in Docker, systemd in a container), and a pod further out is that container's. Paths
//! come from the kernel, but whoever may make cgroups chooses their names: nothing here trusts them.

mod names;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use super::{PodUid, Runtime};

/// The longest path that is looked at: the kernel's own limit.
const MAX_PATH: usize = 4096;
/// Hexadecimal digits of a container's id.
const ID_LEN: usize = 64;

/// A container, as its cgroup names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<'a> {
    /// Who runs it, as far as the path tells.
    pub runtime: Runtime,
    /// Its whole id, or its name where the runtime has no other id.
    pub full_id: Cow<'a, str>,
    /// The Kubernetes pod that it is in.
    pub pod: Option<PodUid>,
}

/// Finds the container that `path` belongs to; `None` is the host.
#[must_use]
pub fn detect(path: &str) -> Option<Found<'_>> {
    if path.len() > MAX_PATH {
        return None;
    }
    let (mut rest, mut below) = (path, None);
    while let Some((outer, component)) = last(rest) {
        if let Some((runtime, full_id)) = by_id(component, outer).or_else(|| names::by_name(component, outer, below)) {
            let pod = PodUid::find(component).or_else(|| pod(outer));
            return Some(Found { runtime, full_id, pod });
        }
        (rest, below) = (outer, Some(component));
    }
    None
}

/// Takes the innermost component off. What is above a `..` is not known: a cgroup namespace hides it.
fn last(path: &str) -> Option<(&str, &str)> {
    let path = path.trim_end_matches('/');
    let (outer, component) = path.rsplit_once('/').unwrap_or(("", path));
    (!component.is_empty() && component != "..").then_some((outer, component))
}

/// The innermost pod of a path.
fn pod(path: &str) -> Option<PodUid> {
    path.rsplit('/').find_map(PodUid::find)
}

/// A component that ends in a container's 64 digits: `<id>`, `<prefix>-<id>.scope`, `<slice>:<prefix>:<id>`.
fn by_id<'a>(component: &'a str, outer: &str) -> Option<(Runtime, Cow<'a, str>)> {
    let stem = component.strip_suffix(".scope").unwrap_or(component);
    let (before, id) = stem.split_at_checked(stem.len().checked_sub(ID_LEN)?)?;
    if !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let runtime = match before.strip_suffix(['-', ':']) {
        Some(prefix) => {
            by_prefix(prefix.rsplit(':').next().unwrap_or(prefix), || pod(component).or_else(|| pod(outer)))?
        }
        None if before.is_empty() => by_parent(outer),
        None => return None,
    };
    Some((runtime, Cow::Borrowed(id)))
}

fn by_prefix(prefix: &str, pod: impl FnOnce() -> Option<PodUid>) -> Option<Runtime> {
    match prefix {
        "docker" => Some(Runtime::Docker),
        "libpod" | "libpod-payload" => Some(Runtime::Podman),
        "cri-containerd" | "nerdctl" => Some(Runtime::Containerd),
        "crio" => Some(Runtime::CriO),
        // The monitor of a container is a process of the host.
        "conmon" => None,
        monitor if monitor.ends_with("-conmon") => None,
        _ if pod().is_some() => Some(Runtime::Cri),
        _ => Some(Runtime::Containerd),
    }
}

/// Who uses bare ids below `outer`. What can't be decided here is left to the runtime that knows the id.
fn by_parent(outer: &str) -> Runtime {
    match last(outer) {
        Some((_, "docker" | "actions_job")) => Runtime::Docker,
        Some((_, "libpod_parent")) => Runtime::Podman,
        Some(_) if pod(outer).is_some() => Runtime::Cri,
        Some(_) if outer.split('/').any(|component| component == "ecs") => Runtime::Docker,
        Some(_) => Runtime::Containerd,
        None => Runtime::Cri,
    }
}
