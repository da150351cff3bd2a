// SPDX-License-Identifier: Apache-2.0
//! JSON with places to fill in: `@name`.

/// A text and its places.
#[derive(Debug)]
pub(super) struct Template(Vec<(&'static str, &'static str)>);

impl Template {
    /// Finds the places of `text`.
    pub(super) fn new(text: &'static str) -> Self {
        let mut parts = text.trim_end().split('@');
        let first = ("", parts.next().unwrap_or_default());
        let part =
            |part: &'static str| part.split_at(part.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(part.len()));
        Self(std::iter::once(first).chain(parts.map(part)).collect())
    }

    /// Writes the text to `out`, with what `fill` writes for each place.
    pub(super) fn render(&self, out: &mut String, mut fill: impl FnMut(&mut String, &'static str)) {
        for (place, text) in &self.0 {
            if !place.is_empty() {
                fill(out, place);
            }
            out.push_str(text);
        }
    }
}
