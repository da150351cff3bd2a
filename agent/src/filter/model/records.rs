// SPDX-License-Identifier: Apache-2.0
//! The records that the probe would make of calls.

use std::net::SocketAddr;

use agent_common::{
    layout::Layout,
    record::{Header, MsgPrefix, NULL, flag},
    schema::{Arg, Kind, Op, Syscall},
};

use super::calls::{Call, id};
use crate::decode::{
    encode::{self, Field},
    visit::Absent,
};

/// The arguments of a number that has no syscall.
const UNKNOWN: Syscall = {
    const fn hex(at: u8) -> Arg {
        Arg { name: "", at, kind: Kind::Hex }
    }
    const ARGS: &[Arg] = &[hex(0), hex(1), hex(2), hex(3), hex(4), hex(5)];
    Syscall { name: "", classes: 0, args: ARGS, hook: agent_common::schema::Hook::Exit, makes: false }
};

pub(super) fn record(call: &Call) -> Vec<u8> {
    let mut comm = [0; 16];
    comm[..call.comm.len()].copy_from_slice(call.comm.as_bytes());
    let unknown = if call.row.syscall.is_none() { flag::UNKNOWN } else { 0 };
    let header = Header {
        ret: if call.has_ret() { call.ret } else { 0 },
        comm,
        tgid: call.ids[id::TGID],
        tid: call.ids[id::TID],
        ppid: call.ids[id::PPID],
        uid: call.ids[id::UID],
        gid: call.ids[id::GID],
        cpu: call.cpu,
        flags: unknown | if call.has_ret() { 0 } else { flag::NO_RET },
        ts: 5_000_000_007,
        ..encode::header(call.row.abi, call.row.nr)
    };
    let syscall = call.row.syscall.unwrap_or(&UNKNOWN);
    let fields: Vec<_> = syscall.args.iter().map(|arg| field(call, arg)).collect();
    encode::record(header, syscall, &fields)
}

fn field(call: &Call, arg: &Arg) -> Field {
    let at = call.args[usize::from(arg.at)];
    if matches!(arg.op(call.row.abi), Op::Reg(_)) {
        return Field::Word(at);
    }
    let filled = call.ret >= 0;
    let text = || match call.text(arg.at) {
        Some(text) => Field::Bytes(text.as_bytes().to_vec()),
        None => Field::Absent(if at == 0 { Absent::Null } else { Absent::Fault }),
    };
    #[expect(clippy::wildcard_enum_match_arm, reason = "what is not looked at was not filled in")]
    match arg.kind {
        _ if at == 0 => Field::Absent(Absent::Null),
        Kind::Path | Kind::Str | Kind::ExecPath(_) => text(),
        Kind::StrIf { sel, a, b } => {
            let sel = call.args[usize::from(sel)];
            if sel == u64::from(a) || sel == u64::from(b) { text() } else { Field::Absent(Absent::Unset) }
        }
        Kind::Sockaddr(_) => address(call.named),
        Kind::SockaddrOut(_) if filled => address(call.named),
        Kind::Msg | Kind::Mmsg(_) => message(call.named),
        Kind::MsgOut | Kind::MmsgOut if filled => message(call.named),
        Kind::Sized(Layout::OpenHow, size) => match call.how {
            Some(how) => {
                let bytes: Vec<u8> = how.iter().flat_map(|word| word.to_ne_bytes()).collect();
                let len = bytes.len().min(call.args[usize::from(size)] as usize);
                Field::Bytes(bytes[..len].to_vec())
            }
            None => Field::Absent(Absent::Fault),
        },
        Kind::StructOut(Layout::FdPair) if filled => {
            Field::Bytes([3_i32, 5].iter().flat_map(|fd| fd.to_ne_bytes()).collect())
        }
        Kind::Data(_) | Kind::Iov(_) => Field::Bytes(b"data".to_vec()),
        Kind::DataOut(_) | Kind::IovOut(_) if filled => Field::Bytes(b"read".to_vec()),
        _ => Field::Absent(Absent::Unset),
    }
}

/// A socket address.
pub(super) fn address_bytes(address: SocketAddr) -> Vec<u8> {
    let mut out = Vec::new();
    match address {
        SocketAddr::V4(address) => {
            out.extend_from_slice(&2_u16.to_ne_bytes());
            out.extend_from_slice(&address.port().to_be_bytes());
            out.extend_from_slice(&address.ip().octets());
            out.extend_from_slice(&[0; 8]);
        }
        SocketAddr::V6(address) => {
            out.extend_from_slice(&10_u16.to_ne_bytes());
            out.extend_from_slice(&address.port().to_be_bytes());
            out.extend_from_slice(&[0; 4]);
            out.extend_from_slice(&address.ip().octets());
            out.extend_from_slice(&[0; 4]);
        }
    }
    out
}

fn address(address: Option<SocketAddr>) -> Field {
    address.map_or(Field::Absent(Absent::Fault), |address| Field::Bytes(address_bytes(address)))
}

fn message(named: Option<SocketAddr>) -> Field {
    let name = named.map(address_bytes);
    let name_len = name.as_ref().map_or(NULL, |name| name.len() as u16);
    let prefix = MsgPrefix { flags: 0, name_len, control_len: NULL, data_len: 4, reserved: 0 };
    let mut out = prefix.flags.to_ne_bytes().to_vec();
    for half in [prefix.name_len, prefix.control_len, prefix.data_len, prefix.reserved] {
        out.extend_from_slice(&half.to_ne_bytes());
    }
    out.extend(name.into_iter().flatten());
    out.extend_from_slice(b"data");
    Field::Bytes(out)
}
