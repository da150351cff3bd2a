// SPDX-License-Identifier: Apache-2.0
//! The text line:
//! `21:14:03.123456789 cpu1 host root bash[1234] openat(dirfd=AT_FDCWD</root>, name="/etc/passwd", ..) = 3</etc/passwd>`

use std::{io::Write as _, sync::LazyLock};

use agent_common::{schema::Abi, shed::Class};

use super::{escape, number, subject, time};
use crate::{
    decode::{symbols, value, visit::flat::Flat},
    event::{Event, Gap, Shed},
    fields::{self, Field, value::Value},
};

const DIM: &[u8] = b"\x1b[2m";
const CYAN: &[u8] = b"\x1b[36m";
const BOLD: &[u8] = b"\x1b[1m";
const GREEN: &[u8] = b"\x1b[32m";
const MAGENTA: &[u8] = b"\x1b[35m";
const RED: &[u8] = b"\x1b[31m";
const RESET: &[u8] = b"\x1b[0m";

fn style(colour: bool, style: &[u8], out: &mut Vec<u8>) {
    if colour {
        out.extend_from_slice(style);
    }
}

/// Appends the line for an event.
pub fn event(event: &Event<'_>, colour: bool, out: &mut Vec<u8>) {
    let raw = &event.raw;
    style(colour, DIM, out);
    time::of_day(event.time, out);
    out.extend_from_slice(b" cpu");
    number(raw.header.cpu, out);
    style(colour, RESET, out);
    out.push(b' ');
    if event.tables.is_some() {
        where_and_who(event, colour, out);
    }
    style(colour, CYAN, out);
    escape::text(raw.comm(), out);
    style(colour, RESET, out);
    out.push(b'[');
    number(raw.header.tgid, out);
    if raw.header.tid != raw.header.tgid {
        out.push(b'/');
        number(raw.header.tid, out);
    }
    out.extend_from_slice(b"] ");
    style(colour, BOLD, out);
    name(event, out);
    style(colour, RESET, out);
    out.push(b'(');
    let context = raw.context();
    for (i, (arg, raw)) in raw.args().enumerate() {
        if i > 0 {
            out.extend_from_slice(b", ");
        }
        out.extend_from_slice(arg.name.as_bytes());
        out.push(b'=');
        let mut line = Flat::quoted(out);
        value::visit(arg.kind, raw, &context, &mut line);
        if raw.is_cut() && !line.cut {
            out.extend_from_slice(b"...");
        }
        if let Some(name) = subject::of_argument(event, arg, raw) {
            file(name, colour, out);
        }
    }
    out.extend_from_slice(b") = ");
    result(event, colour, out);
    if let Some(name) = subject::of_result(event) {
        file(name, colour, out);
    }
    if event.late {
        out.extend_from_slice(b" (late)");
    }
    out.push(b'\n');
}

/// The container, in a pod behind the pod's namespace and name, and the user that acts: names where they are known, else
/// ids.
fn where_and_who(event: &Event<'_>, colour: bool, out: &mut Vec<u8>) {
    let first = |fields: &[&Field], out: &mut Vec<u8>| {
        let value = fields.iter().map(|field| (field.get)(event, None)).find(|value| !value.is_missing());
        value.unwrap_or(Value::Missing).text(out);
    };
    style(colour, MAGENTA, out);
    if subject::is_in_pod(event) {
        for fields in [&*NAMESPACE, &*POD] {
            first(fields, out);
            out.push(b'/');
        }
        first(&CONTAINER_OF_POD, out);
    } else {
        first(&CONTAINER, out);
    }
    style(colour, RESET, out);
    out.push(b' ');
    style(colour, GREEN, out);
    first(&USER, out);
    style(colour, RESET, out);
    out.push(b' ');
}

fn named(names: &[&str]) -> Vec<&'static Field> {
    names.iter().filter_map(|name| fields::find(name)).collect()
}

