// SPDX-License-Identifier: Apache-2.0
//! Time namespaces: in one of its own, a process is told a boot time that is moved by some seconds from the kernel's, which
//! the probe's records carry: <https://man7.org/linux/man-pages/man7/time_namespaces.7.html>

use std::{fs, sync::OnceLock};

/// How many nanoseconds this process's boot time, also that of `/proc`, is ahead of the kernel's.
pub fn boot_offset() -> i64 {
    static OFFSET: OnceLock<i64> = OnceLock::new();
    // A process stays in the namespace that it began in; kernels before 5.6 have none.
    *OFFSET
        .get_or_init(|| fs::read_to_string("/proc/self/timens_offsets").ok().and_then(|text| parse(&text)).unwrap_or(0))
}

/// The offset of the boot time, of a line such as `boottime  86400  0`.
fn parse(text: &str) -> Option<i64> {
    let line = text.lines().find_map(|line| line.strip_prefix("boottime"))?;
    let mut numbers = line.split_ascii_whitespace().map(str::parse::<i64>);
    let (seconds, nanos) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    seconds.checked_mul(1_000_000_000)?.checked_add(nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_boot_time_is_read() {
        assert_eq!(
            parse("monotonic           5         0\nboottime       -3000         7\n"),
            Some(-2_999_999_999_993)
        );
        assert_eq!(parse("monotonic           0         0\nboottime           0         0\n"), Some(0));
        for wrong in ["", "boottime", "boottime 1", "boottime a b", "boottime 9223372036854775807 0"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
