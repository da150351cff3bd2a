// SPDX-License-Identifier: Apache-2.0
//! Times as text. All are in UTC.

use crate::output::time;

/// How a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `10:15:24.000207862`
    Day,
    /// `10:15:24`
    DaySeconds,
    /// `2026-08-01 10:15:24.000207862`
    Date,
    /// `2026-08-01 10:15:24`
    DateSeconds,
    /// `2026-08-01T10:15:24.000207862+0000`
    Iso8601,
}

/// Appends the time that is `nanos` after the epoch.
pub fn write(nanos: u64, style: Style, out: &mut Vec<u8>) {
    match style {
        Style::Day => time::of_day(nanos, out),
        Style::DaySeconds => time::of_day_seconds(nanos, out),
        Style::Date => {
            time::date(nanos, out);
            out.push(b' ');
            time::of_day(nanos, out);
        }
        Style::DateSeconds => {
            time::date(nanos, out);
            out.push(b' ');
            time::of_day_seconds(nanos, out);
        }
        Style::Iso8601 => {
            time::date(nanos, out);
            out.push(b'T');
            time::of_day(nanos, out);
            out.extend_from_slice(b"+0000");
        }
    }
}
