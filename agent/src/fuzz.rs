// SPDX-License-Identifier: Apache-2.0
//! Everything that takes bytes from outside, as functions of bytes: `cargo xtask fuzz` looks for bytes that break them.
//!
//! What was found once stays in `agent/fuzz/TARGET`, with a few good inputs to begin from; the tests try all of them.

mod conditions;
mod driver;
mod kernel;
mod records;
#[cfg(test)]
mod tests;

use crate::metadata::{container, kubernetes, proc_scan, users};

#[cfg(test)]
pub(crate) use records::lines;

/// A function that must take whatever it is given: it panics when it, or what it stands for, does not do what it should.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// What `cargo xtask fuzz` calls it, and the folder of its inputs.
    pub name: &'static str,
    /// What it stands for.
    pub about: &'static str,
    /// Tries these bytes.
    pub run: fn(&[u8]),
}

const fn target(name: &'static str, about: &'static str, run: fn(&[u8])) -> Target {
    Target { name, about, run }
}

/// All there are, by name.
pub const TARGETS: &[Target] = &[
    target("address", "URLs of repositories, redirects and proxies", driver::address),
    target("btf", "a kernel's BTF: the places of its fields", kernel::btf),
    target("cgroup", "cgroup paths, mountinfo: container and pod", kernel::cgroup),
    target("condition", "conditions: read, printed, checked, split", conditions::condition),
    target("cri", "a CRI runtime's replies, as protobuf", container::cri_fuzz),
    target("docker", "Docker's replies about containers and images", container::docker_fuzz),
    target("manifest", "a driver repository's manifest", driver::manifest),
    target("object", "a probe's object, as ELF", driver::object),
    target("os-release", "what a host says that it is", driver::os_release),
    target("pods", "the API server's lists of pods, compressed or not", kubernetes::fuzz::list),
    target("proc", "files in /proc", proc_scan::fuzz),
    target("records", "the probe's records: ordered, decoded, printed", records::records),
    target("rules", "rules files in Falco's syntax", conditions::rules),
    target("signature", "minisign's signatures and keys", driver::signature),
    target("template", "templates of output lines", conditions::template),
    target("users", "passwd and group", users::fuzz),
    target("watch", "the API server's events about pods", kubernetes::fuzz::watch),
];

/// The two parts of an input that stands for two texts: before its first NUL, and behind it.
pub(crate) fn halves(bytes: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(0, bytes).and_then(|at| bytes.split_at_checked(at)) {
        Some((first, second)) => (first, second.get(1..).unwrap_or_default()),
        None => (bytes, &[]),
    }
}
