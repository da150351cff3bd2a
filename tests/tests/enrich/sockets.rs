// SPDX-License-Identifier: Apache-2.0
//! Sockets: their names, ends and roles, on the side that connects and on the side that accepts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use serde_json::{Value, json};
use tests::TempDir;

use crate::{
    actor::{Actor, Arg, Hand, Memory, call, nr},
    agent::alone,
    scene::Scene,
    truth::{self, with},
};

/// Captured calls.
const CALLS: &str =
    "socket,socketpair,bind,listen,connect,accept4,sendto,recvfrom,read,write,getsockname,shutdown,close";
/// What is asked for of them.
const FIELDS: &[&str] = &[
    "fd.name",
    "fd.type",
    "fd.typechar",
    "fd.cip",
    "fd.cport",
    "fd.sip",
    "fd.sport",
    "fd.lip",
    "fd.lport",
    "fd.rip",
    "fd.rport",
    "fd.l4proto",
    "fd.is_server",
    "fd.connected",
    "fd.sockfamily",
];

/// An address as the kernel takes it.
pub(crate) fn sockaddr(address: SocketAddr) -> Memory {
    let port = address.port().to_be_bytes();
    match address.ip() {
        IpAddr::V4(ip) => {
            let family = (libc::AF_INET as u16).to_ne_bytes();
            Memory::of([&family[..], &port, &ip.octets(), &[0; 8]].concat())
        }
        IpAddr::V6(ip) => {
            let family = (libc::AF_INET6 as u16).to_ne_bytes();
            Memory::of([&family[..], &port, &[0; 4], &ip.octets(), &[0; 4]].concat())
        }
    }
}

/// The address of a Unix socket, and how long it is.
pub(crate) fn unix(name: &[u8]) -> (Memory, usize) {
    let family = (libc::AF_UNIX as u16).to_ne_bytes();
    let end: &[u8] = if name.first() == Some(&0) { b"" } else { b"\0" };
    let bytes = [&family[..], name, end].concat();
    let len = bytes.len();
    (Memory::of(bytes), len)
}

/// What a socket is bound to.
pub(crate) fn bound(hand: &Hand, fd: i64) -> SocketAddr {
    let answer = call!(hand, getsockname, fd, Memory::room(28), Memory::of(28_u32.to_ne_bytes()));
    let bytes = &answer.memory[0];
    let port = u16::from_be_bytes([bytes[2], bytes[3]]);
    if u16::from_ne_bytes([bytes[0], bytes[1]]) == libc::AF_INET as u16 {
        let octets: [u8; 4] = bytes[4..8].try_into().expect("four bytes");
        SocketAddr::from((Ipv4Addr::from(octets), port))
    } else {
        let octets: [u8; 16] = bytes[8..24].try_into().expect("sixteen bytes");
        SocketAddr::from((Ipv6Addr::from(octets), port))
    }
}

/// `address:port`, as Falco writes it.
fn end(address: SocketAddr) -> String {
    format!("{}:{}", address.ip(), address.port())
}

/// What the side `local` of a connection shows; `server` is the one that accepted.
fn connection(client: SocketAddr, server: SocketAddr, is_server: bool) -> Value {
    let (local, remote) = if is_server { (server, client) } else { (client, server) };
    json!({
        "fd.name": format!("{}->{}", end(client), end(server)),
        "fd.cip": client.ip().to_string(),
        "fd.cport": client.port(),
        "fd.sip": server.ip().to_string(),
        "fd.sport": server.port(),
        "fd.lip": local.ip().to_string(),
        "fd.lport": local.port(),
        "fd.rip": remote.ip().to_string(),
        "fd.rport": remote.port(),
        "fd.is_server": is_server,
        "fd.connected": true,
        "fd.sockfamily": "ip",
        "fd.type": if client.is_ipv4() { "ipv4" } else { "ipv6" },
        "fd.typechar": if client.is_ipv4() { "4" } else { "6" },
    })
}

fn family(address: SocketAddr) -> i32 {
    if address.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 }
}

