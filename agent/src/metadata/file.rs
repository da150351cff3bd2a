// SPDX-License-Identifier: Apache-2.0
//! What is known of an open file.

use std::{
    io::Write as _,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use agent_common::state::file;

use crate::decode::state;

/// An open file, as the kernel knew it when an event first referred to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Inode number.
    pub inode: u64,
    /// Device number as `stat` shows it.
    pub dev: u32,
    /// Type and permission bits.
    pub mode: u32,
    /// `open` flags.
    pub flags: u32,
    /// Bits of [`agent_common::state::file`].
    pub bits: u64,
    /// What it is.
    pub kind: FileKind,
}

/// What an open file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// It has a name in a file system; `None` when the name could not be read.
    Named(Option<Box<[u8]>>),
    /// A pipe without a name.
    Pipe,
    /// A file of the kernel's own making: `[eventfd]`, `[eventpoll]`, `[timerfd]`, ...
    Anonymous(Box<[u8]>),
    /// A socket.
    Socket(Box<Socket>),
}

/// A socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Socket {
    /// Address family.
    pub family: u16,
    /// Type: stream, datagram, ..
    pub kind: u16,
    /// Protocol.
    pub protocol: u16,
    /// What it is bound to and connected with.
    pub ends: Ends,
    /// Which side it is on.
    pub role: Role,
}

/// The ends of a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ends {
    /// IPv4 and IPv6.
    Inet {
        /// Local address and port.
        local: (IpAddr, u16),
        /// Remote address and port; unspecified and 0 while there is none.
        remote: (IpAddr, u16),
    },
    /// Unix: the name it is bound to and the peer's, a path or an abstract name with its leading NUL; empty if unnamed.
    Unix {
        /// The name it is bound to.
        local: Box<[u8]>,
        /// The name that the peer is bound to.
        peer: Box<[u8]>,
    },
    /// A family whose addresses are not followed.
    Other,
}

/// The ends of a socket, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndsRef<'a> {
    /// [`Ends::Inet`]
    Inet {
        /// Local address and port.
        local: (IpAddr, u16),
        /// Remote address and port.
        remote: (IpAddr, u16),
    },
    /// [`Ends::Unix`]
    Unix {
        /// The name it is bound to.
        local: &'a [u8],
        /// The name that the peer is bound to.
        peer: &'a [u8],
    },
    /// [`Ends::Other`]
    Other,
}

/// Which side of a connection a socket is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It listens or was accepted.
    Server,
    /// It connected.
    Client,
    /// Neither was seen.
    Unknown,
}

/// `S_IFMT` and the types: <https://man7.org/linux/man-pages/man7/inode.7.html>
const S_IFMT: u32 = 0o170_000;
const S_IFSOCK: u32 = 0o140_000;
const S_IFIFO: u32 = 0o010_000;
/// Magic numbers of file systems: <https://github.com/torvalds/linux/blob/v6.12/include/uapi/linux/magic.h>
const PIPEFS_MAGIC: u64 = 0x5049_5045;
const ANON_INODE_FS_MAGIC: u64 = 0x0904_1934;
const NSFS_MAGIC: u64 = 0x6e73_6673;
const PIDFS_MAGIC: u64 = 0x5049_4446;
const TMPFS_MAGIC: u64 = 0x0102_1994;
/// Address families: <https://github.com/torvalds/linux/blob/v6.12/include/linux/socket.h#L191>
const AF_UNIX: u16 = 1;
const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;

impl File {
    /// What a state record tells.
    #[must_use]
    pub fn of(record: &state::File<'_>) -> Self {
        Self {
            inode: record.inode(),
            dev: record.dev(),
            mode: record.mode(),
            flags: record.flags(),
            bits: record.bits(),
            kind: kind(record),
        }
    }

    /// The type bits of its mode.
    #[must_use]
    pub const fn format(&self) -> u32 {
        self.mode & S_IFMT
    }

    /// Whether its name is known, or it needs none.
    #[must_use]
    pub const fn is_named(&self) -> bool {
        !matches!(self.kind, FileKind::Named(None))
    }

    /// Appends its name: a path; `client->server` of an IPv4 or IPv6 socket; the name of a Unix socket; what
    /// `/proc/PID/fd` shows of others. False when it has none that is known.
    pub fn write_name(&self, out: &mut Vec<u8>) -> bool {
        match &self.kind {
            FileKind::Named(Some(path)) => out.extend_from_slice(path),
            FileKind::Named(None) => return false,
            FileKind::Pipe => bracketed("pipe", self.inode, out),
            FileKind::Anonymous(name) => {
                out.extend_from_slice(b"anon_inode:");
                out.extend_from_slice(name);
            }
            FileKind::Socket(socket) => socket.ends().write_name(socket.role, self.inode, out),
        }
        true
    }
}

