// SPDX-License-Identifier: Apache-2.0
//! A report for tests.

use super::report::{Cell, F1, Idle, Machine, NOTHING, Named, Point, Probe, Program, Report, Spread, Start, VERSION};

fn spread(median: f64) -> Spread {
    Spread { median, low: median - 0.25, high: median + 0.25 }
}

fn cell(target: &str, ns: f64, added: Option<f64>) -> Cell {
    Cell {
        workload: "W1".to_owned(),
        target: target.to_owned(),
        ns: spread(ns),
        added: added.map(spread),
        events: None,
        cpu_ns_per_event: None,
        events_per_cpu_second: None,
        cpu_ns_per_operation: None,
        bytes_per_event: None,
        lost: None,
        shed: None,
        resident: None,
        rings: None,
        closed: None,
        probe: None,
    }
}

fn point(threads: usize, asked: Option<u64>, made: f64, lost: f64) -> Point {
    Point {
        target: "enriched".to_owned(),
        threads,
        asked,
        made: spread(made),
        lost_percent: Spread { median: lost, low: lost, high: lost },
        cpu_percent: spread(50.0),
    }
}

/// W1 under five targets, three rates, and the rest.
pub(super) fn report() -> Report {
    let named = |name: &str, what: &str| Named { name: name.to_owned(), what: what.to_owned() };
    let program = Program { name: "sys_exit".to_owned(), runs_per_operation: 1.0, ns_per_run: 110.0 };
    let enriched = Cell {
        events: Some(1000),
        cpu_ns_per_event: Some(spread(501.0)),
        events_per_cpu_second: Some(1_996_008.0),
        bytes_per_event: Some(112.0),
        lost: Some(3),
        shed: Some(0),
        resident: Some(20 << 20),
        rings: Some(8 << 20),
        closed: Some(true),
        probe: Some(Probe { ns_per_operation: 110.0, ns_per_run: 110.0, programs: vec![program] }),
        ..cell("enriched", 420.0, Some(320.0))
    };
    Report {
        version: VERSION,
        lanner: "0.1.0".to_owned(),
        begun: "2026-01-02T03:04:05Z".to_owned(),
        seconds: 61.0,
        machine: Machine {
            cpu: "A | CPU".to_owned(),
            cpus: 2,
            memory: 8 << 30,
            kernel: "6.12.0 x86_64".to_owned(),
            ..Machine::default()
        },
        rounds: 7,
        quick: false,
        workloads: vec![named("W1", "getppid"), named("W7", "getppid, paced")],
        targets: vec![
            named(NOTHING, "nothing"),
            named(F1, "a record"),
            named("discard", "Lanner"),
            named("enriched", "Lanner"),
        ],
        left_out: vec![named("W6", "no cc")],
        cells: vec![
            cell(NOTHING, 100.0, None),
            cell(F1, 200.0, Some(100.0)),
            cell("discard", 220.0, Some(120.0)),
            enriched,
        ],
        curve: vec![
            point(1, Some(500_000), 499_990.0, 0.0),
            point(1, None, 2_000_000.0, 40.0),
            point(2, Some(500_000), 500_000.0, 0.5),
        ],
        idle: Some(Idle {
            seconds: 4.0,
            cpu_percent: Spread { median: 0.5, low: 0.4, high: 0.6 },
            events_per_second: spread(30.0),
            resident: 40_100_000,
            rings: 8 << 20,
        }),
        start: Some(Start { first_event_ms: spread(430.0), stop_ms: spread(201.0) }),
    }
}
