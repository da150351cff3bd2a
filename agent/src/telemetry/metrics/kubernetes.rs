// SPDX-License-Identifier: Apache-2.0
//! Of pods and the API server that tells of them.

use super::{Family, Kind, Source, format::Samples};
use crate::telemetry::{kubernetes::Pods, snapshot::Snapshot};

/// Writes a value, where pods are asked for.
fn one(snapshot: &Snapshot, out: &mut Samples<'_>, value: fn(&Pods) -> u64) {
    if let Some(pods) = &snapshot.pods {
        out.add(&[], value(pods));
    }
}

/// The metrics of pods. None of them is there where no API server is asked.
pub(super) const FAMILIES: &[Family] = &[
    Family {
        name: "lanner_kubernetes_synced",
        kind: Kind::Gauge,
        labels: &[],
        help: "1 when all pods were listed once, else 0.",
        source: Source::Snapshot(|snapshot, out| one(snapshot, out, |pods| pods.synced.into())),
    },
    Family {
        name: "lanner_kubernetes_watching",
        kind: Kind::Gauge,
        labels: &[],
        help: "1 while changes are heard of as they happen, else 0.",
        source: Source::Snapshot(|snapshot, out| one(snapshot, out, |pods| pods.watching.into())),
    },
    Family {
        name: "lanner_kubernetes_last_contact_seconds",
        kind: Kind::Gauge,
        labels: &[],
        help: "How long ago the API server said anything; on an idle node it does once a minute.",
        source: Source::Snapshot(|snapshot, out| {
            if let Some(contact) = snapshot.pods.as_ref().and_then(|pods| pods.contact) {
                out.add(&[], contact.as_secs_f64());
            }
        }),
    },
    Family {
        name: "lanner_kubernetes_pods",
        kind: Kind::Gauge,
        labels: &[],
        help: "Pods that the API server has told.",
        source: Source::Snapshot(|snapshot, out| one(snapshot, out, |pods| pods.known)),
    },
    Family {
        name: "lanner_kubernetes_pods_bytes",
        kind: Kind::Gauge,
        labels: &[],
        help: "The memory that they take.",
        source: Source::Snapshot(|snapshot, out| one(snapshot, out, |pods| pods.bytes)),
    },
    Family {
        name: "lanner_kubernetes_requests_total",
        kind: Kind::Counter,
        labels: &["kind"],
        help: "Requests to the API server: list (each page of one), watch.",
        source: Source::Snapshot(|snapshot, out| {
            if let Some(pods) = &snapshot.pods {
                out.add(&[&"list"], pods.list_requests);
                out.add(&[&"watch"], pods.watch_requests);
            }
        }),
    },
    Family {
        name: "lanner_kubernetes_received_bytes_total",
        kind: Kind::Counter,
        labels: &[],
        help: "Bytes of its answers as they came, compressed ones compressed.",
        source: Source::Snapshot(|snapshot, out| one(snapshot, out, |pods| pods.received)),
    },
    Family {
        name: "lanner_kubernetes_lists_total",
        kind: Kind::Counter,
        labels: &[],
        help: "Lists of all pods that were read to their end, the first one included.",
        source: Source::Snapshot(|snapshot, out| one(snapshot, out, |pods| pods.lists)),
    },
    Family {
        name: "lanner_kubernetes_relists_total",
        kind: Kind::Counter,
        labels: &["cause"],
        help: "How often all pods were asked for once more: it was time (interval), what the watch would go on from was too old \
               (expired), the history of the API went backwards, after an outage, the list before failed.",
        source: Source::Snapshot(|snapshot, out| {
            for (cause, relists) in snapshot.pods.iter().flat_map(|pods| pods.relists) {
                out.add(&[&cause], relists);
            }
        }),
    },
    Family {
        name: "lanner_kubernetes_watch_restarts_total",
        kind: Kind::Counter,
        labels: &[],
        help: "Watches that went on where one before them had ended.",
        source: Source::Snapshot(|snapshot, out| one(snapshot, out, |pods| pods.restarts)),
    },
    Family {
        name: "lanner_kubernetes_watch_events_total",
        kind: Kind::Counter,
        labels: &[],
        help: "What watches told, bookmarks included.",
        source: Source::Snapshot(|snapshot, out| one(snapshot, out, |pods| pods.events)),
    },
    Family {
        name: "lanner_kubernetes_errors_total",
        kind: Kind::Counter,
        labels: &["reason"],
        help: "Requests and watches that failed: connect, timeout, cut, unauthorized (401), forbidden (403), expired (410), \
               too_many (429), server (5xx), refused (another status), malformed, config (a file that is needed).",
        source: Source::Snapshot(|snapshot, out| {
            for (reason, errors) in snapshot.pods.iter().flat_map(|pods| pods.errors) {
                out.add(&[&reason], errors);
            }
        }),
    },
    Family {
        name: "lanner_kubernetes_malformed_objects_total",
        kind: Kind::Counter,
        labels: &[],
        help: "Objects that were not what a pod is; what could be read of them is used.",
        source: Source::Snapshot(|snapshot, out| one(snapshot, out, |pods| pods.malformed)),
    },
    Family {
        name: "lanner_kubernetes_oversized_objects_total",
        kind: Kind::Counter,
        labels: &[],
        help: "Those of them that were too large to be read whole.",
        source: Source::Snapshot(|snapshot, out| one(snapshot, out, |pods| pods.oversized)),
    },
    Family {
        name: "lanner_kubernetes_pods_left_out_total",
        kind: Kind::Counter,
        labels: &[],
        help: "Pods that were not kept since there were too many.",
        source: Source::Snapshot(|snapshot, out| one(snapshot, out, |pods| pods.left_out)),
    },
    Family {
        name: "lanner_kubernetes_updates_total",
        kind: Kind::Counter,
        labels: &[],
        help: "Changes of pods that matter for events.",
        source: Source::Snapshot(|snapshot, out| one(snapshot, out, |pods| pods.updates)),
    },
];
