// SPDX-License-Identifier: Apache-2.0
//! How runs begin and end, whoever ends them, and what is left of them.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, getppid, kill_process};
use serde_json::Value;
use tests::{Footprint, Ledger, TempDir, binary, lanner, lines, objects::Kind};

use crate::{
    agent::{Agent, Run, alone},
    load::Load,
    wait::wait_for,
};

/// Rounds of a load, with four calls each.
const ROUNDS: u64 = 500;

/// A load that is to be captured.
fn load() -> Load {
    Load::new(&["calls", &ROUNDS.to_string()])
}

/// The run's ledger.
fn ledger(run: &Run) -> Ledger {
    let text = fs::read_to_string(run.folder.join("ledger")).expect("a ledger");
    let ledger: Ledger = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert!(ledger.closed, "{text}");
    ledger
}

/// Makes calls until `child` has ended.
fn keep_calling(mut child: Child) -> ExitStatus {
    wait_for("the agent ends", || {
        for _ in 0..100 {
            let _ = getppid();
        }
        child.try_wait().expect("a child to wait for")
    })
}

/// Nothing that a user would take for an error.
fn quiet(stderr: &str) -> bool {
    let lower = stderr.to_lowercase();
    !["error", "broken pipe", "panicked", "lanner:", "can't"].iter().any(|word| lower.contains(word))
}

/// As whoever debugs a node of a cluster has it: the host's root is mounted in a container, and entered from there.
#[test]
fn in_a_chroot() {
    let _alone = alone();
    let root = TempDir::new();
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", "mount --rbind / \"$0\" && exec chroot \"$0\" \"$@\""]);
    command.arg(root.path()).arg(binary()).env("LANNER_METRICS_LISTEN", "off");
    let load = load();
    let folder = TempDir::new();
    let events = File::create(folder.join("events")).expect("a file for events");
    let args = ["-o", "json", "--pid", &load.pid(), "--syscalls", "getppid,openat"];
    let agent = Agent::launch(command, &args, folder, events.into());
    assert_eq!(load.complete(), ROUNDS);
    let run = agent.stop();
    assert!(run.status.success() && !run.stderr.contains("WARN"), "{}", run.stderr);
    assert!(ledger(&run).syscall("getppid").sent >= ROUNDS);
    assert!(lines(&run.folder.join("events")).len() as u64 >= ROUNDS);
}

#[test]
fn two_at_once() {
    let _alone = alone();
    let load = load();
    let agents = [(); 2].map(|()| Agent::start(&["-o", "json", "--pid", &load.pid(), "--syscalls", "getppid,openat"]));
    assert_eq!(load.complete(), ROUNDS);
    for run in agents.map(Agent::stop) {
        assert!(run.status.success(), "{}\n{}", run.status, run.stderr);
        ledger(&run);
        let events = lines(&run.folder.join("events"));
        assert_eq!(events.iter().filter(|event| event["syscall"] == "getppid").count() as u64, ROUNDS);
    }
}

#[test]
fn signals_end_it_in_order() {
    let _alone = alone();
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let load = load();
        let agent = Agent::start(&["-o", "json", "--syscalls", "getppid", "--pid", &load.pid()]);
        assert_eq!(load.complete(), ROUNDS);
        agent.signal(signal);
        let run = agent.finish();
        assert!(run.status.success(), "{signal:?}: {}\n{}", run.status, run.stderr);
        assert!(run.stderr.contains("ledger: closed"), "{signal:?}: {}", run.stderr);
        assert_eq!(lines(&run.folder.join("events")).len() as u64, ROUNDS, "{signal:?}: all of it");
    }
}

#[test]
fn a_second_signal_does_not_break_it() {
    let _alone = alone();
    let agent = Agent::start(&["-o", "json"]);
    agent.signal(Signal::INT);
    agent.signal(Signal::TERM);
    let run = agent.finish();
    assert!(run.status.success(), "{}\n{}", run.status, run.stderr);
    ledger(&run);
}

