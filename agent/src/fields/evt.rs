// SPDX-License-Identifier: Apache-2.0
//! Fields of the call itself: `evt.*`.

use agent_common::effect::makes;

use super::{
    ArgRule, Field, Type, args,
    category::{self, Category},
    clock::Style,
    fd::{self, FdType},
    fspath,
    reference::Arg,
    value::Value,
};
use crate::{decode::symbols, event::Event, output::number};

const NANOS: u64 = 1_000_000_000;

/// The fields.
pub(super) const FIELDS: &[Field] = &[
    Field::of_call("evt.num", Type::Uint64, "the event's number in the run, from 1", |e, _| e.num.into()),
    Field::of_call(
        "evt.time",
        Type::Charbuf,
        "time of day with nanoseconds, in UTC; in JSON nanoseconds since the epoch",
        |e, _| Value::Time(e.time, Style::Day),
    ),
    Field::of_call("evt.time.s", Type::Charbuf, "time of day without nanoseconds, in UTC", |e, _| {
        Value::Time(e.time, Style::DaySeconds)
    }),
    Field::of_call("evt.time.iso8601", Type::Charbuf, "date and time with nanoseconds, as ISO 8601, in UTC", |e, _| {
        Value::Time(e.time, Style::Iso8601)
    }),
    Field::of_call("evt.datetime", Type::Charbuf, "date and time with nanoseconds, in UTC", |e, _| {
        Value::Time(e.time, Style::Date)
    }),
    Field::of_call("evt.datetime.s", Type::Charbuf, "date and time without nanoseconds, in UTC", |e, _| {
        Value::Time(e.time, Style::DateSeconds)
    }),
    Field::of_call("evt.rawtime", Type::Abstime, "nanoseconds since the epoch", |e, _| e.time.into()),
    Field::of_call("evt.rawtime.s", Type::Abstime, "whole seconds since the epoch", |e, _| (e.time / NANOS).into()),
    Field::of_call("evt.rawtime.ns", Type::Abstime, "nanoseconds within the second", |e, _| {
        Value::Nanos(e.time % NANOS)
    }),
    Field::of_process("evt.reltime", Type::Reltime, "nanoseconds since the run's first event", |e, _| {
        since_first(e).map_or(Value::Missing, Value::Nanos)
    }),
    Field::of_process("evt.reltime.s", Type::Reltime, "whole seconds since the run's first event", |e, _| {
        since_first(e).map(|nanos| nanos / NANOS).into()
    }),
    Field::of_process(
        "evt.reltime.ns",
        Type::Reltime,
        "nanoseconds within the second since the run's first event",
        |e, _| since_first(e).map_or(Value::Missing, |nanos| Value::Nanos(nanos % NANOS)),
    ),
    Field::of_process("evt.deltatime", Type::Reltime, "nanoseconds since the event before", |e, _| {
        since_previous(e).into()
    }),
    Field::of_process("evt.deltatime.s", Type::Reltime, "whole seconds since the event before", |e, _| {
        since_previous(e).map(|nanos| nanos / NANOS).into()
    }),
    Field::of_process(
        "evt.deltatime.ns",
        Type::Reltime,
        "nanoseconds within the second since the event before",
        |e, _| since_previous(e).map_or(Value::Missing, |nanos| Value::Nanos(nanos % NANOS)),
    ),
    Field::of_call("evt.dir", Type::Charbuf, "always `<`: a call is one event", |_, _| "<".into()),
    Field::of_call("evt.type", Type::Charbuf, "the syscall's name; `syscall_N` when the number has none", |e, _| {
        name(e)
    }),
    Field::of_call("syscall.type", Type::Charbuf, "the same as `evt.type`", |e, _| name(e)),
    Field::of_call("evt.type.is", Type::Uint32, "1 if the syscall is the one named, else 0", |e, arg| match arg {
        Some(Arg::Key(name)) => u64::from(e.raw.name() == Some(name)).into(),
        Some(Arg::Index(_)) | None => Value::Missing,
    })
    .with(ArgRule::Syscall),
    Field::of_file(
        "evt.category",
        Type::Charbuf,
        "file, net, IPC, memory, process, signal, sleep, system, time, user, wait or other; of reads, writes and descriptor \
         calls that of the file",
        |e, _| category(e).into(),
    ),
    Field::of_call("evt.source", Type::Charbuf, "always `syscall`", |_, _| "syscall".into()),
    Field::of_call("evt.is_async", Type::Bool, "always false: every event is a syscall", |_, _| false.into()),
    Field::of_process("evt.hostname", Type::Charbuf, "the host's name", |e, _| {
        e.tables.and_then(|tables| tables.hostname()).into()
    }),
    Field::of_call("evt.cpu", Type::Int16, "the CPU that the call ended on", |e, _| i64::from(e.raw.header.cpu).into()),
    Field::of_call("evt.args", Type::Charbuf, "result and arguments as `name=value`, separated by spaces", |e, _| {
        args::all(e).into()
    }),
    Field::of_call("evt.info", Type::Charbuf, "the same as `evt.args`", |e, _| args::all(e).into()),
    Field::of_call(
        "evt.arg",
        Type::Charbuf,
        "an argument as text, symbols for flags; `res` is the result. `[n]` counts the arguments as printed, from 0",
        |e, arg| match arg {
            Some(Arg::Key(name)) => args::text(e, name),
            Some(Arg::Index(n)) => {
                args::by_place(&e.raw, *n).map_or(Value::Missing, |(arg, value)| args::text_of(e, arg, value))
            }
            None => Value::Missing,
        },
    )
    .with(ArgRule::Call),
    Field::of_call(
        "evt.rawarg",
        Type::Dyn,
        "an argument as the number or the bytes it is; flags as the kernel's number",
        |e, arg| match arg {
            Some(Arg::Key(name)) => args::number_of(e, name),
            Some(Arg::Index(n)) => {
                args::by_place(&e.raw, *n).map_or(Value::Missing, |(arg, _)| args::number_of(e, arg.name))
            }
            None => Value::Missing,
        },
    )
    .with(ArgRule::Call),
    Field::of_call("evt.buffer", Type::Bytebuf, "what a call read or wrote, up to the snap length", |e, _| {
        args::buffer(e)
    }),
    Field::of_call("evt.buflen", Type::Uint64, "how many bytes a call read or wrote", |e, _| match category_of(e) {
        Category::Read | Category::Write => e.raw.ret().and_then(|ret| u64::try_from(ret).ok()).into(),
        Category::Of(_) | Category::Io => Value::Missing,
    }),
    Field::of_call("evt.res", Type::Charbuf, "`SUCCESS` or the error's name", |e, _| {
        match (e.raw.ret(), e.raw.errno()) {
            (None, _) => Value::Missing,
            (Some(_), None) => "SUCCESS".into(),
            (Some(ret), Some(errno)) => {
                symbols::errno(errno).map_or_else(|| e.arena.text(|out| number(ret, out)).into(), Value::from)
            }
        }
    }),
    Field::of_call("evt.rawres", Type::Int64, "the result; an error is negative", |e, _| e.raw.ret().into()),
    Field::of_call("evt.failed", Type::Bool, "whether the call returned an error", |e, _| failed(e).into()),
    Field::of_call("evt.is_io", Type::Bool, "whether the call reads or writes a descriptor", |e, _| {
        e.raw.name().is_some_and(|name| category::reads(name) || category::writes(name)).into()
    }),
    Field::of_call("evt.is_io_read", Type::Bool, "whether the call reads a descriptor", |e, _| {
        e.raw.name().is_some_and(category::reads).into()
    }),
    Field::of_call("evt.is_io_write", Type::Bool, "whether the call writes a descriptor", |e, _| {
        e.raw.name().is_some_and(category::writes).into()
    }),
    Field::of_call("evt.io_dir", Type::Charbuf, "`read` or `write`, for calls that do so", |e, _| match e.raw.name() {
        Some(name) if category::writes(name) => "write".into(),
        Some(name) if category::reads(name) => "read".into(),
        Some(_) | None => Value::Missing,
    }),
    Field::of_call("evt.is_wait", Type::Bool, "whether the call waits: sleeps, polls, selects", |e, _| {
        e.raw.name().is_some_and(category::waits).into()
    }),
    Field::of_side("evt.is_syslog", Type::Bool, "whether the call writes to `/dev/log`", |e, _| {
        let writes = e.raw.name().is_some_and(category::writes);
        (writes && fd::name(e).is_some_and(|name| name.windows(8).any(|part| part == b"/dev/log"))).into()
    }),
    Field::of_call("evt.count", Type::Uint32, "always 1", |_, _| 1_u32.into()),
    Field::of_call("evt.count.error", Type::Uint32, "1 if the call returned an error, else 0", |e, _| error_count(e)),
    Field::of_file(
        "evt.count.error.file",
        Type::Uint32,
        "the same as `evt.count.error`, for calls on files",
        |e, _| error_in(e, Area::File),
    ),
    Field::of_file(
        "evt.count.error.net",
        Type::Uint32,
        "the same as `evt.count.error`, for calls on sockets",
        |e, _| error_in(e, Area::Net),
    ),
    Field::of_call(
        "evt.count.error.memory",
        Type::Uint32,
        "the same as `evt.count.error`, for calls about memory",
        |e, _| {
            if category_of(e) == Category::Of("memory") { error_count(e) } else { Value::Missing }
        },
    ),
    Field::of_file("evt.count.error.other", Type::Uint32, "the same as `evt.count.error`, for other calls", |e, _| {
        error_in(e, Area::Other)
    }),
    Field::of_call("evt.count.exit", Type::Uint32, "always 1", |_, _| 1_u32.into()),
    Field::of_file(
        "evt.abspath",
        Type::Charbuf,
        "the absolute path of an `..at` call's directory descriptor and name",
        |e, _| fspath::at(e, 0),
    ),
    Field::of_file(
        "evt.abspath.src",
        Type::Charbuf,
        "the first absolute path of an `..at` call that has two",
        |e, _| fspath::at(e, 0),
    ),
    Field::of_file(
        "evt.abspath.dst",
        Type::Charbuf,
        "the second absolute path of an `..at` call that has two",
        |e, _| fspath::at(e, 1),
    ),
    Field::of_call("evt.is_open_read", Type::Bool, "for open calls: whether for reading", |e, _| {
        opens_for(e).is_some_and(|flags| flags & O_ACCMODE != O_WRONLY).into()
    }),
    Field::of_call("evt.is_open_write", Type::Bool, "for open calls: whether for writing", |e, _| {
        opens_for(e).is_some_and(|flags| matches!(flags & O_ACCMODE, O_WRONLY | O_RDWR)).into()
    }),
    Field::of_call(
        "evt.is_open_exec",
        Type::Bool,
        "for open and creat: whether a file is made that may be executed",
        |e, _| {
            let makes = match e.raw.name() {
                Some("creat") => Some(true),
                Some(_) | None => opens_for(e).map(|flags| flags & (O_CREAT | O_TMPFILE) != 0),
            };
            makes.is_some_and(|makes| makes && made_with(e).is_some_and(|mode| mode & 0o111 != 0)).into()
        },
    ),
    Field::of_call(
        "evt.is_open_create",
        Type::Bool,
        "for open calls: whether a file was made; missing where the call does not tell (O_CREAT without O_EXCL)",
        |e, _| is_open_create(e),
    ),
];

