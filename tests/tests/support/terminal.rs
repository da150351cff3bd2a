// SPDX-License-Identifier: Apache-2.0
//! What would act on a terminal.

/// A line of `output` with what no line may have as it is: C0 and DEL, but for line ends; C1 in UTF-8; what turns text
/// around; what is not UTF-8.
pub(crate) fn acts(output: &[u8]) -> Option<String> {
    let text = match std::str::from_utf8(output) {
        Ok(text) => text,
        Err(error) => return Some(format!("not UTF-8: {error}")),
    };
    let wrong =
        |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.lines().find(|line| line.contains(wrong)).map(str::to_owned)
}
