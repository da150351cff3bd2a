// SPDX-License-Identifier: Apache-2.0
//! Reading what conditions and rules files are made of.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use thiserror::Error;

use super::{error::harmless, parse};

/// A text with what its file is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What the file is called.
    pub name: String,
    /// What it holds.
    pub text: String,
}

/// Why a file is no text.
#[derive(Debug, Error)]
pub enum SourceError {
    /// It can't be read.
    #[error("can't read {name}: {error}")]
    Unreadable {
        /// What it is called.
        name: String,
        /// Why.
        error: io::Error,
    },
    /// It is too large.
    #[error("{name}: it has more than {most} bytes, which is too much")]
    TooLarge {
        /// What it is called.
        name: String,
        /// How many bytes it may have.
        most: usize,
    },
    /// It is not UTF-8.
    #[error("{name}: it is not UTF-8 text: byte {at} of it is wrong")]
    NotText {
        /// What it is called.
        name: String,
        /// Where, counted from 1.
        at: usize,
    },
}

/// Reads a condition's file; `-` is the standard input.
pub fn condition(path: &Path) -> Result<Source, SourceError> {
    read(path, parse::MOST_BYTES)
}

/// Reads a file of at most `most` bytes; `-` is the standard input.
pub fn read(path: &Path, most: usize) -> Result<Source, SourceError> {
    if path == Path::new("-") {
        return text("standard input".to_owned(), io::stdin().lock(), most);
    }
    let name = harmless(&path.to_string_lossy());
    match File::open(path) {
        Ok(file) => text(name, file, most),
        Err(error) => Err(SourceError::Unreadable { name, error }),
    }
}

fn text(name: String, from: impl Read, most: usize) -> Result<Source, SourceError> {
    let mut bytes = Vec::new();
    if let Err(error) = from.take(most as u64 + 1).read_to_end(&mut bytes) {
        return Err(SourceError::Unreadable { name, error });
    }
    if bytes.len() > most {
        return Err(SourceError::TooLarge { name, most });
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source { name, text }),
        Err(error) => Err(SourceError::NotText { name, at: error.utf8_error().valid_up_to() + 1 }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(bytes: &[u8]) -> String {
        match text("a.filter".to_owned(), bytes, 8) {
            Ok(source) => source.text,
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_is_no_text_is_refused_by_name() {
        assert_eq!(said(b"12345678"), "12345678");
        assert_eq!(said(b"123456789"), "a.filter: it has more than 8 bytes, which is too much");
        assert_eq!(said(b"ab\xffc"), "a.filter: it is not UTF-8 text: byte 3 of it is wrong");
        let error = condition(Path::new("/nonexistent/\u{1b}x")).expect_err("no such file").to_string();
        assert_eq!(error, "can't read /nonexistent/\\u{1b}x: No such file or directory (os error 2)");
        let error = condition(Path::new("/")).expect_err("a directory").to_string();
        assert_eq!(error, "can't read /: Is a directory (os error 21)");
        let error = condition(Path::new("/dev/zero")).expect_err("endless").to_string();
        assert_eq!(error, "/dev/zero: it has more than 1048576 bytes, which is too much");
    }
}
