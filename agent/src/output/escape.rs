// SPDX-License-Identifier: Apache-2.0
//! Bytes that processes chose, made harmless: no byte of theirs reaches a terminal or a log as a control character.

/// Whether a byte is harmless wherever it is written.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = b' ';
    while byte <= b'~' {
        plain[byte as usize] = !matches!(byte, b'"' | b'\\');
        byte += 1;
    }
    plain
};

/// How many harmless bytes stand first.
fn plain(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| !PLAIN[usize::from(*byte)]).unwrap_or(bytes.len())
}

/// Appends `text`: runs of harmless characters as they are, `others` one by one.
fn runs(text: &str, out: &mut Vec<u8>, others: impl Fn(char, &mut Vec<u8>)) {
    let mut rest = text;
    loop {
        let (plain, tail) = rest.split_at(plain(rest.as_bytes()));
        out.extend_from_slice(plain.as_bytes());
        let mut tail = tail.chars();
        let Some(other) = tail.next() else { return };
        others(other, out);
        rest = tail.as_str();
    }
}

/// Appends `bytes` for a text line. `\`, quotes, control characters (C0, DEL, C1) and what is not UTF-8 become escapes,
/// so that the bytes can be had back: `\n`, `\xNN`.
pub fn text(bytes: &[u8], out: &mut Vec<u8>) {
    // Most are harmless as a whole.
    let (plain, bytes) = bytes.split_at(plain(bytes));
    out.extend_from_slice(plain);
    for chunk in bytes.utf8_chunks() {
        runs(chunk.valid(), out, |c, out| match c {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            c if hides(c) => c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| hex(byte, out)),
            c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        });
        chunk.invalid().iter().for_each(|byte| hex(*byte, out));
    }
}

/// A message of several lines, in which nothing but white space acts: file names and what was typed are put into messages as they
/// are.
#[must_use]
pub fn message(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    for c in text.chars() {
        if !matches!(c, '\n' | '\t') && hides(c) {
            c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| hex(byte, &mut out));
        } else {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Characters that would act on a terminal, or hide what stands there: controls, line separators, direction marks.
pub(crate) fn hides(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn hex(byte: u8, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let (high, low) = (usize::from(byte >> 4), usize::from(byte & 15));
    out.extend_from_slice(&[b'\\', b'x', DIGITS[high], DIGITS[low]]);
}

/// Appends `bytes` as a JSON string. When they are not UTF-8, or `force` is given, each wrong byte becomes the four
/// characters `\xNN` and each backslash two, and the answer is true: the caller says so beside the string.
pub fn json(bytes: &[u8], force: bool, out: &mut Vec<u8>) -> bool {
    out.push(b'"');
    if !force && plain(bytes) == bytes.len() {
        out.extend_from_slice(bytes);
        out.push(b'"');
        return false;
    }
    let escaped = match std::str::from_utf8(bytes) {
        Ok(text) if !force => {
            json_text(text, out);
            false
        }
        _ => {
            let mut plain = Vec::with_capacity(bytes.len() * 2);
            for chunk in bytes.utf8_chunks() {
                runs(chunk.valid(), &mut plain, |c, plain| {
                    if c == '\\' {
                        plain.push(b'\\');
                    }
                    plain.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                });
                chunk.invalid().iter().for_each(|byte| hex(*byte, &mut plain));
            }
            json_text(&String::from_utf8_lossy(&plain), out);
            true
        }
    };
    out.push(b'"');
    escaped
}

/// The inside of a JSON string: <https://www.rfc-editor.org/rfc/rfc8259#section-7>. DEL and the C1 controls, which JSON
/// allows, are escaped as well.
fn json_text(text: &str, out: &mut Vec<u8>) {
    runs(text, out, |c, out| match c {
        '"' => out.extend_from_slice(b"\\\""),
        '\\' => out.extend_from_slice(b"\\\\"),
        '\n' => out.extend_from_slice(b"\\n"),
        '\r' => out.extend_from_slice(b"\\r"),
        '\t' => out.extend_from_slice(b"\\t"),
        c if hides(c) => {
            let code = u32::from(c);
            out.extend_from_slice(b"\\u");
            for shift in [12, 8, 4, 0] {
                out.push(b"0123456789abcdef"[((code >> shift) & 15) as usize]);
            }
        }
        c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn as_text(bytes: &[u8]) -> String {
        let mut out = Vec::new();
        text(bytes, &mut out);
        String::from_utf8(out).expect("escaped text is UTF-8")
    }

    fn as_json(bytes: &[u8]) -> (String, bool) {
        let mut out = Vec::new();
        let escaped = json(bytes, false, &mut out);
        (serde_json::from_slice(&out).expect("a JSON string"), escaped)
    }

    #[test]
    fn nothing_acts_on_a_terminal() {
        assert_eq!(as_text(b"/etc/passwd"), "/etc/passwd");
        assert_eq!(as_text(b"\x1b[2J\x07\n\"\\"), r#"\x1b[2J\x07\n\"\\"#);
        assert_eq!(as_text("\u{9b}31m".as_bytes()), r"\xc2\x9b31m");
        assert_eq!(as_text(b"a\xffb"), r"a\xffb");
        assert_eq!(as_text("caf\u{e9} \u{202e}".as_bytes()), "caf\u{e9} \\xe2\\x80\\xae");
        let mut out = Vec::new();
        json("\u{9b}\u{7f}\u{1b}".as_bytes(), false, &mut out);
        assert_eq!(out, br#""\u009b\u007f\u001b""#);
    }

    #[test]
    fn a_message_keeps_its_lines() {
        assert_eq!(
            message("one\n\ttwo \x1b[2J\r\u{9b}31m caf\u{e9}\n"),
            "one\n\ttwo \\x1b[2J\\x0d\\xc2\\x9b31m caf\u{e9}\n"
        );
    }

    #[test]
    fn what_is_not_utf8_says_so_and_can_be_had_back() {
        assert_eq!(as_json(b"plain \\ text"), (r"plain \ text".to_owned(), false));
        assert_eq!(as_json(b"a\\\xff\x00"), ("a\\\\\\xff\0".to_owned(), true));
    }

    /// Undoes the escapes of a string that said it has them.
    fn unescape(text: &str) -> Vec<u8> {
        let (mut out, bytes, mut i) = (Vec::new(), text.as_bytes(), 0);
        while i < bytes.len() {
            match (bytes[i], bytes.get(i + 1)) {
                (b'\\', Some(b'\\')) => {
                    out.push(b'\\');
                    i += 2;
                }
                (b'\\', Some(b'x')) => {
                    out.push(u8::from_str_radix(&text[i + 2..i + 4], 16).expect("two digits"));
                    i += 4;
                }
                (byte, _) => {
                    out.push(byte);
                    i += 1;
                }
            }
        }
        out
    }

    proptest::proptest! {
        #[test]
        fn json_strings_are_reversible(bytes: Vec<u8>) {
            let (text, escaped) = as_json(&bytes);
            let back = if escaped { unescape(&text) } else { text.into_bytes() };
            proptest::prop_assert_eq!(back, bytes);
        }

        #[test]
        fn text_has_no_control_characters(bytes: Vec<u8>) {
            proptest::prop_assert!(!as_text(&bytes).chars().any(char::is_control));
        }
    }
}
