// SPDX-License-Identifier: Apache-2.0
//! The arguments of a call by name and by place, and what is inside of them.

mod kinds;

use agent_common::schema::{Abi, Arg, Kind, Syscall};

pub(crate) use self::kinds::{Kinds, kinds_by_name, kinds_by_place};
use super::value::Value;
use crate::{
    arena::Arena,
    decode::{
        RawArg, RawEvent,
        sockaddr::SockAddr,
        symbols::{self, Context},
        value,
        visit::{Absent, Text, Visitor, flat::Flat},
    },
    event::Event,
    output::number,
    select,
};

/// The call's result, by the name that Falco has for it.
pub(super) const RESULT: &str = "res";
/// The descriptor that a call makes, by the name that Falco has for it.
const NEW_FD: &str = "fd";
/// Members of structs that Falco has as arguments of their own.
const MEMBERS: &[&str] =
    &["resolve", "data", "sq_entries", "cq_entries", "sq_thread_cpu", "sq_thread_idle", "features", "exit_signal"];

/// Every name by which an argument can be asked for.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let rows = select::rows().flat_map(|(_, _, row)| row.args).map(|arg| arg.name);
    [RESULT, NEW_FD].into_iter().chain(MEMBERS.iter().copied()).chain(rows)
}

/// The argument `name`.
pub(super) fn by_name<'e>(raw: &RawEvent<'e>, name: &str) -> Option<(&'static Arg, RawArg<'e>)> {
    raw.args().find(|(arg, _)| arg.name == name)
}

/// The argument at `place`, from 0.
pub(super) fn by_place<'e>(raw: &RawEvent<'e>, place: u32) -> Option<(&'static Arg, RawArg<'e>)> {
    raw.args().nth(place as usize)
}

/// The bytes of the argument `name`.
pub(super) fn bytes<'e>(raw: &RawEvent<'e>, name: &str) -> Option<&'e [u8]> {
    match by_name(raw, name)?.1 {
        RawArg::Bytes { bytes, .. } => Some(bytes),
        RawArg::Absent(_) => None,
    }
}

/// The register that is the argument `name`.
pub(super) fn word(raw: &RawEvent<'_>, name: &str) -> Option<u64> {
    by_name(raw, name)?.1.word()
}

/// What is asked for as `name`, as text.
pub(super) fn text<'e>(event: &'e Event<'_>, name: &str) -> Value<'e> {
    let raw = &event.raw;
    match by_name(raw, name) {
        Some((arg, value)) => text_of(event, arg, value),
        None if means_result(raw, name) => result(event),
        None => member_text(event, name).into(),
    }
}

/// The member `name` of a struct, as text.
fn member_text<'e>(event: &'e Event<'_>, name: &str) -> Option<&'e [u8]> {
    event.arena.some_text(|out| member(&event.raw, name, Flat::plain(out)).is_some_and(|plain| !plain.absent))
}

/// What is asked for as `name`: a number where it is one, also where text shows it by its symbols.
pub(super) fn number_of<'e>(event: &'e Event<'_>, name: &str) -> Value<'e> {
    let raw = &event.raw;
    match by_name(raw, name) {
        Some((arg, value)) => raw_of(event, arg, value),
        None if means_result(raw, name) => raw.ret().into(),
        None => member(raw, name, Raw::new(event.arena)).and_then(|raw| raw.value).into(),
    }
}

/// Whether `name` stands for the result of a call of `row`, unless it is one of its arguments.
pub(crate) fn is_result(row: &Syscall, name: &str) -> bool {
    name == RESULT || name == NEW_FD && agent_common::effect::makes(row)
}

/// Whether `name` stands for the result.
fn means_result(raw: &RawEvent<'_>, name: &str) -> bool {
    raw.row.map_or(name == RESULT, |row| is_result(row, name))
}

/// The result: an error's name, or the number.
fn result<'e>(event: &'e Event<'_>) -> Value<'e> {
    match event.raw.errno().and_then(symbols::errno) {
        Some(name) => name.into(),
        None => event.raw.ret().map(|ret| event.arena.text(|out| number(ret, out))).into(),
    }
}

/// The bytes of an argument that is a string or a buffer.
fn string(kind: Kind, value: RawArg<'_>) -> Option<Value<'_>> {
    let RawArg::Bytes { bytes, .. } = value else { return None };
    #[expect(clippy::wildcard_enum_match_arm, reason = "what is no string is a number or has parts")]
    match kind {
        Kind::Path | Kind::Str | Kind::StrIf { .. } => Some(Value::Text(bytes)),
        Kind::PathOut(_) => Some(Value::Text(bytes.strip_suffix(&[0]).unwrap_or(bytes))),
        Kind::Data(_) | Kind::DataOut(_) | Kind::Iov(_) | Kind::IovOut(_) => Some(Value::Bytes(bytes)),
        _ => None,
    }
}

/// An argument as text.
pub(super) fn text_of<'e>(event: &'e Event<'_>, arg: &Arg, value: RawArg<'e>) -> Value<'e> {
    if matches!(value, RawArg::Absent(_)) {
        return Value::Missing;
    }
    string(arg.kind, value).unwrap_or_else(|| {
        let write = |out: &mut Vec<u8>| value::visit(arg.kind, value, &event.raw.context(), &mut Flat::plain(out));
        event.arena.text(write).into()
    })
}

