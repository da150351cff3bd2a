// SPDX-License-Identifier: Apache-2.0
//! How to get what a build lacks, on which distribution.

use std::fs;

use crate::{Arch, Missing, OLDEST};

/// Debian's rustc, its cargo, and `core` for BPF, from Debian 12 on.
pub const DEBIAN: [&str; 3] = ["rustc-web", "cargo-web", "libstd-rust-web-dev-bpf"];

/// What a distribution's packages are called.
#[derive(Debug, PartialEq, Eq)]
pub struct Distribution {
    /// `ID` in os-release, of those that its derivatives name in `ID_LIKE`.
    id: &'static str,
    /// The command that installs packages.
    install: &'static str,
    /// A C compiler with what linking takes.
    cc: &'static str,
    /// A rustc with `core` for BPF, where the distribution's own can be new enough.
    rust: &'static [&'static str],
    /// bpf-linker, where it is packaged.
    linker: Option<&'static str>,
}

/// In the order in which `ID_LIKE` is read: what is closest comes first there.
const DISTRIBUTIONS: &[Distribution] = &[
    Distribution { id: "debian", install: "apt-get install", cc: "gcc libc6-dev", rust: &DEBIAN, linker: None },
    Distribution { id: "ubuntu", install: "apt-get install", cc: "gcc libc6-dev", rust: &[], linker: None },
    Distribution {
        id: "fedora",
        install: "dnf install",
        cc: "gcc glibc-devel",
        rust: &["rust", "cargo", "rust-src"],
        linker: None,
    },
    Distribution { id: "rhel", install: "dnf install", cc: "gcc glibc-devel", rust: &[], linker: None },
    Distribution { id: "amzn", install: "dnf install", cc: "gcc glibc-devel", rust: &[], linker: None },
    Distribution {
        id: "arch",
        install: "pacman -S --needed",
        cc: "gcc",
        rust: &["rust", "rust-src"],
        linker: Some("bpf-linker"),
    },
    Distribution {
        id: "alpine",
        install: "apk add",
        cc: "gcc musl-dev",
        rust: &["rust", "cargo", "rust-src"],
        linker: None,
    },
    Distribution { id: "suse", install: "zypper install", cc: "gcc glibc-devel", rust: &[], linker: None },
    Distribution { id: "opensuse", install: "zypper install", cc: "gcc glibc-devel", rust: &[], linker: None },
];

impl Distribution {
    /// The one that this is, or is like.
    #[must_use]
    pub fn here() -> Option<&'static Self> {
        Self::of(&fs::read_to_string("/etc/os-release").unwrap_or_default())
    }

    /// The one that an os-release file describes, or the closest that it is like.
    #[must_use]
    pub fn of(os_release: &str) -> Option<&'static Self> {
        let value = |key: &str| {
            let value = os_release.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='))?;
            Some(value.trim().trim_matches(['"', '\'']))
        };
        let mut ids = value("ID").into_iter().chain(value("ID_LIKE").unwrap_or_default().split(' '));
        ids.find_map(|id| DISTRIBUTIONS.iter().find(|distribution| distribution.id == id))
    }
}

