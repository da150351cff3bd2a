// SPDX-License-Identifier: Apache-2.0
//! What is given up first when a ring fills: calls are shed by class, cheapest first, so that what remains of the ring is
//! there for those that matter more. Forks, execs and ends of processes are never shed, nor are state records.

use crate::{
    class::{CREDS, FILE, IO, MOUNT, NETWORK, SYSTEM},
    effect::contains,
    schema::{Kind, Syscall},
};

/// How dear a syscall is, the cheapest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Class {
    /// Reads and writes by descriptor; those on regular files go before the others.
    Io = 0,
    /// Whatever only looks, waits, or manages the caller's own memory and time.
    Other = 1,
    /// Opens, makes descriptors, changes names and files.
    File = 2,
    /// Sockets.
    Network = 3,
    /// Credentials, namespaces, mounts, signals sent, other processes, the machine.
    Control = 4,
    /// Never shed.
    Never = 5,
}

/// Number of classes that are shed.
pub const CLASSES: usize = Class::Never as usize;

impl Class {
    /// The classes that are shed, in the order of their discriminants.
    pub const SHED: [Self; CLASSES] = [Self::Io, Self::Other, Self::File, Self::Network, Self::Control];

    /// Its name in the ledger, in the stream and in lists.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Io => "io",
            Self::Other => "other",
            Self::File => "file",
            Self::Network => "network",
            Self::Control => "control",
            Self::Never => "never",
        }
    }
}

/// Bytes waiting in a ring of `size` bytes above which calls of `class` are shed. Above the last mark an eighth is left for
/// what is never shed.
#[inline(always)]
#[must_use]
pub const fn mark(class: u32, size: u64) -> u64 {
    (size >> 4) * (10 + class as u64)
}

/// Bytes waiting in a ring below which nothing is asked any more of calls.
#[inline(always)]
#[must_use]
pub const fn calm(size: u64) -> u64 {
    size >> 1
}

/// How long after the last call that was shed it counts as over, in nanoseconds.
pub const QUIET: u64 = 1_000_000_000;

/// What is never shed: who made whom, and what runs.
const NEVER: &[&str] = &["clone", "clone3", "execve", "execveat", "exit", "exit_group", "fork", "vfork"];

/// Syscalls of control by their names; others are by the classes that the table declares.
const CONTROL: &[&str] = &[
    "chroot",
    "fchroot",
    "io_uring_register",
    "io_uring_setup",
    "kcmp",
    "kill",
    "personality",
    "pidfd_getfd",
    "pidfd_open",
    "pidfd_send_signal",
    "prctl",
    "prlimit64",
    "process_madvise",
    "process_mrelease",
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
    "rt_sigqueueinfo",
    "rt_tgsigqueueinfo",
    "seccomp",
    "setns",
    "setpgid",
    "setrlimit",
    "setsid",
    "tgkill",
    "tkill",
    "unshare",
    "userfaultfd",
    "vhangup",
];

/// Syscalls that only look, whatever their classes are otherwise.
const LOOKS: &[&str] = &[
    "access",
    "cachestat",
    "capget",
    "faccessat",
    "faccessat2",
    "fadvise64",
    "fadvise64_64",
    "fdatasync",
    "fgetxattr",
    "file_getattr",
    "flistxattr",
    "flock",
    "fstat",
    "fstat64",
    "fstatat64",
    "fstatfs",
    "fstatfs64",
    "fsync",
    "getcwd",
    "getdents",
    "getdents64",
    "getegid",
    "getegid32",
    "geteuid",
    "geteuid32",
    "getgid",
    "getgid32",
    "getgroups",
    "getgroups32",
    "getrandom",
    "getresgid",
    "getresgid32",
    "getresuid",
    "getresuid32",
    "getuid",
    "getuid32",
    "getxattr",
    "getxattrat",
    "lgetxattr",
    "listmount",
    "listns",
    "listxattr",
    "listxattrat",
    "llistxattr",
    "lookup_dcookie",
    "lstat",
    "lstat64",
    "newfstatat",
    "oldfstat",
    "oldlstat",
    "oldstat",
    "oldolduname",
    "olduname",
    "readahead",
    "readdir",
    "readlink",
    "readlinkat",
    "stat",
    "stat64",
    "statfs",
    "statfs64",
    "statmount",
    "statx",
    "sync",
    "sync_file_range",
    "syncfs",
    "sysfs",
    "sysinfo",
    "umask",
    "uname",
    "ustat",
];

/// The class of a row, by what the table declares of it.
#[must_use]
pub const fn class(row: &Syscall) -> Class {
    if contains(NEVER, row.name) {
        Class::Never
    } else if contains(LOOKS, row.name) {
        Class::Other
    } else if row.classes & (MOUNT | SYSTEM | CREDS) != 0 || contains(CONTROL, row.name) {
        Class::Control
    } else if row.classes & NETWORK != 0 {
        Class::Network
    } else if row.classes & FILE != 0 || row.makes {
        Class::File
    } else if row.classes & IO != 0 && by_descriptor(row) {
        Class::Io
    } else {
        Class::Other
    }
}

/// Whether the first register is a descriptor.
const fn by_descriptor(row: &Syscall) -> bool {
    !row.args.is_empty() && row.args[0].at == 0 && matches!(row.args[0].kind, Kind::Fd)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syscalls::{I386_ROWS, NATIVE_ROWS};

    fn of(name: &str) -> Class {
        NATIVE_ROWS.iter().find(|(item, _)| *item == name).map(|(_, row)| class(row)).unwrap()
    }

    #[test]
    fn every_name_is_a_rows() {
        for name in NEVER.iter().chain(CONTROL).chain(LOOKS) {
            assert!(NATIVE_ROWS.iter().chain(I386_ROWS).any(|(_, row)| row.name == *name), "{name}");
        }
    }

    #[test]
    fn no_name_is_in_two_lists() {
        for (list, others) in [(NEVER, [CONTROL, LOOKS]), (CONTROL, [LOOKS, NEVER])] {
            for name in list {
                assert!(others.iter().all(|other| !other.contains(name)), "{name}");
            }
        }
    }

    #[test]
    fn calls_have_their_class() {
        for (class, names) in [
            (Class::Io, &["read", "pwrite64", "readv", "lseek", "copy_file_range", "splice", "io_uring_enter"][..]),
            (Class::Other, &["getppid", "getuid", "futex", "mmap", "close", "stat", "io_submit", "wait4", "nanosleep"]),
            (Class::File, &["open", "openat", "unlink", "rename", "fchmod", "dup2", "memfd_create", "eventfd2"]),
            (Class::Network, &["socket", "connect", "accept4", "sendto", "recvmsg", "sendfile", "bind"]),
            (Class::Control, &["setuid", "mount", "ptrace", "kill", "bpf", "init_module", "setns", "prctl", "chroot"]),
            (Class::Never, &["fork", "vfork", "clone", "clone3", "execve", "execveat", "exit", "exit_group"]),
        ] {
            for name in names {
                assert_eq!(of(name), class, "{name}");
            }
        }
    }

    #[test]
    fn the_dearer_the_later() {
        for size in [128_u64 << 10, 4 << 20, 1 << 30] {
            let marks = Class::SHED.map(|class| mark(class as u32, size));
            assert!(marks.is_sorted_by(|one, next| one < next) && calm(size) < marks[0], "{marks:?}");
            assert_eq!(mark(Class::Control as u32, size), size - size / 8);
        }
        assert!(Class::SHED.is_sorted() && Class::SHED.iter().enumerate().all(|(n, class)| n == *class as usize));
    }
}
