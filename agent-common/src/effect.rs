// SPDX-License-Identifier: Apache-2.0
//! What a syscall does to descriptors and to its task, by the row's name: where its files are found, and whether the
//! task must be looked at again after it.

use crate::{
    layout::Layout,
    schema::{Hook, Kind, Syscall},
    state::plan,
};

/// Syscalls whose result is a descriptor that did not exist before, whenever they succeed.
pub const MAKES: &[&str] = &[
    "accept",
    "accept4",
    "creat",
    "dup",
    "dup2",
    "dup3",
    "epoll_create",
    "epoll_create1",
    "eventfd",
    "eventfd2",
    "fanotify_init",
    "fsmount",
    "fsopen",
    "fspick",
    "inotify_init",
    "inotify_init1",
    "io_uring_setup",
    "landlock_create_ruleset",
    "memfd_create",
    "memfd_secret",
    "mq_open",
    "open",
    "open_by_handle_at",
    "open_tree",
    "open_tree_attr",
    "openat",
    "openat2",
    "perf_event_open",
    "pidfd_getfd",
    "pidfd_open",
    "signalfd",
    "signalfd4",
    "socket",
    "timerfd_create",
    "userfaultfd",
];

/// Syscalls that change what a state record tells of the task that makes them.
pub const CHANGES: &[&str] = &[
    "capset",
    "chdir",
    "chroot",
    "fchdir",
    "fchroot",
    "pivot_root",
    "prctl",
    "setfsgid",
    "setfsgid32",
    "setfsuid",
    "setfsuid32",
    "setgid",
    "setgid32",
    "setns",
    "setpgid",
    "setregid",
    "setregid32",
    "setresgid",
    "setresgid32",
    "setresuid",
    "setresuid32",
    "setreuid",
    "setreuid32",
    "setsid",
    "setuid",
    "setuid32",
    "unshare",
];

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// Whether `name` is among `names`.
pub(crate) const fn contains(names: &[&str], name: &str) -> bool {
    let mut i = 0;
    while i < names.len() {
        if same(names[i], name) {
            return true;
        }
        i += 1;
    }
    false
}

/// Whether a successful call changes its task: bits of [`plan`], 0 if it does not.
#[must_use]
pub const fn changes(row: &Syscall) -> u32 {
    if same(row.name, "prctl") {
        plan::CHANGES | plan::NAMES
    } else if contains(CHANGES, row.name) {
        plan::CHANGES
    } else {
        0
    }
}

/// Whether a successful call's result is a new descriptor.
#[must_use]
pub const fn makes(row: &Syscall) -> bool {
    row.makes
}

/// The same by the row's name, for the table.
pub(crate) const fn named_to_make(name: &str) -> bool {
    contains(MAKES, name)
}

/// Where the descriptors of a row are found: bits of [`plan`] other than [`plan::RECORD`] and [`plan::CHANGES`].
#[must_use]
pub const fn files(row: &Syscall) -> u32 {
    let mut places = [0_u32; 2];
    let (mut found, mut i) = (0, 0);
    while i < row.args.len() && found < 2 {
        let arg = &row.args[i];
        if matches!(arg.kind, Kind::Fd | Kind::Dirfd) {
            places[found] = 1 + arg.at as u32;
            found += 1;
        } else if matches!(arg.kind, Kind::StructOut(Layout::FdPair)) {
            let first = if arg.at == 0 { plan::PAIR_0 } else { plan::PAIR_3 };
            places = [first, first + 1];
            found = 2;
        }
        i += 1;
    }
    let mut bits = 0;
    if makes(row) {
        // The new descriptor is more than a second old one: `dup2`'s is the same.
        places[if found == 0 { 0 } else { 1 }] = plan::RESULT;
        bits |= plan::MAKES;
    }
    if matches!(row.hook, Hook::Entry) {
        bits |= plan::AT_ENTRY;
    }
    bits | (places[0] << plan::FIRST) | (places[1] << plan::SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syscalls::{I386_ROWS, NATIVE_ROWS};

    #[test]
    fn every_name_is_a_rows() {
        for name in MAKES.iter().chain(CHANGES) {
            assert!(NATIVE_ROWS.iter().chain(I386_ROWS).any(|(_, row)| row.name == *name), "{name}");
        }
    }

    #[test]
    fn descriptors_are_found() {
        let of = |name: &str| NATIVE_ROWS.iter().find(|(item, _)| *item == name).map(|(_, row)| files(row)).unwrap();
        let places = |first: u32, second: u32| (first << plan::FIRST) | (second << plan::SECOND);
        assert_eq!(of("read"), places(1, 0));
        assert_eq!(of("mmap"), places(5, 0));
        assert_eq!(of("splice"), places(1, 3));
        assert_eq!(of("openat"), places(1, plan::RESULT) | plan::MAKES);
        assert_eq!(of("open"), places(plan::RESULT, 0) | plan::MAKES);
        assert_eq!(of("dup2"), places(1, plan::RESULT) | plan::MAKES);
        assert_eq!(of("close"), places(1, 0) | plan::AT_ENTRY);
        assert_eq!(of("pipe2"), places(plan::PAIR_0, plan::PAIR_0 + 1));
        assert_eq!(of("getpid"), 0);
    }

    #[test]
    fn a_task_is_looked_at_again() {
        let of = |name: &str| NATIVE_ROWS.iter().find(|(item, _)| *item == name).map(|(_, row)| changes(row)).unwrap();
        assert_eq!((of("chdir"), of("read")), (plan::CHANGES, 0));
        assert_eq!(of("prctl"), plan::CHANGES | plan::NAMES);
    }
}
