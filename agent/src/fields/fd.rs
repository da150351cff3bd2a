// SPDX-License-Identifier: Apache-2.0
//! Fields of the file that an event is about: `fd.*`.

use std::net::IpAddr;

use agent_common::{
    effect::makes,
    layout::Layout,
    schema::Kind,
    state::file::{DETACHED, LOWER, UPPER},
};

use super::{
    Field, Type, container, fspath, path,
    socket::{self, Endpoint, Inet},
    value::Value,
};
use crate::{
    decode::RawArg,
    event::Event,
    metadata::file::{Ends, File, FileKind},
    output::number,
};

/// The fields.
pub(super) const FIELDS: &[Field] = &[
    Field::of_call(
        "fd.num",
        Type::Int64,
        "the descriptor: of a call that makes one the new one, or -1 if it failed",
        |e, _| num(e).into(),
    ),
    Field::of_file(
        "fd.type",
        Type::Charbuf,
        "file, directory, ipv4, ipv6, unix, netlink, pipe, event, signalfd, eventpoll, inotify, timerfd, userfaultfd, \
         io_uring, memfd, bpf or pidfd",
        |e, _| file_type(e).and_then(FdType::word).into(),
    ),
    Field::of_file(
        "fd.typechar",
        Type::Charbuf,
        "the type as one character: f file, d directory, 4 and 6 IP sockets, u Unix socket or userfaultfd, n netlink, p pipe, \
         e eventfd, s signalfd, l epoll, i inotify, t timerfd, r io_uring, m memfd, b bpf, P pidfd, X other socket, o other",
        |e, _| typechar(e).into(),
    ),
    Field::of_side(
        "fd.name",
        Type::Charbuf,
        "the path; of an IP socket `client->server`; of an open call that failed the path that was asked for",
        |e, _| name(e).into(),
    ),
    Field::of_file(
        "fd.directory",
        Type::Charbuf,
        "of a file the directory that it is in, of a directory itself",
        |e, _| directory(e).into(),
    ),
    Field::of_file("fd.filename", Type::Charbuf, "of a file its name without the directory", |e, _| {
        if file_type(e) != Some(FdType::File) {
            return Value::Missing;
        }
        name(e).map(path::filename).into()
    }),
    Field::of_call(
        "fd.nameraw",
        Type::Charbuf,
        "the path as an open call named it, with repeated slashes removed",
        |e, _| fspath::opened_raw(e).map(|raw| path::single_slashes(e.arena, raw)).into(),
    ),
    Field::of_side("fd.ip", Type::Ipaddr, "any address of the socket", |e, _| both(e, address)).in_conditions(),
    Field::of_side("fd.cip", Type::Ipaddr, "the client's address", |e, _| client(e).map(address).into()),
    Field::of_side("fd.sip", Type::Ipaddr, "the server's address", |e, _| server(e).map(address).into()),
    Field::of_side("fd.lip", Type::Ipaddr, "the local address", |e, _| local(e).map(address).into()),
    Field::of_side("fd.rip", Type::Ipaddr, "the remote address", |e, _| remote(e).map(address).into()),
    Field::of_side("fd.port", Type::Port, "any port of the socket", |e, _| both(e, port)).in_conditions(),
    Field::of_side("fd.cport", Type::Port, "the client's port", |e, _| client(e).map(port).into()),
    Field::of_side("fd.sport", Type::Port, "the server's port", |e, _| server(e).map(port).into()),
    Field::of_side("fd.lport", Type::Port, "the local port", |e, _| local(e).map(port).into()),
    Field::of_side("fd.rport", Type::Port, "the remote port", |e, _| remote(e).map(port).into()),
    Field::of_side("fd.net", Type::Ipnet, "any address of the socket, compared with a network", |e, _| {
        both(e, address)
    })
    .in_conditions(),
    Field::of_side("fd.cnet", Type::Ipnet, "the client's address, compared with a network", |e, _| {
        client(e).map(address).into()
    })
    .in_conditions(),
    Field::of_side("fd.snet", Type::Ipnet, "the server's address, compared with a network", |e, _| {
        server(e).map(address).into()
    })
    .in_conditions(),
    Field::of_side("fd.lnet", Type::Ipnet, "the local address, compared with a network", |e, _| {
        local(e).map(address).into()
    })
    .in_conditions(),
    Field::of_side("fd.rnet", Type::Ipnet, "the remote address, compared with a network", |e, _| {
        remote(e).map(address).into()
    })
    .in_conditions(),
    Field::of_side(
        "fd.cip.name",
        Type::Hostname,
        "the client's address, compared with those of a host name; missing in outputs",
        |e, _| client(e).map(address).into(),
    ),
    Field::of_side(
        "fd.sip.name",
        Type::Hostname,
        "the server's address, compared with those of a host name; missing in outputs",
        |e, _| server(e).map(address).into(),
    ),
    Field::of_side(
        "fd.lip.name",
        Type::Hostname,
        "the local address, compared with those of a host name; missing in outputs",
        |e, _| local(e).map(address).into(),
    ),
    Field::of_side(
        "fd.rip.name",
        Type::Hostname,
        "the remote address, compared with those of a host name; missing in outputs",
        |e, _| remote(e).map(address).into(),
    ),
    Field::of_file("fd.l4proto", Type::Charbuf, "of an IP socket: tcp, udp, icmp or raw", |e, _| {
        inet_socket(e).and_then(socket::l4proto).into()
    }),
    Field::of_file("fd.sockfamily", Type::Charbuf, "`ip` or `unix`", |e, _| {
        match socket(e).map(|socket| &socket.ends) {
            Some(Ends::Inet { .. }) => "ip".into(),
            Some(Ends::Unix { .. }) => "unix".into(),
            Some(Ends::Other) | None => Value::Missing,
        }
    }),
    Field::of_side(
        "fd.is_server",
        Type::Bool,
        "of an IP socket: whether it listens, was accepted or received first",
        |e, _| inet(e).and_then(|inet| inet.is_server()).into(),
    ),
    Field::of_side("fd.connected", Type::Bool, "whether it is an IP socket with a peer", |e, _| {
        primary(e).map(|_| socket(e).is_some_and(|socket| socket::connected(e, socket))).into()
    }),
    Field::of_side(
        "fd.name_changed",
        Type::Bool,
        "whether the call gives a socket another peer than it had",
        |e, _| primary(e).map(|_| e.renamed || socket(e).is_some_and(|socket| socket::peer_changed(e, socket))).into(),
    ),
    Field::of_call("fd.uid", Type::Charbuf, "thread id and descriptor, one behind the other", |e, _| {
        num(e)
            .map(|num| {
                e.arena.text(|out| {
                    number(e.raw.header.tid, out);
                    number(num, out);
                })
            })
            .into()
    }),
    Field::of_side("fd.containername", Type::Charbuf, "the container's id and the name, joined by a colon", |e, _| {
        in_container(e, name(e))
    }),
    Field::of_file(
        "fd.containerdirectory",
        Type::Charbuf,
        "the container's id and the directory, joined by a colon",
        |e, _| in_container(e, directory(e)),
    ),
    Field::of_file("fd.dev", Type::Int32, "the device number of its file system, in hexadecimal", |e, _| {
        primary(e).map_or(Value::Missing, |file| Value::Hex(file.dev.into()))
    }),
    Field::of_file("fd.dev.major", Type::Int32, "the device's major number", |e, _| {
        primary(e).map(|file| (file.dev >> 8) & 0xfff).into()
    }),
    Field::of_file("fd.dev.minor", Type::Int32, "the device's minor number", |e, _| {
        primary(e).map(|file| (file.dev & 0xff) | ((file.dev >> 12) & 0xfff00)).into()
    }),
    Field::of_file("fd.ino", Type::Int64, "the inode number", |e, _| primary(e).map(|file| file.inode).into()),
    Field::of_file("fd.is_upper_layer", Type::Bool, "whether it is in the upper layer of an overlay", |e, _| {
        primary(e).map(|file| file.bits & UPPER != 0).into()
    }),
    Field::of_file("fd.is_lower_layer", Type::Bool, "whether it is in a lower layer of an overlay", |e, _| {
        primary(e).map(|file| file.bits & LOWER != 0).into()
    }),
];

