// SPDX-License-Identifier: Apache-2.0
//! How long anything is waited for before a test fails.

use std::{env, time::Duration};

/// Says how many times longer, on machines that are slow: those that QEMU interprets.
const TIMES: &str = "LANNER_TEST_PATIENCE";

/// `limit`, or as many times that as `LANNER_TEST_PATIENCE` says.
///
/// # Panics
/// When that is no number.
#[must_use]
pub fn patience(limit: Duration) -> Duration {
    limit * env::var(TIMES).map_or(1, |times| times.parse().unwrap_or_else(|error| panic!("{TIMES}={times}: {error}")))
}
