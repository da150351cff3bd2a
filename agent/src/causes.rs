// SPDX-License-Identifier: Apache-2.0
//! Errors of libraries, which seldom say what caused them.

use std::error::Error;

/// An error with its causes, one behind the other. What an error says already of its cause is not said twice.
pub(crate) fn causes(error: &dyn Error) -> String {
    let (mut said, mut next) = (error.to_string(), error.source());
    while let Some(cause) = next {
        let text = cause.to_string();
        if !said.contains(&text) {
            said = format!("{said}: {text}");
        }
        next = cause.source();
    }
    said
}