/// Access modes and flags of `open`, which are the same on every architecture that the agent knows:
/// <https://github.com/torvalds/linux/blob/v6.12/include/uapi/asm-generic/fcntl.h>
pub(crate) const O_ACCMODE: u64 = 0o3;
pub(crate) const O_WRONLY: u64 = 0o1;
pub(crate) const O_RDWR: u64 = 0o2;
pub(crate) const O_CREAT: u64 = 0o100;
pub(crate) const O_EXCL: u64 = 0o200;
pub(crate) const O_TMPFILE: u64 = 0o20_000_000;

/// Whether an open call made a file.
fn is_open_create<'e>(event: &Event<'_>) -> Value<'e> {
    let Some(flags) = opens_for(event) else { return false.into() };
    if event.raw.ret().is_none_or(|ret| ret < 0) {
        return false.into();
    }
    match flags & (O_CREAT | O_EXCL) {
        _ if flags & O_TMPFILE != 0 => true.into(),
        both if both == O_CREAT | O_EXCL => true.into(),
        O_CREAT => Value::Missing,
        _ => false.into(),
    }
}

/// The flags of an open call.
fn opens_for(event: &Event<'_>) -> Option<u64> {
    match event.raw.name()? {
        "open" | "openat" | "open_by_handle_at" => args::word(&event.raw, "flags"),
        "openat2" => how(event, 0),
        _ => None,
    }
}

