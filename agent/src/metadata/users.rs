// SPDX-License-Identifier: Apache-2.0
//! Names of users and groups, from the host's `/etc/passwd` and `/etc/group`:
//! <https://man7.org/linux/man-pages/man5/passwd.5.html>, <https://man7.org/linux/man-pages/man5/group.5.html>
//!
//! The files are read as they are: no name service is asked, which could block and whose library the host may not have.

use std::{
    fs::{File, Metadata},
    io::{self, Read as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use tracing::warn;

use super::bounded::IdMap;

/// The most bytes of a file that are read.
const MAX_BYTES: u64 = 16 << 20;
/// The most lines of a file that are kept.
const MAX_ENTRIES: usize = 1 << 18;
/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(1);

/// What is known of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The login name.
    pub name: Box<[u8]>,
    /// The home directory.
    pub home: Box<[u8]>,
    /// The login shell.
    pub shell: Box<[u8]>,
}

/// The users and groups of the host.
#[derive(Debug)]
pub struct Users {
    passwd: Watched,
    group: Watched,
    users: IdMap<u32, User>,
    groups: IdMap<u32, Box<[u8]>>,
    looked: Option<Instant>,
}

impl Users {
    /// Those of the system whose root directory is `host_root`.
    #[must_use]
    pub fn new(host_root: &Path) -> Self {
        let mut users = Self {
            passwd: Watched::new(host_root.join("etc/passwd")),
            group: Watched::new(host_root.join("etc/group")),
            users: IdMap::default(),
            groups: IdMap::default(),
            looked: None,
        };
        users.refresh();
        users
    }

    /// Reads what was changed; looks at most once a second.
    pub fn refresh(&mut self) {
        let now = Instant::now();
        if self.looked.is_some_and(|looked| now.duration_since(looked) < EVERY) {
            return;
        }
        self.looked = Some(now);
        self.read();
    }

    fn read(&mut self) {
        if let Some(bytes) = self.passwd.changed() {
            self.users = entries(&bytes, user);
        }
        if let Some(bytes) = self.group.changed() {
            self.groups = entries(&bytes, group);
        }
    }

    /// The user with this id.
    #[must_use]
    pub fn user(&self, uid: u32) -> Option<&User> {
        self.users.get(&uid)
    }

    /// The name of the group with this id.
    #[must_use]
    pub fn group(&self, gid: u32) -> Option<&[u8]> {
        self.groups.get(&gid).map(AsRef::as_ref)
    }
}

/// What tells one state of a file from another: size, inode, modification time.
type Stamp = (u64, u64, i64, i64);

/// A file that is read again when it was changed.
#[derive(Debug)]
struct Watched {
    path: PathBuf,
    seen: Option<Stamp>,
}

impl Watched {
    const fn new(path: PathBuf) -> Self {
        Self { path, seen: None }
    }

    /// Its bytes when they may be others than the last time: none when it is gone, or too large.
    fn changed(&mut self) -> Option<Vec<u8>> {
        let stamp = |found: Metadata| (found.size(), found.ino(), found.mtime(), found.mtime_nsec());
        let found = std::fs::metadata(&self.path).ok().map(stamp);
        if found == self.seen {
            return None;
        }
        self.seen = found;
        Some(self.read().unwrap_or_else(|error| {
            warn!(file = %self.path.display(), %error, "the names in it are not known");
            Vec::new()
        }))
    }

    fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(&self.path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(io::Error::other(format!("it is larger than {} MiB", MAX_BYTES >> 20)));
        }
        Ok(bytes)
    }
}

/// The entries of a file by id. Of several with one id the first counts, as for `getpwuid`; other lines are skipped.
fn entries<T>(bytes: &[u8], parse: fn(&[u8]) -> Option<(u32, T)>) -> IdMap<u32, T> {
    let mut entries = IdMap::default();
    for (id, entry) in bytes.split(|byte| *byte == b'\n').filter_map(parse).take(MAX_ENTRIES) {
        entries.entry(id).or_insert(entry);
    }
    entries
}

