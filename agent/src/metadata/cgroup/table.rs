// SPDX-License-Identifier: Apache-2.0
//! Paths of cgroups by the kernel's id.

use std::{
    collections::{HashMap, VecDeque},
    fs,
    os::unix::fs::{DirEntryExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

use super::{Hierarchy, hierarchy::read};

/// How many cgroups are remembered.
pub const MAX_PATHS: usize = 65_536;
/// How many of them may be removed ones, which late events still refer to.
pub const MAX_GONE: usize = 1024;
/// How many unknown ids are remembered as such.
const MAX_UNKNOWN: usize = 1024;
/// How many processes are asked about an unknown id: one that is just leaving may give no answer, or a wrong one.
const MAX_TRIES: u8 = 4;

/// A bounded table of cgroups.
#[derive(Debug)]
pub struct Cgroups {
    hierarchy: Hierarchy,
    proc: PathBuf,
    paths: HashMap<u64, Known>,
    /// Ids as they came, for eviction; may hold some that are forgotten.
    order: VecDeque<u64>,
    gone: VecDeque<u64>,
    /// Ids that no path was found for, with the tries so far.
    unknown: HashMap<u64, u8>,
    evicted: u64,
    fallbacks: u64,
}

#[derive(Debug)]
struct Known {
    path: Box<str>,
    gone: bool,
}

impl Cgroups {
    /// An empty table of `hierarchy`, for processes of the machine whose root is at `host_root`.
    #[must_use]
    pub fn new(hierarchy: Hierarchy, host_root: &Path) -> Self {
        Self {
            hierarchy,
            proc: host_root.join("proc"),
            paths: HashMap::new(),
            order: VecDeque::new(),
            gone: VecDeque::new(),
            unknown: HashMap::new(),
            evicted: 0,
            fallbacks: 0,
        }
    }

    /// Enters every cgroup that exists, and returns their ids. Those made meanwhile are reported by the kernel, so
    /// this comes after the capture of such reports has begun.
    pub fn scan(&mut self) -> Vec<u64> {
        let Some(mount) = self.hierarchy.mount().map(Path::to_path_buf) else {
            return Vec::new();
        };
        let mut ids = Vec::new();
        if let Ok(root) = fs::metadata(&mount) {
            self.made(root.ino(), "/");
            ids.push(root.ino());
        }
        let mut folders = vec![(mount, String::new())];
        while let Some((folder, path)) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                // Without following links: there are none in a cgroup file system.
                if !entry.file_type().is_ok_and(|kind| kind.is_dir()) || ids.len() >= MAX_PATHS {
                    continue;
                }
                let path = format!("{path}/{}", entry.file_name().to_string_lossy());
                self.made(entry.ino(), &path);
                ids.push(entry.ino());
                folders.push((entry.path(), path));
            }
        }
        ids
    }

    /// Enters a cgroup. Returns the id that was forgotten for it, when the table was full.
    pub fn made(&mut self, id: u64, path: &str) -> Option<u64> {
        self.unknown.remove(&id);
        if let Some(known) = self.paths.get_mut(&id) {
            *known = Known { path: path.into(), gone: false };
            return None;
        }
        let forgotten = if self.paths.len() >= MAX_PATHS { self.evict() } else { None };
        if self.order.len() >= 2 * MAX_PATHS {
            let paths = &self.paths;
            self.order.retain(|id| paths.contains_key(id));
        }
        self.paths.insert(id, Known { path: path.into(), gone: false });
        self.order.push_back(id);
        forgotten
    }

    /// Marks a cgroup as removed. Returns the id that is forgotten for it: one that was removed long before.
    pub fn gone(&mut self, id: u64) -> Option<u64> {
        let known = self.paths.get_mut(&id).filter(|known| !known.gone)?;
        known.gone = true;
        self.gone.push_back(id);
        if self.gone.len() <= MAX_GONE {
            return None;
        }
        let oldest = self.gone.pop_front()?;
        // It may have been evicted, or entered again.
        if self.paths.get(&oldest).is_none_or(|known| !known.gone) {
            return None;
        }
        self.paths.remove(&oldest);
        Some(oldest)
    }

    /// The path of a cgroup.
    #[must_use]
    pub fn path(&self, id: u64) -> Option<&str> {
        self.paths.get(&id).map(|known| &*known.path)
    }

    /// The path of cgroup `id`, unknown so far, by what /proc says of a process in it. What is not found is not sought
    /// for every event.
    pub fn of_process(&mut self, id: u64, pid: u32) -> Option<String> {
        if self.unknown.len() >= MAX_UNKNOWN && !self.unknown.contains_key(&id) {
            self.unknown.clear();
        }
        let tries = self.unknown.entry(id).or_default();
        if *tries >= MAX_TRIES {
            return None;
        }
        *tries += 1;
        self.fallbacks += 1;
        let text = read(&self.proc.join(pid.to_string()).join("cgroup")).ok()?;
        let path = self.hierarchy.path_of(&text)?;
        self.is_at(id, path).then(|| path.to_owned())
    }

    /// Whether `path` is the cgroup's: the process may have moved on, or its id may be another's by now. From a cgroup
    /// namespace, what is outside of it can't be checked and is believed.
    fn is_at(&self, id: u64, path: &str) -> bool {
        path.starts_with("/..")
            || self.hierarchy.mount().is_some_and(|mount| {
                let path = mount.join(path.trim_start_matches('/'));
                fs::metadata(path).is_ok_and(|cgroup| cgroup.ino() == id)
            })
    }

    /// How many cgroups are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.paths.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// How many had to be forgotten although they were not removed.
    #[must_use]
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    /// How many times a process was asked for the path.
    #[must_use]
    pub fn fallbacks(&self) -> u64 {
        self.fallbacks
    }

    fn evict(&mut self) -> Option<u64> {
        while let Some(oldest) = self.order.pop_front() {
            if let Some(known) = self.paths.remove(&oldest) {
                self.evicted += u64::from(!known.gone);
                return Some(oldest);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::MetadataExt as _, path::Path};

    use super::{Cgroups, Hierarchy, MAX_GONE, MAX_PATHS, MAX_TRIES};

    fn table() -> Cgroups {
        Cgroups::new(Hierarchy::Missing, Path::new("/nonexistent"))
    }

    #[test]
    fn removed_cgroups_stay_for_a_while() {
        let mut cgroups = table();
        for id in 1..=MAX_GONE as u64 + 1 {
            cgroups.made(id, &format!("/{id}"));
        }
        for id in 1..=MAX_GONE as u64 {
            assert_eq!(cgroups.gone(id), None);
        }
        assert_eq!(cgroups.gone(1), None, "it is gone already");
        assert_eq!(cgroups.path(1), Some("/1"));
        assert_eq!(cgroups.gone(MAX_GONE as u64 + 1), Some(1));
        assert_eq!((cgroups.path(1), cgroups.path(2)), (None, Some("/2")));
        assert_eq!((cgroups.len(), cgroups.evicted()), (MAX_GONE, 0));
        cgroups.made(2, "/again");
        cgroups.made(1, "/1");
        assert_eq!(cgroups.gone(1), None, "the next in turn came back");
        assert_eq!(cgroups.path(2), Some("/again"));
    }

    #[test]
    fn the_table_is_bounded() {
        let mut cgroups = table();
        for id in 1..=MAX_PATHS as u64 {
            assert_eq!(cgroups.made(id, "/x"), None);
        }
        assert_eq!(cgroups.made(7, "/again"), None, "it is in the table already");
        assert_eq!(cgroups.made(MAX_PATHS as u64 + 1, "/y"), Some(1));
        assert_eq!((cgroups.len(), cgroups.evicted()), (MAX_PATHS, 1));
        for id in 1..=3 * MAX_PATHS as u64 {
            cgroups.made(id, "/x");
            cgroups.gone(id);
        }
        assert!(cgroups.order.len() <= 2 * MAX_PATHS && cgroups.len() <= MAX_PATHS);
    }

    #[test]
    fn an_unknown_cgroup_is_sought_by_its_process() {
        let root = tempdir("cgroups");
        let mount = root.join("mount");
        let pid = root.join("proc/42");
        fs::create_dir_all(mount.join("docker/inner")).expect("a folder");
        fs::create_dir_all(&pid).expect("a folder");
        fs::write(pid.join("cgroup"), "0::/docker/inner\n").expect("a file");
        let id = fs::metadata(mount.join("docker/inner")).expect("the folder").ino();

        let mut cgroups = Cgroups::new(Hierarchy::V2 { mount }, &root);
        assert_eq!(cgroups.of_process(id, 42).as_deref(), Some("/docker/inner"));
        for _ in 0..2 * MAX_TRIES {
            assert_eq!(cgroups.of_process(id + 1_000_000, 42), None, "the process is in another");
        }
        assert_eq!(cgroups.fallbacks(), 1 + u64::from(MAX_TRIES));
        assert_eq!(cgroups.of_process(5, 43), None, "no such process");

        let mut scanned = Cgroups::new(cgroups.hierarchy.clone(), &root);
        assert_eq!(scanned.scan().len(), 3);
        assert_eq!(scanned.path(id), Some("/docker/inner"));
        fs::remove_dir_all(root).expect("a folder");
    }

    fn tempdir(name: &str) -> std::path::PathBuf {
        let path = std::env::temp_dir().join(format!("lanner-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        path
    }
}
