// SPDX-License-Identifier: Apache-2.0
//! What a process has in the kernel by way of bpf(2), and whether it still is there.

use std::{collections::BTreeSet, fs, io};

use rustix::process::Pid;

use crate::wait::wait_for;

/// A kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
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

/// Everything that a process holds.
pub(crate) fn held(pid: Pid) -> BTreeSet<(Kind, u32)> {
    let mut held = BTreeSet::new();
    let infos = fs::read_dir(format!("/proc/{pid}/fdinfo")).expect("a running process");
    for info in infos.flatten() {
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
fn exists(kind: Kind, id: u32) -> bool {
    // `start_id`, `next_id`, `open_flags`
    let mut attr = [id - 1, 0, 0];
    // SAFETY: the attributes are as long as is said.
    let ret = unsafe { libc::syscall(libc::SYS_bpf, kind.next_id(), attr.as_mut_ptr(), size_of_val(&attr)) };
    let error = io::Error::last_os_error();
    assert!(ret == 0 || error.raw_os_error() == Some(libc::ENOENT), "bpf(2): {error}");
    ret == 0 && attr[1] == id
}

/// Waits until all that a process held is gone; the kernel frees it some time after the process ended.
pub(crate) fn await_gone(held: &BTreeSet<(Kind, u32)>) {
    for (kind, id) in held {
        wait_for(&format!("{kind:?} {id} is gone"), || (!exists(*kind, *id)).then_some(()));
    }
}
