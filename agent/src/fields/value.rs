// SPDX-License-Identifier: Apache-2.0
//! The value of a field.

use std::{borrow::Cow, net::IpAddr};

use super::clock;

/// The value of a field for one event. Bytes are borrowed from the event and the tables where that is possible.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    Text(Cow<'a, [u8]>),
    /// The content of a buffer.
    Bytes(Cow<'a, [u8]>),
    /// An address.
    Ip(IpAddr),
    /// Several values, any of which a comparison may take.
    List(Vec<Self>),
}

impl Value<'_> {
    /// Whether there is none.
    #[must_use]
    pub const fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }

    /// The values of a list; none makes it missing.
    pub(super) fn list(values: impl Iterator<Item = Self>) -> Self {
        let values: Vec<_> = values.filter(|value| !value.is_missing()).collect();
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

impl<'a> From<Cow<'a, [u8]>> for Value<'a> {
    fn from(text: Cow<'a, [u8]>) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(text: &'a [u8]) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::from(text.as_bytes())
    }
}

impl From<Vec<u8>> for Value<'_> {
    fn from(text: Vec<u8>) -> Self {
        Self::Text(Cow::Owned(text))
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
