// SPDX-License-Identifier: Apache-2.0
//! Mounts and namespaces, in a namespace of their own.

use std::fs;

use agent_common::schema::Abi;
use libc::*;
use serde_json::{Value, json};

use crate::{
    caller::{Caller, args, call, whole},
    file::close,
    process::{fork_by, reap},
    structs::bytes_of,
};

pub(crate) fn cases(c: &Caller) {
    for name in ["mounted", "moved", "root"] {
        fs::create_dir_all(c.folder().join(name)).expect("the folder can be written");
    }
    c.each(&[
        namespaces,
        |c| privately(c, mounts),
        |c| privately(c, trees),
        |c| privately(c, contexts),
        |c| privately(c, statistics),
        |c| privately(c, pivot),
        without_privilege,
    ]);
}

/// Runs cases in a mount namespace of their own.
fn privately(c: &Caller, cases: fn(&Caller)) {
    c.in_child(|c| {
        call!(c, "unshare", CLONE_NEWNS).ok(args! { flags: "CLONE_NEWNS" });
        call!(c, "mount", 0, c"/", 0, MS_REC | MS_PRIVATE, 0)
            .ok(args! { dev: (), dir: "/", type: (), flags: "MS_REC|MS_PRIVATE", data: () });
        cases(c);
    });
}

fn without_privilege(c: &Caller) {
    let folder = c.path("mounted");
    c.in_child(|c| {
        // SAFETY: this process ends here.
        assert_eq!(unsafe { setuid(65534) }, 0);
        call!(c, "mount", c"none", &folder, c"tmpfs", 0, 0)
            .fails(EPERM, args! { dev: "none", dir: &folder, type: "tmpfs", flags: "0", data: () });
    });
}

fn namespaces(c: &Caller) {
    c.in_child(|c| {
        let uts = fs::File::open("/proc/self/ns/uts").expect("it is there");
        let fd = std::os::fd::AsRawFd::as_raw_fd(&uts);
        call!(c, "unshare", CLONE_NEWUTS | CLONE_FS | CLONE_FILES)
            .ok(args! { flags: "CLONE_FS|CLONE_FILES|CLONE_NEWUTS" });
        call!(c, "setns", fd, CLONE_NEWUTS).ok(args! { fd: fd, nstype: "CLONE_NEWUTS" });
        call!(c, "setns", fd, CLONE_NEWNET).fails(EINVAL, args! { fd: fd, nstype: "CLONE_NEWNET" });
        call!(c, "unshare", 1).fails(EINVAL, args! { flags: "0x1" });
    });
    // In a namespace of process ids, too, the agent shows those of the first one.
    c.in_child(|c| {
        call!(c, "unshare", CLONE_NEWPID).ok(args! { flags: "CLONE_NEWPID" });
        let pid = fork_by(SYS_clone, [SIGCHLD as u64, 0, 0, 0, 0], 44);
        let args = args! { flags: "SIGCHLD", newsp: 0, parent_tid: 0, child_tid: 0, tls: 0 };
        c.note_call(Abi::Native, "clone", pid, args);
        c.note_child(pid, "exit", None, args! { status: 44 });
        reap(pid);
    });
    let (mut request, mut ids) = ([0_u64; 4], [0_u64; 4]);
    request[0] = 32;
    let made = call!(c, "listns", request.as_ptr(), ids.as_mut_ptr(), 4, 0);
    let listed = usize::try_from(made.ret()).map_or(Value::Null, |listed| json!(ids[..listed]));
    made.is(args! { req: whole(bytes_of(&request)), ns_ids: listed, nr_ns_ids: 4, flags: 0 });
}

fn mounts(c: &Caller) {
    let folder = c.path("mounted");
    call!(c, "mount", c"name", &folder, c"tmpfs", MS_NOSUID | MS_NOEXEC, c"size=1m,mode=700").ok(args! {
        dev: "name", dir: &folder, type: "tmpfs", flags: "MS_NOSUID|MS_NOEXEC", data: "size=1m,mode=700"
    });
    call!(c, "mount", c"none", c"/no/such/folder", c"tmpfs", 0, c"").fails(
        ENOENT,
        args! {
            dev: "none", dir: "/no/such/folder", type: "tmpfs", flags: "0", data: ""
        },
    );
    call!(c, "umount2", &folder, MNT_DETACH | UMOUNT_NOFOLLOW)
        .ok(args! { name: &folder, flags: "MNT_DETACH|UMOUNT_NOFOLLOW" });
    call!(c, "umount2", &folder, 0).fails(EINVAL, args! { name: &folder, flags: "0" });
}

