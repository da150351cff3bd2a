// SPDX-License-Identifier: Apache-2.0
//! Machines on which something is missing that is usually there. Capture works without, or says what to do.

use std::process::Command;

use serde_json::Value;
use tests::TempDir;

use crate::{
    guard::Guard,
    run::{ROUNDS, complete, events, in_mounts, launch, load, refuses, times},
};

/// Captures a load by an agent that `command` becomes: all of it; what the agent warned of.
fn captures(command: Command, args: &[&str]) -> String {
    let load = load();
    let agent = launch(command, &[&["-o", "json", "--pid", &load.pid(), "--syscalls", "getppid"], args].concat());
    assert_eq!(load.complete(), ROUNDS);
    let run = agent.stop();
    complete(&run);
    assert_eq!(times(&events(&run), "getppid"), ROUNDS);
    run.stderr.lines().filter(|line| line.contains("WARN")).collect()
}

#[test]
fn no_proc() {
    let _guard = Guard::new();
    for more in [[].as_slice(), &["--no-enrich"]] {
        let args = [&["--duration", "1s"], more].concat();
        let command = in_mounts(r#"mount -t tmpfs none /proc && exec "$0" "$@""#);
        refuses(command, &args, &["/proc is not mounted", "mount -t proc proc /proc"]);
    }
    // The doctor says so too.
    let mut doctor = in_mounts(r#"mount -t tmpfs none /proc && exec "$0" doctor --json"#);
    let output = doctor.output().expect("it runs");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((output.status.code(), &report["ok"]), (Some(1), &Value::Bool(false)), "{report}");
    let checks = report["checks"].as_array().expect("checks");
    let said =
        |check: &Value| check["remedy"].as_str().is_some_and(|remedy| remedy.contains("mount -t proc proc /proc"));
    assert!(checks.iter().any(said), "{report}");
}

#[test]
fn processes_of_others_are_hidden() {
    let _guard = Guard::new();
    // Without CAP_SYS_PTRACE, or nothing is hidden.
    let script = r#"mount -t proc -o hidepid=2 none /proc &&
        exec setpriv --bounding-set=-all,+bpf,+perfmon,+dac_read_search,+sys_nice --inh-caps=-all "$0" "$@""#;
    let warned = captures(in_mounts(script), &[]);
    assert!(warned.contains("without CAP_SYS_PTRACE"), "{warned}");
}

#[test]
fn no_tracefs() {
    let _guard = Guard::new();
    let script = r#"for folder in /sys/kernel/tracing /sys/kernel/debug; do mount -t tmpfs none $folder; done
        exec "$0" "$@""#;
    assert_eq!(captures(in_mounts(script), &[]), "");
}

#[test]
fn no_sysfs() {
    let _guard = Guard::new();
    let command = in_mounts(r#"mount -t tmpfs none /sys && exec "$0" "$@""#);
    refuses(command, &["--duration", "1s"], &["which CPUs there are", "mount -t sysfs sysfs /sys"]);
}

#[test]
fn every_file_system_is_read_only() {
    let _guard = Guard::new();
    // What is mounted elsewhere too, and where the agent looks for probes.
    let script = r#"mount -o remount,ro,bind / && for folder in /tmp /run /var /dev/shm; do
        mount --bind $folder $folder && mount -o remount,ro,bind $folder; done && exec "$0" "$@""#;
    let folder = TempDir::new();
    let path = folder.join("x");
    let path = path.to_str().expect("UTF-8");
    refuses(in_mounts(script), &["--write", path], &[path, "Read-only file system"]);
    refuses(in_mounts(script), &["--ledger", path], &[path, "Read-only file system"]);
    // The run's own account has to go where something can be written.
    let writable = r#"mount --bind "$1" "$1" && mount -o remount,ro,bind / && shift && exec "$0" "$@""#;
    let mut command = in_mounts(writable);
    command.arg(std::env::temp_dir());
    assert_eq!(captures(command, &[]), "");
}
