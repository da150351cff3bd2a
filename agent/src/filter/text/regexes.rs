// SPDX-License-Identifier: Apache-2.0
//! Regular expressions as Falco has them: those of RE2's POSIX mode, which the whole text has to be of. `^` and `$` are
//! the ends of a line, `.` is not a line's end. What is not UTF-8 stands for U+FFFD.

use regex::bytes::{Regex, RegexBuilder};

use crate::arena::Arena;

/// Bytes that a compiled expression may take, and that its automaton may take while it looks.
const MOST_BYTES: usize = 1 << 20;
/// How deep groups may be in each other.
const MOST_LEVELS: u32 = 50;

/// Expressions, any of which a whole text is of.
#[derive(Clone, Debug)]
pub struct Regexes {
    regexes: Box<[(Box<str>, Regex)]>,
}

impl Regexes {
    /// The expressions, which are as short as the rest of a condition.
    ///
    /// # Errors
    /// The number of the first that is none, and why.
    pub fn new<T: AsRef<str>>(patterns: impl IntoIterator<Item = T>) -> Result<Self, (usize, String)> {
        let compile = |(at, pattern): (usize, T)| match compiled(pattern.as_ref()) {
            Ok(regex) => Ok((Box::from(pattern.as_ref()), regex)),
            Err(why) => Err((at, why)),
        };
        Ok(Self { regexes: patterns.into_iter().enumerate().map(compile).collect::<Result<_, _>>()? })
    }

    /// Whether the whole of `text` is of one of them.
    #[must_use]
    pub fn has(&self, text: &[u8], arena: &Arena) -> bool {
        let text = if text.is_ascii() || std::str::from_utf8(text).is_ok() {
            text
        } else {
            arena.text(|out| {
                for chunk in text.utf8_chunks() {
                    out.extend_from_slice(chunk.valid().as_bytes());
                    if !chunk.invalid().is_empty() {
                        out.extend_from_slice("\u{fffd}".as_bytes());
                    }
                }
            })
        };
        self.regexes.iter().any(|(_, regex)| regex.is_match(text))
    }

    /// They, as they were written.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.regexes.iter().map(|(written, _)| &**written)
    }
}

fn compiled(pattern: &str) -> Result<Regex, String> {
    let build = |pattern: &str| {
        RegexBuilder::new(pattern)
            .multi_line(true)
            .size_limit(MOST_BYTES)
            .dfa_size_limit(MOST_BYTES)
            .nest_limit(MOST_LEVELS)
            .build()
    };
    // By itself first, so that no parenthesis of it closes the one that is put around it.
    build(pattern).and_then(|_| build(&format!(r"\A(?:{pattern})\z"))).map_err(|error| {
        if let regex::Error::CompiledTooBig(most) = error {
            return format!("it takes more than {most} bytes when compiled");
        }
        // The message shows the pattern, with a caret of its own, in lines above the last.
        let text = error.to_string();
        let last = text.lines().last().unwrap_or(&text);
        last.strip_prefix("error: ").unwrap_or(last).to_owned()
    })
}
