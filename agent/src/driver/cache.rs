// SPDX-License-Identifier: Apache-2.0
//! What was fetched or built before, on disk: files by their SHA-256, and entries that say what each is for.
//!
//! A file is written beside its place, brought to disk and renamed, so that no reader ever sees half of one, and looking
//! something up takes no lock, unless it is damaged. Whatever is read is compared with its digest, and with the signature
//! that came with it.

mod entry;
mod error;
mod files;
mod lock;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Duration,
};

use self::lock::Lock;
pub use self::{
    entry::{Entry, Evidence, Found, Key, Proof, Pruned},
    error::CacheError,
};
use super::{manifest, verify::sha256};

/// Bytes that the cache keeps at most.
pub const LIMIT: u64 = 256 << 20;
/// Bytes of the largest file, which is a kernel's BTF.
pub const MAX_FILE: u64 = 128 << 20;
/// Bytes of an entry.
const MAX_ENTRY: u64 = 16 << 10;
/// How long another process's writing is waited for: it takes milliseconds, but a process may be stopped meanwhile.
const PATIENCE: Duration = Duration::from_secs(5);
/// Where root's cache is.
const SYSTEM: &str = "/var/lib/lanner/probes";

/// The folders of a cache, and its lock.
const OBJECTS: &str = "objects";
const ENTRIES: &str = "entries";
const SEEN: &str = "seen";
const LOCK: &str = "lock";

/// A cache.
#[derive(Clone, Debug)]
pub struct Cache {
    root: PathBuf,
    limit: u64,
    /// How long another process's writing is waited for.
    patience: Duration,
}

impl Cache {
    /// The cache in this folder, which need not be there yet.
    ///
    /// # Errors
    /// When others could change what is in it: what root loads must be root's.
    pub fn open(root: &Path) -> Result<Self, CacheError> {
        files::check_owner(root)?;
        Ok(Self { root: root.to_owned(), limit: LIMIT, patience: PATIENCE })
    }

    /// With room for so many bytes, and no patience.
    #[cfg(test)]
    pub(super) fn limited(self, limit: u64) -> Self {
        Self { limit, patience: Duration::ZERO, ..self }
    }

