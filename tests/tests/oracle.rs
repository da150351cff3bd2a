// SPDX-License-Identifier: Apache-2.0
//! strace as an oracle: it sees the same programs by ptrace, while the agent sees them by the probe. Per thread, both
//! must have the same calls in the same order, with the same results, paths, data and plain numbers.

#![expect(clippy::panic, reason = "a test fails by panicking")]

#[path = "support/agent.rs"]
mod agent;
#[path = "support/events.rs"]
mod events;
#[path = "support/strace.rs"]
mod strace;
#[path = "support/wait.rs"]
mod wait;

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fmt::Write as _,
    fs,
    os::unix::ffi::OsStrExt as _,
    path::Path,
    process::{Command, Stdio},
};

use agent_common::{
    numbers,
    schema::{Abi, Arg, Kind},
};
use serde_json::Value;
use tests::TempDir;

use crate::{
    agent::{Agent, alone},
    events::{arg_bytes, arg_strings, marked},
    strace::{Call, Outcome, Trace},
};

/// Bytes of a buffer that both keep.
const SNAPLEN: usize = 4096;
/// How often a program is run when calls are lost.
const ATTEMPTS: usize = 3;
/// Lines that are shown before and after a difference.
const AROUND: usize = 3;
/// Calls whose buffers strace prints as plain strings.
const PLAIN: [&str; 4] = ["read", "write", "pread64", "pwrite64"];
/// How a thread's life begins: with the other return of its parent's call, which strace does not show.
const BIRTHS: [&str; 4] = ["clone", "clone3", "fork", "vfork"];

/// A number of an event; fails when it has none.
fn number(event: &Value, key: &str) -> i64 {
    event[key].as_i64().unwrap_or_else(|| panic!("no number `{key}`: {event}"))
}

/// What both saw of one program.
struct Observed {
    trace: Trace,
    events: BTreeMap<u32, Vec<Value>>,
}

/// Runs `program` under strace while the agent captures; again, when the rest of the machine was so loud that the agent
/// lost calls, as it says.
fn observe(program: &[&str]) -> Observed {
    let mut attempts = (0..ATTEMPTS).filter_map(|_| attempt(program));
    attempts.next().unwrap_or_else(|| panic!("{ATTEMPTS} times the agent lost calls: the machine is too busy"))
}

/// As [`observe`], once; `None` when calls were lost.
fn attempt(program: &[&str]) -> Option<Observed> {
    let folder = TempDir::new();
    let file = folder.join("strace");
    let agent = Agent::start(&["-o", "json", "--snaplen", &SNAPLEN.to_string(), "--ring-budget", "256MiB"]);
    let output = Command::new("strace")
        .args(["-f", "-s", &SNAPLEN.to_string(), "-o"])
        .arg(&file)
        .args(program)
        .stdin(Stdio::null())
        .output()
        .expect("strace: `apt-get install strace`");
    assert!(output.status.success(), "{program:?}: {}", String::from_utf8_lossy(&output.stderr));
    let run = agent.stop();
    assert!(run.status.success(), "the agent: {}\n{}", run.status, run.stderr);

    let trace = strace::parse(&fs::read_to_string(&file).expect("a trace")).unwrap_or_else(|error| panic!("{error}"));
    let mut events = BTreeMap::<u32, Vec<Value>>::new();
    let lines = fs::read_to_string(run.folder.join("events")).expect("events");
    let mut last = 0;
    for line in lines.lines() {
        let event: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        if event["type"] == "gap" {
            println!("once more, since calls were lost: {line}");
            return None;
        }
        let (ts, tid) = (number(&event, "ts"), number(&event, "tid") as u32);
        assert!(ts >= last || event["late"] == true, "out of order, and nothing says so: {line}");
        last = last.max(ts);
        if trace.threads.contains_key(&tid) {
            events.entry(tid).or_default().push(event);
        }
    }
    // What came late stands behind what came after it, and says so.
    for events in events.values_mut() {
        events.sort_by_key(|event| number(event, "ts"));
    }
    Some(Observed { trace, events })
}

