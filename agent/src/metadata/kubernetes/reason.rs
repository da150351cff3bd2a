// SPDX-License-Identifier: Apache-2.0
//! Why the API server did not tell what it was asked, and why it is asked for everything again.

use std::{fmt, time::Duration};

/// Why a request or a watch failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The server can't be reached: its name, its port, its certificate.
    Connect,
    /// It did not answer, or stopped in the middle.
    Timeout,
    /// The connection was cut.
    Cut,
    /// 401: the token or certificate is not, or no longer, good.
    Unauthorized,
    /// 403: the token is good, but may not list and watch pods.
    Forbidden,
    /// 410: what was asked for is too old.
    Expired,
    /// 429: too many requests.
    TooMany,
    /// 5xx.
    Server,
    /// Any other status.
    Refused,
    /// The answer is not what the protocol says.
    Malformed,
    /// A file that the request needs can't be used: the token's, the certificates', the kubeconfig.
    Config,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 11] = [
        Self::Connect,
        Self::Timeout,
        Self::Cut,
        Self::Unauthorized,
        Self::Forbidden,
        Self::Expired,
        Self::TooMany,
        Self::Server,
        Self::Refused,
        Self::Malformed,
        Self::Config,
    ];

    /// The name that counters have.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Timeout => "timeout",
            Self::Cut => "cut",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::Expired => "expired",
            Self::TooMany => "too_many",
            Self::Server => "server",
            Self::Refused => "refused",
            Self::Malformed => "malformed",
            Self::Config => "config",
        }
    }

    /// What can be done about it, where somebody has to do something.
    #[must_use]
    pub fn remedy(self) -> Option<&'static str> {
        match self {
            Self::Unauthorized => Some("is the token the one of a service account of this cluster?"),
            Self::Forbidden => Some("the service account needs get, list and watch on pods"),
            Self::Connect
            | Self::Timeout
            | Self::Cut
            | Self::Expired
            | Self::TooMany
            | Self::Server
            | Self::Refused
            | Self::Malformed
            | Self::Config => None,
        }
    }
}

/// Why all pods are asked for once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relist {
    /// It is time: whatever went wrong unseen is put right.
    Interval,
    /// What the watch would go on from is too old.
    Expired,
    /// The history of the API went backwards: it was restored.
    Backwards,
    /// The server could not be reached, and may not be what it was.
    Outage,
    /// The list before failed.
    Failed,
}

impl Relist {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Interval, Self::Expired, Self::Backwards, Self::Outage, Self::Failed];

    /// The name that counters have.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Interval => "interval",
            Self::Expired => "expired",
            Self::Backwards => "backwards",
            Self::Outage => "outage",
            Self::Failed => "failed",
        }
    }
}

/// The longest description of a failure, in bytes. Servers choose their words.
const MAX_DETAIL: usize = 300;

/// A reason, what there is to say about it, and when the server wants to be asked again.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) reason: Reason,
    detail: String,
    pub(super) retry_after: Option<Duration>,
}

impl Failure {
    /// What a server says is escaped, and cut where it is long: it goes into logs.
    pub(super) fn new(reason: Reason, detail: impl fmt::Display) -> Self {
        let detail = detail.to_string();
        let kept = detail.get(..detail.floor_char_boundary(MAX_DETAIL)).unwrap_or_default();
        Self { reason, detail: kept.escape_debug().to_string(), retry_after: None }
    }

    pub(super) fn malformed(detail: impl fmt::Display) -> Self {
        Self::new(Reason::Malformed, detail)
    }

    pub(super) fn config(detail: impl fmt::Display) -> Self {
        Self::new(Reason::Config, detail)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason.name(), self.detail)?;
        self.reason.remedy().map_or(Ok(()), |remedy| write!(f, " ({remedy})"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Failure, Reason, Relist};

    #[test]
    fn every_name_is_its_own_and_every_variant_in_its_place() {
        for (i, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, i);
            assert_eq!(Reason::ALL.iter().filter(|other| other.name() == reason.name()).count(), 1);
        }
        for (i, relist) in Relist::ALL.into_iter().enumerate() {
            assert_eq!(relist as usize, i);
            assert_eq!(Relist::ALL.iter().filter(|other| other.name() == relist.name()).count(), 1);
        }
    }

    #[test]
    fn what_a_server_says_is_short_and_harmless() {
        let failure = Failure::new(Reason::Server, format_args!("\x1b[2J\n{}", "é".repeat(1000)));
        let text = failure.to_string();
        assert!(text.starts_with("server: \\u{1b}[2J\\né"), "{text}");
        assert!(text.len() < 400 && !text.contains(char::is_control));
    }
}