    /// Where a cache is, unless somebody says otherwise: root's in `/var/lib`, others' where `get` says that their caches
    /// are; `None` for those without a home.
    #[must_use]
    pub fn default_root(get: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
        if rustix::process::geteuid().is_root() {
            return Some(SYSTEM.into());
        }
        let absolute = |name: &str| get(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let caches = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
        Some(caches.join("lanner/probes"))
    }

    /// Where it is.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Looks a file up; `None` when it is not there.
    ///
    /// # Errors
    /// When it can't be read, or is damaged: then it is not there any more.
    pub fn find(&self, key: Key<'_>) -> Result<Option<Found>, CacheError> {
        let why = match self.look_up(key) {
            Ok(found) => return Ok(found),
            Err(Missing::Unreadable(error)) => return Err(error),
            Err(Missing::Damaged(why)) => why,
        };
        let file = key.file.to_owned();
        let _lock = match Lock::take(&self.root.join(LOCK), self.patience) {
            Ok(lock) => lock,
            Err(error) => return Err(CacheError::Stays { file, why, error: Box::new(error) }),
        };
        // It looks the same while another process puts a newer one in its place; with the lock nobody does.
        match self.look_up(key) {
            Ok(found) => Ok(found),
            Err(Missing::Unreadable(error)) => Err(error),
            Err(Missing::Damaged(why)) => {
                self.forget(key);
                Err(CacheError::Damaged { file, why })
            }
        }
    }

    fn look_up(&self, key: Key<'_>) -> Result<Option<Found>, Missing> {
        let text = files::read(&self.root.join(ENTRIES).join(key.entry()), MAX_ENTRY).map_err(Missing::Unreadable)?;
        text.map(|text| self.load(key, &text)).transpose()
    }

    fn load(&self, key: Key<'_>, text: &[u8]) -> Result<Found, Missing> {
        let damaged = |why: &str| Missing::Damaged(why.to_owned());
        let entry: Entry =
            serde_json::from_slice(text).map_err(|error| Missing::Damaged(format!("its entry: {error}")))?;
        if (entry.driver_version.as_str(), entry.arch.as_str(), entry.file.as_str())
            != (key.driver_version, key.arch, key.file)
        {
            return Err(damaged("its entry is that of another file"));
        }
        let bytes = self.object(&entry.sha256, MAX_FILE)?;
        let signed = match &entry.proof {
            Proof::Signed { manifest, signature } => {
                Some((self.object(manifest, manifest::MAX_BYTES)?, self.object(signature, MAX_ENTRY)?))
            }
            Proof::Unsigned | Proof::Built => None,
        };
        Ok(Found { entry, bytes, signed })
    }

    /// The file with this digest.
    fn object(&self, digest: &str, limit: u64) -> Result<Vec<u8>, Missing> {
        if digest.len() != 64 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Missing::Damaged("its entry has a digest that is none".to_owned()));
        }
        let bytes = files::read(&self.root.join(OBJECTS).join(digest), limit).map_err(Missing::Unreadable)?;
        let bytes = bytes.ok_or_else(|| Missing::Damaged(format!("the file {digest} is gone")))?;
        let is = sha256(&bytes);
        if is == digest { Ok(bytes) } else { Err(Missing::Damaged(format!("its sha256 is {is}, not {digest}"))) }
    }

    /// With the lock: removes an entry, and what belongs to none then, if that can be done.
    fn forget(&self, key: Key<'_>) {
        let removed = files::remove(&self.root.join(ENTRIES).join(key.entry()));
        if let Err(error) = removed.and_then(|()| self.shrink(self.limit, None)) {
            tracing::debug!("the cache keeps a damaged entry: {error}");
        }
    }

    /// Stores a file.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn put(&self, key: Key<'_>, from: &str, bytes: &[u8], evidence: Evidence<'_>) -> Result<(), CacheError> {
        files::make(&self.root)?;
        for folder in [OBJECTS, ENTRIES] {
            files::make(&self.root.join(folder))?;
        }
        let _lock = Lock::take(&self.root.join(LOCK), self.patience)?;
        let store = |bytes: &[u8]| {
            let digest = sha256(bytes);
            files::write(&self.root.join(OBJECTS), &digest, bytes).map(|()| digest)
        };
        let proof = match evidence {
            Evidence::Signed { manifest, signature } => {
                Proof::Signed { manifest: store(manifest)?, signature: store(signature)? }
            }
            Evidence::Unsigned => Proof::Unsigned,
            Evidence::Built => Proof::Built,
        };
        let entry = Entry {
            driver_version: key.driver_version.to_owned(),
            arch: key.arch.to_owned(),
            file: key.file.to_owned(),
            from: from.to_owned(),
            sha256: store(bytes)?,
            size: bytes.len() as u64,
            stored: super::now(),
            proof,
        };
        let text =
            serde_json::to_vec_pretty(&entry).map_err(|error| CacheError::io("write", &self.root, error.into()))?;
        files::write(&self.root.join(ENTRIES), &key.entry(), &text)?;
        self.shrink(self.limit, Some(&key.entry())).map(drop)
    }

    /// What is in it, oldest first.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn list(&self) -> Result<Vec<Entry>, CacheError> {
        let mut entries: Vec<_> = self.entries()?.into_iter().map(|(_, entry)| entry).collect();
        entries.sort_by(|a, b| (&a.stored, &a.file).cmp(&(&b.stored, &b.file)));
        Ok(entries)
    }

    /// Removes the oldest until at most `keep` bytes are left.
    ///
    /// # Errors
    /// When that can't be done.
    pub fn prune(&self, keep: u64) -> Result<Pruned, CacheError> {
        if !self.root.exists() {
            return Ok(Pruned::default());
        }
        let _lock = Lock::take(&self.root.join(LOCK), self.patience)?;
        self.shrink(keep, None)
    }

    /// The entries that can be read, with the names of their files.
    fn entries(&self) -> Result<Vec<(String, Entry)>, CacheError> {
        let folder = self.root.join(ENTRIES);
        let mut entries = Vec::new();
        for name in files::names(&folder)? {
            let text = files::read(&folder.join(&name), MAX_ENTRY).unwrap_or_default();
            if let Some(entry) = text.and_then(|text| serde_json::from_slice(&text).ok()) {
                entries.push((name, entry));
            }
        }
        Ok(entries)
    }

    /// With the lock: removes entries until what is left takes at most `keep` bytes, but not `but`, and what belongs to none.
    fn shrink(&self, keep: u64, but: Option<&str>) -> Result<Pruned, CacheError> {
        let (objects, entries) = (self.root.join(OBJECTS), self.root.join(ENTRIES));
        let mut kept = self.entries()?;
        // The newest first; of those of one second, any.
        kept.sort_by(|a, b| (Some(b.0.as_str()) == but, &b.1.stored).cmp(&(Some(a.0.as_str()) == but, &a.1.stored)));
        let (mut used, mut wanted, mut names) = (0_u64, BTreeSet::new(), BTreeSet::new());
        for (name, entry) in kept {
            let mut parts = vec![(entry.sha256, entry.size)];
            if let Proof::Signed { manifest, signature } = entry.proof {
                parts.extend([manifest, signature].map(|digest| {
                    let size = files::size(&objects.join(&digest));
                    (digest, size)
                }));
            }
            let more: u64 = parts.iter().filter(|part| !wanted.contains(&part.0)).map(|part| part.1).sum();
            if used.saturating_add(more) <= keep || Some(name.as_str()) == but {
                used = used.saturating_add(more);
                wanted.extend(parts.into_iter().map(|part| part.0));
                names.insert(name);
            }
        }
        let mut pruned = Pruned::default();
        for name in files::names(&entries)?.into_iter().filter(|name| !names.contains(name)) {
            files::remove(&entries.join(name))?;
            pruned.entries += 1;
        }
        // With the lock nobody writes: a file under a name for the time of writing was left by one who was killed.
        for name in files::names(&objects)?.into_iter().filter(|name| !wanted.contains(name)) {
            pruned.bytes += files::size(&objects.join(&name));
            files::remove(&objects.join(name))?;
        }
        Ok(pruned)
    }

    /// The newest date that a manifest by this key had, for this driver version and architecture.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn newest(&self, key: &str, driver_version: &str, arch: &str) -> Result<Option<String>, CacheError> {
        let text = files::read(&self.root.join(SEEN).join(name_for([key, driver_version, arch])), 64)?;
        Ok(text.and_then(|text| String::from_utf8(text).ok()).filter(|date| manifest::is_date(date)))
    }

    /// Keeps the date of a manifest, unless a newer one is known.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn saw(&self, key: &str, driver_version: &str, arch: &str, date: &str) -> Result<(), CacheError> {
        let known =
            || self.newest(key, driver_version, arch).map(|newest| newest.is_some_and(|newest| *newest >= *date));
        if known()? {
            return Ok(());
        }
        files::make(&self.root)?;
        let folder = self.root.join(SEEN);
        files::make(&folder)?;
        let _lock = Lock::take(&self.root.join(LOCK), self.patience)?;
        // Another process may have seen a newer one meanwhile.
        if known()? {
            return Ok(());
        }
        files::write(&folder, &name_for([key, driver_version, arch]), date.as_bytes())
    }
}

/// The name of a file that is for all of `parts`: what they are called may be longer than names of files.
fn name_for(parts: [&str; 3]) -> String {
    sha256(parts.join("\0").as_bytes()).get(..32).unwrap_or_default().to_owned()
}

/// Why an entry leads to nothing.
enum Missing {
    /// It is not as it was written.
    Damaged(String),
    /// It can't be read.
    Unreadable(CacheError),
}

#[cfg(test)]
mod tests;