/// What an event and a call differ in, in words.
fn difference(call: &Call, event: &Value) -> Option<String> {
    let name = event["syscall"].as_str().unwrap_or_default();
    if name != call.name {
        return Some(format!("strace has {}, the agent {name}", call.name));
    }
    let (ret, errno) = (event["ret"].as_i64(), event["errno"].as_str());
    let same = match &call.outcome {
        Outcome::Value(value) => ret == Some(*value) && errno.is_none(),
        Outcome::Error(name) => ret.is_some_and(|ret| ret < 0) && errno == Some(name),
        Outcome::Nothing => ret.is_none() && errno.is_none(),
        // The kernel ends the call all the same, so that the thread can die; strace is not told how.
        Outcome::Killed => ret.is_some(),
    };
    if !same {
        return Some(format!("strace has the result {:?}, the agent {ret:?} {errno:?}", call.outcome));
    }
    if call.outcome == Outcome::Killed {
        return None;
    }
    let row = numbers::row(Abi::Native, number(event, "nr") as i32)?;
    row.args.iter().find_map(|arg| {
        let theirs = call.args.get(usize::from(arg.at))?;
        argument(&call.name, arg, theirs, event).map(|what| format!("{}: {what}", arg.name))
    })
}

/// What an argument differs in.
fn argument(call: &str, arg: &Arg, theirs: &str, event: &Value) -> Option<String> {
    let ours = &event["args"][arg.name];
    // Only some values of another argument make it a string.
    let unset = matches!(arg.kind, Kind::StrIf { .. }) && ours.is_null();
    let differs = if is_string(call, arg.kind) && !unset {
        // strace knows that names of threads are kept to 15 bytes, and shows that one of 15 may be cut.
        let theirs = if call == "prctl" { theirs.trim_end_matches("...") } else { theirs };
        text(arg, theirs, event)
    } else if matches!(arg.kind, Kind::ExecArgv(_)) {
        vector(arg, theirs, event)
    } else if is_number(arg.kind) {
        let theirs = match theirs {
            "NULL" => Some(0),
            "AT_FDCWD" => Some(-100),
            number => strace::integer(number),
        };
        // strace has symbols for some.
        theirs.is_some() && theirs != ours.as_i64().map(i128::from).or_else(|| ours.as_u64().map(i128::from))
    } else {
        false
    };
    differs.then(|| format!("strace has {theirs}, the agent {ours}"))
}

/// Whether strace prints an argument of the call as a string.
fn is_string(call: &str, kind: Kind) -> bool {
    matches!(kind, Kind::Path | Kind::Str | Kind::StrIf { .. } | Kind::PathOut { .. } | Kind::ExecPath(_))
        || (matches!(kind, Kind::Data { .. } | Kind::DataOut { .. }) && PLAIN.contains(&call))
}

/// Whether an argument is a number for both, unless strace knows a symbol.
fn is_number(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Int
            | Kind::Uint
            | Kind::Long
            | Kind::Ulong
            | Kind::Off
            | Kind::Hex
            | Kind::Ptr
            | Kind::Fd
            | Kind::Dirfd
            | Kind::Pid
            | Kind::Uid
            | Kind::Gid
            | Kind::Mode
    )
}

/// Whether an argument vector differs. strace shows what was asked for; the agent, of a call that succeeded, what the
/// new image got. For a script the kernel puts its interpreter there, with the one argument that its first line may
/// give, and the script's path in place of the first argument.
fn vector(arg: &Arg, theirs: &str, event: &Value) -> bool {
    let ours = arg_strings(event, arg.name);
    let Some((mut strings, cut)) = strace::strings(theirs) else { return ours.is_some() };
    if event["ret"] == 0 {
        let script = arg_bytes(event, "filename").unwrap_or_default();
        let first = fs::read(OsStr::from_bytes(&script)).unwrap_or_default();
        let first = first.split(|byte| *byte == b'\n').next().unwrap_or_default();
        if let Some(line) = first.strip_prefix(b"#!") {
            let line = line.trim_ascii();
            let (interpreter, option) = match line.iter().position(|byte| matches!(byte, b' ' | b'\t')) {
                Some(at) => (&line[..at], Some(line[at..].trim_ascii())),
                None => (line, None),
            };
            let front = [Some(interpreter), option, Some(&script)];
            strings.splice(..1, front.into_iter().flatten().map(<[u8]>::to_vec));
        }
    }
    ours != Some(strings) || cut != marked(event, "truncated", arg.name)
}

