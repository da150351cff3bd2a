// SPDX-License-Identifier: Apache-2.0
//! Sockets.

mod messages;

use std::{
    mem::offset_of,
    net::{Ipv6Addr, TcpListener, TcpStream, UdpSocket},
    os::fd::AsRawFd as _,
};

use libc::*;
use serde_json::{Value, json};

use crate::{
    caller::{Caller, Fault, args, call, data, whole},
    file::close,
    structs::{bytes_of, zeroed},
};

pub(crate) fn cases(c: &Caller) {
    c.each(&[making, tcp, tcp6, unix, other_families, datagrams, options, messages::cases]);
}

fn making(c: &Caller) {
    let fd = call!(c, "socket", AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP)
        .ok(args! { domain: "AF_INET", type: "SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC", proto: "IPPROTO_TCP" });
    close(fd as i32);
    let fd = call!(c, "socket", AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)
        .ok(args! { domain: "AF_NETLINK", type: "SOCK_RAW", proto: "NETLINK_ROUTE" });
    close(fd as i32);
    let fd = call!(c, "socket", AF_PACKET, SOCK_DGRAM, u16::to_be(ETH_P_ALL as u16))
        .ok(args! { domain: "AF_PACKET", type: "SOCK_DGRAM", proto: "htons(ETH_P_ALL)" });
    close(fd as i32);
    call!(c, "socket", 999, SOCK_STREAM, 5)
        .fails(EAFNOSUPPORT, args! { domain: "999", type: "SOCK_STREAM", proto: "5" });
    let mut pair = [-1_i32; 2];
    call!(c, "socketpair", AF_UNIX, SOCK_SEQPACKET, 0, pair.as_mut_ptr())
        .ok(args! { domain: "AF_UNIX", type: "SOCK_SEQPACKET", proto: "0", sv: json!(pair) });
    pair.into_iter().for_each(close);
    call!(c, "socketpair", AF_INET, SOCK_STREAM, 0, pair.as_mut_ptr())
        .fails(EOPNOTSUPP, args! { domain: "AF_INET", type: "SOCK_STREAM", proto: "IPPROTO_IP", sv: () });
}

/// 127.0.0.1 and a port: as the kernel has it, and in JSON.
pub(crate) fn loopback(port: u16) -> (sockaddr_in, Value) {
    let mut addr: sockaddr_in = zeroed();
    addr.sin_family = AF_INET as u16;
    addr.sin_port = port.to_be();
    addr.sin_addr.s_addr = u32::from_ne_bytes([127, 0, 0, 1]);
    (addr, json!({ "family": "AF_INET", "addr": "127.0.0.1", "port": port }))
}

/// Bytes of `struct sockaddr_in`.
const IN: u32 = 16;

