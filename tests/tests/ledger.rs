// SPDX-License-Identifier: Apache-2.0
//! The ledger closes: every call that is made while the agent captures is delivered, or counted with a reason, whatever
//! the load and the output; and the stream of events says the same as the ledger.

#[path = "support/agent.rs"]
mod agent;
#[path = "support/books.rs"]
mod books;

use std::{
    env, fs,
    fs::File,
    io::{self, BufRead as _, BufReader, Read, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use serde_json::Value;

use crate::{
    agent::{Agent, Folder, Run, alone},
    books::{Stream, all_lost, count, dropped, lost, open_identities, total},
};

/// Rings so small that a flood overflows them.
const SMALL: &[&str] = &["--ring-budget", "256KiB"];
/// Calls of a round of the load.
const SORTS: [&str; 4] = ["getppid", "read", "openat", "write"];

/// How long a flood lasts: longer for releases.
fn seconds() -> u64 {
    env::var("LANNER_TEST_SECONDS").map_or(3, |text| text.parse().expect("LANNER_TEST_SECONDS is a number"))
}

/// A load that waits for its start.
struct Load {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Load {
    fn new(args: &[&str], prepare: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_load"));
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
        prepare(&mut command);
        let mut child = command.spawn().expect("the load starts");
        let (stdin, stdout) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        Self { child, stdin, stdout: BufReader::new(stdout) }
    }

    fn pid(&self) -> String {
        self.child.id().to_string()
    }

    /// Lets it begin.
    fn go(&mut self) {
        self.stdin.write_all(b"\n").expect("the load waits for a line");
    }

    /// Waits until it is done: how many rounds it made.
    fn rounds(mut self) -> u64 {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("the load says what it did");
        assert!(self.child.wait().expect("the load ends").success(), "the load failed");
        line.trim().parse().unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// Lets it begin and waits until it is done.
    fn complete(mut self) -> u64 {
        self.go();
        self.rounds()
    }
}

/// The ledger of a run, once its identities are found to hold.
fn ledger(run: &Run) -> Value {
    assert!(run.status.success(), "the agent ended with {}\n{}", run.status, run.stderr);
    let text = fs::read_to_string(run.folder.join("ledger")).expect("a ledger");
    let ledger: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let open = open_identities(&ledger);
    assert!(open.is_empty(), "the ledger does not close:\n{}\n{}\n{text}", open.join("\n"), run.stderr);
    assert!(run.stderr.contains("ledger: closed"), "the summary does not say so:\n{}", run.stderr);
    ledger
}

/// What the load made must all be there: delivered or lost.
fn nothing_missing(ledger: &Value, rounds: u64) {
    for name in SORTS {
        let account = &ledger["syscalls"][name];
        let accounted = count(account, "sent") + lost(account);
        // The load makes a few more of its own at its start and end.
        assert!(
            (rounds..rounds + 50).contains(&accounted),
            "{name}: {rounds} calls were made, {accounted} are accounted for: {account}"
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
    if dropped == 0 {
        assert_eq!(stream.lost, all_lost(ledger), "what gaps say, and what was lost");
        assert_eq!(stream.missing, stream.before, "every hole in the numbers has its gap");
        assert_eq!(stream.before, count(agent, "filtered"), "only the self-test's events precede the first");
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
        "{what}: {} seen, {} sent, {} lost, {} delivered, {} dropped, {} late",
        total(ledger, "seen"),
        total(ledger, "sent"),
        all_lost(ledger),
        agent["delivered"],
        dropped(ledger),
        agent["late"]
    );
}

/// Floods the machine while an agent with `args` captures to its standard output, a file.
fn flood_to_file(args: &[&str], meanwhile: impl FnOnce(&Agent)) -> (Value, Stream) {
    let mut load = Load::new(&["flood", &seconds().to_string()], |_| {});
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
    let mut load = Load::new(&["flood", &seconds().to_string()], |_| {});
    let null = File::create("/dev/null").expect("/dev/null");
    let agent =
        Agent::start_to(&[&["-o", "json", "--pid", &load.pid()], args].concat(), Folder::new(), null.into());
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
            thread::sleep(Duration::from_millis(20));
        } else if !self.stalled {
            self.stalled = true;
            thread::sleep(Duration::from_millis(1500));
        }
        let most = buf.len().min(64 << 10);
        self.from.read(&mut buf[..most])
    }
}

fn flood_to_slow_reader(args: &[&str]) -> Value {
    let mut load = Load::new(&["flood", &seconds().to_string()], |_| {});
    let (reader, writer) = io::pipe().expect("a pipe");
    let agent =
        Agent::start_to(&[&["-o", "json", "--pid", &load.pid()], args].concat(), Folder::new(), writer.into());
    let (ledger, stream) = thread::scope(|scope| {
        let reader =
            scope.spawn(|| Stream::of(Slow { from: reader, started: Instant::now(), stalled: false }));
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

#[test]
fn a_flood_to_a_file_while_the_agent_is_stopped() {
    let _alone = alone();
    let (ledger, stream) = flood_to_file(SMALL, |agent| {
        thread::sleep(Duration::from_secs(seconds()) / 3);
        agent.signal(Signal::STOP);
        thread::sleep(Duration::from_secs(seconds()) / 4);
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
