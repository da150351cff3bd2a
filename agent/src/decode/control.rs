// SPDX-License-Identifier: Apache-2.0
//! Control messages of sendmsg(2) and recvmsg(2).

use agent_common::schema::Abi;

use super::{
    symbols::{self, net, sockopt},
    visit::{Text, Visitor},
};

const SOL_SOCKET: i32 = 1;
const SCM_RIGHTS: i32 = 1;
const SCM_CREDENTIALS: i32 = 2;
const SCM_PIDFD: i32 = 4;

/// One message: a `struct cmsghdr` and what follows.
#[derive(Clone, Copy, Debug)]
struct Message<'a> {
    level: i32,
    kind: i32,
    /// As the header says, itself included.
    len: u64,
    /// What is there of the data.
    data: &'a [u8],
    /// Whether the header says that there is more.
    cut: bool,
}

/// An `int` off the front.
fn int(bytes: &[u8]) -> Option<(i32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((i32::from_ne_bytes(*number), rest))
}

impl<'a> Message<'a> {
    /// The first message of `bytes`, and what comes after it. `CMSG_FIRSTHDR` and `CMSG_NXTHDR`:
    /// `include/linux/socket.h`; `include/net/compat.h` for 32-bit callers.
    fn first(bytes: &'a [u8], abi: Abi) -> Option<(Self, &'a [u8])> {
        let (len, align, rest) = match abi {
            Abi::Native => {
                let (len, rest) = bytes.split_first_chunk()?;
                (u64::from_ne_bytes(*len), 8, rest)
            }
            Abi::I386 => {
                let (len, rest) = bytes.split_first_chunk()?;
                (u64::from(u32::from_ne_bytes(*len)), 4, rest)
            }
        };
        let (level, rest) = int(rest)?;
        let (kind, rest) = int(rest)?;
        let header = bytes.len() - rest.len();
        let said = usize::try_from(len).unwrap_or(usize::MAX);
        // A length that does not even hold the header: nothing can be known of what follows.
        let data = said.checked_sub(header);
        let shown = data.map_or(&[][..], |data| rest.get(..data).unwrap_or(rest));
        let cut = data.is_some_and(|data| data > rest.len());
        let next = data.and_then(|_| bytes.get(said.checked_next_multiple_of(align)?..)).unwrap_or(&[]);
        Some((Self { level, kind, len, data: shown, cut }, next))
    }

    fn visit(&self, v: &mut (impl Visitor + ?Sized)) {
        v.begin_object();
        v.key("level");
        name(symbols::name(&[sockopt::LEVEL], u64::from(self.level.cast_unsigned())), self.level, v);
        v.key("type");
        name(self.kind_name(), self.kind, v);
        v.key("len");
        v.unsigned(self.len);
        match (self.level, self.kind) {
            (SOL_SOCKET, SCM_RIGHTS) => {
                v.key("fds");
                v.begin_array();
                for fd in self.data.chunks_exact(4).filter_map(<[u8]>::first_chunk) {
                    v.element();
                    v.signed(i64::from(i32::from_ne_bytes(*fd)));
                }
                v.end_array(self.cut);
            }
            (SOL_SOCKET, SCM_CREDENTIALS) => {
                for (key, id) in ["pid", "uid", "gid"].iter().zip(self.data.chunks_exact(4)) {
                    if let Some((id, _)) = int(id) {
                        v.key(key);
                        v.signed(i64::from(id));
                    }
                }
            }
            (SOL_SOCKET, SCM_PIDFD) => {
                if let Some((fd, _)) = int(self.data) {
                    v.key("pidfd");
                    v.signed(i64::from(fd));
                }
            }
            _ => {
                v.key("data");
                v.bytes(Text::Data, self.data, self.cut);
            }
        }
        v.end_object();
    }

    /// Control messages have names of their own in few families; most are options by which they are asked for.
    fn kind_name(&self) -> Option<&'static str> {
        const SOL_TLS: i32 = 282;
        const SOL_SCTP: i32 = 132;
        let kind = u64::from(self.kind.cast_unsigned());
        match self.level {
            SOL_SOCKET => symbols::name(&[net::SCM], kind),
            SOL_TLS => symbols::name(&[net::SCM_TLS], kind),
            SOL_SCTP => None,
            level => symbols::name(sockopt::of(u64::from(level.cast_unsigned())), kind),
        }
    }
}

fn name(name: Option<&str>, number: i32, v: &mut (impl Visitor + ?Sized)) {
    match name {
        Some(name) => v.symbols(&|out| out.extend_from_slice(name.as_bytes())),
        None => v.signed(i64::from(number)),
    }
}

