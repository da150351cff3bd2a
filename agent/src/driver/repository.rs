// SPDX-License-Identifier: Apache-2.0
//! A folder of a driver repository: what its manifest lists, whether that can be trusted, and its files.

use std::fmt;

use agent_common::{identity, record};
use thiserror::Error;

use super::{
    address::Address,
    cache::{self, Cache},
    http::{Client, HttpError},
    manifest::{self, File, Kind, MANIFEST, Manifest, ManifestError, Object, SIGNATURE, shown},
    report::Outcome,
    signature::{self, Keys, SignatureError},
    url,
    verify::{self, ARCH, ObjectError, sha256},
};

/// Characters of a word in a manifest that an error shows.
const SHOWN: usize = 64;

/// What is needed to look into folders.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look<'a> {
    pub(super) client: &'a Client,
    pub(super) keys: &'a Keys,
    pub(super) cache: Option<&'a Cache>,
    pub(super) insecure: bool,
}

/// A folder of a repository.
#[derive(Debug)]
pub(super) struct Folder<'a> {
    look: Look<'a>,
    url: String,
    /// What the manifest lists, if there is one.
    manifest: Option<Manifest>,
    /// The manifest and its signature as they came, and whose it is; or why there is none to trust.
    trust: Result<Signed, Untrusted>,
}

/// A manifest by a trusted key.
#[derive(Clone, Debug)]
pub(super) struct Signed {
    pub(super) manifest: Vec<u8>,
    pub(super) signature: Vec<u8>,
    key: String,
}

impl Signed {
    /// The key's name.
    pub(super) fn key(&self) -> &str {
        &self.key
    }
}

/// What was fetched, and by whose word; nobody's, if nobody vouches for it.
type Fetched<T> = (T, Option<Signed>);

/// Why a folder is not trusted.
#[derive(Debug, Error)]
pub(super) enum Untrusted {
    #[error("there is no {MANIFEST} ({0})")]
    NoManifest(HttpError),
    #[error("its {MANIFEST} can't be read: {0}")]
    Json(serde_json::Error),
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error("its {MANIFEST} has no signature: {SIGNATURE}: {0}")]
    NoSignature(HttpError),
    #[error(transparent)]
    Signature(#[from] SignatureError),
    #[error(
        "its {MANIFEST} is of {date}, but one of {newest} by the same key was seen before: an old one was put back"
    )]
    Replayed { date: String, newest: String },
}

impl Untrusted {
    /// What to do about it.
    pub(super) fn remedy(&self) -> &'static str {
        match self {
            Self::Signature(error) => error.remedy(),
            Self::NoManifest(_) | Self::Json(_) | Self::Manifest(_) | Self::NoSignature(_) => {
                "sign the repository (docs/probe.md), or take its word as it is: --insecure-probe"
            }
            Self::Replayed { .. } => "have the newest manifest put there, or empty the cache if that is the right one",
        }
    }
}

/// Why a file of a folder is not to be had.
#[derive(Debug, Error)]
pub(super) enum FileError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error("its URL names no file, or has a question mark, which the manifest beside it would not share")]
    NoFile,
    #[error("it is not in {MANIFEST}")]
    NotListed,
    #[error("it is there, but nobody vouches for it: {0}")]
    Untrusted(String, &'static str),
    #[error("{MANIFEST} says that it is no {0}")]
    Kind(&'static str),
    #[error("{MANIFEST} says that it has ABI {0}, and this lanner speaks {abi}", abi = record::ABI)]
    Abi(u32),
    #[error("{MANIFEST} says that it was built from another contract with the schema {0}")]
    Schema(String),
    #[error("{MANIFEST} says that it is for {0} kernels, and this machine is {ARCH}")]
    Arch(String),
    #[error("it asks of the kernel \"{0}\", which this lanner does not know")]
    Feature(String),
    #[error("it has {size} bytes, but {MANIFEST} says {expected}{by}")]
    Size { size: u64, expected: u64, by: String },
    #[error("its sha256 is {digest}, but {MANIFEST} says {expected}{by}: it was changed or damaged on its way")]
    Digest { digest: String, expected: String, by: String },
    #[error(transparent)]
    Object(#[from] ObjectError),
}

impl FileError {
    /// What that is for the account.
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Http(error) if error.is_missing() => Outcome::Missing,
            Self::Http(_) | Self::NoFile => Outcome::Failed,
            Self::NotListed => Outcome::Missing,
            Self::Untrusted(..)
            | Self::Kind(_)
            | Self::Abi(_)
            | Self::Schema(_)
            | Self::Arch(_)
            | Self::Feature(_)
            | Self::Size { .. }
            | Self::Digest { .. }
            | Self::Object(_) => Outcome::Refused,
        }
    }

    /// What to do about it.
    pub(super) fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Http(error) => error.remedy(),
            Self::NoFile | Self::NotListed => None,
            Self::Untrusted(_, remedy) => Some(remedy),
            Self::Abi(_) | Self::Schema(_) | Self::Feature(_) => {
                Some("ask for the driver version of this lanner: leave DRIVER_VERSION out")
            }
            Self::Object(_) => Some(ObjectError::REMEDY),
            Self::Kind(_) | Self::Arch(_) => Some("have the repository laid out anew"),
            Self::Size { .. } | Self::Digest { .. } => Some("have the file laid out anew, and ask who changed it"),
        }
    }
}

