// SPDX-License-Identifier: Apache-2.0
//! What things are called in a driver repository: names of files, folders, and how they are written in a URL.
//!
//! `cargo xtask` lays repositories out by the same functions, so nothing but the standard library is used here.

use std::fmt::{self, Write as _};

/// Where Falco's drivers are, which is asked when nobody says otherwise.
pub const DEFAULT_REPOSITORY: &str = "https://download.falco.org/driver";
/// What a target is called when the distribution is not known. No repository has objects of that name.
pub const UNDETERMINED: &str = "undetermined";
/// The longest name, of a version, a driver or a file.
const MAX_NAME: usize = 255;

/// Whose kernel an object is for, as repositories name it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// The distribution, such as `ubuntu-aws`.
    pub id: String,
    /// The kernel's release, as the distribution's packages have it.
    pub release: String,
    /// Which build of that release.
    pub version: String,
}

impl Target {
    /// Whether the distribution is known.
    #[must_use]
    pub fn is_determined(&self) -> bool {
        self.id != UNDETERMINED
    }

    /// `<target>_<kernelrelease>_<kernelversion>`
    #[must_use]
    pub fn stem(&self) -> String {
        format!("{}_{}_{}", self.id, self.release, self.version)
    }
}

/// The object that serves every kernel of an architecture: `<name>_portable.o`.
#[must_use]
pub fn portable_object(name: &str) -> String {
    format!("{name}_portable.o")
}

/// The object for one kernel: `<name>_<target>_<kernelrelease>_<kernelversion>.o`.
#[must_use]
pub fn kernel_object(name: &str, target: &Target) -> String {
    format!("{name}_{}.o", target.stem())
}

/// The BTF of one kernel, which lies next to its object: as it is, and as xz has packed it.
#[must_use]
pub fn kernel_btf(name: &str, target: &Target) -> [String; 2] {
    let stem = target.stem();
    [format!("{name}_{stem}.btf"), format!("{name}_{stem}.btf.xz")]
}

/// The folders of a repository in which a driver version's files may lie, newest layout first: with the architecture, as
/// since Falco 0.32.1, and without.
#[must_use]
pub fn folders(repository: &str, version: &str, arch: &str) -> [String; 2] {
    let repository = repository.trim_end_matches('/');
    let version = encode(version);
    [format!("{repository}/{version}/{}", encode(arch)), format!("{repository}/{version}")]
}

/// The URL of a file in a folder.
#[must_use]
pub fn file(folder: &str, name: &str) -> String {
    format!("{}/{}", folder.trim_end_matches('/'), encode(name))
}

/// One segment of a path, with everything but letters, digits and `-._~` percent-encoded.
///
/// Falco's own client encodes only the version, and leaves a `+` in a file name, which S3 takes for a space; every server
/// takes `%2B`. <https://www.rfc-editor.org/rfc/rfc3986#section-2.3>
#[must_use]
pub fn encode(segment: &str) -> String {
    let mut encoded = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// The text that [`encode`] made a segment of. What is not an encoded byte stays as it is; `None` when the bytes are not
/// UTF-8.
#[must_use]
pub fn decode(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        let hex = (*first == b'%').then(|| others.first_chunk::<2>()).flatten();
        let byte = hex
            .and_then(|pair| str::from_utf8(pair).ok())
            .filter(|pair| pair.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        let (byte, others) = match byte {
            Some(byte) => (byte, others.get(2..).unwrap_or_default()),
            None => (*first, others),
        };
        bytes.push(byte);
        rest = others;
    }
    String::from_utf8(bytes).ok()
}

/// Checks a name that becomes a folder or a file of its own: a driver version, a driver's name, a file's.
///
/// # Errors
/// When it is empty, too long, a step to another folder, or holds what no such name has.
pub fn checked<'a>(what: &'static str, name: &'a str) -> Result<&'a str, BadName> {
    let why = if name.is_empty() {
        "it is empty"
    } else if name.len() > MAX_NAME {
        "it is longer than 255 bytes"
    } else if name == "." || name == ".." {
        "it is a step to another folder"
    } else if name.contains(['/', '\\']) {
        "it has a slash"
    } else if name.chars().any(|c| c.is_control() || c.is_whitespace()) {
        "it has blanks or control characters"
    } else {
        return Ok(name);
    };
    Err(BadName { what, name: name.chars().take(MAX_NAME).collect(), why })
}

/// A name that can't be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadName {
    what: &'static str,
    name: String,
    why: &'static str,
}

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} can't be {}: {}", self.name, self.what, self.why)
    }
}

impl std::error::Error for BadName {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_encoded_exactly() {
        assert_eq!(encode("9.1.0+driver"), "9.1.0%2Bdriver");
        assert_eq!(
            encode("falco_ubuntu-aws_5.15.0-1009-aws_9~20.04.1.o"),
            "falco_ubuntu-aws_5.15.0-1009-aws_9~20.04.1.o"
        );
        assert_eq!(encode("#1 SMP/é%"), "%231%20SMP%2F%C3%A9%25");
        for text in ["9.1.0+driver", "#1 SMP/é%", "a%2Bb", "100%", ""] {
            assert_eq!(decode(&encode(text)).as_deref(), Some(text));
        }
        assert_eq!(decode("50%+%zz%2").as_deref(), Some("50%+%zz%2"));
        assert_eq!(decode("%ff"), None);
    }

    #[test]
    fn files_have_their_urls() {
        let target = Target { id: "ubuntu-aws".into(), release: "5.15.0-1009-aws".into(), version: "9~20.04.1".into() };
        let [new, old] = folders("https://download.falco.org/driver/", "9.1.0+driver", "x86_64");
        assert_eq!(new, "https://download.falco.org/driver/9.1.0%2Bdriver/x86_64");
        assert_eq!(old, "https://download.falco.org/driver/9.1.0%2Bdriver");
        assert_eq!(
            file(&new, &kernel_object("falco", &target)),
            "https://download.falco.org/driver/9.1.0%2Bdriver/x86_64/falco_ubuntu-aws_5.15.0-1009-aws_9~20.04.1.o"
        );
        assert_eq!(portable_object("lanner"), "lanner_portable.o");
        assert_eq!(kernel_btf("lanner", &target)[1], "lanner_ubuntu-aws_5.15.0-1009-aws_9~20.04.1.btf.xz");
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for name in ["", ".", "..", "a/b", "..\\a", "a b", "a\n", &"x".repeat(256)] {
            assert!(checked("a driver version", name).is_err(), "{name:?}");
        }
        for name in ["1.0.0+probe", "...", "2aa88dcf", "é"] {
            assert_eq!(checked("a driver version", name), Ok(name));
        }
        let error = checked("a driver version", "../x").expect_err("a step").to_string();
        assert_eq!(error, "\"../x\" can't be a driver version: it has a slash");
    }
}
