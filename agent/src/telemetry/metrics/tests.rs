// SPDX-License-Identifier: Apache-2.0
//! What is written, and that the documentation lists it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    time::Duration,
};

use agent_common::{
    ledger::{NRS, Reason, STATE_SLOT, Slot, UNKNOWN_SLOT},
    schema::Abi,
    shed::Class,
    state,
};

use super::*;
use crate::{
    ledger::{AgentAccount, CpuAccount},
    metadata::{
        self, MetadataAccount, container,
        kubernetes::{self, KubernetesStats},
    },
    probe::{levels::RingLevel, runs::Runs},
    telemetry::{
        board::Phase,
        histogram::{Histogram, Reading},
        history::{Beat, History},
        kubernetes::Pods,
        own::Own,
        ready::{self, Policy},
        snapshot::{Lookups, Programs},
        versions::Versions,
    },
};

fn slot(name: &str, abi: Abi) -> u32 {
    let number = (0..NRS).find(|nr| crate::ledger::slot_name(abi as u32 * NRS + nr) == name);
    abi as u32 * NRS + number.unwrap_or_else(|| panic!("no {name}"))
}

/// Counters: seen, self, filtered, sent, refused, shed, ring_full, no_ring, too_large, nested, no_program.
fn slots() -> Vec<(u32, Slot)> {
    let mut slots = Vec::from([
        (slot("openat", Abi::Native), [100, 1, 2, 50, 7, 5, 25, 0, 10, 0, 0]),
        (slot("getppid", Abi::Native), [16, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0]),
        (slot("execve", Abi::Native), [9, 0, 0, 5, 0, 0, 4, 0, 0, 0, 0]),
        (UNKNOWN_SLOT, [3, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0]),
        (STATE_SLOT + state::Kind::Exit as u32, [30, 0, 0, 10, 0, 0, 20, 0, 0, 0, 0]),
    ]);
    #[cfg(target_arch = "x86_64")]
    slots.insert(3, (slot("open@i386", Abi::I386), [5, 0, 0, 2, 0, 0, 3, 0, 0, 0, 0]));
    slots
}

fn agent() -> AgentAccount {
    AgentAccount {
        drained: 60,
        decoded: 58,
        malformed: 1,
        state: 10,
        filtered: 2,
        refused: 3,
        delivered: 40,
        sink_dropped: BTreeMap::from([("stdout".to_owned(), 2)]),
        late: 4,
        sequence_gaps: 59,
        shed_announced: 5,
    }
}

fn tables() -> MetadataAccount {
    let counters = metadata::Counters::default();
    counters.tables.processes.set(120);
    counters.tables.threads.set(30);
    counters.tables.files.set(400);
    counters.tables.forks.add(11);
    counters.tables.unresolved.add(6);
    counters.containers.seen.add(5);
    let mut tables = MetadataAccount::collect(&counters);
    tables.unresolved_containers.insert(container::Reason::NotFound.name(), 2);
    tables.pod_events = 25;
    tables.unresolved_pod_events.insert(kubernetes::Unresolved::Unknown.name(), 1);
    tables
}

fn pods() -> Pods {
    let stats = KubernetesStats::default();
    stats.list_requests.add(3);
    stats.watch_requests.add(4);
    stats.bytes_received.add(150_000);
    stats.events.add(20);
    Pods { synced: true, known: 110, bytes: 90_000, contact: Some(Duration::from_millis(2500)), ..Pods::read(&stats) }
}

