// SPDX-License-Identifier: Apache-2.0
//! Words of the command line, and the socket that they ask for.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    str::FromStr,
};

use anyhow::{Context as _, Result};
use thiserror::Error;

/// Where is listened when nothing is said: Falco's port, on this machine alone.
const DEFAULT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8765);

/// Where is listened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listen {
    /// Nowhere.
    Off,
    /// At this address; port 0 is one that the kernel chooses.
    At(SocketAddr),
}

/// A text that is no address.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("an address is such as 127.0.0.1:8765, 0.0.0.0:8765 or [::1]:8765, or else `off`")]
pub struct BadAddress;

impl FromStr for Listen {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        match text {
            "off" => Ok(Self::Off),
            _ => text.parse().map(Self::At).map_err(|_any| BadAddress),
        }
    }
}

/// A socket that listens; `None` when nothing is to be served, or when the default can't be had.
///
/// # Errors
/// When an address that was asked for can't be had.
pub(super) fn bind(wanted: Option<Listen>) -> Result<Option<TcpListener>> {
    match wanted {
        Some(Listen::Off) => Ok(None),
        Some(Listen::At(address)) => bound(address).map(Some).with_context(|| {
            format!("can't serve metrics at {address}: give an address that is free with --metrics-listen, or `off`")
        }),
        None => Ok(default_or_none(DEFAULT)),
    }
}

/// As [`bind`], where nobody asked for it.
fn default_or_none(address: SocketAddr) -> Option<TcpListener> {
    match bound(address) {
        Ok(listener) => Some(listener),
        Err(error) => {
            tracing::warn!(
                "metrics and health are not served: {address}: {error}; --metrics-listen gives another address, or `off`"
            );
            None
        }
    }
}

fn bound(address: SocketAddr) -> std::io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// A share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Percent(f64);

impl Percent {
    /// Whether `part` of `whole` is more.
    #[must_use]
    pub fn is_less_than(self, part: u64, whole: u64) -> bool {
        part as f64 * 100.0 > self.0 * whole as f64
    }
}

impl Default for Percent {
    /// One in a hundred.
    fn default() -> Self {
        Self(1.0)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A text that is no share.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a share is a number of percent from 0 to 100, such as 1 or 0.1")]
pub struct BadPercent;

impl FromStr for Percent {
    type Err = BadPercent;

    fn from_str(text: &str) -> Result<Self, BadPercent> {
        match text.strip_suffix('%').unwrap_or(text).parse() {
            Ok(share) if (0.0..=100.0).contains(&share) => Ok(Self(share)),
            Ok(_) | Err(_) => Err(BadPercent),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        assert_eq!("off".parse(), Ok(Listen::Off));
        assert_eq!("127.0.0.1:8765".parse(), Ok(Listen::At(DEFAULT)));
        assert!(matches!("[::]:0".parse(), Ok(Listen::At(address)) if address.is_ipv6() && address.port() == 0));
        for wrong in ["", "8765", ":8765", "localhost:8765", "127.0.0.1", "127.0.0.1:65536", "OFF"] {
            assert_eq!(wrong.parse::<Listen>(), Err(BadAddress), "{wrong}");
        }
    }

    #[test]
    fn an_address_that_is_taken_is_an_error_only_when_it_was_asked_for() {
        let there = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = there.local_addr().expect("an address");
        let error = bind(Some(Listen::At(address))).expect_err("it is taken");
        let error = format!("{error:#}");
        assert!(error.contains(&address.to_string()) && error.contains("--metrics-listen"), "{error}");
        assert!(error.contains("in use"), "{error}");
        assert!(default_or_none(address).is_none());
        drop(there);
        assert!(default_or_none(address).is_some(), "it is free again");
        assert!(bind(Some(Listen::Off)).expect("nothing to fail").is_none());
    }

    #[test]
    fn shares_are_read_and_compared() {
        for (text, share) in [("1", 1.0), ("0.1%", 0.1), ("0", 0.0), ("100", 100.0)] {
            assert_eq!(text.parse(), Ok(Percent(share)));
        }
        for wrong in ["", "-1", "101", "NaN", "inf", "one", "%"] {
            assert_eq!(wrong.parse::<Percent>(), Err(BadPercent), "{wrong}");
        }
        assert_eq!(Percent::default().to_string(), "1");
        let one = Percent::default();
        assert!(!one.is_less_than(1, 100) && one.is_less_than(2, 100) && !one.is_less_than(0, 0));
        assert!(Percent(0.0).is_less_than(1, u64::MAX) && !Percent(0.0).is_less_than(0, 5));
        assert!(!Percent(100.0).is_less_than(7, 7));
    }
}
