// SPDX-License-Identifier: Apache-2.0
//! Who made an event, and on what, in the default lines of text and JSON.

use std::sync::{Arc, LazyLock};

use agent_common::{
    record::NO_ID,
    schema::{Arg, Kind},
};

use super::{escape, heads::Heads};
use crate::{
    decode::{RawArg, value::AT_FDCWD},
    event::Event,
    fields::{self, Get, reference, value::Value},
    metadata::{
        container::Container,
        descriptor::{Place, place},
        file::File,
        kubernetes::Pod,
        process::{Process, Thread},
    },
};

/// A member of an object of a JSON line: its key, what a remark calls it, and the field that it shows; [`MADE_BY`] is none.
type Member = (&'static str, &'static str, &'static str);

/// What stands for the id of the process that made the process. The field `proc.ppid` is that of its present parent, which
/// the name does not go with when the one that made it has ended.
const MADE_BY: &str = "";

/// The objects of a JSON line.
const OBJECTS: &[(&str, &[Member])] = &[
    (
        "process",
        &[
            ("name", "process.name", "proc.name"),
            ("exe", "process.exe", "proc.exe"),
            ("exe_path", "process.exe_path", "proc.exepath"),
            ("cmdline", "process.cmdline", "proc.cmdline"),
            ("cwd", "process.cwd", "proc.cwd"),
            ("tty", "process.tty", "proc.tty"),
            ("sid", "process.sid", "proc.sid"),
            ("pgid", "process.pgid", "proc.pgid"),
            ("vpid", "process.vpid", "proc.vpid"),
            ("start", "process.start", "proc.pid.ts"),
        ],
    ),
    (
        "parent",
        &[
            ("pid", "parent.pid", MADE_BY),
            ("name", "parent.name", "proc.pname"),
            ("exe_path", "parent.exe_path", "proc.pexepath"),
            ("cmdline", "parent.cmdline", "proc.pcmdline"),
        ],
    ),
    (
        "user",
        &[
            ("name", "user.name", "user.name"),
            ("group", "user.group", "group.name"),
            ("loginuid", "user.loginuid", "user.loginuid"),
            ("loginname", "user.loginname", "user.loginname"),
        ],
    ),
    (
        "container",
        &[
            ("id", "container.id", "container.id"),
            ("name", "container.name", "container.name"),
            ("type", "container.type", "container.type"),
            ("image", "container.image", "container.image"),
        ],
    ),
];

/// The pod, for events of one.
const POD: &[Member] = &[
    ("name", "pod.name", "k8s.pod.name"),
    ("namespace", "pod.namespace", "k8s.ns.name"),
    ("uid", "pod.uid", "k8s.pod.uid"),
    ("container", "pod.container", "k8s.container.name"),
    ("node", "pod.node", "k8s.node.name"),
];

/// A member with the way to its value.
type Filled = (&'static str, &'static str, Get);

/// The objects with their fields.
static FILLED: LazyLock<Vec<(&'static str, Vec<Filled>)>> =
    LazyLock::new(|| OBJECTS.iter().map(|(object, members)| (*object, filled(members))).collect());
/// The pod's members with their fields.
static FILLED_POD: LazyLock<Vec<Filled>> = LazyLock::new(|| filled(POD));

fn filled(members: &'static [Member]) -> Vec<Filled> {
    let get = |field| -> Option<Get> { if field == MADE_BY { Some(made_by) } else { Some(fields::find(field)?.get) } };
    members.iter().filter_map(|(key, label, field)| Some((*key, *label, get(field)?))).collect()
}

fn made_by<'e>(event: &'e Event<'_>, _: Option<&reference::Arg>) -> Value<'e> {
    let known = event.process.map(|process| process.ppid);
    known.or_else(|| Some(event.raw.header.ppid).filter(|ppid| *ppid != NO_ID)).map(i64::from).into()
}

/// Objects that were written lately: threads make many calls, and stay who they are.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    entries: Vec<Option<Written>>,
    pub(super) heads: Heads,
}

/// How many threads' objects are kept.
const KEPT: usize = 64;

/// Whose objects they are. The parts are kept, so that no other can have their address.
#[derive(Clone, Debug)]
struct Whose {
    comm: [u8; 16],
    process: Option<Arc<Process>>,
    parent: Option<Arc<Process>>,
    thread: Option<Thread>,
    container: Option<Arc<Container>>,
    pod: Option<Arc<Pod>>,
    /// Where the container's description is, which may come later.
    described: Option<usize>,
}

#[derive(Clone, Debug)]
struct Written {
    whose: Whose,
    bytes: Vec<u8>,
    escaped: Vec<&'static str>,
}

fn same<T>(a: Option<&Arc<T>>, b: Option<&Arc<T>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

impl Whose {
    fn parent<'a>(event: &Event<'a>) -> Option<&'a Arc<Process>> {
        event.tables?.ancestor(1)
    }

    fn described(event: &Event<'_>) -> Option<usize> {
        event.container?.details().map(|details| std::ptr::from_ref(details).addr())
    }

    fn of(event: &Event<'_>) -> Self {
        Self {
            comm: event.raw.header.comm,
            process: event.process.cloned(),
            parent: Self::parent(event).cloned(),
            thread: event.thread.cloned(),
            container: event.container.cloned(),
            pod: event.pod.cloned(),
            described: Self::described(event),
        }
    }

    fn is(&self, event: &Event<'_>) -> bool {
        self.comm == event.raw.header.comm
            && same(self.process.as_ref(), event.process)
            && same(self.parent.as_ref(), Self::parent(event))
            && same(self.container.as_ref(), event.container)
            && same(self.pod.as_ref(), event.pod)
            && self.described == Self::described(event)
            && self.thread.as_ref() == event.thread
    }
}

