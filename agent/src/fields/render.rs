// SPDX-License-Identifier: Apache-2.0
//! Values as text and as JSON.

use std::io::Write as _;

use super::{clock, value::Value};
use crate::output::{escape, number, time};

/// What stands for a missing value in text.
const MISSING: &[u8] = b"<NA>";

impl Value<'_> {
    /// Appends what it is in text, as it is: what conditions compare. Nothing when it is missing.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Missing => {}
            Self::Bool(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
            Self::Int(value) => number(*value, out),
            Self::Uint(value) => number(*value, out),
            Self::Nanos(value) => nanos(*value, out),
            Self::Hex(value) => {
                let _ = write!(out, "{value:X}");
            }
            Self::Time(nanos, style) => clock::write(*nanos, *style, out),
            Self::Text(bytes) | Self::Bytes(bytes) => out.extend_from_slice(bytes),
            Self::Ip(address) => {
                let _ = write!(out, "{address}");
            }
            Self::List(values) => {
                let start = out.len();
                for value in *values {
                    if out.len() > start {
                        out.push(b' ');
                    }
                    value.write(out);
                }
            }
        }
    }

    /// Appends it for people: nothing in it acts on a terminal or forges a line; `<NA>` when it is missing.
    pub fn text(&self, out: &mut Vec<u8>) {
        match self {
            Self::Missing => out.extend_from_slice(MISSING),
            Self::Text(bytes) | Self::Bytes(bytes) => escape::text(bytes, out),
            Self::List(values) => {
                let start = out.len();
                for value in *values {
                    if out.len() > start {
                        out.push(b' ');
                    }
                    value.text(out);
                }
            }
            Self::Bool(_)
            | Self::Int(_)
            | Self::Uint(_)
            | Self::Nanos(_)
            | Self::Hex(_)
            | Self::Time(..)
            | Self::Ip(_) => self.write(out),
        }
    }

    /// Appends it as JSON: numbers as numbers, null when it is missing, a list as one string. True when it is a string
    /// that is not UTF-8 and so was escaped ([`escape::json`]).
    pub fn json(&self, out: &mut Vec<u8>) -> bool {
        match self {
            Self::Missing => out.extend_from_slice(b"null"),
            Self::Text(bytes) | Self::Bytes(bytes) => return escape::json(bytes, false, out),
            Self::Ip(_) | Self::List(_) => {
                let mut text = Vec::new();
                self.write(&mut text);
                return escape::json(&text, false, out);
            }
            Self::Nanos(value) | Self::Hex(value) | Self::Time(value, _) => number(*value, out),
            Self::Bool(_) | Self::Int(_) | Self::Uint(_) => self.write(out),
        }
        false
    }
}

/// Nine digits, or as many as it takes.
fn nanos(value: u64, out: &mut Vec<u8>) {
    if value < 1_000_000_000 { time::of_second(value, out) } else { number(value, out) }
}
