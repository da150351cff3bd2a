// SPDX-License-Identifier: Apache-2.0
//! The categories of syscalls as Falco has them:
//! <https://github.com/falcosecurity/libs/blob/48dfd53cd23f95720521d41b89883bbc35c8567f/driver/event_table.c>

/// The category of a syscall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Category {
    /// It has one by itself.
    Of(&'static str),
    /// It has that of the file it reads.
    Read,
    /// It has that of the file it writes.
    Write,
    /// It has that of the file it works on.
    Io,
}

/// Names by category. What is in none is `other`.
const CATEGORIES: &[(Category, &[&str])] = &[
    (
        Category::Of("file"),
        &[
            "_llseek",
            "access",
            "chdir",
            "chmod",
            "chown",
            "copy_file_range",
            "creat",
            "fchdir",
            "fchmod",
            "fchmodat",
            "fchown",
            "fchownat",
            "flock",
            "fstat",
            "getcwd",
            "getdents",
            "lchown",
            "link",
            "linkat",
            "lseek",
            "lstat",
            "mkdir",
            "mkdirat",
            "mount",
            "newfstatat",
            "open",
            "open_by_handle_at",
            "openat",
            "openat2",
            "rename",
            "renameat",
            "renameat2",
            "rmdir",
            "stat",
            "symlink",
            "symlinkat",
            "umount",
            "umount2",
            "unlink",
            "unlinkat",
            "userfaultfd",
        ],
    ),
    (
        Category::Io,
        &[
            "close",
            "close_range",
            "dup",
            "dup2",
            "dup3",
            "fcntl",
            "io_uring_enter",
            "io_uring_register",
            "io_uring_setup",
            "ioctl",
            "splice",
        ],
    ),
    (Category::Read, &["pread64", "preadv", "preadv2", "read", "readv", "recvfrom", "recvmmsg", "recvmsg"]),
    (
        Category::Write,
        &["pwrite64", "pwritev", "pwritev2", "sendfile", "sendmmsg", "sendmsg", "sendto", "write", "writev"],
    ),
    (
        Category::Of("net"),
        &[
            "accept",
            "accept4",
            "bind",
            "connect",
            "getpeername",
            "getsockname",
            "getsockopt",
            "listen",
            "setsockopt",
            "shutdown",
            "socket",
        ],
    ),
    (
        Category::Of("IPC"),
        &[
            "eventfd",
            "eventfd2",
            "futex",
            "inotify_init",
            "inotify_init1",
            "pipe",
            "pipe2",
            "process_vm_readv",
            "process_vm_writev",
            "socketpair",
        ],
    ),
    (Category::Of("wait"), &["_newselect", "epoll_create", "epoll_create1", "epoll_wait", "poll", "ppoll", "select"]),
    (Category::Of("signal"), &["kill", "signalfd", "signalfd4", "tgkill", "tkill"]),
    (Category::Of("sleep"), &["nanosleep"]),
    (Category::Of("time"), &["timerfd_create"]),
    (
        Category::Of("process"),
        &[
            "capset",
            "chroot",
            "clone",
            "clone3",
            "execve",
            "execveat",
            "fork",
            "getrlimit",
            "pidfd_getfd",
            "pidfd_open",
            "prctl",
            "prlimit64",
            "ptrace",
            "semctl",
            "semget",
            "semop",
            "setns",
            "setpgid",
            "setrlimit",
            "setsid",
            "unshare",
            "vfork",
        ],
    ),
    (
        Category::Of("memory"),
        &[
            "brk",
            "memfd_create",
            "mlock",
            "mlock2",
            "mlockall",
            "mmap",
            "mmap2",
            "mprotect",
            "munlock",
            "munlockall",
            "munmap",
        ],
    ),
    (
        Category::Of("user"),
        &[
            "getegid",
            "geteuid",
            "getgid",
            "getresgid",
            "getresuid",
            "getuid",
            "quotactl",
            "setgid",
            "setregid",
            "setresgid",
            "setresuid",
            "setreuid",
            "setuid",
        ],
    ),
    (Category::Of("system"), &["fsconfig"]),
];

/// Syscalls that wait for something to happen.
const WAITS: &[&str] =
    &["_newselect", "epoll_pwait", "epoll_pwait2", "epoll_wait", "nanosleep", "poll", "ppoll", "pselect6", "select"];
/// Syscalls that read a file beside those of [`Category::Read`].
const READS: &[&str] = &["copy_file_range", "finit_module"];
/// Syscalls that write a file beside those of [`Category::Write`].
const WRITES: &[&str] = &["copy_file_range"];

/// The category of the syscall `name`.
pub(super) fn of(name: &str) -> Category {
    let listed = |name: &str| {
        CATEGORIES.iter().find(|(_, names)| names.binary_search(&name).is_ok()).map(|(category, _)| *category)
    };
    listed(name)
        // 32-bit x86 has wider forms: `fcntl64`, `setuid32`.
        .or_else(|| listed(name.strip_suffix("64").or_else(|| name.strip_suffix("32"))?))
        .unwrap_or(Category::Of("other"))
}

/// Whether the syscall `name` reads a file.
pub(super) fn reads(name: &str) -> bool {
    of(name) == Category::Read || READS.contains(&name)
}

/// Whether the syscall `name` writes a file.
pub(super) fn writes(name: &str) -> bool {
    name != "sendfile" && of(name) == Category::Write || WRITES.contains(&name)
}

/// Whether the syscall `name` waits for something to happen.
pub(super) fn waits(name: &str) -> bool {
    WAITS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::select;

    #[test]
    fn every_name_is_a_syscalls_and_is_found() {
        for (category, names) in CATEGORIES {
            assert!(names.is_sorted(), "{names:?}");
            for name in *names {
                assert_eq!(of(name), *category, "{name}");
            }
        }
        let names = CATEGORIES.iter().flat_map(|(_, names)| *names).chain(WAITS).chain(READS).chain(WRITES);
        for name in names {
            let old = ["umount", "mmap2", "_llseek", "_newselect"].contains(name);
            assert!(old || select::rows().any(|(_, _, row)| row.name == *name), "{name}");
        }
    }

    #[test]
    fn wide_forms_are_of_the_same_category() {
        assert_eq!(of("fcntl64"), Category::Io);
        assert_eq!(of("setuid32"), Category::Of("user"));
        assert_eq!(of("getdents64"), Category::Of("file"));
        assert_eq!(of("uname"), Category::Of("other"));
    }
}
