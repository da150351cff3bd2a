// SPDX-License-Identifier: Apache-2.0
//! The metrics, each with its name, type, labels and meaning: what `/metrics` writes, and `docs/metrics.md` lists.

mod about;
mod events;
mod falco;
mod format;
mod kubernetes;
mod state;

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use self::format::Samples;
use super::{
    board::{Board, Page, Posted},
    snapshot::Snapshot,
};

/// The type of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// It only grows while the agent runs.
    Counter,
    /// A level.
    Gauge,
    /// Lengths of time, counted in buckets.
    Histogram,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// Where the values of a metric are taken from.
#[derive(Clone, Copy)]
enum Source {
    /// What is known before the first snapshot, too.
    Always(fn(&Board, &Posted, &mut Samples<'_>)),
    /// A snapshot.
    Snapshot(fn(&Snapshot, &mut Samples<'_>)),
    /// A snapshot with what was found of it.
    Page(fn(&Page, &mut Samples<'_>)),
    /// A snapshot, and only for who asks for every syscall.
    Syscalls(fn(&Snapshot, &mut Samples<'_>)),
}

/// A metric.
struct Family {
    name: &'static str,
    kind: Kind,
    labels: &'static [&'static str],
    help: &'static str,
    source: Source,
}

/// All metrics, in the order in which they are written.
fn families() -> impl Iterator<Item = &'static Family> {
    [about::FAMILIES, events::FAMILIES, state::FAMILIES, kubernetes::FAMILIES, falco::FAMILIES].into_iter().flatten()
}

/// What is put up, as Prometheus reads it.
pub(super) fn page(board: &Board, posted: &Posted, syscalls: bool) -> Bytes {
    let mut text = String::new();
    for family in families() {
        let mut samples = Samples::new(family, &mut text);
        match (family.source, &posted.page) {
            (Source::Always(write), _) => write(board, posted, &mut samples),
            (Source::Snapshot(write), Some(page)) => write(&page.snapshot, &mut samples),
            (Source::Page(write), Some(page)) => write(page, &mut samples),
            (Source::Syscalls(write), Some(page)) if syscalls => write(&page.snapshot, &mut samples),
            (Source::Snapshot(_) | Source::Page(_) | Source::Syscalls(_), _) => {}
        }
    }
    text.into()
}

/// A time of day in seconds, as Prometheus has it.
fn seconds(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

#[cfg(test)]
pub(super) mod tests;