fn tcp(local: SocketAddr) {
    let _alone = alone();
    let (_actor, server) = Actor::start();
    let client = server.fork();
    let scene = Scene::start(CALLS, FIELDS);
    let len = if local.is_ipv4() { 16 } else { 28 };
    let tcp = |fields: Value| with(&fields, json!({ "fd.l4proto": "tcp" }));
    let listener = call!(server, socket, family(local), libc::SOCK_STREAM, 0).ret;
    scene.expect(
        &server,
        "socket",
        listener,
        json!({ "fd.num": listener, "fd.sockfamily": "ip", "fd.l4proto": "tcp" }),
    );
    call!(server, bind, listener, sockaddr(local), len);
    let local = bound(&server, listener);
    scene.expect_fd(&server, "bind", listener, json!({ "fd.name": end(local), "fd.lport": local.port() }));
    call!(server, listen, listener, 4);
    let listening =
        json!({ "fd.name": end(local), "fd.sport": local.port(), "fd.is_server": true, "fd.l4proto": "tcp" });
    scene.expect_fd(&server, "listen", listener, listening.clone());
    let fd = call!(client, socket, family(local), libc::SOCK_STREAM, 0).ret;
    call!(client, connect, fd, sockaddr(local), len);
    let from = bound(&client, fd);
    let outgoing = tcp(connection(from, local, false));
    scene.expect_fd(&client, "connect", fd, outgoing.clone());
    let accepted = call!(server, accept4, listener, 0, 0, 0).ret;
    let incoming = tcp(connection(from, local, true));
    scene.expect(&server, "accept4", accepted, with(&incoming, json!({ "fd.num": accepted })));
    call!(client, write, fd, "words", 5);
    scene.expect_fd(&client, "write", fd, outgoing.clone());
    call!(server, read, accepted, Memory::room(5), 5);
    scene.expect_fd(&server, "read", accepted, incoming.clone());
    call!(server, sendto, accepted, "words", 5, 0, 0, 0);
    scene.expect_fd(&server, "sendto", accepted, incoming.clone());
    call!(client, recvfrom, fd, Memory::room(5), 5, 0, 0, 0);
    scene.expect_fd(&client, "recvfrom", fd, outgoing.clone());
    // Another process has them too.
    let heir = server.fork();
    call!(heir, getsockname, accepted, Memory::room(28), Memory::of(28_u32.to_ne_bytes()));
    scene.expect_fd(&heir, "getsockname", accepted, incoming.clone());
    call!(client, shutdown, fd, libc::SHUT_WR);
    scene.expect_fd(&client, "shutdown", fd, outgoing.clone());
    call!(client, close, fd);
    scene.expect_fd(&client, "close", fd, outgoing);
    call!(server, close, accepted);
    scene.expect_fd(&server, "close", accepted, incoming);
    call!(server, close, listener);
    scene.expect_fd(&server, "close", listener, listening);
    // A connection that is refused has been asked for all the same.
    let fd = call!(client, socket, family(local), libc::SOCK_STREAM, 0).ret;
    drop(heir);
    let none = SocketAddr::new(local.ip(), 1);
    let answer = client.order(nr::connect, &[fd.into(), sockaddr(none).into(), len.into()]);
    assert_eq!(answer.ret, -i64::from(libc::ECONNREFUSED), "nobody listens at port 1");
    scene.expect(
        &client,
        "connect",
        answer.ret,
        json!({ "fd.num": fd, "fd.rip": none.ip().to_string(), "fd.rport": 1 }),
    );
    scene.finish();
}

#[test]
fn tcp_4() {
    tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
}

#[test]
fn tcp_6() {
    tcp(SocketAddr::from((Ipv6Addr::LOCALHOST, 0)));
}

#[test]
fn tcp_4_by_sockets_of_6() {
    let _alone = alone();
    let (_actor, server) = Actor::start();
    let client = server.fork();
    let scene = Scene::start(CALLS, FIELDS);
    let listener = call!(server, socket, libc::AF_INET6, libc::SOCK_STREAM, 0).ret;
    call!(server, bind, listener, sockaddr(SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0))), 28);
    call!(server, listen, listener, 1);
    let port = bound(&server, listener).port();
    let to = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let fd = call!(client, socket, libc::AF_INET, libc::SOCK_STREAM, 0).ret;
    call!(client, connect, fd, sockaddr(to), 16);
    scene.expect_fd(&client, "connect", fd, connection(bound(&client, fd), to, false));
    let accepted = call!(server, accept4, listener, 0, 0, 0).ret;
    scene.expect(&server, "accept4", accepted, json!({ "fd.lport": port, "fd.rport": bound(&client, fd).port() }));
    scene.finish();
}