fn tcp(c: &Caller) {
    // SAFETY: a new descriptor.
    let listening = unsafe { socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
    let (any, shown) = loopback(0);
    call!(c, "bind", listening, &raw const any, IN).ok(args! { fd: listening, addr: shown.clone(), addrlen: IN });
    call!(c, "bind", listening, &raw const any, IN).fails(EINVAL, args! { fd: listening, addr: shown, addrlen: IN });
    call!(c, "listen", listening, 5).ok(args! { fd: listening, backlog: 5 });
    let (mut addr, mut len): (sockaddr_in, u32) = (zeroed(), 16);
    let made = call!(c, "getsockname", listening, &raw mut addr, &raw mut len);
    let (bound, shown) = loopback(u16::from_be(addr.sin_port));
    made.ok(args! { fd: listening, addr: shown.clone(), addrlen: IN });

    // SAFETY: new descriptors.
    let (one, two) = unsafe { (socket(AF_INET, SOCK_STREAM, 0), socket(AF_INET, SOCK_STREAM, 0)) };
    call!(c, "connect", one, &raw const bound, IN).ok(args! { fd: one, addr: shown.clone(), addrlen: IN });
    call!(c, "connect", two, &raw const bound, IN).ok(args! { fd: two, addr: shown.clone(), addrlen: IN });
    call!(c, "getpeername", two, &raw mut addr, &raw mut len).ok(args! { fd: two, addr: shown, addrlen: IN });
    let closed = loopback(1);
    call!(c, "connect", -1, &raw const closed.0, IN).fails(EBADF, args! { fd: -1, addr: closed.1, addrlen: IN });

    let made = call!(c, "accept", listening, &raw mut addr, &raw mut len);
    let (_, shown) = loopback(u16::from_be(addr.sin_port));
    let served = made.ok(args! { fd: listening, addr: shown, addrlen: IN }) as i32;
    let made = call!(c, "accept4", listening, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK);
    let other = made.ok(args! { fd: listening, addr: (), addrlen: (), flags: "SOCK_NONBLOCK|SOCK_CLOEXEC" }) as i32;
    call!(c, "getpeername", listening, &raw mut addr, &raw mut len)
        .fails(ENOTCONN, args! { fd: listening, addr: (), addrlen: () });

    call!(c, "sendto", one, c"over tcp", 8, MSG_NOSIGNAL | MSG_MORE, 0, 0).ok(args! {
        fd: one, data: "over tcp", size: 8, flags: "MSG_NOSIGNAL|MSG_MORE", addr: (), addrlen: 0
    });
    call!(c, "shutdown", one, SHUT_WR).ok(args! { fd: one, how: "SHUT_WR" });
    let mut buf = [0_u8; 64];
    call!(c, "recvfrom", served, buf.as_mut_ptr(), 64, MSG_WAITALL, 0, 0).ok(args! {
        fd: served, data: "over tcp", size: 64, flags: "MSG_WAITALL", addr: (), addrlen: ()
    });
    call!(c, "recvfrom", other, buf.as_mut_ptr(), 64, 0, 0, 0)
        .fails(EAGAIN, args! { fd: other, data: (), size: 64, flags: "0", addr: (), addrlen: () });
    call!(c, "shutdown", listening, 9).fails(EINVAL, args! { fd: listening, how: "9" });
    [listening, one, two, served, other].into_iter().for_each(close);
}

fn tcp6(c: &Caller) {
    let listener = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).expect("there is a loopback interface");
    let port = listener.local_addr().expect("it is bound").port();
    let client = TcpStream::connect((Ipv6Addr::LOCALHOST, port)).expect("somebody listens");
    let (mut addr, mut len): (sockaddr_in6, u32) = (zeroed(), 28);
    call!(c, "getpeername", client.as_raw_fd(), &raw mut addr, &raw mut len).ok(args! {
        fd: client.as_raw_fd(), addr: json!({ "family": "AF_INET6", "addr": "::1", "port": port }), addrlen: 28
    });
    addr.sin6_scope_id = 3;
    addr.sin6_flowinfo = 7_u32.to_be();
    addr.sin6_addr.s6_addr = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];
    let shown = json!({ "family": "AF_INET6", "addr": "fe80::9", "port": port, "flowinfo": 7, "scope_id": 3 });
    call!(c, "bind", client.as_raw_fd(), &raw const addr, 28)
        .is(args! { fd: client.as_raw_fd(), addr: shown, addrlen: 28 });
}

/// A Unix address with this name, and its length.
fn unix_addr(name: &[u8]) -> (sockaddr_un, u32) {
    let mut addr: sockaddr_un = zeroed();
    addr.sun_family = AF_UNIX as u16;
    for (to, from) in addr.sun_path.iter_mut().zip(name) {
        *to = c_char::from_ne_bytes([*from]);
    }
    (addr, (offset_of!(sockaddr_un, sun_path) + name.len()) as u32)
}

