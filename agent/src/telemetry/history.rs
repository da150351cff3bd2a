// SPDX-License-Identifier: Apache-2.0
//! What is remembered of past snapshots.

use std::{collections::VecDeque, time::Duration};

use agent_common::ledger::Reason;

use crate::probe::levels::RingLevel;

/// Calls of `getppid` that the agent makes after each snapshot, for the next to find them counted.
pub(super) const HEARTBEATS: u64 = 8;
/// Snapshots over which the peaks of the rings are kept: a minute, so that no scrape misses one.
const PEAKS: usize = 60;

/// What readiness is judged by, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Beat {
    /// Since the first one.
    pub(super) at: Duration,
    /// Calls of `getppid` that the probe has seen.
    pub(super) heartbeats: u64,
    /// Records handed to a ring.
    pub(super) sent: u64,
    /// Records lost, by [`Reason`].
    pub(super) lost: [u64; Reason::ALL.len()],
    /// Calls that were shed.
    pub(super) shed: u64,
    /// Records taken out of the rings.
    pub(super) drained: u64,
    /// Records that were decoded, or found malformed.
    pub(super) decoded: u64,
    /// Events handed to the output.
    pub(super) queued: u64,
    /// Events that the output did not take.
    pub(super) dropped: u64,
    /// Events that the output wrote, or did not take.
    pub(super) settled: u64,
}

/// Past snapshots.
#[derive(Debug)]
pub(super) struct History {
    beats: VecDeque<Beat>,
    window: Duration,
    /// By snapshot, of each ring.
    peaks: VecDeque<Vec<u64>>,
}

impl History {
    /// Remembers as much as is needed to look `window` back.
    pub(super) const fn new(window: Duration) -> Self {
        Self { beats: VecDeque::new(), window, peaks: VecDeque::new() }
    }

    /// How far is looked back.
    pub(super) const fn window(&self) -> Duration {
        self.window
    }

    /// Enters a beat, later than those before.
    pub(super) fn push(&mut self, beat: Beat) {
        let horizon = beat.at.saturating_sub(self.window);
        self.beats.push_back(beat);
        // The last one at or before the horizon stays: counts are compared with it.
        while self.beats.get(1).is_some_and(|next| next.at <= horizon) {
            self.beats.pop_front();
        }
    }

    /// The last two beats.
    pub(super) fn last_two(&self) -> Option<(&Beat, &Beat)> {
        let mut beats = self.beats.iter().rev();
        let (last, before) = (beats.next()?, beats.next()?);
        Some((before, last))
    }

    /// The last beat that is at least `ago` older than the newest.
    pub(super) fn back(&self, ago: Duration) -> Option<&Beat> {
        let newest = self.beats.back()?.at;
        self.beats.iter().rev().find(|beat| newest.saturating_sub(beat.at) >= ago)
    }

    /// The oldest beat that is remembered: at or before the window's begin, or the first of all.
    pub(super) fn oldest(&self) -> Option<&Beat> {
        self.beats.front()
    }

    /// Remembers the peaks of `rings` and puts those of the last minute in their place.
    pub(super) fn peaks(&mut self, rings: &mut [RingLevel]) {
        self.peaks.push_back(rings.iter().map(|ring| ring.peak).collect());
        if self.peaks.len() > PEAKS {
            self.peaks.pop_front();
        }
        for peaks in &self.peaks {
            for (ring, peak) in rings.iter_mut().zip(peaks) {
                ring.peak = ring.peak.max(*peak);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beat(seconds: u64) -> Beat {
        Beat { at: Duration::from_secs(seconds), ..Beat::default() }
    }

    #[test]
    fn the_window_and_one_beat_before_it_are_remembered() {
        let mut history = History::new(Duration::from_secs(10));
        assert!(history.oldest().is_none() && history.last_two().is_none() && history.back(Duration::ZERO).is_none());
        for seconds in [0, 4, 9] {
            history.push(beat(seconds));
        }
        assert_eq!(history.oldest(), Some(&beat(0)));
        history.push(beat(15));
        assert_eq!(history.oldest(), Some(&beat(4)), "the window begins at 5");
        assert_eq!(history.last_two(), Some((&beat(9), &beat(15))));
        assert_eq!(history.back(Duration::from_secs(6)), Some(&beat(9)));
        assert_eq!(history.back(Duration::from_secs(7)), Some(&beat(4)));
        assert_eq!(history.back(Duration::from_secs(12)), None);
        history.push(beat(100));
        assert_eq!(history.oldest(), Some(&beat(15)), "however late a beat is");
        history.push(beat(101));
        assert_eq!(history.oldest(), Some(&beat(15)));
        history.push(beat(111));
        assert_eq!(history.oldest(), Some(&beat(101)));
    }

    #[test]
    fn peaks_last_a_minute() {
        let mut history = History::new(Duration::from_secs(10));
        let mut peak = |peaks: [u64; 2]| {
            let mut rings = peaks.map(|peak| RingLevel { size: 100, fill: 1, peak });
            history.peaks(&mut rings);
            rings.map(|ring| ring.peak)
        };
        assert_eq!(peak([5, 7]), [5, 7]);
        for _ in 1..PEAKS {
            assert_eq!(peak([1, 2]), [5, 7]);
        }
        assert_eq!(peak([1, 3]), [1, 3]);
    }
}
