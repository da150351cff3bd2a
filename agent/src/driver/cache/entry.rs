// SPDX-License-Identifier: Apache-2.0
//! What the cache keeps of a file.

use serde::{Deserialize, Serialize};

/// What a file is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The driver version that it was asked for by.
    pub driver_version: String,
    /// The architecture.
    pub arch: String,
    /// Its name in the repository.
    pub file: String,
    /// Where it is from.
    pub from: String,
    /// Its digest.
    pub sha256: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was stored, as [`crate::driver::manifest::Manifest::date`].
    pub stored: String,
    /// Why it is trusted.
    pub proof: Proof,
}

/// Why a file is trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Proof {
    /// A manifest with its signature, by their digests; they are tried again at each use.
    Signed {
        /// The manifest's.
        manifest: String,
        /// The signature's.
        signature: String,
    },
    /// It was fetched from a repository without a trusted signature, by `--insecure-probe`.
    Unsigned,
    /// It was built on this machine.
    Built,
}

/// Why a new file is trusted.
#[derive(Clone, Copy, Debug)]
pub enum Evidence<'a> {
    /// A manifest and its signature.
    Signed {
        /// `manifest.json`
        manifest: &'a [u8],
        /// `manifest.json.minisig`
        signature: &'a [u8],
    },
    /// None: `--insecure-probe`.
    Unsigned,
    /// It was built here.
    Built,
}

/// What a file is looked up by.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    /// The driver version.
    pub driver_version: &'a str,
    /// The architecture.
    pub arch: &'a str,
    /// Its name in a repository.
    pub file: &'a str,
}

impl Key<'_> {
    /// The name of the entry's file.
    pub(super) fn entry(&self) -> String {
        format!("{}.json", super::name_for([self.driver_version, self.arch, self.file]))
    }
}

/// A file of the cache.
#[derive(Clone, Debug)]
pub struct Found {
    /// What it is for.
    pub entry: Entry,
    /// Its content, of the digest that the entry has.
    pub bytes: Vec<u8>,
    /// The manifest and its signature, if it is trusted by one.
    pub signed: Option<(Vec<u8>, Vec<u8>)>,
}

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// Entries.
    pub entries: usize,
    /// Bytes of files.
    pub bytes: u64,
}
