// SPDX-License-Identifier: Apache-2.0
//! Patterns as `fnmatch` without flags has them: <https://man7.org/linux/man-pages/man7/glob.7.html>. `*` is any run of
//! bytes, slashes included, `?` one byte, `[..]` one of a set, and `\` takes the next byte as it is. Bytes are bytes: a
//! character of several is several.

/// A part of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// This byte.
    Byte(u8),
    /// One byte out of a set, a bit each.
    Set([u64; 4]),
    /// Any run of bytes.
    Star,
    /// Nothing: the pattern ends with a `\`.
    Never,
}

/// A pattern that is made ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    pattern: Box<[u8]>,
    units: Box<[Unit]>,
}

impl Glob {
    /// A pattern; `fold` when upper and lower case of ASCII letters are the same.
    #[must_use]
    pub fn new(pattern: &[u8], fold: bool) -> Self {
        Self { pattern: Box::from(pattern), units: Units { rest: pattern, fold }.collect() }
    }

    /// It as it was written.
    #[must_use]
    pub fn pattern(&self) -> &[u8] {
        &self.pattern
    }

    /// Whether the whole of `text` is of it.
    #[must_use]
    pub fn matches(&self, text: &[u8]) -> bool {
        run(self.units.iter().copied(), text)
    }
}

/// Whether the whole of `text` is of `pattern`; `fold` when upper and lower case of ASCII letters are the same.
#[must_use]
pub fn matches(pattern: &[u8], text: &[u8], fold: bool) -> bool {
    run(Units { rest: pattern, fold }, text)
}

fn run(units: impl Iterator<Item = Unit> + Clone, text: &[u8]) -> bool {
    let (mut units, mut text) = (units, text);
    // Where to go on when a part behind the last star does not fit: the star takes a byte more.
    let mut again = None;
    loop {
        let fits = match (units.next(), text.split_first()) {
            (Some(Unit::Star), _) => {
                again = Some((units.clone(), text));
                continue;
            }
            (Some(Unit::Byte(want)), Some((byte, tail))) if want == *byte => Some(tail),
            (Some(Unit::Set(set)), Some((byte, tail))) if has(&set, *byte) => Some(tail),
            (None, None) => return true,
            (_, _) => None,
        };
        if let Some(tail) = fits {
            text = tail;
            continue;
        }
        let Some((rest, from)) = again else { return false };
        let Some((_, tail)) = from.split_first() else { return false };
        (units, text) = (rest.clone(), tail);
        again = Some((rest, tail));
    }
}

const fn has(set: &[u64; 4], byte: u8) -> bool {
    (set[byte as usize >> 6] >> (byte & 63)) & 1 != 0
}

const fn add(set: &mut [u64; 4], byte: u8) {
    set[byte as usize >> 6] |= 1 << (byte & 63);
}

/// The parts of a pattern, one after the other.
#[derive(Clone)]
struct Units<'p> {
    rest: &'p [u8],
    fold: bool,
}

impl Iterator for Units<'_> {
    type Item = Unit;

    fn next(&mut self) -> Option<Unit> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(match (first, rest) {
            (b'*', _) => Unit::Star,
            (b'?', _) => Unit::Set([u64::MAX; 4]),
            (b'[', _) => match bracket(rest, self.fold) {
                Some((set, rest)) => {
                    self.rest = rest;
                    Unit::Set(set)
                }
                // One that is not closed is itself.
                None => Unit::Byte(b'['),
            },
            (b'\\', [byte, rest @ ..]) => {
                self.rest = rest;
                self.byte(*byte)
            }
            (b'\\', []) => Unit::Never,
            (byte, _) => self.byte(*byte),
        })
    }
}

impl Units<'_> {
    fn byte(&self, byte: u8) -> Unit {
        if self.fold && byte.is_ascii_alphabetic() {
            let mut set = [0; 4];
            add(&mut set, byte.to_ascii_lowercase());
            add(&mut set, byte.to_ascii_uppercase());
            return Unit::Set(set);
        }
        Unit::Byte(byte)
    }
}

