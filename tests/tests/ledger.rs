// SPDX-License-Identifier: Apache-2.0
//! The ledger closes: every call that is made while the agent captures is delivered, or counted with a reason, whatever
//! the load and the output; and the stream of events says the same as the ledger.

#![expect(clippy::panic, reason = "a test fails by panicking")]

#[path = "support/agent.rs"]
mod agent;
#[path = "support/books.rs"]
mod books;
#[path = "support/load.rs"]
mod load;
#[path = "support/wait.rs"]
mod wait;

use std::{
    env, fs,
    fs::File,
    io::{self, Read},
    os::unix::process::CommandExt as _,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use serde_json::Value;
use tests::TempDir;

use crate::{
    agent::{Agent, Run, alone},
    books::{Stream, all_lost, closed, count, dropped, lost, total},
    load::Load,
    wait::pause,
};

/// Rings so small that a flood overflows them, and nothing is shed before that.
const SMALL: &[&str] = &["--ring-budget", "256KiB", "--no-shed"];
/// Calls of a round of the load.
const SORTS: [&str; 4] = ["getppid", "read", "openat", "write"];

/// How long a flood lasts: longer for releases.
fn seconds() -> u64 {
    env::var("LANNER_TEST_SECONDS").map_or(3, |text| text.parse().expect("LANNER_TEST_SECONDS is a number"))
}

/// The ledger of a run that closes, and that the summary says of.
fn ledger(run: &Run) -> Value {
    let ledger = closed(run);
    assert!(run.stderr.contains("ledger: closed"), "the summary does not say so:\n{}", run.stderr);
    ledger
}

/// Calls that were to be captured: they were sent, shed or lost.
fn accounted(account: &Value) -> u64 {
    count(account, "sent") + count(account, "shed") + lost(account)
}

/// What the load made must all be there: delivered, shed or lost, or kept from the probe, of which the kernel has no names.
fn nothing_missing(ledger: &Value, rounds: u64) {
    let missed = count(ledger, "recursion_misses");
    for name in SORTS {
        let account = &ledger["syscalls"][name];
        let accounted = accounted(account);
        // The load makes a few more of its own at its start and end.
        assert!(
            (rounds.saturating_sub(missed)..rounds + 50).contains(&accounted),
            "{name}: {rounds} calls were made, {accounted} are accounted for, {missed} of all were missed: {account}"
        );
    }
}

/// The stream says what the ledger says.
fn agree(stream: &Stream, ledger: &Value) {
    assert!(stream.wrong().is_empty(), "the stream is not in order:\n{}", stream.wrong());
    let agent = &ledger["agent"];
    assert_eq!(stream.events, count(agent, "delivered"), "lines, and events delivered");
    assert_eq!(stream.late, count(agent, "late"), "marks, and events late");
    let dropped = dropped(ledger);
    for cpu in ledger["cpus"].as_array().expect("cpus") {
        let events = stream.by_cpu.get(&count(cpu, "cpu")).copied().unwrap_or_default();
        let most = dropped + count(agent, "filtered") + count(agent, "refused") + count(agent, "state");
        let missing = count(cpu, "sent").checked_sub(events);
        assert!(missing.is_some_and(|missing| missing <= most), "{events} events of {cpu}");
    }
    if dropped == 0 {
        assert_eq!(stream.lost, all_lost(ledger), "what gaps say, and what was lost");
        assert_eq!(stream.shed, total(ledger, "shed"), "what the lines about shedding say, and what was shed");
        assert_eq!(stream.missing, stream.before, "every hole in the numbers has its gap");
        // A lane that has nothing else does not show them.
        assert!(stream.before <= count(agent, "filtered"), "only the self-test's events precede the first");
    } else {
        // A chunk that the output did not take is missing with the gaps in it.
        assert!(stream.lost <= all_lost(ledger), "gaps say {} was lost", stream.lost);
        let missing = stream.missing + stream.lost;
        let most = dropped + all_lost(ledger) + count(agent, "filtered");
        assert!(missing <= most, "{missing} are missing, {most} are accounted for");
    }
}

/// One line about a run, for people.
fn tell(what: &str, ledger: &Value) {
    let agent = &ledger["agent"];
    println!(
        "{what}: {} seen, {} sent, {} shed, {} lost, {} delivered, {} dropped, {} late",
        total(ledger, "seen"),
        total(ledger, "sent"),
        total(ledger, "shed"),
        all_lost(ledger),
        agent["delivered"],
        dropped(ledger),
        agent["late"]
    );
}

/// Floods the machine while an agent with `args` captures to its standard output, a file.
fn flood_to_file(args: &[&str], meanwhile: impl FnOnce(&Agent)) -> (Value, Stream) {
    let mut load = Load::new(&["flood", &seconds().to_string()]);
    let agent = Agent::start(&[&["-o", "json", "--pid", &load.pid()], args].concat());
    load.go();
    meanwhile(&agent);
    let rounds = load.rounds();
    let run = agent.stop();
    let ledger = ledger(&run);
    nothing_missing(&ledger, rounds);
    let stream = Stream::of(File::open(run.folder.join("events")).expect("events"));
    agree(&stream, &ledger);
    (ledger, stream)
}

fn flood_to_null(args: &[&str]) -> Value {
    let mut load = Load::new(&["flood", &seconds().to_string()]);
    let null = File::create("/dev/null").expect("/dev/null");
    let agent = Agent::start_to(&[&["-o", "json", "--pid", &load.pid()], args].concat(), TempDir::new(), null.into());
    load.go();
    let rounds = load.rounds();
    let ledger = ledger(&agent.stop());
    nothing_missing(&ledger, rounds);
    ledger
}

/// A reader that is slow for a while, then stalls, then reads what there is.
struct Slow<R> {
    from: R,
    started: Instant,
    stalled: bool,
}

impl<R: Read> Read for Slow<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.started.elapsed() < Duration::from_secs(1) {
            pause(Duration::from_millis(20));
        } else if !self.stalled {
            self.stalled = true;
            pause(Duration::from_millis(1500));
        }
        let most = buf.len().min(64 << 10);
        self.from.read(&mut buf[..most])
    }
}

