// SPDX-License-Identifier: Apache-2.0
//! Pauses between attempts: longer each time, and never the same on every node of a cluster.

use std::{
    hash::{BuildHasher as _, RandomState},
    time::Duration,
};

use super::config::Timing;

/// Of what a server asks for at most this much is added, so that those it sent away do not all come back at once.
const SPREAD: f64 = 0.25;

/// The pauses.
#[derive(Debug)]
pub(super) struct Backoff {
    shortest: Duration,
    longest: Duration,
    longest_asked: Duration,
    failures: u32,
    dice: Dice,
}

impl Backoff {
    pub(super) fn new(timing: &Timing) -> Self {
        Self {
            shortest: timing.pause_min,
            longest: timing.pause_max,
            longest_asked: timing.retry_after_max,
            failures: 0,
            dice: Dice::default(),
        }
    }

    /// Things go well again.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    /// The next pause: between half and the whole of what doubles with each failure, and no less than the server asked for.
    pub(super) fn next(&mut self, asked: Option<Duration>) -> Duration {
        let whole = self.shortest.saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX));
        self.failures = self.failures.saturating_add(1).min(31);
        let own = whole.min(self.longest).mul_f64(self.dice.between(0.5, 1.0));
        let asked = asked.unwrap_or_default().min(self.longest_asked);
        own.max(asked.mul_f64(self.dice.between(1.0, 1.0 + SPREAD)))
    }
}

/// Random numbers, seeded by the standard library. They spread requests, nothing depends on their quality.
#[derive(Debug, Default)]
pub(super) struct Dice {
    seed: RandomState,
    thrown: u64,
}

impl Dice {
    /// A number from `low` to `high`.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        self.thrown += 1;
        let bits = self.seed.hash_one(self.thrown) >> 11;
        low + (high - low) * (bits as f64 / (1_u64 << 53) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backoff() -> Backoff {
        Backoff::new(&Timing::default())
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_begin_anew() {
        let Timing { pause_min, pause_max, .. } = Timing::default();
        let mut backoff = backoff();
        for failures in 0..100 {
            let whole = pause_min.saturating_mul(1 << failures.min(20)).min(pause_max);
            let pause = backoff.next(None);
            assert!(pause >= whole / 2 && pause <= whole, "{pause:?} after {failures} failures");
        }
        backoff.reset();
        assert!(backoff.next(None) <= pause_min);
    }

    #[test]
    fn pauses_differ() {
        let pauses: std::collections::HashSet<_> = std::iter::repeat_with(|| backoff().next(None)).take(100).collect();
        assert!(pauses.len() > 90, "{}", pauses.len());
    }

    #[test]
    fn the_server_is_heard_within_reason() {
        let mut backoff = backoff();
        let asked = Duration::from_mins(1);
        let pause = backoff.next(Some(asked));
        assert!(pause >= asked && pause <= asked.mul_f64(1.0 + SPREAD), "{pause:?}");
        let limit = Timing::default().retry_after_max;
        assert!(backoff.next(Some(Duration::MAX)) <= limit.mul_f64(1.0 + SPREAD));
    }
}
