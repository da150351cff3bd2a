// SPDX-License-Identifier: Apache-2.0
//! The capabilities that the documentation names: with all of them nothing is missing, without one exactly what it says.

use std::{
    fs, iter,
    process::{Command, Stdio},
};

use serde_json::{Map, Value};
use tests::{binary, lanner};

use crate::{
    agent::alone,
    bystander::{Bystander, FIELDS},
    running::Running,
};

/// What `agent::host::capabilities::START` has, as setpriv writes it; a test of package `agent` compares that with the
/// manifests.
const START: [&str; 5] = ["bpf", "perfmon", "sys_ptrace", "dac_read_search", "sys_nice"];

/// The agent as root with these capabilities and no others.
fn with(capabilities: &[&str]) -> Command {
    let mut command = Command::new("setpriv");
    let bounding: Vec<_> =
        iter::once("-all".to_owned()).chain(capabilities.iter().map(|name| format!("+{name}"))).collect();
    command.arg(format!("--bounding-set={}", bounding.join(","))).arg("--inh-caps=-all").arg(binary());
    for name in lanner().get_envs().map(|(name, _)| name) {
        command.env_remove(name);
    }
    command
}

/// Captures calls of a bystander.
fn start(capabilities: &[&str]) -> Running {
    Running::launch(with(capabilities), &["-o", "json", "--env", "--syscalls", "umask", "--fields", FIELDS])
}

/// What an event of the bystander shows, and what the agent warned of.
fn shown(capabilities: &[&str]) -> (Map<String, Value>, Map<String, Value>, String, i64) {
    let mut bystander = Bystander::start();
    let agent = start(capabilities);
    let nice = niceness(&agent);
    let event = bystander.call(|event| event.as_object().cloned(), || agent.events());
    let known = bystander.known().as_object().cloned().expect("an object");
    let run = agent.stop();
    assert!(run.status.success(), "{run:?}");
    (event, known, run.stderr, nice)
}

/// The niceness of the thread that empties the rings.
fn niceness(agent: &Running) -> i64 {
    let tasks = fs::read_dir(format!("/proc/{}/task", agent.pid())).expect("a running agent").flatten();
    let mut stats = tasks.filter_map(|task| fs::read_to_string(task.path().join("stat")).ok());
    let stat = stats.find(|stat| stat.contains("(lanner-drain)")).expect("a thread");
    // The 19th field; the second one, which may have blanks, is the name.
    stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(16)?.parse().ok()).expect("a number")
}

#[test]
fn nothing_is_missing_with_those_that_are_documented() {
    let _alone = alone();
    let (event, known, said, nice) = shown(&START);
    assert_eq!(event, known);
    assert_eq!(nice, -10);
    assert!(!said.contains("WARN"), "{said}");
    let doctor = with(&START).arg("doctor").output().expect("it runs");
    let said = String::from_utf8_lossy(&doctor.stdout);
    let names = "CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH, CAP_SYS_NICE";
    assert!(said.lines().any(|line| line.starts_with("ok    capabilities") && line.ends_with(names)), "{said}");
}

#[test]
fn nothing_is_captured_without_those_for_programs() {
    let _alone = alone();
    for missing in ["bpf", "perfmon"] {
        let some: Vec<_> = START.into_iter().filter(|name| *name != missing).collect();
        let mut command = with(&some);
        let output = command.args(["--duration", "1s"]).stdin(Stdio::null()).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        let name = format!("this process lacks CAP_{};", missing.to_uppercase());
        assert!(output.status.code() == Some(1) && said.contains(&name) && said.lines().count() == 1, "{said}");
    }
}

#[test]
fn what_is_lost_without_the_others_is_what_is_documented() {
    let _alone = alone();
    // Without which of them; what is not known then.
    let cases: [(&str, &[&str]); 3] = [
        ("sys_ptrace", &["proc.exepath", "proc.cwd", "proc.env[LANNER_TEST]"]),
        ("dac_read_search", &["proc.env[LANNER_TEST]"]),
        ("sys_nice", &[]),
    ];
    for (missing, fields) in cases {
        let some: Vec<_> = START.into_iter().filter(|name| *name != missing).collect();
        let (event, mut known, said, nice) = shown(&some);
        for field in fields {
            known.insert((*field).to_owned(), Value::Null);
        }
        assert_eq!(event, known, "without {missing}");
        assert_eq!(nice == -10, missing != "sys_nice", "without {missing}: {nice}");
        let name = format!("CAP_{}", missing.to_uppercase());
        let warned: Vec<_> = said.lines().filter(|line| line.contains("WARN")).collect();
        assert!(warned.len() == 1 && warned[0].contains(&format!("without {name} ")), "{said}");
        let doctor = with(&some).arg("doctor").output().expect("it runs");
        let said = String::from_utf8_lossy(&doctor.stdout);
        let line = said.lines().find(|line| line.starts_with("warn  capabilities")).unwrap_or_default();
        assert!(line.contains(&format!("missing: {name};")) && doctor.status.success(), "{said}");
    }
}
