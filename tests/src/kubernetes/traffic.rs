// SPDX-License-Identifier: Apache-2.0
//! What was asked and sent.

use std::{collections::BTreeMap, time::Instant};

/// A request.
#[derive(Clone, Debug)]
pub struct Asked {
    /// When it came.
    pub at: Instant,
    /// The parameters, decoded.
    pub parameters: BTreeMap<String, String>,
    /// Whether it is for a watch.
    pub watch: bool,
    /// Whether a compressed answer was welcome.
    pub gzip: bool,
    /// What the client says it is.
    pub agent: String,
}

impl Asked {
    /// A parameter.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }
}

/// What one client was sent. A client is known by the node that it asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Lists and pages of lists.
    pub lists: u64,
    /// Watches.
    pub watches: u64,
    /// Bytes of bodies as they were sent.
    pub bytes: u64,
    /// The same before they were compressed.
    pub plain: u64,
    /// Changes told in watches.
    pub events: u64,
    /// Bookmarks told in watches.
    pub bookmarks: u64,
    /// Bytes of those bookmarks.
    pub bookmark_bytes: u64,
}
