// SPDX-License-Identifier: Apache-2.0
//! Files: offsets in two halves, and the generations of `stat`.

use libc::*;
use serde_json::{Value, json};

use super::low::{At, Low};
use crate::{
    caller::{Caller, args, call32},
    file::{O_LARGEFILE_BIT, close, open},
    structs::{dev, flags},
};

pub(super) fn cases(c: &Caller) {
    c.each(&[opening, sizes, advice, status, file_systems, marks, directories, mapping]);
}

fn opening(c: &Caller) {
    let low = Low::new();
    let path = c.file("i386", b"content");
    let at = low.text(&path);
    let fd = call32!(c, "open", at, O_RDWR | O_LARGEFILE_BIT, 0)
        .ok(args! { name: &path, flags: "O_RDWR|O_LARGEFILE", mode: 0 });
    call32!(c, "close", fd).ok(args! { fd: fd });
    call32!(c, "openat", AT_FDCWD, low.text(c"/no/such/file"), O_CREAT, 0o640)
        .fails(ENOENT, args! { dirfd: -100, name: "/no/such/file", flags: "O_RDONLY|O_CREAT", mode: 0o640 });
    call32!(c, "umount", low.text(c"/no/such/mount")).fails(ENOENT, args! { name: "/no/such/mount" });
    let times = low.wide(&[u64::MAX, 5, 1 << 33, 6]);
    call32!(c, "utimensat_time64", AT_FDCWD, at, times, AT_SYMLINK_NOFOLLOW).ok(args! {
        dirfd: -100,
        pathname: &path,
        times: json!([{ "tv_sec": -1, "tv_nsec": 5 }, { "tv_sec": 1_u64 << 33, "tv_nsec": 6 }]),
        flags: "AT_SYMLINK_NOFOLLOW",
    });
    call32!(c, "utime", at, low.words(&[5, u32::MAX]))
        .ok(args! { filename: &path, times: json!({ "actime": 5, "modtime": -1 }) });
    let times = low.words(&[1, 2, 3, 4]);
    let pair = json!([{ "tv_sec": 1, "tv_usec": 2 }, { "tv_sec": 3, "tv_usec": 4 }]);
    call32!(c, "utimes", at, times).ok(args! { filename: &path, times: pair.clone() });
    call32!(c, "futimesat", AT_FDCWD, at, times).ok(args! { dirfd: -100, pathname: &path, times: pair });
    let times = low.words(&[7, 8, 9, 10]);
    call32!(c, "utimensat", AT_FDCWD, at, times, 0).ok(args! {
        dirfd: -100,
        pathname: &path,
        times: json!([{ "tv_sec": 7, "tv_nsec": 8 }, { "tv_sec": 9, "tv_nsec": 10 }]),
        flags: "0",
    });
}

fn sizes(c: &Caller) {
    let low = Low::new();
    let path = c.file("i386-sizes", b"0123456789");
    let (at, fd) = (low.text(&path), open(c, "i386-sizes", O_RDWR));
    call32!(c, "truncate64", at, 5, 1).ok(args! { path: &path, length_lo: 5, length_hi: 1 });
    call32!(c, "ftruncate64", fd, u32::MAX, -1)
        .fails(EINVAL, args! { fd: fd, length_lo: u32::MAX, length_hi: u32::MAX });
    call32!(c, "truncate", at, 10).ok(args! { path: &path, length: 10 });
    call32!(c, "truncate", at, -1).fails(EINVAL, args! { path: &path, length: -1 });
    call32!(c, "ftruncate", fd, -2).fails(EINVAL, args! { fd: fd, length: -2 });
    let result = low.room(8);
    let made = call32!(c, "_llseek", fd, 2, 0x8000_0003_u32, result, SEEK_SET);
    assert_eq!(result.u64(0), 0x2_8000_0003);
    made.ok(args! { fd: fd, offset_hi: 2, offset_lo: 0x8000_0003_u32, result: result.u64(0), whence: "SEEK_SET" });
    call32!(c, "_llseek", fd, 0, 0, result, 99)
        .fails(EINVAL, args! { fd: fd, offset_hi: 0, offset_lo: 0, result: (), whence: "99" });
    call32!(c, "lseek", fd, -3, SEEK_END).ok(args! { fd: fd, offset: -3, whence: "SEEK_END" });
    call32!(c, "fallocate", fd, FALLOC_FL_KEEP_SIZE, 0, 1, 4096, 0).ok(args! {
        fd: fd, mode: "FALLOC_FL_KEEP_SIZE", offset_lo: 0, offset_hi: 1, len_lo: 4096, len_hi: 0
    });
    close(fd);
}