impl Look<'_> {
    /// Takes a manifest for signed, if it is by a trusted key, and no older than others.
    fn signed(&self, manifest: &Manifest, raw: Vec<u8>, signature: Vec<u8>) -> Result<Signed, Untrusted> {
        let key = self.keys.verify(&raw, &signature)?.id.clone();
        not_replayed(self.cache, manifest, &key)?;
        Ok(Signed { manifest: raw, signature, key })
    }
}

impl<'a> Folder<'a> {
    /// Reads the manifest of a folder. `driver_version` is `None` when somebody named a file, whatever its version.
    ///
    /// # Errors
    /// When the server can't be asked at all.
    pub(super) fn open(
        look: Look<'a>,
        url: &str,
        user: &Address,
        driver_version: Option<&str>,
    ) -> Result<Self, HttpError> {
        let of = |manifest, trust| Self { look, url: url.to_owned(), manifest, trust };
        let raw = match look.client.get(&address(url, MANIFEST, user)?, manifest::MAX_BYTES, None) {
            Ok(raw) => raw,
            Err(error) if error.is_of_server() => return Err(error),
            Err(error) => return Ok(of(None, Err(Untrusted::NoManifest(error)))),
        };
        let manifest = match serde_json::from_slice::<Manifest>(&raw) {
            Ok(manifest) => manifest,
            Err(error) => return Ok(of(None, Err(Untrusted::Json(error)))),
        };
        if let Err(error) = manifest.check(driver_version.unwrap_or(&manifest.driver_version), ARCH) {
            return Ok(of(None, Err(error.into())));
        }
        let trust = match look.client.get(&address(url, SIGNATURE, user)?, signature::MAX_BYTES, None) {
            Ok(signature) => look.signed(&manifest, raw, signature),
            Err(error) if error.is_of_server() => return Err(error),
            Err(error) => Err(Untrusted::NoSignature(error)),
        };
        Ok(of(Some(manifest), trust))
    }

    /// Warns that `what` of it is used though the folder is not trusted, if that is so.
    pub(super) fn warn(&self, what: impl fmt::Display) {
        if let Err(why) = &self.trust
            && self.look.insecure
        {
            tracing::warn!("{what} is used though nobody vouches for it (--insecure-probe): {why}");
        }
    }

