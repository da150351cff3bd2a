// SPDX-License-Identifier: Apache-2.0
//! A decoded value on one line: arrays as `[a, b]`, objects as `{key=value}`.

use std::io::Write as _;

use super::{Absent, Text, Visitor};
use crate::{
    decode::sockaddr::SockAddr,
    output::{escape, number},
};

/// How bytes that processes chose are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bytes {
    /// As they are: to quote and escape them is for the output to do.
    Plain,
    /// For a line that people read: quoted, escaped, and dots where some are missing.
    Quoted,
}

/// Writes a value on one line.
#[derive(Debug)]
pub(crate) struct Flat<'o> {
    out: &'o mut Vec<u8>,
    bytes: Bytes,
    /// Whether something of an object or array stands before the next part.
    follows: bool,
    /// Whether there is no value.
    pub(crate) absent: bool,
    /// Whether it was shown already that something is missing.
    pub(crate) cut: bool,
}

impl<'o> Flat<'o> {
    /// With bytes as they are.
    pub(crate) const fn plain(out: &'o mut Vec<u8>) -> Self {
        Self { out, bytes: Bytes::Plain, follows: false, absent: false, cut: false }
    }

    /// With bytes quoted and escaped.
    pub(crate) const fn quoted(out: &'o mut Vec<u8>) -> Self {
        Self { out, bytes: Bytes::Quoted, follows: false, absent: false, cut: false }
    }

    fn separate(&mut self) {
        if self.follows {
            self.out.extend_from_slice(b", ");
        }
        self.follows = true;
    }
}

impl Visitor for Flat<'_> {
    fn absent(&mut self, why: Absent) {
        self.absent = true;
        self.out.extend_from_slice(match why {
            Absent::Fault => b"<unreadable>",
            Absent::Null => b"NULL",
            Absent::Unset => b"<unset>",
        });
    }

    fn signed(&mut self, value: i64) {
        number(value, self.out);
    }

    fn unsigned(&mut self, value: u64) {
        number(value, self.out);
    }

    fn hex(&mut self, value: u64) {
        let _ = write!(self.out, "{value:#x}");
    }

    fn octal(&mut self, value: u64) {
        let zero = if value == 0 { "" } else { "0" };
        let _ = write!(self.out, "{zero}{value:o}");
    }

    fn named(&mut self, _: i64, name: &str) {
        self.out.extend_from_slice(name.as_bytes());
    }

    fn symbols(&mut self, write: &dyn Fn(&mut Vec<u8>)) {
        write(self.out);
    }

    fn bytes(&mut self, _: Text, bytes: &[u8], cut: bool) {
        match self.bytes {
            Bytes::Plain => self.out.extend_from_slice(bytes),
            Bytes::Quoted => {
                self.out.push(b'"');
                escape::text(bytes, self.out);
                self.out.push(b'"');
                if cut {
                    self.out.extend_from_slice(b"...");
                    self.cut = true;
                }
            }
        }
    }

    fn sockaddr(&mut self, addr: &SockAddr<'_>) {
        match self.bytes {
            Bytes::Plain => addr.write(self.out),
            Bytes::Quoted => {
                let mut text = Vec::new();
                addr.write(&mut text);
                escape::text(&text, self.out);
            }
        }
    }

    fn begin_object(&mut self) {
        self.out.push(b'{');
        self.follows = false;
    }

    fn key(&mut self, name: &str) {
        self.separate();
        self.out.extend_from_slice(name.as_bytes());
        self.out.push(b'=');
    }

    fn end_object(&mut self) {
        self.out.push(b'}');
        self.follows = true;
    }

    fn begin_array(&mut self) {
        self.out.push(b'[');
        self.follows = false;
    }

    fn element(&mut self) {
        self.separate();
    }

    fn end_array(&mut self, cut: bool) {
        if cut {
            self.separate();
            self.out.extend_from_slice(b"...");
            self.cut = true;
        }
        self.out.push(b']');
        self.follows = true;
    }
}
