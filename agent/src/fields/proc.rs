// SPDX-License-Identifier: Apache-2.0
//! Fields of the process that made the call, of its ancestors and its group leaders: `proc.*`.

use std::sync::Arc;

use agent_common::{
    record::NO_ID,
    state::file::{ANY_LAYER, DETACHED, LOWER, UPPER},
};

use super::{ArgRule, Field, Type, fspath, reference::Arg, tables::Tables, value::Value};
use crate::{decode::state::ExeFile, event::Event, metadata::process::Process};

/// The help of a field that every ancestor has.
macro_rules! ancestors { ($what:literal) => {
    concat!(
        $what,
        " of every ancestor, any of which a comparison may take; `[n]` of one of them: 1 is the parent, 0 the process itself"
    )
} }

/// How many ancestors are looked at.
const MAX_ANCESTORS: u32 = 128;

/// The fields.
pub(super) const FIELDS: &[Field] = &[
    Field::of_call("proc.name", Type::Charbuf, "the name of the thread that made the call, at most 15 bytes", |e, _| {
        e.raw.comm().into()
    }),
    Field::of_process("proc.pname", Type::Charbuf, "the parent's name", |e, _| ancestor(e, 1).map(name).into()),
    Field::of_process("proc.aname", Type::Charbuf, ancestors!("the name"), |e, arg| of_ancestors(e, arg, |p| name(p).into()))
        .with(ArgRule::Index),
    Field::of_process("proc.exe", Type::Charbuf, "the first argument, by which the program was called", |e, _| {
        process(e).and_then(exe).into()
    }),
    Field::of_process("proc.pexe", Type::Charbuf, "the parent's first argument", |e, _| ancestor(e, 1).and_then(exe).into()),
    Field::of_process("proc.aexe", Type::Charbuf, ancestors!("the first argument"), |e, arg| of_ancestors(e, arg, |p| exe(p).into()))
        .with(ArgRule::Index),
    Field::of_process("proc.exepath", Type::Charbuf, "the path of the executable", |e, _| process(e).and_then(exe_path).into()),
    Field::of_process("proc.pexepath", Type::Charbuf, "the path of the parent's executable", |e, _| {
        ancestor(e, 1).and_then(exe_path).into()
    }),
    Field::of_process("proc.aexepath", Type::Charbuf, ancestors!("the path of the executable"), |e, arg| of_ancestors(e, arg, |p| exe_path(p).into()))
        .with(ArgRule::Index),
    Field::of_process("proc.args", Type::Charbuf, "the arguments without the first, joined by spaces; `[n]` one of them, from 0", |e, arg| {
        match (process(e), arg) {
            (Some(process), None) => joined(e, b"", rest(process)).into(),
            (Some(process), Some(Arg::Index(n))) => arguments(process).nth(*n as usize).into(),
            (Some(_), Some(Arg::Key(_))) | (None, _) => Value::Missing,
        }
    })
    .with(ArgRule::Index),
    Field::of_process("proc.aargs", Type::Charbuf, ancestors!("the arguments without the first"), |e, arg| {
        of_ancestors(e, arg, |p| joined(e, b"", rest(p)).into())
    })
    .with(ArgRule::Index),
    Field::of_process("proc.cmdline", Type::Charbuf, "`proc.name` and `proc.args`", |e, _| {
        process(e).map(|process| joined(e, e.raw.comm(), rest(process))).into()
    }),
    Field::of_process("proc.pcmdline", Type::Charbuf, "the parent's name and arguments", |e, _| ancestor(e, 1).map(|process| cmdline(e, process)).into()),
    Field::of_process("proc.acmdline", Type::Charbuf, ancestors!("the name and the arguments"), |e, arg| of_ancestors(e, arg, |p| cmdline(e, p).into()))
        .with(ArgRule::Index),
    Field::of_process("proc.exeline", Type::Charbuf, "`proc.exe` and `proc.args`", |e, _| {
        let process = process(e);
        process.and_then(|process| exe(process).map(|exe| joined(e, exe, rest(process)))).into()
    }),
    Field::of_process("proc.cmdnargs", Type::Uint64, "how many arguments there are, without the first", |e, _| {
        process(e).map(|process| arguments(process).count() as u64).into()
    }),
    Field::of_process("proc.cmdlenargs", Type::Uint64, "how many bytes they have together", |e, _| {
        process(e).map(|process| arguments(process).map(|arg| arg.len() as u64).sum::<u64>()).into()
    }),
    Field::of_process("proc.env", Type::Charbuf, "the environment, joined by spaces; `[NAME]` the value of one variable", |e, arg| {
        process(e).map_or(Value::Missing, |process| environment(e, process, arg))
    })
    .with(ArgRule::Key),
    Field::of_process(
        "proc.aenv",
        Type::Charbuf,
        "the environment of the ancestors: `[n]` of one, 1 is the parent; `[NAME]` the variable in the nearest that has it",
        |e, arg| match arg {
            Some(Arg::Key(_)) => {
                let mut found = ancestors(e).map(|process| environment(e, process, arg));
                found.find(|value| !value.is_missing()).unwrap_or(Value::Missing)
            }
            Some(Arg::Index(_)) | None => of_ancestors(e, arg, |process| environment(e, process, None)),
        },
    )
    .with(ArgRule::IndexOrKey),
    Field::of_process("proc.cwd", Type::Charbuf, "the working directory, with a slash at its end", |e, _| {
        fspath::cwd(e).map_or(Value::Missing, |cwd| if cwd.ends_with(b"/") { cwd.into() } else { e.arena.concat(&[cwd, b"/"]).into() })
    }),
    Field::of_process("proc.tty", Type::Uint32, "the device number of the controlling terminal, 0 for none", |e, _| {
        process(e).and_then(|process| process.tty).into()
    }),
    Field::of_call("proc.pid", Type::Int64, "the process id", |e, _| id(e.raw.header.tgid).into()),
    Field::of_call("proc.ppid", Type::Int64, "the parent's process id", |e, _| {
        let present = Some(e.raw.header.ppid).filter(|ppid| *ppid != NO_ID);
        present.or_else(|| process(e).map(|process| process.ppid)).map(id).into()
    }),
    Field::of_process("proc.apid", Type::Int64, ancestors!("the process id"), |e, arg| of_ancestors(e, arg, |process| id(process.pid).into()))
        .with(ArgRule::Index),
    Field::of_process("proc.vpid", Type::Int64, "the process id in its PID namespace", |e, _| {
        process(e).and_then(|process| process.vpid).map(id).into()
    }),
    Field::of_process("proc.pvpid", Type::Int64, "the parent's process id in the parent's PID namespace", |e, _| {
        ancestor(e, 1).and_then(|process| process.vpid).map(id).into()
    }),
    Field::of_process("proc.sid", Type::Int64, "the session id in its PID namespace", |e, _| {
        process(e).and_then(vsid).map(id).into()
    }),
    Field::of_process("proc.sname", Type::Charbuf, "the name of the session's leader", |e, _| {
        session_leader(e).map(name).into()
    }),
    Field::of_process("proc.sid.exe", Type::Charbuf, "the first argument of the session's leader", |e, _| {
        session_leader(e).and_then(exe).into()
    }),
    Field::of_process("proc.sid.exepath", Type::Charbuf, "the path of the executable of the session's leader", |e, _| {
        session_leader(e).and_then(exe_path).into()
    }),
    Field::of_process("proc.vpgid", Type::Int64, "the process group in its PID namespace", |e, _| {
        process(e).and_then(vpgid).map(id).into()
    }),
    Field::of_process("proc.vpgid.name", Type::Charbuf, "the name of the process group's leader", |e, _| {
        group_leader(e).map(name).into()
    }),
    Field::of_process("proc.vpgid.exe", Type::Charbuf, "the first argument of the process group's leader", |e, _| {
        group_leader(e).and_then(exe).into()
    }),
    Field::of_process("proc.vpgid.exepath", Type::Charbuf, "the path of the executable of the process group's leader", |e, _| {
        group_leader(e).and_then(exe_path).into()
    }),
    Field::of_process("proc.pgid", Type::Int64, "the process group", |e, _| process(e).and_then(group).map(id).into()),
    Field::of_process("proc.pgid.name", Type::Charbuf, "the name of the process group's leader", |e, _| {
        group_leader(e).map(name).into()
    }),
    Field::of_process("proc.pgid.exe", Type::Charbuf, "the first argument of the process group's leader", |e, _| {
        group_leader(e).and_then(exe).into()
    }),
    Field::of_process("proc.pgid.exepath", Type::Charbuf, "the path of the executable of the process group's leader", |e, _| {
        group_leader(e).and_then(exe_path).into()
    }),
    Field::of_process("proc.is_sid_leader", Type::Bool, "whether it leads its session", |e, _| {
        process(e).and_then(|process| Some(vsid(process)? == process.vpid?)).into()
    }),
    Field::of_process("proc.is_vpgid_leader", Type::Bool, "whether it leads its process group, in its PID namespace", |e, _| {
        process(e).and_then(|process| Some(vpgid(process)? == process.vpid?)).into()
    }),
    Field::of_process("proc.is_pgid_leader", Type::Bool, "whether it leads its process group", |e, _| {
        process(e).and_then(|process| Some(group(process)? == process.pid)).into()
    }),
    Field::of_process("proc.loginshellid", Type::Int64, "the process id of the oldest among it and its ancestors whose name ends in `sh`", |e, _| {
        let shells = process(e).into_iter().chain(ancestors(e)).filter(|process| name(process).ends_with(b"sh"));
        shells.last().map(|process| id(process.pid)).into()
    }),
    Field::of_process("proc.duration", Type::Reltime, "nanoseconds since it was made", |e, _| {
        process(e).and_then(|process| age(e, process)).into()
    }),
    Field::of_process("proc.ppid.duration", Type::Reltime, "nanoseconds since the parent was made", |e, _| {
        ancestor(e, 1).and_then(|process| age(e, process)).into()
    }),
    Field::of_process("proc.pid.ts", Type::Reltime, "when it was made, in nanoseconds since the epoch", |e, _| {
        process(e).and_then(|process| epoch(e, process.start)).into()
    }),
    Field::of_process("proc.ppid.ts", Type::Reltime, "when the parent was made, in nanoseconds since the epoch", |e, _| {
        ancestor(e, 1).and_then(|process| epoch(e, process.start)).into()
    }),
    Field::of_process("proc.pidns_init_start_ts", Type::Uint64, "when its PID namespace began, in nanoseconds since the epoch", |e, _| {
        pidns_start(e).into()
    }),
    Field::of_process("proc.is_exe_upper_layer", Type::Bool, "whether its executable is in the upper layer of an overlay", |e, _| {
        process(e).and_then(|process| process.exe_file).filter(layer_is_known).map(|file| file.bits & UPPER != 0).into()
    }),
    Field::of_process("proc.is_exe_lower_layer", Type::Bool, "whether its executable is in a lower layer of an overlay", |e, _| {
        process(e).and_then(|process| process.exe_file).filter(layer_is_known).map(|file| file.bits & LOWER != 0).into()
    }),
    Field::of_process("proc.is_exe_from_memfd", Type::Bool, "whether its executable is only in memory, made by memfd_create", |e, _| {
        process(e).and_then(is_from_memfd).into()
    }),
    Field::of_process("proc.exe_ino", Type::Int64, "the inode number of its executable", |e, _| {
        process(e).and_then(|process| process.exe_file).map(|file| file.inode).into()
    }),
    Field::of_process("proc.exe_ino.ctime", Type::Abstime, "when its executable's inode was changed, in nanoseconds since the epoch", |e, _| {
        process(e).and_then(ctime).into()
    }),
    Field::of_process("proc.exe_ino.mtime", Type::Abstime, "when its executable was written, in nanoseconds since the epoch", |e, _| {
        process(e).and_then(|process| process.exe_file).and_then(|file| file.mtime).into()
    }),
    Field::of_process(
        "proc.exe_ino.ctime_duration_proc_start",
        Type::Abstime,
        "nanoseconds from the change of its executable's inode until it was made",
        |e, _| process(e).and_then(|process| epoch(e, process.start)?.checked_sub(ctime(process)?)).into(),
    ),
    Field::of_process(
        "proc.exe_ino.ctime_duration_pidns_start",
        Type::Abstime,
        "nanoseconds from the beginning of its PID namespace until its executable's inode was changed",
        |e, _| {
            process(e).and_then(|process| ctime(process)?.checked_sub(pidns_start(e)?)).into()
        },
    ),
    Field::of_process("proc.nthreads", Type::Uint64, "how many threads it has", |e, _| {
        process(e).map(|process| process.threads).filter(|threads| *threads > 0).into()
    }),
    Field::of_process("proc.nchilds", Type::Uint64, "how many threads it has beside the first", |e, _| {
        process(e).and_then(|process| process.threads.checked_sub(1)).into()
    }),
];

