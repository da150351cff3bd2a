// SPDX-License-Identifier: Apache-2.0
//! Which of the machine's cgroup hierarchies names containers.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// The v1 controllers that runtimes use, in the order in which one is taken.
const CONTROLLERS: [&str; 8] = ["memory", "pids", "devices", "cpu", "cpuset", "freezer", "blkio", "cpuacct"];
/// The most that is read of one file of /proc.
const MAX_FILE: u64 = 4 << 20;

/// The hierarchy that cgroup ids are of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hierarchy {
    /// A v1 controller's. Where one is mounted, runtimes put containers there and may leave the unified hierarchy empty.
    V1 {
        /// The controller.
        controller: String,
        /// The kernel's number of the hierarchy.
        id: u32,
        /// Where it is mounted, as this process sees it.
        mount: PathBuf,
    },
    /// The unified hierarchy.
    V2 {
        /// Where it is mounted, as this process sees it.
        mount: PathBuf,
    },
    /// None is mounted: containers can't be told from the host.
    Missing,
}

impl Hierarchy {
    /// Chooses the hierarchy of the machine whose root is at `host_root`.
    #[must_use]
    pub fn choose(host_root: &Path) -> Self {
        let proc = host_root.join("proc");
        let controllers = read(&proc.join("cgroups")).or_else(|_| read(Path::new("/proc/cgroups"))).unwrap_or_default();
        // The host's mounts first; then this process's, for when those can't be read or reached.
        if host_root != Path::new("/")
            && let Ok(mounts) = read(&proc.join("1/mountinfo"))
        {
            let chosen = Self::parse(&mounts, &controllers).below(host_root);
            if chosen.mount().is_some_and(Path::is_dir) {
                return chosen;
            }
        }
        Self::parse(&read(Path::new("/proc/self/mountinfo")).unwrap_or_default(), &controllers)
    }

    /// The unified hierarchy of the machine, for when the probe can't read a v1 controller's.
    #[must_use]
    pub fn choose_v2(host_root: &Path) -> Self {
        let mounts = read(Path::new("/proc/self/mountinfo")).unwrap_or_default();
        match Self::parse(&mounts, "") {
            chosen @ Self::V2 { .. } if host_root == Path::new("/") => chosen,
            chosen @ (Self::V1 { .. } | Self::V2 { .. } | Self::Missing) => chosen.below(host_root),
        }
    }

    /// The v1 controller whose hierarchy it is.
    #[must_use]
    pub fn controller(&self) -> Option<&str> {
        match self {
            Self::V1 { controller, .. } => Some(controller),
            Self::V2 { .. } | Self::Missing => None,
        }
    }

    /// The id of this process's own cgroup in it, as the kernel numbers it; `None` where this process does not see it.
    #[must_use]
    pub fn own_id(&self) -> Option<u64> {
        let cgroup = read(Path::new("/proc/self/cgroup")).ok()?;
        let folder = self.own_folder(&cgroup, &read(Path::new("/proc/self/mountinfo")).ok()?)?;
        fs::metadata(folder).ok().map(|metadata| metadata.ino())
    }

    /// The folder of this process's own cgroup, by the texts of its cgroup and mountinfo. In a cgroup namespace both begin
    /// at the namespace's root, which is not that of the host's mounts: only a mount of that very root has the folder.
    fn own_folder(&self, cgroup: &str, mountinfo: &str) -> Option<PathBuf> {
        let path = self.path_of(cgroup).filter(|path| !path.starts_with("/.."))?;
        let mut mounts = mountinfo.lines().filter_map(Mount::parse);
        let mount = mounts.find(|mount| mount.root == "/" && self.is_of(mount))?;
        Some(mount.point().join(path.trim_start_matches('/')))
    }

    /// Whether this is what is mounted.
    fn is_of(&self, mount: &Mount<'_>) -> bool {
        match self {
            Self::V1 { controller, .. } => mount.has(controller),
            Self::V2 { .. } => mount.kind == "cgroup2",
            Self::Missing => false,
        }
    }

    /// Chooses by the text of mountinfo and of /proc/cgroups.
    #[must_use]
    pub fn parse(mountinfo: &str, cgroups: &str) -> Self {
        let mounts: Vec<_> = mountinfo.lines().filter_map(Mount::parse).collect();
        // A mount of only a part of the hierarchy has other paths than the kernel.
        let first = |wanted: &dyn Fn(&Mount<'_>) -> bool| {
            mounts.iter().filter(|mount| wanted(mount)).min_by_key(|mount| mount.root != "/").map(Mount::point)
        };
        for controller in CONTROLLERS {
            let mount = first(&|mount| mount.has(controller));
            if let (Some(mount), Some(id)) = (mount, hierarchy_id(cgroups, controller)) {
                return Self::V1 { controller: controller.to_owned(), id, mount };
            }
        }
        first(&|mount| mount.kind == "cgroup2").map_or(Self::Missing, |mount| Self::V2 { mount })
    }

