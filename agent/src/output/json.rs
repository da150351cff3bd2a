// SPDX-License-Identifier: Apache-2.0
//! The JSON line. Its members are described in docs/output.md, which a test holds against this code.

use agent_common::{schema::Abi, shed::Class};

use super::{escape, number, subject::Cache};
use crate::{
    decode::{
        sockaddr::{self, SockAddr},
        symbols, value,
        visit::{Absent, Text, Visitor},
    },
    event::{Event, Gap, Shed},
};

/// Appends `"key":`, after a comma.
pub(super) fn member(key: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(b"\":");
}

/// The name of a calling convention: the architecture whose numbers it uses.
#[must_use]
pub const fn abi_name(abi: Abi) -> &'static str {
    match abi {
        Abi::Native if agent_common::X86 => "x86_64",
        Abi::Native => "aarch64",
        Abi::I386 => "i386",
    }
}

/// Names of arguments about which something is to be said beside their values.
#[derive(Default)]
struct Remarks {
    escaped: Vec<&'static str>,
    truncated: Vec<&'static str>,
    unreadable: Vec<&'static str>,
}

/// Appends the line for an event. `cache` holds what was written for the same threads before.
pub fn event(event: &Event<'_>, cache: &mut Cache, out: &mut Vec<u8>) {
    let raw = &event.raw;
    let header = &raw.header;
    out.extend_from_slice(b"{\"type\":\"syscall\",\"ts\":");
    number(event.time, out);
    out.extend_from_slice(b",\"cpu\":");
    number(header.cpu, out);
    out.extend_from_slice(b",\"seq\":");
    number(header.seq, out);
    let mut remarks = Remarks::default();
    if cache.heads.caller(header, out) {
        remarks.escaped.push("comm");
    }
    cache.heads.call(raw, out);
    out.extend_from_slice(b",\"args\":");
    args(event, &mut remarks, out);
    out.extend_from_slice(b",\"ret\":");
    match raw.ret() {
        Some(ret) => number(ret, out),
        None => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(b",\"errno\":");
    match raw.errno() {
        Some(errno) => {
            out.push(b'"');
            match symbols::errno(errno) {
                Some(name) => out.extend_from_slice(name.as_bytes()),
                None => number(errno, out),
            }
            out.push(b'"');
        }
        None => out.extend_from_slice(b"null"),
    }
    if event.tables.is_some() {
        cache.objects(event, &mut remarks.escaped, out);
    }
    names("escaped", &remarks.escaped, out);
    names("truncated", &remarks.truncated, out);
    names("unreadable", &remarks.unreadable, out);
    if event.late {
        out.extend_from_slice(b",\"late\":true");
    }
    out.extend_from_slice(b"}\n");
}

fn args(event: &Event<'_>, remarks: &mut Remarks, out: &mut Vec<u8>) {
    let context = event.raw.context();
    out.push(b'{');
    for (i, (arg, raw)) in event.raw.args().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        out.push(b'"');
        out.extend_from_slice(arg.name.as_bytes());
        out.extend_from_slice(b"\":");
        let start = out.len();
        let mut writer = Writer::new(out, false);
        value::visit(arg.kind, raw, &context, &mut writer);
        if writer.escaped {
            // One string of several is not UTF-8: all of them are escaped, so that the remark holds for each.
            out.truncate(start);
            writer = Writer::new(out, true);
            value::visit(arg.kind, raw, &context, &mut writer);
        }
        let Writer { escaped, cut, unreadable, .. } = writer;
        if escaped {
            remarks.escaped.push(arg.name);
        }
        if cut || raw.is_cut() {
            remarks.truncated.push(arg.name);
        }
        if unreadable {
            remarks.unreadable.push(arg.name);
        }
    }
    out.push(b'}');
}

/// Appends `"key":[names]` when there are any.
fn names(key: &str, names: &[&str], out: &mut Vec<u8>) {
    if names.is_empty() {
        return;
    }
    member(key, out);
    out.push(b'[');
    for (i, name) in names.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        out.push(b'"');
        out.extend_from_slice(name.as_bytes());
        out.push(b'"');
    }
    out.push(b']');
}