impl Cache {
    /// Forgets all: users' names may have changed.
    pub(super) fn forget(&mut self) {
        self.entries.clear();
    }

    /// Appends the objects, each with a comma before it. Members that are not UTF-8 are named in `escaped`.
    pub(super) fn objects(&mut self, event: &Event<'_>, escaped: &mut Vec<&'static str>, out: &mut Vec<u8>) {
        // A process that is not known may be told by other fields of the event.
        if event.process.is_none() {
            who(event, escaped, out);
        } else {
            if self.entries.is_empty() {
                self.entries.resize_with(KEPT, || None);
            }
            let Some(entry) = self.entries.get_mut(event.raw.header.tid as usize % KEPT) else { return };
            let written = match entry {
                Some(written) if written.whose.is(event) => written,
                _ => {
                    let (mut bytes, mut escaped) = (Vec::new(), Vec::new());
                    who(event, &mut escaped, &mut bytes);
                    entry.insert(Written { whose: Whose::of(event), bytes, escaped })
                }
            };
            out.extend_from_slice(&written.bytes);
            escaped.extend_from_slice(&written.escaped);
        }
        files(event, escaped, out);
    }
}

/// Appends the objects that say who made the event.
fn who(event: &Event<'_>, escaped: &mut Vec<&'static str>, out: &mut Vec<u8>) {
    let mut put = |object, members: &[Filled]| {
        super::json::member(object, out);
        for (i, (key, label, get)) in members.iter().enumerate() {
            out.extend_from_slice(if i == 0 { b"{\"" } else { b",\"" });
            out.extend_from_slice(key.as_bytes());
            out.extend_from_slice(b"\":");
            if get(event, None).json(out) {
                escaped.push(label);
            }
        }
        out.push(b'}');
    };
    for (object, members) in FILLED.iter() {
        put(object, members);
    }
    if is_in_pod(event) {
        put("pod", &FILLED_POD);
    }
}

/// Whether the event is of a pod, as far as its container's cgroup or runtime tells.
pub(super) fn is_in_pod(event: &Event<'_>) -> bool {
    event.container.is_some_and(|container| {
        container.pod_uid().is_some() || container.details().is_some_and(|details| details.pod.is_some())
    })
}

/// Appends the names of the files of the call's descriptors, by argument.
fn files(event: &Event<'_>, escaped: &mut Vec<&'static str>, out: &mut Vec<u8>) {
    super::json::member("files", out);
    let mut open = b'{';
    let mut put = |key: &str, name: &[u8]| {
        out.push(open);
        open = b',';
        out.push(b'"');
        out.extend_from_slice(key.as_bytes());
        out.extend_from_slice(b"\":");
        if escape::json(name, false, out) && escaped.last() != Some(&"files") {
            escaped.push("files");
        }
    };
    for (arg, raw) in event.raw.args() {
        if let Some(name) = of_argument(event, arg, raw) {
            put(arg.name, name);
        }
    }
    if let Some(name) = of_result(event) {
        put("ret", name);
    }
    if open == b'{' {
        out.push(b'{');
    }
    out.push(b'}');
}

fn name<'a>(event: &Event<'a>, file: Option<&File>) -> Option<&'a [u8]> {
    event.arena.some_text(|out| file.is_some_and(|file| file.write_name(out)))
}

/// The file `n` (0 or 1) of an event.
fn file<'a>(event: &Event<'a>, n: u32) -> Option<&'a File> {
    event.files.get(n as usize).copied().flatten().map(AsRef::as_ref)
}

/// The name of the file that a descriptor argument refers to; of `AT_FDCWD` the working directory.
pub(super) fn of_argument<'a>(event: &Event<'a>, arg: &Arg, raw: RawArg<'_>) -> Option<&'a [u8]> {
    if !matches!(arg.kind, Kind::Fd | Kind::Dirfd) {
        return None;
    }
    if arg.kind == Kind::Dirfd && raw.word().is_some_and(|word| (word as u32).cast_signed() == AT_FDCWD) {
        let own = event.thread.and_then(|thread| thread.cwd.as_deref());
        return own.or_else(|| event.process?.cwd.as_deref());
    }
    let row = event.raw.row?;
    let n = (0..2).find(|n| place(row, *n) == Some(Place::Register(arg.at)))?;
    name(event, file(event, n))
}

/// The name of the file that the call made a descriptor of.
pub(super) fn of_result<'a>(event: &Event<'a>) -> Option<&'a [u8]> {
    let row = event.raw.row?;
    let n = (0..2).find(|n| place(row, *n) == Some(Place::Result))?;
    name(event, file(event, n))
}