    /// Fetches a probe, and checks it.
    pub(super) fn object(&self, name: &str, user: &Address) -> Result<Fetched<verify::Object<'static>>, FileError> {
        let (bytes, signed) = self.fetch(name, user, verify::MAX_BYTES, |file| match &file.kind {
            Kind::Object(object) => fits(object),
            Kind::Btf => Err(FileError::Kind("probe")),
        })?;
        Ok((verify::Object::check(bytes)?, signed))
    }

    /// Fetches a kernel's BTF.
    pub(super) fn btf(&self, name: &str, user: &Address) -> Result<Fetched<Vec<u8>>, FileError> {
        self.fetch(name, user, cache::MAX_FILE, |file| match &file.kind {
            Kind::Btf => Ok(()),
            Kind::Object(_) => Err(FileError::Kind("BTF")),
        })
    }

    fn fetch(
        &self,
        name: &str,
        user: &Address,
        limit: u64,
        fits: impl Fn(&File) -> Result<(), FileError>,
    ) -> Result<Fetched<Vec<u8>>, FileError> {
        let address = address(&self.url, name, user)?;
        let signed = match &self.trust {
            Ok(signed) => Some(signed.clone()),
            Err(_) if self.look.insecure => None,
            Err(why) => {
                // Whether there is something to be trusted is worth knowing.
                self.look.client.find(&address)?;
                return Err(FileError::Untrusted(why.to_string(), why.remedy()));
            }
        };
        let by = by(signed.as_ref().map(Signed::key));
        let file = match &self.manifest {
            None => None,
            Some(manifest) => Some(manifest.file(name).ok_or(FileError::NotListed)?),
        };
        if let Some(file) = file {
            fits(file)?;
            if file.size > limit {
                return Err(FileError::Size { size: file.size, expected: limit, by });
            }
        }
        let bytes = self.look.client.get(&address, limit, Some(name))?;
        if let Some(file) = file {
            compare(file, &bytes, &by)?;
        }
        Ok((bytes, signed))
    }
}

/// Why a file is trusted: the key of this name has signed it, or none has.
pub(super) fn trust(key: Option<&str>) -> String {
    key.map_or_else(|| "not signed".to_owned(), |key| format!("signed by key {key}"))
}

/// The same, behind what a manifest says; nothing without a key.
pub(super) fn by(key: Option<&str>) -> String {
    key.map_or_else(String::new, |key| format!(" ({})", trust(Some(key))))
}

/// Whether `bytes` are those that the manifest lists.
pub(super) fn compare(file: &File, bytes: &[u8], by: &str) -> Result<(), FileError> {
    let (size, digest) = (bytes.len() as u64, sha256(bytes));
    if digest == file.sha256 {
        return Ok(());
    }
    // A digest says more than a size, but a file that was cut is better called so.
    if size == file.size {
        Err(FileError::Digest { digest, expected: file.sha256.clone(), by: by.to_owned() })
    } else {
        let by = format!("{by}, and the sha256 {}", file.sha256);
        Err(FileError::Size { size, expected: file.size, by })
    }
}

/// Refuses a manifest older than one that was seen before, and remembers this one.
pub(super) fn not_replayed(cache: Option<&Cache>, manifest: &Manifest, key: &str) -> Result<(), Untrusted> {
    let Some(cache) = cache else { return Ok(()) };
    let Manifest { driver_version, arch, date, .. } = manifest;
    match cache.newest(key, driver_version, arch) {
        Ok(Some(newest)) if newest > *date => return Err(Untrusted::Replayed { date: date.clone(), newest }),
        Ok(_) => {}
        Err(error) => tracing::warn!("which manifest was the newest is not known: {error}"),
    }
    if let Err(error) = cache.saw(key, driver_version, arch, date) {
        tracing::warn!("which manifest is the newest is not remembered: {error}");
    }
    Ok(())
}

/// Whether an object is of use, by what the manifest says of it: nothing is fetched that would be refused.
fn fits(object: &Object) -> Result<(), FileError> {
    if object.abi != record::ABI {
        return Err(FileError::Abi(object.abi));
    }
    if object.schema != identity::SCHEMA {
        return Err(FileError::Schema(shown(&object.schema, SHOWN)));
    }
    if object.arch != ARCH {
        return Err(FileError::Arch(shown(&object.arch, SHOWN)));
    }
    let strange = object.features.iter().find(|feature| !identity::FEATURES.contains(&feature.as_str()));
    strange.map_or(Ok(()), |feature| Err(FileError::Feature(shown(feature, SHOWN))))
}

/// The address of a file in a folder, as the user that the repository's URL names.
pub(super) fn address(folder: &str, name: &str, user: &Address) -> Result<Address, HttpError> {
    let url = url::file(folder, name);
    match url.parse::<Address>() {
        Ok(address) => Ok(address.with_user_of(user)),
        Err(error) => Err(HttpError { url, at: None, why: super::http::Why::BadLocation(error), tries: 0 }),
    }
}
