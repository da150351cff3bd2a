// SPDX-License-Identifier: Apache-2.0
//! Runs of the agent that print fields as JSON.

use serde_json::Value;

use crate::{agent::Run, books};

/// The ledger of a run that must have lost nothing.
pub(crate) fn lossless(run: &Run) -> Value {
    let ledger = books::closed(run);
    let missing = books::all_lost(&ledger) + books::total(&ledger, "shed") + books::dropped(&ledger);
    assert_eq!(missing, 0, "{}", run.stderr);
    ledger
}

/// The lines of a run.
pub(crate) fn lines(run: &Run) -> Vec<Value> {
    tests::lines(&run.folder.join("events"))
}

/// What a condition removed: in the kernel, in userspace; and what it kept.
pub(crate) fn removed(ledger: &Value) -> [u64; 3] {
    let condition = ledger["condition"].as_object().expect("a run with a condition");
    ["kernel", "userspace", "kept"].map(|part| condition.values().map(|removed| books::count(removed, part)).sum())
}
