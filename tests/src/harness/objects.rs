// SPDX-License-Identifier: Apache-2.0
//! What processes have in the kernel by way of bpf(2), and whether it still is there.

use std::{collections::BTreeSet, fs, io};

/// A kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A program.
    Program,
    /// A map.
    Map,
    /// A program's attachment.
    Link,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Program, Self::Map, Self::Link];

    /// How `/proc/PID/fdinfo` names its id.
    const fn key(self) -> &'static str {
        match self {
            Self::Program => "prog_id:",
            Self::Map => "map_id:",
            Self::Link => "link_id:",
        }
    }

    /// `BPF_*_GET_NEXT_ID`: <https://github.com/torvalds/linux/blob/v6.12/include/uapi/linux/bpf.h#L948>
    const fn next_id(self) -> u32 {
        match self {
            Self::Program => 11,
            Self::Map => 12,
            Self::Link => 31,
        }
    }
}

/// An object: its kind and id. Ids are not given again for a long time.
pub type Object = (Kind, u32);

/// Everything that a process holds; nothing of one that has ended.
#[must_use]
pub fn held(pid: u32) -> BTreeSet<Object> {
    let mut held = BTreeSet::new();
    for info in fs::read_dir(format!("/proc/{pid}/fdinfo")).into_iter().flatten().flatten() {
        let text = fs::read_to_string(info.path()).unwrap_or_default();
        for kind in Kind::ALL {
            let ids = text.lines().filter_map(|line| line.strip_prefix(kind.key())?.trim().parse().ok());
            held.extend(ids.map(|id| (kind, id)));
        }
    }
    held
}

/// Whether an object is there. It is not opened for that, as bpftool would: when an opened array of programs is closed
/// while the kernel still clears it since its last holder went, the kernel forgets one of the two and keeps it for ever.
/// <https://github.com/torvalds/linux/blob/v6.12/kernel/bpf/arraymap.c#L1141>
///
/// # Panics
/// When bpf(2) is not allowed.
#[must_use]
pub fn exists((kind, id): Object) -> bool {
    // `start_id`, `next_id`, `open_flags`
    let mut attr = [id - 1, 0, 0];
    // SAFETY: the attributes are as long as is said.
    let ret = unsafe { libc::syscall(libc::SYS_bpf, kind.next_id(), attr.as_mut_ptr(), size_of_val(&attr)) };
    let error = io::Error::last_os_error();
    assert!(ret == 0 || error.raw_os_error() == Some(libc::ENOENT), "bpf(2): {error}");
    ret == 0 && attr[1] == id
}
