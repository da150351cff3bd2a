// SPDX-License-Identifier: Apache-2.0
//! What was fetched or built before. It is trusted for the same reason as then, which is tried again: a key that is not
//! trusted any more, or a manifest that a newer one has replaced, ends that.

use super::{BUILT, Resolver, Try};
use crate::driver::{
    cache::{Found, Proof},
    manifest::Manifest,
    report::{Outcome, Source},
    repository::{FileError, Untrusted, by, compare, not_replayed, trust},
    verify::ARCH,
};

impl Resolver<'_> {
    pub(super) fn cached(&mut self) -> Try {
        let root = self.cache.as_ref()?.root().display().to_string();
        let names = self.config.objects();
        let object = names.iter().find_map(|name| {
            let (found, trust) = self.in_cache(name)?;
            let object = self.checked(Source::Cache, &found.entry.from, found.bytes)?;
            Some(self.choose(Source::Cache, &found.entry.from, trust, object))
        });
        if object.is_none() {
            let words = format!("nothing of use for {} on {ARCH}", self.config.driver_version);
            self.tried(Source::Cache, root, Outcome::Missing, words);
        }
        object
    }

    /// A file, and why it is trusted; `None` when there is none, or it is not.
    pub(super) fn in_cache(&mut self, name: &str) -> Option<(Found, String)> {
        let found = match self.cache.as_ref()?.find(self.key(name)) {
            Ok(found) => found?,
            Err(error) => {
                self.tried(Source::Cache, name, Outcome::Failed, error);
                return None;
            }
        };
        match self.trust(&found) {
            Ok(trust) => Some((found, trust)),
            Err(error) => {
                self.failed(Source::Cache, &found.entry.from, &error);
                None
            }
        }
    }

    fn trust(&self, found: &Found) -> Result<String, FileError> {
        let untrusted = |error: Untrusted| FileError::Untrusted(error.to_string(), error.remedy());
        match (&found.entry.proof, &found.signed) {
            (Proof::Signed { .. }, Some((raw, signature))) => {
                let key = self.config.keys.verify(raw, signature).map_err(|error| untrusted(error.into()))?;
                let manifest: Manifest =
                    serde_json::from_slice(raw).map_err(|error| untrusted(Untrusted::Json(error)))?;
                manifest.check(&found.entry.driver_version, ARCH).map_err(|error| untrusted(error.into()))?;
                not_replayed(self.cache.as_ref(), &manifest, &key.id).map_err(untrusted)?;
                let file = manifest.file(&found.entry.file).ok_or(FileError::NotListed)?;
                compare(file, &found.bytes, &by(Some(&key.id)))?;
                Ok(trust(Some(&key.id)))
            }
            (Proof::Built, _) => Ok(BUILT.to_owned()),
            (Proof::Unsigned, _) if self.config.insecure => Ok(trust(None)),
            (Proof::Unsigned | Proof::Signed { .. }, _) => Err(FileError::Untrusted(
                "it was fetched with --insecure-probe".to_owned(),
                "give --insecure-probe again, or fetch it from a repository that is signed",
            )),
        }
    }
}
