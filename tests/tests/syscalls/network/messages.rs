// SPDX-License-Identifier: Apache-2.0
//! `struct msghdr` and what it carries.

use std::{
    io::Write as _,
    net::{TcpListener, TcpStream, UdpSocket},
    os::{fd::AsRawFd as _, unix::net::UnixDatagram},
    ptr,
};

use libc::*;
use serde_json::{Value, json};

use super::loopback;
use crate::{
    caller::{Caller, Cut, Fault, args, call},
    file::close,
    io::vector,
    structs::{self, bytes_of, zeroed},
};

pub(crate) fn cases(c: &Caller) {
    c.each(&[datagrams, streams, control, many]);
}

/// A message of these buffers.
fn message(parts: &[iovec]) -> msghdr {
    let mut message: msghdr = zeroed();
    message.msg_iov = parts.as_ptr().cast_mut();
    message.msg_iovlen = parts.len();
    message
}

/// Room for bytes.
fn room(bytes: &mut [u8]) -> iovec {
    iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() }
}

/// How a message without an address and control data is shown.
fn bare(data: &str, flags: &str) -> Value {
    json!({ "name": null, "data": data, "control": null, "flags": flags })
}

fn datagrams(c: &Caller) {
    let (one, two) = (UdpSocket::bind("127.0.0.1:0"), UdpSocket::bind("127.0.0.1:0"));
    let (one, two) = (one.expect("there is a loopback interface"), two.expect("there is a loopback interface"));
    let port = |socket: &UdpSocket| socket.local_addr().expect("it is bound").port();
    let ((mut to, to_shown), (_, from_shown)) = (loopback(port(&two)), loopback(port(&one)));
    let parts = [vector(b"first "), vector(b"second")];
    let mut sent = message(&parts);
    (sent.msg_name, sent.msg_namelen) = ((&raw mut to).cast(), 16);
    let shown = json!({ "name": to_shown, "data": "first second", "control": null, "flags": "0" });
    for _ in 0..2 {
        call!(c, "sendmsg", one.as_raw_fd(), &raw const sent, MSG_NOSIGNAL)
            .ok(args! { fd: one.as_raw_fd(), msg: shown.clone(), flags: "MSG_NOSIGNAL" });
    }
    let (mut from, mut head, mut tail): (sockaddr_storage, _, _) = (zeroed(), [0; 4], [0; 100]);
    let parts = [room(&mut head), room(&mut tail)];
    let mut received = message(&parts);
    (received.msg_name, received.msg_namelen) = ((&raw mut from).cast(), 128);
    call!(c, "recvmsg", two.as_raw_fd(), &raw mut received, 0).ok(args! {
        fd: two.as_raw_fd(),
        msg: json!({ "name": from_shown, "data": "first second", "control": null, "flags": "0" }),
        flags: "0",
    });
    // Room for a part of it only.
    let mut received = message(&parts[..1]);
    let made = call!(c, "recvmsg", two.as_raw_fd(), &raw mut received, MSG_TRUNC);
    assert_eq!(made.ret(), 12);
    made.ok(args! { fd: two.as_raw_fd(), msg: Cut(bare("firs", "MSG_TRUNC")), flags: "MSG_TRUNC" });
    call!(c, "recvmsg", two.as_raw_fd(), &raw mut received, MSG_DONTWAIT)
        .fails(EAGAIN, args! { fd: two.as_raw_fd(), msg: (), flags: "MSG_DONTWAIT" });
    call!(c, "sendmsg", one.as_raw_fd(), 0x10, 0).fails(EFAULT, args! { fd: one.as_raw_fd(), msg: Fault, flags: "0" });
    call!(c, "sendmsg", -1, &raw const sent, 0).fails(EBADF, args! { fd: -1, msg: shown, flags: "0" });
}

/// A stream has no sender to name, though there is room for one.
fn streams(c: &Caller) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a loopback interface");
    let one = TcpStream::connect(listener.local_addr().expect("it is bound")).expect("somebody listens");
    let (two, _) = listener.accept().expect("somebody connected");
    (&one).write_all(b"streamed").expect("somebody reads");
    let (mut from, mut buf): (sockaddr_storage, _) = (zeroed(), [0; 64]);
    let parts = [room(&mut buf)];
    let mut received = message(&parts);
    (received.msg_name, received.msg_namelen) = ((&raw mut from).cast(), 128);
    let made = call!(c, "recvmsg", two.as_raw_fd(), &raw mut received, 0);
    assert_eq!(received.msg_namelen, 0);
    made.ok(args! {
        fd: two.as_raw_fd(),
        msg: json!({ "name": { "data": "" }, "data": "streamed", "control": null, "flags": "0" }),
        flags: "0",
    });
}

/// A control message with one descriptor, aligned as the kernel wants it.
#[repr(C)]
#[derive(Clone, Copy)]
struct Rights {
    len: usize,
    level: i32,
    kind: i32,
    fd: i32,
    pad: i32,
}

