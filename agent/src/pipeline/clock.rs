// SPDX-License-Identifier: Apache-2.0
//! From boot time, which records carry, to the time of day.

use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::host::time_namespace::boot_offset;

/// A step of the wall clock that is followed; smaller differences are the clock being disciplined, and following them
/// would make times of neighbouring events jump back and forth.
const STEP: i64 = 10_000_000;

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

fn measure() -> i64 {
    nanos(clock_gettime(ClockId::Realtime)).saturating_sub(boot())
}

impl Clock {
    /// Reads both clocks.
    #[must_use]
    pub fn start() -> Self {
        Self { offset: measure() }
    }

    /// Reads both clocks again, to follow a step of the wall clock.
    pub fn follow(&mut self) {
        let offset = measure();
        if (offset - self.offset).abs() > STEP {
            self.offset = offset;
        }
    }

    /// The time of day of a boot time, in nanoseconds since the epoch.
    #[must_use]
    pub fn epoch(self, boot: u64) -> u64 {
        boot.saturating_add_signed(self.offset)
    }
}
