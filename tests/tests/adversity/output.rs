// SPDX-License-Identifier: Apache-2.0
//! Outputs that are full, may not grow, vanish, or are closed. What they did not take is counted; what they take again is
//! whole.

use std::{
    fs::{self, File},
    io,
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::{Path, PathBuf},
    process::Command,
};

use rustix::process::getppid;
use tests::{TempDir, binary, lines, untold};

use crate::{
    agent::Agent,
    books::{closed, count, dropped},
    guard::Guard,
    run::{ROUNDS, in_mounts, launch, load, times},
    wait::wait_for,
};

/// What is captured: calls that the load makes [`ROUNDS`] of.
const CAPTURED: [&str; 6] = ["-o", "json", "--comm", "load", "--syscalls", "getppid"];

/// Starts an agent that writes the load's calls to a file.
fn writing(path: &Path, more: &[&str]) -> Agent {
    Agent::start(&[&CAPTURED, ["--write", path.to_str().expect("UTF-8")].as_slice(), more].concat())
}

/// Runs a load, and waits until as many of its calls as it made are in the file.
fn fill(path: &Path) {
    assert_eq!(load().complete(), ROUNDS);
    wait_for("the calls are written", || {
        let text = fs::read_to_string(path).unwrap_or_default();
        (text.ends_with('\n') && text.lines().count() as u64 >= ROUNDS).then_some(())
    });
}

#[test]
fn a_file_that_is_deleted_or_moved_away() {
    let _guard = Guard::new();
    let folder = TempDir::new();
    let path = folder.join("events");
    let agent = writing(&path, &[]);
    fill(&path);
    fs::remove_file(&path).expect("a file");
    fill(&path);
    fs::rename(&path, folder.join("moved")).expect("a file");
    fill(&path);
    let run = agent.stop();
    let ledger = closed(&run);
    assert_eq!((count(&ledger["agent"], "delivered"), dropped(&ledger)), (3 * ROUNDS, 0));
    for path in [path, folder.join("moved")] {
        assert_eq!(times(&lines(&path), "getppid"), ROUNDS, "{}", path.display());
    }
}

#[test]
fn a_folder_that_is_deleted() {
    let _guard = Guard::new();
    let folder = TempDir::new();
    let path = folder.join("folder/events");
    let parent = folder.join("folder");
    fs::create_dir_all(&parent).expect("a folder");
    let agent = writing(&path, &[]);
    fill(&path);
    fs::remove_dir_all(&parent).expect("a folder");
    assert_eq!(load().complete(), ROUNDS);
    wait_for("the agent says what is wrong", || agent.stderr().contains("No such file or directory").then_some(()));
    fs::create_dir_all(&parent).expect("a folder");
    wait_for("it writes again", || {
        assert_eq!(load().complete(), ROUNDS);
        fs::read_to_string(&path).is_ok_and(|text| text.ends_with('\n')).then_some(())
    });
    let run = agent.stop();
    let ledger = closed(&run);
    let (delivered, dropped) = (count(&ledger["agent"], "delivered"), dropped(&ledger));
    assert!(dropped > 0 && run.stderr.contains(path.to_str().expect("UTF-8")), "{dropped} dropped\n{}", run.stderr);
    assert_eq!(delivered, ROUNDS + times(&lines(&path), "getppid"), "what is there was delivered, and nothing else");
}

/// A path as a process in another mount namespace sees it.
fn seen_by(agent: &Agent, path: &Path) -> PathBuf {
    Path::new(&format!("/proc/{}/root", agent.pid())).join(path.strip_prefix("/").expect("an absolute path"))
}

#[test]
fn a_disk_that_is_full_for_a_while() {
    let _guard = Guard::new();
    let folder = TempDir::new();
    let disk = folder.join("disk");
    fs::create_dir_all(&disk).expect("a folder");
    let path = disk.join("events");
    // In the agent's own mount namespace, so that it goes with it.
    let mut command = in_mounts(r#"mount -t tmpfs -o size=1m none "$1" && shift && exec "$0" "$@""#);
    command.arg(&disk);
    let agent = launch(command, &[&CAPTURED, ["--write", path.to_str().expect("UTF-8")].as_slice()].concat());
    let (filler, events) = (seen_by(&agent, &disk.join("filler")), seen_by(&agent, &path));
    fill(&events);
    // As much as there is room for.
    let _ = fs::write(&filler, vec![0; 2 << 20]);
    wait_for("the disk is full", || {
        assert_eq!(load().complete(), ROUNDS);
        agent.stderr().contains("No space left on device").then_some(())
    });
    fs::remove_file(&filler).expect("a file");
    let before = fs::metadata(&events).expect("a file").len();
    wait_for("it writes again", || {
        assert_eq!(load().complete(), ROUNDS);
        (fs::metadata(&events).expect("a file").len() > before).then_some(())
    });
    // The disk goes with the agent, but for what is open.
    let events = File::open(&events).expect("a file");
    let run = agent.stop();
    let ledger = closed(&run);
    let written = io::read_to_string(events).expect("UTF-8");
    let whole = written.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok());
    assert!(whole && written.ends_with('\n'), "a line is torn: {written}");
    assert_eq!(count(&ledger["agent"], "delivered"), written.lines().count() as u64, "{ledger}");
    assert!(dropped(&ledger) > 0, "what found no room is counted: {ledger}");
}

#[test]
fn a_file_that_may_not_grow() {
    let _guard = Guard::new();
    let folder = TempDir::new();
    let path = folder.join("events");
    let mut command = Command::new("prlimit");
    command.arg("--fsize=65536").arg(binary());
    let path = path.to_str().expect("UTF-8");
    let agent = launch(untold(command), &[&CAPTURED, ["--write", path].as_slice()].concat());
    wait_for("the agent says what is wrong", || {
        assert_eq!(load().complete(), ROUNDS);
        agent.stderr().contains("File too large").then_some(())
    });
    let ledger = closed(&agent.stop());
    let written = times(&lines(Path::new(path)), "getppid");
    assert_eq!(count(&ledger["agent"], "delivered"), written, "no line is torn");
    assert!(dropped(&ledger) > 0, "{ledger}");
}

#[test]
fn a_socket_that_is_closed() {
    let _guard = Guard::new();
    let (ours, theirs) = UnixStream::pair().expect("sockets");
    let agent = Agent::start_to(&["-o", "json", "--syscalls", "getppid"], TempDir::new(), OwnedFd::from(theirs).into());
    let pid = agent.pid();
    drop(ours);
    wait_for("it ends by itself", || {
        let _ = getppid();
        // A zombie has no descriptors.
        fs::read_dir(format!("/proc/{pid}/fd")).map_or(true, |mut fds| fds.next().is_none()).then_some(())
    });
    let run = agent.finish();
    closed(&run);
    assert!(!run.stderr.contains("ERROR"), "whoever has seen enough wants to hear no more:\n{}", run.stderr);
}
