// SPDX-License-Identifier: Apache-2.0
//! The thread that empties the rings. It does nothing else, so that they are empty as soon as can be.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crossbeam_channel::{Receiver, Sender, TryRecvError};

use super::{
    clock::boot_now,
    order::{Batch, LaneEnd, Order, WINDOW},
};
use crate::{probe::Rings, stats::Stats};

/// Records taken from one ring before the next one's turn.
const TURN: usize = 4096;
/// How long the thread sleeps unless much waits: what an event is late by at most, on an idle machine.
const NAP: Duration = Duration::from_millis(10);
/// Bytes that are collected before they are handed on, whatever their age: what bounds memory while the wall of
/// records grows faster than time passes.
const HELD_MAX: usize = 32 << 20;

/// Drains until `stop` says how the lanes ended. Batches go to `full`, once somebody is `ready` to take them; emptied
/// ones come back by `empty`.
///
/// # Errors
/// When waiting for the rings fails.
pub(super) fn run(
    mut rings: Rings,
    mut order: Order,
    stats: &Arc<Stats>,
    stop: &Receiver<Vec<LaneEnd>>,
    full: &Sender<Batch>,
    empty: &Receiver<Batch>,
    ready: &AtomicBool,
) -> io::Result<()> {
    let mut end = None;
    loop {
        if end.is_none() {
            end = match stop.try_recv() {
                Ok(ends) => Some(ends),
                Err(TryRecvError::Disconnected) => Some(Vec::new()),
                Err(TryRecvError::Empty) => None,
            };
        }
        // Before draining: every record older than this has had the window to arrive.
        let now = boot_now();
        let unfinished = rings.drain(TURN, |cpu, record| order.push(cpu, record, stats));
        let more = !unfinished.is_empty();
        if let Some(oldest) = order.take_oldest() {
            // Those that came since count as new.
            stats.stages.drain.observe(now.saturating_sub(oldest));
        }
        // A ring that was not emptied holds records that may be older than others' that were taken.
        let reached = unfinished.iter().map(|cpu| order.reached(*cpu)).min().unwrap_or(u64::MAX);
        let before = if order.held() > HELD_MAX { now } else { now.saturating_sub(WINDOW).min(reached) };
        // While the tables are being read nobody takes batches, and the rings must be emptied all the same.
        let wait = end.is_none() && !ready.load(Ordering::Acquire) && order.held() < HELD_MAX;
        if !wait && !hand_on(&mut order, before, full, empty) {
            return Ok(());
        }
        match &end {
            Some(ends) if !more => {
                finish(order, ends, stats, full);
                return Ok(());
            }
            _ if !more => rings.wait(NAP)?,
            _ => {}
        }
    }
}

/// Passes on all that is left, and what was lost at the end.
fn finish(mut order: Order, ends: &[LaneEnd], stats: &Stats, full: &Sender<Batch>) {
    order.end(ends, stats);
    let mut batch = Batch::default();
    order.release_all(&mut batch);
    batch.handed_on = boot_now();
    // Without a receiver there is nobody left to tell.
    let _ = full.send(batch);
}

/// Passes on what is older than `before`; false when nobody takes it any more.
fn hand_on(order: &mut Order, before: u64, full: &Sender<Batch>, empty: &Receiver<Batch>) -> bool {
    let mut batch = empty.try_recv().unwrap_or_default();
    batch.clear();
    order.release(before, &mut batch);
    batch.handed_on = boot_now();
    batch.is_empty() || full.send(batch).is_ok()
}
