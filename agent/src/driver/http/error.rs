// SPDX-License-Identifier: Apache-2.0
//! Why a file can't be had.

#![expect(clippy::wildcard_enum_match_arm, reason = "ureq's errors are matched for the few that mean something here")]

use std::{fmt, io, path::PathBuf, time::Duration};

use crate::driver::address::BadAddress;

/// Why a file can't be had.
#[derive(Debug)]
pub struct HttpError {
    /// What was asked for; empty when the settings are wrong.
    pub url: String,
    /// Where a redirection led.
    pub at: Option<String>,
    /// Why.
    pub why: Why,
    /// How often it was tried.
    pub tries: u32,
}

/// Why.
#[derive(Debug)]
pub enum Why {
    /// It would come unencrypted from elsewhere.
    Plain,
    /// A redirection leads from https to http.
    Downgraded,
    /// More redirections than anybody needs.
    Redirections,
    /// A redirection without a place.
    Nowhere,
    /// A redirection to what is no URL.
    BadLocation(BadAddress),
    /// The server says no.
    Status {
        /// The number.
        status: u16,
        /// When to come back.
        after: Option<Duration>,
    },
    /// It is larger than it may be.
    TooLarge {
        /// The most that is taken.
        limit: u64,
        /// What the server says.
        size: Option<u64>,
    },
    /// It ended early.
    Cut {
        /// Bytes that came.
        got: usize,
        /// Bytes that the server promised.
        said: Option<u64>,
        /// What happened.
        error: String,
    },
    /// The server can't be reached, or does not speak HTTP.
    Unreachable(String),
    /// The server can't prove who it is.
    Untrusted(String),
    /// The proxy is none.
    Proxy,
    /// A header is none: its name.
    Header(String),
    /// Certificates can't be read.
    Certificates {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl HttpError {
    /// One of settings, for which nobody was asked.
    pub(super) const fn of_settings(why: Why) -> Self {
        Self { url: String::new(), at: None, why, tries: 0 }
    }

    /// Whether the server says that there is no such file.
    #[must_use]
    pub const fn is_missing(&self) -> bool {
        matches!(self.why, Why::Status { status: 404 | 410, .. })
    }

    /// Whether the next file of this server would fare the same.
    #[must_use]
    pub const fn is_of_server(&self) -> bool {
        matches!(
            self.why,
            Why::Plain
                | Why::Unreachable(_)
                | Why::Untrusted(_)
                | Why::Proxy
                | Why::Header(_)
                | Why::Certificates { .. }
        )
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> Option<&'static str> {
        Some(match &self.why {
            Why::Plain => {
                "serve it over https, or from this machine, or accept that anybody may have changed it: --insecure-probe"
            }
            Why::Downgraded => "have the server lead to https",
            Why::Unreachable(_) => {
                "look at the host's name, the network, and HTTPS_PROXY and NO_PROXY; --drivers-repo names another repository"
            }
            Why::Untrusted(_) => "give the certificate that vouches for the server with --http-ca FILE",
            Why::Status { status: 401 | 403 | 407, .. } => {
                "the server wants to know who asks (--http-header), or has no such file and does not say so, as S3 does"
            }
            Why::Proxy => "give HTTPS_PROXY, HTTP_PROXY or ALL_PROXY as http://host:port",
            _ => return None,
        })
    }
}

impl Why {
    /// Whether trying again may help.
    pub(super) const fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Cut { .. } | Self::Unreachable(_) | Self::Status { status: 429 | 500 | 502 | 503 | 504, .. }
        )
    }

    /// How long the server asks to wait.
    pub(super) const fn asks_to_wait(&self) -> Option<Duration> {
        match self {
            Self::Status { status: 429 | 503, after } => *after,
            _ => None,
        }
    }

    pub(super) fn of(error: ureq::Error) -> Self {
        match error {
            ureq::Error::Rustls(error) => Self::Untrusted(error.to_string()),
            ureq::Error::Tls(error) => Self::Untrusted(error.to_owned()),
            ureq::Error::HostNotFound => Self::Unreachable("no such host".to_owned()),
            ureq::Error::Timeout(of) => Self::Unreachable(format!("it took too long ({of})")),
            ureq::Error::Io(error) => {
                // A handshake fails inside of a read.
                match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                    Some(error) => Self::Untrusted(error.to_string()),
                    None => Self::Unreachable(Self::words(error)),
                }
            }
            error => Self::Unreachable(error.to_string()),
        }
    }

    /// What an error says, with what it says of its own cause.
    pub(super) fn words(error: io::Error) -> String {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>()) {
            Some(ureq::Error::Timeout(of)) => format!("it took too long ({of})"),
            Some(error) => error.to_string(),
            None => error.to_string(),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain => f.write_str("refused: it would come over plain http from another machine"),
            Self::Downgraded => f.write_str("refused: the server leads from https to plain http"),
            Self::Redirections => f.write_str("the server leads from one place to the next without end"),
            Self::Nowhere => f.write_str("the server leads elsewhere, but does not say where"),
            Self::BadLocation(error) => write!(f, "the server leads elsewhere: {error}"),
            Self::Status { status, after } => {
                write!(f, "HTTP {status}")?;
                let reason =
                    ureq::http::StatusCode::from_u16(*status).ok().and_then(|status| status.canonical_reason());
                reason.map_or(Ok(()), |reason| write!(f, " {reason}"))?;
                let after = after.map(|time| Duration::from_secs(time.as_secs()));
                after.map_or(Ok(()), |time| write!(f, ", to be asked again in {}", humantime::format_duration(time)))
            }
            Self::TooLarge { limit, size: Some(size) } => {
                write!(f, "it has {size} bytes, more than the {limit} it may have")
            }
            Self::TooLarge { limit, size: None } => write!(f, "it has more than the {limit} bytes it may have"),
            Self::Cut { got, said: Some(size), error } => write!(f, "it ended after {got} of {size} bytes: {error}"),
            Self::Cut { got, said: None, error } => write!(f, "it ended after {got} bytes: {error}"),
            Self::Unreachable(error) => write!(f, "not reached: {error}"),
            Self::Untrusted(error) => write!(f, "the server can't prove who it is: {error}"),
            Self::Proxy => f.write_str("the proxy that the environment names is not of the form http://host:port"),
            Self::Header(name) => {
                write!(f, "the header \"{name}\" of --http-header is not of the form \"Name: value\"")
            }
            Self::Certificates { path, error } => write!(f, "can't read certificates from {}: {error}", path.display()),
        }
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.why)?;
        if let Some(at) = &self.at {
            write!(f, " (redirected to {at})")?;
        }
        if self.tries > 1 { write!(f, ", after {} tries", self.tries) } else { Ok(()) }
    }
}

impl std::error::Error for HttpError {}
