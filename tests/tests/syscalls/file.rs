// SPDX-License-Identifier: Apache-2.0
//! Files and directories by their names.

use agent_common::X86;
use libc::*;
use serde_json::{Value, json};

use crate::{
    caller::{Caller, Fault, args, call, data, whole},
    structs::{self, dev, zeroed},
};

pub(crate) fn cases(c: &Caller) {
    c.each(&[
        opening,
        handles,
        links,
        names,
        nodes,
        listing,
        working_directory,
        status,
        access,
        modes,
        owners,
        times,
        file_attributes,
        extended_attributes,
        extended_attributes_at,
        space,
        syncing,
        file_systems,
        quotas,
        watching,
        unreadable,
    ]);
}

/// A file that was opened.
pub(crate) fn open(c: &Caller, name: &str, flags: i32) -> i32 {
    let path = c.path(name);
    // SAFETY: the name ends with NUL.
    let fd = unsafe { libc::open(path.as_ptr(), flags | O_CLOEXEC, 0o600) };
    assert!(fd >= 0, "{name} can be opened");
    fd
}

/// Closes a descriptor.
pub(crate) fn close(fd: i32) {
    // SAFETY: cases close what they opened.
    unsafe {
        libc::close(fd);
    }
}

fn opening(c: &Caller) {
    let path = c.path("new");
    let fd = call!(c, "open", &path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
        .ok(args! { name: &path, flags: "O_RDWR|O_CREAT|O_EXCL|O_CLOEXEC", mode: 0o640 });
    close(fd as i32);
    call!(c, "open", &path, O_WRONLY | O_CREAT | O_EXCL, 0o640)
        .fails(EEXIST, args! { name: &path, flags: "O_WRONLY|O_CREAT|O_EXCL", mode: 0o640 });
    // A name up to the longest that the kernel takes.
    let long = std::ffi::CString::new(format!("/{}", "x/".repeat(2047))).expect("it has no NUL");
    call!(c, "open", &long, O_PATH, 0).fails(ENOENT, args! { name: &long, flags: "O_RDONLY|O_PATH", mode: 0 });
    let odd = c.file("odd \"name\"\n\u{1b}", b"");
    let fd = call!(c, "open", &odd, O_NOFOLLOW, 0).ok(args! { name: &odd, flags: "O_RDONLY|O_NOFOLLOW", mode: 0 });
    close(fd as i32);

    // Where nothing above could be called, there is no file yet.
    c.file("new", b"");
    let fd = call!(c, "openat", AT_FDCWD, &path, O_RDWR | O_APPEND | O_NONBLOCK, 0)
        .ok(args! { dirfd: -100, name: &path, flags: "O_RDWR|O_APPEND|O_NONBLOCK", mode: 0 });
    close(fd as i32);
    let folder = open(c, "", O_DIRECTORY);
    let fd = call!(c, "openat", folder, c"new", O_RDONLY | O_DIRECT, 0)
        .ok(args! { dirfd: folder, name: "new", flags: "O_RDONLY|O_DIRECT", mode: 0 });
    close(fd as i32);
    let fd = call!(c, "openat", folder, c".", O_RDWR | O_TMPFILE, 0o600)
        .ok(args! { dirfd: folder, name: ".", flags: "O_RDWR|O_TMPFILE", mode: 0o600 });
    close(fd as i32);

    let how = [(O_RDWR | O_CREAT) as u64, 0o600, RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH];
    let shown = json!({ "flags": "O_RDWR|O_CREAT", "mode": 0o600, "resolve": "RESOLVE_NO_SYMLINKS|RESOLVE_BENEATH" });
    let fd = call!(c, "openat2", folder, c"new2", how.as_ptr(), 24)
        .ok(args! { dirfd: folder, name: "new2", how: shown.clone(), size: 24 });
    close(fd as i32);
    call!(c, "openat2", folder, c"../x", how.as_ptr(), 24)
        .fails(EXDEV, args! { dirfd: folder, name: "../x", how: shown, size: 24 });
    close(folder);

    let fd = call!(c, "creat", &path, 0o755).ok(args! { name: &path, mode: 0o755 });
    close(fd as i32);
    call!(c, "creat", c"/no/such/folder", 0o600).fails(ENOENT, args! { name: "/no/such/folder", mode: 0o600 });
}

fn handles(c: &Caller) {
    let path = c.file("handled", b"");
    // struct file_handle: its room, its type, its bytes.
    let mut handle = [0_u32; 34];
    handle[0] = 128;
    let mut mount_id = 0_i32;
    call!(c, "name_to_handle_at", AT_FDCWD, &path, handle.as_mut_ptr(), &raw mut mount_id, AT_SYMLINK_FOLLOW).ok(
        args! {
            dirfd: -100, pathname: &path, handle: handle.as_ptr(), mount_id: mount_id, flags: "AT_SYMLINK_FOLLOW"
        },
    );
    let fd = call!(c, "open_by_handle_at", AT_FDCWD, handle.as_ptr(), O_RDONLY)
        .is(args! { mountfd: -100, handle: handle.as_ptr(), flags: "O_RDONLY" });
    if fd >= 0 {
        close(fd as i32);
    }
    call!(c, "name_to_handle_at", -1, c"x", handle.as_ptr(), &raw const mount_id, 0)
        .fails(EBADF, args! { dirfd: -1, pathname: "x", handle: handle.as_ptr(), mount_id: (), flags: "0" });
}

fn links(c: &Caller) {
    let (old, hard, soft) = (c.file("old", b"content"), c.path("hard"), c.path("soft"));
    call!(c, "link", &old, &hard).ok(args! { oldpath: &old, newpath: &hard });
    call!(c, "link", &old, &hard).fails(EEXIST, args! { oldpath: &old, newpath: &hard });
    call!(c, "symlink", c"to/nowhere", &soft).ok(args! { target: "to/nowhere", linkpath: &soft });
    let mut buf = [0_u8; 64];
    call!(c, "readlink", &soft, buf.as_mut_ptr(), 64).ok(args! { pathname: &soft, buf: "to/nowhere", bufsiz: 64 });
    call!(c, "readlink", &soft, buf.as_mut_ptr(), 5).ok(args! { pathname: &soft, buf: "to/no", bufsiz: 5 });
    call!(c, "readlink", &old, buf.as_mut_ptr(), 64).fails(EINVAL, args! { pathname: &old, buf: (), bufsiz: 64 });
    call!(c, "unlink", &soft).ok(args! { path: &soft });
    call!(c, "unlink", &soft).fails(ENOENT, args! { path: &soft });

    let folder = open(c, "", O_DIRECTORY);
    call!(c, "linkat", folder, c"old", AT_FDCWD, &soft, AT_SYMLINK_FOLLOW)
        .ok(args! { olddir: folder, oldpath: "old", newdir: -100, newpath: &soft, flags: "AT_SYMLINK_FOLLOW" });
    call!(c, "unlinkat", folder, c"soft", 0).ok(args! { dirfd: folder, name: "soft", flags: "0" });
    call!(c, "symlinkat", c"target", folder, c"soft")
        .ok(args! { target: "target", linkdirfd: folder, linkpath: "soft" });
    call!(c, "readlinkat", folder, c"soft", buf.as_mut_ptr(), 64)
        .ok(args! { dirfd: folder, pathname: "soft", buf: "target", bufsiz: 64 });
    call!(c, "readlinkat", folder, c"none", buf.as_mut_ptr(), 64)
        .fails(ENOENT, args! { dirfd: folder, pathname: "none", buf: (), bufsiz: 64 });
    close(folder);
}

fn names(c: &Caller) {
    let (one, two) = (c.file("one", b"1"), c.path("two"));
    call!(c, "rename", &one, &two).ok(args! { oldpath: &one, newpath: &two });
    call!(c, "rename", &one, &two).fails(ENOENT, args! { oldpath: &one, newpath: &two });
    c.file("two", b"1");
    let folder = open(c, "", O_DIRECTORY);
    call!(c, "renameat", folder, c"two", AT_FDCWD, &one)
        .ok(args! { olddirfd: folder, oldpath: "two", newdirfd: -100, newpath: &one });
    c.file("two", b"2");
    call!(c, "renameat2", folder, c"one", folder, c"two", RENAME_EXCHANGE)
        .ok(args! { olddirfd: folder, oldpath: "one", newdirfd: folder, newpath: "two", flags: "RENAME_EXCHANGE" });
    call!(c, "renameat2", folder, c"one", folder, c"two", RENAME_NOREPLACE).fails(
        EEXIST,
        args! {
            olddirfd: folder, oldpath: "one", newdirfd: folder, newpath: "two", flags: "RENAME_NOREPLACE"
        },
    );

    let inner = c.path("inner");
    call!(c, "mkdir", &inner, 0o711).ok(args! { path: &inner, mode: 0o711 });
    call!(c, "mkdir", &inner, 0o711).fails(EEXIST, args! { path: &inner, mode: 0o711 });
    call!(c, "rmdir", &inner).ok(args! { path: &inner });
    call!(c, "rmdir", &inner).fails(ENOENT, args! { path: &inner });
    call!(c, "mkdirat", folder, c"inner", 0o2750).ok(args! { dirfd: folder, path: "inner", mode: 0o2750 });
    call!(c, "unlinkat", folder, c"inner", AT_REMOVEDIR)
        .ok(args! { dirfd: folder, name: "inner", flags: "AT_REMOVEDIR" });
    close(folder);
}

fn nodes(c: &Caller) {
    let (fifo, null) = (c.path("fifo"), c.path("null"));
    call!(c, "mknod", &fifo, S_IFIFO | 0o600, 0).ok(args! { path: &fifo, mode: S_IFIFO | 0o600, dev: dev(0) });
    let device = makedev(1, 3);
    call!(c, "mknodat", AT_FDCWD, &null, S_IFCHR | 0o666, device)
        .ok(args! { dirfd: -100, path: &null, mode: S_IFCHR | 0o666, dev: json!({ "major": 1, "minor": 3 }) });
    // Minor numbers beyond eight bits stand in another place.
    let device = makedev(259, 70000);
    call!(c, "mknod", c"/no/such/node", S_IFBLK | 0o600, device).fails(
        ENOENT,
        args! { path: "/no/such/node", mode: S_IFBLK | 0o600, dev: json!({ "major": 259, "minor": 70000 }) },
    );
}

fn listing(c: &Caller) {
    std::fs::create_dir_all(c.folder().join("listed")).expect("the folder can be written");
    c.file("listed/entry", b"");
    let names: &[&'static str] = if X86 { &["getdents", "getdents64"] } else { &["getdents64"] };
    for name in names.iter().copied() {
        let fd = open(c, "listed", O_DIRECTORY);
        let mut buf = [0_u8; 512];
        let made = c.call(name, &[fd as u64, buf.as_mut_ptr().expose_provenance() as u64, 512]);
        let n = made.ret() as usize;
        assert!(n > SNAPLEN_HALF, "three entries");
        made.ok(args! { fd: fd, dirp: data(&buf[..n]), count: 512 });
        close(fd);
    }
    let mut buf = [0_u8; 8];
    call!(c, "getdents64", -1, buf.as_mut_ptr(), 8).fails(EBADF, args! { fd: -1, dirp: (), count: 8 });
    call!(c, "lookup_dcookie", 7, buf.as_mut_ptr(), 8).fails(ENOSYS, args! { cookie: 7, buffer: (), len: 8 });
}

/// Three entries take more.
const SNAPLEN_HALF: usize = 40;

fn working_directory(c: &Caller) {
    let folder = c.path("");
    c.in_child(|c| {
        call!(c, "chdir", &folder).ok(args! { path: &folder });
        let mut buf = [0_u8; 256];
        let made = call!(c, "getcwd", buf.as_mut_ptr(), 256);
        let text = String::from_utf8(buf[..made.ret() as usize - 1].to_vec()).expect("it is text");
        assert!(text.contains("lanner-test"));
        made.ok(args! { path: text, size: 256 });
        call!(c, "getcwd", buf.as_mut_ptr(), 1).fails(ERANGE, args! { path: (), size: 1 });
        call!(c, "chdir", c"/no/such/folder").fails(ENOENT, args! { path: "/no/such/folder" });
        let fd = open(c, "", O_DIRECTORY);
        call!(c, "fchdir", fd).ok(args! { fd: fd });
        call!(c, "fchdir", -1).fails(EBADF, args! { fd: -1 });
        call!(c, "fchroot", fd, 7).is(args! { fd: fd, flags: 7 });
        call!(c, "umask", 0o027).ok(args! { mask: 0o027 });
        call!(c, "chroot", c"/no/such/folder").fails(ENOENT, args! { path: "/no/such/folder" });
        call!(c, "chroot", &folder).ok(args! { path: &folder });
    });
}

fn status(c: &Caller) {
    let (path, soft) = (c.file("stat", b"twelve bytes"), c.path("stat-link"));
    std::os::unix::fs::symlink("stat", c.folder().join("stat-link")).expect("the folder can be written");
    let mut buf: stat = zeroed();
    call!(c, "stat", &path, &raw mut buf).ok(args! { path: &path, statbuf: structs::stat(&buf) });
    assert!(buf.st_size == 12 || !X86);
    call!(c, "stat", c"/dev/null", &raw mut buf).ok(args! { path: "/dev/null", statbuf: structs::stat(&buf) });
    assert!(dev(buf.st_rdev) == json!({ "major": 1, "minor": 3 }) || !X86);
    call!(c, "stat", c"/no/such/file", &raw mut buf).fails(ENOENT, args! { path: "/no/such/file", statbuf: () });
    call!(c, "lstat", &soft, &raw mut buf).ok(args! { path: &soft, statbuf: structs::stat(&buf) });
    let fd = open(c, "stat", O_RDONLY);
    call!(c, "fstat", fd, &raw mut buf).ok(args! { fd: fd, statbuf: structs::stat(&buf) });
    call!(c, "fstat", -1, &raw mut buf).fails(EBADF, args! { fd: -1, statbuf: () });
    call!(c, "newfstatat", fd, c"", &raw mut buf, AT_EMPTY_PATH)
        .ok(args! { dirfd: fd, path: "", statbuf: structs::stat(&buf), flags: "AT_EMPTY_PATH" });
    call!(c, "newfstatat", AT_FDCWD, &soft, &raw mut buf, AT_SYMLINK_NOFOLLOW)
        .ok(args! { dirfd: -100, path: &soft, statbuf: structs::stat(&buf), flags: "AT_SYMLINK_NOFOLLOW" });
    close(fd);

    let mut buf: statx = zeroed();
    let mask = STATX_BASIC_STATS | STATX_BTIME;
    call!(c, "statx", AT_FDCWD, &path, AT_STATX_FORCE_SYNC, mask, &raw mut buf).ok(args! {
        dirfd: -100,
        pathname: &path,
        flags: "AT_STATX_FORCE_SYNC",
        mask: "STATX_BASIC_STATS|STATX_BTIME",
        statxbuf: structs::statx(&buf),
    });
    assert_eq!((buf.stx_size, buf.stx_mask & mask), (12, mask));
    call!(c, "statx", AT_FDCWD, c"/no/such/file", 0, STATX_SIZE | STATX_MODE, &raw mut buf).fails(
        ENOENT,
        args! {
            dirfd: -100, pathname: "/no/such/file", flags: "0", mask: "STATX_MODE|STATX_SIZE", statxbuf: ()
        },
    );
}

fn access(c: &Caller) {
    let path = c.file("access", b"");
    call!(c, "access", &path, F_OK).ok(args! { name: &path, mode: "F_OK" });
    call!(c, "access", &path, R_OK | X_OK).fails(EACCES, args! { name: &path, mode: "X_OK|R_OK" });
    call!(c, "faccessat", AT_FDCWD, &path, R_OK | W_OK).ok(args! { dirfd: -100, pathname: &path, mode: "W_OK|R_OK" });
    call!(c, "faccessat2", AT_FDCWD, &path, R_OK, AT_EACCESS)
        .ok(args! { dirfd: -100, pathname: &path, mode: "R_OK", flags: "AT_EACCESS" });
    call!(c, "faccessat2", -1, c"x", R_OK, 0)
        .fails(EBADF, args! { dirfd: -1, pathname: "x", mode: "R_OK", flags: "0" });
}

fn modes(c: &Caller) {
    let path = c.file("mode", b"");
    call!(c, "chmod", &path, 0o4755).ok(args! { filename: &path, mode: 0o4755 });
    let fd = open(c, "mode", O_RDONLY);
    call!(c, "fchmod", fd, 0o600).ok(args! { fd: fd, mode: 0o600 });
    call!(c, "fchmod", -1, 0o600).fails(EBADF, args! { fd: -1, mode: 0o600 });
    call!(c, "fchmodat", AT_FDCWD, &path, 0o644).ok(args! { dirfd: -100, filename: &path, mode: 0o644 });
    call!(c, "fchmodat2", fd, c"", 0o640, AT_EMPTY_PATH)
        .ok(args! { dirfd: fd, filename: "", mode: 0o640, flags: "AT_EMPTY_PATH" });
    close(fd);
}

fn owners(c: &Caller) {
    let path = c.file("owner", b"");
    call!(c, "chown", &path, 1000, 1001).ok(args! { path: &path, uid: 1000, gid: 1001 });
    call!(c, "chown", &path, -1, 4294967294_u32).ok(args! { path: &path, uid: -1, gid: 4294967294_u32 });
    call!(c, "lchown", &path, 0, -1).ok(args! { path: &path, uid: 0, gid: -1 });
    let fd = open(c, "owner", O_RDONLY);
    call!(c, "fchown", fd, 7, 8).ok(args! { fd: fd, uid: 7, gid: 8 });
    call!(c, "fchownat", AT_FDCWD, &path, 70000, -1, AT_SYMLINK_NOFOLLOW)
        .ok(args! { dirfd: -100, pathname: &path, uid: 70000, gid: -1, flags: "AT_SYMLINK_NOFOLLOW" });
    call!(c, "fchownat", -1, c"x", 0, 0, 0)
        .fails(EBADF, args! { dirfd: -1, pathname: "x", uid: 0, gid: 0, flags: "0" });
    close(fd);
}

fn times(c: &Caller) {
    let path = c.file("times", b"");
    let both = [1_000_000_000_i64, 1_100_000_000];
    call!(c, "utime", &path, both.as_ptr())
        .ok(args! { filename: &path, times: json!({ "actime": both[0], "modtime": both[1] }) });
    call!(c, "utime", &path, 0).ok(args! { filename: &path, times: () });
    let pair = [timeval { tv_sec: 5, tv_usec: 6 }, timeval { tv_sec: 1 << 33, tv_usec: 999_999 }];
    let shown = || json!([structs::timeval(&pair[0]), structs::timeval(&pair[1])]);
    call!(c, "utimes", &path, pair.as_ptr()).ok(args! { filename: &path, times: shown() });
    call!(c, "futimesat", AT_FDCWD, &path, pair.as_ptr()).ok(args! { dirfd: -100, pathname: &path, times: shown() });
    let pair = [timespec { tv_sec: 7, tv_nsec: UTIME_OMIT }, timespec { tv_sec: -1, tv_nsec: 8 }];
    let shown = || json!([structs::timespec(&pair[0]), structs::timespec(&pair[1])]);
    call!(c, "utimensat", AT_FDCWD, &path, pair.as_ptr(), AT_SYMLINK_NOFOLLOW)
        .ok(args! { dirfd: -100, pathname: &path, times: shown(), flags: "AT_SYMLINK_NOFOLLOW" });
    call!(c, "utimensat", AT_FDCWD, c"/no/such/file", 0, 0)
        .fails(ENOENT, args! { dirfd: -100, pathname: "/no/such/file", times: (), flags: "0" });
}

fn file_attributes(c: &Caller) {
    let path = c.file("fileattr", b"");
    // struct file_attr: xflags, extsize, nextents, projid, cowextsize.
    let mut attr = [0xff_u8; 24];
    let made = call!(c, "file_getattr", AT_FDCWD, &path, attr.as_mut_ptr(), 24, 0);
    made.ok(args! { dirfd: -100, pathname: &path, ufattr: whole(&attr), usize: 24, at_flags: "0" });
    call!(c, "file_setattr", AT_FDCWD, &path, attr.as_ptr(), 24, AT_SYMLINK_NOFOLLOW)
        .ok(args! { dirfd: -100, pathname: &path, ufattr: whole(&attr), usize: 24, at_flags: "AT_SYMLINK_NOFOLLOW" });
    call!(c, "file_getattr", AT_FDCWD, c"/no/such/file", attr.as_mut_ptr(), 24, 0)
        .fails(ENOENT, args! { dirfd: -100, pathname: "/no/such/file", ufattr: (), usize: 24, at_flags: "0" });
}

fn extended_attributes(c: &Caller) {
    let path = c.file("xattr", b"");
    let fd = open(c, "xattr", O_RDWR);
    let (value, long) = (b"val\0\xff\\ue", [b'a'; 200]);
    call!(c, "setxattr", &path, c"user.a", value.as_ptr(), 8, XATTR_CREATE)
        .ok(args! { path: &path, name: "user.a", value: whole(value), size: 8, flags: "XATTR_CREATE" });
    call!(c, "setxattr", &path, c"user.a", value.as_ptr(), 8, XATTR_CREATE)
        .fails(EEXIST, args! { path: &path, name: "user.a", value: whole(value), size: 8, flags: "XATTR_CREATE" });
    call!(c, "lsetxattr", &path, c"user.b", long.as_ptr(), 200, 0)
        .ok(args! { path: &path, name: "user.b", value: data(&long), size: 200, flags: "0" });
    call!(c, "fsetxattr", fd, c"user.a", value.as_ptr(), 3, XATTR_REPLACE)
        .ok(args! { fd: fd, name: "user.a", value: "val", size: 3, flags: "XATTR_REPLACE" });

    let mut buf = [0_u8; 256];
    call!(c, "getxattr", &path, c"user.b", buf.as_mut_ptr(), 256)
        .ok(args! { path: &path, name: "user.b", value: data(&buf[..200]), size: 256 });
    call!(c, "lgetxattr", &path, c"user.a", buf.as_mut_ptr(), 256)
        .ok(args! { path: &path, name: "user.a", value: "val", size: 256 });
    call!(c, "fgetxattr", fd, c"user.a", buf.as_mut_ptr(), 2)
        .fails(ERANGE, args! { fd: fd, name: "user.a", value: (), size: 2 });
    // How long the value is: nothing is written.
    call!(c, "fgetxattr", fd, c"user.a", 0, 0).ok(args! { fd: fd, name: "user.a", value: (), size: 0 });

    let made = call!(c, "listxattr", &path, buf.as_mut_ptr(), 256);
    // File systems have orders of their own.
    let listed = buf.get(..made.ret() as usize).expect("names").to_vec();
    assert!(listed == b"user.a\0user.b\0" || listed == b"user.b\0user.a\0", "{}", listed.escape_ascii());
    made.ok(args! { path: &path, list: data(&listed), size: 256 });
    call!(c, "llistxattr", &path, buf.as_mut_ptr(), 256).ok(args! { path: &path, list: data(&listed), size: 256 });
    call!(c, "flistxattr", fd, buf.as_mut_ptr(), 256).ok(args! { fd: fd, list: data(&listed), size: 256 });
    call!(c, "flistxattr", fd, buf.as_mut_ptr(), 3).fails(ERANGE, args! { fd: fd, list: (), size: 3 });
    // A size of 0 asks how long the list is; the buffer stays as it is.
    call!(c, "listxattr", &path, buf.as_mut_ptr(), 0).ok(args! { path: &path, list: "", size: 0 });

    call!(c, "removexattr", &path, c"user.a").ok(args! { path: &path, name: "user.a" });
    call!(c, "lremovexattr", &path, c"user.b").ok(args! { path: &path, name: "user.b" });
    call!(c, "fremovexattr", fd, c"user.b").fails(ENODATA, args! { fd: fd, name: "user.b" });
    close(fd);
}

fn extended_attributes_at(c: &Caller) {
    let path = c.file("xattrat", b"");
    // struct xattr_args: the value's address, its size, flags.
    let mut value = *b"at";
    let xattr = [value.as_mut_ptr().expose_provenance() as u64, 2];
    let shown = || {
        let bytes: Vec<u8> = xattr.iter().flat_map(|word| word.to_ne_bytes()).collect();
        bytes
    };
    call!(c, "setxattrat", AT_FDCWD, &path, AT_SYMLINK_NOFOLLOW, c"user.at", xattr.as_ptr(), 16).ok(args! {
        dirfd: -100,
        pathname: &path,
        at_flags: "AT_SYMLINK_NOFOLLOW",
        name: "user.at",
        uargs: whole(&shown()),
        usize: 16,
    });
    call!(c, "getxattrat", AT_FDCWD, &path, 0, c"user.at", xattr.as_ptr(), 16).ok(args! {
        dirfd: -100, pathname: &path, at_flags: "0", name: "user.at", uargs: whole(&shown()), usize: 16
    });
    let mut list = [0_u8; 64];
    call!(c, "listxattrat", AT_FDCWD, &path, 0, list.as_mut_ptr(), 64)
        .ok(args! { dirfd: -100, pathname: &path, at_flags: "0", list: "user.at\0", size: 64 });
    call!(c, "removexattrat", AT_FDCWD, &path, 0, c"user.at")
        .ok(args! { dirfd: -100, pathname: &path, at_flags: "0", name: "user.at" });
    call!(c, "removexattrat", -1, c"x", AT_EMPTY_PATH, c"user.at")
        .fails(EBADF, args! { dirfd: -1, pathname: "x", at_flags: "AT_EMPTY_PATH", name: "user.at" });
}

fn space(c: &Caller) {
    let path = c.file("space", b"content");
    call!(c, "truncate", &path, 1_i64 << 33).ok(args! { path: &path, length: 1_i64 << 33 });
    call!(c, "truncate", &path, -1).fails(EINVAL, args! { path: &path, length: -1 });
    let fd = open(c, "space", O_RDWR);
    call!(c, "ftruncate", fd, 4096).ok(args! { fd: fd, length: 4096 });
    call!(c, "fallocate", fd, 0, 0, 8192).ok(args! { fd: fd, mode: "FALLOC_FL_ALLOCATE_RANGE", offset: 0, len: 8192 });
    call!(c, "fallocate", fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 4096, 4096)
        .ok(args! { fd: fd, mode: "FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE", offset: 4096, len: 4096 });
    call!(c, "fallocate", fd, 0, -1, 1)
        .fails(EINVAL, args! { fd: fd, mode: "FALLOC_FL_ALLOCATE_RANGE", offset: -1, len: 1 });
    call!(c, "fadvise64", fd, 0, 1_i64 << 40, POSIX_FADV_SEQUENTIAL)
        .ok(args! { fd: fd, offset: 0, len: 1_i64 << 40, advice: "POSIX_FADV_SEQUENTIAL" });
    call!(c, "readahead", fd, 4096, 4096).ok(args! { fd: fd, offset: 4096, count: 4096 });
    // struct cachestat_range: offset and length. struct cachestat: five counts.
    let (range, mut counts) = ([0_u64, 4096], [9_u64; 5]);
    let bytes = |words: &[u64]| words.iter().flat_map(|word| word.to_ne_bytes()).collect::<Vec<u8>>();
    call!(c, "cachestat", fd, range.as_ptr(), counts.as_mut_ptr(), 0)
        .ok(args! { fd: fd, cstat_range: whole(&bytes(&range)), cstat: whole(&bytes(&counts)), flags: 0 });
    call!(c, "cachestat", fd, range.as_ptr(), counts.as_mut_ptr(), 1)
        .fails(EINVAL, args! { fd: fd, cstat_range: whole(&bytes(&range)), cstat: (), flags: 1 });
    close(fd);
}

fn syncing(c: &Caller) {
    c.file("sync", b"content");
    let fd = open(c, "sync", O_RDWR);
    call!(c, "sync_file_range", fd, 0, 4096, SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER).ok(args! {
        fd: fd, offset: 0, nbytes: 4096, flags: "SYNC_FILE_RANGE_WRITE|SYNC_FILE_RANGE_WAIT_AFTER"
    });
    call!(c, "fsync", fd).ok(args! { fd: fd });
    call!(c, "fdatasync", fd).ok(args! { fd: fd });
    call!(c, "fdatasync", -1).fails(EBADF, args! { fd: -1 });
    // Of a file system in memory: others have to write what other processes left.
    let memory = std::fs::File::open("/dev/shm").expect("it is there");
    let memory = std::os::fd::AsRawFd::as_raw_fd(&memory);
    call!(c, "syncfs", memory).ok(args! { fd: memory });
    call!(c, "sync").ok(args! {});
    close(fd);
}

fn file_systems(c: &Caller) {
    let mut buf: statfs = zeroed();
    call!(c, "statfs", c"/proc", &raw mut buf)
        .ok(args! { path: "/proc", buf: structs::statfs(&buf, "PROC_SUPER_MAGIC") });
    call!(c, "statfs", c"/no/such/file", &raw mut buf).fails(ENOENT, args! { path: "/no/such/file", buf: () });
    let memory = std::fs::File::open("/dev/shm").expect("it is there");
    let fd = std::os::fd::AsRawFd::as_raw_fd(&memory);
    call!(c, "fstatfs", fd, &raw mut buf).ok(args! { fd: fd, buf: structs::statfs(&buf, "TMPFS_MAGIC") });
    let mut status: stat = zeroed();
    // SAFETY: there is room for the struct.
    assert_eq!(unsafe { stat(c"/dev/shm".as_ptr(), &raw mut status) }, 0);
    let mut ustat = [0_u64; 4];
    call!(c, "ustat", status.st_dev, ustat.as_mut_ptr()).ok(args! { dev: dev(status.st_dev), ubuf: ustat.as_ptr() });
    let made = call!(c, "sysfs", 1, c"tmpfs", 0);
    let index = made.ret();
    made.ok(args! { option: "1", fsname: "tmpfs", fs_index: c"tmpfs".as_ptr(), buf: 0 });
    let mut name = [0_u8; 64];
    call!(c, "sysfs", 2, index, name.as_mut_ptr())
        .ok(args! { option: "2", fsname: (), fs_index: index, buf: name.as_ptr() });
    assert!(name.starts_with(b"tmpfs\0") || !X86);
}

fn quotas(c: &Caller) {
    let (sync, on) = (0x80000100_u32, 0x80000200_u32);
    let mut buf = [0_u8; 128];
    call!(c, "quotactl", sync | 1, c"/no/such/device", 0, buf.as_mut_ptr()).fails(
        ENOENT,
        args! {
            cmd: "QCMD(Q_SYNC, GRPQUOTA)", special: "/no/such/device", id: 0, addr: buf.as_ptr(), quotafilepath: ()
        },
    );
    let file = c.file("aquota.user", b"");
    call!(c, "quotactl", on, c"/no/such/device", 1, &file).is(args! {
        cmd: "QCMD(Q_QUOTAON, USRQUOTA)",
        special: "/no/such/device",
        id: 1,
        addr: file.as_ptr(),
        quotafilepath: &file,
    });
    call!(c, "quotactl", 0x80000702_u32, 0, 1000, buf.as_mut_ptr()).is(args! {
        cmd: "QCMD(Q_GETQUOTA, PRJQUOTA)", special: (), id: 1000, addr: buf.as_ptr(), quotafilepath: ()
    });
    let fd = open(c, "aquota.user", O_RDONLY);
    call!(c, "quotactl_fd", fd, 0x80000400_u32, 5, buf.as_mut_ptr())
        .is(args! { fd: fd, cmd: "QCMD(Q_GETFMT, USRQUOTA)", id: 5, addr: buf.as_ptr() });
    close(fd);
}

fn watching(c: &Caller) {
    let path = c.file("watched", b"");
    let fd = call!(c, "inotify_init").ok(args! {}) as i32;
    close(fd);
    let fd = call!(c, "inotify_init1", IN_NONBLOCK | IN_CLOEXEC).ok(args! { flags: "IN_NONBLOCK|IN_CLOEXEC" }) as i32;
    let watch = call!(c, "inotify_add_watch", fd, &path, IN_MODIFY | IN_DELETE_SELF | IN_ONESHOT)
        .ok(args! { fd: fd, pathname: &path, mask: "IN_MODIFY|IN_DELETE_SELF|IN_ONESHOT" });
    call!(c, "inotify_add_watch", fd, c"/no/such/file", IN_ALL_EVENTS).fails(
        ENOENT,
        args! {
            fd: fd,
            pathname: "/no/such/file",
            mask: "IN_ACCESS|IN_MODIFY|IN_ATTRIB|IN_CLOSE_WRITE|IN_CLOSE_NOWRITE|IN_OPEN|IN_MOVED_FROM|IN_MOVED_TO|\
                IN_CREATE|IN_DELETE|IN_DELETE_SELF|IN_MOVE_SELF",
        },
    );
    call!(c, "inotify_rm_watch", fd, watch).ok(args! { fd: fd, wd: watch });
    call!(c, "inotify_rm_watch", fd, 77).fails(EINVAL, args! { fd: fd, wd: 77 });
    close(fd);

    let fd = call!(c, "fanotify_init", FAN_CLOEXEC | FAN_CLASS_CONTENT | FAN_NONBLOCK, O_RDONLY | O_LARGEFILE_BIT)
        .ok(args! { flags: "FAN_CLASS_CONTENT|FAN_CLOEXEC|FAN_NONBLOCK", event_f_flags: "O_RDONLY|O_LARGEFILE" })
        as i32;
    call!(c, "fanotify_mark", fd, FAN_MARK_ADD, FAN_MODIFY | FAN_EVENT_ON_CHILD, AT_FDCWD, &path).ok(args! {
        fanotify_fd: fd, flags: "FAN_MARK_ADD", mask: "FAN_MODIFY|FAN_EVENT_ON_CHILD", dirfd: -100, pathname: &path
    });
    call!(c, "fanotify_mark", fd, FAN_MARK_REMOVE, 0_u64, AT_FDCWD, &path).fails(
        EINVAL,
        args! {
            fanotify_fd: fd, flags: "FAN_MARK_REMOVE", mask: "0", dirfd: -100, pathname: &path
        },
    );
    close(fd);
}

/// `O_LARGEFILE` as the kernel has it; to the C library it is 0.
pub(crate) const O_LARGEFILE_BIT: i32 = if X86 { 0o100000 } else { 0o400000 };

/// Memory that can't be read, where the kernel can't read or write either.
fn unreadable(c: &Caller) {
    let nowhere = 0x10_u64;
    call!(c, "open", nowhere, O_RDONLY, 0).fails(EFAULT, args! { name: Fault, flags: "O_RDONLY", mode: 0 });
    call!(c, "open", 0, O_RDONLY, 0).fails(EFAULT, args! { name: (), flags: "O_RDONLY", mode: 0 });
    call!(c, "rename", c"/x", nowhere).fails(EFAULT, args! { oldpath: "/x", newpath: Fault });
    call!(c, "stat", c"/proc", nowhere).fails(EFAULT, args! { path: "/proc", statbuf: Value::Null });
    call!(c, "utimes", c"/proc", nowhere).fails(EFAULT, args! { filename: "/proc", times: Fault });
}
