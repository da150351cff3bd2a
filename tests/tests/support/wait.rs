// SPDX-License-Identifier: Apache-2.0
//! Waiting for conditions.

use std::{
    thread,
    time::{Duration, Instant},
};

/// How long anything is waited for before the test fails. A condition is met in far less.
const PATIENCE: Duration = Duration::from_mins(1);

/// Waits until `done` has an answer; fails with `what` when it never has.
pub(crate) fn wait_for<T>(what: &str, mut done: impl FnMut() -> Option<T>) -> T {
    let patience = tests::patience(PATIENCE);
    let deadline = Instant::now() + patience;
    loop {
        if let Some(answer) = done() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited {patience:?} in vain: {what}");
        pause(Duration::from_millis(2));
    }
}

/// Lets time pass.
#[expect(clippy::disallowed_methods, reason = "where what is waited for tells nobody, or is time itself")]
pub(crate) fn pause(length: Duration) {
    thread::sleep(length);
}