/// Appends a time, or null.
fn time(time: Option<u64>, out: &mut Vec<u8>) {
    match time {
        Some(time) => number(time, out),
        None => out.extend_from_slice(b"null"),
    }
}

/// Appends the line about what is shed.
pub fn shed(shed: &Shed, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"type\":\"shed\"");
    member("cpu", out);
    number(shed.cpu, out);
    member("phase", out);
    out.push(b'"');
    out.extend_from_slice(shed.phase.name().as_bytes());
    out.push(b'"');
    member("calls", out);
    number(shed.calls.iter().sum::<u64>(), out);
    member("classes", out);
    let mut next = b'{';
    for (class, calls) in Class::SHED.into_iter().zip(shed.calls).filter(|(_, calls)| *calls > 0) {
        out.extend_from_slice(&[next, b'"']);
        out.extend_from_slice(class.name().as_bytes());
        out.extend_from_slice(b"\":");
        number(calls, out);
        next = b',';
    }
    out.push(b'}');
    member("since", out);
    number(shed.since, out);
    member("until", out);
    time(shed.until, out);
    out.extend_from_slice(b"}\n");
}

/// Appends the line for a gap.
pub fn gap(gap: &Gap, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"type\":\"gap\"");
    member("cpu", out);
    number(gap.cpu, out);
    member("lost", out);
    number(gap.lost, out);
    member("what", out);
    out.extend_from_slice(if gap.state { b"\"state\"" } else { b"\"events\"" });
    member("reason", out);
    out.push(b'"');
    out.extend_from_slice(gap.reason.as_bytes());
    out.push(b'"');
    member("since", out);
    time(gap.since, out);
    member("until", out);
    time(gap.until, out);
    out.extend_from_slice(b"}\n");
}

/// Values in JSON: numbers as numbers, symbols and bytes as strings.
struct Writer<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
    /// Escape every string, also one that is UTF-8.
    force: bool,
    escaped: bool,
    cut: bool,
    unreadable: bool,
}

impl<'a> Writer<'a> {
    const fn new(out: &'a mut Vec<u8>, force: bool) -> Self {
        Self { out, first: true, force, escaped: false, cut: false, unreadable: false }
    }

    fn separate(&mut self) {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
    }
}

impl Visitor for Writer<'_> {
    fn absent(&mut self, why: Absent) {
        self.unreadable |= why == Absent::Fault;
        self.out.extend_from_slice(b"null");
    }

    fn signed(&mut self, value: i64) {
        number(value, self.out);
    }

    fn unsigned(&mut self, value: u64) {
        number(value, self.out);
    }

    fn hex(&mut self, value: u64) {
        number(value, self.out);
    }

    fn octal(&mut self, value: u64) {
        number(value, self.out);
    }

    fn named(&mut self, value: i64, _: &str) {
        number(value, self.out);
    }

    fn symbols(&mut self, write: &dyn Fn(&mut Vec<u8>)) {
        self.out.push(b'"');
        write(self.out);
        self.out.push(b'"');
    }

    fn bytes(&mut self, _: Text, bytes: &[u8], cut: bool) {
        self.escaped |= escape::json(bytes, self.force, self.out);
        self.cut |= cut;
    }

    fn sockaddr(&mut self, addr: &SockAddr<'_>) {
        sockaddr::visit_json(addr, self);
    }

    fn begin_object(&mut self) {
        self.out.push(b'{');
        self.first = true;
    }

    fn key(&mut self, name: &str) {
        self.separate();
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    fn end_object(&mut self) {
        self.out.push(b'}');
        self.first = false;
    }

    fn begin_array(&mut self) {
        self.out.push(b'[');
        self.first = true;
    }

    fn element(&mut self) {
        self.separate();
    }

    fn end_array(&mut self, cut: bool) {
        self.out.push(b']');
        self.first = false;
        self.cut |= cut;
    }
}