/// Either file: what is read of it was in it, and has a name.
#[cfg(any(test, feature = "fuzz"))]
pub(crate) fn fuzz(bytes: &[u8]) {
    let lines = bytes.split(|byte| *byte == b'\n').count();
    let (users, groups) = (entries(bytes, user), entries(bytes, group));
    assert!(users.len() <= lines && groups.len() <= lines);
    assert!(users.values().all(|user| !user.name.is_empty()) && groups.values().all(|name| !name.is_empty()));
}

/// `name:password:uid:gid:comment:home:shell`
fn user(line: &[u8]) -> Option<(u32, User)> {
    let mut fields = line.split(|byte| *byte == b':');
    let name = fields.next().filter(|name| !name.is_empty())?;
    let uid = number(fields.nth(1)?)?;
    let home = fields.nth(2).unwrap_or_default();
    let shell = fields.next().unwrap_or_default();
    Some((uid, User { name: Box::from(name), home: Box::from(home), shell: Box::from(shell) }))
}

/// `name:password:gid:members`
fn group(line: &[u8]) -> Option<(u32, Box<[u8]>)> {
    let mut fields = line.split(|byte| *byte == b':');
    let name = fields.next().filter(|name| !name.is_empty())?;
    Some((number(fields.nth(1)?)?, Box::from(name)))
}

fn number(digits: &[u8]) -> Option<u32> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A directory of this test's own, removed with its value.
    struct Root(PathBuf);

    impl Root {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("lanner-users-{name}-{}", std::process::id()));
            fs::create_dir_all(path.join("etc")).expect("a directory");
            Self(path)
        }

        fn write(&self, name: &str, bytes: &[u8]) {
            // A new inode, as tools that edit these files make it.
            let (path, new) = (self.0.join("etc").join(name), self.0.join("new"));
            fs::write(&new, bytes).expect("a file");
            fs::rename(new, path).expect("a file");
        }
    }

    impl Drop for Root {
        fn drop(&mut self) {
            drop(fs::remove_dir_all(&self.0));
        }
    }

    #[test]
    fn names_are_found_and_bad_lines_skipped() {
        let root = Root::new("names");
        root.write(
            "passwd",
            b"root:x:0:0:root:/root:/bin/bash\n\n# a comment\n+::::::\nshort:x:5\nbad:x:abc:0::/:\n:x:9:9::/:/\n\
              caf\xe9:x:1000:100:,,,:/home/caf\xe9:/bin/sh\nalias:x:0:0::/:/bin/false\nbig:x:4294967296:0::/:/",
        );
        root.write("group", b"root:x:0:\nwheel:x:10:root,caf\xe9\nbad\n");
        let users = Users::new(&root.0);
        let name = |uid| users.user(uid).map(|user| &*user.name);
        assert_eq!(name(0), Some(&b"root"[..]));
        assert_eq!(name(5), Some(&b"short"[..]));
        assert_eq!(name(9), None);
        let user = users.user(1000).expect("a user");
        assert_eq!((&*user.home, &*user.shell), (&b"/home/caf\xe9"[..], &b"/bin/sh"[..]));
        assert_eq!((users.group(10), users.group(11)), (Some(&b"wheel"[..]), None));
        assert_eq!(users.users.len(), 3);
    }

    #[test]
    fn a_changed_file_is_read_again_and_a_large_one_refused() {
        let root = Root::new("changed");
        let mut users = Users::new(&root.0);
        assert!(users.user(7).is_none());
        root.write("passwd", b"old:x:7:7::/:/\n");
        users.refresh();
        assert!(users.user(7).is_none(), "it was looked at within the second");
        users.read();
        assert_eq!(&*users.user(7).expect("a user").name, b"old");
        root.write("passwd", b"new:x:7:7::/:/\n");
        users.read();
        assert_eq!(&*users.user(7).expect("a user").name, b"new");
        File::create(root.0.join("etc/passwd")).expect("a file").set_len(MAX_BYTES + 1).expect("a length");
        users.read();
        assert!(users.user(7).is_none());
    }
}
