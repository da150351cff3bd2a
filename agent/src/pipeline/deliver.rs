// SPDX-License-Identifier: Apache-2.0
//! The thread that decodes records and formats events.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use agent_common::record::{Header, flag};
use crossbeam_channel::{Receiver, Select, SendTimeoutError, Sender, at, never};

use super::{
    clock::{Clock, boot_now},
    hold::{Held, Hold},
    order::{Batch, Entry, Hole, reason_names},
    verdicts::{Replacement, Verdicts},
};
use crate::{
    arena::Arena,
    decode::{self, Malformed, RawEvent, state::StateRecord},
    event::{Event, Gap, Phase, Shed},
    filter::active::{Active, Fate},
    ledger::slot,
    metadata::{Metadata, Subject, kubernetes::Update},
    output::{Lines, sink::Chunk, text},
    stats::Stats,
};

/// Bytes of formatted events that are handed to the output at once.
const CHUNK: usize = 64 << 10;
/// How long an output that is behind is waited for before its events are dropped. Until then the rings hold what
/// comes; an output that is stuck must not keep the agent from draining and counting.
const PATIENCE: Duration = Duration::from_millis(200);
/// How often it is looked, at the end, whether a name has come.
const AGAIN: Duration = Duration::from_millis(2);
/// Malformed records that are described in the log; the rest is only counted.
const DESCRIBED: u64 = 10;

/// What the thread works with.
pub(super) struct Deliver {
    /// How events are written.
    pub(super) lines: Lines,
    /// After how many events delivery ends.
    pub(super) count: Option<u64>,
    /// The agent's counters.
    pub(super) stats: Arc<Stats>,
    /// Where chunks go.
    pub(super) out: Sender<Chunk>,
    /// Where it is said that the count is reached, or that nobody reads any more.
    pub(super) finished: tokio::sync::mpsc::Sender<()>,
    /// The tables; `None` when calls are shown as they are.
    pub(super) metadata: Option<Metadata>,
    /// Events that wait for their container's name.
    pub(super) hold: Hold,
    /// From boot time to the time of day.
    pub(super) clock: Clock,
    /// What is to be handed to the output.
    pub(super) chunk: Chunk,
    /// Which events are written.
    pub(super) active: Arc<Active>,
    /// What the kernel is told of cgroups.
    pub(super) verdicts: Verdicts,
    /// Filters that take the place of the one before.
    pub(super) replacements: Receiver<Replacement>,
    /// What there is to tell of calls that are shed.
    pub(super) shed: Receiver<Shed>,
    /// Events seen so far.
    pub(super) seen: u64,
    /// Events written so far, or waiting to be.
    pub(super) taken: u64,
    /// Boot time of the youngest event that was written.
    pub(super) reached: u64,
    /// What the fields of one event put together.
    pub(super) arena: Arena,
}

/// What there is to do.
enum Next {
    /// Events came.
    Batch(Batch),
    /// A pod is not as it was.
    Pod(Update),
    /// Nobody tells of pods any more.
    NoMorePods,
    /// Calls are shed, or are no more.
    Shed(Shed),
    /// Nobody tells of that any more.
    NoMoreShed,
    /// An event has waited for long enough.
    Time,
    /// No events will come.
    End,
}

impl Deliver {
    /// Works until no batch comes any more.
    pub(super) fn run(mut self, full: &Receiver<Batch>, empty: &Sender<Batch>) {
        self.lines.header(&mut self.chunk.bytes);
        self.send();
        self.verdicts.begin(self.verdicts.base(), &self.active, self.metadata.as_mut());
        let mut pods = self.metadata.as_ref().map_or_else(never, Metadata::pod_updates);
        let mut shed = self.shed.clone();
        loop {
            match self.next(full, &pods, &shed) {
                Next::Batch(batch) => {
                    self.replace();
                    self.batch(&batch);
                    self.stats.stages.decode.observe(boot_now().saturating_sub(batch.handed_on));
                    // Without a receiver the batch is simply freed.
                    let _ = empty.try_send(batch);
                }
                Next::Pod(update) => {
                    let begun = boot_now();
                    self.pod(update);
                    self.stats.stages.pods.observe(boot_now().saturating_sub(begun));
                }
                Next::NoMorePods => pods = never(),
                Next::Shed(told) => self.tell(told),
                Next::NoMoreShed => shed = never(),
                Next::Time => self.release(),
                Next::End => break,
            }
            self.send();
            if self.count.is_some_and(|count| self.taken >= count) {
                // A full channel means that it has been said already.
                let _ = self.finished.try_send(());
            }
        }
        for told in shed.try_iter() {
            self.tell(told);
        }
        // What waits for a name keeps its right to, also at the end.
        while let Some(deadline) = self.hold.deadline() {
            self.release();
            let again = deadline.min(Instant::now() + AGAIN);
            let _ = at(again).recv();
        }
        self.send();
    }