/// What a file is, in Falco's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FdType {
    File,
    Directory,
    Ipv4,
    Ipv6,
    Unix,
    Netlink,
    OtherSocket,
    Pipe,
    Event,
    Signalfd,
    Eventpoll,
    Inotify,
    Timerfd,
    Userfaultfd,
    IoUring,
    Memfd,
    Bpf,
    Pidfd,
    Other,
}

impl FdType {
    /// Every one.
    pub(crate) const ALL: [Self; 19] = [
        Self::File,
        Self::Directory,
        Self::Ipv4,
        Self::Ipv6,
        Self::Unix,
        Self::Netlink,
        Self::OtherSocket,
        Self::Pipe,
        Self::Event,
        Self::Signalfd,
        Self::Eventpoll,
        Self::Inotify,
        Self::Timerfd,
        Self::Userfaultfd,
        Self::IoUring,
        Self::Memfd,
        Self::Bpf,
        Self::Pidfd,
        Self::Other,
    ];

    /// What `fd.type` calls it.
    pub(crate) const fn word(self) -> Option<&'static str> {
        Some(match self {
            Self::File => "file",
            Self::Directory => "directory",
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
            Self::Unix => "unix",
            Self::Netlink => "netlink",
            Self::Pipe => "pipe",
            Self::Event => "event",
            Self::Signalfd => "signalfd",
            Self::Eventpoll => "eventpoll",
            Self::Inotify => "inotify",
            Self::Timerfd => "timerfd",
            Self::Userfaultfd => "userfaultfd",
            Self::IoUring => "io_uring",
            Self::Memfd => "memfd",
            Self::Bpf => "bpf",
            Self::Pidfd => "pidfd",
            Self::OtherSocket | Self::Other => return None,
        })
    }

    /// What `fd.typechar` calls it.
    pub(crate) const fn char(self) -> &'static str {
        match self {
            Self::File => "f",
            Self::Directory => "d",
            Self::Ipv4 => "4",
            Self::Ipv6 => "6",
            Self::Unix | Self::Userfaultfd => "u",
            Self::Netlink => "n",
            Self::OtherSocket => "X",
            Self::Pipe => "p",
            Self::Event => "e",
            Self::Signalfd => "s",
            Self::Eventpoll => "l",
            Self::Inotify => "i",
            Self::Timerfd => "t",
            Self::IoUring => "r",
            Self::Memfd => "m",
            Self::Bpf => "b",
            Self::Pidfd => "P",
            Self::Other => "o",
        }
    }

    fn of(file: &File) -> Self {
        /// Types of files: <https://man7.org/linux/man-pages/man7/inode.7.html>
        const S_IFDIR: u32 = 0o040_000;
        const S_IFIFO: u32 = 0o010_000;
        /// Address families: <https://github.com/torvalds/linux/blob/v6.12/include/linux/socket.h#L191>
        const AF_NETLINK: u16 = 16;
        match &file.kind {
            FileKind::Named(Some(name)) if file.bits & DETACHED != 0 && name.starts_with(b"/memfd:") => Self::Memfd,
            FileKind::Named(_) if file.format() == S_IFDIR => Self::Directory,
            FileKind::Named(_) if file.format() == S_IFIFO => Self::Pipe,
            FileKind::Named(_) => Self::File,
            FileKind::Pipe => Self::Pipe,
            FileKind::Anonymous(name) => match &**name {
                b"[eventfd]" => Self::Event,
                b"[eventpoll]" => Self::Eventpoll,
                b"[signalfd]" => Self::Signalfd,
                b"inotify" | b"[inotify]" => Self::Inotify,
                b"[timerfd]" => Self::Timerfd,
                b"[userfaultfd]" => Self::Userfaultfd,
                b"[io_uring]" => Self::IoUring,
                b"[pidfd]" => Self::Pidfd,
                name if name.starts_with(b"bpf") => Self::Bpf,
                _ => Self::Other,
            },
            FileKind::Socket(socket) => match &socket.ends {
                Ends::Inet { local: (local, _), .. } if local.to_canonical().is_ipv4() => Self::Ipv4,
                Ends::Inet { .. } => Self::Ipv6,
                Ends::Unix { .. } => Self::Unix,
                Ends::Other if socket.family == AF_NETLINK => Self::Netlink,
                Ends::Other => Self::OtherSocket,
            },
        }
    }
}

