// SPDX-License-Identifier: Apache-2.0
//! What a run wrote.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead as _, BufReader},
    path::Path,
};

use serde_json::Value;

/// What the lines about shedding contain, and no other.
pub(crate) const ABOUT: &str = "{\"type\":\"shed\"";

/// The lines of a file of events that contain `word`.
pub(crate) fn with(events: &Path, word: &str) -> Vec<Value> {
    let lines = BufReader::new(File::open(events).expect("events")).lines();
    lines
        .map(|line| line.expect("a line"))
        .filter(|line| line.contains(word))
        .map(|line| serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// Fails unless the lines about shedding say what the ledger says, by CPU and class, and begin before they end.
pub(crate) fn agree(events: &Path, ledger: &Value) {
    let mut told: BTreeMap<(u64, String), u64> = BTreeMap::new();
    let mut open: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for line in with(events, ABOUT) {
        let cpu = line["cpu"].as_u64().expect("a CPU");
        let classes = line["classes"].as_object().expect("classes");
        let names: Vec<_> = classes.keys().cloned().collect();
        let sum: u64 = classes.values().filter_map(Value::as_u64).sum();
        assert_eq!(line["calls"], sum, "{line}");
        let before = open.remove(&cpu);
        match line["phase"].as_str().expect("a phase") {
            "begin" => assert_eq!(before, None, "it has begun before: {line}"),
            "more" => assert!(before.is_some_and(|before| before.len() < names.len()), "no more than before: {line}"),
            _ => {
                assert!(line["since"].as_u64() <= line["until"].as_u64(), "{line}");
                for (class, calls) in classes {
                    *told.entry((cpu, class.clone())).or_default() += calls.as_u64().expect("calls");
                }
                continue;
            }
        }
        assert_eq!(line["until"], Value::Null, "{line}");
        open.insert(cpu, names);
    }
    assert!(open.is_empty(), "it has not ended on {open:?}");
    for cpu in ledger["cpus"].as_array().expect("cpus") {
        for (class, shed) in cpu["shed_by_class"].as_object().expect("classes") {
            let told = told.remove(&(cpu["cpu"].as_u64().expect("a CPU"), class.clone())).unwrap_or_default();
            assert_eq!(told, shed.as_u64().expect("calls"), "{class} of {cpu}");
        }
    }
    assert!(told.is_empty(), "{told:?}");
}
