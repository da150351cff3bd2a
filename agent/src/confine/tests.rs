// SPDX-License-Identifier: Apache-2.0
//! A filter can't be taken away again, so that each test runs itself anew as a process of its own.

use std::{
    env, fs, io,
    net::{TcpListener, TcpStream},
    os::unix::process::{CommandExt as _, ExitStatusExt as _},
    process::{Command, Output},
    thread,
};

use rustix::{
    fs::{MemfdFlags, memfd_create},
    io::Errno,
    thread::{CapabilitySet, capabilities},
};

use super::{Needs, confine};
use crate::probe::features;

/// Says what the process is to try.
const WHAT: &str = "LANNER_TEST_CONFINED";

/// Runs [`confined`] with a task.
fn run(what: &str) -> Output {
    let mut command = Command::new(env::current_exe().expect("the test program"));
    command.args(["--exact", "confine::tests::confined", "--ignored", "--nocapture"]).env(WHAT, what);
    command.output().expect("it runs")
}

#[test]
#[ignore = "what the others run in a process of its own"]
fn confined() {
    let what = env::var(WHAT).expect("a task; the other tests give it");
    let before = capabilities(None).expect("capabilities").permitted;
    let needs = Needs { names: what != "nothing", load: what == "load", ..Needs::default() };
    confine(&needs, || true);
    let sets = capabilities(None).expect("capabilities");
    let mut wanted = CapabilitySet::empty();
    if needs.names {
        wanted |= CapabilitySet::SYS_PTRACE | CapabilitySet::DAC_READ_SEARCH;
    }
    if needs.load {
        wanted |= CapabilitySet::BPF | CapabilitySet::PERFMON;
    }
    assert_eq!((sets.effective, sets.permitted), (wanted & before, wanted & before));
    assert!(sets.inheritable.is_empty(), "{sets:?}");
    let status = fs::read_to_string("/proc/thread-self/status").expect("a file");
    for line in ["NoNewPrivs:\t1", "Seccomp:\t2"] {
        assert!(status.lines().any(|found| found == line), "{line}: {status}");
    }
    match what.as_str() {
        "execute" => panic!("it was executed: {}", Command::new("/bin/true").exec()),
        "chroot" => panic!("it goes on: {:?}", rustix::process::chroot("/")),
        _ => work(needs.load),
    }
    println!("done");
}

/// What goes on working, and what fails without ending the process.
fn work(load: bool) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let other = thread::spawn(move || TcpStream::connect(address).map(drop));
    listener.accept().expect("a connection");
    other.join().expect("a thread").expect("a connection");

    let spawned = Command::new("/bin/true").status().expect_err("no process can be made");
    assert_eq!(spawned.raw_os_error(), Some(Errno::NOSYS.raw_os_error()));
    assert_eq!(memfd_create(c"none", MemfdFlags::empty()).expect_err("not known"), Errno::NOSYS);
    // Maps can be made if programs may be loaded, by those who have the privilege.
    let refused = |error: &io::Error| error.raw_os_error() == Some(Errno::NOSYS.raw_os_error());
    assert_eq!(features::ring_buffer().is_err_and(|error| refused(&error)), !load);
}

#[test]
fn what_capturing_takes_works_and_the_rest_fails() {
    for what in ["names", "nothing", "load"] {
        let output = run(what);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("done"), "{what}: {output:?}");
    }
}

#[test]
fn hostile_calls_end_the_process() {
    for what in ["execute", "chroot"] {
        let output = run(what);
        assert_eq!(output.status.signal(), Some(libc::SIGSYS), "{what}: {output:?}");
    }
}
