// SPDX-License-Identifier: Apache-2.0
//! Falco's metrics, where theirs and ours are the same: dashboards and alerts that were made for Falco go on to work.
//!
//! Falco's events are syscalls, so that what is told of tasks, files and cgroups is left out here.
//! <https://falco.org/docs/concepts/metrics/>

use agent_common::{
    ledger::{Counter, Reason, STATE_SLOT, Slot},
    state,
};

use super::{Family, Kind, Source, format::Samples};
use crate::{ledger::slot_name, metadata::MetadataAccount, telemetry::snapshot::Snapshot};

/// Falco says no more of each metric than where its documentation is.
const HELP: &str = "https://falco.org/docs/concepts/metrics/";

/// What a slot lost for one reason.
const fn lost_by(slot: &Slot, reason: Reason) -> u64 {
    slot[Counter::Lost as usize + reason as usize]
}

/// What a slot lost, or shed: Falco knows no difference.
fn lost(slot: &Slot) -> u64 {
    Reason::ALL.into_iter().map(|reason| lost_by(slot, reason)).sum::<u64>() + slot[Counter::Shed as usize]
}

/// What of a slot found no room in the ring, or was shed since there would have been none.
const fn without_room(slot: &Slot) -> u64 {
    lost_by(slot, Reason::RingFull) + slot[Counter::Shed as usize]
}

/// A sum over the syscalls.
fn events(snapshot: &Snapshot, count: fn(&Slot) -> u64) -> u64 {
    snapshot.slots.iter().filter(|(slot, _)| *slot < STATE_SLOT).map(|(_, slot)| count(slot)).sum()
}

/// The groups by which Falco counts what found no room: those of `compute_event_types_stats`.
/// <https://github.com/falcosecurity/libs/blob/c0e67262dee286f249bfbb8fd72fe1810122f5e8/driver/modern_bpf/helpers/base/stats.h>
const GROUPS: &[(&str, &[&str])] = &[
    ("clone_fork", &["clone", "clone3", "fork", "vfork"]),
    ("close", &["close"]),
    ("connect", &["connect"]),
    (
        "dir_file",
        &[
            "chmod",
            "chown",
            "fchmod",
            "fchmodat",
            "fchown",
            "fchownat",
            "lchown",
            "link",
            "linkat",
            "mkdir",
            "mkdirat",
            "mount",
            "rename",
            "renameat",
            "renameat2",
            "rmdir",
            "symlink",
            "symlinkat",
            "umount",
            "umount2",
            "unlink",
            "unlinkat",
        ],
    ),
    ("execve", &["execve", "execveat"]),
    ("open", &["creat", "open", "open_by_handle_at", "openat", "openat2"]),
    (
        "other_interest",
        &["bpf", "capset", "ptrace", "seccomp", "setns", "setpgid", "setresgid", "setresuid", "setsid", "unshare"],
    ),
    ("proc", &[state::Kind::Exit.name()]),
];

/// The names in all groups.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    GROUPS.iter().flat_map(|(_, names)| names.iter().copied())
}

fn by_group(snapshot: &Snapshot, out: &mut Samples<'_>) {
    let mut sums = [0; GROUPS.len()];
    for (slot, counters) in &snapshot.slots {
        let name = slot_name(*slot);
        let name = name.split('@').next().unwrap_or_default();
        let groups = sums.iter_mut().zip(GROUPS).filter(|(_, (_, names))| names.contains(&name));
        groups.for_each(|(sum, _)| *sum += without_room(counters));
    }
    for ((group, _), sum) in GROUPS.iter().zip(sums) {
        out.add(&[group, &"exit"], sum);
    }
}

/// Writes what is counted of a program, where it is counted.
fn of_program(snapshot: &Snapshot, out: &mut Samples<'_>, program: &str, nanos: bool) {
    for runs in snapshot.runs.iter().filter(|runs| runs.program == program && runs.runs > 0) {
        out.add(&[], if nanos { runs.nanos } else { runs.runs });
    }
}

/// Falco's metrics.
pub(super) const FAMILIES: &[Family] = &[
    Family {
        name: "falcosecurity_scap_n_evts_total",
        kind: Kind::Counter,
        labels: &[],
        help: HELP,
        source: Source::Snapshot(|snapshot, out| {
            out.add(&[], events(snapshot, |slot| slot[Counter::Sent as usize] + lost(slot)));
        }),
    },
    Family {
        name: "falcosecurity_scap_n_drops_total",
        kind: Kind::Counter,
        labels: &[],
        help: HELP,
        source: Source::Snapshot(|snapshot, out| out.add(&[], events(snapshot, lost))),
    },
    Family {
        name: "falcosecurity_scap_n_drops_buffer_total",
        kind: Kind::Counter,
        labels: &["drop", "dir"],
        help: HELP,
        source: Source::Snapshot(by_group),
    },
    Family {
        name: "falcosecurity_scap_n_drops_scratch_map_total",
        kind: Kind::Counter,
        labels: &[],
        help: HELP,
        source: Source::Snapshot(|snapshot, out| {
            out.add(&[], events(snapshot, |slot| lost_by(slot, Reason::TooLarge)));
        }),
    },
    Family {
        name: "falcosecurity_scap_n_threads_total",
        kind: Kind::Gauge,
        labels: &[],
        help: HELP,
        source: Source::Snapshot(|snapshot, out| {
            let held = |tables: &MetadataAccount, name| tables.held.get(name).copied().unwrap_or(0);
            if let Some(tables) = &snapshot.tables {
                out.add(&[], held(tables, "processes") + held(tables, "threads"));
            }
        }),
    },
    Family {
        name: "falcosecurity_scap_sys_enter_run_cnt_total",
        kind: Kind::Counter,
        labels: &[],
        help: HELP,
        source: Source::Snapshot(|snapshot, out| of_program(snapshot, out, "sys_enter", false)),
    },
    Family {
        name: "falcosecurity_scap_sys_enter_run_time_nanoseconds_total",
        kind: Kind::Counter,
        labels: &[],
        help: HELP,
        source: Source::Snapshot(|snapshot, out| of_program(snapshot, out, "sys_enter", true)),
    },
    Family {
        name: "falcosecurity_scap_sys_exit_run_cnt_total",
        kind: Kind::Counter,
        labels: &[],
        help: HELP,
        source: Source::Snapshot(|snapshot, out| of_program(snapshot, out, "sys_exit", false)),
    },
    Family {
        name: "falcosecurity_scap_sys_exit_run_time_nanoseconds_total",
        kind: Kind::Counter,
        labels: &[],
        help: HELP,
        source: Source::Snapshot(|snapshot, out| of_program(snapshot, out, "sys_exit", true)),
    },
    Family {
        name: "falcosecurity_falco_outputs_queue_num_drops_total",
        kind: Kind::Counter,
        labels: &[],
        help: HELP,
        source: Source::Snapshot(|snapshot, out| out.add(&[], snapshot.agent.sink_dropped.values().sum::<u64>())),
    },
    Family {
        name: "falcosecurity_falco_memory_rss_bytes",
        kind: Kind::Gauge,
        labels: &[],
        help: HELP,
        source: Source::Snapshot(|snapshot, out| {
            if let Some(own) = snapshot.own {
                out.add(&[], own.resident);
            }
        }),
    },
];
