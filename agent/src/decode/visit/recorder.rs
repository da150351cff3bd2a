// SPDX-License-Identifier: Apache-2.0
//! A visitor for tests: what it is shown it writes as one line, and it insists on what every visitor may rely on:
//! that keys and values alternate, that arrays announce their elements, that there is exactly one value.

use std::fmt::Write as _;

use super::{Absent, Text, Visitor};
use crate::decode::sockaddr::SockAddr;

/// What `show` shows, as text like JSON's; numbers in hexadecimal and octal look like it.
pub(in crate::decode) fn record(show: impl FnOnce(&mut Recorder)) -> String {
    let mut recorder = Recorder { text: String::new(), open: vec![Open::Value] };
    show(&mut recorder);
    assert_eq!(recorder.open, [Open::Done], "{}", recorder.text);
    recorder.text
}

/// What may come next, per nesting.
#[derive(Debug, PartialEq, Eq)]
enum Open {
    /// The one value.
    Value,
    /// Nothing: there is one value only.
    Done,
    /// A key, or the object's end; whether it is the first.
    Key(bool),
    /// A key's value.
    Member,
    /// An announcement, or the array's end; whether it is the first.
    Announce(bool),
    /// An element's value.
    Element,
}

/// Records what it is shown.
#[derive(Debug)]
pub(in crate::decode) struct Recorder {
    text: String,
    open: Vec<Open>,
}

impl Recorder {
    /// A value begins.
    fn value(&mut self) -> &mut String {
        let next = match self.open.pop() {
            Some(Open::Value) => Open::Done,
            Some(Open::Member) => Open::Key(false),
            Some(Open::Element) => Open::Announce(false),
            wrong => panic!("a value, but {wrong:?} was open after {}", self.text),
        };
        self.open.push(next);
        &mut self.text
    }
}

impl Visitor for Recorder {
    fn absent(&mut self, why: Absent) {
        write!(self.value(), "{why:?}").unwrap();
    }
    fn signed(&mut self, value: i64) {
        write!(self.value(), "{value}").unwrap();
    }
    fn unsigned(&mut self, value: u64) {
        write!(self.value(), "{value}").unwrap();
    }
    fn hex(&mut self, value: u64) {
        write!(self.value(), "{value:#x}").unwrap();
    }
    fn octal(&mut self, value: u64) {
        write!(self.value(), "0o{value:o}").unwrap();
    }
    fn named(&mut self, value: i64, name: &str) {
        write!(self.value(), "{name}={value}").unwrap();
    }
    fn symbols(&mut self, write: &dyn Fn(&mut Vec<u8>)) {
        let mut out = Vec::new();
        write(&mut out);
        let out = String::from_utf8(out).unwrap();
        let printable = out.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\');
        assert!(printable && !out.is_empty(), "symbols {out:?}");
        let text = self.value();
        text.push('"');
        text.push_str(&out);
        text.push('"');
    }
    fn bytes(&mut self, what: Text, bytes: &[u8], cut: bool) {
        let cut = if cut { "..." } else { "" };
        write!(self.value(), "{what:?} b\"{}\"{cut}", bytes.escape_ascii()).unwrap();
    }
    fn begin_object(&mut self) {
        self.value().push('{');
        self.open.push(Open::Key(true));
    }
    fn key(&mut self, name: &str) {
        match self.open.pop() {
            Some(Open::Key(true)) => {}
            Some(Open::Key(false)) => self.text.push(','),
            wrong => panic!("key {name}, but {wrong:?} was open after {}", self.text),
        }
        self.open.push(Open::Member);
        write!(self.text, "\"{name}\":").unwrap();
    }
    fn end_object(&mut self) {
        assert!(matches!(self.open.pop(), Some(Open::Key(_))), "{}", self.text);
        self.text.push('}');
    }
    fn begin_array(&mut self) {
        self.value().push('[');
        self.open.push(Open::Announce(true));
    }
    fn element(&mut self) {
        match self.open.pop() {
            Some(Open::Announce(true)) => {}
            Some(Open::Announce(false)) => self.text.push(','),
            wrong => panic!("an element, but {wrong:?} was open after {}", self.text),
        }
        self.open.push(Open::Element);
    }
    fn end_array(&mut self, cut: bool) {
        assert!(matches!(self.open.pop(), Some(Open::Announce(_))), "{}", self.text);
        self.text.push_str(if cut { "...]" } else { "]" });
    }
    fn sockaddr(&mut self, addr: &SockAddr<'_>) {
        write!(self.value(), "<{addr}>").unwrap();
    }
}