/// A register argument of `kind` as text, as far as it does not depend on other arguments.
pub(crate) fn word_text(kind: Kind, word: u64, abi: Abi) -> Vec<u8> {
    let (bytes, mut out) = (word.to_ne_bytes(), Vec::new());
    let context = Context { abi, args: [0; 6] };
    value::visit(kind, RawArg::Bytes { bytes: &bytes, cut: false }, &context, &mut Flat::plain(&mut out));
    out
}

/// An argument as the number or the bytes it is.
fn raw_of<'e>(event: &'e Event<'_>, arg: &Arg, value: RawArg<'e>) -> Value<'e> {
    raw_value(arg.kind, value, &event.raw.context(), event.arena)
}

fn raw_value<'e>(kind: Kind, value: RawArg<'e>, context: &Context, arena: &'e Arena) -> Value<'e> {
    if let Some(string) = string(kind, value) {
        return string;
    }
    let mut visitor = Raw::new(arena);
    value::visit(kind, value, context, &mut visitor);
    match (visitor.value, value.word()) {
        (Some(value), _) => value,
        // Symbols stand for an `int`, unless there is more.
        (None, Some(word)) if matches!(kind, Kind::Flags(_) | Kind::Enum(_) | Kind::Signal) => {
            let high = word >> 32;
            Value::Uint(if high == u64::from(u32::MAX) { word & u64::from(u32::MAX) } else { word })
        }
        (None, _) => Value::Missing,
    }
}

/// The content that a call reads or writes: its argument `data`, or what is in its message.
pub(super) fn buffer<'e>(event: &'e Event<'_>) -> Value<'e> {
    let data = event.raw.args().find_map(|(arg, value)| string(arg.kind, value).filter(|_| arg.name == "data"));
    data.unwrap_or_else(|| member_text(event, "data").map_or(Value::Missing, Value::Bytes))
}

/// The socket address that a call passes or gets, by itself or in a message.
pub(super) fn address<R>(raw: &RawEvent<'_>, read: impl FnOnce(&SockAddr<'_>) -> R) -> Option<R> {
    let (arg, value) = raw.args().find(|(arg, _)| {
        matches!(
            arg.kind,
            Kind::Sockaddr(_) | Kind::SockaddrOut(_) | Kind::Msg | Kind::MsgOut | Kind::Mmsg(_) | Kind::MmsgOut
        )
    })?;
    let mut first = Address { read: Some(read), found: None };
    value::visit(arg.kind, value, &raw.context(), &mut first);
    first.found
}

/// Shows the member `name` of the first struct that has it to `visitor`.
fn member<V: Visitor>(raw: &RawEvent<'_>, name: &str, visitor: V) -> Option<V> {
    let context = raw.context();
    let mut pick = Pick { name, visitor, depth: 0, inside: false, found: false };
    for (arg, value) in raw.args() {
        let shown = matches!(value, RawArg::Bytes { .. }) && string(arg.kind, value).is_none() && has_parts(arg.kind);
        if shown {
            value::visit(arg.kind, value, &context, &mut pick);
            if pick.found {
                return Some(pick.visitor);
            }
        }
    }
    None
}

/// Whether values of this kind have members.
pub(super) fn has_parts(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Struct(_)
            | Kind::Sized(..)
            | Kind::StructOut(_)
            | Kind::SizedOut(..)
            | Kind::StructFound(_)
            | Kind::Msg
            | Kind::MsgOut
            | Kind::Mmsg(_)
            | Kind::MmsgOut
    )
}

/// Every argument as `name=value`, separated by spaces, the result first.
pub(super) fn all<'e>(event: &'e Event<'_>) -> &'e [u8] {
    let result = result(event);
    event.arena.text(|out| {
        if !result.is_missing() {
            out.extend_from_slice(b"res=");
            result.write(out);
        }
        let context: Context = event.raw.context();
        for (arg, value) in event.raw.args() {
            if !out.is_empty() {
                out.push(b' ');
            }
            out.extend_from_slice(arg.name.as_bytes());
            out.push(b'=');
            value::visit(arg.kind, value, &context, &mut Flat::plain(out));
        }
    })
}

/// The number or the bytes that a value is; nothing for one that has parts.
struct Raw<'e> {
    value: Option<Value<'e>>,
    arena: &'e Arena,
}

impl<'e> Raw<'e> {
    const fn new(arena: &'e Arena) -> Self {
        Self { value: None, arena }
    }
}

