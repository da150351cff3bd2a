// SPDX-License-Identifier: Apache-2.0
//! The calls that are decoded and written: one of each kind of row.

use agent_common::{
    numbers,
    record::Header,
    schema::{Abi, Op},
};

use super::world::{CGROUP, FILE, PID, SOCKET};
use crate::decode::{
    encode::{Field, header, record},
    visit::Absent,
};

/// When it was, in nanoseconds since boot.
const BOOT_TIME: u64 = 5_000_000_007;
/// The path that is opened, of 30 characters.
pub(super) const PATH: &str = "/etc/alternatives/pager.1.link";

/// A call whose record is made.
#[derive(Clone, Copy, Debug)]
pub(super) enum Call {
    /// Nothing but the header.
    Getppid,
    /// A byte of data.
    Read1,
    /// A page of data.
    Read4096,
    /// Words and a path.
    Openat,
    /// A socket address.
    Connect,
    /// Lists of strings.
    Execve,
}

impl Call {
    /// All of them.
    pub(super) const ALL: [Self; 6] =
        [Self::Getppid, Self::Read1, Self::Read4096, Self::Openat, Self::Connect, Self::Execve];

    /// What it is called.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Getppid => "getppid",
            Self::Read1 => "read-1",
            Self::Read4096 => "read-4096",
            Self::Openat => "openat",
            Self::Connect => "connect",
            Self::Execve => "execve",
        }
    }

    /// Its record.
    pub(super) fn record(self) -> Vec<u8> {
        let text = |bytes: &[u8]| Field::Bytes(bytes.to_vec());
        let word = Field::Word;
        match self {
            Self::Getppid => call("getppid", 1233, [0; 2], "sh", &[]),
            Self::Read1 => {
                let args = [("fd", word(3)), ("data", text(b"x")), ("size", word(1))];
                call("read", 1, [FILE, 0], "sh", &args)
            }
            Self::Read4096 => {
                let line = b"The quick brown fox jumps over the lazy dog, and \"so\" on.\n";
                let data: Vec<_> = line.iter().copied().cycle().take(4096).collect();
                let args = [("fd", word(3)), ("data", Field::Bytes(data)), ("size", word(4096))];
                call("read", 4096, [FILE, 0], "sh", &args)
            }
            Self::Openat => open(PATH, "sh"),
            Self::Connect => {
                let peer = text(b"\x02\0\x01\xbb\x0a\0\0\x02\0\0\0\0\0\0\0\0");
                call("connect", 0, [SOCKET, 0], "sh", &[("fd", word(5)), ("addr", peer), ("addrlen", word(16))])
            }
            Self::Execve => {
                let env = text(b"HOME=/home/user\0PATH=/usr/local/bin:/usr/bin:/bin\0TERM=xterm\0LANG=C.UTF-8\0");
                let args = [("filename", text(b"/usr/bin/env")), ("argv", text(b"env\0-i\0true\0")), ("env", env)];
                call("execve", 0, [0; 2], "env", &args)
            }
        }
    }
}

/// A thread called `comm` opens `path` for reading.
pub(super) fn open(path: &str, comm: &str) -> Vec<u8> {
    let args = [("dirfd", Field::Word((-100_i64).cast_unsigned())), ("name", Field::Bytes(path.as_bytes().to_vec()))];
    call("openat", 3, [0, FILE], comm, &args)
}

/// A call of a thread called `comm`. Arguments that are not given are 0 or NULL.
fn call(name: &str, ret: i64, files: [u64; 2], comm: &str, args: &[(&str, Field)]) -> Vec<u8> {
    let entry = numbers::table(Abi::Native).iter().find(|entry| entry.row.name == name).expect("a row of the table");
    let fields = entry.row.args.iter().map(|arg| {
        let given = args.iter().find(|(name, _)| *name == arg.name).map(|(_, field)| field.clone());
        let nothing = || {
            if matches!(arg.op(Abi::Native), Op::Reg(_)) { Field::Word(0) } else { Field::Absent(Absent::Null) }
        };
        given.unwrap_or_else(nothing)
    });
    let mut padded = [0; 16];
    padded[..comm.len()].copy_from_slice(comm.as_bytes());
    let header = Header {
        ts: BOOT_TIME,
        ret,
        cgroup_id: CGROUP,
        comm: padded,
        tgid: PID,
        tid: PID,
        ppid: PID - 1,
        files,
        ..header(Abi::Native, entry.nr.into())
    };
    record(header, entry.row, &fields.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::RawEvent;

    #[test]
    fn the_arguments_are_those_of_the_table() {
        for call in Call::ALL {
            let record = call.record();
            let event = RawEvent::parse(&record).expect("a record");
            let absent: Vec<_> =
                event.args().filter(|(_, raw)| raw.bytes().is_none()).map(|(arg, _)| arg.name).collect();
            assert_eq!(absent, [""; 0], "{}", call.name());
        }
        assert_eq!(PATH.len(), 30);
    }
}