    /// Where the hierarchy is mounted.
    #[must_use]
    pub fn mount(&self) -> Option<&Path> {
        match self {
            Self::V1 { mount, .. } | Self::V2 { mount } => Some(mount),
            Self::Missing => None,
        }
    }

    /// The kernel's number of the hierarchy: 0 for the unified one.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        match self {
            Self::V1 { id, .. } => Some(*id),
            Self::V2 { .. } => Some(0),
            Self::Missing => None,
        }
    }

    /// The path that the text of /proc/PID/cgroup has for this hierarchy.
    pub(super) fn path_of<'a>(&self, cgroup: &'a str) -> Option<&'a str> {
        let path = cgroup.lines().find_map(|line| {
            let (id, rest) = line.split_once(':')?;
            let (controllers, path) = rest.split_once(':')?;
            let mine = match self {
                Self::V1 { controller, .. } => controllers.split(',').any(|name| name == controller),
                Self::V2 { .. } => id == "0",
                Self::Missing => false,
            };
            mine.then_some(path)
        })?;
        Some(path.strip_suffix(" (deleted)").unwrap_or(path))
    }

    fn below(self, root: &Path) -> Self {
        let join = |mount: &Path| root.join(mount.strip_prefix("/").unwrap_or(mount));
        match self {
            Self::V1 { controller, id, mount } => Self::V1 { controller, id, mount: join(&mount) },
            Self::V2 { mount } => Self::V2 { mount: join(&mount) },
            Self::Missing => Self::Missing,
        }
    }
}

/// A line of mountinfo: <https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html>.
struct Mount<'a> {
    root: &'a str,
    point: &'a str,
    kind: &'a str,
    options: &'a str,
}

impl<'a> Mount<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (mount, filesystem) = line.split_once(" - ")?;
        let mut mount = mount.split(' ').skip(3);
        let mut filesystem = filesystem.split(' ');
        Some(Self { root: mount.next()?, point: mount.next()?, kind: filesystem.next()?, options: filesystem.nth(1)? })
    }

    /// Whether it is a v1 hierarchy with this controller.
    fn has(&self, controller: &str) -> bool {
        self.kind == "cgroup" && self.options.split(',').any(|name| name == controller)
    }

    /// The mount point, without the octal escapes of blanks and backslashes.
    fn point(&self) -> PathBuf {
        [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
            .iter()
            .fold(self.point.to_owned(), |path, (escape, character)| path.replace(escape, character))
            .into()
    }
}

/// The hierarchy that a controller is in. 0 is the unified one.
fn hierarchy_id(cgroups: &str, controller: &str) -> Option<u32> {
    let line = cgroups.lines().find(|line| line.split_whitespace().next() == Some(controller))?;
    line.split_whitespace().nth(1)?.parse().ok().filter(|id| *id != 0)
}