impl Visitor for Raw<'_> {
    fn absent(&mut self, _: Absent) {}

    fn signed(&mut self, value: i64) {
        self.value = Some(Value::Int(value));
    }

    fn unsigned(&mut self, value: u64) {
        self.value = Some(Value::Uint(value));
    }

    fn hex(&mut self, value: u64) {
        self.value = Some(Value::Uint(value));
    }

    fn octal(&mut self, value: u64) {
        self.value = Some(Value::Uint(value));
    }

    fn named(&mut self, value: i64, _: &str) {
        self.value = Some(Value::Int(value));
    }

    fn symbols(&mut self, _: &dyn Fn(&mut Vec<u8>)) {}

    fn bytes(&mut self, _: Text, bytes: &[u8], _: bool) {
        self.value = Some(Value::Bytes(self.arena.copy(bytes)));
    }

    fn sockaddr(&mut self, addr: &SockAddr<'_>) {
        self.value = Some(self.arena.text(|out| addr.write(out)).into());
    }

    fn begin_object(&mut self) {}

    fn key(&mut self, _: &str) {}

    fn end_object(&mut self) {
        self.value = None;
    }

    fn begin_array(&mut self) {}

    fn element(&mut self) {}

    fn end_array(&mut self, _: bool) {
        self.value = None;
    }
}

/// Shows one member of an object to another visitor.
struct Pick<'n, V> {
    name: &'n str,
    visitor: V,
    /// How many objects and arrays are open.
    depth: u32,
    /// Whether the member's value is being shown.
    inside: bool,
    /// Whether the member was shown.
    found: bool,
}

impl<V: Visitor> Pick<'_, V> {
    /// A part of the value: the whole of it when it is a direct member.
    fn part(&mut self, show: impl FnOnce(&mut V)) {
        if self.inside {
            show(&mut self.visitor);
            if self.depth == 1 {
                self.inside = false;
                self.found = true;
            }
        }
    }

    fn open(&mut self, show: impl FnOnce(&mut V)) {
        if self.inside {
            show(&mut self.visitor);
        }
        self.depth += 1;
    }

    fn close(&mut self, show: impl FnOnce(&mut V)) {
        self.depth = self.depth.saturating_sub(1);
        self.part(show);
    }
}

impl<V: Visitor> Visitor for Pick<'_, V> {
    fn absent(&mut self, why: Absent) {
        self.part(|v| v.absent(why));
    }

    fn signed(&mut self, value: i64) {
        self.part(|v| v.signed(value));
    }

    fn unsigned(&mut self, value: u64) {
        self.part(|v| v.unsigned(value));
    }

    fn hex(&mut self, value: u64) {
        self.part(|v| v.hex(value));
    }

    fn octal(&mut self, value: u64) {
        self.part(|v| v.octal(value));
    }

    fn named(&mut self, value: i64, name: &str) {
        self.part(|v| v.named(value, name));
    }

    fn symbols(&mut self, write: &dyn Fn(&mut Vec<u8>)) {
        self.part(|v| v.symbols(write));
    }

    fn bytes(&mut self, what: Text, bytes: &[u8], cut: bool) {
        self.part(|v| v.bytes(what, bytes, cut));
    }

    fn sockaddr(&mut self, addr: &SockAddr<'_>) {
        self.part(|v| v.sockaddr(addr));
    }

    fn begin_object(&mut self) {
        self.open(Visitor::begin_object);
    }

    fn key(&mut self, name: &str) {
        if self.inside {
            self.visitor.key(name);
        } else if self.depth == 1 && !self.found && name == self.name {
            self.inside = true;
        }
    }

    fn end_object(&mut self) {
        self.close(Visitor::end_object);
    }

    fn begin_array(&mut self) {
        self.open(Visitor::begin_array);
    }

    fn element(&mut self) {
        if self.inside {
            self.visitor.element();
        }
    }

    fn end_array(&mut self, cut: bool) {
        self.close(|v| v.end_array(cut));
    }
}

/// Reads the first socket address that it is shown.
struct Address<F, R> {
    read: Option<F>,
    found: Option<R>,
}

impl<F: FnOnce(&SockAddr<'_>) -> R, R> Visitor for Address<F, R> {
    fn sockaddr(&mut self, addr: &SockAddr<'_>) {
        if let Some(read) = self.read.take() {
            self.found = Some(read(addr));
        }
    }

    fn absent(&mut self, _: Absent) {}
    fn signed(&mut self, _: i64) {}
    fn unsigned(&mut self, _: u64) {}
    fn hex(&mut self, _: u64) {}
    fn octal(&mut self, _: u64) {}
    fn named(&mut self, _: i64, _: &str) {}
    fn symbols(&mut self, _: &dyn Fn(&mut Vec<u8>)) {}
    fn bytes(&mut self, _: Text, _: &[u8], _: bool) {}
    fn begin_object(&mut self) {}
    fn key(&mut self, _: &str) {}
    fn end_object(&mut self) {}
    fn begin_array(&mut self) {}
    fn element(&mut self) {}
    fn end_array(&mut self, _: bool) {}
}
