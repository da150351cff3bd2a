// SPDX-License-Identifier: Apache-2.0
//! Patterns as `fnmatch` without flags has them, less its sets: `*` is any run of bytes, slashes included, `?` one byte.

/// Whether the whole of `text` is of `pattern`.
#[must_use]
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut pattern, mut text) = (pattern, text);
    // Where to go on when a part behind the last star does not fit: the star takes a byte more.
    let mut again: Option<(&[u8], &[u8])> = None;
    loop {
        match (pattern.split_first(), text.split_first()) {
            (Some((b'*', rest)), _) => {
                pattern = rest;
                again = Some((rest, text));
            }
            (Some((b'?', rest)), Some((_, tail))) => (pattern, text) = (rest, tail),
            (Some((want, rest)), Some((byte, tail))) if want == byte => (pattern, text) = (rest, tail),
            (None, None) => return true,
            (_, _) => {
                let Some((rest, from)) = again else { return false };
                let Some((_, tail)) = from.split_first() else { return false };
                again = Some((rest, tail));
                (pattern, text) = (rest, tail);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

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
            ("**", "x", true),
        ];
        for (pattern, text, want) in table {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), want, "{pattern} {text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_star_takes_anything(before: Vec<u8>, between: Vec<u8>, after: Vec<u8>) {
            let literal = |bytes: &[u8]| -> Vec<u8> { bytes.iter().filter(|byte| !b"*?".contains(byte)).copied().collect() };
            let (before, after) = (literal(&before), literal(&after));
            let pattern = [before.as_slice(), b"*", &after].concat();
            proptest::prop_assert!(matches(&pattern, &[before.as_slice(), &between, &after].concat()));
            let _ = matches(&between, &pattern);
        }
    }
}
