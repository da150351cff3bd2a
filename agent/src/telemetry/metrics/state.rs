// SPDX-License-Identifier: Apache-2.0
//! Of what is known beside events: processes, files, containers, and events' pods.

use std::collections::BTreeMap;

use super::{Family, Kind, Source, format::Samples};
use crate::{metadata::MetadataAccount, telemetry::snapshot::Snapshot};

/// Writes counts of the tables by name.
fn each(snapshot: &Snapshot, out: &mut Samples<'_>, counts: fn(&MetadataAccount) -> &BTreeMap<&'static str, u64>) {
    for (name, count) in snapshot.tables.iter().flat_map(counts) {
        out.add(&[name], count);
    }
}

/// The metrics of tables. None of them is there with --no-enrich.
pub(super) const FAMILIES: &[Family] = &[
    Family {
        name: "lanner_table_entries",
        kind: Kind::Gauge,
        labels: &["table"],
        help: "What the tables hold: processes (ended ones included that are kept for others), threads (other than the first of \
               each process), files, cgroups, pods (those kept included that the API server has forgotten).",
        source: Source::Snapshot(|snapshot, out| each(snapshot, out, |tables| &tables.held)),
    },
    Family {
        name: "lanner_table_evicted_total",
        kind: Kind::Counter,
        labels: &["table"],
        help: "What was forgotten for want of room.",
        source: Source::Snapshot(|snapshot, out| each(snapshot, out, |tables| &tables.evicted)),
    },
    Family {
        name: "lanner_table_applied_total",
        kind: Kind::Counter,
        labels: &["record"],
        help: "Records of tasks that the kernel told: forks, execs, exits, changes.",
        source: Source::Snapshot(|snapshot, out| each(snapshot, out, |tables| &tables.applied)),
    },
    Family {
        name: "lanner_table_repaired_total",
        kind: Kind::Counter,
        labels: &["cause"],
        help: "What was read from /proc since a record was missing: a process was unknown, had another image (exec), had ended \
               (exit), its id was another's (reuse), a descriptor or a cgroup was not told.",
        source: Source::Snapshot(|snapshot, out| each(snapshot, out, |tables| &tables.repaired)),
    },
    Family {
        name: "lanner_events_without_process_total",
        kind: Kind::Counter,
        labels: &[],
        help: "Events whose process stayed unknown.",
        source: Source::Snapshot(|snapshot, out| {
            if let Some(tables) = &snapshot.tables {
                out.add(&[], tables.unresolved_processes);
            }
        }),
    },
    Family {
        name: "lanner_containers_seen_total",
        kind: Kind::Counter,
        labels: &[],
        help: "Containers that were seen for the first time: each is resolved, unresolved, or still asked about.",
        source: Source::Snapshot(|snapshot, out| {
            if let Some(tables) = &snapshot.tables {
                out.add(&[], tables.containers);
            }
        }),
    },
    Family {
        name: "lanner_container_lookups_total",
        kind: Kind::Counter,
        labels: &[],
        help: "Containers that a runtime was asked about.",
        source: Source::Snapshot(|snapshot, out| {
            if let Some(lookups) = snapshot.lookups {
                out.add(&[], lookups.asked);
            }
        }),
    },
    Family {
        name: "lanner_containers_resolved_total",
        kind: Kind::Counter,
        labels: &[],
        help: "Containers that a runtime has described.",
        source: Source::Snapshot(|snapshot, out| {
            if let Some(lookups) = snapshot.lookups {
                out.add(&[], lookups.resolved);
            }
        }),
    },
    Family {
        name: "lanner_containers_unresolved_total",
        kind: Kind::Counter,
        labels: &["reason"],
        help: "Containers that no runtime described: off, no_api, full, no_socket, not_found, refused, malformed, timeout.",
        source: Source::Snapshot(|snapshot, out| each(snapshot, out, |tables| &tables.unresolved_containers)),
    },
    Family {
        name: "lanner_events_with_pod_total",
        kind: Kind::Counter,
        labels: &[],
        help: "Events of pods that were known.",
        source: Source::Snapshot(|snapshot, out| {
            if let Some(tables) = &snapshot.tables {
                out.add(&[], tables.pod_events);
            }
        }),
    },
    Family {
        name: "lanner_events_without_pod_total",
        kind: Kind::Counter,
        labels: &["reason"],
        help: "Events that had no more than the UID of their pod: the API server had not told its pods yet (not_synced), or it was \
               not among them in time (unknown).",
        source: Source::Snapshot(|snapshot, out| each(snapshot, out, |tables| &tables.unresolved_pod_events)),
    },
];
