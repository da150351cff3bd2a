// SPDX-License-Identifier: Apache-2.0
//! How a decoded value is walked. Text, JSON and tests each implement [`Visitor`]; the decoders call it.

pub(crate) mod flat;
#[cfg(test)]
pub(super) mod recorder;

use super::sockaddr::SockAddr;

/// Why an argument has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// Its memory could not be read.
    Fault,
    /// Its pointer was NULL.
    Null,
    /// The call failed before the kernel filled it, or does not have it.
    Unset,
}

/// What a run of bytes stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// A file name.
    Path,
    /// A string.
    Str,
    /// A buffer's content.
    Data,
}

/// Receives one decoded value, part by part. Implementations never fail: they append to memory.
pub trait Visitor {
    /// No value.
    fn absent(&mut self, why: Absent);
    /// A signed number.
    fn signed(&mut self, value: i64);
    /// An unsigned number.
    fn unsigned(&mut self, value: u64);
    /// A number that people read in hexadecimal (addresses, masks).
    fn hex(&mut self, value: u64);
    /// A number that people read in octal (permissions).
    fn octal(&mut self, value: u64);
    /// A number that has a name in text, but stays a number for machines (`AT_FDCWD`).
    fn named(&mut self, value: i64, name: &str);
    /// Symbols: `write` appends them, ASCII, joined by `|`.
    fn symbols(&mut self, write: &dyn Fn(&mut Vec<u8>));
    /// A run of bytes; `cut` when there were more.
    fn bytes(&mut self, what: Text, bytes: &[u8], cut: bool);
    /// Opens an object; members are introduced by [`Self::key`].
    fn begin_object(&mut self);
    /// Names the next value of the open object.
    fn key(&mut self, name: &str);
    /// Closes the object.
    fn end_object(&mut self);
    /// Opens an array; each element is introduced by [`Self::element`].
    fn begin_array(&mut self);
    /// Announces the next element of the open array.
    fn element(&mut self);
    /// Closes the array; `cut` when it had more elements.
    fn end_array(&mut self, cut: bool);
    /// A socket address: text shows it as it prints, machines by its parts ([`super::sockaddr::visit_json`]).
    fn sockaddr(&mut self, addr: &SockAddr<'_>);
}
