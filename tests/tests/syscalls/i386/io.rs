// SPDX-License-Identifier: Apache-2.0
//! Reading, writing, waiting and sending.

use std::os::{fd::AsRawFd as _, unix::net::UnixDatagram};

use libc::*;
use serde_json::{Value, json};

use super::low::{At, Low};
use crate::{
    caller::{Caller, Fault, args, call32},
    desc::Pipe,
    file::{close, open},
};

pub(super) fn cases(c: &Caller) {
    c.each(&[plain, vectors, copies, control, polling, selecting, epoll, multiplexer, messages]);
}

fn plain(c: &Caller) {
    let low = Low::new();
    c.file("i386-plain", b"");
    let fd = open(c, "i386-plain", O_RDWR);
    call32!(c, "write", fd, low.put(b"thirty-two"), 10).ok(args! { fd: fd, data: "thirty-two", size: 10 });
    call32!(c, "pwrite64", fd, low.put(b"far"), 3, 7, 2)
        .ok(args! { fd: fd, data: "far", size: 3, pos_lo: 7, pos_hi: 2 });
    let buf = low.room(16);
    call32!(c, "pread64", fd, buf, 16, 7, 2).ok(args! { fd: fd, data: "far", size: 16, pos_lo: 7, pos_hi: 2 });
    call32!(c, "pread64", fd, buf, 4, 0, 0).ok(args! { fd: fd, data: "thir", size: 4, pos_lo: 0, pos_hi: 0 });
    call32!(c, "read", -1, buf, 4).fails(EBADF, args! { fd: -1, data: (), size: 4 });
    call32!(c, "write", fd, 0x10, u32::MAX).fails(EFAULT, args! { fd: fd, data: Fault, size: u32::MAX });
    close(fd);
}

/// `struct compat_iovec`s of buffers.
fn vector(low: &Low, parts: &[(At, u32)]) -> At {
    low.words(&parts.iter().flat_map(|(at, len)| [at.0, *len]).collect::<Vec<_>>())
}

fn vectors(c: &Caller) {
    let low = Low::new();
    c.file("i386-vectors", b"");
    let fd = open(c, "i386-vectors", O_RDWR);
    let parts = vector(&low, &[(low.put(b"one "), 4), (low.put(b""), 0), (low.put(b"two"), 3)]);
    call32!(c, "writev", fd, parts, 3).ok(args! { fd: fd, data: "one two", iovcnt: 3 });
    call32!(c, "pwritev", fd, parts, 3, 1, 1).ok(args! { fd: fd, data: "one two", iovcnt: 3, pos_lo: 1, pos_hi: 1 });
    call32!(c, "pwritev2", fd, parts, 3, -1, -1, RWF_SYNC).ok(args! {
        fd: fd, data: "one two", iovcnt: 3, pos_lo: u32::MAX, pos_hi: u32::MAX, flags: "RWF_SYNC"
    });
    let room = vector(&low, &[(low.room(2), 2), (low.room(30), 30)]);
    call32!(c, "preadv", fd, room, 2, 1, 1).ok(args! { fd: fd, data: "one two", iovcnt: 2, pos_lo: 1, pos_hi: 1 });
    call32!(c, "preadv2", fd, room, 1, 5, 1, 0)
        .ok(args! { fd: fd, data: "tw", iovcnt: 1, pos_lo: 5, pos_hi: 1, flags: "0" });
    call32!(c, "lseek", fd, 0, SEEK_SET).ok(args! { fd: fd, offset: 0, whence: "SEEK_SET" });
    let room = vector(&low, &[(low.room(4), 4), (low.room(3), 3)]);
    call32!(c, "readv", fd, room, 2).ok(args! { fd: fd, data: "one two", iovcnt: 2 });
    let pipe = Pipe::new();
    call32!(c, "vmsplice", pipe.write, parts, 3, 0)
        .ok(args! { fd: pipe.write, iov: "one two", nr_segs: 3, flags: "0" });
    let (here, there) = (vector(&low, &[(low.room(4), 4)]), vector(&low, &[(low.put(b"mine"), 4)]));
    call32!(c, "process_vm_readv", c.pid(), here, 1, there, 1, 0).ok(args! {
        pid: c.pid(), data: "mine", liovcnt: 1, remote_iov: there.0, riovcnt: 1, flags: 0
    });
    call32!(c, "process_vm_writev", c.pid(), here, 1, there, 1, 0).ok(args! {
        pid: c.pid(), data: "mine", liovcnt: 1, remote_iov: there.0, riovcnt: 1, flags: 0
    });
    call32!(c, "readv", fd, 0x10, 2).fails(EFAULT, args! { fd: fd, data: (), iovcnt: 2 });
    close(fd);
}

