// SPDX-License-Identifier: Apache-2.0
//! The probe that `--probe` names: a file, or a URL. When it can't be used there is no other.

use std::path::Path;

use super::{Resolver, Try};
use crate::driver::{
    address::Address,
    manifest::{self, MANIFEST, Manifest},
    read,
    report::{Outcome, Source},
    repository::{FileError, Folder, Signed, compare, trust},
    verify::{self, Object},
};

impl Resolver<'_> {
    pub(super) fn given(&mut self, given: &str) -> Try {
        if given.contains("://") { self.given_url(given) } else { self.given_file(given) }
    }

    fn given_url(&mut self, given: &str) -> Try {
        let address: Address = match given.parse() {
            Ok(address) => address,
            Err(error) => {
                self.tried(Source::Given, "--probe", Outcome::Failed, error);
                return None;
            }
        };
        match self.fetch_given(&address) {
            Ok((object, signed)) => {
                let trust = trust(signed.as_ref().map(Signed::key));
                Some(self.choose(Source::Given, &address.to_string(), trust, object))
            }
            Err(error) => {
                self.failed(Source::Given, address.to_string(), &error);
                None
            }
        }
    }

    fn fetch_given(&self, address: &Address) -> Result<(Object<'static>, Option<Signed>), FileError> {
        let (folder, name) = address.split().filter(|_| !address.has_query()).ok_or(FileError::NoFile)?;
        let folder = Folder::open(self.look()?, &folder, address, None)?;
        folder.warn(address);
        folder.object(&name, address)
    }

    fn given_file(&mut self, given: &str) -> Try {
        let path = Path::new(given);
        let bytes = match read(path, verify::MAX_BYTES) {
            Ok(bytes) => bytes,
            Err(error) => {
                let remedy = "--probe takes the name of a file or a URL".to_owned();
                self.provenance.tried(
                    Source::Given,
                    given,
                    Outcome::Failed,
                    format_args!("can't read it: {error}"),
                    Some(remedy),
                );
                return None;
            }
        };
        // A copy of a repository's folder says what its files are to be.
        if let Some(error) = listed(path).and_then(|file| compare(&file, &bytes, "").err()) {
            self.failed(Source::Given, given, &error);
            return None;
        }
        let object = self.checked(Source::Given, given, bytes)?;
        Some(self.choose(Source::Given, given, "a file that was named".to_owned(), object))
    }
}

/// What a manifest beside the file says of it.
fn listed(path: &Path) -> Option<manifest::File> {
    let raw = read(&path.with_file_name(MANIFEST), manifest::MAX_BYTES).ok()?;
    let manifest: Manifest = serde_json::from_slice(&raw).ok()?;
    manifest.file(path.file_name()?.to_str()?).cloned()
}
