// SPDX-License-Identifier: Apache-2.0
//! Finds the probe: asks each source in turn, and keeps account of what was tried.

mod cached;
mod given;
mod kernel_btf;
mod repositories;

use std::{cell::OnceCell, io::ErrorKind};

pub use self::kernel_btf::with_btf;
use super::{
    build,
    cache::{Cache, CacheError, Evidence, Key},
    config::Config,
    http::{Client, HttpError},
    report::{Chosen, Outcome, Provenance, Source, Unresolved},
    repository::{FileError, Look},
    url,
    verify::{ARCH, Object, ObjectError},
};
use crate::probe;

/// Why what was built here is trusted.
const BUILT: &str = "built on this machine";

/// A probe, and where it came from.
#[derive(Debug)]
pub struct Resolved {
    /// The probe.
    pub object: Object<'static>,
    /// Where it came from, and what was tried.
    pub provenance: Provenance,
}

/// Something that a build lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// What it is about: a tool, a step.
    pub what: String,
    /// What is wrong with it.
    pub why: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

/// Builds the probe for this machine's kernel: the object, or all that is in the way.
pub type Builder = fn() -> Result<Vec<u8>, Vec<Lack>>;

/// What this binary brings along.
#[derive(Clone, Copy, Debug, Default)]
pub struct Carried {
    /// The probe.
    pub object: Option<&'static [u8]>,
    /// How to build one.
    pub builder: Option<Builder>,
}

impl Carried {
    /// What is in this program.
    #[must_use]
    pub fn here() -> Self {
        Self { object: probe::embedded(), builder: Some(build::for_resolver) }
    }
}

/// Looks for a probe.
#[derive(Debug)]
pub struct Resolver<'a> {
    config: &'a Config,
    carried: Carried,
    cache: Option<Cache>,
    client: OnceCell<Client>,
    provenance: Provenance,
    only_new: bool,
}

/// A probe; `None` when a source has none, and why has been noted.
type Try = Option<Object<'static>>;

impl<'a> Resolver<'a> {
    /// Looks as `config` says.
    #[must_use]
    pub fn new(config: &'a Config, carried: Carried) -> Self {
        let mut resolver = Self {
            config,
            carried,
            cache: None,
            client: OnceCell::new(),
            provenance: Provenance::default(),
            only_new: false,
        };
        resolver.cache = resolver.open_cache();
        resolver
    }

    /// The cache, where the order has it. One that can't be used is done without.
    fn open_cache(&mut self) -> Option<Cache> {
        if !self.config.order.contains(&Source::Cache) {
            return None;
        }
        let Some(root) = &self.config.cache else {
            self.tried(
                Source::Cache,
                "no folder",
                Outcome::Skipped,
                "there is no home for it; --probe-cache names a folder",
            );
            return None;
        };
        match Cache::open(root) {
            Ok(cache) => Some(cache),
            Err(error) => {
                // A user's home may be another's, as after sudo or setpriv: nobody has asked for a cache there.
                let closed =
                    matches!(&error, CacheError::Io { error, .. } if error.kind() == ErrorKind::PermissionDenied);
                let outcome = if closed && !self.config.cache_named { Outcome::Skipped } else { Outcome::Failed };
                self.tried(Source::Cache, root.display().to_string(), outcome, error);
                None
            }
        }
    }

    /// Asks nobody for what was fetched before: the cache is only written.
    #[must_use]
    pub fn only_new(mut self) -> Self {
        self.only_new = true;
        self
    }

    /// The probe that `--probe` names, else that of the first source that has one.
    ///
    /// # Errors
    /// When there is none, with everything that was tried.
    pub fn resolve(mut self) -> Result<Resolved, Unresolved> {
        let object = match &self.config.given {
            Some(given) => self.given(given),
            None => self.config.order.iter().find_map(|source| match source {
                Source::Given => None,
                Source::Cache if self.only_new => None,
                Source::Cache => self.cached(),
                Source::Embedded => self.embedded(),
                Source::Repo => self.repositories(),
                Source::Build => self.built(),
            }),
        };
        match object {
            Some(object) => Ok(Resolved { object, provenance: self.provenance }),
            None => Err(Unresolved(Box::new(self.provenance))),
        }
    }

