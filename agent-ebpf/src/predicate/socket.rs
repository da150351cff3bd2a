// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! The ends of a call's socket.

use core::ffi::c_void;

use agent_common::{
    predicate::{NO_ARG, Predicate, Text, class},
    schema::Abi,
};

use super::facts::{End, Facts, known};
use crate::{
    files::socket::{self, AF_INET, AF_INET6, AF_UNIX, Socket},
    fill::value,
    lane::Lane,
    regs,
};

/// `SOCK_DGRAM`: <https://github.com/torvalds/linux/blob/v6.12/include/linux/net.h#L65>
const SOCK_DGRAM: u16 = 2;
/// What precedes an IPv4 address that IPv6 maps.
const MAPPED: u32 = 0xffff_0000;

/// The socket behind `file`.
#[inline(always)]
pub(super) fn gather(file: *const c_void, predicate: &Predicate, lane: &Lane, facts: &mut Facts) {
    let socket = socket::of(file).map_or(Socket::NONE, socket::ends);
    let family = socket.what as u16;
    facts.texts[Text::File as usize].state = if family == AF_UNIX { known::UNKNOWN } else { known::NO_PATH };
    if family != AF_INET && family != AF_INET6 {
        facts.class = if family == AF_UNIX { class::UNIX } else { class::OTHER_SOCKET };
        return;
    }
    let local = end(family, socket.local, socket.ports as u16);
    let remote = end(family, socket.remote, (socket.ports >> 16) as u16);
    facts.class = if is_v4(&local.address) { class::IPV4 } else { class::IPV6 };
    facts.ends[0] = local;
    facts.ends[1] = remote;
    match peer(predicate, lane) {
        Peer::None if remote.port == 0 && (socket.what >> 16) as u16 == SOCK_DGRAM => {
            // The agent remembers whom it last heard from or spoke to.
            facts.socket = known::UNKNOWN;
        }
        Peer::None => {}
        Peer::End(end) => facts.ends[2] = end,
        Peer::Unknown => facts.socket = known::UNKNOWN,
    }
}

#[inline(always)]
const fn is_v4(address: &[u32; 4]) -> bool {
    address[0] == 0 && address[1] == 0 && address[2] == MAPPED
}

/// An end, there unless it is all zero.
#[inline(always)]
const fn end(family: u16, address: [u64; 2], port: u16) -> End {
    let address = if family == AF_INET {
        [0, 0, MAPPED, address[0] as u32]
    } else {
        [address[0] as u32, (address[0] >> 32) as u32, address[1] as u32, (address[1] >> 32) as u32]
    };
    let zero = address[3] == 0 && address[0] == 0 && address[1] == 0 && (address[2] == 0 || address[2] == MAPPED);
    End { address, port: port as u32, there: (port != 0 || !zero) as u32 }
}

/// The address that a call names.
enum Peer {
    None,
    End(End),
    Unknown,
}

/// `struct sockaddr_in6`, of which `struct sockaddr_in` has the first two words.
#[derive(Clone, Copy)]
#[repr(C)]
struct Sockaddr {
    family: u16,
    port: u16,
    v4: u32,
    v6: [u32; 4],
}

#[inline(always)]
fn peer(predicate: &Predicate, lane: &Lane) -> Peer {
    if predicate.peer == NO_ARG {
        return Peer::None;
    }
    let mut at = regs::any(lane, predicate.peer);
    if predicate.peer_in_message != 0 {
        // `msg_name` comes first, a pointer as wide as the caller's.
        if lane.abi != Abi::Native as u32 {
            return Peer::Unknown;
        }
        match value::<u64>(at) {
            Some(name) => at = name,
            None => return Peer::Unknown,
        }
    }
    if at == 0 {
        return Peer::None;
    }
    let Some(address) = value::<Sockaddr>(at) else { return Peer::Unknown };
    let port = u32::from(address.port.swap_bytes());
    match address.family {
        AF_INET => Peer::End(End { address: [0, 0, MAPPED, address.v4], port, there: 1 }),
        AF_INET6 => Peer::End(End { address: address.v6, port, there: 1 }),
        _ => Peer::None,
    }
}
