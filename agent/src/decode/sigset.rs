// SPDX-License-Identifier: Apache-2.0
//! Signal masks: signal n is bit n-1.

use super::{symbols, visit::Visitor};

/// Shows the signals of a mask as an array of their names.
///
/// The machines that records are from are little-endian, so that a mask of words is one of bytes, whatever the size of
/// a word.
pub fn visit(bytes: &[u8], v: &mut (impl Visitor + ?Sized)) {
    v.begin_array();
    for signal in (1..).zip(bits(bytes)).filter_map(|(signal, set)| set.then_some(signal)) {
        v.element();
        v.symbols(&|out| symbols::write_signal(signal, out));
    }
    v.end_array(false);
}

/// The bits of a mask, lowest first.
pub(super) fn bits(bytes: &[u8]) -> impl Iterator<Item = bool> + '_ {
    bytes.iter().flat_map(|byte| (0..8).map(move |bit| byte & (1 << bit) != 0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::*;
    use crate::decode::visit::recorder::record;

    fn show(bytes: &[u8]) -> String {
        record(|v| visit(bytes, v))
    }

    #[test]
    fn signals_have_names() {
        assert_eq!(show(&0_u64.to_le_bytes()), "[]");
        assert_eq!(show(&((1_u64 << 16) | (1 << 8)).to_le_bytes()), "[\"SIGKILL\",\"SIGCHLD\"]");
        assert_eq!(
            show(&((1_u64 << 63) | (1 << 31) | (1 << 32)).to_le_bytes()),
            "[\"SIGRTMIN\",\"SIGRT_1\",\"SIGRT_32\"]"
        );
        // Twice the kernel's size: no such signals, but bits.
        assert_eq!(show(&(1_u128 << 64).to_le_bytes()), "[\"65\"]");
        assert_eq!(show(&[]), "[]");
    }

    proptest! {
        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            show(&bytes);
        }

        #[test]
        fn as_many_as_bits(mask in any::<u64>()) {
            let shown = show(&mask.to_le_bytes());
            assert_eq!(shown.matches("SIG").count(), mask.count_ones() as usize, "{shown}");
        }
    }
}
