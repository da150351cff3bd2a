// SPDX-License-Identifier: Apache-2.0
//! Socket addresses.

use std::{
    fmt::{self, Display},
    io::Write as _,
    net::{Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6},
};

use super::{
    symbols,
    visit::{Text, Visitor},
};

/// A socket address. It prints in one word, as in `127.0.0.1:8080`, `[fe80::1%2]:80`, `/run/x.sock`, `@abstract`,
/// `netlink:0:0x1`; an unnamed Unix socket is `@`. Text from its owner (paths, names) is printed as it is: escaping is
/// the caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SockAddr<'a> {
    /// No family: `connect` with it disconnects.
    Unspec,
    /// `struct sockaddr_in`.
    Inet(SocketAddrV4),
    /// `struct sockaddr_in6`.
    Inet6(SocketAddrV6),
    /// `struct sockaddr_un` with a file name.
    UnixPath(&'a [u8]),
    /// `struct sockaddr_un` with a name outside the file system.
    UnixAbstract(&'a [u8]),
    /// `struct sockaddr_un` without a name.
    UnixUnnamed,
    /// `struct sockaddr_nl`.
    Netlink {
        /// The port, which is 0 for the kernel and often a process id.
        pid: u32,
        /// Multicast groups.
        groups: u32,
    },
    /// `struct sockaddr_ll`.
    Packet {
        /// The ethertype.
        protocol: u16,
        /// The interface.
        ifindex: i32,
        /// The kind of hardware.
        hatype: u16,
        /// For whom the packet was.
        pkttype: u8,
        /// The hardware address.
        addr: &'a [u8],
    },
    /// `struct sockaddr_vm`.
    Vsock {
        /// The machine; all ones means any.
        cid: u32,
        /// The port; all ones means any.
        port: u32,
    },
    /// `struct sockaddr_alg`.
    Alg {
        /// The kind of algorithm.
        kind: &'a [u8],
        /// The algorithm.
        name: &'a [u8],
    },
    /// `struct sockaddr_can`.
    Can {
        /// The interface; 0 means any.
        ifindex: i32,
    },
    /// `struct sockaddr_qrtr`.
    Qrtr {
        /// The node.
        node: u32,
        /// The port.
        port: u32,
    },
    /// `struct sockaddr_xdp`.
    Xdp {
        /// The interface.
        ifindex: u32,
        /// The queue.
        queue: u32,
    },
    /// Another family, or too few bytes for its address.
    Other {
        /// The family.
        family: u16,
        /// What follows it.
        data: &'a [u8],
    },
    /// Too few bytes for a family.
    Short(&'a [u8]),
}

// Families: include/linux/socket.h.
const AF_UNSPEC: u16 = 0;
const AF_UNIX: u16 = 1;
const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;
const AF_NETLINK: u16 = 16;
const AF_PACKET: u16 = 17;
const AF_CAN: u16 = 29;
const AF_ALG: u16 = 38;
const AF_VSOCK: u16 = 40;
const AF_QIPCRTR: u16 = 42;
const AF_XDP: u16 = 44;

/// The `N` bytes of `bytes` from `at`.
fn chunk<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    chunk(bytes, at).map(u16::from_ne_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    chunk(bytes, at).map(u32::from_ne_bytes)
}

/// What precedes the first NUL.
fn string(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or(bytes)
}

impl<'a> SockAddr<'a> {
    /// Reads an address of a call's length. Never fails: what has no better form is [`Self::Other`].
    #[must_use]
    pub fn parse(bytes: &'a [u8]) -> Self {
        let Some((family, data)) = bytes.split_first_chunk() else { return Self::Short(bytes) };
        let family = u16::from_ne_bytes(*family);
        Self::known(family, bytes).unwrap_or(Self::Other { family, data })
    }

    /// The address, offsets as in the kernel's header of the family.
    fn known(family: u16, bytes: &'a [u8]) -> Option<Self> {
        Some(match family {
            AF_UNSPEC => Self::Unspec,
            // include/uapi/linux/un.h
            AF_UNIX => match bytes.get(2..) {
                None | Some([]) => Self::UnixUnnamed,
                Some([0, name @ ..]) => Self::UnixAbstract(name),
                Some(path) => Self::UnixPath(string(path)),
            },
            // include/uapi/linux/in.h
            AF_INET => Self::Inet(SocketAddrV4::new(
                Ipv4Addr::from(chunk::<4>(bytes, 4)?),
                u16::from_be_bytes(chunk(bytes, 2)?),
            )),
            // include/uapi/linux/in6.h; without its last member it is a valid, if old, address.
            AF_INET6 => Self::Inet6(SocketAddrV6::new(
                Ipv6Addr::from(chunk::<16>(bytes, 8)?),
                u16::from_be_bytes(chunk(bytes, 2)?),
                u32::from_be_bytes(chunk(bytes, 4)?),
                u32_at(bytes, 24).unwrap_or(0),
            )),
            // include/uapi/linux/netlink.h
            AF_NETLINK => Self::Netlink { pid: u32_at(bytes, 4)?, groups: u32_at(bytes, 8)? },
            // include/uapi/linux/if_packet.h
            AF_PACKET => {
                let addr = bytes.get(12..)?;
                let len = usize::from(*bytes.get(11)?);
                Self::Packet {
                    protocol: u16::from_be_bytes(chunk(bytes, 2)?),
                    ifindex: u32_at(bytes, 4)?.cast_signed(),
                    hatype: u16_at(bytes, 8)?,
                    pkttype: *bytes.get(10)?,
                    addr: addr.get(..len).unwrap_or(addr),
                }
            }
            // include/uapi/linux/can.h
            AF_CAN => Self::Can { ifindex: u32_at(bytes, 4)?.cast_signed() },
            // include/uapi/linux/if_alg.h
            AF_ALG => Self::Alg { kind: string(bytes.get(2..16)?), name: string(bytes.get(24..)?) },
            // include/uapi/linux/vm_sockets.h
            AF_VSOCK => Self::Vsock { port: u32_at(bytes, 4)?, cid: u32_at(bytes, 8)? },
            // include/uapi/linux/qrtr.h
            AF_QIPCRTR => Self::Qrtr { node: u32_at(bytes, 4)?, port: u32_at(bytes, 8)? },
            // include/uapi/linux/if_xdp.h
            AF_XDP => Self::Xdp { ifindex: u32_at(bytes, 4)?, queue: u32_at(bytes, 8)? },
            _ => return None,
        })
    }

    /// The family's number.
    #[must_use]
    pub const fn family(&self) -> Option<u16> {
        Some(match self {
            Self::Unspec => AF_UNSPEC,
            Self::Inet(_) => AF_INET,
            Self::Inet6(_) => AF_INET6,
            Self::UnixPath(_) | Self::UnixAbstract(_) | Self::UnixUnnamed => AF_UNIX,
            Self::Netlink { .. } => AF_NETLINK,
            Self::Packet { .. } => AF_PACKET,
            Self::Vsock { .. } => AF_VSOCK,
            Self::Alg { .. } => AF_ALG,
            Self::Can { .. } => AF_CAN,
            Self::Qrtr { .. } => AF_QIPCRTR,
            Self::Xdp { .. } => AF_XDP,
            Self::Other { family, .. } => *family,
            Self::Short(_) => return None,
        })
    }

    /// Appends the text form. Unlike [`Display`] it keeps paths and names that are not UTF-8.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::UnixPath(path) => out.extend_from_slice(path),
            Self::UnixAbstract(name) => {
                out.push(b'@');
                out.extend_from_slice(name);
            }
            Self::Alg { kind, name } => {
                out.extend_from_slice(b"alg:");
                out.extend_from_slice(kind);
                out.push(b':');
                out.extend_from_slice(name);
            }
            Self::Unspec
            | Self::Inet(_)
            | Self::Inet6(_)
            | Self::UnixUnnamed
            | Self::Netlink { .. }
            | Self::Packet { .. }
            | Self::Vsock { .. }
            | Self::Can { .. }
            | Self::Qrtr { .. }
            | Self::Xdp { .. }
            | Self::Other { .. }
            | Self::Short(_) => {
                // Writing to memory does not fail.
                let _ = write!(out, "{self}");
            }
        }
    }
}