/// The process that made the call.
fn process<'e>(event: &'e Event<'_>) -> Option<&'e Process> {
    event.process.map(|process| &**process)
}

/// Its ancestors, the parent first.
fn ancestors<'e>(event: &'e Event<'_>) -> impl Iterator<Item = &'e Process> {
    (1..=MAX_ANCESTORS).map_while(|n| ancestor(event, n))
}

/// Its ancestor number `n`; it is 0 itself.
fn ancestor<'e>(event: &'e Event<'_>, n: u32) -> Option<&'e Process> {
    if n == 0 { process(event) } else { event.tables?.ancestor(n).map(|process| &**process) }
}

/// What all ancestors have, or the one that `arg` names.
fn of_ancestors<'e>(event: &'e Event<'_>, arg: Option<&Arg>, get: impl Fn(&'e Process) -> Value<'e>) -> Value<'e> {
    match arg {
        Some(Arg::Index(n)) => ancestor(event, *n).map_or(Value::Missing, get),
        Some(Arg::Key(_)) | None => Value::list(event.arena, ancestors(event).map(get)),
    }
}

/// A leader: the process that the tables have for it, else the eldest ancestor in the same session or group.
fn leader<'e>(
    event: &'e Event<'_>,
    known: fn(&'e dyn Tables, &Process) -> Option<&'e Arc<Process>>,
    id: fn(&Process) -> Option<u32>,
) -> Option<&'e Process> {
    let process = process(event)?;
    if let Some(leader) = known(event.tables?, process) {
        return Some(leader);
    }
    let wanted = id(process)?;
    ancestors(event).take_while(|ancestor| id(ancestor) == Some(wanted)).last()
}