    /// Waits for what there is to do.
    fn next(&self, full: &Receiver<Batch>, pods: &Receiver<Update>, shed: &Receiver<Shed>) -> Next {
        let mut select = Select::new();
        let batches = select.recv(full);
        let shedding = select.recv(shed);
        select.recv(pods);
        let ready = match self.hold.deadline() {
            None => select.select(),
            Some(deadline) => match select.select_deadline(deadline) {
                Ok(ready) => ready,
                Err(_timeout) => return Next::Time,
            },
        };
        if ready.index() == batches {
            return ready.recv(full).map_or(Next::End, Next::Batch);
        }
        if ready.index() == shedding {
            return ready.recv(shed).map_or(Next::NoMoreShed, Next::Shed);
        }
        ready.recv(pods).map_or(Next::NoMorePods, Next::Pod)
    }

    /// Tells of calls that are shed.
    fn tell(&mut self, shed: Shed) {
        if shed.phase == Phase::End {
            self.stats.shed_announced.add(shed.calls.iter().sum());
        }
        let epoch = |time| self.clock.epoch(time);
        let shed = Shed { since: epoch(shed.since), until: shed.until.map(epoch), ..shed };
        self.lines.shed(&shed, &mut self.chunk.bytes);
    }

    /// A pod is not as it was: what the kernel was told may be wrong now, and events may have waited for it.
    fn pod(&mut self, update: Update) {
        if let Some(metadata) = &mut self.metadata {
            metadata.pods_changed(update);
            self.verdicts.follow(&self.active, metadata);
        }
        self.release();
    }

    /// Takes over the filter that was sent last, if one was.
    fn replace(&mut self) {
        let Some(Replacement { active, cgroup_base }) = self.replacements.try_iter().last() else { return };
        self.active = active;
        self.verdicts.begin(cgroup_base, &self.active, self.metadata.as_mut());
    }

    fn batch(&mut self, batch: &Batch) {
        self.clock.follow();
        if let Some(metadata) = &mut self.metadata {
            metadata.refresh();
            self.verdicts.follow(&self.active, metadata);
            self.lines.refresh();
        }
        self.release();
        for (entry, bytes) in batch.iter() {
            if let Some(hole) = &entry.hole {
                self.lines.gap(&gap(entry, hole, bytes.is_empty(), self.clock), &mut self.chunk.bytes);
                if let Some(metadata) = self.metadata.as_mut().filter(|_| hole.state) {
                    metadata.lost();
                }
            }
            // A hole at the end of the run has no record.
            if bytes.is_empty() && entry.hole.is_some() {
                continue;
            }
            if decode::is_state(bytes) {
                self.state(entry, bytes);
            } else {
                self.event(entry, bytes);
            }
            if self.chunk.bytes.len() >= CHUNK {
                self.send();
            }
        }
    }

    /// A record that tells of a task, a file or a cgroup.
    fn state(&mut self, entry: &Entry, bytes: &[u8]) {
        match StateRecord::parse(bytes) {
            Ok(record) => {
                self.stats.decoded.add(1);
                self.stats.state.add(1);
                if let Some(metadata) = &mut self.metadata {
                    metadata.apply(&record);
                }
            }
            Err(error) => self.malformed(entry, error),
        }
    }

    /// The record of a call.
    fn event(&mut self, entry: &Entry, bytes: &[u8]) {
        let raw = match RawEvent::parse(bytes) {
            Ok(raw) => raw,
            Err(error) => return self.malformed(entry, error),
        };
        self.stats.decoded.add(1);
        self.seen += 1;
        let num = self.seen;
        let time = self.clock.epoch(entry.ts);
        let subject = self.metadata.as_mut().map(|metadata| metadata.subject(&raw, time)).unwrap_or_default();
        let waits = self.metadata.as_ref().and_then(|metadata| metadata.deadline(&subject));
        let Some(until) = waits else {
            if subject.container.is_some() {
                // Those of the same container that waited go before it.
                self.release();
            }
            return self.emit(entry, raw, num, &subject);
        };
        // What is known to be refused has nothing to wait for.
        if !self.active.waits() {
            let view = self.metadata.as_ref().map(|metadata| metadata.view(&subject));
            let fate = self.active.fate(&Event::of(raw, num, time, view.as_ref(), &self.arena));
            self.arena.reset();
            if fate != Fate::Deliver {
                return self.account(fate, &raw.header);
            }
        }
        if let Some(oldest) = self.hold.push(*entry, bytes, num, subject, until) {
            self.held(&oldest);
        }
    }

