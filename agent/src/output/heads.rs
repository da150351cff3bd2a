// SPDX-License-Identifier: Apache-2.0
//! Parts of JSON lines that are alike in the lines of a thread, or of a syscall: written once, and copied from then on.

use agent_common::{
    ledger::UNKNOWN_SLOT,
    record::{Header, NO_ID},
};

use super::{escape, json::abi_name, number};
use crate::{decode::RawEvent, ledger::slot};

/// How many threads' parts are kept.
const KEPT: usize = 64;

/// Who made a call, as its header tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Who {
    tgid: u32,
    tid: u32,
    ppid: u32,
    uid: u32,
    gid: u32,
    comm: [u8; 16],
    cgroup_id: u64,
}

impl Who {
    const fn of(header: &Header) -> Self {
        let Header { tgid, tid, ppid, uid, gid, comm, cgroup_id, .. } = *header;
        Self { tgid, tid, ppid, uid, gid, comm, cgroup_id }
    }

    /// Appends the members; the answer is whether the name is escaped.
    fn write(&self, out: &mut Vec<u8>) -> bool {
        out.extend_from_slice(b",\"pid\":");
        number(self.tgid, out);
        out.extend_from_slice(b",\"tid\":");
        number(self.tid, out);
        out.extend_from_slice(b",\"ppid\":");
        if self.ppid == NO_ID {
            out.extend_from_slice(b"null");
        } else {
            number(self.ppid, out);
        }
        out.extend_from_slice(b",\"uid\":");
        number(self.uid, out);
        out.extend_from_slice(b",\"gid\":");
        number(self.gid, out);
        out.extend_from_slice(b",\"comm\":");
        let comm = self.comm.split(|byte| *byte == 0).next().unwrap_or(&self.comm);
        let escaped = escape::json(comm, false, out);
        out.extend_from_slice(b",\"cgroup_id\":");
        number(self.cgroup_id, out);
        escaped
    }
}

/// The members about a thread.
#[derive(Clone, Debug)]
struct Caller {
    who: Who,
    bytes: Vec<u8>,
    escaped: bool,
}

/// What was written lately.
#[derive(Clone, Debug, Default)]
pub(super) struct Heads {
    callers: Vec<Option<Caller>>,
    /// By slot.
    calls: Vec<Box<[u8]>>,
}

impl Heads {
    /// Appends who made a call, each member with a comma before it; the answer is whether its `comm` is escaped.
    pub(super) fn caller(&mut self, header: &Header, out: &mut Vec<u8>) -> bool {
        if self.callers.is_empty() {
            self.callers.resize_with(KEPT, || None);
        }
        let who = Who::of(header);
        let Some(entry) = self.callers.get_mut(header.tid as usize % KEPT) else { return who.write(out) };
        let caller = match entry {
            Some(caller) if caller.who == who => caller,
            _ => {
                let mut bytes = Vec::new();
                let escaped = who.write(&mut bytes);
                entry.insert(Caller { who, bytes, escaped })
            }
        };
        out.extend_from_slice(&caller.bytes);
        caller.escaped
    }

    /// Appends which call it is, each member with a comma before it.
    pub(super) fn call(&mut self, raw: &RawEvent<'_>, out: &mut Vec<u8>) {
        // Numbers without a row share slots.
        if raw.row.is_none() {
            return call(raw, out);
        }
        if self.calls.is_empty() {
            self.calls.resize_with(UNKNOWN_SLOT as usize, Box::default);
        }
        let Some(bytes) = self.calls.get_mut(slot(&raw.header) as usize) else { return call(raw, out) };
        if bytes.is_empty() {
            let mut new = Vec::new();
            call(raw, &mut new);
            *bytes = new.into_boxed_slice();
        }
        out.extend_from_slice(bytes);
    }
}

/// Appends which call it is.
fn call(raw: &RawEvent<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"abi\":\"");
    out.extend_from_slice(abi_name(raw.abi).as_bytes());
    out.extend_from_slice(b"\",\"syscall\":\"");
    if let Some(name) = raw.name() {
        out.extend_from_slice(name.as_bytes());
    } else {
        out.extend_from_slice(b"syscall_");
        number(raw.header.nr, out);
    }
    out.extend_from_slice(b"\",\"nr\":");
    number(raw.header.nr, out);
}

#[cfg(test)]
mod tests {
    use agent_common::{numbers, record::flag, schema::Abi};

    use super::*;
    use crate::decode::encode::{Field, header, record};

    fn caller(heads: &mut Heads, header: &Header) -> (String, bool) {
        let mut out = Vec::new();
        let escaped = heads.caller(header, &mut out);
        (String::from_utf8(out).expect("UTF-8"), escaped)
    }

    #[test]
    fn a_thread_that_changes_is_written_anew() {
        let first = header(Abi::Native, 39);
        let mut wrong = first;
        wrong.comm[0] = 0xff;
        let others = [
            Header { tgid: 7, ..first },
            Header { ppid: NO_ID, ..first },
            Header { uid: 7, ..first },
            Header { gid: 7, ..first },
            Header { cgroup_id: 7, ..first },
            // In the same place.
            Header { tid: first.tid + KEPT as u32, ..first },
            wrong,
        ];
        let mut heads = Heads::default();
        for other in others {
            for header in [first, first, other, other] {
                assert_eq!(caller(&mut heads, &header), caller(&mut Heads::default(), &header));
            }
        }
        assert!(caller(&mut heads, &wrong).1);
        let said = caller(&mut heads, &first).0;
        assert_eq!(said, r#","pid":1234,"tid":1235,"ppid":1,"uid":1000,"gid":100,"comm":"bash","cgroup_id":4207"#);
    }

    #[test]
    fn a_number_that_the_probe_did_not_know_is_not_taken_for_a_row() {
        let row = numbers::row(Abi::Native, 39).expect("getpid");
        let known = record(header(Abi::Native, 39), row, &[]);
        let raw = agent_common::schema::Arg { name: "", at: 0, kind: agent_common::schema::Kind::Hex };
        let args = [raw; 6];
        let args: &'static [_] = Box::leak(Box::new(args));
        let nameless = agent_common::schema::Syscall { name: "", args, ..*row };
        let flags = Header { flags: flag::UNKNOWN, ..header(Abi::Native, 39) };
        let unknown = record(flags, &nameless, &[const { Field::Word(0) }; 6]);
        let mut heads = Heads::default();
        let mut said = |bytes: &[u8]| {
            let mut out = Vec::new();
            heads.call(&RawEvent::parse(bytes).expect("a record"), &mut out);
            String::from_utf8(out).expect("UTF-8")
        };
        let (abi, nr) = (abi_name(Abi::Native), 39);
        for _ in 0..2 {
            assert_eq!(said(&unknown), format!(r#","abi":"{abi}","syscall":"syscall_39","nr":{nr}"#));
            assert_eq!(said(&known), format!(r#","abi":"{abi}","syscall":"{}","nr":{nr}"#, row.name));
        }
    }
}