#[test]
fn udp() {
    let _alone = alone();
    let (_actor, server) = Actor::start();
    let client = server.fork();
    let scene = Scene::start(CALLS, FIELDS);
    for (local, len) in [(IpAddr::from(Ipv4Addr::LOCALHOST), 16), (Ipv6Addr::LOCALHOST.into(), 28)] {
        let local = SocketAddr::new(local, 0);
        let receiver = call!(server, socket, family(local), libc::SOCK_DGRAM, 0).ret;
        call!(server, bind, receiver, sockaddr(local), len);
        let to = bound(&server, receiver);
        scene.expect_fd(&server, "bind", receiver, json!({ "fd.name": end(to), "fd.l4proto": "udp" }));
        // Unconnected: the call names the peer.
        let fd = call!(client, socket, family(local), libc::SOCK_DGRAM, 0).ret;
        call!(client, sendto, fd, "one", 3, 0, sockaddr(to), len);
        let from = bound(&client, fd);
        let said = json!({ "fd.rip": to.ip().to_string(), "fd.rport": to.port(), "fd.l4proto": "udp" });
        scene.expect_fd(&client, "sendto", fd, said);
        let peer = [Arg::from(Memory::room(28)), Memory::of(28_u32.to_ne_bytes()).into()];
        let [address, room] = peer;
        server.made(
            "recvfrom",
            nr::recvfrom,
            &[receiver.into(), Memory::room(3).into(), 3.into(), 0.into(), address, room],
        );
        let said = json!({ "fd.lport": to.port(), "fd.rport": from.port(), "fd.l4proto": "udp" });
        scene.expect_fd(&server, "recvfrom", receiver, said);
        // Connected.
        call!(client, connect, fd, sockaddr(to), len);
        let from = bound(&client, fd);
        let said = with(&connection(from, to, false), json!({ "fd.l4proto": "udp" }));
        scene.expect_fd(&client, "connect", fd, said.clone());
        call!(client, write, fd, "two", 3);
        scene.expect_fd(&client, "write", fd, said.clone());
        call!(client, close, fd);
        scene.expect_fd(&client, "close", fd, said);
    }
    scene.finish();
}

#[test]
fn unix_names() {
    let _alone = alone();
    let folder = TempDir::new();
    let path = truth::path(folder.path()).join("a socket");
    let path = path.to_str().expect("UTF-8");
    let (_actor, server) = Actor::start();
    let client = server.fork();
    let scene = Scene::start(CALLS, FIELDS);
    let named = |name: &str| json!({ "fd.name": name, "fd.type": "unix", "fd.typechar": "u", "fd.sockfamily": "unix" });
    let abstract_name = format!("lanner-test-{}", std::process::id());
    for (bytes, name) in [
        (path.as_bytes().to_vec(), path.to_owned()),
        ([b"\0", abstract_name.as_bytes()].concat(), format!("@{abstract_name}")),
    ] {
        let (address, len) = unix(&bytes);
        let listener = call!(server, socket, libc::AF_UNIX, libc::SOCK_STREAM, 0).ret;
        call!(server, bind, listener, address.clone(), len);
        scene.expect_fd(&server, "bind", listener, named(&name));
        call!(server, listen, listener, 1);
        scene.expect_fd(&server, "listen", listener, named(&name));
        let fd = call!(client, socket, libc::AF_UNIX, libc::SOCK_STREAM, 0).ret;
        call!(client, connect, fd, address, len);
        scene.expect_fd(&client, "connect", fd, named(&name));
        let accepted = call!(server, accept4, listener, 0, 0, 0).ret;
        scene.expect(&server, "accept4", accepted, with(&named(&name), json!({ "fd.num": accepted })));
        call!(client, write, fd, "words", 5);
        scene.expect_fd(&client, "write", fd, named(&name));
        call!(server, read, accepted, Memory::room(5), 5);
        scene.expect_fd(&server, "read", accepted, named(&name));
        call!(client, close, fd);
        scene.expect_fd(&client, "close", fd, named(&name));
    }
    // Those without a name are called what /proc calls them.
    let pair = call!(server, socketpair, libc::AF_UNIX, libc::SOCK_DGRAM, 0, Memory::room(8));
    for end in [pair.int(0, 0), pair.int(0, 1)] {
        let name = truth::fd(server.pid, end.into());
        call!(server, getsockname, end, Memory::room(28), Memory::of(28_u32.to_ne_bytes()));
        scene.expect_fd(&server, "getsockname", end.into(), json!({ "fd.name": name, "fd.type": "unix" }));
    }
    scene.finish();
}

#[test]
fn other_families() {
    let _alone = alone();
    let (_actor, hand) = Actor::start();
    let scene = Scene::start(CALLS, FIELDS);
    for (family, kind, protocol, what, char) in [
        (libc::AF_NETLINK, libc::SOCK_RAW, 0, json!("netlink"), "n"),
        (libc::AF_PACKET, libc::SOCK_RAW, 0, Value::Null, "X"),
        (libc::AF_INET, libc::SOCK_RAW, libc::IPPROTO_ICMP, json!("ipv4"), "4"),
    ] {
        let answer = hand.order(nr::socket, &[family.into(), kind.into(), protocol.into()]);
        let fd = answer.ret;
        if fd == -i64::from(libc::EAFNOSUPPORT) {
            println!("not looked at: this kernel has no sockets of family {family}");
            continue;
        }
        assert!(fd >= 0, "socket of family {family}: {fd}");
        let fields = json!({ "fd.num": fd, "fd.type": what, "fd.typechar": char });
        scene.expect(&hand, "socket", fd, fields.clone());
        if family != libc::AF_INET {
            let name = truth::fd(hand.pid, fd);
            call!(hand, close, fd);
            scene.expect_fd(&hand, "close", fd, with(&fields, json!({ "fd.name": name })));
        }
    }
    scene.finish();
}
