// SPDX-License-Identifier: Apache-2.0
//! Events as the agent's JSON has them.

use serde_json::Value;

/// A string's bytes: `escaped` says that `\xNN` stands for a byte and `\\` for a backslash.
pub(crate) fn bytes(text: &str, escaped: bool) -> Vec<u8> {
    if !escaped {
        return text.as_bytes().to_vec();
    }
    let (mut out, source, mut at) = (Vec::new(), text.as_bytes(), 0);
    while at < source.len() {
        let hex = source.get(at + 2..at + 4).and_then(|digits| std::str::from_utf8(digits).ok());
        match (source[at], source.get(at + 1), hex.and_then(|digits| u8::from_str_radix(digits, 16).ok())) {
            (b'\\', Some(b'x'), Some(byte)) => {
                out.push(byte);
                at += 4;
            }
            (b'\\', Some(b'\\'), _) => {
                out.push(b'\\');
                at += 2;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

/// Whether the event says of argument `name` what the list under `key` says of arguments.
pub(crate) fn marked(event: &Value, key: &str, name: &str) -> bool {
    event[key].as_array().is_some_and(|names| names.iter().any(|marked| marked == name))
}

/// The bytes of argument `name`; `None` when it has none.
pub(crate) fn arg_bytes(event: &Value, name: &str) -> Option<Vec<u8>> {
    event["args"][name].as_str().map(|text| bytes(text, marked(event, "escaped", name)))
}

/// The strings of argument `name`; `None` when it has none.
pub(crate) fn arg_strings(event: &Value, name: &str) -> Option<Vec<Vec<u8>>> {
    let escaped = marked(event, "escaped", name);
    let strings = event["args"][name].as_array()?;
    strings.iter().map(|text| text.as_str().map(|text| bytes(text, escaped))).collect()
}