/// The permissions of the file that an open call makes.
fn made_with(event: &Event<'_>) -> Option<u64> {
    match event.raw.name()? {
        "open" | "openat" | "creat" => args::word(&event.raw, "mode"),
        "openat2" => how(event, 8),
        _ => None,
    }
}

/// The word at `offset` of `openat2`'s `struct open_how`: flags and mode.
fn how(event: &Event<'_>, offset: usize) -> Option<u64> {
    let word = args::bytes(&event.raw, "how")?.get(offset..)?.first_chunk::<8>()?;
    Some(u64::from_ne_bytes(*word))
}

/// The syscall's name.
fn name<'e>(event: &'e Event<'_>) -> Value<'e> {
    match event.raw.name() {
        Some(name) => name.into(),
        None => event
            .arena
            .text(|out| {
                out.extend_from_slice(b"syscall_");
                number(event.raw.header.nr, out);
            })
            .into(),
    }
}

fn since_first(event: &Event<'_>) -> Option<u64> {
    event.time.checked_sub(event.tables?.first_time()?)
}

fn since_previous(event: &Event<'_>) -> Option<u64> {
    event.time.checked_sub(event.tables?.previous_time()?)
}

fn failed(event: &Event<'_>) -> Option<bool> {
    event.raw.ret().map(|_| event.raw.errno().is_some())
}