#[test]
fn a_reader_that_has_seen_enough() {
    let _alone = alone();
    for format in ["json", "text"] {
        let script = r#""$0" -o "$1" --syscalls getppid | head -n 5; exit "${PIPESTATUS[0]}""#;
        let mut command = Command::new("/bin/bash");
        command.args(["-c", script]).arg(binary()).arg(format);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("bash");
        let (stdout, stderr) = (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));
        let status = keep_calling(child);
        let stdout = io::read_to_string(stdout).expect("UTF-8");
        let stderr = io::read_to_string(stderr).expect("UTF-8");
        assert!(status.success() && quiet(&stderr), "{format}: {status}\n{stderr}");
        assert_eq!(stdout.lines().count(), 5, "{format}: {stdout}");
    }
}

#[test]
fn a_reader_that_does_not_read() {
    let _alone = alone();
    let (reader, writer) = io::pipe().expect("a pipe");
    let agent = Agent::start_to(&["-o", "json", "--syscalls", "getppid"], TempDir::new(), writer.into());
    for _ in 0..20_000 {
        let _ = getppid();
    }
    let run = agent.stop();
    drop(reader);
    assert!(run.status.success(), "{}\n{}", run.status, run.stderr);
    assert!(run.stderr.contains("takes nothing"), "nobody is told that events went nowhere:\n{}", run.stderr);
    let agent = ledger(&run).agent;
    let dropped: u64 = agent.sink_dropped.values().sum();
    assert!(
        dropped > 0 && agent.delivered + dropped + agent.filtered + agent.refused + agent.state == agent.decoded,
        "{agent:?}"
    );
}

#[test]
fn no_standard_output() {
    let _alone = alone();
    let script = r#"exec "$0" -o json --syscalls getppid --duration 1s >&-"#;
    let output = Command::new("/bin/bash").args(["-c", script]).arg(binary()).output().expect("bash");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && quiet(&stderr), "{}\n{stderr}", output.status);
    assert!(stderr.contains("ledger: closed"), "{stderr}");
}

#[test]
fn a_full_disk() {
    let _alone = alone();
    let load = load();
    let agent = Agent::start(&["-o", "json", "--pid", &load.pid(), "--write", "/dev/full"]);
    assert_eq!(load.complete(), ROUNDS);
    wait_for("the agent says what is wrong", || agent.stderr().contains("No space left on device").then_some(()));
    let run = agent.stop();
    assert!(run.stderr.contains("/dev/full"), "which file is full is not said:\n{}", run.stderr);
    let ledger = ledger(&run);
    assert_eq!(ledger.agent.delivered, 0, "nothing can be written there");
    let dropped: u64 = ledger.agent.sink_dropped.values().sum();
    assert!(dropped >= 4 * ROUNDS, "{dropped} are counted as dropped");
    assert_eq!(fs::metadata("/dev/full").expect("it is still there").len(), 0);
}

#[test]
fn a_file_that_can_not_be_written() {
    let _alone = alone();
    let folder = TempDir::new();
    let file = folder.join("file");
    fs::write(&file, "no folder").expect("a file");
    for path in [PathBuf::from("/nonexistent/folder/events"), file.join("events"), folder.path().to_owned()] {
        let output = lanner().args(["--duration", "1s", "--write"]).arg(&path).output().expect("it runs");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{}: {stderr}", path.display());
        assert!(stderr.contains(path.to_str().expect("UTF-8")) && stderr.lines().count() == 1, "{stderr}");
    }
}

