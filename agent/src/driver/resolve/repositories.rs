// SPDX-License-Identifier: Apache-2.0
//! What driver repositories have: each is asked in turn, its folders and names in theirs.

use super::{Resolver, Try};
use crate::driver::{
    address::Address,
    cache::Evidence,
    http::HttpError,
    report::{Outcome, Source},
    repository::{FileError, Folder, Signed, trust},
    url,
    verify::ARCH,
};

/// What came of the files of a folder: each URL with why it is of no use.
type Vain = Vec<(String, FileError)>;

/// A file that was found.
#[derive(Debug)]
pub(super) struct Hit<T> {
    /// Its name in the repository.
    pub(super) name: String,
    /// Its URL.
    pub(super) from: String,
    /// What it is.
    pub(super) content: T,
}

impl Resolver<'_> {
    /// Asks each repository.
    #[expect(clippy::redundant_closure_for_method_calls, reason = "the method alone is of one lifetime only")]
    pub(super) fn repositories(&mut self) -> Try {
        let config = self.config;
        if !config.target.is_determined() {
            let words = "only the portable probe is asked for: the distribution is not known (no /etc/os-release under HOST_ROOT)";
            self.tried(Source::Repo, "this host", Outcome::Skipped, words);
        }
        let names = config.objects();
        config.repositories.iter().find_map(|repository| {
            let Hit { name, from, content: (object, signed) } =
                self.search(repository, &names, |folder, name, address| folder.object(name, address))?;
            self.store(&name, &from, object.bytes(), evidence(signed.as_ref()));
            Some(self.choose(Source::Repo, &from, trust(signed.as_ref().map(Signed::key)), object))
        })
    }

    /// Looks for the first of `names` in a repository's folders.
    pub(super) fn search<T>(
        &mut self,
        repository: &str,
        names: &[String],
        fetch: impl Fn(&Folder<'_>, &str, &Address) -> Result<T, FileError>,
    ) -> Option<Hit<T>> {
        let user = match repository.parse::<Address>() {
            Ok(user) if !user.has_query() => user,
            Ok(user) => {
                let words = "it has a question mark; repositories are given as https://host/path";
                self.tried(Source::Repo, user.to_string(), Outcome::Failed, words);
                return None;
            }
            Err(error) => {
                self.tried(Source::Repo, "--drivers-repo", Outcome::Failed, error);
                return None;
            }
        };
        let folders = url::folders(&user.to_string(), &self.config.driver_version, ARCH);
        for (i, folder) in folders.iter().enumerate() {
            let mut vain = Vain::new();
            let found = self.search_folder(folder, names, &user, &fetch, &mut vain);
            for (from, error) in vain {
                self.failed(Source::Repo, from, &error);
            }
            match found {
                Ok(Some(hit)) => return Some(hit),
                Ok(None) => {}
                Err(error) => {
                    // The server's other files would fare the same.
                    self.give_up(&error, folders.get(i..).unwrap_or_default(), names);
                    return None;
                }
            }
        }
        None
    }

    fn search_folder<T>(
        &self,
        url: &str,
        names: &[String],
        user: &Address,
        fetch: &impl Fn(&Folder<'_>, &str, &Address) -> Result<T, FileError>,
        vain: &mut Vain,
    ) -> Result<Option<Hit<T>>, HttpError> {
        let folder = Folder::open(self.look()?, url, user, Some(&self.config.driver_version))?;
        folder.warn(url);
        for name in names {
            let from = url::file(url, name);
            match fetch(&folder, name, user) {
                Ok(content) => return Ok(Some(Hit { name: name.clone(), from, content })),
                Err(FileError::Http(error)) if error.is_of_server() => return Err(error),
                Err(error) => vain.push((from, error)),
            }
        }
        Ok(None)
    }

    /// Tells of everything that a server was not asked for.
    fn give_up(&mut self, error: &HttpError, folders: &[String], names: &[String]) {
        let what = if error.url.is_empty() { folders.first().map_or("", String::as_str) } else { &error.url };
        let remedy = error.remedy().map(str::to_owned);
        self.provenance.tried(Source::Repo, what, Outcome::Failed, error, remedy);
        for url in folders.iter().flat_map(|folder| names.iter().map(move |name| url::file(folder, name))) {
            if !self.provenance.tried.iter().any(|attempt| attempt.what == url) {
                self.tried(Source::Repo, url, Outcome::Skipped, "not asked for, since it would fare the same");
            }
        }
    }
}

/// Why a file is trusted, to be kept with it.
pub(super) fn evidence(signed: Option<&Signed>) -> Evidence<'_> {
    signed.map_or(Evidence::Unsigned, |Signed { manifest, signature, .. }| Evidence::Signed { manifest, signature })
}
