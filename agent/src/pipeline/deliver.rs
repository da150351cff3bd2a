// SPDX-License-Identifier: Apache-2.0
//! The thread that decodes records and formats events.

use std::{sync::Arc, time::Duration};

use crossbeam_channel::{Receiver, SendTimeoutError, Sender};

use super::{
    clock::Clock,
    order::{Batch, Entry, Hole, reason_names},
};
use crate::{
    decode::RawEvent,
    event::{Event, Gap},
    output::{Format, sink::Chunk},
    stats::Stats,
};

/// Bytes of formatted events that are handed to the output at once.
const CHUNK: usize = 64 << 10;
/// How long an output that is behind is waited for before its events are dropped. Until then the rings hold what
/// comes; an output that is stuck must not keep the agent from draining and counting.
const PATIENCE: Duration = Duration::from_millis(200);
/// Malformed records that are described in the log; the rest is only counted.
const DESCRIBED: u64 = 10;

/// What the thread works with.
pub(super) struct Deliver {
    /// How events are written.
    pub(super) format: Format,
    /// Whether a terminal reads them.
    pub(super) colour: bool,
    /// After how many events delivery ends.
    pub(super) count: Option<u64>,
    /// The agent's counters.
    pub(super) stats: Arc<Stats>,
    /// Where chunks go.
    pub(super) out: Sender<Chunk>,
    /// Where it is said that the count is reached, or that nobody reads any more.
    pub(super) finished: tokio::sync::mpsc::Sender<()>,
}

impl Deliver {
    /// Works until no batch comes any more.
    pub(super) fn run(self, full: &Receiver<Batch>, empty: &Sender<Batch>) {
        let mut clock = Clock::start();
        let mut chunk = Chunk::default();
        let mut taken = 0_u64;
        for batch in full {
            clock.follow();
            for (entry, bytes) in batch.iter() {
                if let Some(hole) = &entry.hole {
                    self.format.gap(&gap(entry, hole, bytes.is_empty(), clock), &mut chunk.bytes);
                }
                // A hole at the end of the run has no record.
                if bytes.is_empty() && entry.hole.is_some() {
                    continue;
                }
                let Some(event) = self.decode(entry, bytes, clock) else { continue };
                if self.count.is_some_and(|count| taken >= count) {
                    self.stats.filtered.add(1);
                    continue;
                }
                taken += 1;
                self.format.event(&event, self.colour, &mut chunk.bytes);
                chunk.events += 1;
                if event.late {
                    self.stats.late.add(1);
                }
                if chunk.bytes.len() >= CHUNK {
                    self.send(&mut chunk);
                }
            }
            self.send(&mut chunk);
            if self.count.is_some_and(|count| taken >= count) {
                // A full channel means that it has been said already.
                let _ = self.finished.try_send(());
            }
            // Without a receiver the batch is simply freed.
            let _ = empty.try_send(batch);
        }
    }

    fn decode<'a>(&self, entry: &Entry, bytes: &'a [u8], clock: Clock) -> Option<Event<'a>> {
        match RawEvent::parse(bytes) {
            Ok(raw) => {
                self.stats.decoded.add(1);
                Some(Event { raw, time: clock.epoch(entry.ts), late: entry.late })
            }
            Err(error) => {
                if self.stats.malformed.get() < DESCRIBED {
                    tracing::error!(cpu = entry.cpu, "malformed record: {error}");
                }
                self.stats.malformed.add(1);
                None
            }
        }
    }

    /// Hands the chunk to the output, and starts another.
    fn send(&self, chunk: &mut Chunk) {
        if chunk.bytes.is_empty() {
            return;
        }
        let full = std::mem::take(chunk);
        let events = full.events;
        self.stats.queued.add(events);
        match self.out.send_timeout(full, PATIENCE) {
            Ok(()) => {}
            Err(SendTimeoutError::Timeout(_)) => self.stats.dropped.add(events),
            Err(SendTimeoutError::Disconnected(_)) => {
                self.stats.dropped.add(events);
                let _ = self.finished.try_send(());
            }
        }
    }
}

fn gap(entry: &Entry, hole: &Hole, at_end: bool, clock: Clock) -> Gap {
    Gap {
        cpu: entry.cpu,
        lost: hole.lost,
        reason: reason_names(hole.reasons),
        since: hole.since.map(|since| clock.epoch(since)),
        until: (!at_end).then(|| clock.epoch(entry.ts)),
    }
}