fn trees(c: &Caller) {
    let (from, to) = (c.path("mounted"), c.path("moved"));
    let tree = call!(c, "open_tree", AT_FDCWD, &from, 1 | O_CLOEXEC)
        .ok(args! { dirfd: -100, path: &from, flags: "OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC" }) as i32;
    call!(c, "move_mount", tree, c"", AT_FDCWD, &to, 4).ok(args! {
        from_dirfd: tree, from_path: "", to_dirfd: -100, to_path: &to, flags: "MOVE_MOUNT_F_EMPTY_PATH"
    });
    call!(c, "open_tree", AT_FDCWD, c"/no/such/file", 0)
        .fails(ENOENT, args! { dirfd: -100, path: "/no/such/file", flags: "0" });
    // struct mount_attr: what to set, what to clear, the propagation, a user namespace.
    let attr = [0x1 | 0x4, 0x70_u64, MS_PRIVATE, 0];
    let shown = json!({
        "attr_set": "MOUNT_ATTR_RDONLY|MOUNT_ATTR_NODEV", "attr_clr": "MOUNT_ATTR__ATIME", "propagation": "MS_PRIVATE",
        "userns_fd": 0,
    });
    call!(c, "mount_setattr", tree, c"", AT_EMPTY_PATH | AT_RECURSIVE, attr.as_ptr(), 32).ok(args! {
        dirfd: tree, pathname: "", flags: "AT_EMPTY_PATH|AT_RECURSIVE", attr: shown.clone(), size: 32
    });
    call!(c, "mount_setattr", -1, c"x", 0, attr.as_ptr(), 32)
        .fails(EBADF, args! { dirfd: -1, pathname: "x", flags: "0", attr: shown.clone(), size: 32 });
    close(tree);
    let tree = call!(c, "open_tree_attr", AT_FDCWD, &from, 1, attr.as_ptr(), 32)
        .ok(args! { dirfd: -100, path: &from, flags: "OPEN_TREE_CLONE", attr: shown, size: 32 });
    close(tree as i32);
}

fn contexts(c: &Caller) {
    let folder = c.path("mounted");
    let fd = call!(c, "fsopen", c"tmpfs", 1).ok(args! { fsname: "tmpfs", flags: "FSOPEN_CLOEXEC" }) as i32;
    call!(c, "fsopen", c"no such file system", 0).fails(ENODEV, args! { fsname: "no such file system", flags: "0" });
    call!(c, "fsconfig", fd, 1, c"size", c"1m", 0).ok(args! {
        fd: fd, cmd: "FSCONFIG_SET_STRING", key: "size", value_bytebuf: c"1m".as_ptr(), value_charbuf: "1m", aux: 0
    });
    call!(c, "fsconfig", fd, 0, c"ro", 0, 0).ok(args! {
        fd: fd, cmd: "FSCONFIG_SET_FLAG", key: "ro", value_bytebuf: 0, value_charbuf: (), aux: 0
    });
    call!(c, "fsconfig", fd, 3, c"path", c"/x", -1).is(args! {
        fd: fd, cmd: "FSCONFIG_SET_PATH", key: "path", value_bytebuf: c"/x".as_ptr(), value_charbuf: "/x", aux: -1
    });
    call!(c, "fsconfig", fd, 6, 0, 0, 0).ok(args! {
        fd: fd, cmd: "FSCONFIG_CMD_CREATE", key: (), value_bytebuf: 0, value_charbuf: (), aux: 0
    });
    let mount = call!(c, "fsmount", fd, 1, 2 | 8).ok(args! {
        fsfd: fd, flags: "FSMOUNT_CLOEXEC", attr_flags: "MOUNT_ATTR_NOSUID|MOUNT_ATTR_NOEXEC"
    }) as i32;
    call!(c, "move_mount", mount, c"", AT_FDCWD, &folder, 4).ok(args! {
        from_dirfd: mount, from_path: "", to_dirfd: -100, to_path: &folder, flags: "MOVE_MOUNT_F_EMPTY_PATH"
    });
    let again = call!(c, "fspick", AT_FDCWD, &folder, 1 | 2).ok(args! {
        dirfd: -100, path: &folder, flags: "FSPICK_CLOEXEC|FSPICK_SYMLINK_NOFOLLOW"
    });
    call!(c, "fsmount", again, 0, 0).is(args! { fsfd: again, flags: "0", attr_flags: "0" });
    [fd, mount, again as i32].into_iter().for_each(close);
}

/// `struct mnt_id_req`: its size, the mount, a parameter, a namespace. The agent shows the first version of it.
fn request(mount: u64, parameter: u64) -> [u64; 3] {
    [24, mount, parameter]
}

fn statistics(c: &Caller) {
    // All mounts below the root of the namespace.
    let all = request(u64::MAX, 0);
    let mut ids = [0_u64; 3];
    let made = call!(c, "listmount", all.as_ptr(), ids.as_mut_ptr(), 3, 0);
    let count = made.ret() as usize;
    assert!((1..=3).contains(&count));
    made.ok(args! { req: whole(bytes_of(&all)), mnt_ids: json!(ids[..count]), nr_mnt_ids: 3, flags: 0 });
    let mut buf = [0_u64; 128];
    let one = request(ids[0], 0x3);
    call!(c, "statmount", one.as_ptr(), buf.as_mut_ptr(), 1024, 0)
        .ok(args! { req: whole(bytes_of(&one)), smbuf: buf.as_ptr(), bufsize: 1024, flags: 0 });
    call!(c, "statmount", one.as_ptr(), buf.as_mut_ptr(), 1024, 1)
        .fails(EINVAL, args! { req: whole(bytes_of(&one)), smbuf: buf.as_ptr(), bufsize: 1024, flags: 1 });
}

fn pivot(c: &Caller) {
    let root = c.path("root");
    // SAFETY: the namespace is this process's own.
    let mounted = unsafe { mount(c"root".as_ptr(), root.as_ptr(), c"tmpfs".as_ptr(), 0, std::ptr::null()) };
    assert_eq!(mounted, 0);
    fs::create_dir_all(c.folder().join("root/old")).expect("it was mounted just now");
    let old = c.path("root/old");
    call!(c, "pivot_root", &root, c"/no/such/folder")
        .fails(ENOENT, args! { new_root: &root, put_old: "/no/such/folder" });
    call!(c, "pivot_root", &root, &old).ok(args! { new_root: &root, put_old: &old });
}
