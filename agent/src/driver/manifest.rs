// SPDX-License-Identifier: Apache-2.0
//! `manifest.json`: what a folder of a driver repository holds, by digest. Its signature is what an agent trusts.
//!
//! `cargo xtask` writes it, so nothing but the standard library and serde is used here.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

/// The manifest's file, beside the objects.
pub const MANIFEST: &str = "manifest.json";
/// Its signature, in minisign's format.
pub const SIGNATURE: &str = "manifest.json.minisig";
/// The format's number. A later one is refused: what it adds may matter.
pub const FORMAT: u32 = 1;
/// Files that a manifest lists at most.
pub const MAX_FILES: usize = 100_000;
/// Bytes that a manifest has at most.
pub const MAX_BYTES: u64 = 64 << 20;
/// Characters of it that an error shows.
const SHOWN: usize = 100;

/// What a folder holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// The driver version that the folder is for, as it is asked for: `0.1.0+probe`.
    pub driver_version: String,
    /// The architecture, as `uname -m` has it.
    pub arch: String,
    /// When it was written: `2026-11-21T09:30:00Z`. A later one takes the place of an earlier one, never the other way round.
    pub date: String,
    /// The files.
    pub files: Vec<File>,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its name in the folder, not percent-encoded.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256 in lower-case hexadecimal.
    pub sha256: String,
    /// What it is.
    #[serde(flatten)]
    pub kind: Kind,
}

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Kind {
    /// A probe.
    Object(Object),
    /// A kernel's BTF, as it is or packed by xz.
    Btf,
}

/// A probe, as the manifest describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// The number of the contract with the agent.
    pub abi: u32,
    /// The contract's digest, as the object carries it.
    pub schema: String,
    /// The architecture, as the object carries it.
    pub arch: String,
    /// Which build it is: [`build_id`] of its digest.
    pub build_id: String,
    /// What it asks of the kernel.
    pub features: Vec<String>,
    /// The revision of the sources that it was built from; empty when that is not known.
    #[serde(default)]
    pub revision: String,
    /// When it was built, in the form of [`Manifest::date`].
    pub date: String,
}

/// The name of a build: the first 16 digits of its object's SHA-256.
#[must_use]
pub fn build_id(sha256: &str) -> &str {
    sha256.get(..16).unwrap_or(sha256)
}

impl Manifest {
    /// Checks that this is a manifest for the folder that was asked for, and that each of its files is described as a file
    /// can be.
    ///
    /// # Errors
    /// A [`ManifestError`] for the first thing that is wrong.
    pub fn check(&self, version: &str, arch: &str) -> Result<(), ManifestError> {
        let not = |what, is: &str, asked: &str| {
            Err(ManifestError::Elsewhere { what, is: shown(is, SHOWN), asked: asked.to_owned() })
        };
        if self.format != FORMAT {
            return Err(ManifestError::Format(self.format));
        }
        if self.driver_version != version {
            return not("driver version", &self.driver_version, version);
        }
        if self.arch != arch {
            return not("architecture", &self.arch, arch);
        }
        if !is_date(&self.date) {
            return Err(ManifestError::Date(shown(&self.date, SHOWN)));
        }
        if self.files.len() > MAX_FILES {
            return Err(ManifestError::TooMany(self.files.len()));
        }
        let mut names = BTreeSet::new();
        for file in &self.files {
            let bad = |why| ManifestError::File { name: shown(&file.name, SHOWN), why };
            if file.name.is_empty() || file.name.len() > 255 || file.name.contains('/') {
                return Err(bad("that is no name of a file"));
            }
            if !names.insert(file.name.as_str()) {
                return Err(bad("it is there twice"));
            }
            if !is_sha256(&file.sha256) {
                return Err(bad("its sha256 is not 64 digits of lower-case hexadecimal"));
            }
            if let Kind::Object(object) = &file.kind {
                if object.build_id != build_id(&file.sha256) {
                    return Err(bad("its build_id is not the beginning of its sha256"));
                }
                if !is_date(&object.date) {
                    return Err(bad("its date is not of the form 2026-11-21T09:30:00Z"));
                }
            }
        }
        Ok(())
    }

    /// The file of this name.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<&File> {
        self.files.iter().find(|file| file.name == name)
    }
}

/// Whether `date` is of the form `2026-11-21T09:30:00Z`, so that dates can be compared as texts.
#[must_use]
pub fn is_date(date: &str) -> bool {
    let form = b"dddd-dd-ddTdd:dd:ddZ";
    date.len() == form.len()
        && date.bytes().zip(form).all(|(byte, of)| if *of == b'd' { byte.is_ascii_digit() } else { byte == *of })
}

