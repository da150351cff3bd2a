// SPDX-License-Identifier: Apache-2.0
//! From per-CPU order to the order of kernel time.
//!
//! Each lane's records come in its own order. Records younger than a window are held back, since an older one may
//! still be on its way from another CPU; the rest leaves sorted. A record that comes after a younger one has left is
//! delivered all the same, marked as late.

use agent_common::{
    ledger::Reason,
    options::{SEQUENCES, STATE_LANE},
};

use crate::{decode, stats::Stats};

/// Records younger than this, in nanoseconds, are held back.
pub const WINDOW: u64 = 5_000_000;

/// A hole before a record: how many were lost, why, and the time of the record before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hole {
    /// How many records are missing.
    pub lost: u64,
    /// Bits of [`Reason`].
    pub reasons: u32,
    /// Boot time of the lane's record before it, if there was one.
    pub since: Option<u64>,
    /// Whether state records are missing, not events.
    pub state: bool,
}

/// Bytes that an emptied batch keeps: after a burst the rest is given back.
const KEPT: usize = 1 << 20;

/// One record of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Boot time; what the order goes by.
    pub ts: u64,
    /// The CPU.
    pub cpu: u32,
    /// Where its bytes are in the arena; empty when only its hole counts.
    start: usize,
    len: usize,
    /// What is missing before it.
    pub hole: Option<Hole>,
    /// Whether a younger record has left before it.
    pub late: bool,
}

impl Entry {
    /// A record of this time, for tests.
    #[cfg(test)]
    pub(super) const fn at(ts: u64) -> Self {
        Self { ts, cpu: 0, start: 0, len: 0, hole: None, late: false }
    }
}

/// Records with their bytes in one piece of memory, which is used again.
#[derive(Debug, Default)]
pub struct Batch {
    arena: Vec<u8>,
    entries: Vec<Entry>,
    /// Boot time at which it was handed on.
    pub handed_on: u64,
}

impl Batch {
    fn push(&mut self, mut entry: Entry, bytes: &[u8]) {
        entry.start = self.arena.len();
        entry.len = bytes.len();
        self.arena.extend_from_slice(bytes);
        self.entries.push(entry);
    }

    /// The records in order; the bytes are empty for a hole at the end of the run.
    pub fn iter(&self) -> impl Iterator<Item = (&Entry, &[u8])> {
        self.entries.iter().map(|entry| (entry, self.bytes(entry)))
    }

    fn bytes(&self, entry: &Entry) -> &[u8] {
        self.arena.get(entry.start..entry.start + entry.len).unwrap_or_default()
    }

    /// Number of records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes of all records.
    #[must_use]
    pub fn bytes_len(&self) -> usize {
        self.arena.len()
    }

    /// Empties it, keeping as much of its memory as is often needed.
    pub fn clear(&mut self) {
        self.arena.clear();
        self.entries.clear();
        self.arena.shrink_to(KEPT);
        self.entries.shrink_to(KEPT / size_of::<Entry>());
    }
}

/// The state of a lane when the probe was detached.
#[derive(Clone, Copy, Debug)]
pub struct LaneEnd {
    /// The CPU.
    pub cpu: u32,
    /// The hook; state records count as hooks of their own.
    pub hook: u32,
    /// The sequence number that its next record would have had.
    pub next_seq: u64,
    /// Bits of [`Reason`]: why it lost events since its last record.
    pub reasons: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Lane {
    next_seq: u64,
    last_ts: Option<u64>,
}

/// Sorts records, and finds what is missing between them.
#[derive(Debug)]
pub struct Order {
    pending: Batch,
    lanes: Vec<Lane>,
    left: u64,
    /// Boot time of the oldest record that came since that was asked.
    oldest: Option<u64>,
}

impl Order {
    /// For records of `cpus` CPUs.
    #[must_use]
    pub fn new(cpus: u32) -> Self {
        let lanes = vec![Lane::default(); (cpus * SEQUENCES) as usize];
        Self { pending: Batch::default(), lanes, left: 0, oldest: None }
    }