/// Shows the messages of `bytes` as an array of objects: `level`, `type`, `len` (as the header says), then what they
/// carry: `fds`; `pid`, `uid`, `gid`; `pidfd`; or else `data`.
pub fn visit(bytes: &[u8], abi: Abi, v: &mut (impl Visitor + ?Sized)) {
    let (mut rest, mut cut) = (bytes, false);
    v.begin_array();
    while let Some((message, next)) = Message::first(rest, abi) {
        v.element();
        message.visit(v);
        cut = message.cut;
        rest = next;
    }
    v.end_array(cut);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::*;
    use crate::decode::visit::recorder::record;

    fn show(bytes: &[u8], abi: Abi) -> String {
        record(|v| visit(bytes, abi, v))
    }

    /// A message, padded as `CMSG_SPACE` does.
    fn message(abi: Abi, level: i32, kind: i32, data: &[u8]) -> Vec<u8> {
        let (mut bytes, align) = match abi {
            Abi::Native => ((16 + data.len() as u64).to_ne_bytes().to_vec(), 8),
            Abi::I386 => ((12 + data.len() as u32).to_ne_bytes().to_vec(), 4),
        };
        bytes.extend(level.to_ne_bytes());
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(data);
        bytes.resize(bytes.len().next_multiple_of(align), 0);
        bytes
    }

    #[test]
    fn messages() {
        for (abi, header) in [(Abi::Native, 16), (Abi::I386, 12)] {
            let fds = [3_i32, 4, -1].map(i32::to_ne_bytes).concat();
            let mut bytes = message(abi, SOL_SOCKET, SCM_RIGHTS, &fds);
            bytes.extend(message(abi, SOL_SOCKET, SCM_CREDENTIALS, &[7_i32, 1000, 100].map(i32::to_ne_bytes).concat()));
            bytes.extend(message(abi, 0, 2, &64_i32.to_ne_bytes()));
            bytes.extend(message(abi, 77, 78, b"x"));
            let (three, one, byte) = (header + 12, header + 4, header + 1);
            let want = format!(r#"[{{"level":"SOL_SOCKET","type":"SCM_RIGHTS","len":{three},"fds":[3,4,-1]}},"#)
                + &format!(
                    r#"{{"level":"SOL_SOCKET","type":"SCM_CREDENTIALS","len":{three},"pid":7,"uid":1000,"gid":100}},"#
                )
                + &format!(r#"{{"level":"SOL_IP","type":"IP_TTL","len":{one},"data":Data b"@\x00\x00\x00"}},"#)
                + &format!(r#"{{"level":77,"type":78,"len":{byte},"data":Data b"x"}}]"#);
            assert_eq!(show(&bytes, abi), want);
        }
    }

    #[test]
    fn malformed() {
        let mut bytes = message(Abi::Native, SOL_SOCKET, SCM_RIGHTS, &[0; 8]);
        // Cut by the record's limit.
        assert_eq!(
            show(&bytes[..20], Abi::Native),
            r#"[{"level":"SOL_SOCKET","type":"SCM_RIGHTS","len":24,"fds":[0...]}...]"#
        );
        // Too short for a header.
        assert_eq!(show(&bytes[..15], Abi::Native), "[]");
        // A length that does not hold the header ends the walk, one that overflows too.
        for (len, data) in [(0_u64, ""), (15, ""), (u64::MAX, "0,0..."), (u64::MAX - 7, "0,0...")] {
            bytes[..8].copy_from_slice(&len.to_ne_bytes());
            let cut = if data.is_empty() { "" } else { "..." };
            assert_eq!(
                show(&bytes, Abi::Native),
                format!(r#"[{{"level":"SOL_SOCKET","type":"SCM_RIGHTS","len":{len},"fds":[{data}]}}{cut}]"#)
            );
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            show(&bytes, Abi::Native);
            show(&bytes, Abi::I386);
        }

        #[test]
        fn any_messages(parts: Vec<(u8, i32, i32, Vec<u8>)>, end in any::<u16>()) {
            for abi in Abi::ALL {
                let mut bytes = Vec::new();
                for (len, level, kind, data) in &parts {
                    let at = bytes.len();
                    bytes.extend(message(abi, level & 3, kind & 3, data));
                    if len & 1 != 0 {
                        bytes[at] = *len;
                    }
                }
                bytes.truncate(usize::from(end));
                let shown = show(&bytes, abi);
                prop_assert!(shown.matches("\"level\"").count() <= bytes.len() / 12);
            }
        }
    }
}
