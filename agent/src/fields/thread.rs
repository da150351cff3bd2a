// SPDX-License-Identifier: Apache-2.0
//! Fields of the thread that made the call: `thread.*`.

use super::{Field, Type, user::credentials, value::Value};
use crate::{decode::symbols::process::CAPABILITIES, event::Event};

/// The fields.
pub(super) const FIELDS: &[Field] = &[
    Field::of_call("thread.tid", Type::Int64, "the thread id", |e, _| i64::from(e.raw.header.tid).into()),
    Field::of_process("thread.vtid", Type::Int64, "the thread id in its PID namespace", |e, _| {
        vtid(e).map(i64::from).into()
    }),
    Field::of_call("thread.ismain", Type::Bool, "whether it is the first thread of its process", |e, _| {
        is_main(e).into()
    }),
    Field::of_process(
        "thread.cap_permitted",
        Type::Charbuf,
        "the permitted capabilities, separated by spaces",
        |e, _| capabilities(e, 0),
    ),
    Field::of_process(
        "thread.cap_effective",
        Type::Charbuf,
        "the effective capabilities, separated by spaces",
        |e, _| capabilities(e, 1),
    ),
    Field::of_process(
        "thread.cap_inheritable",
        Type::Charbuf,
        "the inheritable capabilities, separated by spaces",
        |e, _| capabilities(e, 2),
    ),
];

const fn is_main(event: &Event<'_>) -> bool {
    event.raw.header.tid == event.raw.header.tgid
}

fn vtid(event: &Event<'_>) -> Option<u32> {
    let own = event.thread.and_then(|thread| thread.vtid);
    own.or_else(|| event.process.filter(|_| is_main(event))?.vpid)
}

/// The set number `set` of [`crate::metadata::process::Credentials::capabilities`].
fn capabilities<'e>(event: &'e Event<'_>, set: usize) -> Value<'e> {
    let Some(mask) = credentials(event).and_then(|credentials| credentials.capabilities.get(set)) else {
        return Value::Missing;
    };
    let held = CAPABILITIES.iter().filter(|(bit, _)| (mask >> bit) & 1 != 0).map(|(_, name)| *name);
    let write = |out: &mut Vec<u8>| {
        for name in held {
            if !out.is_empty() {
                out.push(b' ');
            }
            out.extend_from_slice(name.as_bytes());
        }
    };
    event.arena.text(write).into()
}
