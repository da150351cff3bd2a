// SPDX-License-Identifier: Apache-2.0
//! What the small structs look like in JSON, from what the C library has of them.

use serde_json::{Value, json};

/// `struct timespec`.
pub(crate) fn timespec(time: &libc::timespec) -> Value {
    json!({ "tv_sec": time.tv_sec, "tv_nsec": time.tv_nsec })
}

/// `struct timeval`.
pub(crate) fn timeval(time: &libc::timeval) -> Value {
    json!({ "tv_sec": time.tv_sec, "tv_usec": time.tv_usec })
}

/// A device number.
pub(crate) fn dev(dev: u64) -> Value {
    json!({ "major": libc::major(dev), "minor": libc::minor(dev) })
}

/// `struct stat`.
pub(crate) fn stat(stat: &libc::stat) -> Value {
    json!({
        "st_dev": dev(stat.st_dev),
        "st_ino": stat.st_ino,
        "st_nlink": stat.st_nlink,
        "st_mode": stat.st_mode,
        "st_uid": stat.st_uid,
        "st_gid": stat.st_gid,
        "st_rdev": dev(stat.st_rdev),
        "st_size": stat.st_size,
        "st_blksize": stat.st_blksize,
        "st_blocks": stat.st_blocks,
        "st_atime": stat.st_atime,
        "st_atime_nsec": stat.st_atime_nsec,
        "st_mtime": stat.st_mtime,
        "st_mtime_nsec": stat.st_mtime_nsec,
        "st_ctime": stat.st_ctime,
        "st_ctime_nsec": stat.st_ctime_nsec,
    })
}

/// Plain data, all zeros.
pub(crate) fn zeroed<T: Copy>() -> T {
    // SAFETY: it is used for the C library's structs, which are plain numbers and pointers.
    unsafe { std::mem::zeroed() }
}

/// `struct statx`, of a file without attributes.
pub(crate) fn statx(statx: &libc::statx) -> Value {
    let time = |time: &libc::statx_timestamp| json!({ "tv_sec": time.tv_sec, "tv_nsec": time.tv_nsec });
    let bytes = bytes_of(statx);
    let u32_at = |at: usize| u32::from_ne_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    let u64_at = |at: usize| u64::from_ne_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
    json!({
        "stx_mask": flags(u64::from(statx.stx_mask), STATX_MASK),
        "stx_blksize": statx.stx_blksize,
        "stx_attributes": flags(statx.stx_attributes, STATX_ATTRIBUTES),
        "stx_nlink": statx.stx_nlink,
        "stx_uid": statx.stx_uid,
        "stx_gid": statx.stx_gid,
        "stx_mode": statx.stx_mode,
        "stx_ino": statx.stx_ino,
        "stx_size": statx.stx_size,
        "stx_blocks": statx.stx_blocks,
        "stx_attributes_mask": flags(statx.stx_attributes_mask, STATX_ATTRIBUTES),
        "stx_atime": time(&statx.stx_atime),
        "stx_btime": time(&statx.stx_btime),
        "stx_ctime": time(&statx.stx_ctime),
        "stx_mtime": time(&statx.stx_mtime),
        "stx_rdev_major": statx.stx_rdev_major,
        "stx_rdev_minor": statx.stx_rdev_minor,
        "stx_dev_major": statx.stx_dev_major,
        "stx_dev_minor": statx.stx_dev_minor,
        // Members that not every C library has: include/uapi/linux/stat.h.
        "stx_mnt_id": u64_at(0x90),
        "stx_dio_mem_align": u32_at(0x98),
        "stx_dio_offset_align": u32_at(0x9c),
        "stx_subvol": u64_at(0xa0),
        "stx_atomic_write_unit_min": u32_at(0xa8),
        "stx_atomic_write_unit_max": u32_at(0xac),
        "stx_atomic_write_segments_max": u32_at(0xb0),
        "stx_dio_read_offset_align": u32_at(0xb4),
        "stx_atomic_write_unit_max_opt": u32_at(0xb8),
    })
}

const STATX_MASK: &[(u64, &str)] = &[
    (0x7ff, "STATX_BASIC_STATS"),
    (0x800, "STATX_BTIME"),
    (0x1000, "STATX_MNT_ID"),
    (0x2000, "STATX_DIOALIGN"),
    (0x4000, "STATX_MNT_ID_UNIQUE"),
    (0x8000, "STATX_SUBVOL"),
];

