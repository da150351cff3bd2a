// SPDX-License-Identifier: Apache-2.0
//! From boot time, which records carry, to the time of day.

use std::iter;

use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::host::time_namespace::boot_offset;

/// A step of the wall clock that is followed; smaller differences are the clock being disciplined, and following them
/// would make times of neighbouring events jump back and forth.
const STEP: i64 = 10_000_000;
/// How often the clocks are read for an exact difference.
const TRIES: usize = 5;

fn nanos(time: Timespec) -> i64 {
    time.tv_sec.saturating_mul(1_000_000_000).saturating_add(time.tv_nsec)
}

/// Nanoseconds since boot, suspension included: the clock of the records, whatever this process's time namespace says.
fn boot() -> i64 {
    nanos(clock_gettime(ClockId::Boottime)).saturating_sub(boot_offset())
}

/// As [`boot`], of the records' type.
#[must_use]
pub fn boot_now() -> u64 {
    u64::try_from(boot()).unwrap_or(0)
}

/// The difference between the two clocks.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    offset: i64,
}

/// What the difference is at least and at most: they differ by the time that reading the clocks took, in which others may
/// have had their turn.
#[derive(Clone, Copy, Debug)]
struct Between {
    least: i64,
    most: i64,
}

impl Between {
    /// Reads both clocks.
    fn read() -> Self {
        let before = boot();
        let wall = nanos(clock_gettime(ClockId::Realtime));
        let after = boot();
        Self { least: wall.saturating_sub(after), most: wall.saturating_sub(before) }
    }

    /// The difference, by the quickest of a few readings.
    fn exact() -> i64 {
        let readings = iter::repeat_with(Self::read).take(TRIES - 1);
        let quickest = readings.fold(Self::read(), |one, other| if other.width() < one.width() { other } else { one });
        quickest.least + quickest.width() / 2
    }

    const fn width(self) -> i64 {
        self.most - self.least
    }
}

impl Clock {
    /// Reads both clocks.
    #[must_use]
    pub fn start() -> Self {
        Self { offset: Between::exact() }
    }

    /// Reads both clocks again, to follow a step of the wall clock.
    pub fn follow(&mut self) {
        if self.stepped(Between::read()) {
            self.offset = Between::exact();
        }
    }

    /// Whether the clock has stepped, by a reading: not when reading just took long.
    const fn stepped(self, Between { least, most }: Between) -> bool {
        self.offset < least.saturating_sub(STEP) || self.offset > most.saturating_add(STEP)
    }

    /// The time of day of a boot time, in nanoseconds since the epoch.
    #[must_use]
    pub fn epoch(self, boot: u64) -> u64 {
        boot.saturating_add_signed(self.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_reading_is_no_step() {
        let clock = Clock { offset: 1_000 * STEP };
        let between = |least: i64, most: i64| Between { least: least * STEP, most: most * STEP };
        assert!(!clock.stepped(between(1_000, 1_000)) && !clock.stepped(between(999, 999)));
        assert!(!clock.stepped(between(900, 1_000)), "another thread had its turn meanwhile");
        assert!(clock.stepped(between(1_002, 1_003)) && clock.stepped(between(900, 998)));
    }

    #[test]
    fn the_difference_is_between_what_was_read() {
        let Between { least, most } = Between::read();
        assert!(least <= most, "{least} {most}");
        let clock = Clock { offset: 0 };
        assert_eq!(Clock { offset: 5 }.epoch(10), 15);
        assert!(clock.stepped(Between::read()), "it is not 1970 any more");
    }
}
