// SPDX-License-Identifier: Apache-2.0
//! What a system has mounted, as far as this kernel has it.

use std::{ffi::CString, fs, io, os::fd::AsRawFd as _};

use rustix::{
    mount::{MountFlags, mount, mount_bind, mount_move},
    net::{AddressFamily, SocketType, socket},
    process::{chdir, chroot},
};

use crate::plan::{BTF_FILE, Btf, Cgroups};

/// Controllers of cgroup v1.
const CONTROLLERS: &[&str] =
    &["blkio", "cpu", "cpuacct", "cpuset", "devices", "freezer", "hugetlb", "memory", "net_cls", "perf_event", "pids"];

/// What is mounted: type, folder. Not /tmp, where programs of the archive may lie; all around is in memory already.
const MOUNTS: &[(&str, &str)] = &[
    ("proc", "/proc"),
    ("sysfs", "/sys"),
    ("devtmpfs", "/dev"),
    ("tmpfs", "/run"),
    ("devpts", "/dev/pts"),
    ("tmpfs", "/dev/shm"),
    ("mqueue", "/dev/mqueue"),
    ("securityfs", "/sys/kernel/security"),
    ("debugfs", "/sys/kernel/debug"),
    ("tracefs", "/sys/kernel/tracing"),
    ("bpf", "/sys/fs/bpf"),
];

/// Mounts everything but control groups; the answer is what could not be had.
pub(crate) fn all() -> Vec<String> {
    let mut missing = Vec::from_iter(root().err().map(|error| format!("a root of its own: {error}")));
    missing.extend(MOUNTS.iter().filter_map(|(kind, path)| one(kind, path, "").err()));
    missing.extend(loopback().err().map(|error| format!("the network of this machine alone: {error}")));
    missing
}

/// Mounts control groups. Controllers that this kernel does not have are not there on its systems either.
pub(crate) fn cgroups(how: Cgroups) -> Vec<String> {
    const ROOT: &str = "/sys/fs/cgroup";
    let mut missing = Vec::new();
    if how == Cgroups::V2 {
        missing.extend(one("cgroup2", ROOT, "").err());
        return missing;
    }
    missing.extend(one("tmpfs", ROOT, "").err());
    let mounted = CONTROLLERS.iter().filter(|name| one("cgroup", &format!("{ROOT}/{name}"), name).is_ok()).count();
    if mounted == 0 {
        missing.push("control groups v1: none of the controllers".to_owned());
    }
    // As systemd has it, whose processes are in a hierarchy of its own.
    missing.extend(one("cgroup", &format!("{ROOT}/systemd"), "none,name=systemd").err());
    if how == Cgroups::Both {
        missing.extend(one("cgroup2", &format!("{ROOT}/unified"), "").err());
    }
    missing
}

/// Hides the kernel's BTF, unless the agent is to have it.
pub(crate) fn btf(how: Btf) -> Vec<String> {
    const FOLDER: &str = "/sys/kernel/btf";
    let mut missing = Vec::new();
    if how == Btf::File {
        let copied = fs::copy(format!("{FOLDER}/vmlinux"), BTF_FILE);
        missing.extend(copied.err().map(|error| format!("a copy of the kernel's BTF: {error}")));
    }
    if how != Btf::Kernel {
        missing.extend(one("tmpfs", FOLDER, "").err());
    }
    missing
}

/// Puts a mount over the first file system, which can't be left by `pivot_root` as others can.
fn root() -> io::Result<()> {
    const OVER: &str = "/root";
    mount_bind("/", OVER)?;
    chdir(OVER)?;
    mount_move(".", "/")?;
    Ok(chroot(".")?)
}

fn one(kind: &str, path: &str, options: &str) -> Result<(), String> {
    let mounted = fs::create_dir_all(path).and_then(|()| {
        let options = CString::new(options)?;
        mount(kind, path, kind, MountFlags::empty(), options.as_c_str()).map_err(io::Error::from)
    });
    // A kernel may mount /dev by itself.
    match mounted {
        Err(error) if error.raw_os_error() != Some(libc::EBUSY) => Err(format!("{kind} at {path}: {error}")),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Turns the interface `lo` on.
fn loopback() -> io::Result<()> {
    let socket = socket(AddressFamily::INET, SocketType::DGRAM, None)?;
    // SAFETY: a plain C struct, for which all zeroes is a value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = libc::c_char::from_ne_bytes([*from]);
    }
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    // SAFETY: the request is a live struct of the kind that the call reads.
    let set = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request) };
    if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