fn copies(c: &Caller) {
    let low = Low::new();
    c.file("i386-from", b"0123456789");
    c.file("i386-to", b"");
    let (from, to) = (open(c, "i386-from", O_RDONLY), open(c, "i386-to", O_RDWR));
    let offset = low.words(&[3, 0xffff_ffff]);
    call32!(c, "sendfile", to, from, offset, 4).ok(args! { out_fd: to, in_fd: from, offset: 7, size: 4 });
    let offset = low.wide(&[1]);
    call32!(c, "sendfile64", to, from, offset, 4).ok(args! { out_fd: to, in_fd: from, offset: 5, size: 4 });
    assert_eq!(offset.u64(0), 5);
    close(from);
    close(to);
}

fn control(c: &Caller) {
    let low = Low::new();
    c.file("i386-control", b"");
    let fd = open(c, "i386-control", O_RDWR);
    call32!(c, "fcntl", fd, F_SETFL, O_APPEND).ok(args! { fd: fd, cmd: "F_SETFL", arg: O_APPEND });
    // struct compat_flock64: type and whence, start, length, owner.
    let lock = low.words(&[1, 0, 0, 0, 0, 0]);
    call32!(c, "fcntl64", fd, 13, lock).ok(args! { fd: fd, cmd: "F_SETLK64", arg: lock.0 });
    call32!(c, "ioctl", fd, TCGETS, 0x10).fails(ENOTTY, args! { fd: fd, request: "TCGETS", argument: 0x10 });
    close(fd);
    let ends = low.room(8);
    let made = call32!(c, "pipe", ends);
    let fds = [ends.i32(0), ends.i32(4)];
    made.ok(args! { fds: json!(fds) });
    fds.into_iter().for_each(close);
}

fn polling(c: &Caller) {
    let low = Low::new();
    let pipe = Pipe::new();
    pipe.fill(b"x");
    // struct pollfd: the events are two 16-bit numbers.
    let fds = low.words(&[pipe.read as u32, u32::from(POLLIN.cast_unsigned())]);
    let shown = json!([{ "fd": pipe.read, "events": "POLLIN", "revents": "POLLIN" }]);
    call32!(c, "poll", fds, 1, -1).ok(args! { fds: shown.clone(), nfds: 1, timeout: -1 });
    let limit = low.wide(&[3, 4]);
    let mask = low.wide(&[1 << (SIGUSR1 - 1)]);
    let made = call32!(c, "ppoll_time64", fds, 1, limit, mask, 8);
    made.ok(args! {
        fds: shown.clone(),
        nfds: 1,
        timeout: json!({ "tv_sec": limit.u64(0), "tv_nsec": limit.u64(8) }),
        sigmask: json!(["SIGUSR1"]),
        sigsetsize: 8,
    });
    let limit = low.words(&[3, 4]);
    call32!(c, "ppoll", fds, 1, limit, 0, 0).ok(args! {
        fds: shown,
        nfds: 1,
        timeout: json!({ "tv_sec": limit.i32(0), "tv_nsec": limit.i32(4) }),
        sigmask: (),
        sigsetsize: 0,
    });
}