const STATX_ATTRIBUTES: &[(u64, &str)] = &[
    (0x4, "STATX_ATTR_COMPRESSED"),
    (0x10, "STATX_ATTR_IMMUTABLE"),
    (0x20, "STATX_ATTR_APPEND"),
    (0x40, "STATX_ATTR_NODUMP"),
    (0x800, "STATX_ATTR_ENCRYPTED"),
    (0x1000, "STATX_ATTR_AUTOMOUNT"),
    (0x2000, "STATX_ATTR_MOUNT_ROOT"),
    (0x100000, "STATX_ATTR_VERITY"),
    (0x200000, "STATX_ATTR_DAX"),
    (0x400000, "STATX_ATTR_WRITE_ATOMIC"),
];

/// Names of flags joined as lines have them; what has no name is in hexadecimal.
pub(crate) fn flags(value: u64, names: &[(u64, &str)]) -> String {
    let (mut rest, mut shown) = (value, Vec::new());
    for (bits, name) in names {
        if rest & bits == *bits {
            shown.push((*name).to_owned());
            rest &= !bits;
        }
    }
    if rest != 0 {
        shown.push(format!("{rest:#x}"));
    }
    if shown.is_empty() { "0".to_owned() } else { shown.join("|") }
}

/// The bytes of plain data.
pub(crate) fn bytes_of<T: Copy>(data: &T) -> &[u8] {
    // SAFETY: it is used for the C library's structs and arrays, which have no padding that was never written.
    unsafe { std::slice::from_raw_parts((&raw const *data).cast(), size_of::<T>()) }
}

/// `struct statfs` of a file system whose type has this name.
pub(crate) fn statfs(statfs: &libc::statfs, kind: &str) -> Value {
    let fsid = bytes_of(&statfs.f_fsid);
    let half = |at: usize| i32::from_ne_bytes(fsid[at..at + 4].try_into().expect("four bytes"));
    json!({
        "f_type": kind,
        "f_bsize": statfs.f_bsize,
        "f_blocks": statfs.f_blocks,
        "f_bfree": statfs.f_bfree,
        "f_bavail": statfs.f_bavail,
        "f_files": statfs.f_files,
        "f_ffree": statfs.f_ffree,
        "f_fsid": [half(0), half(4)],
        "f_namelen": statfs.f_namelen,
        "f_frsize": statfs.f_frsize,
        "f_flags": flags(u64::from_ne_bytes(bytes_of(statfs)[80..88].try_into().expect("eight bytes")), STATFS_FLAGS),
    })
}

const STATFS_FLAGS: &[(u64, &str)] = &[
    (0x1, "ST_RDONLY"),
    (0x2, "ST_NOSUID"),
    (0x4, "ST_NODEV"),
    (0x8, "ST_NOEXEC"),
    (0x10, "ST_SYNCHRONOUS"),
    (0x20, "ST_VALID"),
    (0x40, "ST_MANDLOCK"),
    (0x400, "ST_NOATIME"),
    (0x800, "ST_NODIRATIME"),
    (0x1000, "ST_RELATIME"),
    (0x2000, "ST_NOSYMFOLLOW"),
];

/// `struct rusage`.
pub(crate) fn rusage(usage: &libc::rusage) -> Value {
    json!({
        "ru_utime": timeval(&usage.ru_utime),
        "ru_stime": timeval(&usage.ru_stime),
        "ru_maxrss": usage.ru_maxrss,
        "ru_ixrss": usage.ru_ixrss,
        "ru_idrss": usage.ru_idrss,
        "ru_isrss": usage.ru_isrss,
        "ru_minflt": usage.ru_minflt,
        "ru_majflt": usage.ru_majflt,
        "ru_nswap": usage.ru_nswap,
        "ru_inblock": usage.ru_inblock,
        "ru_oublock": usage.ru_oublock,
        "ru_msgsnd": usage.ru_msgsnd,
        "ru_msgrcv": usage.ru_msgrcv,
        "ru_nsignals": usage.ru_nsignals,
        "ru_nvcsw": usage.ru_nvcsw,
        "ru_nivcsw": usage.ru_nivcsw,
    })
}

/// `struct rlimit`, `struct rlimit64`.
pub(crate) fn rlimit(limit: &libc::rlimit) -> Value {
    let show = |n: u64| if n == libc::RLIM_INFINITY { json!(-1) } else { json!(n) };
    json!({ "rlim_cur": show(limit.rlim_cur), "rlim_max": show(limit.rlim_max) })
}
