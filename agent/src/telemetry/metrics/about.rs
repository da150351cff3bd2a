// SPDX-License-Identifier: Apache-2.0
//! Of the agent itself: what it is, what it takes, how it does.

use std::time::Duration;

use agent_common::record;

use super::{Family, Kind, Source, seconds};
use crate::telemetry::{pages, versions::Versions};

/// The metrics of the agent itself.
pub(super) const FAMILIES: &[Family] = &[
    Family {
        name: "lanner_build_info",
        kind: Kind::Gauge,
        labels: &["version", "abi", "kernel"],
        help: "Always 1; the labels say which version of the agent and of the probe's ABI runs on which kernel.",
        source: Source::Always(|board, _, out| {
            out.add(&[&Versions::version(), &record::ABI, &board.versions.kernel()], 1);
        }),
    },
    Family {
        name: "lanner_phase",
        kind: Kind::Gauge,
        labels: &["phase"],
        help: "Always 1; the label says what the agent is at: starting, capturing or stopping.",
        source: Source::Always(|_, posted, out| out.add(&[&posted.phase.name()], 1)),
    },
    Family {
        name: "lanner_ready",
        kind: Kind::Gauge,
        labels: &[],
        help: "1 when /readyz says yes, else 0.",
        source: Source::Always(|_, posted, out| {
            out.add(&[], u8::from(pages::reasons(posted, Duration::ZERO).is_empty()));
        }),
    },
    Family {
        name: "lanner_loss_ratio",
        kind: Kind::Gauge,
        labels: &["window"],
        help: "Share of the events that was lost, from 0 to 1: in the last three seconds, and in --loss-window.",
        source: Source::Page(|page, out| {
            out.add(&[&"3s"], page.verdict.recent.ratio());
            out.add(&[&"loss_window"], page.verdict.window.ratio());
        }),
    },
    Family {
        name: "lanner_snapshot_timestamp_seconds",
        kind: Kind::Gauge,
        labels: &[],
        help: "When these numbers were taken, in seconds since the epoch.",
        source: Source::Snapshot(|snapshot, out| out.add(&[], seconds(snapshot.time))),
    },
    Family {
        name: "lanner_snapshot_duration_seconds",
        kind: Kind::Gauge,
        labels: &[],
        help: "How long it took to take them.",
        source: Source::Snapshot(|snapshot, out| out.add(&[], snapshot.took.as_secs_f64())),
    },
    Family {
        name: "lanner_process_resident_memory_bytes",
        kind: Kind::Gauge,
        labels: &[],
        help: "Resident memory of the agent; the rings count twice, since they are mapped twice.",
        source: Source::Snapshot(|snapshot, out| {
            if let Some(own) = snapshot.own {
                out.add(&[], own.resident);
            }
        }),
    },
    Family {
        name: "lanner_process_cpu_seconds_total",
        kind: Kind::Counter,
        labels: &["mode"],
        help: "CPU time of the agent, in user mode and in the kernel; the probe's is its callers'.",
        source: Source::Snapshot(|snapshot, out| {
            if let Some(own) = snapshot.own {
                out.add(&[&"user"], own.user);
                out.add(&[&"system"], own.system);
            }
        }),
    },
    Family {
        name: "lanner_process_threads",
        kind: Kind::Gauge,
        labels: &[],
        help: "Threads of the agent.",
        source: Source::Snapshot(|snapshot, out| {
            if let Some(own) = snapshot.own {
                out.add(&[], own.threads);
            }
        }),
    },
    Family {
        name: "lanner_http_requests_total",
        kind: Kind::Counter,
        labels: &[],
        help: "Requests for metrics and health that were answered.",
        source: Source::Always(|board, _, out| out.add(&[], board.served.requests.get())),
    },
    Family {
        name: "lanner_http_connections_closed_total",
        kind: Kind::Counter,
        labels: &["reason"],
        help: "Connections for them that ended without an answer: evicted to make room, or failed (broken, too slow, no HTTP).",
        source: Source::Always(|board, _, out| {
            out.add(&[&"evicted"], board.served.evicted.get());
            out.add(&[&"failed"], board.served.failed.get());
        }),
    },
];