impl Socket {
    /// Its ends.
    #[must_use]
    pub fn ends(&self) -> EndsRef<'_> {
        match &self.ends {
            Ends::Inet { local, remote } => EndsRef::Inet { local: *local, remote: *remote },
            Ends::Unix { local, peer } => EndsRef::Unix { local, peer },
            Ends::Other => EndsRef::Other,
        }
    }
}

impl EndsRef<'_> {
    /// Appends the name of the socket on the side `role`, the client's end first; `inode` is the socket's.
    pub fn write_name(self, role: Role, inode: u64, out: &mut Vec<u8>) {
        match self {
            Self::Inet { local, remote } if remote.1 != 0 => {
                let (client, server) = match role {
                    Role::Server => (remote, local),
                    Role::Client | Role::Unknown => (local, remote),
                };
                endpoint(client, out);
                out.extend_from_slice(b"->");
                endpoint(server, out);
            }
            Self::Inet { local, .. } if local.1 != 0 => endpoint(local, out),
            Self::Unix { local, peer } if !(local.is_empty() && peer.is_empty()) => {
                let name = if local.is_empty() { peer } else { local };
                match name.strip_prefix(&[0]) {
                    // As /proc/net/unix shows abstract names.
                    Some(name) => {
                        out.push(b'@');
                        out.extend_from_slice(name);
                    }
                    None => out.extend_from_slice(name),
                }
            }
            Self::Inet { .. } | Self::Unix { .. } | Self::Other => bracketed("socket", inode, out),
        }
    }
}

/// `what:[inode]`
fn bracketed(what: &str, inode: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(what.as_bytes());
    out.extend_from_slice(b":[");
    out.extend_from_slice(itoa::Buffer::new().format(inode).as_bytes());
    out.push(b']');
}

/// `address:port`, as Falco writes it: IPv6 without brackets.
fn endpoint((address, port): (IpAddr, u16), out: &mut Vec<u8>) {
    let _ = write!(out, "{address}");
    out.push(b':');
    out.extend_from_slice(itoa::Buffer::new().format(port).as_bytes());
}

fn kind(record: &state::File<'_>) -> FileKind {
    let format = record.mode() & S_IFMT;
    if format == S_IFSOCK {
        return FileKind::Socket(Box::new(socket(record)));
    }
    let name = record.path();
    if record.bits() & file::DETACHED == 0 {
        return FileKind::Named(name.map(Vec::into_boxed_slice));
    }
    let name = name.unwrap_or_default();
    match record.magic() {
        PIPEFS_MAGIC => FileKind::Pipe,
        ANON_INODE_FS_MAGIC => FileKind::Anonymous(name.into_boxed_slice()),
        // A pidfd before 6.9 was an anonymous inode, and is shown as one since.
        PIDFS_MAGIC => FileKind::Anonymous(Box::from(*b"[pidfd]")),
        // `net:[4026531840]`
        NSFS_MAGIC => {
            let mut path = Vec::new();
            bracketed(&String::from_utf8_lossy(&name), record.inode(), &mut path);
            FileKind::Named(Some(path.into_boxed_slice()))
        }
        // memfd_create and shared memory: <https://github.com/torvalds/linux/blob/v6.12/fs/d_path.c#L320>
        TMPFS_MAGIC => {
            let path = [b"/", name.as_slice(), state::DELETED].concat();
            FileKind::Named(Some(path.into_boxed_slice()))
        }
        _ if format == S_IFIFO => FileKind::Pipe,
        _ => FileKind::Named((!name.is_empty()).then(|| name.into_boxed_slice())),
    }
}

fn socket(record: &state::File<'_>) -> Socket {
    let (family, kind, protocol) = record.socket();
    let (local_port, remote_port) = record.ports();
    let (local, remote) = record.addresses();
    let ends = match family {
        AF_INET => {
            let v4 = |bytes: [u8; 16]| {
                let [a, b, c, d, ..] = bytes;
                IpAddr::V4(Ipv4Addr::new(a, b, c, d))
            };
            Ends::Inet { local: (v4(local), local_port), remote: (v4(remote), remote_port) }
        }
        AF_INET6 => {
            let v6 = |bytes| IpAddr::V6(Ipv6Addr::from(bytes));
            Ends::Inet { local: (v6(local), local_port), remote: (v6(remote), remote_port) }
        }
        AF_UNIX => Ends::Unix { local: unix(record.unix_local()), peer: unix(record.unix_peer()) },
        _ => Ends::Other,
    };
    Socket { family, kind, protocol, ends, role: Role::Unknown }
}

/// A Unix socket's name. A path ends at its NUL, which callers count or not; an abstract name begins with one.
fn unix(name: &[u8]) -> Box<[u8]> {
    if name.first() == Some(&0) {
        return Box::from(name);
    }
    Box::from(name.split(|byte| *byte == 0).next().unwrap_or_default())
}