/// Reads a file of /proc whose length is not known.
pub(super) fn read(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::Hierarchy;

    const V1_CGROUPS: &str = "#subsys_name\thierarchy\tnum_cgroups\tenabled\n\
                              cpuset\t3\t1\t1\ncpu\t1\t1\t1\nmemory\t4\t7\t1\npids\t8\t1\t1\n";
    const V2_CGROUPS: &str = "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t0\t80\t1\nmemory\t0\t80\t1\n";

    const V1: &str = "\
        25 1 259:1 / / rw,relatime shared:1 - ext4 /dev/root rw\n\
        33 24 0:28 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct\n\
        34 24 0:29 / /sys/fs/cgroup/memory rw,nosuid shared:10 - cgroup cgroup rw,memory\n\
        35 24 0:30 / /sys/fs/cgroup/systemd rw,nosuid shared:11 - cgroup cgroup rw,name=systemd\n";
    const V2: &str = "29 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
    const UNIFIED: &str = "36 24 0:31 / /sys/fs/cgroup/unified rw shared:12 - cgroup2 cgroup2 rw\n";

    fn v1(controller: &str, id: u32, mount: &str) -> Hierarchy {
        Hierarchy::V1 { controller: controller.to_owned(), id, mount: PathBuf::from(mount) }
    }

    fn lines(text: &str, wanted: impl Fn(&str) -> bool) -> String {
        text.split_inclusive('\n').filter(|line| wanted(line)).collect()
    }

    #[test]
    fn runtimes_use_v1_where_it_is_mounted() {
        assert_eq!(Hierarchy::parse(V1, V1_CGROUPS), v1("memory", 4, "/sys/fs/cgroup/memory"));
        assert_eq!(Hierarchy::parse(&format!("{UNIFIED}{V1}"), V1_CGROUPS), v1("memory", 4, "/sys/fs/cgroup/memory"));
        let without_memory = lines(V1, |line| !line.contains("memory"));
        assert_eq!(Hierarchy::parse(&without_memory, V1_CGROUPS), v1("cpu", 1, "/sys/fs/cgroup/cpu,cpuacct"));
    }

    #[test]
    fn the_unified_one_otherwise() {
        let v2 = Hierarchy::V2 { mount: PathBuf::from("/sys/fs/cgroup") };
        assert_eq!(Hierarchy::parse(V2, V2_CGROUPS), v2);
        assert_eq!(Hierarchy::parse(V2, ""), v2);
        assert_eq!(v2.id(), Some(0));
        // A named hierarchy without a controller is systemd's own.
        let named = lines(V1, |line| line.contains("systemd"));
        let hybrid = format!("{named}{UNIFIED}");
        assert_eq!(
            Hierarchy::parse(&hybrid, V2_CGROUPS),
            Hierarchy::V2 { mount: PathBuf::from("/sys/fs/cgroup/unified") }
        );
    }

    #[test]
    fn nothing_usable() {
        for mounts in ["", "garbage", "1 2 3 - cgroup2", "25 1 259:1 / / rw - ext4 /dev/root rw\n"] {
            assert_eq!(Hierarchy::parse(mounts, V1_CGROUPS), Hierarchy::Missing, "{mounts}");
        }
        assert_eq!((Hierarchy::Missing.id(), Hierarchy::Missing.mount()), (None, None));
    }

    #[test]
    fn a_whole_mount_is_better_than_a_part() {
        let part = "40 23 0:26 /docker/x /part\\040of\\134it rw - cgroup2 cgroup2 rw\n";
        assert_eq!(Hierarchy::parse(&format!("{part}{V2}"), "").mount(), Some(Path::new("/sys/fs/cgroup")));
        assert_eq!(Hierarchy::parse(part, "").mount(), Some(Path::new("/part of\\it")));
    }

    #[test]
    fn processes_have_a_path_in_each() {
        let text = "8:pids:/p\n4:memory:/docker/a:b\n2:cpu,cpuacct:/c (deleted)\n1:name=systemd:/s\n0::/u\n";
        assert_eq!(v1("memory", 4, "/m").path_of(text), Some("/docker/a:b"));
        assert_eq!(v1("cpuacct", 2, "/m").path_of(text), Some("/c"));
        assert_eq!(Hierarchy::V2 { mount: PathBuf::new() }.path_of(text), Some("/u"));
        assert_eq!(Hierarchy::Missing.path_of(text), None);
        assert_eq!(v1("blkio", 4, "/m").path_of("garbage\n::"), None);
    }

    #[test]
    fn the_own_cgroup_in_a_namespace() {
        let v2 = Hierarchy::V2 { mount: PathBuf::from("/host/sys/fs/cgroup") };
        let host = "92 69 0:26 /../.. /host/sys/fs/cgroup ro - cgroup2 cgroup2 rw\n";
        // A container: its own mount shows its own root, the host's what is two levels above.
        let both = format!("{host}{V2}");
        assert_eq!(v2.own_folder("0::/x\n", &both), Some(PathBuf::from("/sys/fs/cgroup/x")));
        assert_eq!(v2.own_folder("0::/x\n", host), None);
        assert_eq!(v2.own_folder("0::/../x\n", &both), None, "outside of what the mount shows");
        // Without a namespace, any whole mount will do.
        assert_eq!(v2.own_folder("0::/a/b\n", V2), Some(PathBuf::from("/sys/fs/cgroup/a/b")));
        let memory = v1("memory", 4, "/m");
        assert_eq!(memory.own_folder("4:memory:/d\n0::/u\n", V1), Some(PathBuf::from("/sys/fs/cgroup/memory/d")));
        assert_eq!(memory.own_folder("4:memory:/d\n", V2), None);
    }

    #[test]
    fn of_this_machine() {
        // Whatever it has, choosing must not fail; a root that is none falls back to this process's mounts.
        assert_eq!(Hierarchy::choose(Path::new("/")), Hierarchy::choose(Path::new("/nonexistent")));
    }
}