/// Whether a string differs. strace prints an address, or NULL, where it has no string.
fn text(arg: &Arg, theirs: &str, event: &Value) -> bool {
    match strace::string(theirs) {
        Some((string, cut)) => {
            arg_bytes(event, arg.name) != Some(string) || cut != marked(event, "truncated", arg.name)
        }
        None => !event["args"][arg.name].is_null(),
    }
}

/// One event in a line.
fn brief(event: &Value) -> String {
    format!("{}{} = {} {}", event["syscall"].as_str().unwrap_or("?"), event["args"], event["ret"], event["errno"])
}

/// Both sides around index `at`.
fn neighbours(at: usize, calls: &[Call], events: &[Value]) -> String {
    let mut out = String::new();
    for i in at.saturating_sub(AROUND)..=at + AROUND {
        let mark = if i == at { '>' } else { ' ' };
        let theirs = calls.get(i).map_or("(nothing)", |call| &call.line);
        let ours = events.get(i).map_or_else(|| "(nothing)".to_owned(), brief);
        let _ = writeln!(out, "{mark} {i:5} strace: {theirs}\n{mark} {i:5} agent:  {ours}");
    }
    out
}

/// The events of a thread from where strace began to look.
fn from_the_start(tid: u32, root: u32, events: &[Value]) -> &[Value] {
    if tid == root {
        // strace's own child makes calls of its own before it becomes the program.
        let start = events.iter().position(|event| event["syscall"] == "execve" && event["ret"] == 0);
        return &events[start.unwrap_or_else(|| panic!("the agent has no execve of thread {tid}"))..];
    }
    let (birth, rest) = events.split_first().unwrap_or_else(|| panic!("the agent has nothing of thread {tid}"));
    let name = birth["syscall"].as_str().unwrap_or_default();
    assert!(BIRTHS.contains(&name) && birth["ret"] == 0, "thread {tid} begins with {}", brief(birth));
    rest
}

/// Fails unless both saw the same; answers how many calls that were.
fn agree(program: &[&str]) -> usize {
    let _alone = alone();
    let Observed { trace, events } = observe(program);
    let (mut compared, mut report) = (0, String::new());
    for (tid, calls) in &trace.threads {
        let none = Vec::new();
        let events = from_the_start(*tid, trace.root, events.get(tid).unwrap_or(&none));
        for at in 0..calls.len().max(events.len()) {
            let difference = match (calls.get(at), events.get(at)) {
                (Some(Call { outcome: Outcome::Killed, .. }), _) if at + 1 < calls.len() => {
                    Some("a thread that was killed goes on".to_owned())
                }
                (Some(call), Some(event)) => difference(call, event),
                (Some(_), None) => Some("the agent has no more".to_owned()),
                (None, Some(_)) => Some("strace has no more".to_owned()),
                (None, None) => None,
            };
            if let Some(difference) = difference {
                let neighbours = neighbours(at, calls, events);
                let _ = writeln!(report, "thread {tid}, call {at}: {difference}\n{neighbours}");
                break;
            }
            compared += 1;
        }
    }
    assert!(report.is_empty(), "{program:?}: strace and the agent disagree\n{report}");
    println!("{program:?}: {compared} calls of {} threads agree", trace.threads.len());
    compared
}

#[test]
fn ls() {
    assert!(agree(&["/bin/ls", "-lR", "/etc"]) > 500);
}

#[test]
fn a_pipe_of_a_shell() {
    let folder = TempDir::new();
    let greeting = folder.join("greeting");
    let script = format!("echo hi | cat >{}", greeting.display());
    assert!(agree(&["/bin/bash", "-c", &script]) > 100);
    assert_eq!(fs::read_to_string(greeting).expect("a greeting"), "hi\n");
}

#[test]
fn python() {
    assert!(agree(&["/usr/bin/env", "python3", "-c", "import socket,ssl"]) > 500);
}

#[test]
fn a_compiler() {
    let folder = TempDir::new();
    let (source, object) = (folder.join("a.c"), folder.join("a"));
    fs::write(&source, "#include <stdio.h>\nint main(void) { return printf(\"%d\\n\", 42) < 0; }\n").expect("a source");
    let [source, object] = [&source, &object].map(|path| path.to_str().expect("UTF-8"));
    assert!(agree(&["/usr/bin/gcc", "-O1", "-o", object, source]) > 1000);
    assert!(Path::new(object).is_file());
}

#[test]
fn threads_and_signals() {
    assert!(agree(&[env!("CARGO_BIN_EXE_load"), "threads"]) > 1000);
}