#[test]
fn files_are_rotated() {
    const SIZE: u64 = 256 << 10;
    let _alone = alone();
    let folder = TempDir::new();
    let (path, load) = (folder.join("events"), Load::new(&["calls", "4000"]));
    let agent = Agent::start(&[
        "-o",
        "json",
        "--pid",
        &load.pid(),
        "--write",
        path.to_str().expect("UTF-8"),
        "--rotate-size",
        "256KiB",
        "--rotate-count",
        "3",
    ]);
    load.complete();
    let run = agent.stop();
    assert!(run.status.success(), "{}\n{}", run.status, run.stderr);
    let names: BTreeSet<_> = fs::read_dir(folder.path())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    assert_eq!(names, ["events", "events.1", "events.2", "events.3"].map(str::to_owned).into());
    // The oldest first; together they are the end of the stream, without a hole.
    let mut next = [None::<u64>; 2];
    for name in ["events.3", "events.2", "events.1", "events"] {
        let path = folder.join(name);
        let size = fs::metadata(&path).expect("a file").len();
        assert!(size <= SIZE, "{name} has {size} bytes");
        for event in lines(&path).iter().filter(|event| event["ret"] != Value::Null) {
            let cpu = event["cpu"].as_u64().expect("a CPU") as usize % 2;
            let seq = event["seq"].as_u64().expect("a number");
            assert!(next[cpu].is_none_or(|next| next == seq), "{name}: {seq} follows {:?}", next[cpu]);
            next[cpu] = Some(seq + 1);
        }
    }
    assert!(ledger(&run).agent.delivered >= 16_000, "{}", run.stderr);
}

#[test]
fn a_number_of_events() {
    let _alone = alone();
    for count in [1_u64, 100, 1999] {
        let load = Load::new(&["calls", "1000"]);
        let agent = Agent::start(&["-o", "json", "--pid", &load.pid(), "--count", &count.to_string()]);
        load.complete();
        let run = agent.finish();
        assert!(run.status.success(), "{}\n{}", run.status, run.stderr);
        assert_eq!(lines(&run.folder.join("events")).len() as u64, count);
        assert_eq!(ledger(&run).agent.delivered, count);
    }
}

#[test]
fn a_time() {
    let _alone = alone();
    let agent = Agent::start(&["-o", "json", "--syscalls", "getppid", "--duration", "1s500ms"]);
    let start = Instant::now();
    let run = agent.finish();
    let length = start.elapsed();
    assert!(run.status.success(), "{}\n{}", run.status, run.stderr);
    assert!(length > Duration::from_secs(1) && length < Duration::from_secs(15), "it lasted {length:?}");
    ledger(&run);
}

#[test]
fn nothing_is_left() {
    let _alone = alone();
    let folder = TempDir::new();
    let scratch = folder.join("tmp");
    fs::create_dir_all(&scratch).expect("a folder");
    let shared = || -> BTreeSet<PathBuf> {
        let entries = ["/dev/shm", "/sys/fs/bpf", "/run"].iter().filter_map(|folder| fs::read_dir(folder).ok());
        entries.flatten().flatten().map(|entry| entry.path()).collect()
    };
    let before = shared();
    let mut command = lanner();
    command.args(["-o", "json", "--log-level", "info", "--write", "/dev/null"]).current_dir(&scratch);
    command.env("TMPDIR", &scratch).stderr(File::create(folder.join("stderr")).expect("a file"));
    let mut footprint = Footprint::of(&mut command);
    let mut child = command.spawn().expect("the agent starts");
    wait_for("it captures", || {
        fs::read_to_string(folder.join("stderr")).expect("a log").contains("capturing").then_some(())
    });
    footprint.look();
    for kind in [Kind::Program, Kind::Map, Kind::Link] {
        let held = footprint.objects();
        assert!(held.iter().any(|(held, _)| *held == kind), "a running agent has a {kind:?}: {held:?}");
    }
    assert_eq!(footprint.processes(), [child.id()], "a process beside it");
    let threads = fs::read_dir(format!("/proc/{}/task", child.id())).expect("threads").count();
    assert!((2..=12).contains(&threads), "{threads} threads");
    kill_process(Pid::from_child(&child), Signal::TERM).expect("a running agent");
    assert!(child.wait().expect("it ends").success());
    assert!(!fs::exists(format!("/proc/{}/task", child.id())).expect("proc"), "a thread is left");
    footprint.await_gone();
    assert_eq!(fs::read_dir(&scratch).expect("a folder").count(), 0, "a file is left where it ran");
    let left: Vec<_> =
        shared().difference(&before).filter(|path| path.to_string_lossy().contains("lanner")).cloned().collect();
    assert!(left.is_empty(), "{left:?}");
}
