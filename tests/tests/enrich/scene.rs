// SPDX-License-Identifier: Apache-2.0
//! A capture in which a test says of each call what its event has to show.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    fs::File,
    panic::Location,
    path::PathBuf,
    time::{Duration, Instant},
};

use serde_json::Value;
use tests::TempDir;

use crate::{
    actor::Hand,
    agent::{Agent, Run},
    books::closed,
    wait::wait_for,
};

/// The fields by which an event is found; every scene asks for them.
const FOUND_BY: &[&str] = &["evt.type", "evt.rawres", "thread.tid", "fd.num"];

/// What an event has to show.
#[derive(Debug)]
struct Expected {
    at: &'static Location<'static>,
    tid: u32,
    call: String,
    /// By which it is found among the thread's events of that call: fields.
    key: Value,
    fields: Value,
}

/// A running capture.
#[derive(Debug)]
pub(crate) struct Scene {
    agent: Agent,
    /// What it has written so far.
    events: PathBuf,
    expected: RefCell<Vec<Expected>>,
}

/// What a capture left, its ledger closed.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The events.
    pub(crate) events: Vec<Value>,
    /// The ledger.
    pub(crate) ledger: Value,
    /// What the agent logged.
    pub(crate) stderr: String,
}

impl Scene {
    /// Captures `syscalls` and shows `fields` of them.
    pub(crate) fn start(syscalls: &str, fields: &[&str]) -> Self {
        Self::start_with(syscalls, fields, &[])
    }

    /// As [`Self::start`], with more arguments for the agent.
    pub(crate) fn start_with(syscalls: &str, fields: &[&str], args: &[&str]) -> Self {
        let mut names = FOUND_BY.to_vec();
        names.extend(fields.iter().filter(|name| !FOUND_BY.contains(name)));
        let names = names.join(",");
        let all = [&["-o", "json", "--syscalls", syscalls, "--fields", &names], args].concat();
        let folder = TempDir::new();
        let events = folder.join("events");
        let stdout = File::create(&events).expect("a file for events");
        let agent = Agent::start_to(&all, folder, stdout.into());
        Self { agent, events, expected: RefCell::default() }
    }

    /// The agent.
    pub(crate) const fn agent(&self) -> &Agent {
        &self.agent
    }

    /// Makes calls until one of thread `tid` is seen: the agent has read what came before.
    pub(crate) fn caught_up(&self, tid: u32, mut make: impl FnMut()) {
        let member = format!("\"thread.tid\":{tid},");
        wait_for("the agent catches up", || {
            make();
            fs::read_to_string(&self.events).expect("events").contains(&member).then_some(())
        });
    }

    /// Waits until `count` events of thread `tid` are written: how long that took.
    pub(crate) fn written(&self, tid: u32, count: usize) -> Duration {
        let start = Instant::now();
        let member = format!("\"thread.tid\":{tid},");
        wait_for("an event is written", || {
            let text = fs::read_to_string(&self.events).expect("events");
            (text.matches(&member).count() >= count).then_some(())
        });
        start.elapsed()
    }

    /// The next event of `hand` that is a `call` with result `ret` has to show `fields`.
    #[track_caller]
    pub(crate) fn expect(&self, hand: &Hand, call: &str, ret: i64, fields: Value) {
        self.expect_of(hand.tid, call, serde_json::json!({ "evt.rawres": ret }), fields);
    }

    /// The next event of `hand` that is a `call` of descriptor `fd` has to show `fields`.
    #[track_caller]
    pub(crate) fn expect_fd(&self, hand: &Hand, call: &str, fd: i64, fields: Value) {
        self.expect_of(hand.tid, call, serde_json::json!({ "fd.num": fd }), fields);
    }

    /// The next event of thread `tid` that is a `call` with the fields of `key` has to show `fields`.
    #[track_caller]
    pub(crate) fn expect_of(&self, tid: u32, call: &str, key: Value, fields: Value) {
        let expected = Expected { at: Location::caller(), tid, call: call.to_owned(), key, fields };
        self.expected.borrow_mut().push(expected);
    }

    /// Ends the capture; fails with all that its events should show and do not.
    pub(crate) fn finish(self) -> Outcome {
        let expected = self.expected.into_inner();
        let outcome = Outcome::of(self.agent.stop());
        let wrong = wrong(&expected, &outcome.events);
        assert!(
            wrong.is_empty(),
            "{} of {} events are not what they should be:\n{}\n{}{}",
            wrong.len(),
            expected.len(),
            wrong.join("\n"),
            outcome.stderr,
            outcome.ledger["metadata"]
        );
        outcome
    }
}

impl Outcome {
    /// Reads what a run left.
    pub(crate) fn of(run: Run) -> Self {
        let ledger = closed(&run);
        let lines = fs::read_to_string(run.folder.join("events")).expect("events");
        let event = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let events = lines.lines().map(event).collect();
        Self { events, ledger, stderr: run.stderr }
    }
}

fn agrees(event: &Value, key: &Value) -> bool {
    key.as_object().expect("an object").iter().all(|(field, value)| event[field] == *value)
}

/// What is wrong with each expected event.
fn wrong(expected: &[Expected], events: &[Value]) -> Vec<String> {
    let mut threads = BTreeMap::<u64, Vec<&Value>>::new();
    for event in events {
        if let Some(tid) = event["thread.tid"].as_u64() {
            threads.entry(tid).or_default().push(event);
        }
    }
    let mut next = BTreeMap::<u64, usize>::new();
    let mut wrong = Vec::new();
    for one in expected {
        let tid = u64::from(one.tid);
        let events = threads.get(&tid).map_or(&[][..], Vec::as_slice);
        let from = next.entry(tid).or_default();
        let at = events[*from..].iter().position(|event| event["evt.type"] == one.call && agrees(event, &one.key));
        let Some(at) = at else {
            let same = events.iter().filter(|event| event["evt.type"] == one.call);
            let same: Vec<_> = same.map(|event| brief(event, &one.key)).collect();
            wrong.push(format!(
                "{}: no {} of thread {tid} with {}; of {} events of the thread, these are such calls: {}",
                one.at,
                one.call,
                one.key,
                events.len(),
                same.join(" ")
            ));
            continue;
        };
        let event = events[*from + at];
        *from += at + 1;
        let fields = one.fields.as_object().expect("an object");
        let differing = fields.iter().filter(|(field, value)| event[*field] != **value);
        let differing = differing.fold(String::new(), |mut text, (field, value)| {
            let _ = write!(text, "\n    {field}: is {}, not {value}", event[field]);
            text
        });
        if !differing.is_empty() {
            wrong.push(format!("{}: {} of thread {tid}:{differing}", one.at, one.call));
        }
    }
    wrong
}

/// The fields of `event` that `key` has.
fn brief(event: &Value, key: &Value) -> String {
    let names = key.as_object().expect("an object").keys();
    let fields: serde_json::Map<String, Value> = names.map(|name| (name.clone(), event[name].clone())).collect();
    Value::Object(fields).to_string()
}
