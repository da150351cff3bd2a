// SPDX-License-Identifier: Apache-2.0
//! What the machine and this process are: read from the kernel, never assumed.

pub mod capabilities;

/// `uname -r`
#[must_use]
pub fn kernel_release() -> String {
    rustix::system::uname().release().to_string_lossy().into_owned()
}

/// Whether output that goes to a terminal (or not) is coloured: <https://no-color.org>
#[must_use]
pub fn colour(terminal: bool) -> bool {
    terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
