// SPDX-License-Identifier: Apache-2.0
//! The ends of an event's socket: what is known of the socket, and what the call itself says of its peer.

use std::net::IpAddr;

use super::args;
use crate::{
    decode::sockaddr::SockAddr,
    event::Event,
    metadata::file::{EndsRef, File, FileKind, Role, Socket},
};

/// `SOCK_STREAM`, `SOCK_DGRAM`, `SOCK_RAW`: <https://github.com/torvalds/linux/blob/v6.12/include/linux/net.h#L62>
const SOCK_STREAM: u16 = 1;
const SOCK_DGRAM: u16 = 2;
const SOCK_RAW: u16 = 3;
/// Protocols: <https://github.com/torvalds/linux/blob/v6.12/include/uapi/linux/in.h#L28>,
/// <https://github.com/torvalds/linux/blob/v6.12/include/uapi/linux/in6.h#L132>
const IPPROTO_IP: u16 = 0;
const IPPROTO_ICMP: u16 = 1;
const IPPROTO_TCP: u16 = 6;
const IPPROTO_UDP: u16 = 17;
const IPPROTO_ICMPV6: u16 = 58;
const IPPROTO_RAW: u16 = 255;
const IPPROTO_MPTCP: u16 = 262;

/// An address and a port.
pub(super) type Endpoint = (IpAddr, u16);

/// The ends of an IPv4 or IPv6 socket, as far as they are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Inet {
    pub(super) local: Option<Endpoint>,
    pub(super) remote: Option<Endpoint>,
    role: Role,
}

impl Inet {
    /// The client's end.
    pub(super) fn client(&self) -> Option<Endpoint> {
        match self.role {
            Role::Client => self.local,
            Role::Server => self.remote,
            Role::Unknown => None,
        }
    }

    /// The server's end.
    pub(super) fn server(&self) -> Option<Endpoint> {
        match self.role {
            Role::Client => self.remote,
            Role::Server => self.local,
            Role::Unknown => None,
        }
    }

    /// Whether this side is the server.
    pub(super) const fn is_server(&self) -> Option<bool> {
        match self.role {
            Role::Client => Some(false),
            Role::Server => Some(true),
            Role::Unknown => None,
        }
    }
}

/// The socket that `event` is about.
pub(super) fn of(file: &File) -> Option<&Socket> {
    match &file.kind {
        FileKind::Socket(socket) => Some(socket),
        FileKind::Named(_) | FileKind::Pipe | FileKind::Anonymous(_) => None,
    }
}

/// The ends of an IPv4 or IPv6 socket.
pub(super) fn inet(event: &Event<'_>, file: &File) -> Option<Inet> {
    let known = |end: Endpoint| (end.1 != 0 || !end.0.is_unspecified()).then_some(end);
    match seen(event, of(file)?) {
        (EndsRef::Inet { local, remote }, role) => Some(Inet { local: known(local), remote: known(remote), role }),
        (EndsRef::Unix { .. } | EndsRef::Other, _) => None,
    }
}

/// The socket's ends and its side as the event sees them: with the peer that the call names, which is the destination of a
/// `connect` or of a message, or a message's source. IPv4 addresses of IPv6 sockets are IPv4 addresses.
pub(super) fn seen<'e>(event: &'e Event<'_>, socket: &'e Socket) -> (EndsRef<'e>, Role) {
    let canonical = |(address, port): Endpoint| (address.to_canonical(), port);
    match (socket.ends(), peer(event, socket)) {
        (EndsRef::Inet { local, remote }, peer) => {
            let (remote, role) = match peer {
                Some((Peer::Inet(end), role)) => (end, taken(socket.role, role)),
                Some((Peer::Unix(_), _)) | None => (remote, socket.role),
            };
            (EndsRef::Inet { local: canonical(local), remote: canonical(remote) }, role)
        }
        (EndsRef::Unix { local, .. }, Some((Peer::Unix(peer), role))) => {
            (EndsRef::Unix { local, peer }, taken(socket.role, role))
        }
        (ends @ (EndsRef::Unix { .. } | EndsRef::Other), _) => (ends, socket.role),
    }
}

/// The side that is known, else the one that the call tells.
fn taken(known: Role, told: Role) -> Role {
    if known == Role::Unknown { told } else { known }
}

/// Whether the call gives the socket another peer than it was known to have.
pub(super) fn peer_changed(event: &Event<'_>, socket: &Socket) -> bool {
    match (peer(event, socket), socket.ends()) {
        (Some((Peer::Inet(new), _)), EndsRef::Inet { remote, .. }) => new != remote,
        (Some((Peer::Unix(new), _)), EndsRef::Unix { peer, .. }) => new != peer,
        (Some(_) | None, EndsRef::Inet { .. } | EndsRef::Unix { .. } | EndsRef::Other) => false,
    }
}

enum Peer<'e> {
    Inet(Endpoint),
    Unix(&'e [u8]),
}

/// The peer that the call names, and which side the socket then is on.
fn peer<'e>(event: &'e Event<'_>, socket: &Socket) -> Option<(Peer<'e>, Role)> {
    let role = match event.raw.name()? {
        "connect" | "sendto" | "sendmsg" | "sendmmsg" => Role::Client,
        "recvfrom" | "recvmsg" | "recvmmsg" => Role::Server,
        _ => return None,
    };
    // A connected stream ignores the address that a message names.
    if socket.kind == SOCK_STREAM && event.raw.name() != Some("connect") {
        return None;
    }
    let peer = args::address(&event.raw, |address| match address {
        SockAddr::Inet(to) => Some(Peer::Inet((IpAddr::V4(*to.ip()), to.port()))),
        SockAddr::Inet6(to) => Some(Peer::Inet((IpAddr::V6(*to.ip()), to.port()))),
        SockAddr::UnixPath(path) => Some(Peer::Unix(event.arena.copy(path))),
        SockAddr::UnixAbstract(name) => Some(Peer::Unix(event.arena.concat(&[&[0], name]))),
        SockAddr::Unspec
        | SockAddr::UnixUnnamed
        | SockAddr::Netlink { .. }
        | SockAddr::Packet { .. }
        | SockAddr::Vsock { .. }
        | SockAddr::Alg { .. }
        | SockAddr::Can { .. }
        | SockAddr::Qrtr { .. }
        | SockAddr::Xdp { .. }
        | SockAddr::Other { .. }
        | SockAddr::Short(_) => None,
    });
    Some((peer??, role))
}

/// The protocol in words.
pub(super) const fn l4proto(socket: &Socket) -> Option<&'static str> {
    match (socket.protocol, socket.kind) {
        (IPPROTO_TCP | IPPROTO_MPTCP, _) | (IPPROTO_IP, SOCK_STREAM) => Some("tcp"),
        (IPPROTO_UDP, _) | (IPPROTO_IP, SOCK_DGRAM) => Some("udp"),
        (IPPROTO_ICMP | IPPROTO_ICMPV6, _) => Some("icmp"),
        (IPPROTO_RAW, _) | (_, SOCK_RAW) => Some("raw"),
        _ => None,
    }
}

/// Whether the socket has a peer; a `connect` only when it succeeded.
pub(super) fn connected(event: &Event<'_>, socket: &Socket) -> bool {
    if event.raw.name() == Some("connect") {
        return event.raw.ret() == Some(0);
    }
    match socket.ends() {
        EndsRef::Inet { remote, .. } => remote.1 != 0,
        EndsRef::Unix { .. } | EndsRef::Other => false,
    }
}
