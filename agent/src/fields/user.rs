// SPDX-License-Identifier: Apache-2.0
//! Fields of the user and the group by whose rights the call was made: `user.*`, `group.*`. As in Falco these are the
//! effective ones.

use super::{Field, Type, value::Value};
use crate::{
    event::Event,
    metadata::{process::Credentials, users::User},
};

/// The fields.
pub(super) const FIELDS: &[Field] = &[
    Field::of_process("user.uid", Type::Uint32, "the effective user id", |e, _| uid(e).into()),
    Field::of_process("user.name", Type::Charbuf, "the user's name", |e, _| uid(e).and_then(|uid| name(e, uid)).into()),
    Field::of_process("user.homedir", Type::Charbuf, "the user's home directory", |e, _| {
        uid(e).and_then(|uid| user(e, uid)).map(|user| &*user.home).into()
    }),
    Field::of_process("user.shell", Type::Charbuf, "the user's login shell", |e, _| {
        uid(e).and_then(|uid| user(e, uid)).map(|user| &*user.shell).into()
    }),
    Field::of_process("user.loginuid", Type::Int64, "the id of the user that logged in, -1 when nobody did", |e, _| {
        login(e).map(|uid| if uid == NOBODY { -1 } else { i64::from(uid) }).into()
    }),
    Field::of_process("user.loginname", Type::Charbuf, "the name of the user that logged in", |e, _| {
        login(e).filter(|uid| *uid != NOBODY).and_then(|uid| name(e, uid)).into()
    }),
    Field::of_process("group.gid", Type::Uint32, "the effective group id", |e, _| gid(e).into()),
    Field::of_process("group.name", Type::Charbuf, "the group's name", |e, _| match gid(e) {
        Some(gid) => {
            e.tables.and_then(|tables| tables.group(gid)).or_else(|| (gid == 0).then_some(&b"root"[..])).into()
        }
        None => Value::Missing,
    }),
];

/// The login uid of processes that nobody's login led to.
const NOBODY: u32 = u32::MAX;

/// The credentials of the thread.
pub(super) fn credentials<'e>(event: &'e Event<'_>) -> Option<&'e Credentials> {
    let own = event.thread.and_then(|thread| thread.credentials.as_ref());
    own.or_else(|| event.process?.credentials.as_ref())
}

fn uid(event: &Event<'_>) -> Option<u32> {
    credentials(event).map(|credentials| credentials.euid)
}

fn gid(event: &Event<'_>) -> Option<u32> {
    credentials(event).map(|credentials| credentials.egid)
}

fn login(event: &Event<'_>) -> Option<u32> {
    event.process.and_then(|process| process.login).map(|(uid, _)| uid)
}

fn user<'e>(event: &'e Event<'_>, uid: u32) -> Option<&'e User> {
    event.tables?.user(uid)
}

/// A user's name. The superuser is one also where no table says so.
fn name<'e>(event: &'e Event<'_>, uid: u32) -> Option<&'e [u8]> {
    user(event, uid).map(|user| &*user.name).or_else(|| (uid == 0).then_some(&b"root"[..]))
}