/// What names the container, the better first.
static CONTAINER: LazyLock<Vec<&Field>> = LazyLock::new(|| named(&["container.name", "container.id"]));
/// What names it in a pod.
static CONTAINER_OF_POD: LazyLock<Vec<&Field>> =
    LazyLock::new(|| named(&["k8s.container.name", "container.name", "container.id"]));
/// What names the pod's namespace.
static NAMESPACE: LazyLock<Vec<&Field>> = LazyLock::new(|| named(&["k8s.ns.name"]));
/// What names the pod.
static POD: LazyLock<Vec<&Field>> = LazyLock::new(|| named(&["k8s.pod.name", "k8s.pod.uid"]));
/// What names the user.
static USER: LazyLock<Vec<&Field>> = LazyLock::new(|| named(&["user.name", "user.uid"]));

/// `<name>` behind a descriptor.
fn file(name: &[u8], colour: bool, out: &mut Vec<u8>) {
    style(colour, DIM, out);
    out.push(b'<');
    escape::text(name, out);
    out.push(b'>');
    style(colour, RESET, out);
}

/// The syscall's name, marked when it was called by another convention than the machine's.
fn name(event: &Event<'_>, out: &mut Vec<u8>) {
    if let Some(name) = event.raw.name() {
        out.extend_from_slice(name.as_bytes());
    } else {
        out.extend_from_slice(b"syscall_");
        number(event.raw.header.nr, out);
    }
    match event.raw.abi {
        Abi::Native => {}
        Abi::I386 => out.extend_from_slice(b"@i386"),
    }
}

fn result(event: &Event<'_>, colour: bool, out: &mut Vec<u8>) {
    match (event.raw.ret(), event.raw.errno()) {
        (None, _) => out.push(b'?'),
        (Some(ret), Some(errno)) => {
            style(colour, RED, out);
            number(ret, out);
            if let Some(name) = symbols::errno(errno) {
                out.push(b' ');
                out.extend_from_slice(name.as_bytes());
            }
            style(colour, RESET, out);
        }
        // Nothing but an address is that large.
        (Some(ret), None) if !(-0x8000_0000..=0xffff_ffff).contains(&ret) => {
            let _ = write!(out, "{ret:#x}");
        }
        (Some(ret), None) => number(ret, out),
    }
}

/// Appends the line about what is shed.
pub fn shed(shed: &Shed, out: &mut Vec<u8>) {
    let classes = Class::SHED.into_iter().zip(shed.calls).filter(|(_, calls)| *calls > 0);
    match shed.until {
        None => {
            let names: Vec<_> = classes.map(|(class, _)| class.name()).collect();
            let _ = write!(out, "# cpu{} sheds {} since ", shed.cpu, names.join(", "));
            time::of_day(shed.since, out);
        }
        Some(until) => {
            let counts: Vec<_> = classes.map(|(class, calls)| format!("{} {calls}", class.name())).collect();
            let all: u64 = shed.calls.iter().sum();
            let _ = write!(out, "# cpu{} shed {all} calls ({}) between ", shed.cpu, counts.join(", "));
            time::of_day(shed.since, out);
            out.extend_from_slice(b" and ");
            time::of_day(until, out);
        }
    }
    out.push(b'\n');
}

/// Appends the line for a gap.
pub fn gap(gap: &Gap, out: &mut Vec<u8>) {
    let what = if gap.state { "state records" } else { "events" };
    let _ = write!(out, "# cpu{} lost {} {what} ({}) between ", gap.cpu, gap.lost, gap.reason);
    match gap.since {
        Some(since) => time::of_day(since, out),
        None => out.extend_from_slice(b"the start"),
    }
    out.extend_from_slice(b" and ");
    match gap.until {
        Some(until) => time::of_day(until, out),
        None => out.extend_from_slice(b"the end"),
    }
    out.push(b'\n');
}