fn session_leader<'e>(event: &'e Event<'_>) -> Option<&'e Process> {
    leader(event, |tables, process| tables.session_leader(process), vsid)
}

fn group_leader<'e>(event: &'e Event<'_>) -> Option<&'e Process> {
    leader(event, |tables, process| tables.group_leader(process), vpgid)
}

fn id(id: u32) -> i64 {
    id.into()
}

fn name(process: &Process) -> &[u8] {
    &process.name
}

fn exe_path(process: &Process) -> Option<&[u8]> {
    process.exe_path.as_deref()
}

fn group(process: &Process) -> Option<u32> {
    process.groups.map(|(group, _)| group)
}

fn vpgid(process: &Process) -> Option<u32> {
    process.vgroups.map(|(group, _)| group)
}

fn vsid(process: &Process) -> Option<u32> {
    process.vgroups.map(|(_, session)| session)
}

fn ctime(process: &Process) -> Option<u64> {
    process.exe_file?.ctime
}

/// Strings that each end in a NUL.
fn strings(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    whole(bytes).split(|byte| *byte == 0).take(if bytes.is_empty() { 0 } else { usize::MAX })
}

/// The first argument.
fn exe(process: &Process) -> Option<&[u8]> {
    strings(&process.args).next()
}

/// The arguments without the first.
fn arguments(process: &Process) -> impl Iterator<Item = &[u8]> {
    strings(&process.args).skip(1)
}

