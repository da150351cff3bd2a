// SPDX-License-Identifier: Apache-2.0
//! How long things take, counted in buckets.

use crate::stats::Count;

/// Upper bounds of the buckets, in nanoseconds, with their names in seconds. What is longer goes into one more bucket.
pub const BOUNDS: [(u64, &str); 16] = [
    (100_000, "0.0001"),
    (250_000, "0.00025"),
    (500_000, "0.0005"),
    (1_000_000, "0.001"),
    (2_500_000, "0.0025"),
    (5_000_000, "0.005"),
    (10_000_000, "0.01"),
    (25_000_000, "0.025"),
    (50_000_000, "0.05"),
    (100_000_000, "0.1"),
    (250_000_000, "0.25"),
    (500_000_000, "0.5"),
    (1_000_000_000, "1"),
    (2_500_000_000, "2.5"),
    (5_000_000_000, "5"),
    (10_000_000_000, "10"),
];

/// A histogram that one thread fills and others read. An entry takes 7 ns, and reading the clock for it 42 ns.
#[derive(Debug, Default)]
pub struct Histogram {
    buckets: [Count; BOUNDS.len() + 1],
    sum: Count,
}

impl Histogram {
    /// Enters a length of time, in nanoseconds.
    pub fn observe(&self, nanos: u64) {
        let at = BOUNDS.partition_point(|(bound, _)| *bound < nanos);
        if let Some(bucket) = self.buckets.get(at) {
            bucket.add(1);
        }
        self.sum.add(nanos);
    }

    /// What was entered so far.
    #[must_use]
    pub fn read(&self) -> Reading {
        Reading { buckets: self.buckets.each_ref().map(Count::get), sum: self.sum.get() }
    }
}

/// The state of a histogram.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Entries by bucket; the last is of those above all bounds.
    pub buckets: [u64; BOUNDS.len() + 1],
    /// All entries together, in nanoseconds.
    pub sum: u64,
}

/// The histograms of the stages of the pipeline. Entries are made for each turn, batch or chunk, by its oldest event, never
/// for each event.
#[derive(Debug, Default)]
pub struct Stages {
    /// From the end of a call to its record being taken out of the ring: the oldest of each turn.
    pub drain: Histogram,
    /// From the drain thread's handing a batch on to all of it being decoded and formatted.
    pub decode: Histogram,
    /// What changes of pods take of the thread that decodes: tables, the kernel's verdicts, events that waited for a name. One
    /// turn is of all that there are, up to a bound; other events wait for no more than one.
    pub pods: Histogram,
    /// From a chunk's being handed to the output to its being written.
    pub write: Histogram,
    /// From the end of a call to its event being written: the first event of each chunk.
    pub total: Histogram,
}

impl Stages {
    /// The names of the stages, with what was entered.
    #[must_use]
    pub fn read(&self) -> [(&'static str, Reading); 5] {
        [
            ("drain", self.drain.read()),
            ("decode", self.decode.read()),
            ("pods", self.pods.read()),
            ("write", self.write.read()),
            ("total", self.total.read()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_go_to_the_bucket_that_holds_them() {
        let histogram = Histogram::default();
        for nanos in [0, 100_000, 100_001, 5_000_000, 10_000_000_000, 10_000_000_001, u64::from(u32::MAX) << 10] {
            histogram.observe(nanos);
        }
        let Reading { buckets, sum } = histogram.read();
        let filled: Vec<_> = buckets.iter().enumerate().filter(|(_, n)| **n > 0).map(|(at, n)| (at, *n)).collect();
        assert_eq!(filled, [(0, 2), (1, 1), (5, 1), (15, 1), (16, 2)]);
        assert_eq!(sum, 100_000 + 100_001 + 5_000_000 + 20_000_000_001 + (u64::from(u32::MAX) << 10));
    }

    #[test]
    fn names_are_the_bounds_in_seconds() {
        for (nanos, name) in BOUNDS {
            assert_eq!(format!("{}", nanos as f64 / 1e9), name);
        }
        assert!(BOUNDS.is_sorted());
    }
}
