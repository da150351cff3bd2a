// SPDX-License-Identifier: Apache-2.0
//! How long cases take.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::{Case, Cost, work::Work};

/// How often each case is timed; odd, so that one is in the middle.
const ROUNDS: usize = 11;
/// How long a round takes at least: many times what reading the clock does.
const ROUND: Duration = Duration::from_millis(4);

/// Times all of them by turns, so that what disturbs the machine for a while disturbs all alike.
pub(super) fn all(cases: &[Case]) -> Result<Vec<Cost>> {
    let mut works = Vec::with_capacity(cases.len());
    for case in cases {
        let mut work = case.prepare()?;
        let times = often_enough(&mut work);
        works.push((work, times, Vec::with_capacity(ROUNDS)));
    }
    for _ in 0..ROUNDS {
        for (work, times, rounds) in &mut works {
            rounds.push(timed(work, *times).as_secs_f64() * 1e9 / *times as f64);
        }
    }
    let costs = cases.iter().zip(works).map(|(case, (.., rounds))| cost(&case.name, rounds));
    Ok(costs.collect())
}

/// What the rounds of a case say, each in nanoseconds for one event.
fn cost(case: &str, mut rounds: Vec<f64>) -> Cost {
    rounds.sort_by(f64::total_cmp);
    let median_ns = rounds.get(rounds.len() / 2).copied().unwrap_or_default();
    let least_ns = rounds.first().copied().unwrap_or_default();
    Cost { case: case.to_owned(), median_ns, least_ns, per_second: (1e9 / median_ns) as u64 }
}

/// How often it is to be done for a round to take long enough.
fn often_enough(work: &mut Work) -> u64 {
    let mut times = 64;
    while timed(work, times) < ROUND {
        times *= 2;
    }
    times
}

fn timed(work: &mut Work, times: u64) -> Duration {
    let started = Instant::now();
    work(times);
    started.elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        let Cost { case, median_ns, least_ns, per_second } = cost("a/b", vec![9.0, 4.0, 100.0, 5.0, 8.0]);
        assert_eq!((case.as_str(), median_ns, least_ns, per_second), ("a/b", 8.0, 4.0, 125_000_000));
    }
}
