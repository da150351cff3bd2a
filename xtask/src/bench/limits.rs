// SPDX-License-Identifier: Apache-2.0
//! What capture may cost at most, and whether it does.

use super::report::{F0, F1, Report};

/// What an agent does whose output is discarded, without tables and with them; and as users start it.
const DISCARD: &str = "discard";
const STATE: &str = "state";
const ENRICHED: &str = "enriched";
/// Events a second that one thread makes, of which none may be lost.
const LOSS_FREE: f64 = 500_000.0;
/// Bytes that the agent may have resident beside its rings.
const MEMORY: f64 = 40e6;

/// A limit, and what was measured.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Limit {
    /// What it is about.
    pub(super) what: String,
    /// The limit, with its unit.
    pub(super) limit: String,
    /// What was measured, in the same unit.
    pub(super) measured: String,
    /// Whether it is kept.
    pub(super) holds: bool,
}

impl Limit {
    pub(super) fn words(&self) -> String {
        format!("{}: {}, {}", self.what, self.measured, self.limit)
    }
}

/// All limits of which something was measured.
pub(super) fn of(report: &Report) -> Vec<Limit> {
    let mut limits = Vec::new();
    let ratios = [
        ("W0", ENRICHED, F0, 1.15),
        ("W1", DISCARD, F1, 1.2),
        ("W2", DISCARD, F1, 1.7),
        ("W3", DISCARD, F1, 2.0),
        ("W4", DISCARD, F1, 2.0),
        ("W5", DISCARD, F1, 2.0),
    ];
    for (workload, target, floor, most) in ratios {
        if let Some(ratio) = report.ratio(workload, target, floor) {
            limits.push(most_of(format!("{workload} {target}, added"), ratio, most, 2, &format!(" x {floor}")));
        }
    }
    for (workload, target, most) in [("W1", ENRICHED, 500.0), ("W3", ENRICHED, 500.0), ("W1", STATE, 150.0)] {
        if let Some(cpu) = report.cell(workload, target).and_then(|cell| cell.cpu_ns_per_event) {
            limits.push(most_of(format!("{workload} {target}, agent CPU an event"), cpu.median, most, 0, " ns"));
        }
    }
    for target in [STATE, ENRICHED] {
        if report.curve.iter().any(|point| point.target == target && point.threads == 1) {
            let rate = report.loss_free(target, 1).unwrap_or(0.0);
            limits.push(Limit {
                what: format!("{target}, events a second of one thread without loss"),
                limit: format!("at least {LOSS_FREE:.0}"),
                measured: format!("{rate:.0}"),
                // A thread that is asked for so many makes a few less.
                holds: rate >= 0.99 * LOSS_FREE,
            });
        }
    }
    if let Some(idle) = &report.idle {
        limits.push(most_of("idle, CPU".to_owned(), idle.cpu_percent.median, 0.5, 2, " %"));
        limits.push(most_of(
            "idle, memory beside rings".to_owned(),
            idle.resident as f64 / 1e6,
            MEMORY / 1e6,
            1,
            " MB",
        ));
    }
    if let Some(start) = &report.start {
        limits.push(most_of("start to first event".to_owned(), start.first_event_ms.median, 500.0, 0, " ms"));
        limits.push(most_of("stop".to_owned(), start.stop_ms.median, 200.0, 0, " ms"));
    }
    limits
}

fn most_of(what: String, measured: f64, most: f64, digits: usize, unit: &str) -> Limit {
    Limit {
        what,
        limit: format!("at most {most}{unit}"),
        measured: format!("{measured:.digits$}{unit}"),
        holds: measured <= most,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::sample;

    #[test]
    fn each_limit_is_held_against_what_was_measured() {
        let words: Vec<_> =
            of(&sample::report()).iter().map(|limit| format!("{} {}", limit.holds, limit.words())).collect();
        assert_eq!(
            words,
            [
                "true W1 discard, added: 1.20 x F1, at most 1.2 x F1",
                "false W1 enriched, agent CPU an event: 501 ns, at most 500 ns",
                "true enriched, events a second of one thread without loss: 499990, at least 500000",
                "true idle, CPU: 0.50 %, at most 0.5 %",
                "false idle, memory beside rings: 40.1 MB, at most 40 MB",
                "true start to first event: 430 ms, at most 500 ms",
                "false stop: 201 ms, at most 200 ms",
            ]
        );
    }
}