fn flood_to_slow_reader(args: &[&str]) -> Value {
    let mut load = Load::new(&["flood", &seconds().to_string()]);
    let (reader, writer) = io::pipe().expect("a pipe");
    let agent = Agent::start_to(&[&["-o", "json", "--pid", &load.pid()], args].concat(), TempDir::new(), writer.into());
    let (ledger, stream) = thread::scope(|scope| {
        let reader = scope.spawn(|| Stream::of(Slow { from: reader, started: Instant::now(), stalled: false }));
        load.go();
        let rounds = load.rounds();
        let ledger = ledger(&agent.stop());
        nothing_missing(&ledger, rounds);
        (ledger, reader.join().expect("a reader"))
    });
    agree(&stream, &ledger);
    ledger
}

#[test]
fn a_flood_to_nowhere() {
    let _alone = alone();
    tell("large rings, /dev/null", &flood_to_null(&[]));
}

#[test]
fn a_flood_that_overflows_to_nowhere() {
    let _alone = alone();
    let ledger = flood_to_null(SMALL);
    tell("small rings, /dev/null", &ledger);
    assert!(all_lost(&ledger) > 0, "small rings must overflow, or this proves nothing");
}

#[test]
fn a_flood_to_a_file() {
    let _alone = alone();
    let (ledger, _) = flood_to_file(&[], |_| {});
    tell("large rings, file", &ledger);
}

/// Few programs are loaded for it, which matters where a machine is interpreted.
#[test]
fn a_flood_of_what_is_selected() {
    let _alone = alone();
    let (ledger, _) = flood_to_file(&["--syscalls", &SORTS.join(",")], |_| {});
    tell("large rings, file, four syscalls", &ledger);
}

