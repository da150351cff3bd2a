// SPDX-License-Identifier: Apache-2.0
//! Events as lines, and where the lines go.

pub mod escape;
mod heads;
pub mod json;
pub mod sink;
mod subject;
pub mod template;
pub mod text;
pub mod time;

#[cfg(test)]
mod tests;

pub use self::subject::Cache;
use self::template::Template;
use crate::event::{Event, Gap, Shed};

/// How events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// One line a call, as strace would print it.
    Text,
    /// One JSON object a line.
    Json,
    /// Nothing: calls are decoded, decided and counted in the ledger.
    None,
}

impl Format {
    /// Appends the line for `event`.
    pub fn event(self, event: &Event<'_>, colour: bool, cache: &mut Cache, out: &mut Vec<u8>) {
        match self {
            Self::Text => text::event(event, colour, out),
            Self::Json => json::event(event, cache, out),
            Self::None => {}
        }
    }

    /// Appends the line for `gap`.
    pub fn gap(self, gap: &Gap, out: &mut Vec<u8>) {
        match self {
            Self::Text => text::gap(gap, out),
            Self::Json => json::gap(gap, out),
            Self::None => {}
        }
    }

    /// Appends the line for `shed`.
    pub fn shed(self, shed: &Shed, out: &mut Vec<u8>) {
        match self {
            Self::Text => text::shed(shed, out),
            Self::Json => json::shed(shed, out),
            Self::None => {}
        }
    }
}

/// How events become lines.
#[derive(Clone, Debug)]
pub struct Lines {
    /// Text or JSON.
    pub format: Format,
    /// What the user laid out; the default line when `None`.
    pub template: Option<Template>,
    /// Whether a terminal reads them.
    pub terminal: bool,
    /// Whether they are coloured.
    pub colour: bool,
    /// What was written lately.
    pub cache: Cache,
}

impl Lines {
    /// Appends what comes before all lines.
    pub fn header(&self, out: &mut Vec<u8>) {
        if let (Some(template), Format::Text, true) = (&self.template, self.format, self.terminal) {
            template.header(out);
        }
    }

    /// Appends the line for `event`.
    pub fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        match (&self.template, self.format) {
            (None, format) => format.event(event, self.colour, &mut self.cache, out),
            (Some(template), Format::Text) => template.text(event, out),
            (Some(template), Format::Json) => template.json(event, out),
            (Some(_), Format::None) => {}
        }
    }

    /// Forgets what depends on files that may have changed.
    pub fn refresh(&mut self) {
        self.cache.forget();
    }

    /// Appends the line for `gap`.
    pub fn gap(&self, gap: &Gap, out: &mut Vec<u8>) {
        self.format.gap(gap, out);
    }

    /// Appends the line for `shed`.
    pub fn shed(&self, shed: &Shed, out: &mut Vec<u8>) {
        self.format.shed(shed, out);
    }
}

/// Appends digits.
pub(crate) fn number(value: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}