fn advice(c: &Caller) {
    c.file("i386-advice", b"0123456789");
    let fd = open(c, "i386-advice", O_RDONLY);
    call32!(c, "fadvise64", fd, 1, 2, 3, POSIX_FADV_RANDOM)
        .ok(args! { fd: fd, offset_lo: 1, offset_hi: 2, len: 3, advice: "POSIX_FADV_RANDOM" });
    call32!(c, "fadvise64_64", fd, 1, 0, 0, 4, POSIX_FADV_WILLNEED).ok(args! {
        fd: fd, offset_lo: 1, offset_hi: 0, len_lo: 0, len_hi: 4, advice: "POSIX_FADV_WILLNEED"
    });
    call32!(c, "readahead", fd, 0, 1, 8).ok(args! { fd: fd, offset_lo: 0, offset_hi: 1, count: 8 });
    call32!(c, "sync_file_range", fd, 0, 1, 2, 3, SYNC_FILE_RANGE_WRITE).ok(args! {
        fd: fd, offset_lo: 0, offset_hi: 1, nbytes_lo: 2, nbytes_hi: 3, flags: "SYNC_FILE_RANGE_WRITE"
    });
    close(fd);
}

/// `struct compat_stat`: `arch/x86/include/asm/compat.h`.
fn compat_stat(s: At) -> Value {
    json!({
        "st_dev": dev(u64::from(s.u32(0))), "st_ino": s.u32(4), "st_mode": s.u16(8), "st_nlink": s.u16(10),
        "st_uid": s.u16(12), "st_gid": s.u16(14), "st_rdev": dev(u64::from(s.u32(16))), "st_size": s.u32(20),
        "st_blksize": s.u32(24), "st_blocks": s.u32(28), "st_atime": s.u32(32), "st_atime_nsec": s.u32(36),
        "st_mtime": s.u32(40), "st_mtime_nsec": s.u32(44), "st_ctime": s.u32(48), "st_ctime_nsec": s.u32(52),
    })
}

/// `struct stat64` of 32-bit x86: `arch/x86/include/uapi/asm/stat.h`.
fn stat64(s: At) -> Value {
    json!({
        "st_dev": dev(s.u64(0)), "st_mode": s.u32(16), "st_nlink": s.u32(20), "st_uid": s.u32(24),
        "st_gid": s.u32(28), "st_rdev": dev(s.u64(32)), "st_size": s.u64(44), "st_blksize": s.u32(52),
        "st_blocks": s.u64(56), "st_atime": s.u32(64), "st_atime_nsec": s.u32(68), "st_mtime": s.u32(72),
        "st_mtime_nsec": s.u32(76), "st_ctime": s.u32(80), "st_ctime_nsec": s.u32(84), "st_ino": s.u64(88),
    })
}

fn status(c: &Caller) {
    let low = Low::new();
    let path = c.file("i386-stat", b"0123456789");
    let (at, fd) = (low.text(&path), open(c, "i386-stat", O_RDONLY));
    let buf = low.room(96);
    for name in ["stat", "lstat"] {
        let made = c.call32(name, &[u64::from(at.0), u64::from(buf.0)]);
        assert_eq!(buf.u32(20), 10);
        made.ok(args! { path: &path, statbuf: compat_stat(buf) });
    }
    call32!(c, "fstat", fd, buf).ok(args! { fd: fd, statbuf: compat_stat(buf) });
    for name in ["stat64", "lstat64"] {
        let made = c.call32(name, &[u64::from(at.0), u64::from(buf.0)]);
        assert_eq!(buf.u64(44), 10);
        made.ok(args! { path: &path, statbuf: stat64(buf) });
    }
    call32!(c, "fstat64", fd, buf).ok(args! { fd: fd, statbuf: stat64(buf) });
    call32!(c, "fstatat64", AT_FDCWD, low.text(c"/dev/null"), buf, AT_SYMLINK_NOFOLLOW)
        .ok(args! { dirfd: -100, path: "/dev/null", statbuf: stat64(buf), flags: "AT_SYMLINK_NOFOLLOW" });
    assert_eq!(dev(buf.u64(32)), json!({ "major": 1, "minor": 3 }));
    // No kernel for 64 bits has the oldest.
    call32!(c, "oldstat", at, buf).is(args! { path: &path, statbuf: buf.0 });
    call32!(c, "oldlstat", at, buf).is(args! { path: &path, statbuf: buf.0 });
    call32!(c, "oldfstat", fd, buf).is(args! { fd: fd, statbuf: buf.0 });
    close(fd);
}

/// Flags of mounts that machines have where tests run.
const MOUNT_FLAGS: &[(u64, &str)] = &[
    (0x1, "ST_RDONLY"),
    (0x2, "ST_NOSUID"),
    (0x4, "ST_NODEV"),
    (0x8, "ST_NOEXEC"),
    (0x20, "ST_VALID"),
    (0x1000, "ST_RELATIME"),
];