fn selecting(c: &Caller) {
    let low = Low::new();
    let pipe = Pipe::new();
    pipe.fill(b"x");
    let nfds = pipe.read + 1;
    let set = || {
        let mut words = [0_u32; 4];
        words[pipe.read as usize / 32] = 1 << (pipe.read % 32);
        low.words(&words)
    };
    // struct compat_sel_arg_struct
    let (reading, limit) = (set(), low.words(&[1, 2]));
    let arg = low.words(&[nfds as u32, reading.0, 0, 0, limit.0]);
    call32!(c, "select", arg).ok(args! {
        arg: json!({ "n": nfds, "inp": reading.0, "outp": 0, "exp": 0, "tvp": limit.0 })
    });
    let (reading, except, limit) = (set(), set(), low.words(&[1, 2]));
    call32!(c, "_newselect", nfds, reading, 0, except, limit).ok(args! {
        nfds: nfds,
        readfds: json!([pipe.read]),
        writefds: (),
        exceptfds: json!([]),
        timeout: json!({ "tv_sec": limit.i32(0), "tv_usec": limit.i32(4) }),
    });
    let pair = low.words(&[0, 0]);
    let (reading, limit) = (set(), low.words(&[1, 2]));
    call32!(c, "pselect6", nfds, reading, 0, 0, limit, pair).ok(args! {
        nfds: nfds,
        readfds: json!([pipe.read]),
        writefds: (),
        exceptfds: (),
        timeout: json!({ "tv_sec": limit.i32(0), "tv_nsec": limit.i32(4) }),
        sigmask: pair.0,
    });
    let (reading, limit) = (set(), low.wide(&[1, 2]));
    call32!(c, "pselect6_time64", nfds, reading, 0, 0, limit, pair).ok(args! {
        nfds: nfds,
        readfds: json!([pipe.read]),
        writefds: (),
        exceptfds: (),
        timeout: json!({ "tv_sec": limit.u64(0), "tv_nsec": limit.u64(8) }),
        sigmask: pair.0,
    });
}

fn epoll(c: &Caller) {
    let low = Low::new();
    let pipe = Pipe::new();
    pipe.fill(b"x");
    let epfd = call32!(c, "epoll_create1", 0).ok(args! { flags: "0" }) as i32;
    // struct epoll_event: three words.
    let event = low.words(&[EPOLLIN as u32, 0x5566_7788, 0x1122_3344]);
    let shown = json!({ "events": "EPOLLIN", "data": 0x1122_3344_5566_7788_u64 });
    call32!(c, "epoll_ctl", epfd, EPOLL_CTL_ADD, pipe.read, event)
        .ok(args! { epfd: epfd, op: "EPOLL_CTL_ADD", fd: pipe.read, event: shown.clone() });
    let events = low.room(24);
    call32!(c, "epoll_wait", epfd, events, 2, 0)
        .ok(args! { epfd: epfd, events: json!([shown]), maxevents: 2, timeout: 0 });
    close(epfd);
}