fn is_sha256(digits: &str) -> bool {
    digits.len() == 64 && digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

/// What comes from outside is shown in part only, `most` characters of it, and can't act on a terminal.
pub(super) fn shown(text: &str, most: usize) -> String {
    text.chars().take(most).flat_map(char::escape_debug).collect()
}

/// Why a manifest is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ManifestError {
    /// It is of a later format.
    Format(u32),
    /// It is of another folder: a mistake, or one that was signed for something else.
    Elsewhere {
        /// What differs.
        what: &'static str,
        /// What the manifest says.
        is: String,
        /// What was asked for.
        asked: String,
    },
    /// Its date is none.
    Date(String),
    /// It lists more files than anybody has.
    TooMany(usize),
    /// A file is described wrongly.
    File {
        /// The file.
        name: String,
        /// What is wrong.
        why: &'static str,
    },
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format(format) => {
                write!(f, "{MANIFEST} has format {format}, this lanner reads format {FORMAT}: use a newer lanner")
            }
            Self::Elsewhere { what, is, asked } => {
                write!(
                    f,
                    "{MANIFEST} is for {what} {is}, not for {asked}: it lies in the wrong folder, or was put there"
                )
            }
            Self::Date(date) => write!(f, "{MANIFEST} has the date \"{date}\", not one such as 2026-11-21T09:30:00Z"),
            Self::TooMany(files) => write!(f, "{MANIFEST} lists {files} files, more than {MAX_FILES}"),
            Self::File { name, why } => write!(f, "{MANIFEST} lists {name}: {why}"),
        }
    }
}

impl std::error::Error for ManifestError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        serde_json::from_str(
            r#"{"format": 1, "driver_version": "0.1.0+probe", "arch": "x86_64", "date": "2026-11-21T09:30:00Z",
                "a later key": [], "files": [
                {"name": "lanner_portable.o", "size": 932056, "kind": "object", "abi": 1, "arch": "x86_64",
                 "sha256": "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
                 "build_id": "0011223344556677", "features": ["ring_buffer"], "schema": "x", "date": "2026-11-21T09:00:00Z"},
                {"name": "lanner_debian_6.1.55-1-amd64_1.btf.xz", "size": 1, "kind": "btf",
                 "sha256": "10112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"}]}"#,
        )
        .expect("a manifest")
    }

    #[test]
    fn a_manifest_is_read_and_written() {
        let manifest = manifest();
        assert_eq!(manifest.check("0.1.0+probe", "x86_64"), Ok(()));
        let file = manifest.file("lanner_portable.o").expect("the object");
        assert!(matches!(&file.kind, Kind::Object(object) if object.abi == 1 && object.revision.is_empty()));
        assert_eq!(manifest.file("lanner_debian_6.1.55-1-amd64_1.btf.xz").expect("the BTF").kind, Kind::Btf);
        assert!(manifest.file("falco.o").is_none());
        let text = serde_json::to_string(&manifest).expect("text");
        assert_eq!(serde_json::from_str::<Manifest>(&text).expect("a manifest"), manifest);
    }

    #[test]
    fn what_was_signed_for_another_folder_is_refused() {
        let error = manifest().check("0.2.0+probe", "x86_64").expect_err("another version").to_string();
        assert!(error.contains("driver version 0.1.0+probe, not for 0.2.0+probe"), "{error}");
        let error = manifest().check("0.1.0+probe", "aarch64").expect_err("another architecture").to_string();
        assert!(error.contains("architecture x86_64, not for aarch64"), "{error}");
    }

    #[test]
    fn each_part_is_checked() {
        let wrong = |change: fn(&mut Manifest)| {
            let mut manifest = manifest();
            change(&mut manifest);
            manifest.check("0.1.0+probe", "x86_64").expect_err("a wrong manifest").to_string()
        };
        assert!(wrong(|manifest| manifest.format = 2).contains("format 2"));
        assert!(wrong(|manifest| manifest.date = "yesterday\x1b".into()).contains("\"yesterday\\u{1b}\""));
        assert!(wrong(|manifest| manifest.files[0].name = "../x".into()).contains("no name of a file"));
        assert!(wrong(|manifest| manifest.files[1].name = "lanner_portable.o".into()).contains("twice"));
        assert!(wrong(|manifest| manifest.files[1].sha256 = "ABC".into()).contains("64 digits"));
        assert!(wrong(|manifest| manifest.files[0].sha256 = "1".repeat(64)).contains("build_id"));
        assert!(
            wrong(|manifest| {
                if let Kind::Object(object) = &mut manifest.files[0].kind {
                    object.date.clear();
                }
            })
            .contains("its date")
        );
    }

    #[test]
    fn dates_have_one_form() {
        assert!(is_date("2026-11-21T09:30:00Z"));
        for date in ["", "2026-11-21T09:30:00+01:00", "2026-11-21 09:30:00Z", "2026-11-21T09:30:0OZ"] {
            assert!(!is_date(date), "{date}");
        }
    }
}
