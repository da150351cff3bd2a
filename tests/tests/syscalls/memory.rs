// SPDX-License-Identifier: Apache-2.0
//! Address spaces.

use libc::*;
use serde_json::json;

use crate::{
    caller::{Caller, Fault, args, call, whole},
    file::{close, open},
    io::vector,
    structs::bytes_of,
};

pub(crate) fn cases(c: &Caller) {
    c.each(&[mapping, advice, locking, keys, files, other_processes, policies, sealing]);
}

// include/uapi/linux/mempolicy.h
const MPOL_F_ADDR: i32 = 2;
const MPOL_MF_MOVE: i32 = 2;

/// Bytes of a page.
const PAGE: u64 = 4096;

/// Some pages of memory, and their address.
fn pages(count: u64) -> u64 {
    // SAFETY: new memory, at a place that the kernel chooses.
    let at = unsafe {
        mmap(
            std::ptr::null_mut(),
            (count * PAGE) as usize,
            PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
            -1,
            0,
        )
    };
    assert_ne!(at, MAP_FAILED);
    at.expose_provenance() as u64
}

/// Gives pages back.
fn unmap(at: u64, count: u64) {
    // SAFETY: nobody uses the memory that cases map.
    unsafe {
        munmap(std::ptr::with_exposed_provenance_mut(at as usize), (count * PAGE) as usize);
    }
}

fn mapping(c: &Caller) {
    c.file("mapped", &[b'm'; 8192]);
    let fd = open(c, "mapped", O_RDWR);
    let at = call!(c, "mmap", 0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, PAGE).ok(args! {
        addr: 0, length: 8192, prot: "PROT_READ|PROT_WRITE", flags: "MAP_SHARED", fd: fd, offset: PAGE
    });
    call!(c, "msync", at, PAGE, MS_SYNC | MS_INVALIDATE)
        .ok(args! { addr: at, length: PAGE, flags: "MS_INVALIDATE|MS_SYNC" });
    call!(c, "remap_file_pages", at, PAGE, 0, 0, 0)
        .is(args! { addr: at, size: PAGE, prot: "PROT_NONE", pgoff: 0, flags: "MAP_FILE" });
    call!(c, "munmap", at, 8192).ok(args! { addr: at, length: 8192 });
    call!(c, "munmap", 1, 8192).fails(EINVAL, args! { addr: 1, length: 8192 });
    close(fd);
    let anonymous = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK;
    let at = call!(c, "mmap", 0, 3 * PAGE, PROT_NONE, anonymous, -1, 0).ok(args! {
        addr: 0,
        length: 3 * PAGE,
        prot: "PROT_NONE",
        flags: "MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE|MAP_STACK",
        fd: -1,
        offset: 0,
    });
    call!(c, "mprotect", at, PAGE, PROT_READ | PROT_EXEC)
        .ok(args! { addr: at, length: PAGE, prot: "PROT_READ|PROT_EXEC" });
    call!(c, "mprotect", at + 1, PAGE, PROT_READ)
        .fails(EINVAL, args! { addr: at + 1, length: PAGE, prot: "PROT_READ" });
    let place = at + 2 * PAGE as i64;
    call!(c, "mremap", at, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place).ok(args! {
        old_address: at, old_size: PAGE, new_size: PAGE, flags: "MREMAP_MAYMOVE|MREMAP_FIXED", new_address: place
    });
    call!(c, "munmap", at, 3 * PAGE).ok(args! { addr: at, length: 3 * PAGE });
    let huge = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_2MB;
    let at = call!(c, "mmap", 0, 2 << 20, PROT_READ, huge, -1, 0).is(args! {
        addr: 0,
        length: 2 << 20,
        prot: "PROT_READ",
        flags: "MAP_PRIVATE|MAP_ANONYMOUS|MAP_HUGETLB|MAP_HUGE_2MB",
        fd: -1,
        offset: 0,
    });
    if at > 0 {
        unmap(at.cast_unsigned(), 512);
    }
    call!(c, "mmap", 0, 0, PROT_READ, MAP_PRIVATE, 99, 0)
        .fails(EBADF, args! { addr: 0, length: 0, prot: "PROT_READ", flags: "MAP_PRIVATE", fd: 99, offset: 0 });
    call!(c, "brk", 0).ok(args! { addr: 0 });
    call!(c, "map_shadow_stack", 0, PAGE, 0x10).is(args! { addr: 0, size: PAGE, flags: 0x10 });
}

