// SPDX-License-Identifier: Apache-2.0
//! Where something is fetched from: a URL, taken apart. What it has of a password is never shown.

use std::{fmt, net::IpAddr, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use thiserror::Error;
use ureq::http::Uri;

use super::{manifest::shown, url};

/// A URL with `http` or `https`.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    https: bool,
    /// As it was written, in lower case; an IPv6 address has its brackets.
    host: String,
    port: Option<u16>,
    /// `user:password`
    user: Option<String>,
    /// Path and query, from the first slash on.
    path: String,
}

impl Address {
    /// Whether what is fetched from there is encrypted.
    #[must_use]
    pub const fn is_https(&self) -> bool {
        self.https
    }

    /// Its host, an IPv6 address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(if self.https { 443 } else { 80 })
    }

    /// Whether it is on this machine, so that nobody is between.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host().parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    /// Whether the other is served by the same server, so that it may be told what this one may.
    #[must_use]
    pub fn is_same_server(&self, other: &Self) -> bool {
        self.https == other.https && self.host == other.host && self.port() == other.port()
    }

    /// What `Authorization` says for the user that it names.
    #[must_use]
    pub fn authorization(&self) -> Option<String> {
        let user = self.user.as_deref()?;
        let plain = url::decode(user).unwrap_or_else(|| user.to_owned());
        Some(format!("Basic {}", STANDARD.encode(plain)))
    }

    /// Where a redirection from here leads: `location` may be a whole URL, or a path.
    ///
    /// # Errors
    /// When it is neither.
    pub fn join(&self, location: &str) -> Result<Self, BadAddress> {
        let location = location.split('#').next().unwrap_or_default();
        let of = |path: &str| self.written(self.user.as_deref(), path);
        if location.contains("://") {
            location.parse()
        } else if let Some(rest) = location.strip_prefix("//") {
            format!("{}://{rest}", self.scheme()).parse()
        } else if location.starts_with('/') {
            of(location).parse()
        } else {
            let path = self.path.split('?').next().unwrap_or_default();
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            of(&format!("{folder}/{location}")).parse()
        }
    }

    /// Whether something is asked behind a question mark, which the other files of its folder do not share.
    #[must_use]
    pub fn has_query(&self) -> bool {
        self.path.contains('?')
    }

    /// The folder it lies in, and its name there, not percent-encoded.
    #[must_use]
    pub fn split(&self) -> Option<(String, String)> {
        let text = self.to_string();
        let (folder, name) = text.rsplit_once('/')?;
        Some((folder.to_owned(), url::decode(name).filter(|name| !name.is_empty())?))
    }

    const fn scheme(&self) -> &'static str {
        if self.https { "https" } else { "http" }
    }

    /// The URL to ask for, without what is said in headers.
    #[must_use]
    pub fn request(&self) -> String {
        self.written(None, &self.path)
    }

    /// A URL of this server.
    fn written(&self, user: Option<&str>, path: &str) -> String {
        let user = user.map_or_else(String::new, |user| format!("{user}@"));
        let port = self.port.map_or_else(String::new, |port| format!(":{port}"));
        format!("{}://{user}{}{port}{path}", self.scheme(), self.host)
    }

    /// With another's user, if it has none and is served by the same server.
    #[must_use]
    pub fn with_user_of(mut self, other: &Self) -> Self {
        if self.user.is_none() && self.is_same_server(other) {
            self.user.clone_from(&other.user);
        }
        self
    }
}

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let bad = |why| BadAddress { text: without_password(text), why };
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(bad("it has blanks or control characters"));
        }
        let uri: Uri =
            text.parse().map_err(|_why: ureq::http::uri::InvalidUri| bad("it is not of the form https://host/path"))?;
        let https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            Some(_) => return Err(bad("only https and http are spoken")),
            None => return Err(bad("it has no https:// in front")),
        };
        let authority = uri.authority().ok_or_else(|| bad("it has no host"))?;
        let (user, place) = match authority.as_str().rsplit_once('@') {
            Some((user, place)) => (Some(user.to_owned()), place),
            None => (None, authority.as_str()),
        };
        if authority.host().is_empty() {
            return Err(bad("it has no host"));
        }
        if authority.port_u16().is_none() && place.strip_prefix(authority.host()).is_some_and(|rest| !rest.is_empty()) {
            return Err(bad("its port is no number"));
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Self { https, host: authority.host().to_lowercase(), port: authority.port_u16(), user, path })
    }
}