    fn tried(&mut self, source: Source, what: impl Into<String>, outcome: Outcome, words: impl std::fmt::Display) {
        self.provenance.tried(source, what, outcome, words, None);
    }

    /// Notes why a file is of no use.
    fn failed(&mut self, source: Source, what: impl Into<String>, error: &FileError) {
        let remedy = error.remedy().map(str::to_owned);
        self.provenance.tried(source, what, error.outcome(), error, remedy);
    }

    /// Takes an object that is right.
    fn choose(&mut self, source: Source, from: &str, trust: String, object: Object<'static>) -> Object<'static> {
        let facts = object.facts().clone();
        self.tried(
            source,
            from,
            Outcome::Used,
            format_args!("version {}, build {}, {trust}", facts.version, facts.build_id),
        );
        self.provenance.chosen = Some(Chosen { source, from: from.to_owned(), trust, facts });
        object
    }

    /// Refuses one that is not.
    fn refuse(&mut self, source: Source, what: &str, error: &ObjectError) -> Try {
        self.provenance.tried(source, what, Outcome::Refused, error, Some(ObjectError::REMEDY.to_owned()));
        None
    }

    fn embedded(&mut self) -> Try {
        let what = "inside this lanner";
        let Some(bytes) = self.carried.object else {
            let remedy = "build it with `cargo xtask build`".to_owned();
            let words = "it was built without a probe";
            self.provenance.tried(Source::Embedded, what, Outcome::Missing, words, Some(remedy));
            return None;
        };
        match Object::check(bytes) {
            Ok(object) => Some(self.choose(Source::Embedded, what, "part of this program".to_owned(), object)),
            Err(error) => self.refuse(Source::Embedded, what, &error),
        }
    }

    fn built(&mut self) -> Try {
        let what = build::FROM;
        let Some(build) = self.carried.builder else {
            let remedy = "build a probe with `cargo xtask build-ebpf` and give it with --probe FILE".to_owned();
            self.provenance.tried(Source::Build, what, Outcome::Missing, "it was built without sources", Some(remedy));
            return None;
        };
        match build() {
            Ok(bytes) => {
                let object = self.checked(Source::Build, what, bytes)?;
                self.store(&url::portable_object(&self.config.driver_name), what, object.bytes(), Evidence::Built);
                Some(self.choose(Source::Build, what, BUILT.to_owned(), object))
            }
            Err(lacks) => {
                for Lack { what, why, remedy } in lacks {
                    self.provenance.tried(Source::Build, what, Outcome::Failed, why, remedy);
                }
                None
            }
        }
    }

    /// Bytes from outside as a probe, if they are one.
    fn checked(&mut self, source: Source, what: &str, bytes: Vec<u8>) -> Try {
        match Object::check(bytes) {
            Ok(object) => Some(object),
            Err(error) => self.refuse(source, what, &error),
        }
    }

    fn key<'k>(&'k self, file: &'k str) -> Key<'k> {
        Key { driver_version: &self.config.driver_version, arch: ARCH, file }
    }

    /// Keeps a file for the next time. A cache that can't be written is done without.
    fn store(&self, file: &str, from: &str, bytes: &[u8], evidence: Evidence<'_>) {
        let Some(cache) = &self.cache else { return };
        if let Err(error) = cache.put(self.key(file), from, bytes, evidence) {
            tracing::warn!("{file} is not kept in the cache: {error}");
        }
    }

    /// The client, made when it is first used: it reads the machine's certificates.
    fn client(&self) -> Result<&Client, HttpError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = Client::new(self.config.http.clone())?;
        Ok(self.client.get_or_init(|| client))
    }

    fn look(&self) -> Result<Look<'_>, HttpError> {
        let (client, cache) = (self.client()?, self.cache.as_ref());
        Ok(Look { client, keys: &self.config.keys, cache, insecure: self.config.insecure })
    }
}

#[cfg(test)]
mod tests;
