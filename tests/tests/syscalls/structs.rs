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