/// The set that `text` begins with, behind its opening bracket, and what follows it. `None` when it is not closed.
fn bracket(text: &[u8], fold: bool) -> Option<([u64; 4], &[u8])> {
    let (negated, mut rest) = match text {
        [b'!' | b'^', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let mut set = [0; 4];
    let mut first = true;
    loop {
        match rest {
            [b']', tail @ ..] if !first => {
                if fold {
                    for byte in b'a'..=b'z' {
                        if has(&set, byte) || has(&set, byte.to_ascii_uppercase()) {
                            add(&mut set, byte);
                            add(&mut set, byte.to_ascii_uppercase());
                        }
                    }
                }
                return Some((if negated { set.map(|bits| !bits) } else { set }, tail));
            }
            [b'[', b':', tail @ ..] => {
                let end = tail.windows(2).position(|pair| pair == b":]")?;
                let (name, tail) = tail.split_at(end);
                let class = class(name)?;
                (0..=u8::MAX).filter(class).for_each(|byte| add(&mut set, byte));
                rest = tail.get(2..)?;
            }
            _ => {
                let (low, tail) = element(rest)?;
                rest = tail;
                // A `-` before the closing bracket is itself.
                let high = match rest {
                    [b'-', tail @ ..] if !tail.starts_with(b"]") => {
                        let (high, tail) = element(tail)?;
                        rest = tail;
                        high
                    }
                    _ => low,
                };
                (low..=high).for_each(|byte| add(&mut set, byte));
            }
        }
        first = false;
    }
}

/// A byte of a set: itself, behind a `\`, or as `[.x.]` or `[=x=]`.
fn element(text: &[u8]) -> Option<(u8, &[u8])> {
    match text {
        [b'[', b'.', byte, b'.', b']', rest @ ..] | [b'[', b'=', byte, b'=', b']', rest @ ..] => Some((*byte, rest)),
        [b'\\', byte, rest @ ..] | [byte, rest @ ..] => Some((*byte, rest)),
        [] => None,
    }
}

/// The bytes of a class.
fn class(name: &[u8]) -> Option<fn(&u8) -> bool> {
    Some(match name {
        b"alnum" => u8::is_ascii_alphanumeric,
        b"alpha" => u8::is_ascii_alphabetic,
        b"blank" => |byte| matches!(byte, b' ' | b'\t'),
        b"cntrl" => u8::is_ascii_control,
        b"digit" => u8::is_ascii_digit,
        b"graph" => u8::is_ascii_graphic,
        b"lower" => u8::is_ascii_lowercase,
        b"print" => |byte| matches!(byte, b' '..=b'~'),
        b"punct" => u8::is_ascii_punctuation,
        b"space" => |byte| matches!(byte, b' ' | b'\t'..=b'\r'),
        b"upper" => u8::is_ascii_uppercase,
        b"xdigit" => u8::is_ascii_hexdigit,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{Glob, matches};

    #[test]
    fn patterns_match_the_whole_text() {
        let table = [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("/proc*", "/proc", true),
            ("/proc*", "/proc/1/fd", true),
            ("/proc*", "/pro", false),
            ("*/b?/*c", "/a/b1/x/c", true),
            ("*/b?/*c", "/a/b/x/c", false),
            ("a*a*a", "aaaa", true),
            ("a*b", "ab-", false),
            ("?", "", false),
            ("?", "/", true),
            ("**", "x", true),
            ("*.?", ".a", true),
            ("[abc]x", "bx", true),
            ("[abc]x", "dx", false),
            ("[!abc]x", "dx", true),
            ("[^abc]x", "ax", false),
            ("[a-c0-9]", "7", true),
            ("[a-c0-9]", "d", false),
            ("[c-a]", "b", false),
            ("[]x]", "]", true),
            ("[!]x]", "]", false),
            ("[a-]", "-", true),
            ("[-a]", "-", true),
            ("[[:digit:][:upper:]_]", "Q", true),
            ("[[:digit:][:upper:]_]", "q", false),
            ("[[.-.]]", "-", true),
            ("[[=a=]b]", "a", true),
            ("[[:nothing:]]", "n", false),
            ("[abc", "[abc", true),
            ("a[", "a[", true),
            ("[\\]]", "]", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("\\\\x", "\\x", true),
            ("a\\", "a\\", false),
            ("*[0-9]*[0-9]", "a1b22", true),
        ];
        for (pattern, text, want) in table {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes(), false), want, "{pattern} {text}");
            assert_eq!(Glob::new(pattern.as_bytes(), false).matches(text.as_bytes()), want, "{pattern} {text}");
        }
    }

    #[test]
    fn folded_patterns_take_both_cases() {
        let table = [
            ("a*Z?", "AbzQ", true),
            ("[a-c]", "B", true),
            ("[!a-c]", "B", false),
            ("\\A", "a", true),
            ("[", "[", true),
        ];
        for (pattern, text, want) in table {
            assert_eq!(Glob::new(pattern.as_bytes(), true).matches(text.as_bytes()), want, "{pattern} {text}");
        }
        assert!(!matches(b"a", b"A", false));
    }

    #[test]
    fn stars_cost_no_more_than_the_product_of_lengths() {
        let (pattern, text) = ("a*".repeat(500) + "b", "a".repeat(20_000));
        assert!(!matches(pattern.as_bytes(), text.as_bytes(), false));
    }

    proptest::proptest! {
        #[test]
        fn a_star_takes_anything(before: Vec<u8>, between: Vec<u8>, after: Vec<u8>) {
            let literal = |bytes: &[u8]| -> Vec<u8> { bytes.iter().filter(|byte| !b"*?[\\".contains(byte)).copied().collect() };
            let (before, after) = (literal(&before), literal(&after));
            let pattern = [before.as_slice(), b"*", &after].concat();
            proptest::prop_assert!(matches(&pattern, &[before.as_slice(), &between, &after].concat(), false));
            let _ = matches(&between, &pattern, true);
        }

        #[test]
        fn any_pattern_is_one(pattern in "[]\\[*?!^a-c:.=\\\\-]{0,12}", text in "[]\\[a-c-]{0,8}") {
            let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
            proptest::prop_assert_eq!(matches(pattern, text, false), Glob::new(pattern, false).matches(text));
        }
    }
}