/// `first` and the strings of `rest`, which each end in a NUL, joined by spaces; an empty `first` is left out.
fn joined<'e>(event: &'e Event<'_>, first: &[u8], rest: Option<&[u8]>) -> &'e [u8] {
    let Some(rest) = rest else { return event.arena.copy(first) };
    let behind = if first.is_empty() { 0 } else { first.len() + 1 };
    let out = event.arena.spaces(behind + rest.len());
    out[..first.len()].copy_from_slice(first);
    for (to, from) in out[behind..].iter_mut().zip(rest) {
        *to = if *from == 0 { b' ' } else { *from };
    }
    out
}

/// The arguments without the first, each with a NUL between it and the next.
fn rest(process: &Process) -> Option<&[u8]> {
    let at = memchr::memchr(0, whole(&process.args))?;
    whole(&process.args).get(at + 1..)
}

/// Strings without the last one's NUL, which it lacks when it was cut.
fn whole(bytes: &[u8]) -> &[u8] {
    bytes.strip_suffix(&[0]).unwrap_or(bytes)
}

fn cmdline<'e>(event: &'e Event<'_>, process: &Process) -> &'e [u8] {
    joined(event, name(process), rest(process))
}

/// The environment, or the variable that `arg` names.
fn environment<'e>(event: &'e Event<'_>, process: &'e Process, arg: Option<&Arg>) -> Value<'e> {
    let Some(env) = process.env.as_deref() else { return Value::Missing };
    match arg {
        Some(Arg::Key(name)) => {
            let mut values = strings(env).filter_map(|text| text.strip_prefix(name.as_bytes())?.strip_prefix(b"="));
            values.next().into()
        }
        Some(Arg::Index(_)) | None => joined(event, b"", Some(whole(env))).into(),
    }
}

fn is_from_memfd(process: &Process) -> Option<bool> {
    let path = exe_path(process)?;
    let detached = process.exe_file.is_some_and(|file| file.bits & DETACHED != 0);
    Some(path.starts_with(b"/memfd:") && (detached || path.ends_with(b" (deleted)")))
}

/// When the PID namespace of the process began, in nanoseconds since the epoch.
pub(super) fn pidns_start(event: &Event<'_>) -> Option<u64> {
    epoch(event, process(event)?.pidns_start?)
}

/// How old a process was at the event.
fn age(event: &Event<'_>, process: &Process) -> Option<u64> {
    event.raw.header.ts.checked_sub(process.start)
}

/// A time since boot as one since the epoch.
fn epoch(event: &Event<'_>, boot_time: u64) -> Option<u64> {
    event.time.checked_sub(event.raw.header.ts)?.checked_add(boot_time)
}

/// Whether it is known in which layer of an overlay a file is, if it is in one.
const fn layer_is_known(file: &ExeFile) -> bool {
    file.bits & ANY_LAYER == 0
}