fn advice(c: &Caller) {
    let at = pages(2);
    call!(c, "madvise", at, PAGE, MADV_DONTFORK).ok(args! { addr: at, length: PAGE, advice: "MADV_DONTFORK" });
    call!(c, "madvise", at, PAGE, 4242).fails(EINVAL, args! { addr: at, length: PAGE, advice: "4242" });
    let mut resident = [0_u8; 2];
    call!(c, "mincore", at, 2 * PAGE, resident.as_mut_ptr())
        .ok(args! { addr: at, length: 2 * PAGE, vec: resident.as_ptr() });
    assert_eq!(resident, [1, 1]);
    unmap(at, 2);
}

fn locking(c: &Caller) {
    let at = pages(2);
    call!(c, "mlock", at, PAGE).ok(args! { addr: at, len: PAGE });
    call!(c, "mlock2", at, PAGE, MLOCK_ONFAULT as i32).ok(args! { addr: at, len: PAGE, flags: "MLOCK_ONFAULT" });
    call!(c, "munlock", at, PAGE).ok(args! { addr: at, len: PAGE });
    unmap(at, 2);
    c.in_child(|c| {
        call!(c, "mlockall", MCL_CURRENT | MCL_ONFAULT).ok(args! { flags: "MCL_CURRENT|MCL_ONFAULT" });
        call!(c, "munlockall").ok(args! {});
        call!(c, "mlockall", 0).fails(EINVAL, args! { flags: "0" });
    });
}

fn keys(c: &Caller) {
    let at = pages(1);
    // Machines without protection keys have none to give.
    let key = call!(c, "pkey_alloc", 0, 2).is(args! { flags: 0, access_rights: "PKEY_DISABLE_WRITE" });
    call!(c, "pkey_mprotect", at, PAGE, PROT_READ, -1).ok(args! { addr: at, len: PAGE, prot: "PROT_READ", pkey: -1 });
    call!(c, "pkey_mprotect", at, PAGE, PROT_READ, 14)
        .fails(EINVAL, args! { addr: at, len: PAGE, prot: "PROT_READ", pkey: 14 });
    let key = key.max(9);
    call!(c, "pkey_free", key).is(args! { pkey: key });
    unmap(at, 1);
}

fn files(c: &Caller) {
    let fd = call!(c, "memfd_create", c"in memory", MFD_CLOEXEC | MFD_ALLOW_SEALING)
        .ok(args! { name: "in memory", flags: "MFD_CLOEXEC|MFD_ALLOW_SEALING" });
    close(fd as i32);
    call!(c, "memfd_create", 0x10, 0).fails(EFAULT, args! { name: Fault, flags: "0" });
    let fd = call!(c, "memfd_secret", O_CLOEXEC).is(args! { flags: "O_RDONLY|O_CLOEXEC" });
    if fd >= 0 {
        close(fd as i32);
    }
    let fd = call!(c, "userfaultfd", O_NONBLOCK | 1).ok(args! { flags: "UFFD_USER_MODE_ONLY|O_NONBLOCK" });
    close(fd as i32);
    call!(c, "membarrier", 0, 0, 0).ok(args! { cmd: "MEMBARRIER_CMD_QUERY", flags: "0", cpu_id: 0 });
    call!(c, "membarrier", 16, 0, 0)
        .ok(args! { cmd: "MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED", flags: "0", cpu_id: 0 });
    call!(c, "membarrier", 8, 1, 1)
        .fails(EINVAL, args! { cmd: "MEMBARRIER_CMD_PRIVATE_EXPEDITED", flags: "MEMBARRIER_CMD_FLAG_CPU", cpu_id: 1 });
}

