// SPDX-License-Identifier: Apache-2.0
//! Records as the probe writes them, for tests and benchmarks.

pub(crate) mod state;

use agent_common::{
    record::{FAULT, Header, NULL, UNSET, WORD, lengths_at, payload_at},
    schema::{Abi, Op, Syscall},
};

use super::visit::Absent;

/// One argument to be written.
#[derive(Clone, Debug)]
pub(crate) enum Field {
    /// A register.
    Word(u64),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Nothing.
    Absent(Absent),
}

/// A header with plausible values.
pub(crate) fn header(abi: Abi, nr: i32) -> Header {
    Header {
        ts: 1_000_000_007,
        seq: 4711,
        ret: 3,
        cgroup_id: 4207,
        comm: *b"bash\0\0\0\0\0\0\0\0\0\0\0\0",
        nr,
        tgid: 1234,
        tid: 1235,
        ppid: 1,
        uid: 1000,
        gid: 100,
        len: 0,
        truncated: 0,
        flags: 0,
        nargs: 0,
        abi: abi as u8,
        hook: 0,
        cpu: 1,
        gap: 0,
        files: [0; 2],
    }
}

fn bytes_of(header: &Header) -> Vec<u8> {
    let mut out = Vec::new();
    for word in [header.ts, header.seq, header.ret.cast_unsigned(), header.cgroup_id] {
        out.extend_from_slice(&word.to_ne_bytes());
    }
    out.extend_from_slice(&header.comm);
    let nr = header.nr.cast_unsigned();
    for word in [nr, header.tgid, header.tid, header.ppid, header.uid, header.gid, header.len] {
        out.extend_from_slice(&word.to_ne_bytes());
    }
    out.extend_from_slice(&header.truncated.to_ne_bytes());
    out.extend_from_slice(&[header.flags, header.nargs, header.abi, header.hook]);
    out.extend_from_slice(&header.cpu.to_ne_bytes());
    out.extend_from_slice(&header.gap.to_ne_bytes());
    for file in header.files {
        out.extend_from_slice(&file.to_ne_bytes());
    }
    out
}

/// The record of a call of `row` with `fields`.
pub(crate) fn record(mut header: Header, row: &Syscall, fields: &[Field]) -> Vec<u8> {
    let abi = Abi::from_raw(header.abi).expect("an ABI");
    let (mut words, mut lengths, mut payload) = (Vec::new(), Vec::new(), Vec::new());
    for (arg, field) in row.args.iter().zip(fields) {
        match (arg.op(abi), field) {
            (Op::Reg(_), Field::Word(word)) => words.extend_from_slice(&word.to_ne_bytes()),
            (Op::Reg(_), other) => unreachable!("{} is a register, not {other:?}", arg.name),
            (_, Field::Bytes(bytes)) => {
                lengths.extend_from_slice(&(bytes.len() as u16).to_ne_bytes());
                payload.extend_from_slice(bytes);
            }
            (_, Field::Absent(why)) => {
                let sentinel = match why {
                    Absent::Fault => FAULT,
                    Absent::Null => NULL,
                    Absent::Unset => UNSET,
                };
                lengths.extend_from_slice(&sentinel.to_ne_bytes());
            }
            (_, Field::Word(_)) => unreachable!("{} is not a register", arg.name),
        }
    }
    let (n, others) = (words.len() / WORD, lengths.len() / 2);
    header.nargs = fields.len() as u8;
    header.len = (payload_at(n, others) + payload.len()) as u32;
    let mut out = bytes_of(&header);
    out.extend(words);
    assert_eq!(out.len(), lengths_at(n));
    out.extend(lengths);
    out.extend(payload);
    out
}
