// SPDX-License-Identifier: Apache-2.0
//! Events as lines, and where the lines go.

pub mod escape;
pub mod json;
pub mod sink;
pub mod text;
pub mod time;

#[cfg(test)]
mod tests;

use crate::event::{Event, Gap};

/// How events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// One line a call, as strace would print it.
    Text,
    /// One JSON object a line.
    Json,
}

impl Format {
    /// Appends the line for `event`.
    pub fn event(self, event: &Event<'_>, colour: bool, out: &mut Vec<u8>) {
        match self {
            Self::Text => text::event(event, colour, out),
            Self::Json => json::event(event, out),
        }
    }

    /// Appends the line for `gap`.
    pub fn gap(self, gap: &Gap, out: &mut Vec<u8>) {
        match self {
            Self::Text => text::gap(gap, out),
            Self::Json => json::gap(gap, out),
        }
    }
}

/// Appends digits.
fn number(value: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}
