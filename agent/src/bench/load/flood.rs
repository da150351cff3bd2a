// SPDX-License-Identifier: Apache-2.0
//! Calls at a rate, by a thread on each of some processors.

use std::{
    fmt, hint,
    str::FromStr,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use rustix::process::getppid;

use super::pin;

/// How long the calls of a slice take at most; then it is waited for the next one.
const SLICE: Duration = Duration::from_millis(1);
/// Calls between two looks at the clock, when there is no rate.
const STRIDE: u64 = 1000;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::bench) struct Flooded {
    /// Calls of all threads.
    pub(in crate::bench) calls: u64,
    /// How long it took.
    pub(in crate::bench) seconds: f64,
}

impl fmt::Display for Flooded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.calls, self.seconds)
    }
}

impl FromStr for Flooded {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let (calls, seconds) = text.split_once(' ').context("two numbers")?;
        Ok(Self { calls: calls.parse()?, seconds: seconds.parse()? })
    }
}

/// `asked` is how long, and how many calls a second all threads together make; as many as there can be when it is 0.
pub(super) fn run(asked: &str, cpus: &[usize]) -> Result<Flooded> {
    let (milliseconds, rate) = asked.split_once(' ').context("a time and a rate")?;
    let (length, rate) = (Duration::from_millis(milliseconds.parse()?), rate.parse::<u64>()?);
    let each = rate / cpus.len().max(1) as u64;
    let begun = Instant::now();
    let calls = thread::scope(|scope| {
        let flood =
            |cpu: usize| move || pin(cpu).map(|()| if each == 0 { unpaced(length) } else { paced(length, each) });
        let mut threads = Vec::new();
        for cpu in cpus {
            threads.push(scope.spawn(flood(*cpu)));
        }
        threads.into_iter().map(|thread| thread.join().ok().context("a thread panicked")?).sum::<Result<u64>>()
    })?;
    Ok(Flooded { calls, seconds: begun.elapsed().as_secs_f64() })
}

/// Makes so many calls.
fn ask(times: u64) {
    for _ in 0..times {
        let _ = getppid();
    }
}

fn unpaced(length: Duration) -> u64 {
    let (begun, mut calls) = (Instant::now(), 0);
    while begun.elapsed() < length {
        ask(STRIDE);
        calls += STRIDE;
    }
    calls
}

/// Of each slice, first the calls and then the rest of it. What one slice was late by, the next makes up for.
fn paced(length: Duration, rate: u64) -> u64 {
    let (begun, mut calls) = (Instant::now(), 0);
    let mut slice = 0;
    while begun.elapsed() < length {
        slice += 1;
        let due = (u128::from(rate) * SLICE.as_nanos() * u128::from(slice) / 1_000_000_000) as u64;
        ask(due - calls);
        calls = due;
        while begun.elapsed() < SLICE * slice {
            hint::spin_loop();
        }
    }
    calls
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_read_as_it_is_written() {
        let flooded = Flooded { calls: 1234, seconds: 0.5 };
        assert_eq!(flooded.to_string().parse::<Flooded>().expect("numbers"), flooded);
        assert!("1234".parse::<Flooded>().is_err());
    }

    #[test]
    fn a_rate_is_shared_by_the_slices() {
        // On a slow machine there are fewer slices, but each has all its calls.
        let calls = paced(Duration::from_millis(5), 3_000_000);
        assert!((3000..=15_000).contains(&calls) && calls.is_multiple_of(3000), "{calls}");
    }
}
