// SPDX-License-Identifier: Apache-2.0
//! Which proxy is asked, by the variables that everybody knows: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`, in
//! either case.

use std::net::IpAddr;

use super::address::Address;

/// The proxies of an environment.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    https: Option<String>,
    http: Option<String>,
    none: Vec<String>,
}

impl Proxies {
    /// As the variables that `get` reads say.
    #[must_use]
    pub fn of(get: impl Fn(&str) -> Option<String>) -> Self {
        let either = |name: &str| {
            [name.to_lowercase(), name.to_owned()].iter().find_map(|name| get(name)).filter(|value| !value.is_empty())
        };
        let all = either("ALL_PROXY");
        let none = either("NO_PROXY").unwrap_or_default();
        Self {
            https: either("HTTPS_PROXY").or_else(|| all.clone()),
            http: either("HTTP_PROXY").or(all),
            none: none.split(',').map(|word| word.trim().to_lowercase()).filter(|word| !word.is_empty()).collect(),
        }
    }

    /// The proxy that is asked for `address`. This machine is never asked for by a proxy: that nobody is between is why it
    /// may be asked without encryption.
    #[must_use]
    pub fn choose(&self, address: &Address) -> Option<&str> {
        if address.is_loopback() || self.none.iter().any(|word| excepts(word, address)) {
            return None;
        }
        if address.is_https() { self.https.as_deref() } else { self.http.as_deref() }
    }
}

impl std::fmt::Debug for Proxies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // They may have passwords.
        f.debug_struct("Proxies").field("none", &self.none).finish_non_exhaustive()
    }
}

/// Whether a word of `NO_PROXY` is of this address: `*`, a host, a domain with or without a dot in front, an IP address, a
/// network, each but `*` and networks with a port or without.
fn excepts(word: &str, address: &Address) -> bool {
    if word == "*" {
        return true;
    }
    let host = address.host();
    if let Some((network, bits)) = word.split_once('/') {
        return host.parse().is_ok_and(|ip| in_network(ip, network, bits));
    }
    let (word, port) = match word.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => (name, Some(port)),
        _ => (word, None),
    };
    if port.is_some_and(|port| port.parse() != Ok(address.port())) {
        return false;
    }
    let word = word.trim_start_matches('[').trim_end_matches(']').trim_start_matches("*.").trim_start_matches('.');
    if word.is_empty() {
        return false;
    }
    host == word || host.strip_suffix(word).is_some_and(|rest| rest.ends_with('.'))
}

fn in_network(ip: IpAddr, network: &str, bits: &str) -> bool {
    let (Ok(network), Ok(bits)) = (network.parse(), bits.parse::<u32>()) else { return false };
    match (ip, network) {
        (IpAddr::V4(ip), IpAddr::V4(network)) if bits <= 32 => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            u32::from(ip) & mask == u32::from(network) & mask
        }
        (IpAddr::V6(ip), IpAddr::V6(network)) if bits <= 128 => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            u128::from(ip) & mask == u128::from(network) & mask
        }
        (IpAddr::V4(_) | IpAddr::V6(_), _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(variables: &[(&str, &str)], url: &str) -> Option<String> {
        let get = |name: &str| variables.iter().find(|pair| pair.0 == name).map(|pair| pair.1.to_owned());
        Proxies::of(get).choose(&url.parse().expect(url)).map(str::to_owned)
    }

    #[test]
    fn each_scheme_has_its_proxy() {
        let variables = [("HTTPS_PROXY", "http://a:1"), ("http_proxy", "http://b:2"), ("ALL_PROXY", "http://c:3")];
        assert_eq!(chosen(&variables, "https://x/").as_deref(), Some("http://a:1"));
        assert_eq!(chosen(&variables, "http://x/").as_deref(), Some("http://b:2"));
        assert_eq!(chosen(&variables[2..], "https://x/").as_deref(), Some("http://c:3"));
        assert_eq!(chosen(&[("HTTPS_PROXY", "")], "https://x/"), None);
        assert_eq!(chosen(&variables, "http://127.0.0.1:8000/"), None, "this machine is asked itself");
    }

    #[test]
    fn some_hosts_are_asked_without() {
        let with =
            |none: &'static str, url: &str| chosen(&[("ALL_PROXY", "http://p:1"), ("NO_PROXY", none)], url).is_some();
        for (none, without, other) in [
            ("*", "https://x/", None),
            ("example.org", "https://a.Example.org/", Some("https://anexample.org/")),
            (".example.org,y", "https://example.org/", Some("https://x.y.z/")),
            ("x:8443", "https://x:8443/", Some("https://x/")),
            ("10.0.0.0/8", "https://10.255.0.1/", Some("https://11.0.0.1/")),
            ("10.1.2.3/32, fd00::/8", "https://[fd12::1]/", Some("https://10.1.2.4/")),
            ("0.0.0.0/0", "https://192.0.2.1/", Some("https://host/")),
            ("[2001:db8::1]", "https://[2001:db8::1]/", Some("https://[2001:db8::2]/")),
            ("2001:db8::1", "https://[2001:db8::1]/", Some("https://[2001:db8::2]/")),
        ] {
            assert!(!with(none, without), "{none}: {without}");
            assert!(other.is_none_or(|other| with(none, other)), "{none}: {other:?}");
        }
        for odd in [",,", "/", "x/99", ":", "10.0.0.0/99"] {
            assert!(with(odd, "https://10.0.0.1/"), "{odd}");
        }
    }
}