/// Prints bytes; what is not UTF-8 becomes U+FFFD.
fn lossy(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for chunk in bytes.utf8_chunks() {
        f.write_str(chunk.valid())?;
        if !chunk.invalid().is_empty() {
            f.write_str("\u{fffd}")?;
        }
    }
    Ok(())
}

/// Prints bytes in hexadecimal, `separator` between them.
struct Hex<'a>(&'a [u8], &'static str);

impl Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.0.iter().enumerate() {
            let separator = if i == 0 { "" } else { self.1 };
            write!(f, "{separator}{byte:02x}")?;
        }
        Ok(())
    }
}

/// Prints a number for which all ones means any.
struct Any(u32);

impl Display for Any {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == u32::MAX { f.write_str("any") } else { write!(f, "{}", self.0) }
    }
}

/// Prints the name of an ethertype, or its number.
struct Ethertype(u16);

impl Display for Ethertype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match symbols::name(&[symbols::net::ETHERTYPE], u64::from(self.0)) {
            Some(name) => f.write_str(name),
            None => write!(f, "{:#x}", self.0),
        }
    }
}

/// Prints the name of a family, or its number.
struct Family(u16);

impl Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match symbols::name(&[symbols::net::DOMAIN], u64::from(self.0)) {
            Some(name) => f.write_str(name),
            None => write!(f, "{}", self.0),
        }
    }
}