fn unix(c: &Caller) {
    // SAFETY: new descriptors.
    let (listening, client) = unsafe { (socket(AF_UNIX, SOCK_STREAM, 0), socket(AF_UNIX, SOCK_STREAM, 0)) };
    let path = c.path("socket");
    let (addr, len) = unix_addr(path.as_bytes_with_nul());
    let shown = json!({ "family": "AF_UNIX", "path": path.to_str().expect("it is text") });
    call!(c, "bind", listening, &raw const addr, len).ok(args! { fd: listening, addr: shown.clone(), addrlen: len });
    call!(c, "listen", listening, -1).ok(args! { fd: listening, backlog: -1 });
    call!(c, "connect", client, &raw const addr, len).ok(args! { fd: client, addr: shown, addrlen: len });
    let (mut peer, mut room): (sockaddr_un, u32) = (zeroed(), 110);
    let served = call!(c, "accept", listening, &raw mut peer, &raw mut room)
        .ok(args! { fd: listening, addr: json!({ "family": "AF_UNIX" }), addrlen: 2 });
    [listening, client, served as i32].into_iter().for_each(close);

    // SAFETY: a new descriptor.
    let hidden = unsafe { socket(AF_UNIX, SOCK_DGRAM, 0) };
    let name = format!("\0lanner/{}", c.tid());
    let (addr, len) = unix_addr(name.as_bytes());
    let shown = json!({ "family": "AF_UNIX", "abstract": &name[1..] });
    call!(c, "bind", hidden, &raw const addr, len).ok(args! { fd: hidden, addr: shown.clone(), addrlen: len });
    room = 110;
    call!(c, "getsockname", hidden, &raw mut peer, &raw mut room).ok(args! { fd: hidden, addr: shown, addrlen: len });
    close(hidden);
}

fn other_families(c: &Caller) {
    // SAFETY: a new descriptor.
    let netlink = unsafe { socket(AF_NETLINK, SOCK_RAW, 0) };
    let mut addr: sockaddr_nl = zeroed();
    (addr.nl_family, addr.nl_groups) = (AF_NETLINK as u16, 5);
    let shown = json!({ "family": "AF_NETLINK", "pid": 0, "groups": 5 });
    call!(c, "bind", netlink, &raw const addr, 12).ok(args! { fd: netlink, addr: shown, addrlen: 12 });
    let mut vm: sockaddr_vm = zeroed();
    (vm.svm_family, vm.svm_cid, vm.svm_port) = (AF_VSOCK as u16, 77, 1024);
    let shown = json!({ "family": "AF_VSOCK", "cid": 77, "port": 1024 });
    call!(c, "connect", netlink, &raw const vm, 16).is(args! { fd: netlink, addr: shown, addrlen: 16 });
    let mut packet: sockaddr_ll = zeroed();
    packet.sll_family = AF_PACKET as u16;
    packet.sll_protocol = (ETH_P_IP as u16).to_be();
    (packet.sll_ifindex, packet.sll_halen) = (1, 6);
    packet.sll_addr = [2, 0, 0, 0xaa, 0xbb, 0xcc, 0, 0];
    call!(c, "connect", netlink, &raw const packet, 20).is(args! {
        fd: netlink,
        addr: json!({
            "family": "AF_PACKET", "protocol": "ETH_P_IP", "ifindex": 1, "hatype": 0, "pkttype": 0,
            "addr": "02:00:00:aa:bb:cc",
        }),
        addrlen: 20,
    });
    let unspec = [0_u8; 16];
    call!(c, "connect", netlink, unspec.as_ptr(), 16)
        .is(args! { fd: netlink, addr: json!({ "family": "AF_UNSPEC" }), addrlen: 16 });
    call!(c, "bind", netlink, 0x10, 12).fails(EFAULT, args! { fd: netlink, addr: Fault, addrlen: 12 });
    close(netlink);
}

