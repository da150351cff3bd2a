// SPDX-License-Identifier: Apache-2.0
//! Addresses and networks.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs as _},
};

/// Finds the addresses of a host's name.
pub type Resolver<'r> = &'r dyn Fn(&str) -> io::Result<Vec<IpAddr>>;

/// The system's resolver.
///
/// # Errors
/// When the name has no address, or none could be asked for.
pub fn resolve(name: &str) -> io::Result<Vec<IpAddr>> {
    Ok((name, 0).to_socket_addrs()?.map(|address| address.ip()).collect())
}

/// Networks, any of which an address is in. An IPv4 address is in no IPv6 network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks {
    /// Sorted by their first address; none is in another.
    v4: Vec<(u32, u8)>,
    v6: Vec<(u128, u8)>,
}

impl FromIterator<(IpAddr, u8)> for Networks {
    fn from_iter<I: IntoIterator<Item = (IpAddr, u8)>>(iter: I) -> Self {
        let mut all = Self::default();
        for (address, bits) in iter {
            match address {
                IpAddr::V4(address) => all.v4.push((address.to_bits() & mask4(bits), bits)),
                IpAddr::V6(address) => all.v6.push((address.to_bits() & mask6(bits), bits)),
            }
        }
        // Of those that begin with the same address the largest stands first, so that what is in it follows.
        all.v4.sort_unstable();
        all.v4.dedup_by(|next, larger| next.0 & mask4(larger.1) == larger.0);
        all.v6.sort_unstable();
        all.v6.dedup_by(|next, larger| next.0 & mask6(larger.1) == larger.0);
        all
    }
}

impl Networks {
    /// Whether `address` is in one of them. One of the last that begin before it would be it.
    #[must_use]
    pub fn has(&self, address: IpAddr) -> bool {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let bits = address.to_bits();
                let behind = self.v4.partition_point(|(first, _)| *first <= bits);
                let last = behind.checked_sub(1).and_then(|at| self.v4.get(at));
                last.is_some_and(|(first, len)| bits & mask4(*len) == *first)
            }
            IpAddr::V6(address) => {
                let bits = address.to_bits();
                let behind = self.v6.partition_point(|(first, _)| *first <= bits);
                let last = behind.checked_sub(1).and_then(|at| self.v6.get(at));
                last.is_some_and(|(first, len)| bits & mask6(*len) == *first)
            }
        }
    }

    /// Those that are needed: the first address and how many of its bits count.
    pub fn iter(&self) -> impl Iterator<Item = (IpAddr, u8)> {
        let v4 = self.v4.iter().map(|(first, bits)| (IpAddr::V4(Ipv4Addr::from_bits(*first)), *bits));
        v4.chain(self.v6.iter().map(|(first, bits)| (IpAddr::V6(Ipv6Addr::from_bits(*first)), *bits)))
    }
}

fn mask4(bits: u8) -> u32 {
    !u32::MAX.checked_shr(bits.into()).unwrap_or(0)
}

fn mask6(bits: u8) -> u128 {
    !u128::MAX.checked_shr(bits.into()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn networks(texts: &[(&str, u8)]) -> Networks {
        texts.iter().map(|(address, bits)| (address.parse().expect(address), *bits)).collect()
    }

    #[test]
    fn addresses_are_in_networks() {
        let set = networks(&[("10.1.2.3", 8), ("10.9.0.0", 16), ("192.168.1.1", 32), ("2001:db8::", 32), ("::1", 128)]);
        let table = [
            ("10.0.0.0", true),
            ("10.255.255.255", true),
            ("11.0.0.0", false),
            ("9.255.255.255", false),
            ("192.168.1.1", true),
            ("192.168.1.2", false),
            ("::ffff:10.0.0.1", true),
            ("2001:db8:ffff::1", true),
            ("2001:db9::", false),
            ("::1", true),
            ("::", false),
        ];
        for (address, want) in table {
            assert_eq!(set.has(address.parse().expect(address)), want, "{address}");
        }
        // What is in another is not needed.
        assert_eq!(set.iter().count(), 4);
        assert!(!networks(&[("::", 0)]).has(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        assert!(networks(&[("0.0.0.0", 0)]).has(IpAddr::V4(Ipv4Addr::BROADCAST)));
        assert!(!Networks::default().has(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    }

    proptest! {
        #[test]
        fn the_set_holds_what_any_network_holds(
            nets in proptest::collection::vec((any::<[bool; 6]>(), 0_u8..=32), 0..8),
            address in any::<[bool; 6]>(),
        ) {
            // Few bits that vary, so that networks lie in each other.
            let spread = |bits: [bool; 6]| bits.iter().fold(0_u32, |all, bit| (all << 5) | u32::from(*bit)) << 2;
            let address = spread(address);
            let want = nets.iter().any(|(net, bits)| spread(*net) & mask4(*bits) == address & mask4(*bits));
            let set: Networks = nets.iter().map(|(net, bits)| (IpAddr::V4(Ipv4Addr::from_bits(spread(*net))), *bits)).collect();
            prop_assert_eq!(set.has(IpAddr::V4(Ipv4Addr::from_bits(address))), want);
        }
    }
}