impl fmt::Display for Address {
    /// Without what may be a secret: a password, or a query that servers redirect with.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let request = self.request();
        f.write_str(request.split('?').next().unwrap_or_default())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What was given as a URL, without what may be a password.
fn without_password(text: &str) -> String {
    let (scheme, rest) = text.split_once("://").map_or(("", text), |(scheme, rest)| (scheme, rest));
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let path = path.split('?').next().unwrap_or_default();
    let between = if scheme.is_empty() { "" } else { "://" };
    shown(&format!("{scheme}{between}{host}{path}"), 500)
}

/// A text that is no URL.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{text} is no URL that can be fetched: {why}")]
pub struct BadAddress {
    text: String,
    why: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Address {
        text.parse().expect(text)
    }

    #[test]
    fn a_url_is_taken_apart() {
        let address = of("https://me:p%40ss@Download.example.org:8443/a/b%2Bc?x=1");
        assert_eq!(address.request(), "https://download.example.org:8443/a/b%2Bc?x=1");
        assert_eq!(address.to_string(), "https://download.example.org:8443/a/b%2Bc");
        assert!(address.has_query() && !of("https://host/a").has_query());
        assert!(!format!("{address:?}").contains("ss"), "{address:?}");
        assert_eq!((address.host(), address.port(), address.is_https()), ("download.example.org", 8443, true));
        assert_eq!(address.authorization().as_deref(), Some("Basic bWU6cEBzcw=="));
        let (folder, name) = address.split().expect("a file");
        assert_eq!((folder.as_str(), name.as_str()), ("https://download.example.org:8443/a", "b+c"));
        assert_eq!(of("http://host").to_string(), "http://host/");
        assert_eq!((of("http://host").port(), of("https://host").port()), (80, 443));
    }

    #[test]
    fn what_is_no_url_is_named_without_its_password() {
        for (text, why) in [
            ("ftp://me:secret@host/x", "only https and http"),
            ("host/x", "of the form https://host/path"),
            ("host", "no https:// in front"),
            ("https://me:secret@host:port/", "its port is no number"),
            ("https:///x", "of the form"),
            ("https://host/a b", "blanks"),
            ("", "of the form"),
        ] {
            let error = text.parse::<Address>().expect_err(text).to_string();
            assert!(error.contains(why) && !error.contains("secret"), "{text}: {error}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for there in ["http://127.0.0.1:80/", "http://127.9.9.9/", "http://[::1]:8000/", "http://localhost/"] {
            assert!(of(there).is_loopback(), "{there}");
        }
        for elsewhere in
            ["http://localhost.example.org/", "http://10.0.0.1/", "http://127.0.0.1.nip.io/", "http://[::2]/"]
        {
            assert!(!of(elsewhere).is_loopback(), "{elsewhere}");
        }
    }

    #[test]
    fn redirections_lead_somewhere() {
        let from = of("https://me:pw@host:1/a/b/c.o?q");
        for (location, to) in [
            ("https://other/x#part", "https://other/x"),
            ("//other/x", "https://other/x"),
            ("/x/y", "https://host:1/x/y"),
            ("d.o", "https://host:1/a/b/d.o"),
        ] {
            assert_eq!(from.join(location).expect(location).request(), to);
        }
        assert!(from.join("/x").expect("a path").authorization().is_some());
        assert!(from.join("https://other/x").expect("a URL").authorization().is_none());
        assert!(from.join("ftp://other/x").is_err());
        assert!(of("https://host:1/z").with_user_of(&from).authorization().is_some());
        assert!(of("http://host:1/z").with_user_of(&from).authorization().is_none());
    }
}