impl Display for SockAddr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unspec => f.write_str("unspec"),
            Self::Inet(addr) => write!(f, "{addr}"),
            Self::Inet6(addr) => write!(f, "{addr}"),
            Self::UnixPath(path) => lossy(path, f),
            Self::UnixAbstract(name) => {
                f.write_str("@")?;
                lossy(name, f)
            }
            Self::UnixUnnamed => f.write_str("@"),
            Self::Netlink { pid, groups } => write!(f, "netlink:{pid}:{groups:#x}"),
            Self::Packet { protocol, ifindex, addr, .. } => {
                write!(f, "packet:{ifindex}:{}", Ethertype(*protocol))?;
                if addr.is_empty() { Ok(()) } else { write!(f, ":{}", Hex(addr, ":")) }
            }
            Self::Vsock { cid, port } => write!(f, "vsock:{}:{}", Any(*cid), Any(*port)),
            Self::Alg { kind, name } => {
                f.write_str("alg:")?;
                lossy(kind, f)?;
                f.write_str(":")?;
                lossy(name, f)
            }
            Self::Can { ifindex } => write!(f, "can:{ifindex}"),
            Self::Qrtr { node, port } => write!(f, "qrtr:{node}:{port}"),
            Self::Xdp { ifindex, queue } => write!(f, "xdp:{ifindex}:{queue}"),
            Self::Other { family, data } => write!(f, "{}:{}", Family(*family), Hex(data, "")),
            Self::Short(bytes) => write!(f, "{}", Hex(bytes, "")),
        }
    }
}

/// Shows the address of `bytes`.
pub fn visit(bytes: &[u8], v: &mut (impl Visitor + ?Sized)) {
    v.sockaddr(&SockAddr::parse(bytes));
}

/// Shows an address by its parts: an object with its `family`, and what the family has.
pub fn visit_json(addr: &SockAddr<'_>, v: &mut (impl Visitor + ?Sized)) {
    let mut v = Object(v);
    v.0.begin_object();
    if let Some(family) = addr.family() {
        v.show("family", &Family(family));
    }
    match addr {
        SockAddr::Unspec | SockAddr::UnixUnnamed => {}
        SockAddr::Inet(addr) => {
            v.show("addr", addr.ip());
            v.number("port", addr.port());
        }
        SockAddr::Inet6(addr) => {
            v.show("addr", addr.ip());
            v.number("port", addr.port());
            if addr.flowinfo() != 0 {
                v.number("flowinfo", addr.flowinfo());
            }
            if addr.scope_id() != 0 {
                v.number("scope_id", addr.scope_id());
            }
        }
        SockAddr::UnixPath(path) => v.bytes("path", Text::Path, path),
        SockAddr::UnixAbstract(name) => v.bytes("abstract", Text::Str, name),
        SockAddr::Netlink { pid, groups } => {
            v.number("pid", *pid);
            v.number("groups", *groups);
        }
        SockAddr::Packet { protocol, ifindex, hatype, pkttype, addr } => {
            v.show("protocol", &Ethertype(*protocol));
            v.number("ifindex", *ifindex);
            v.number("hatype", *hatype);
            v.number("pkttype", *pkttype);
            if !addr.is_empty() {
                v.show("addr", &Hex(addr, ":"));
            }
        }
        SockAddr::Vsock { cid, port } => {
            v.number("cid", *cid);
            v.number("port", *port);
        }
        SockAddr::Alg { kind, name } => {
            v.bytes("type", Text::Str, kind);
            v.bytes("name", Text::Str, name);
        }
        SockAddr::Can { ifindex } => v.number("ifindex", *ifindex),
        SockAddr::Qrtr { node, port } => {
            v.number("node", *node);
            v.number("port", *port);
        }
        SockAddr::Xdp { ifindex, queue } => {
            v.number("ifindex", *ifindex);
            v.number("queue", *queue);
        }
        SockAddr::Other { data, .. } | SockAddr::Short(data) => v.bytes("data", Text::Data, data),
    }
    v.0.end_object();
}

/// An open object.
struct Object<'v, V: ?Sized>(&'v mut V);

