// SPDX-License-Identifier: Apache-2.0
//! The value of a field.

use std::net::IpAddr;

use super::clock;
use crate::arena::Arena;

/// The value of a field for one event. Bytes are borrowed from the event and the tables; what has to be put together is in
/// the event's arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// None.
    Missing,
    /// Yes or no.
    Bool(bool),
    /// A signed number.
    Int(i64),
    /// An unsigned number.
    Uint(u64),
    /// Nanoseconds, written with nine digits at least.
    Nanos(u64),
    /// A number that people read in hexadecimal.
    Hex(u64),
    /// A time, in nanoseconds since the epoch: text for people, a number for machines.
    Time(u64, clock::Style),
    /// Text; bytes that need not be UTF-8.
    Text(&'a [u8]),
    /// The content of a buffer.
    Bytes(&'a [u8]),
    /// An address.
    Ip(IpAddr),
    /// Several values, any of which a comparison may take.
    List(&'a [Self]),
}

impl<'a> Value<'a> {
    /// Its single values: itself, those of a list, none when it is missing.
    #[must_use]
    pub const fn each(&self) -> &[Self] {
        match self {
            Self::Missing => &[],
            Self::List(values) => values,
            Self::Bool(_)
            | Self::Int(_)
            | Self::Uint(_)
            | Self::Nanos(_)
            | Self::Hex(_)
            | Self::Time(..)
            | Self::Text(_)
            | Self::Bytes(_)
            | Self::Ip(_) => std::slice::from_ref(self),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }

    /// The values of a list; none makes it missing.
    pub(crate) fn list(arena: &'a Arena, values: impl Iterator<Item = Self>) -> Self {
        let values = arena.list(values.filter(|value| !value.is_missing()));
        if values.is_empty() { Self::Missing } else { Self::List(values) }
    }
}

impl<T> From<Option<T>> for Value<'_>
where
    Self: From<T>,
{
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Missing, Self::from)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(text: &'a [u8]) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::from(text.as_bytes())
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u64> for Value<'_> {
    fn from(value: u64) -> Self {
        Self::Uint(value)
    }
}

impl From<u32> for Value<'_> {
    fn from(value: u32) -> Self {
        Self::Uint(value.into())
    }
}

impl From<u16> for Value<'_> {
    fn from(value: u16) -> Self {
        Self::Uint(value.into())
    }
}

impl From<IpAddr> for Value<'_> {
    fn from(address: IpAddr) -> Self {
        Self::Ip(address)
    }
}