/// A snapshot in which everything has a value.
pub(in crate::telemetry) fn snapshot() -> Snapshot {
    let histogram = Histogram::default();
    histogram.observe(3_000_000);
    let mut accounts = Vec::new();
    for (cpu, (slot, counters)) in (0..).zip(slots()) {
        let mut account = CpuAccount::new(cpu);
        account.add(slot, &counters);
        accounts.push(account);
    }
    accounts.truncate(2);
    Snapshot {
        time: UNIX_EPOCH + Duration::from_millis(1_700_000_000_250),
        took: Duration::from_micros(500),
        cpus: accounts,
        slots: slots(),
        decided: Vec::from([(slot("openat", Abi::Native), [3, 40])]),
        agent: agent(),
        queued: 45,
        rings: Vec::from([
            RingLevel { size: 4 << 20, fill: 4096, peak: 65536 },
            RingLevel { size: 128 << 10, fill: 0, peak: 0 },
        ]),
        stages: [
            ("drain", histogram.read()),
            ("decode", Reading::default()),
            ("pods", Reading::default()),
            ("write", Reading::default()),
            ("total", histogram.read()),
        ],
        tables: Some(tables()),
        lookups: Some(Lookups { asked: 4, resolved: 3 }),
        pods: Some(pods()),
        own: Some(Own { user: 1.25, system: 0.5, threads: 6, resident: 50 << 20 }),
        programs: Programs { loaded: 370, verified: 76_000, machine_code: 1 << 20 },
        runs: Vec::from([
            Runs { program: "sys_exit", runs: 163, nanos: 50_000, misses: 1 },
            Runs { program: "sys_enter", runs: 12, nanos: 1_500, misses: 0 },
            Runs { program: "sched_process_fork", runs: 0, nanos: 0, misses: 0 },
        ]),
    }
}

/// A board with this snapshot, of an agent that has lost a fifth of its events since it began.
pub(in crate::telemetry) fn board(snapshot: Snapshot) -> Board {
    let mut history = History::new(Duration::from_mins(1));
    history.push(Beat::default());
    let at = Duration::from_secs(1);
    history.push(Beat { at, heartbeats: 8, sent: 80, lost: [20, 0, 0, 0, 0], ..Beat::default() });
    let verdict = ready::judge(&history, None, Policy::default());
    let mut board = Board::new();
    board.versions = Versions::of("6.12.0-test");
    board.put_up(snapshot, verdict);
    board
}

fn text(board: &Board, syscalls: bool) -> String {
    let page = page(board, &board.read(), syscalls);
    String::from_utf8(page.to_vec()).expect("UTF-8")
}

#[test]
#[cfg(target_arch = "x86_64")]
fn a_page_is_as_it_should_be() {
    let board = board(snapshot());
    board.served.requests.add(17);
    board.served.evicted.add(1);
    let got = text(&board, true);
    assert_eq!(got, crate::golden::wanted("golden/metrics.txt", got.as_bytes()));
}

/// A line that is no comment: its name, what is in braces, its value.
fn sample(line: &str) -> (&str, &str, &str) {
    let (head, value) = line.rsplit_once(' ').expect("a value");
    let (name, labels) = head.split_once('{').map_or((head, ""), |(name, rest)| (name, rest.trim_end_matches('}')));
    (name, labels, value)
}

/// The format's rules that readers rely on.
#[test]
fn a_page_keeps_the_rules() {
    for (syscalls, snapshot) in [(true, snapshot()), (false, snapshot())] {
        let text = text(&board(snapshot), syscalls);
        assert!(text.ends_with('\n') && !text.contains("\n\n"));
        let (mut families, mut series) = (BTreeMap::new(), BTreeSet::new());
        let mut current = ("", "");
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                assert!(help.split_once(' ').is_some_and(|(_, help)| help.len() > 5), "{line}");
            } else if let Some(family) = line.strip_prefix("# TYPE ") {
                current = family.split_once(' ').expect("a type");
                assert!(families.insert(current.0, current.1).is_none(), "twice: {line}");
            } else {
                let (name, labels, value) = sample(line);
                assert!(series.insert((name, labels)), "twice: {line}");
                assert!(value.parse::<f64>().is_ok_and(|value| value.is_finite() && value >= 0.0), "{line}");
                let base = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| name.strip_suffix(suffix));
                let base = base.filter(|_| current.1 == "histogram").unwrap_or(name);
                assert_eq!(base, current.0, "a sample stands below its own head");
                assert_eq!(name.ends_with("_total"), current.1 == "counter" || current.0.contains("_threads_total"));
            }
        }
        assert_eq!(families.contains_key("lanner_syscall_calls_total"), syscalls);
    }
}

#[test]
fn every_metric_is_written_once_there_is_something_to_say() {
    let text = text(&board(snapshot()), true);
    for family in families() {
        assert!(text.contains(&format!("# TYPE {} {}\n", family.name, family.kind.name())), "{}", family.name);
    }
}