/// One line for each thing that a person has to do about `missing`.
#[must_use]
pub fn remedies(missing: &[Missing], distribution: Option<&Distribution>) -> Vec<String> {
    let mut lines = Vec::new();
    for line in missing.iter().map(|missing| remedy(missing, distribution)) {
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

/// What to do about one thing that is missing: a command, or words; alternatives are lines of their own.
#[must_use]
pub fn remedy(missing: &Missing, distribution: Option<&Distribution>) -> String {
    match missing {
        Missing::Core { by_rustup: true, .. } => "rustup component add rust-src".to_owned(),
        Missing::Rustc | Missing::NewerRustc { .. } | Missing::Cargo { .. } | Missing::Core { .. } => {
            rust(distribution)
        }
        Missing::BpfLinker { llvm } => linker(*llvm, distribution),
        Missing::Cc => match distribution {
            Some(Distribution { install, cc, .. }) => format!("{install} {cc}"),
            None => "install gcc (or clang, as `cc`) and the C library's development files".to_owned(),
        },
    }
}

fn rust(distribution: Option<&Distribution>) -> String {
    let rustup = "curl -sSf https://sh.rustup.rs | sh -s -- --profile minimal --component rust-src";
    match distribution {
        Some(Distribution { install, rust, .. }) if !rust.is_empty() => {
            format!("{rustup}\n    or, if that is rustc {OLDEST} or newer: {install} {}", rust.join(" "))
        }
        Some(_) | None => rustup.to_owned(),
    }
}

fn linker(llvm: u32, distribution: Option<&Distribution>) -> String {
    let arch = Arch::HOST.name();
    let release = format!(
        "unpack bpf-linker-{arch}-unknown-linux-musl.tar.zst of https://github.com/aya-rs/bpf-linker/releases (LLVM {llvm} \
         or newer) into a folder of PATH"
    );
    match distribution {
        Some(Distribution { install, linker: Some(package), .. }) => format!("{install} {package}\n    or {release}"),
        Some(_) | None => release,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(os_release: &str) -> Option<&'static str> {
        Distribution::of(os_release).map(|distribution| distribution.id)
    }

    #[test]
    fn derivatives_are_what_they_are_like() {
        assert_eq!(of("NAME=\"Debian GNU/Linux\"\nID=debian\nVERSION_ID=\"12\"\n"), Some("debian"));
        assert_eq!(of("ID=ubuntu\nID_LIKE=debian\n"), Some("ubuntu"));
        assert_eq!(of("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"), Some("ubuntu"));
        assert_eq!(of("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n"), Some("rhel"));
        assert_eq!(of("ID=fedora\n"), Some("fedora"));
        assert_eq!(of("ID=arch\n"), Some("arch"));
        assert_eq!(of("ID=alpine\n"), Some("alpine"));
        assert_eq!(of("ID=\"opensuse-tumbleweed\"\nID_LIKE=\"opensuse suse\"\n"), Some("opensuse"));
        assert_eq!(of("ID=\"sles\"\nID_LIKE=\"suse\"\n"), Some("suse"));
        assert_eq!(of("ID=talos\n"), None);
        assert_eq!(of(""), None);
    }

    #[test]
    fn each_thing_that_is_missing_has_its_remedy() {
        let linker = Missing::BpfLinker { llvm: 22 };
        let everything = [Missing::Rustc, linker, Missing::Cc];
        let on = |id: &str| remedies(&everything, Distribution::of(&format!("ID={id}")));
        let rustup = "curl -sSf https://sh.rustup.rs | sh -s -- --profile minimal --component rust-src";
        let release = format!(
            "unpack bpf-linker-{}-unknown-linux-musl.tar.zst of https://github.com/aya-rs/bpf-linker/releases \
             (LLVM 22 or newer) into a folder of PATH",
            Arch::HOST.name()
        );
        let or = |packages: &str| format!("{rustup}\n    or, if that is rustc {OLDEST} or newer: {packages}");
        let debian = or("apt-get install rustc-web cargo-web libstd-rust-web-dev-bpf");
        assert_eq!(on("debian"), [&debian, &release, "apt-get install gcc libc6-dev"]);
        assert_eq!(on("ubuntu"), [rustup, &release, "apt-get install gcc libc6-dev"]);
        let fedora = or("dnf install rust cargo rust-src");
        assert_eq!(on("fedora"), [&fedora, &release, "dnf install gcc glibc-devel"]);
        assert_eq!(on("rhel"), [rustup, &release, "dnf install gcc glibc-devel"]);
        let arch = or("pacman -S --needed rust rust-src");
        let its = format!("pacman -S --needed bpf-linker\n    or {release}");
        assert_eq!(on("arch"), [&arch, &its, "pacman -S --needed gcc"]);
        let alpine = or("apk add rust cargo rust-src");
        assert_eq!(on("alpine"), [&alpine, &release, "apk add gcc musl-dev"]);
        assert_eq!(on("suse"), [rustup, &release, "zypper install gcc glibc-devel"]);
        let none = "install gcc (or clang, as `cc`) and the C library's development files";
        assert_eq!(on("talos"), [rustup, &release, none]);
    }

    #[test]
    fn a_remedy_is_told_once() {
        let (cargo, core) = (Missing::Cargo { path: "/usr/bin/cargo".into() }, |by_rustup| Missing::Core {
            found: "/usr/bin/rustc".into(),
            by_rustup,
        });
        assert_eq!(remedies(&[core(true)], None), ["rustup component add rust-src"]);
        assert_eq!(remedies(&[cargo, core(false)], None).len(), 1);
        assert!(remedies(&[], None).is_empty());
    }
}
