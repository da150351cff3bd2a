// SPDX-License-Identifier: Apache-2.0
//! What kernel of which distribution this is, as driver repositories name it.
//!
//! Names are formed as falcoctl forms them, or objects would be looked for where nobody puts them:
//! <https://github.com/falcosecurity/falcoctl/tree/71a05e3/pkg/driver/distro>

use std::{collections::BTreeMap, fs, io::Read as _, path::Path};

use rustix::{
    fs::{CWD, Mode, OFlags, ResolveFlags},
    io::Errno,
};

use super::url::{Target, UNDETERMINED};

/// Bytes of a host's file that are read at most.
const MAX_FILE: u64 = 64 << 10;

/// What is known of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// `uname -r`
    pub release: String,
    /// `uname -v`
    pub version: String,
    /// `/etc/os-release`, if it is there.
    pub os_release: Option<BTreeMap<String, String>>,
    /// `/etc/VERSION`, which minikube has.
    pub minikube: Option<String>,
    /// `/etc/debian_version` is there.
    pub debian_version: bool,
    /// `/etc/centos-release` is there.
    pub centos_release: bool,
    /// `/etc/redhat-release` is there.
    pub redhat_release: bool,
}

impl Description {
    /// Looks at the host whose root is at `root`. Its kernel is the running one, unless `release` and `version` say another.
    #[must_use]
    pub fn read(root: &Path, release: Option<&str>, version: Option<&str>) -> Self {
        let uname = rustix::system::uname();
        let given = |given: Option<&str>, of: &std::ffi::CStr| {
            given.map_or_else(|| of.to_string_lossy().into_owned(), str::to_owned)
        };
        let there = |path| open(root, path).is_some();
        Self {
            release: given(release, uname.release()),
            version: given(version, uname.version()),
            os_release: text(root, "etc/os-release")
                .or_else(|| text(root, "usr/lib/os-release"))
                .map(|text| keys(&text)),
            minikube: text(root, "etc/VERSION"),
            debian_version: there("etc/debian_version"),
            centos_release: there("etc/centos-release"),
            redhat_release: there("etc/redhat-release"),
        }
    }

    /// What repositories call this kernel.
    #[must_use]
    pub fn target(&self) -> Target {
        self.by_os_release().unwrap_or_else(|| self.by_marker())
    }

    /// By `ID` of os-release; `None` without one, or when a key that the distribution's names need is missing.
    fn by_os_release(&self) -> Option<Target> {
        let os = self.os_release.as_ref()?;
        let key = |name: &str| os.get(name).map(String::as_str);
        let minikube = self.minikube.as_deref().and_then(three_numbers);
        let id = if minikube.is_some() { "minikube".to_owned() } else { key("ID")?.to_lowercase() };
        Some(match id.as_str() {
            "amzn" => {
                let id = match key("VERSION_ID")? {
                    "2" => "amazonlinux2",
                    "2022" => "amazonlinux2022",
                    "2023" => "amazonlinux2023",
                    _ => "amazonlinux",
                };
                self.generic(id)
            }
            "bottlerocket" => {
                let (version, variant) = (key("VERSION_ID")?, key("VARIANT_ID")?);
                let variant = variant.split('-').next().unwrap_or_default();
                Target { version: format!("1_{version}-{variant}"), ..self.generic(&id) }
            }
            "cos" => {
                key("BUILD_ID")?;
                self.generic(&id)
            }
            "debian" => self.debian(),
            "flatcar" => Target { release: key("VERSION_ID")?.to_owned(), ..self.generic(&id) },
            "minikube" => self.minikube(minikube.unwrap_or_default()),
            "talos" => Target { version: format!("1_{}", key("VERSION_ID")?), ..self.generic(&id) },
            "ubuntu" => self.ubuntu(),
            _ => self.generic(&id),
        })
    }

    /// By the files that tell distributions without os-release.
    fn by_marker(&self) -> Target {
        if self.debian_version {
            self.debian()
        } else if self.centos_release {
            self.generic("centos")
        } else if self.redhat_release {
            self.generic("rhel")
        } else if let Some(version) = self.minikube.as_deref().and_then(three_numbers) {
            self.minikube(version)
        } else {
            self.generic(UNDETERMINED)
        }
    }

    /// The release as it is, and the number in `#1 SMP ..`.
    fn generic(&self, id: &str) -> Target {
        let number = self.version.match_indices('#').find_map(|(at, _)| {
            let number = digits(self.version.get(at + 1..)?);
            (!number.is_empty()).then(|| number.to_owned())
        });
        Target {
            id: id.to_owned(),
            release: self.release.clone(),
            version: number.unwrap_or_else(|| self.version.clone()),
        }
    }

    /// minikube's kernels are told by minikube's version.
    fn minikube(&self, version: &str) -> Target {
        Target { version: format!("1_{version}"), ..self.generic("minikube") }
    }