#[test]
fn before_the_first_snapshot_there_is_little() {
    let board = Board::new();
    board.phase(Phase::Starting("the probe is loaded"));
    let text = text(&board, true);
    assert!(text.contains("lanner_phase{phase=\"starting\"} 1\nlanner_ready ") || text.contains("lanner_ready 0\n"));
    assert!(text.contains("lanner_ready 0\n") && !text.contains("lanner_calls_seen_total"), "{text}");
}

#[test]
fn what_is_not_known_is_left_out() {
    let bare = Snapshot { tables: None, lookups: None, pods: None, own: None, runs: Vec::new(), ..snapshot() };
    let text = text(&board(bare), false);
    for name in [
        "_pod",
        "lanner_table",
        "lanner_container",
        "lanner_kubernetes",
        "lanner_process",
        "lanner_probe_run",
        "n_threads",
        "rss_bytes",
    ] {
        assert!(!text.contains(name), "{name}");
    }
    assert!(text.contains("lanner_records_drained_total 60\n"), "{text}");
}

#[test]
fn falcos_counts_are_of_syscalls() {
    let text = text(&board(snapshot()), false);
    let value = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}"));
        sample(line).2.parse::<u64>().expect("a number")
    };
    let i386 = if cfg!(target_arch = "x86_64") { [5, 3] } else { [0, 0] };
    assert_eq!(value("falcosecurity_scap_n_evts_total"), 90 + 9 + i386[0]);
    assert_eq!(value("falcosecurity_scap_n_drops_total"), 40 + 4 + i386[1]);
    assert_eq!(value("falcosecurity_scap_n_drops_scratch_map_total"), 10);
    let group =
        |group: &str| value(&format!("falcosecurity_scap_n_drops_buffer_total{{drop=\"{group}\",dir=\"exit\"}}"));
    assert_eq!([group("open"), group("execve"), group("proc"), group("connect")], [30 + i386[1], 4, 20, 0]);
    assert_eq!(value("falcosecurity_scap_n_threads_total"), 150);
}

#[test]
fn falcos_groups_name_syscalls() {
    for name in falco::names() {
        let known = crate::select::rows().any(|(_, _, row)| row.name == name)
            || state::Kind::ALL.into_iter().any(|kind| kind.name() == name);
        assert!(known, "{name}");
    }
}

#[test]
fn every_reason_is_named_where_it_is_a_label() {
    let help = |name: &str| families().find(|family| family.name == name).expect("a metric").help;
    for reason in Reason::ALL {
        assert!(help("lanner_records_lost_total").contains(reason.name()), "{}", reason.name());
    }
    for class in Class::SHED {
        assert!(help("lanner_calls_shed_total").contains(class.name()), "{}", class.name());
    }
    for reason in container::Reason::ALL {
        assert!(help("lanner_containers_unresolved_total").contains(reason.name()), "{}", reason.name());
    }
    for reason in kubernetes::Unresolved::ALL {
        assert!(help("lanner_events_without_pod_total").contains(reason.name()), "{}", reason.name());
    }
    for reason in kubernetes::Reason::ALL {
        assert!(help("lanner_kubernetes_errors_total").contains(reason.name()), "{}", reason.name());
    }
    for relist in kubernetes::Relist::ALL {
        // As it stands in a sentence.
        let name = relist.name();
        assert!(help("lanner_kubernetes_relists_total").contains(name), "{name}");
    }
}

const HEAD: &str = include_str!("head.md");

#[test]
fn metrics_page_is_up_to_date() {
    let mut page = HEAD.to_owned();
    for family in families() {
        let labels: Vec<_> = family.labels.iter().map(|label| format!("`{label}`")).collect();
        writeln!(page, "| `{}` | {} | {} | {} |", family.name, family.kind.name(), labels.join(", "), family.help)
            .expect("writing to a string does not fail");
    }
    let there = crate::golden::wanted("../docs/metrics.md", page.as_bytes());
    assert!(there == page, "docs/metrics.md is out of date: LANNER_BLESS=1 cargo test -p agent metrics_page");
}
