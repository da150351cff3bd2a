// SPDX-License-Identifier: Apache-2.0
//! `lanner bench` on the live kernel: what it says is well-formed and adds up, and it leaves nothing behind. How long anything
//! takes is for people to look at.

#[path = "support/wait.rs"]
mod wait;

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tests::{Footprint, TempDir, await_no_leftovers, lanner};

use crate::wait::wait_for;

/// All targets.
const TARGETS: [&str; 9] = ["nothing", "F0", "F1", "discard", "state", "text", "json", "condition", "enriched"];
/// Those that are agents.
const AGENTS: [&str; 6] = ["discard", "state", "text", "json", "condition", "enriched"];

/// Another tool: it says that it is ready, and takes CPU time.
const COMPARED: &str = "echo ready; exec cat /dev/zero > /dev/null";

fn bench(folder: &TempDir, args: &[&str]) -> Command {
    let mut command = lanner();
    command.arg("bench").args(args).env("TMPDIR", folder.path()).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).expect("the folder is there").next().is_none()
}

#[test]
fn a_short_run_measures_every_target_and_leaves_nothing() {
    let folder = TempDir::new();
    let mut command = bench(&folder, &["--quick", "--json", "--only", "W1", "--compare", COMPARED]);
    let footprint = Footprint::of(&mut command);
    let output = command.output().expect("it runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert!(stderr.is_empty(), "{stderr}");
    footprint.await_gone();
    await_no_leftovers();
    assert!(is_empty(folder.path()), "it left files");

    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&report["version"], &report["quick"], &report["rounds"]), (&1.into(), &true.into(), &1.into()));
    let names = |list: &str| -> Vec<&str> {
        report[list].as_array().expect("a list").iter().filter_map(|one| one["name"].as_str()).collect()
    };
    assert_eq!(names("workloads"), ["W1"]);
    assert_eq!(names("targets"), [&TARGETS[..], &["echo"]].concat());
    let cells = report["cells"].as_array().expect("a list");
    let of = |target: &str| {
        let mut cells = cells.iter().filter(|cell| cell["target"] == target && cell["workload"] == "W1");
        let cell = cells.next().unwrap_or_else(|| panic!("{target} was not measured"));
        assert!(cells.next().is_none(), "{target} is there twice");
        assert!(cell["ns"]["median"].as_f64().is_some_and(|ns| ns > 0.0), "{cell}");
        cell
    };
    assert_eq!(cells.len(), TARGETS.len() + 1);
    assert!(of("nothing")["added"].is_null() && of("nothing")["probe"].is_null());
    for target in &TARGETS[1..] {
        let cell = of(target);
        assert!(cell["added"]["median"].is_f64(), "{cell}");
        let runs: f64 = cell["probe"]["programs"].as_array().expect("programs").iter().filter_map(runs).sum();
        assert!(runs >= 1.0, "its program ran for each call: {cell}");
    }
    for target in AGENTS {
        let cell = of(target);
        assert_eq!(cell["closed"], true, "{cell}");
        assert!(cell["resident"].as_u64() > Some(1 << 20) && cell["rings"].as_u64() > Some(0), "{cell}");
        // The condition refuses in the kernel: there are no events, and so none that anything could be told of.
        let told = target != "condition";
        assert_eq!(cell["cpu_ns_per_event"].is_object(), told, "{cell}");
        assert_eq!(cell["bytes_per_event"].is_f64(), told, "{cell}");
    }
    let compared = of("echo");
    assert!(
        compared["closed"].is_null() && compared["cpu_ns_per_operation"]["median"].as_f64() > Some(0.0),
        "{compared}"
    );
    assert!(report["idle"]["resident"].as_u64() > Some(1 << 20), "{}", report["idle"]);
    for what in ["first_event_ms", "stop_ms"] {
        assert!(report["start"][what]["median"].as_f64() > Some(0.0), "{}", report["start"]);
    }
    for what in ["cpu", "kernel"] {
        assert!(report["machine"][what].as_str().is_some_and(|text| !text.is_empty()), "{}", report["machine"]);
    }
}

/// Of the agent's programs, and of a floor's, those that are attached to the end of calls.
fn runs(program: &Value) -> Option<f64> {
    let name = program["name"].as_str()?;
    BTreeSet::from(["sys_exit", "floor_empty", "floor_record"]).contains(name).then_some(())?;
    program["runs_per_operation"].as_f64()
}

#[test]
fn a_signal_ends_it_in_order() {
    let folder = TempDir::new();
    let mut command = bench(&folder, &["--only", "W1"]);
    let mut footprint = Footprint::of(&mut command);
    let child = command.spawn().expect("it runs");
    wait_for("an agent, a load and the bench itself run", || {
        footprint.look();
        (footprint.processes().len() >= 3 && !footprint.objects().is_empty()).then_some(())
    });
    kill_process(Pid::from_child(&child), Signal::INT).expect("it runs");
    let output = child.wait_with_output().expect("it ends");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.starts_with("lanner: ") && stderr.contains("stopped by a signal"), "{stderr}");
    assert!(output.stdout.is_empty());
    footprint.await_gone();
    await_no_leftovers();
    assert!(is_empty(folder.path()), "it left files");
}

#[test]
fn without_privileges_it_says_what_is_missing() {
    let folder = TempDir::new();
    let copy = folder.join("lanner");
    fs::copy(tests::binary(), &copy).expect("a copy");
    fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("its folder");
    let mut command = tests::untold(Command::new("setpriv"));
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&copy).arg("bench");
    let output = command.stdin(Stdio::null()).output().expect("setpriv is there");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{stderr}");
    assert!(stderr.starts_with("lanner: ") && stderr.contains("CAP_BPF") && stderr.contains("sudo"), "{stderr}");
}