/// The descriptor arguments of a call.
fn descriptors(event: &Event<'_>) -> impl Iterator<Item = i64> {
    let of = |(arg, value): (&agent_common::schema::Arg, RawArg<'_>)| match (arg.kind, value) {
        (Kind::Fd | Kind::Dirfd, value) => value.word().map(|word| i64::from((word as u32).cast_signed())),
        (Kind::StructOut(Layout::FdPair), RawArg::Bytes { bytes, .. }) => {
            bytes.first_chunk::<4>().map(|first| i64::from(i32::from_ne_bytes(*first)))
        }
        (_, _) => None,
    };
    event.raw.args().filter_map(of)
}

/// Whether the call makes a descriptor when it succeeds.
fn makes_one(event: &Event<'_>) -> bool {
    event.raw.row.is_some_and(makes)
}

/// The number of the descriptor that the event is about.
pub(super) fn num(event: &Event<'_>) -> Option<i64> {
    if makes_one(event) { event.raw.ret().map(|ret| ret.max(-1)) } else { descriptors(event).next() }
}

/// The file that the event is about: the new one of a call that makes one, else the first.
pub(super) fn primary<'e>(event: &'e Event<'_>) -> Option<&'e File> {
    let [first, second] = event.files;
    let file = match event.raw.row.filter(|row| makes(row)) {
        None => first,
        Some(_) if event.raw.ret().is_none_or(|ret| ret < 0) => None,
        // Behind the descriptors that the call was given. The row tells how many, and is asked only when it matters: this
        // is wanted several times an event.
        Some(row) => second.or_else(|| {
            let given = row.args.iter().any(|arg| matches!(arg.kind, Kind::Fd | Kind::Dirfd));
            first.filter(|_| !given)
        }),
    };
    file.map(|file| &**file)
}

