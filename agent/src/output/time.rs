// SPDX-License-Identifier: Apache-2.0
//! Times of day.

const NANOS: u64 = 1_000_000_000;

fn digits(mut value: u64, width: usize, out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + width, b'0');
    for digit in out.iter_mut().skip(start).rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

/// Appends the time of day, in UTC, of `nanos` since the epoch: `21:14:03.123456789`.
pub fn of_day(nanos: u64, out: &mut Vec<u8>) {
    let seconds = nanos / NANOS;
    digits(seconds / 3600 % 24, 2, out);
    out.push(b':');
    digits(seconds / 60 % 60, 2, out);
    out.push(b':');
    digits(seconds % 60, 2, out);
    out.push(b'.');
    digits(nanos % NANOS, 9, out);
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_keep_their_zeroes() {
        let mut out = Vec::new();
        super::of_day(1_785_579_243_000_207_862, &mut out);
        assert_eq!(String::from_utf8_lossy(&out), "10:14:03.000207862");
        out.clear();
        super::of_day(0, &mut out);
        assert_eq!(String::from_utf8_lossy(&out), "00:00:00.000000000");
    }
}
