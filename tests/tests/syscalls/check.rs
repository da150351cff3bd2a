// SPDX-License-Identifier: Apache-2.0
//! Lines against expectations.

use std::collections::HashMap;

use serde_json::{Value, json};
use tests::{Event, difference};

use crate::caller::Expected;

/// What the line of a call has to have, beside who made it and when.
fn line(expected: &Expected) -> Value {
    json!({
        "syscall": expected.syscall,
        "nr": expected.nr,
        "abi": expected.abi,
        "pid": expected.pid,
        "ppid": expected.ppid,
        "uid": expected.uid,
        "gid": expected.gid,
        "args": expected.args.values,
        "ret": expected.ret,
        "escaped": expected.args.escaped,
        "truncated": expected.args.truncated,
        "unreadable": expected.args.unreadable,
    })
}

/// The same of a line that the agent wrote.
fn shown(event: &Event) -> Value {
    let json = event.json();
    let remarks = |name: &str| json.get(name).cloned().unwrap_or_else(|| json!([]));
    json!({
        "syscall": json["syscall"],
        "nr": json["nr"],
        "abi": json["abi"],
        "pid": json["pid"],
        "ppid": json["ppid"],
        "uid": json["uid"],
        "gid": json["gid"],
        "args": json["args"],
        "ret": json["ret"],
        "escaped": remarks("escaped"),
        "truncated": remarks("truncated"),
        "unreadable": remarks("unreadable"),
    })
}

/// How many members of the arguments agree.
fn nearness(found: &Value, wanted: &Value) -> usize {
    let agree = |key: &str| usize::from(found[key] == wanted[key]);
    let args = wanted["args"].as_object().into_iter().flatten();
    args.filter(|(name, value)| found["args"][name.as_str()] == **value).count() + agree("ret") + agree("nr")
}

/// Whether the error's name goes with the result.
fn errno_fits(event: &Event) -> bool {
    let failed = event.json()["ret"].as_i64().is_some_and(|ret| (-4095..0).contains(&ret));
    failed == event.json()["errno"].is_string()
}

/// Says so when a thread's calls are not in the order in which it made them.
fn out_of_order(tid: u32, events: &[&Event]) -> Option<String> {
    let mut pairs = events.iter().zip(events.iter().skip(1));
    let (one, other) = pairs.find(|(one, other)| one.ts() > other.ts())?;
    Some(format!("thread {tid}: {one} comes before {other}"))
}

/// What is wrong, in words.
#[derive(Debug, Default)]
pub(crate) struct Wrong {
    /// Whatever else is.
    pub(crate) lines: Vec<String>,
    /// Calls of which there is no line as it has to be.
    pub(crate) absent: Vec<String>,
}

/// Looks up every expectation, in the order in which its thread made its calls.
pub(crate) fn all(expected: &[Expected], lines: &[Event]) -> Wrong {
    let mut threads = HashMap::<u32, Vec<&Event>>::new();
    for event in lines.iter().filter(|event| event.json()["type"] == "syscall") {
        threads.entry(event.tid()).or_default().push(event);
    }
    let out_of_order = threads.iter().filter_map(|(tid, events)| out_of_order(*tid, events));
    let mut wrong = Wrong { lines: out_of_order.collect(), ..Wrong::default() };
    let mut next = HashMap::<u32, usize>::new();
    for one in expected {
        let events = threads.get(&one.tid).map_or(&[][..], Vec::as_slice);
        let from = next.entry(one.tid).or_default();
        let wanted = line(one);
        let rest = || events.iter().enumerate().skip(*from).filter(|(_, event)| event.syscall() == one.syscall);
        let found = rest().find(|(_, event)| shown(event) == wanted);
        if let Some((at, event)) = found {
            *from = at + 1;
            if !errno_fits(event) {
                wrong.lines.push(format!("{}: {}: errno is {}", one.at, one.syscall, event.json()["errno"]));
            }
            continue;
        }
        // The first of those that come nearest: the case's own call is before others like it.
        let nearest = rest().map(|(_, event)| shown(event)).rev().max_by_key(|event| nearness(event, &wanted));
        let said = match nearest {
            None => format!("no such call was captured, expected {wanted}"),
            Some(nearest) => {
                difference("line", &nearest, &wanted).unwrap_or_default()
                    + &format!("\n      of {:.1000}", nearest.to_string())
            }
        };
        wrong.absent.push(format!("{}: {} {}: {said}", one.at, one.abi, one.syscall));
    }
    wrong
}