fn datagrams(c: &Caller) {
    let (one, two) = (UdpSocket::bind("127.0.0.1:0"), UdpSocket::bind("127.0.0.1:0"));
    let (one, two) = (one.expect("there is a loopback interface"), two.expect("there is a loopback interface"));
    let port = |socket: &UdpSocket| socket.local_addr().expect("it is bound").port();
    let (to, to_shown) = loopback(port(&two));
    let (_, from_shown) = loopback(port(&one));
    let (sending, receiving) = (one.as_raw_fd(), two.as_raw_fd());
    let long = [b'u'; 300];
    call!(c, "sendto", sending, long.as_ptr(), 300, MSG_DONTWAIT, &raw const to, IN).ok(args! {
        fd: sending, data: data(&long), size: 300, flags: "MSG_DONTWAIT", addr: to_shown.clone(), addrlen: IN
    });
    call!(c, "sendto", sending, c"second", 6, 0, &raw const to, IN)
        .ok(args! { fd: sending, data: "second", size: 6, flags: "0", addr: to_shown, addrlen: IN });
    // With MSG_TRUNC the result is the datagram's length, though only a part of it is there.
    let (mut buf, mut from, mut len): ([u8; 512], sockaddr_in, u32) = ([0; 512], zeroed(), 16);
    let made = call!(c, "recvfrom", receiving, buf.as_mut_ptr(), 10, MSG_TRUNC, &raw mut from, &raw mut len);
    assert_eq!(made.ret(), 300);
    made.ok(args! {
        fd: receiving, data: "uuuuuuuuuu", size: 10, flags: "MSG_TRUNC", addr: from_shown.clone(), addrlen: IN
    });
    call!(c, "recvfrom", receiving, buf.as_mut_ptr(), 512, 0, &raw mut from, &raw mut len)
        .ok(args! { fd: receiving, data: "second", size: 512, flags: "0", addr: from_shown, addrlen: IN });
    call!(c, "recvfrom", receiving, buf.as_mut_ptr(), 512, MSG_DONTWAIT, &raw mut from, &raw mut len)
        .fails(EAGAIN, args! { fd: receiving, data: (), size: 512, flags: "MSG_DONTWAIT", addr: (), addrlen: () });
}

fn options(c: &Caller) {
    // SAFETY: a new descriptor.
    let fd = unsafe { socket(AF_INET, SOCK_STREAM, 0) };
    let (on, mut value, mut len) = (1_i32, 0_i32, 4_u32);
    call!(c, "setsockopt", fd, SOL_SOCKET, SO_REUSEADDR, &raw const on, 4).ok(args! {
        fd: fd, level: "SOL_SOCKET", optname: "SO_REUSEADDR", val: whole(bytes_of(&on)), optlen: 4
    });
    call!(c, "setsockopt", fd, IPPROTO_TCP, TCP_NODELAY, &raw const on, 4).ok(args! {
        fd: fd, level: "SOL_TCP", optname: "TCP_NODELAY", val: whole(bytes_of(&on)), optlen: 4
    });
    call!(c, "getsockopt", fd, SOL_SOCKET, SO_TYPE, &raw mut value, &raw mut len).ok(args! {
        fd: fd, level: "SOL_SOCKET", optname: "SO_TYPE", val: whole(bytes_of(&value)), optlen: 4
    });
    assert_eq!(value, SOCK_STREAM);
    let mut name = [0_u8; 16];
    let mut len = 16_u32;
    call!(c, "getsockopt", fd, IPPROTO_TCP, TCP_CONGESTION, name.as_mut_ptr(), &raw mut len).ok(args! {
        fd: fd, level: "SOL_TCP", optname: "TCP_CONGESTION", val: whole(&name[..len as usize]), optlen: len
    });
    call!(c, "getsockopt", fd, SOL_SOCKET, 9999, &raw mut value, &raw mut len)
        .fails(ENOPROTOOPT, args! { fd: fd, level: "SOL_SOCKET", optname: "9999", val: (), optlen: () });
    call!(c, "setsockopt", fd, SOL_SOCKET, SO_KEEPALIVE, 0, 0)
        .fails(EINVAL, args! { fd: fd, level: "SOL_SOCKET", optname: "SO_KEEPALIVE", val: (), optlen: 0 });
    close(fd);
}
