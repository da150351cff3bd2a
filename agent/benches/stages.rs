// SPDX-License-Identifier: Apache-2.0
//! What each stage does with one event: the cases of `lanner stages`, with divan's statistics.

use agent::stages::cases;
use divan::Bencher;

/// Events of an iteration: one takes less than reading the clock.
const EVENTS: u64 = 1000;

fn main() {
    divan::main();
}

#[divan::bench(args = cases().into_iter().map(|case| case.name))]
fn events(bencher: Bencher<'_, '_>, name: &str) {
    let case = cases().into_iter().find(|case| case.name == name).expect("a case");
    let mut work = case.prepare().expect("set up");
    bencher.counter(EVENTS).bench_local(|| work(EVENTS));
}