#[test]
fn a_flood_to_a_file_while_the_agent_is_stopped() {
    let _alone = alone();
    let (ledger, stream) = flood_to_file(SMALL, |agent| {
        pause(Duration::from_secs(seconds()) / 3);
        agent.signal(Signal::STOP);
        pause(Duration::from_secs(seconds()) / 4);
        agent.signal(Signal::CONT);
    });
    tell("small rings, file, agent stopped", &ledger);
    assert!(all_lost(&ledger) > 0, "small rings must overflow, or this proves nothing");
    assert!(stream.gaps > 0, "losses leave gaps");
}

#[test]
fn a_flood_to_a_slow_reader() {
    let _alone = alone();
    tell("large rings, slow reader", &flood_to_slow_reader(&[]));
}

#[test]
fn a_flood_that_overflows_to_a_slow_reader() {
    let _alone = alone();
    let ledger = flood_to_slow_reader(SMALL);
    tell("small rings, slow reader", &ledger);
    assert!(all_lost(&ledger) > 0, "small rings must overflow, or this proves nothing");
}

#[test]
fn threads_that_begin_and_end() {
    let _alone = alone();
    let mut load = Load::new(&["births", "2"]);
    let agent = Agent::start(&[&["-o", "json", "--pid", &load.pid()], SMALL].concat());
    load.go();
    // Long enough for small rings to overflow.
    for _ in 0..3 {
        pause(Duration::from_millis(200));
        agent.signal(Signal::STOP);
        pause(Duration::from_millis(200));
        agent.signal(Signal::CONT);
    }
    let threads = load.rounds();
    let run = agent.stop();
    let ledger = ledger(&run);
    let ended = &ledger["syscalls"]["exit"];
    let accounted = accounted(ended);
    // Besides, a thread for each CPU.
    assert!((threads..threads + 10).contains(&accounted), "{threads} threads ended, {accounted} are accounted for");
    let stream = Stream::of(File::open(run.folder.join("events")).expect("events"));
    agree(&stream, &ledger);
    tell("threads that begin and end", &ledger);
    assert!(lost(ended) > 0 && count(ended, "sent") > 0, "both happen: {ended}");
}

#[test]
fn starts_and_ends_amid_a_flood() {
    let _alone = alone();
    for args in [&[], SMALL] {
        // One for each run: what the first has written takes a while to read.
        let mut load = Load::new(&["flood", "6"]);
        load.go();
        let agent = Agent::start(&[&["-o", "json"], args].concat());
        pause(Duration::from_millis(500));
        let run = agent.stop();
        let ledger = ledger(&run);
        assert!(total(&ledger, "sent") > 1000, "there was a flood: {ledger}");
        let stream = Stream::of(File::open(run.folder.join("events")).expect("events"));
        agree(&stream, &ledger);
        tell("amid a flood", &ledger);
        load.rounds();
    }
}

/// How many rounds a known load makes.
const ROUNDS: u64 = 1000;

/// A load of a known number of calls.
fn known() -> Load {
    Load::new(&["calls", &ROUNDS.to_string()])
}

/// Runs `loads` while an agent with `args` captures: the ledger and the events.
fn select(args: &[&str], loads: impl IntoIterator<Item = Load>) -> (Value, Vec<Value>) {
    let agent = Agent::start(&[&["-o", "json"], args].concat());
    for load in loads {
        assert_eq!(load.complete(), ROUNDS);
    }
    let run = agent.stop();
    let lines = fs::read_to_string(run.folder.join("events")).expect("events");
    let events = lines.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    (ledger(&run), events)
}

/// Fails unless `ROUNDS` calls of `name` were captured, and a few that the load makes besides.
fn captured(ledger: &Value, name: &str) {
    let account = &ledger["syscalls"][name];
    let captured = accounted(account);
    assert!((ROUNDS..ROUNDS + 50).contains(&captured), "{name}: {ROUNDS} calls are to be captured: {account}");
}

/// Fails unless at least `ROUNDS` calls of `name` were left out.
fn left_out(ledger: &Value, name: &str) {
    let account = &ledger["syscalls"][name];
    let left_out = count(account, "filtered") + count(account, "refused");
    assert!(left_out >= ROUNDS, "{name}: {ROUNDS} calls are to be left out: {account}");
}

