// SPDX-License-Identifier: Apache-2.0

use std::collections::BTreeSet;

use super::{Case, cases, chosen};

/// Work that goes wrong panics: what a condition says and what a record holds are looked at each time.
#[test]
fn every_case_can_be_done() {
    let cases = cases();
    let names: BTreeSet<_> = cases.iter().map(|case| &case.name).collect();
    assert_eq!(names.len(), cases.len());
    for case in &cases {
        let mut work = case.prepare().expect("set up");
        // Often enough for batches to leave and buffers to be handed on.
        work(1000);
    }
}

/// The lines are those of a machine whose tables know the process, its parent and its file.
#[test]
fn lines_have_what_the_tables_know() {
    use super::{
        calls::{Call, PATH},
        world,
    };
    use crate::{
        arena::Arena,
        decode::RawEvent,
        event::Event,
        output::{Cache, Format},
    };
    let mut tables = world::tables("sh", PATH).expect("tables");
    let bytes = Call::Openat.record();
    let raw = RawEvent::parse(&bytes).expect("a record");
    let subject = tables.subject(&raw, 5);
    let (view, arena, mut line) = (tables.view(&subject), Arena::default(), Vec::new());
    Format::Json.event(&Event::of(raw, 1, 5, Some(&view), &arena), false, &mut Cache::default(), &mut line);
    let line: serde_json::Value = serde_json::from_slice(&line).expect("JSON");
    assert_eq!(line["process"]["exe_path"], "/usr/bin/sh");
    assert_eq!(line["process"]["cmdline"], "sh -c one two three");
    assert_eq!(line["parent"]["cmdline"], "sh -c one two three");
    assert!(line.to_string().contains(&format!("\"{PATH}\"")), "{line}");
    assert_eq!(view.subject().files[1].as_ref().map(|file| file.inode), Some(42));
}

#[test]
fn cases_are_chosen_by_name_and_by_stage() {
    let names = |asked: &[&str]| -> Vec<String> {
        let asked: Vec<_> = asked.iter().map(|&name| name.to_owned()).collect();
        chosen(&asked).expect("known").into_iter().map(|Case { name, .. }| name).collect()
    };
    assert_eq!(names(&["state"]), ["state/file", "state/fork-exec-exit"]);
    assert_eq!(names(&["json/openat", "order"]), ["order/getppid", "json/openat"]);
    assert_eq!(names(&[]).len(), cases().len());
    let said = chosen(&["json/opnat".to_owned()]).err().map(|error| error.to_string());
    assert_eq!(said.as_deref(), Some("no case or stage is called `json/opnat`; did you mean `json/openat`?"));
}