    /// Writes the events that need not wait any longer.
    fn release(&mut self) {
        if self.hold.is_empty() {
            return;
        }
        let now = Instant::now();
        while let Some(held) =
            self.hold.pop(now, |subject| self.metadata.as_ref().is_some_and(|all| all.is_pending(subject)))
        {
            self.held(&held);
        }
    }

    fn held(&mut self, held: &Held) {
        // It was parsed before.
        if let Ok(raw) = RawEvent::parse(&held.bytes) {
            self.emit(&held.entry, raw, held.num, &held.subject);
        }
    }

    /// Writes an event, unless the filter refuses it.
    fn emit(&mut self, entry: &Entry, raw: RawEvent<'_>, num: u64, subject: &Subject) {
        let late = entry.late || entry.ts < self.reached;
        let view = self.metadata.as_ref().map(|metadata| metadata.view(subject));
        let event = Event::of(raw, num, self.clock.epoch(entry.ts), view.as_ref(), &self.arena);
        let event = Event { late, ..event };
        let mut fate = self.active.fate(&event);
        if raw.header.flags & flag::REFUSED != 0 {
            // The kernel was asked to send what it refuses. What it refused by another filter says nothing of this one.
            if fate == Fate::Deliver && self.verdicts.is_of(&raw.header) {
                self.stats.wrongly_refused.add(1);
                if self.stats.wrongly_refused.get() <= DESCRIBED {
                    tracing::error!("the kernel's part refuses what the condition keeps: {}", described(&event));
                }
            }
            fate = Fate::Refuse;
        }
        let enough = self.count.is_some_and(|count| self.taken >= count);
        if fate == Fate::Deliver && !enough {
            self.lines.event(&event, &mut self.chunk.bytes);
            if let (Some(pods), Some(container)) = (self.metadata.as_ref().and_then(Metadata::pods), event.container) {
                pods.count(container, event.pod);
            }
            self.chunk.events += 1;
            self.chunk.first.get_or_insert(entry.ts);
            self.taken += 1;
            self.reached = self.reached.max(entry.ts);
            if late {
                self.stats.late.add(1);
            }
        }
        self.arena.reset();
        if fate == Fate::Deliver && enough {
            self.stats.filtered.add(1);
        } else {
            self.account(fate, &raw.header);
        }
    }

    /// Counts what became of an event.
    fn account(&self, fate: Fate, header: &Header) {
        match fate {
            Fate::State => self.stats.state.add(1),
            Fate::Refuse => {
                self.stats.refused.add(1);
                if header.flags & flag::REFUSED != 0 {
                    self.stats.marked.add(1);
                }
                self.stats.by_slot.refuse(slot(header));
            }
            Fate::Deliver => self.stats.by_slot.keep(slot(header)),
        }
    }

    fn malformed(&self, entry: &Entry, error: Malformed) {
        if self.stats.malformed.get() < DESCRIBED {
            tracing::error!(cpu = entry.cpu, "malformed record: {error}");
        }
        self.stats.malformed.add(1);
    }

    /// Hands the chunk to the output, and starts another.
    fn send(&mut self) {
        if self.chunk.bytes.is_empty() && self.chunk.events == 0 {
            return;
        }
        let mut full = std::mem::take(&mut self.chunk);
        full.handed_on = boot_now();
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

/// An event as a line of text.
fn described(event: &Event<'_>) -> String {
    let mut line = Vec::new();
    text::event(event, false, &mut line);
    String::from_utf8_lossy(&line).trim_end().to_owned()
}

fn gap(entry: &Entry, hole: &Hole, at_end: bool, clock: Clock) -> Gap {
    Gap {
        cpu: entry.cpu,
        lost: hole.lost,
        state: hole.state,
        reason: reason_names(hole.reasons),
        since: hole.since.map(|since| clock.epoch(since)),
        until: (!at_end).then(|| clock.epoch(entry.ts)),
    }
}