impl<V: Visitor + ?Sized> Object<'_, V> {
    fn number(&mut self, name: &str, value: impl Into<i64>) {
        self.0.key(name);
        self.0.signed(value.into());
    }

    /// Shows what prints as ASCII without quotes.
    fn show(&mut self, name: &str, value: &impl Display) {
        self.0.key(name);
        self.0.symbols(&|out| {
            // Writing to memory does not fail.
            let _ = write!(out, "{value}");
        });
    }

    fn bytes(&mut self, name: &str, what: Text, bytes: &[u8]) {
        self.0.key(name);
        self.0.bytes(what, bytes, false);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::*;
    use crate::decode::visit::recorder::record;

    fn text(bytes: &[u8]) -> String {
        let addr = SockAddr::parse(bytes);
        let mut raw = Vec::new();
        addr.write(&mut raw);
        assert_eq!(addr.to_string(), String::from_utf8_lossy(&raw));
        assert_eq!(record(|v| visit(bytes, v)), format!("<{addr}>"));
        addr.to_string()
    }

    fn json(bytes: &[u8]) -> String {
        record(|v| visit_json(&SockAddr::parse(bytes), v))
    }

    fn of(family: u16, rest: &[u8]) -> Vec<u8> {
        [&family.to_ne_bytes(), rest].concat()
    }

    #[test]
    fn inet() {
        let addr = of(AF_INET, &[0x1f, 0x90, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(text(&addr), "127.0.0.1:8080");
        assert_eq!(json(&addr), r#"{"family":"AF_INET","addr":"127.0.0.1","port":8080}"#);
        assert_eq!(text(&addr[..8]), "127.0.0.1:8080");
        assert_eq!(text(&addr[..7]), "AF_INET:1f907f0000");
        assert_eq!(json(&addr[..4]), r#"{"family":"AF_INET","data":Data b"\x1f\x90"}"#);
    }

    #[test]
    fn inet6() {
        let mut addr = of(AF_INET6, &[0, 80, 0, 0, 0, 0]);
        addr.extend(Ipv6Addr::LOCALHOST.octets());
        assert_eq!(text(&addr), "[::1]:80");
        addr.extend(3_u32.to_ne_bytes());
        assert_eq!(text(&addr), "[::1%3]:80");
        addr[7] = 9;
        assert_eq!(json(&addr), r#"{"family":"AF_INET6","addr":"::1","port":80,"flowinfo":9,"scope_id":3}"#);
    }

    #[test]
    fn unix() {
        assert_eq!(text(&of(AF_UNIX, b"/run/x.sock\0rest")), "/run/x.sock");
        assert_eq!(json(&of(AF_UNIX, b"/run/x.sock\0")), r#"{"family":"AF_UNIX","path":Path b"/run/x.sock"}"#);
        assert_eq!(text(&of(AF_UNIX, b"/\xff")), "/\u{fffd}");
        assert_eq!(text(&of(AF_UNIX, b"\0a\0b")), "@a\0b");
        assert_eq!(json(&of(AF_UNIX, b"\0a")), r#"{"family":"AF_UNIX","abstract":Str b"a"}"#);
        assert_eq!(text(&of(AF_UNIX, b"")), "@");
        assert_eq!(json(&of(AF_UNIX, b"")), r#"{"family":"AF_UNIX"}"#);
    }

    #[test]
    fn others() {
        assert_eq!(text(&of(AF_NETLINK, &[0, 0, 7, 0, 0, 0, 1, 0, 0, 0])), "netlink:7:0x1");
        let packet = of(AF_PACKET, &[8, 0, 2, 0, 0, 0, 1, 0, 0, 6, 1, 2, 3, 4, 5, 0xff, 0, 0]);
        assert_eq!(text(&packet), "packet:2:ETH_P_IP:01:02:03:04:05:ff");
        assert_eq!(
            json(&packet),
            concat!(
                r#"{"family":"AF_PACKET","protocol":"ETH_P_IP","ifindex":2,"hatype":1,"pkttype":0,"#,
                r#""addr":"01:02:03:04:05:ff"}"#
            )
        );
        let vsock = of(AF_VSOCK, &[0, 0, 1, 2, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
        assert_eq!(text(&vsock), "vsock:any:513");
        let mut alg = of(AF_ALG, b"hash\0\0\0\0\0\0\0\0\0\0");
        alg.extend([0; 8]);
        alg.extend(b"sha256\0\0");
        assert_eq!(text(&alg), "alg:hash:sha256");
        assert_eq!(json(&alg), r#"{"family":"AF_ALG","type":Str b"hash","name":Str b"sha256"}"#);
        assert_eq!(text(&of(AF_UNSPEC, &[0; 14])), "unspec");
        assert_eq!(text(&of(9, &[1, 0xab])), "AF_X25:01ab");
        assert_eq!(text(&of(999, &[1])), "999:01");
        assert_eq!(text(&[7]), "07");
        assert_eq!(json(&[]), r#"{"data":Data b""}"#);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            text(&bytes);
            json(&bytes);
        }

        #[test]
        fn any_bytes_of_a_family(family in 0_u16..46, rest in proptest::collection::vec(any::<u8>(), 0..130)) {
            let bytes = of(family, &rest);
            text(&bytes);
            json(&bytes);
            assert_eq!(SockAddr::parse(&bytes).family(), Some(family));
        }
    }
}