/// What the event's file is.
pub(super) fn file_type(event: &Event<'_>) -> Option<FdType> {
    primary(event).map(FdType::of)
}

fn typechar(event: &Event<'_>) -> Option<&'static str> {
    match file_type(event) {
        Some(kind) => Some(kind.char()),
        // What was to be opened: rules look for failed opens by it.
        None => fspath::opened_raw(event).map(|_| FdType::File.char()),
    }
}

/// The name of the event's file.
pub(super) fn name<'e>(event: &'e Event<'_>) -> Option<&'e [u8]> {
    let Some(file) = primary(event) else { return fspath::opened(event) };
    match &file.kind {
        FileKind::Named(name) => name.as_deref(),
        FileKind::Socket(socket) => {
            let (ends, role) = socket::seen(event, socket);
            Some(event.arena.text(|out| ends.write_name(role, file.inode, out)))
        }
        FileKind::Pipe | FileKind::Anonymous(_) => event.arena.some_text(|out| file.write_name(out)),
    }
}

fn directory<'e>(event: &'e Event<'_>) -> Option<&'e [u8]> {
    match file_type(event) {
        Some(FdType::Directory) => name(event),
        Some(FdType::File) | None => name(event).map(path::directory),
        Some(_) => None,
    }
}

/// A name behind the container's id.
fn in_container<'e>(event: &'e Event<'_>, name: Option<&'e [u8]>) -> Value<'e> {
    name.map(|name| event.arena.concat(&[container::id(event).as_bytes(), b":", name])).into()
}

fn socket<'e>(event: &'e Event<'_>) -> Option<&'e crate::metadata::file::Socket> {
    primary(event).and_then(socket::of)
}

fn inet_socket<'e>(event: &'e Event<'_>) -> Option<&'e crate::metadata::file::Socket> {
    socket(event).filter(|socket| matches!(socket.ends, Ends::Inet { .. }))
}

fn inet(event: &Event<'_>) -> Option<Inet> {
    socket::inet(event, primary(event)?)
}

fn client(event: &Event<'_>) -> Option<Endpoint> {
    inet(event)?.client()
}

fn server(event: &Event<'_>) -> Option<Endpoint> {
    inet(event)?.server()
}

fn local(event: &Event<'_>) -> Option<Endpoint> {
    inet(event)?.local
}

fn remote(event: &Event<'_>) -> Option<Endpoint> {
    inet(event)?.remote
}

const fn address((address, _): Endpoint) -> IpAddr {
    address
}

const fn port((_, port): Endpoint) -> u16 {
    port
}

/// Both ends of a socket.
fn both<'e, T: Into<Value<'e>>>(event: &'e Event<'_>, what: impl Fn(Endpoint) -> T) -> Value<'e> {
    let ends = inet(event).into_iter().flat_map(|inet| [inet.local, inet.remote]).flatten();
    Value::list(event.arena, ends.map(|end| what(end).into()))
}