fn control(c: &Caller) {
    let (one, two) = UnixDatagram::pair().expect("pairs can be made");
    let (one_fd, two_fd) = (one.as_raw_fd(), two.as_raw_fd());
    let rights = |fd: i32| json!([{ "level": "SOL_SOCKET", "type": "SCM_RIGHTS", "len": 20, "fds": [fd] }]);
    let mut passed = Rights { len: 20, level: SOL_SOCKET, kind: SCM_RIGHTS, fd: one_fd, pad: 0 };
    let parts = [vector(b"take this")];
    let mut sent = message(&parts);
    (sent.msg_control, sent.msg_controllen) = ((&raw mut passed).cast(), 24);
    call!(c, "sendmsg", one_fd, &raw const sent, 0).ok(args! {
        fd: one_fd,
        msg: json!({ "name": null, "data": "take this", "control": rights(one_fd), "flags": "0" }),
        flags: "0",
    });
    let (mut bytes, mut space) = ([0; 64], [0_u64; 16]);
    let parts = [room(&mut bytes)];
    let mut received = message(&parts);
    (received.msg_control, received.msg_controllen) = (space.as_mut_ptr().cast(), 128);
    let made = call!(c, "recvmsg", two_fd, &raw mut received, MSG_CMSG_CLOEXEC);
    // The header takes two words; the descriptor is the first half of the third.
    let fd = i32::from_ne_bytes(bytes_of(&space)[16..20].try_into().expect("four bytes"));
    assert!(fd > 2);
    made.ok(args! {
        fd: two_fd,
        msg: json!({ "name": null, "data": "take this", "control": rights(fd), "flags": "MSG_CMSG_CLOEXEC" }),
        flags: "MSG_CMSG_CLOEXEC",
    });
    close(fd);

    // Who sent it, on request.
    let on = 1_i32;
    call!(c, "setsockopt", two_fd, SOL_SOCKET, SO_PASSCRED, &raw const on, 4).ok(args! {
        fd: two_fd, level: "SOL_SOCKET", optname: "SO_PASSCRED", val: "\u{1}\0\0\0", optlen: 4
    });
    one.send(b"who").expect("the peer is there");
    (received.msg_control, received.msg_controllen) = (space.as_mut_ptr().cast(), 128);
    call!(c, "recvmsg", two_fd, &raw mut received, 0).ok(args! {
        fd: two_fd,
        msg: json!({
            "name": null,
            "data": "who",
            "control": [
                { "level": "SOL_SOCKET", "type": "SCM_CREDENTIALS", "len": 28, "pid": c.pid(), "uid": 0, "gid": 0 },
            ],
            "flags": "0",
        }),
        flags: "0",
    });
}

/// A message in an array.
fn one_of(message: msghdr) -> mmsghdr {
    mmsghdr { msg_hdr: message, msg_len: 0 }
}

fn many(c: &Caller) {
    let (one, two) = UnixDatagram::pair().expect("pairs can be made");
    let (one_fd, two_fd) = (one.as_raw_fd(), two.as_raw_fd());
    let parts = [vector(b"message one"), vector(b"message two")];
    let mut sent = [one_of(message(&parts[..1])), one_of(message(&parts[1..]))];
    let made = call!(c, "sendmmsg", one_fd, sent.as_mut_ptr(), 2, MSG_NOSIGNAL);
    assert_eq!(made.ret(), 2);
    // The first one is shown.
    made.ok(args! { fd: one_fd, msgvec: bare("message one", "0"), vlen: 2, flags: "MSG_NOSIGNAL" });
    let (mut first, mut second) = ([0; 64], [0; 64]);
    let (parts, more) = ([room(&mut first)], [room(&mut second)]);
    let mut received = [one_of(message(&parts)), one_of(message(&more))];
    let mut limit = timespec { tv_sec: 1, tv_nsec: 0 };
    let made = call!(c, "recvmmsg", two_fd, received.as_mut_ptr(), 2, MSG_WAITFORONE, &raw mut limit);
    assert_eq!((made.ret(), received[0].msg_len), (2, 11));
    made.ok(args! {
        fd: two_fd,
        msgvec: bare("message one", "0"),
        vlen: 2,
        flags: "MSG_WAITFORONE",
        timeout: structs::timespec(&limit),
    });
    call!(c, "recvmmsg", two_fd, received.as_mut_ptr(), 2, MSG_DONTWAIT, 0)
        .fails(EAGAIN, args! { fd: two_fd, msgvec: (), vlen: 2, flags: "MSG_DONTWAIT", timeout: () });
    call!(c, "sendmmsg", -1, ptr::null::<mmsghdr>(), 1, 0)
        .fails(EBADF, args! { fd: -1, msgvec: (), vlen: 1, flags: "0" });
}
