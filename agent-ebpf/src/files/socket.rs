// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! What a socket is bound to and connected with.

use core::ffi::c_void;

use agent_common::{
    kernel::Field,
    record::SOCKADDR_MAX,
    state::{FileBytes, FileWord},
};

use crate::{
    fill::bound,
    kernel::{inside, pointer, read},
    room::Builder,
};

/// Address families: <https://github.com/torvalds/linux/blob/v6.12/include/linux/socket.h#L191>
pub(crate) const AF_UNIX: u16 = 1;
pub(crate) const AF_INET: u16 = 2;
pub(crate) const AF_INET6: u16 = 10;
/// Bytes of a Unix address before its name.
const FAMILY_LEN: u32 = 2;

/// Words of a file's record, and what tells whether the socket is still what it was.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Socket {
    /// Family, type, protocol.
    pub what: u64,
    /// Local and remote port.
    pub ports: u64,
    /// IPv4 and IPv6: the address. Unix: where the bound name and the peer are.
    pub local: [u64; 2],
    /// As `local`, of the peer.
    pub remote: [u64; 2],
}

impl Socket {
    /// What is no socket.
    pub(crate) const NONE: Self = Self { what: 0, ports: 0, local: [0; 2], remote: [0; 2] };
}

/// The `struct sock` behind a socket's file.
#[inline(always)]
pub(crate) fn of(file: *const c_void) -> Option<*const c_void> {
    let sk = pointer(pointer(file, Field::FilePrivate)?, Field::SocketSk)?;
    if sk.is_null() { None } else { Some(sk) }
}

#[inline(always)]
pub(crate) fn ends(sk: *const c_void) -> Socket {
    let half = |field| read::<u16>(sk, field).unwrap_or(0);
    let family = half(Field::SkFamily);
    let (kind, protocol) = (half(Field::SkType), half(Field::SkProtocol));
    let mut socket = Socket {
        what: u64::from(family) | (u64::from(kind) << 16) | (u64::from(protocol) << 32),
        ports: 0,
        local: [0; 2],
        remote: [0; 2],
    };
    if family == AF_INET || family == AF_INET6 {
        let remote = half(Field::SkRemotePort).swap_bytes();
        socket.ports = u64::from(half(Field::SkLocalPort)) | (u64::from(remote) << 16);
    }
    if family == AF_INET {
        socket.local[0] = u64::from(read::<u32>(sk, Field::SkLocal4).unwrap_or(0));
        socket.remote[0] = u64::from(read::<u32>(sk, Field::SkRemote4).unwrap_or(0));
    } else if family == AF_INET6 {
        socket.local = read(sk, Field::SkLocal6).unwrap_or_default();
        socket.remote = read(sk, Field::SkRemote6).unwrap_or_default();
    } else if family == AF_UNIX {
        socket.local[0] = read(sk, Field::UnixAddr).unwrap_or(0);
        socket.remote[0] = read(sk, Field::UnixPeer).unwrap_or(0);
    }
    socket
}

/// Appends the name that the Unix socket `sk` is bound to, as byte string `place`.
#[inline(always)]
fn name(builder: &mut Builder, place: usize, sk: Option<*const c_void>) {
    let bound_to = sk.and_then(|sk| pointer(sk, Field::UnixAddr)).filter(|addr| !addr.is_null());
    let Some(addr) = bound_to else { return builder.absent(place) };
    let len = read::<u32>(addr, Field::UnixAddrLen).unwrap_or(0).saturating_sub(FAMILY_LEN);
    let Some(from) = inside(addr, Field::UnixAddrName) else { return builder.absent(place) };
    builder.open();
    if builder.kernel_bytes(from as u64 + u64::from(FAMILY_LEN), bound(u64::from(len), u64::from(SOCKADDR_MAX))) {
        builder.close(place, false);
    } else {
        builder.absent(place);
    }
}

/// Writes the words and byte strings of a socket.
#[inline(always)]
pub(crate) fn put(builder: &mut Builder, sk: Option<*const c_void>, socket: &Socket) {
    let unix = socket.what as u16 == AF_UNIX;
    builder.word(FileWord::Socket as usize, socket.what);
    builder.word(FileWord::Ports as usize, socket.ports);
    // Where a Unix socket's name is in the kernel's memory is nobody's business.
    let (local, remote) = if unix { ([0; 2], [0; 2]) } else { (socket.local, socket.remote) };
    builder.word(FileWord::Local0 as usize, local[0]);
    builder.word(FileWord::Local1 as usize, local[1]);
    builder.word(FileWord::Remote0 as usize, remote[0]);
    builder.word(FileWord::Remote1 as usize, remote[1]);
    let sk = if unix { sk } else { None };
    name(builder, FileBytes::UnixLocal as usize, sk);
    let peer = sk.and_then(|sk| pointer(sk, Field::UnixPeer)).filter(|peer| !peer.is_null());
    name(builder, FileBytes::UnixPeer as usize, peer);
}