/// The events' values of a member, each once.
fn values<'a>(events: &'a [Value], key: &str) -> Vec<&'a Value> {
    let mut values: Vec<_> = Vec::new();
    for event in events {
        if !values.contains(&&event[key]) {
            values.push(&event[key]);
        }
    }
    values
}

#[test]
fn syscalls_are_selected_by_name() {
    let _alone = alone();
    let load = known();
    let (ledger, events) = select(&["--pid", &load.pid(), "--syscalls", "getppid,read"], [load]);
    for name in SORTS {
        if ["getppid", "read"].contains(&name) {
            captured(&ledger, name);
        } else {
            left_out(&ledger, name);
        }
    }
    assert_eq!(values(&events, "syscall").len(), 2, "{:?}", values(&events, "syscall"));
}

#[test]
fn syscalls_are_left_out_by_name_and_selected_by_class() {
    let _alone = alone();
    // Everything but one.
    let load = known();
    let (ledger, events) = select(&["--pid", &load.pid(), "--syscalls", "!openat"], [load]);
    for name in ["getppid", "read", "write"] {
        captured(&ledger, name);
    }
    left_out(&ledger, "openat");
    assert!(!values(&events, "syscall").contains(&&Value::from("openat")));
    // A class but for one of it, and one more.
    let load = known();
    let (ledger, events) = select(&["--pid", &load.pid(), "-s", "io,!write", "-s", "getppid"], [load]);
    for name in ["getppid", "read"] {
        captured(&ledger, name);
    }
    for name in ["openat", "write"] {
        left_out(&ledger, name);
    }
    let io = ["getppid", "read", "pread64", "lseek", "readv", "sendto", "recvfrom"].map(Value::from);
    let names = values(&events, "syscall");
    assert!(names.iter().all(|name| io.contains(name)), "{names:?}");
}

#[test]
fn processes_are_selected_by_id() {
    let _alone = alone();
    let (one, other) = (known(), known());
    let (pid, number) = (one.pid(), Value::from(one.id()));
    let (ledger, events) = select(&["--pid", &pid], [one, other]);
    for name in SORTS {
        captured(&ledger, name);
        left_out(&ledger, name);
    }
    assert_eq!(values(&events, "pid"), [&number]);
}

#[test]
fn users_and_thread_names_are_selected() {
    const NOBODY: u32 = 65534;
    let _alone = alone();
    // Where anybody may run it.
    let folder = TempDir::new();
    let program = folder.join("load-by-its-name-which-is-long");
    fs::copy(env!("CARGO_BIN_EXE_load"), &program).expect("a copy");
    let load = |user: u32| {
        let mut command = Command::new(&program);
        command.uid(user).gid(user);
        Load::of(command, &["calls", &ROUNDS.to_string()])
    };
    let (ledger, events) = select(&["--uid", &NOBODY.to_string()], [load(NOBODY), load(0)]);
    for name in SORTS {
        captured(&ledger, name);
        left_out(&ledger, name);
    }
    assert_eq!(values(&events, "uid"), [&Value::from(NOBODY)]);

    // The kernel keeps 15 bytes of a name.
    let (ledger, events) = select(&["--comm", "load-by-its-nam"], [load(0), known()]);
    for name in SORTS {
        captured(&ledger, name);
        left_out(&ledger, name);
    }
    assert_eq!(values(&events, "comm"), [&Value::from("load-by-its-nam")]);
}

#[test]
fn the_agent_itself_is_not_captured_but_counted() {
    let _alone = alone();
    let load = known();
    let agent = Agent::start(&["-o", "json"]);
    let pid = agent.pid().as_raw_nonzero().get();
    assert_eq!(load.complete(), ROUNDS);
    let run = agent.stop();
    let ledger = ledger(&run);
    assert!(total(&ledger, "self") > 0, "the agent makes calls of its own: {ledger}");
    let lines = fs::read_to_string(run.folder.join("events")).expect("events");
    let own = lines.lines().find(|line| {
        let event: Value = serde_json::from_str(line).expect("a line of JSON");
        event["pid"] == pid || event["ppid"] == pid
    });
    assert_eq!(own, None, "a call of the agent's own was captured");
}