    /// `#26~22.04.1-Ubuntu SMP ..` is `26~22.04.1`; the flavour is the first word of letters alone in the release.
    fn ubuntu(&self) -> Target {
        let mut words = self.release.split('-').skip(1);
        let flavour = words.find(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphabetic()));
        let version = self.version.trim_start_matches('#').split(' ').next().unwrap_or_default();
        Target {
            id: format!("ubuntu-{}", flavour.unwrap_or("generic")),
            release: self.release.clone(),
            version: version.strip_suffix("-Ubuntu").unwrap_or(version).to_owned(),
        }
    }

    /// The release that Debian's kernels report is that of their ABI; which kernel it is stands in `uname -v`.
    fn debian(&self) -> Target {
        let Some(real) = debian_release(&self.version) else { return self.generic("debian") };
        let flavour = debian_flavour(&self.release).unwrap_or_default();
        Target { id: "debian".to_owned(), release: format!("{real}{flavour}"), version: "1".to_owned() }
    }
}

/// The digits that a text begins with.
fn digits(text: &str) -> &str {
    text.get(..text.bytes().take_while(u8::is_ascii_digit).count()).unwrap_or_default()
}

/// The first `N.N.N` in a text.
fn three_numbers(text: &str) -> Option<&str> {
    dotted(text).map(|(found, _)| found)
}

/// The first `N.N.N-N` in a text.
fn debian_release(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        let (found, after) = dotted(rest)?;
        let package = after.strip_prefix('-').map(digits).unwrap_or_default();
        if !package.is_empty() {
            let from = text.len() - rest.len() + (rest.len() - after.len() - found.len());
            return text.get(from..from + found.len() + 1 + package.len());
        }
        // The next one may begin inside of this one: 1.2.3.4-5 has 2.3.4-5.
        let skip = rest.len() - after.len() - found.len() + digits(found).len();
        rest = rest.get(skip..)?;
    }
}

/// The first `N.N.N` in a text, and what comes behind it.
fn dotted(text: &str) -> Option<(&str, &str)> {
    let starts = text.char_indices().filter(|(at, c)| {
        c.is_ascii_digit() && !text.get(..*at).is_some_and(|before| before.ends_with(|c: char| c.is_ascii_digit()))
    });
    for (start, _) in starts {
        let from = text.get(start..)?;
        let mut rest = from;
        let mut numbers = 0;
        while numbers < 3 {
            let number = digits(rest);
            if number.is_empty() {
                break;
            }
            rest = rest.get(number.len()..)?;
            numbers += 1;
            if numbers < 3 {
                let Some(next) = rest.strip_prefix('.') else { break };
                rest = next;
            }
        }
        if numbers == 3 {
            return Some((from.get(..from.len() - rest.len())?, rest));
        }
    }
    None
}

/// `-rt-amd64`, `-cloud-arm64`, `-amd64`: the first in a release.
fn debian_flavour(release: &str) -> Option<String> {
    let arch = ["amd64", "arm64"].into_iter().filter_map(|arch| Some((release.find(arch)?, arch))).min()?;
    let before = release.get(..arch.0)?;
    let flavour = ["rt-", "cloud-"].into_iter().find(|flavour| before.ends_with(flavour)).unwrap_or_default();
    Some(format!("-{flavour}{}", arch.1))
}

/// The keys of an os-release file: <https://www.freedesktop.org/software/systemd/man/latest/os-release.html>
pub(crate) fn keys(text: &str) -> BTreeMap<String, String> {
    let mut keys = BTreeMap::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        let Some((key, value)) = line.split_once('=') else { continue };
        let value = value.trim();
        let quote = value.chars().next().filter(|c| ['"', '\''].contains(c));
        let inner = quote.and_then(|quote| value.strip_prefix(quote)?.strip_suffix(quote));
        let value = match (quote, inner) {
            (Some('"'), Some(inner)) => unescape(inner),
            (Some(_), Some(inner)) => inner.to_owned(),
            _ => value.to_owned(),
        };
        keys.insert(key.trim().to_owned(), value);
    }
    keys
}

/// A shell's double-quoted text without its backslashes.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        plain.push(if c == '\\' { chars.next().unwrap_or('\\') } else { c });
    }
    plain
}

/// A small file of the host.
fn text(root: &Path, path: &str) -> Option<String> {
    let mut bytes = Vec::new();
    open(root, path)?.take(MAX_FILE).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Opens a file of the host. Links in it lead to where they lead on the host, not here.
fn open(root: &Path, path: &str) -> Option<fs::File> {
    let folder = rustix::fs::openat(CWD, root, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).ok()?;
    // A FIFO would wait for somebody to write.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    match rustix::fs::openat2(&folder, path, flags, Mode::empty(), ResolveFlags::IN_ROOT) {
        Ok(file) => Some(file.into()),
        // A container's filter may not know the call.
        Err(Errno::PERM | Errno::NOSYS) => fs::File::open(root.join(path)).ok(),
        Err(_) => None,
    }
}

#[cfg(test)]
#[path = "host/tests.rs"]
mod tests;
