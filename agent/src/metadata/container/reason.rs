// SPDX-License-Identifier: Apache-2.0
//! Why a container has an id and no more.

use std::fmt;

/// Why a runtime's answer is missing. In order: of several sockets' reasons the last is the most telling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Lookups are switched off.
    Off,
    /// The runtime has no API that could be asked.
    NoApi,
    /// More were asked for at once than are kept.
    Full,
    /// No socket of such a runtime is there.
    NoSocket,
    /// The runtime does not know it.
    NotFound,
    /// The socket is there but the runtime, or its permissions, refused.
    Refused,
    /// The answer was none, or too long.
    Malformed,
    /// There was no answer in time.
    Timeout,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 8] = [
        Self::Off,
        Self::NoApi,
        Self::Full,
        Self::NoSocket,
        Self::NotFound,
        Self::Refused,
        Self::Malformed,
        Self::Timeout,
    ];

    /// The name that counters have.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::NoApi => "no_api",
            Self::Full => "full",
            Self::NoSocket => "no_socket",
            Self::NotFound => "not_found",
            Self::Refused => "refused",
            Self::Malformed => "malformed",
            Self::Timeout => "timeout",
        }
    }
}

/// A reason, and what there is to say about it in the log.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) reason: Reason,
    pub(super) detail: String,
}

impl Failure {
    pub(super) fn new(reason: Reason, detail: impl fmt::Display) -> Self {
        Self { reason, detail: detail.to_string() }
    }

    pub(super) fn refused(detail: impl fmt::Display) -> Self {
        Self::new(Reason::Refused, detail)
    }

    pub(super) fn malformed(detail: impl fmt::Display) -> Self {
        Self::new(Reason::Malformed, detail)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason.name(), self.detail)
    }
}
