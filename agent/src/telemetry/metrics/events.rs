// SPDX-License-Identifier: Apache-2.0
//! Of events, from the probe to the output: the ledger, the rings, the stages.

use agent_common::ledger::Counter;

use super::{Family, Kind, Source, format::Samples};
use crate::{
    ledger::{Account, slot_name},
    telemetry::snapshot::Snapshot,
};

/// Writes a counter of each CPU.
fn per_cpu(snapshot: &Snapshot, out: &mut Samples<'_>, count: fn(&Account) -> u64) {
    for cpu in &snapshot.cpus {
        out.add(&[&cpu.cpu], count(&cpu.account));
    }
}

/// The metrics of events.
pub(super) const FAMILIES: &[Family] = &[
    Family {
        name: "lanner_calls_seen_total",
        kind: Kind::Counter,
        labels: &["cpu"],
        help: "Calls that reached the probe: the sum of self, filtered, refused, shed, sent and lost.",
        source: Source::Snapshot(|snapshot, out| per_cpu(snapshot, out, |account| account.seen)),
    },
    Family {
        name: "lanner_calls_self_total",
        kind: Kind::Counter,
        labels: &["cpu"],
        help: "Calls of the agent's own process tree, of syscalls that are captured.",
        source: Source::Snapshot(|snapshot, out| per_cpu(snapshot, out, |account| account.own)),
    },
    Family {
        name: "lanner_calls_filtered_total",
        kind: Kind::Counter,
        labels: &["cpu"],
        help: "Calls of syscalls that nobody asked for, and those before capture began.",
        source: Source::Snapshot(|snapshot, out| per_cpu(snapshot, out, |account| account.filtered)),
    },
    Family {
        name: "lanner_calls_refused_total",
        kind: Kind::Counter,
        labels: &["cpu"],
        help: "Calls that the kernel's part of the condition refused.",
        source: Source::Snapshot(|snapshot, out| per_cpu(snapshot, out, |account| account.refused)),
    },
    Family {
        name: "lanner_calls_shed_total",
        kind: Kind::Counter,
        labels: &["cpu", "class"],
        help: "Calls given up while the ring of the CPU was filling, by class, the cheapest first: io, other, file, network, control.",
        source: Source::Snapshot(|snapshot, out| {
            for cpu in &snapshot.cpus {
                for (class, shed) in &cpu.shed_by_class {
                    out.add(&[&cpu.cpu, class], shed);
                }
            }
        }),
    },
    Family {
        name: "lanner_records_sent_total",
        kind: Kind::Counter,
        labels: &["cpu"],
        help: "Records handed to a ring: events, and what is told of tasks, files and cgroups.",
        source: Source::Snapshot(|snapshot, out| per_cpu(snapshot, out, |account| account.sent)),
    },
    Family {
        name: "lanner_records_lost_total",
        kind: Kind::Counter,
        labels: &["cpu", "reason"],
        help: "Records lost in the kernel, by reason: ring_full, no_ring, too_large, nested, no_program.",
        source: Source::Snapshot(|snapshot, out| {
            for cpu in &snapshot.cpus {
                for (reason, lost) in &cpu.account.lost {
                    out.add(&[&cpu.cpu, reason], lost);
                }
            }
        }),
    },
    Family {
        name: "lanner_syscall_calls_total",
        kind: Kind::Counter,
        labels: &["syscall", "outcome"],
        help: "Calls by syscall and by what the probe did with them: self, filtered, refused, shed, sent, lost. What is 0 is left \
               out. Only with /metrics?syscalls: these are some hundred series.",
        source: Source::Syscalls(|snapshot, out| {
            for (slot, counters) in &snapshot.slots {
                let mut account = Account::default();
                account.add(counters);
                let outcomes = [
                    ("self", account.own),
                    ("filtered", account.filtered),
                    ("refused", account.refused),
                    ("shed", account.shed),
                    ("sent", account.sent),
                    ("lost", account.lost()),
                ];
                let name = slot_name(*slot);
                for (outcome, calls) in outcomes.into_iter().filter(|(_, calls)| *calls > 0) {
                    out.add(&[&name, &outcome], calls);
                }
            }
        }),
    },
    Family {
        name: "lanner_syscall_events_total",
        kind: Kind::Counter,
        labels: &["syscall", "outcome"],
        help: "Events by syscall that the agent decided of: refused by the condition, or kept. As above.",
        source: Source::Syscalls(|snapshot, out| {
            for (slot, [refused, kept]) in &snapshot.decided {
                let name = slot_name(*slot);
                for (outcome, events) in [("refused", refused), ("kept", kept)].into_iter().filter(|(_, n)| **n > 0) {
                    out.add(&[&name, &outcome], events);
                }
            }
        }),
    },
    Family {
        name: "lanner_probe_recursion_misses_total",
        kind: Kind::Counter,
        labels: &["program"],
        help: "Runs of the probe that the kernel refused since the program was running on that CPU: calls that were not seen.",
        source: Source::Snapshot(|snapshot, out| {
            for program in &snapshot.runs {
                out.add(&[&program.program], program.misses);
            }
        }),
    },
    Family {
        name: "lanner_probe_runs_total",
        kind: Kind::Counter,
        labels: &["program"],
        help: "Runs of each attached program. Only with --probe-stats.",
        source: Source::Snapshot(|snapshot, out| {
            for program in snapshot.runs.iter().filter(|program| program.runs > 0) {
                out.add(&[&program.program], program.runs);
            }
        }),
    },
    Family {
        name: "lanner_probe_run_seconds_total",
        kind: Kind::Counter,
        labels: &["program"],
        help: "Time that they took, programs included that they call. Only with --probe-stats.",
        source: Source::Snapshot(|snapshot, out| {
            for program in snapshot.runs.iter().filter(|program| program.runs > 0) {
                out.add(&[&program.program], program.nanos as f64 / 1e9);
            }
        }),
    },
    Family {
        name: "lanner_probe_programs",
        kind: Kind::Gauge,
        labels: &[],
        help: "Programs that are loaded.",
        source: Source::Snapshot(|snapshot, out| out.add(&[], snapshot.programs.loaded)),
    },
    Family {
        name: "lanner_probe_verified_instructions",
        kind: Kind::Gauge,
        labels: &[],
        help: "Instructions that the verifier looked at to load them; 0 on kernels that do not say it (before 5.16).",
        source: Source::Snapshot(|snapshot, out| out.add(&[], snapshot.programs.verified)),
    },
    Family {
        name: "lanner_probe_machine_code_bytes",
        kind: Kind::Gauge,
        labels: &[],
        help: "Their machine code.",
        source: Source::Snapshot(|snapshot, out| out.add(&[], snapshot.programs.machine_code)),
    },
    Family {
        name: "lanner_ring_size_bytes",
        kind: Kind::Gauge,
        labels: &["cpu"],
        help: "What the ring of a CPU holds at most.",
        source: Source::Snapshot(|snapshot, out| {
            for (cpu, ring) in snapshot.rings.iter().enumerate() {
                out.add(&[&cpu], ring.size);
            }
        }),
    },
    Family {
        name: "lanner_ring_fill_bytes",
        kind: Kind::Gauge,
        labels: &["cpu"],
        help: "What waits in it.",
        source: Source::Snapshot(|snapshot, out| {
            for (cpu, ring) in snapshot.rings.iter().enumerate() {
                out.add(&[&cpu], ring.fill);
            }
        }),
    },
    Family {
        name: "lanner_ring_fill_peak_bytes",
        kind: Kind::Gauge,
        labels: &["cpu"],
        help: "The most that the agent found in it in the last minute.",
        source: Source::Snapshot(|snapshot, out| {
            for (cpu, ring) in snapshot.rings.iter().enumerate() {
                out.add(&[&cpu], ring.peak);
            }
        }),
    },
    Family {
        name: "lanner_records_drained_total",
        kind: Kind::Counter,
        labels: &[],
        help: "Records taken out of the rings.",
        source: Source::Snapshot(|snapshot, out| out.add(&[], snapshot.agent.drained)),
    },
    Family {
        name: "lanner_records_decoded_total",
        kind: Kind::Counter,
        labels: &[],
        help: "Records that were decoded: the sum of state, filtered, refused, delivered, dropped, and what is under way.",
        source: Source::Snapshot(|snapshot, out| out.add(&[], snapshot.agent.decoded)),
    },
    Family {
        name: "lanner_records_malformed_total",
        kind: Kind::Counter,
        labels: &[],
        help: "Records that could not be: always 0, or something is broken.",
        source: Source::Snapshot(|snapshot, out| out.add(&[], snapshot.agent.malformed)),
    },
    Family {
        name: "lanner_records_state_total",
        kind: Kind::Counter,
        labels: &[],
        help: "Records that only keep the tables true.",
        source: Source::Snapshot(|snapshot, out| out.add(&[], snapshot.agent.state)),
    },
    Family {
        name: "lanner_events_filtered_total",
        kind: Kind::Counter,
        labels: &[],
        help: "Events not wanted: the self-test's, and those after --count.",
        source: Source::Snapshot(|snapshot, out| out.add(&[], snapshot.agent.filtered)),
    },
    Family {
        name: "lanner_events_refused_total",
        kind: Kind::Counter,
        labels: &[],
        help: "Events that the agent's part of the condition refused.",
        source: Source::Snapshot(|snapshot, out| out.add(&[], snapshot.agent.refused)),
    },
    Family {
        name: "lanner_events_delivered_total",
        kind: Kind::Counter,
        labels: &[],
        help: "Events written.",
        source: Source::Snapshot(|snapshot, out| out.add(&[], snapshot.agent.delivered)),
    },
    Family {
        name: "lanner_events_dropped_total",
        kind: Kind::Counter,
        labels: &["output"],
        help: "Events that an output did not take.",
        source: Source::Snapshot(|snapshot, out| {
            for (output, dropped) in &snapshot.agent.sink_dropped {
                out.add(&[output], dropped);
            }
        }),
    },
    Family {
        name: "lanner_events_late_total",
        kind: Kind::Counter,
        labels: &[],
        help: "Events delivered out of order.",
        source: Source::Snapshot(|snapshot, out| out.add(&[], snapshot.agent.late)),
    },
    Family {
        name: "lanner_records_missing_total",
        kind: Kind::Counter,
        labels: &[],
        help: "Losses by the sequence numbers of the records, which are known when the next record of a CPU comes.",
        source: Source::Snapshot(|snapshot, out| out.add(&[], snapshot.agent.sequence_gaps)),
    },
    Family {
        name: "lanner_waiting_records",
        kind: Kind::Gauge,
        labels: &["stage"],
        help: "Records and events under way: drain are those in the rings, decode those taken out, write those handed to the \
               output.",
        source: Source::Snapshot(|snapshot, out| {
            let agent = &snapshot.agent;
            let sent: u64 = snapshot.slots.iter().map(|(_, slot)| slot[Counter::Sent as usize]).sum();
            let settled = agent.delivered + agent.sink_dropped.values().sum::<u64>();
            // The counters are read one after the other, while they move.
            out.add(&[&"drain"], sent.saturating_sub(agent.drained));
            out.add(&[&"decode"], agent.drained.saturating_sub(agent.decoded + agent.malformed));
            out.add(&[&"write"], snapshot.queued.saturating_sub(settled));
        }),
    },
    Family {
        name: "lanner_stage_duration_seconds",
        kind: Kind::Histogram,
        labels: &["stage"],
        help: "How long the stages take. drain: from the end of a call to its record being taken out of the ring, of the oldest \
               of each turn; decode: from handing a batch on to its being decoded and formatted; pods: what changes of pods \
               take of the thread that decodes, a turn; write: from handing a chunk on to its being written; total: from the \
               end of a call to its event being written, of the first of each chunk.",
        source: Source::Snapshot(|snapshot, out| {
            for (stage, reading) in &snapshot.stages {
                out.histogram(&[stage], reading);
            }
        }),
    },
];
