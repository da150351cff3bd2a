// SPDX-License-Identifier: Apache-2.0
//! What a probe object says of itself, in a section of its own that is not loaded: lines of `key=value`, which
//! `readelf -p lanner_probe` shows too.

use core::fmt::{self, Write};

use crate::record;

/// The section's name.
pub const SECTION: &str = "lanner_probe";
/// Bytes that the section holds at most.
pub const MAX: usize = 1024;
/// The version of the probe in this tree, as driver repositories name it.
pub const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "+probe");
/// What the kernel must be able to do for the probe to be loaded.
pub const FEATURES: [&str; 2] = ["raw_tracepoint", "ring_buffer"];
/// Characters of a SHA-256 in hexadecimal.
const DIGEST: usize = 64;

/// The digest of what crosses between probe and agent, by `cargo xtask schema`: two objects of one ABI number that differ in
/// it were not built from the same contract. Zeros while the lock file has none for [`record::ABI`].
pub const SCHEMA: &str = {
    const DIGITS: [u8; DIGEST] = locked(include_bytes!("../schema.lock"), record::ABI);
    match str::from_utf8(&DIGITS) {
        Ok(digits) => digits,
        Err(_) => "",
    }
};

/// The digest in the line `abi NUMBER DIGEST` of the lock file.
const fn locked(lock: &[u8], abi: u32) -> [u8; DIGEST] {
    let mut digest = [b'0'; DIGEST];
    let mut at = 0;
    while at < lock.len() {
        if let Some(from) = number_at(lock, at, abi)
            && from + DIGEST <= lock.len()
        {
            let mut i = 0;
            while i < DIGEST {
                digest[i] = lock[from + i];
                i += 1;
            }
            return digest;
        }
        // The parts that follow the numbers are long, and begin behind an empty line.
        while at < lock.len() && lock[at] != b'\n' {
            at += 1;
        }
        at += 1;
        if at < lock.len() && lock[at] == b'\n' {
            return digest;
        }
    }
    digest
}

/// Where the digest begins in the line at `at`, if that is of `abi`.
const fn number_at(lock: &[u8], at: usize, abi: u32) -> Option<usize> {
    let word = b"abi ";
    let mut i = 0;
    while i < word.len() {
        if at + i >= lock.len() || lock[at + i] != word[i] {
            return None;
        }
        i += 1;
    }
    let mut at = at + word.len();
    let mut number = 0_u32;
    while at < lock.len() && lock[at].is_ascii_digit() {
        number = number.wrapping_mul(10).wrapping_add((lock[at] - b'0') as u32);
        at += 1;
    }
    if at < lock.len() && lock[at] == b' ' && number == abi { Some(at + 1) } else { None }
}

/// Writes the section's text for the probe of this tree, for the kernel of `arch` (as `uname -m` has it).
///
/// # Errors
/// Only those of `out`.
pub fn write(out: &mut impl Write, arch: &str) -> fmt::Result {
    writeln!(out, "abi={}\nschema={SCHEMA}\narch={arch}\nversion={VERSION}", record::ABI)?;
    write!(out, "features=")?;
    for (i, feature) in FEATURES.iter().enumerate() {
        write!(out, "{}{feature}", if i == 0 { "" } else { "," })?;
    }
    writeln!(out)
}

/// What an object says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity<'a> {
    /// Its contract's number.
    pub abi: u32,
    /// Its contract's digest.
    pub schema: &'a str,
    /// Whose kernel it is for, as `uname -m` has it.
    pub arch: &'a str,
    /// Its version, as driver repositories name it.
    pub version: &'a str,
    /// What it asks of the kernel, comma-separated.
    pub features: &'a str,
}

impl<'a> Identity<'a> {
    /// Reads the section's text. Keys that a later release adds are passed over; `None` when one is missing, there twice or
    /// not of its form.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        if text.len() > MAX {
            return None;
        }
        let one = |key: &str| {
            let mut values = text.lines().filter_map(|line| line.split_once('=').filter(|pair| pair.0 == key));
            let (_, value) = values.next()?;
            let plain = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic());
            (plain && values.next().is_none()).then_some(value)
        };
        let schema = one("schema")?;
        let hex = schema.len() == DIGEST && schema.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        Some(Self {
            abi: one("abi")?.parse().ok()?,
            schema: hex.then_some(schema)?,
            arch: one("arch")?,
            version: one("version")?,
            features: one("features")?,
        })
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::{format, string::String};

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut text = String::new();
        write(&mut text, "x86_64").expect("text");
        let identity = Identity::parse(&text).expect("an identity");
        let features = "raw_tracepoint,ring_buffer";
        let version = concat!(env!("CARGO_PKG_VERSION"), "+probe");
        assert_eq!(identity, Identity { abi: record::ABI, schema: SCHEMA, arch: "x86_64", version, features });
        assert!(text.len() <= MAX);
        let later = format!("{text}later=1\n");
        assert_eq!(Identity::parse(&later), Some(identity));
        for wrong in [text.replace("abi=", "abi=x"), text.replace("arch=", "arch= "), format!("{text}abi=1\n")] {
            assert_eq!(Identity::parse(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_digest_is_that_of_the_number() {
        let digest = |letter: u8| [letter; DIGEST];
        let line = |abi: u32, letter: char| format!("abi {abi} {}\n", String::from_iter([letter; DIGEST]));
        let lock = format!("# words\n{}{}\nabi 3 not a line of the first part", line(1, 'a'), line(12, 'b'));
        assert_eq!(locked(lock.as_bytes(), 1), digest(b'a'));
        assert_eq!(locked(lock.as_bytes(), 12), digest(b'b'));
        for abi in [2, 3, 0] {
            assert_eq!(locked(lock.as_bytes(), abi), digest(b'0'), "{abi}");
        }
        for cut in 0..lock.len() {
            locked(&lock.as_bytes()[..cut], 12);
        }
        assert_ne!(SCHEMA, str::from_utf8(&digest(b'0')).expect("digits"), "run `cargo xtask schema`");
    }
}