fn file_systems(c: &Caller) {
    let low = Low::new();
    let buf = low.room(96);
    let proc = low.text(c"/proc");
    let shown = |s: At| {
        json!({
            "f_type": "PROC_SUPER_MAGIC", "f_bsize": s.u32(4), "f_blocks": s.u64(8), "f_bfree": s.u64(16),
            "f_bavail": s.u64(24), "f_files": s.u64(32), "f_ffree": s.u64(40), "f_fsid": [s.i32(48), s.i32(52)],
            "f_namelen": s.u32(56), "f_frsize": s.u32(60), "f_flags": flags(u64::from(s.u32(64)), MOUNT_FLAGS),
        })
    };
    call32!(c, "statfs64", proc, 84, buf).ok(args! { path: "/proc", size: 84, buf: shown(buf) });
    let folder = std::fs::File::open("/proc").expect("it is mounted");
    let fd = std::os::fd::AsRawFd::as_raw_fd(&folder);
    call32!(c, "fstatfs64", fd, 84, buf).ok(args! { fd: fd, size: 84, buf: shown(buf) });
    call32!(c, "fstatfs64", fd, 60, buf).fails(EINVAL, args! { fd: fd, size: 60, buf: () });
    let shown = |s: At| {
        json!({
            "f_type": "PROC_SUPER_MAGIC", "f_bsize": s.i32(4), "f_blocks": s.u32(8), "f_bfree": s.u32(12),
            "f_bavail": s.u32(16), "f_files": s.u32(20), "f_ffree": s.u32(24), "f_fsid": [s.i32(28), s.i32(32)],
            "f_namelen": s.i32(36), "f_frsize": s.i32(40), "f_flags": flags(u64::from(s.u32(44)), MOUNT_FLAGS),
        })
    };
    call32!(c, "statfs", proc, buf).ok(args! { path: "/proc", buf: shown(buf) });
    call32!(c, "fstatfs", fd, buf).ok(args! { fd: fd, buf: shown(buf) });
}

fn marks(c: &Caller) {
    let low = Low::new();
    let path = c.file("i386-marked", b"");
    // SAFETY: a new descriptor.
    let fd = unsafe { fanotify_init(FAN_CLOEXEC, O_RDONLY as u32) };
    call32!(c, "fanotify_mark", fd, FAN_MARK_ADD, FAN_OPEN, 0, AT_FDCWD, low.text(&path)).ok(args! {
        fanotify_fd: fd, flags: "FAN_MARK_ADD", mask_lo: "FAN_OPEN", mask_hi: 0, dirfd: -100, pathname: &path
    });
    call32!(c, "fanotify_mark", fd, FAN_MARK_ADD, FAN_OPEN, 7, AT_FDCWD, low.text(&path)).fails(
        EINVAL,
        args! {
            fanotify_fd: fd, flags: "FAN_MARK_ADD", mask_lo: "FAN_OPEN", mask_hi: 7, dirfd: -100, pathname: &path
        },
    );
    close(fd);
}

fn directories(c: &Caller) {
    let low = Low::new();
    let fd = open(c, "", O_DIRECTORY);
    let buf = low.room(300);
    call32!(c, "readdir", fd, buf, 1).ok(args! { fd: fd, dirp: buf.0, count: 1 });
    call32!(c, "lookup_dcookie", 1, 2, buf, 3).is(args! { cookie_lo: 1, cookie_hi: 2, buffer: (), len: 3 });
    close(fd);
}

fn mapping(c: &Caller) {
    let low = Low::new();
    // struct mmap_arg_struct32
    let arg = low.words(&[0, 8192, 3, 0x22, u32::MAX, 0]);
    let at = call32!(c, "mmap", arg).ok(args! {
        arg: json!({
            "addr": 0, "len": 8192, "prot": "PROT_READ|PROT_WRITE", "flags": "MAP_PRIVATE|MAP_ANONYMOUS", "fd": -1,
            "offset": 0,
        }),
    });
    call32!(c, "mprotect", at, 4096, PROT_READ).ok(args! { addr: at, length: 4096, prot: "PROT_READ" });
    call32!(c, "munmap", at, 8192).ok(args! { addr: at, length: 8192 });
    c.file("i386-mapped", &[1; 8192]);
    let fd = open(c, "i386-mapped", O_RDONLY);
    let at = call32!(c, "mmap2", 0, 4096, PROT_READ, MAP_SHARED, fd, 1).ok(args! {
        addr: 0, length: 4096, prot: "PROT_READ", flags: "MAP_SHARED", fd: fd, pgoffset: 1
    });
    call32!(c, "munmap", at, 4096).ok(args! { addr: at, length: 4096 });
    close(fd);
}
