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
    of_day_seconds(nanos, out);
    out.push(b'.');
    of_second(nanos, out);
}

/// Appends the time of day, in UTC, without its fraction: `21:14:03`.
pub fn of_day_seconds(nanos: u64, out: &mut Vec<u8>) {
    let seconds = nanos / NANOS;
    digits(seconds / 3600 % 24, 2, out);
    out.push(b':');
    digits(seconds / 60 % 60, 2, out);
    out.push(b':');
    digits(seconds % 60, 2, out);
}

/// Appends the nanoseconds within the second: `000207862`.
pub fn of_second(nanos: u64, out: &mut Vec<u8>) {
    digits(nanos % NANOS, 9, out);
}

/// Appends the date, in UTC, of `nanos` since the epoch: `2026-08-01`.
pub fn date(nanos: u64, out: &mut Vec<u8>) {
    let (year, month, day) = civil(nanos / NANOS / 86400);
    digits(year, 4, out);
    out.push(b'-');
    digits(month, 2, out);
    out.push(b'-');
    digits(day, 2, out);
}

/// The date that is `days` after the epoch: <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>
const fn civil(days: u64) -> (u64, u64, u64) {
    // Years begin in March, so that the leap day is their last, and come in eras of 400.
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
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

    #[test]
    fn dates_are_those_of_the_calendar() {
        let date = |seconds: u64| {
            let mut out = Vec::new();
            super::date(seconds * super::NANOS, &mut out);
            String::from_utf8(out).expect("digits")
        };
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(951_782_399), "2000-02-28");
        assert_eq!(date(951_782_400), "2000-02-29");
        assert_eq!(date(951_868_800), "2000-03-01");
        assert_eq!(date(1_785_579_243), "2026-08-01");
        assert_eq!(date(4_107_542_399), "2100-02-28");
        assert_eq!(date(4_107_542_400), "2100-03-01");
    }
}
