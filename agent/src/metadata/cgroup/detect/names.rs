// SPDX-License-Identifier: Apache-2.0
//! Containers whose cgroup has a name where others have 64 digits.

use std::borrow::Cow;

use super::last;
use crate::metadata::cgroup::Runtime;

/// The longest name: systemd's limit for a unit's.
const MAX_NAME: usize = 255;
/// Characters of a BuildKit id.
const BUILDKIT_ID_LEN: usize = 25;
/// What systemd's own cgroups end in, which no id does.
const UNITS: [&str; 4] = [".service", ".slice", ".scope", ".mount"];

/// Recognises `component` below `outer`; `below` is the next component further in.
pub(super) fn by_name<'a>(component: &'a str, outer: &str, below: Option<&str>) -> Option<(Runtime, Cow<'a, str>)> {
    let (runtime, name) = by_shape(component, below).or_else(|| by_place(component, outer))?;
    (!name.is_empty() && name.len() <= MAX_NAME).then_some((runtime, name))
}

/// What the name itself tells.
fn by_shape<'a>(component: &'a str, below: Option<&str>) -> Option<(Runtime, Cow<'a, str>)> {
    if let Some(name) = component.strip_prefix("lxc.payload.") {
        return Some((Runtime::Lxc, Cow::Borrowed(name)));
    }
    if let Some(name) = component.strip_suffix(".libvirt-lxc") {
        return Some((Runtime::LibvirtLxc, Cow::Borrowed(name)));
    }
    if let Some(name) = component.strip_prefix("systemd-nspawn@").and_then(|unit| unit.strip_suffix(".service")) {
        return nspawn(unescape(name), below);
    }
    let stem = component.strip_suffix(".scope");
    if let Some(name) = stem.and_then(|scope| scope.strip_prefix("machine-")) {
        return machine(unescape(name), below);
    }
    if let Some(id) = stem.and_then(|scope| scope.strip_prefix("docker-")).filter(|id| is_buildkit_id(id)) {
        return Some((Runtime::Buildkit, Cow::Borrowed(id)));
    }
    let stem = stem.unwrap_or(component);
    let job = stem.strip_prefix("runc-").unwrap_or(stem).strip_prefix("bpm-").filter(|job| !is_unit(job))?;
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    job.bytes().all(valid).then_some((Runtime::Bpm, Cow::Borrowed(job)))
}

/// What the components around it tell.
fn by_place<'a>(component: &'a str, outer: &str) -> Option<(Runtime, Cow<'a, str>)> {
    let (outer, parent) = last(outer)?;
    let grandparent = last(outer).map(|(_, name)| name);
    let runtime = match (grandparent, parent) {
        (Some("libvirt"), "lxc") => Runtime::LibvirtLxc,
        (_, "lxc" | "lxc.payload") => Runtime::Lxc,
        (_, "buildkit") if is_buildkit_id(component) => Runtime::Buildkit,
        (Some("ecs"), _) if is_fargate_id(component) => Runtime::Containerd,
        // `ctr` and `nerdctl` put a container at `/<namespace>/<id>`. Ids are free there, so that only the usual
        // namespace is taken at its word; in others an id must look like one.
        (None, "default") if !is_unit(component) => Runtime::Containerd,
        _ => return None,
    };
    Some((runtime, Cow::Borrowed(component)))
}

/// A machine of systemd-machined, which virtual machines are as well.
fn machine<'a>(name: Cow<'a, str>, below: Option<&str>) -> Option<(Runtime, Cow<'a, str>)> {
    if name.starts_with("qemu-") {
        return None;
    }
    let Some(libvirt) = name.strip_prefix("lxc-") else {
        return nspawn(name, below);
    };
    // libvirt writes `lxc-<pid>-<name>`.
    let name = match libvirt.split_once('-') {
        Some((pid, name)) if pid.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => libvirt,
    };
    Some((Runtime::LibvirtLxc, Cow::Owned(name.to_owned())))
}

fn nspawn<'a>(name: Cow<'a, str>, below: Option<&str>) -> Option<(Runtime, Cow<'a, str>)> {
    // systemd-nspawn itself, on the host, watches its payload from there.
    (below != Some("supervisor")).then_some((Runtime::Nspawn, name))
}

fn is_unit(name: &str) -> bool {
    UNITS.iter().any(|suffix| name.ends_with(suffix))
}

fn is_buildkit_id(id: &str) -> bool {
    id.len() == BUILDKIT_ID_LEN && id.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase())
}

/// Fargate's ids: the task's 32 digits and a number.
fn is_fargate_id(id: &str) -> bool {
    id.split_once('-').is_some_and(|(task, number)| {
        task.len() == 32
            && task.bytes().all(|byte| byte.is_ascii_hexdigit())
            && !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Undoes systemd's escapes: `\x2d` is `-`. What is no escape stays.
fn unescape(name: &str) -> Cow<'_, str> {
    if !name.contains("\\x") {
        return Cow::Borrowed(name);
    }
    let mut bytes = Vec::with_capacity(name.len());
    let mut parts = name.split("\\x");
    bytes.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
    for part in parts {
        let escaped =
            part.split_at_checked(2).filter(|(digits, _)| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        if let Some((byte, rest)) =
            escaped.and_then(|(digits, rest)| Some((u8::from_str_radix(digits, 16).ok()?, rest)))
        {
            bytes.push(byte);
            bytes.extend_from_slice(rest.as_bytes());
        } else {
            bytes.extend_from_slice(b"\\x");
            bytes.extend_from_slice(part.as_bytes());
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}
