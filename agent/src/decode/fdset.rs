// SPDX-License-Identifier: Apache-2.0
//! `fd_set`: descriptor n is bit n.

use super::{sigset, visit::Visitor};

/// Shows the descriptors of a set as an array of their numbers. Those from `nfds` on are no part of it.
pub fn visit(bytes: &[u8], nfds: u64, v: &mut (impl Visitor + ?Sized)) {
    v.begin_array();
    for fd in (0..nfds).zip(sigset::bits(bytes)).filter_map(|(fd, set)| set.then_some(fd)) {
        v.element();
        v.unsigned(fd);
    }
    v.end_array(false);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use super::*;
    use crate::decode::visit::recorder::record;

    fn show(bytes: &[u8]) -> String {
        record(|v| visit(bytes, 20, v))
    }

    #[test]
    fn descriptors_count_from_0() {
        assert_eq!(show(&[0b1000_0001, 0, 0b10]), "[0,7,17]");
        assert_eq!(show(&[]), "[]");
        assert_eq!(show(&[0, 0, 0b1001_1000]), "[19]", "20 and 23 are not below nfds");
        assert_eq!(show(&[0; 128]), "[]");
    }

    proptest! {
        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            let shown = record(|v| visit(&bytes, u64::MAX, v));
            let set: usize = bytes.iter().map(|byte| byte.count_ones() as usize).sum();
            let numbers = shown.split(',').filter(|number| number.contains(|c: char| c.is_ascii_digit()));
            assert_eq!(numbers.count(), set, "{shown}");
        }
    }
}