    /// Takes one record of `cpu`'s ring, in the ring's order. What is no record at all is passed on, for decoding to
    /// count it.
    pub fn push(&mut self, cpu: u32, bytes: &[u8], stats: &Stats) {
        stats.drained.add(1);
        let mut entry = Entry { ts: self.left, cpu, start: 0, len: 0, hole: None, late: false };
        if let Some((ts, seq, hook, reasons)) = decode::peek(bytes)
            && let Some(lane) = self.lanes.get_mut((cpu * SEQUENCES + u32::from(hook)) as usize)
        {
            let lost = seq.saturating_sub(lane.next_seq);
            if lost > 0 {
                stats.gaps.add(lost);
                entry.hole = Some(Hole { lost, reasons, since: lane.last_ts, state: u32::from(hook) >= STATE_LANE });
            }
            *lane = Lane { next_seq: seq.saturating_add(1), last_ts: Some(ts) };
            entry.ts = ts;
            self.oldest = Some(self.oldest.map_or(ts, |oldest| oldest.min(ts)));
        }
        self.pending.push(entry, bytes);
    }

    /// Notes what the lanes lost after their last records.
    pub fn end(&mut self, ends: &[LaneEnd], stats: &Stats) {
        for end in ends {
            let Some(lane) = self.lanes.get((end.cpu * SEQUENCES + end.hook) as usize) else { continue };
            let lost = end.next_seq.saturating_sub(lane.next_seq);
            if lost > 0 {
                stats.gaps.add(lost);
                let state = end.hook >= STATE_LANE;
                let hole = Some(Hole { lost, reasons: end.reasons, since: lane.last_ts, state });
                self.pending.push(Entry { ts: u64::MAX, cpu: end.cpu, start: 0, len: 0, hole, late: false }, &[]);
            }
        }
    }

    /// Boot time of the last record taken from `cpu`'s ring: what is still in the ring is not older.
    #[must_use]
    pub fn reached(&self, cpu: u32) -> u64 {
        let lanes = self.lanes.iter().skip((cpu * SEQUENCES) as usize).take(SEQUENCES as usize);
        lanes.filter_map(|lane| lane.last_ts).max().unwrap_or(0)
    }

    /// Boot time of the oldest record that came since this was asked before, if one came.
    pub const fn take_oldest(&mut self) -> Option<u64> {
        self.oldest.take()
    }

    /// Bytes that are held back.
    #[must_use]
    pub fn held(&self) -> usize {
        self.pending.bytes_len()
    }

    /// Moves the records older than `before` into `out`, in order; `out` is empty before.
    pub fn release(&mut self, before: u64, out: &mut Batch) {
        // Runs of the lanes are sorted already, which the stable sort makes use of.
        self.pending.entries.sort_by_key(|entry| entry.ts);
        let at = self.pending.entries.partition_point(|entry| entry.ts < before);
        self.leave(at, out);
    }

    /// Moves every record into `out`, in order; `out` is empty before.
    pub fn release_all(&mut self, out: &mut Batch) {
        self.pending.entries.sort_by_key(|entry| entry.ts);
        self.leave(self.pending.len(), out);
    }

    /// Moves the first `at` records into `out`.
    fn leave(&mut self, at: usize, out: &mut Batch) {
        if at == 0 {
            return;
        }
        let rest = self.pending.entries.split_off(at);
        std::mem::swap(&mut self.pending, out);
        for entry in rest {
            let bytes = out.bytes(&entry);
            self.pending.push(entry, bytes);
        }
        for entry in &mut out.entries {
            entry.late = entry.ts < self.left;
            if entry.ts != u64::MAX {
                self.left = self.left.max(entry.ts);
            }
        }
    }
}

/// The names of the reasons in `bits`, joined by `+`.
#[must_use]
pub fn reason_names(bits: u32) -> String {
    let names: Vec<_> =
        Reason::ALL.into_iter().filter(|reason| bits & (1 << *reason as u32) != 0).map(Reason::name).collect();
    if names.is_empty() { "unknown".to_owned() } else { names.join("+") }
}

#[cfg(test)]
mod tests;