fn other_processes(c: &Caller) {
    let at = pages(2);
    // SAFETY: a descriptor of this process.
    let pidfd = unsafe { syscall(SYS_pidfd_open, c.pid(), 0) } as i32;
    let range = [iovec { iov_base: std::ptr::with_exposed_provenance_mut(at as usize), iov_len: PAGE as usize }];
    call!(c, "process_madvise", pidfd, range.as_ptr(), 1, MADV_COLD, 0).ok(args! {
        pidfd: pidfd, iovec: range.as_ptr(), vlen: 1, advice: "MADV_COLD", flags: 0
    });
    // Only of a process that is ending.
    call!(c, "process_mrelease", pidfd, 0).fails(EINVAL, args! { pidfd: pidfd, flags: 0 });
    close(pidfd);

    let (from, mut to) = (*b"remote bytes", [0_u8; 12]);
    let there = [vector(&from)];
    let here = [
        iovec { iov_base: to.as_mut_ptr().cast(), iov_len: 6 },
        iovec { iov_base: to.as_mut_ptr().wrapping_add(6).cast(), iov_len: 6 },
    ];
    call!(c, "process_vm_readv", c.pid(), here.as_ptr(), 2, there.as_ptr(), 1, 0).ok(args! {
        pid: c.pid(), data: "remote bytes", liovcnt: 2, remote_iov: there.as_ptr(), riovcnt: 1, flags: 0
    });
    assert_eq!(to, from);
    let there = [iovec { iov_base: to.as_mut_ptr().cast(), iov_len: 12 }];
    let here = [vector(b"new "), vector(b"bytes")];
    call!(c, "process_vm_writev", c.pid(), here.as_ptr(), 2, there.as_ptr(), 1, 0).ok(args! {
        pid: c.pid(), data: "new bytes", liovcnt: 2, remote_iov: there.as_ptr(), riovcnt: 1, flags: 0
    });
    assert_eq!(&to, b"new bytestes");
    call!(c, "process_vm_readv", c.pid(), here.as_ptr(), 2, there.as_ptr(), 1, 4)
        .fails(EINVAL, args! { pid: c.pid(), data: (), liovcnt: 2, remote_iov: there.as_ptr(), riovcnt: 1, flags: 4 });
    unmap(at, 2);
}

fn policies(c: &Caller) {
    let at = pages(2);
    let node = 1_u64;
    call!(c, "mbind", at, PAGE, MPOL_PREFERRED | MPOL_F_STATIC_NODES, &raw const node, 64, MPOL_MF_MOVE).ok(args! {
        addr: at,
        len: PAGE,
        mode: "MPOL_PREFERRED|MPOL_F_STATIC_NODES",
        nodemask: whole(bytes_of(&node)),
        maxnode: 64,
        flags: "MPOL_MF_MOVE",
    });
    call!(c, "set_mempolicy_home_node", at, PAGE, 0, 0).is(args! { start: at, len: PAGE, home_node: 0, flags: 0 });
    let (mut mode, mut nodes) = (-1_i32, u64::MAX);
    call!(c, "get_mempolicy", &raw mut mode, &raw mut nodes, 64, at, MPOL_F_ADDR).ok(args! {
        mode: mode, nodemask: whole(bytes_of(&nodes)), maxnode: 64, addr: at, flags: "MPOL_F_ADDR"
    });
    assert_eq!(nodes, 1);
    call!(c, "get_mempolicy", &raw mut mode, 0, 0, 0, 0x20)
        .fails(EINVAL, args! { mode: (), nodemask: (), maxnode: 0, addr: 0, flags: "0x20" });
    c.in_child(|c| {
        call!(c, "set_mempolicy", MPOL_BIND, &raw const node, 64)
            .ok(args! { mode: "MPOL_BIND", nodemask: whole(bytes_of(&node)), maxnode: 64 });
        call!(c, "set_mempolicy", MPOL_DEFAULT, 0, 0).ok(args! { mode: "MPOL_DEFAULT", nodemask: (), maxnode: 0 });
        call!(c, "migrate_pages", 0, 64, &raw const node, &raw const node).ok(args! {
            pid: 0, maxnode: 64, old_nodes: &raw const node, new_nodes: whole(bytes_of(&node))
        });
    });
    let (list, to, mut status) = ([at, at + PAGE], [0_i32, 0], [-7_i32; 2]);
    call!(c, "move_pages", 0, 2, list.as_ptr(), to.as_ptr(), status.as_mut_ptr(), MPOL_MF_MOVE).ok(args! {
        pid: 0,
        count: 2,
        pages: list.as_ptr(),
        nodes: json!([0, 0]),
        status: whole(bytes_of(&status)),
        flags: "MPOL_MF_MOVE",
    });
    assert_eq!(status, [0, 0]);
    unmap(at, 2);
}

fn sealing(c: &Caller) {
    let at = pages(1);
    c.in_child(|c| {
        call!(c, "mseal", at, PAGE, 0).ok(args! { addr: at, len: PAGE, flags: 0 });
        call!(c, "munmap", at, PAGE).fails(EPERM, args! { addr: at, length: PAGE });
        call!(c, "mseal", at, PAGE, 1).fails(EINVAL, args! { addr: at, len: PAGE, flags: 1 });
    });
    unmap(at, 1);
}