fn category_of(event: &Event<'_>) -> Category {
    event.raw.name().map_or(Category::Of("other"), category::of)
}

fn category(event: &Event<'_>) -> &'static str {
    match category_of(event) {
        Category::Of(name) => name,
        Category::Read | Category::Write | Category::Io => match fd::file_type(event) {
            Some(FdType::File | FdType::Directory) => "file",
            Some(FdType::Ipv4 | FdType::Ipv6) => "net",
            Some(
                FdType::Pipe | FdType::Unix | FdType::Event | FdType::Signalfd | FdType::Inotify | FdType::Userfaultfd,
            ) => "ipc",
            Some(
                FdType::Eventpoll
                | FdType::Timerfd
                | FdType::Netlink
                | FdType::IoUring
                | FdType::Memfd
                | FdType::Bpf
                | FdType::Pidfd
                | FdType::Other
                | FdType::OtherSocket,
            )
            | None => "unknown",
        },
    }
}

/// What an error concerns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Area {
    File,
    Net,
    Other,
}

fn error_count<'e>(event: &Event<'_>) -> Value<'e> {
    failed(event).map(u32::from).into()
}

fn error_in<'e>(event: &Event<'_>, area: Area) -> Value<'e> {
    let concerns = match fd::file_type(event) {
        Some(FdType::File | FdType::Directory) => Area::File,
        Some(FdType::Ipv4 | FdType::Ipv6 | FdType::Unix) => Area::Net,
        Some(_) => Area::Other,
        None => match event.raw.name() {
            Some("accept" | "accept4" | "connect") => Area::Net,
            Some("open" | "openat" | "openat2" | "creat" | "open_by_handle_at") if event.raw.row.is_some_and(makes) => {
                Area::File
            }
            Some(_) | None if category_of(event) == Category::Of("memory") => return Value::Missing,
            Some(_) | None => Area::Other,
        },
    };
    if concerns == area { error_count(event) } else { Value::Missing }
}