fn multiplexer(c: &Caller) {
    let low = Low::new();
    // Its arguments are in memory.
    let list = low.words(&[AF_UNIX as u32, SOCK_STREAM as u32, 0]);
    let fd = call32!(c, "socketcall", 1, list).ok(args! { call: "SYS_SOCKET", args: list.0 });
    close(fd as i32);
    call32!(c, "socketcall", 99, list).fails(EINVAL, args! { call: "99", args: list.0 });
    let fd = call32!(c, "socket", AF_INET, SOCK_DGRAM, 0)
        .ok(args! { domain: "AF_INET", type: "SOCK_DGRAM", proto: "IPPROTO_IP" }) as i32;
    let addr = low.put(&[2, 0, 0x1f, 0x90, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    call32!(c, "connect", fd, addr, 16).ok(args! {
        fd: fd, addr: json!({ "family": "AF_INET", "addr": "127.0.0.1", "port": 8080 }), addrlen: 16
    });
    let (peer, len) = (low.room(16), low.words(&[16]));
    call32!(c, "getpeername", fd, peer, len).ok(args! {
        fd: fd, addr: json!({ "family": "AF_INET", "addr": "127.0.0.1", "port": 8080 }), addrlen: 16
    });
    let (value, len) = (low.room(4), low.words(&[4]));
    call32!(c, "getsockopt", fd, SOL_SOCKET, SO_TYPE, value, len).ok(args! {
        fd: fd, level: "SOL_SOCKET", optname: "SO_TYPE", val: "\u{2}\0\0\0", optlen: 4
    });
    close(fd);
}

/// How a message is shown.
fn message(data: &str, control: Value) -> Value {
    json!({ "name": null, "data": data, "control": control, "flags": "0" })
}

fn messages(c: &Caller) {
    let low = Low::new();
    let (one, two) = UnixDatagram::pair().expect("pairs can be made");
    let (one_fd, two_fd) = (one.as_raw_fd(), two.as_raw_fd());
    let rights = |fd: i32| json!([{ "level": "SOL_SOCKET", "type": "SCM_RIGHTS", "len": 16, "fds": [fd] }]);
    let parts = vector(&low, &[(low.put(b"compat "), 7), (low.put(b"message"), 7)]);
    // struct compat_cmsghdr: length, level, kind, and the descriptor.
    let passed = low.words(&[16, SOL_SOCKET as u32, SCM_RIGHTS as u32, one_fd as u32]);
    // struct compat_msghdr: name and its length, vector and its, control and its, flags.
    let header = low.words(&[0, 0, parts.0, 2, passed.0, 16, 0]);
    call32!(c, "sendmsg", one_fd, header, MSG_NOSIGNAL)
        .ok(args! { fd: one_fd, msg: message("compat message", rights(one_fd)), flags: "MSG_NOSIGNAL" });
    let (data, space) = (low.room(64), low.room(64));
    let parts = vector(&low, &[(data, 64)]);
    let header = low.words(&[0, 0, parts.0, 1, space.0, 64, 0]);
    let made = call32!(c, "recvmsg", two_fd, header, 0);
    let fd = space.i32(12);
    // The kernel leaves its own mark of 32-bit callers in the flags.
    made.ok(args! {
        fd: two_fd,
        msg: json!({ "name": null, "data": "compat message", "control": rights(fd), "flags": flags_of(header) }),
        flags: "0",
    });
    close(fd);
    call32!(c, "sendto", one_fd, low.put(b"plain"), 5, 0, 0, 0)
        .ok(args! { fd: one_fd, data: "plain", size: 5, flags: "0", addr: (), addrlen: 0 });
    // struct compat_mmsghdr: the header and a length.
    let many = low.words(&[0, 0, parts.0, 1, 0, 0, 0, 0]);
    let limit = low.wide(&[1, 0]);
    let made = call32!(c, "recvmmsg_time64", two_fd, many, 1, 0, limit);
    assert_eq!((made.ret(), many.u32(28)), (1, 5));
    made.ok(args! {
        fd: two_fd,
        msgvec: json!({ "name": null, "data": "plain", "control": null, "flags": flags_of(many) }),
        vlen: 1,
        flags: "0",
        timeout: json!({ "tv_sec": limit.u64(0), "tv_nsec": limit.u64(8) }),
    });
    call32!(c, "sendto", one_fd, low.put(b"narrow"), 6, 0, 0, 0)
        .ok(args! { fd: one_fd, data: "narrow", size: 6, flags: "0", addr: (), addrlen: 0 });
    let limit = low.words(&[1, 0]);
    call32!(c, "recvmmsg", two_fd, many, 1, MSG_PEEK, limit).ok(args! {
        fd: two_fd,
        msgvec: json!({ "name": null, "data": "narrow", "control": null, "flags": flags_of(many) }),
        vlen: 1,
        flags: "MSG_PEEK",
        timeout: json!({ "tv_sec": limit.i32(0), "tv_nsec": limit.i32(4) }),
    });
    call32!(c, "recvfrom", two_fd, data, 64, 0, 0, 0)
        .ok(args! { fd: two_fd, data: "narrow", size: 64, flags: "0", addr: (), addrlen: () });
    let parts = vector(&low, &[(low.put(b"first"), 5)]);
    let many = low.words(&[0, 0, parts.0, 1, 0, 0, 0, 0, 0, 0, parts.0, 1, 0, 0, 0, 0]);
    call32!(c, "sendmmsg", one_fd, many, 2, 0)
        .ok(args! { fd: one_fd, msgvec: message("first", Value::Null), vlen: 2, flags: "0" });
}

/// The flags of a received `struct compat_msghdr`.
fn flags_of(header: At) -> &'static str {
    match header.u32(24) {
        0 => "0",
        0x8000_0000 => "MSG_CMSG_COMPAT",
        other => panic!("{other:#x} is not expected"),
    }
}
