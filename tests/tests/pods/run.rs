// SPDX-License-Identifier: Apache-2.0
//! Runs of the agent beside an API server, and what they wrote.

use std::{
    fs::{self, File},
    path::PathBuf,
};

use serde_json::Value;
use tests::{TempDir, kubernetes::ApiServer};

use crate::{
    agent::{Agent, Run},
    client::{Client, Metrics},
    resident::Resident,
    wait::wait_for,
};

/// The node that the tests are.
pub(crate) const NODE: &str = "node-under-test";
/// What is asked for of each event.
const FIELDS: &str = "fd.name,k8s.pod.name,k8s.ns.name,k8s.pod.uid,k8s.container.name,k8s.deployment.name,container.id";

/// A running agent, whose output can be read while it runs.
pub(crate) struct Running {
    agent: Agent,
    events: PathBuf,
}

impl Running {
    /// What it has written so far.
    pub(crate) fn events(&self) -> String {
        fs::read_to_string(&self.events).expect("events")
    }

    /// Its metrics, if it serves any.
    pub(crate) fn metrics(&self) -> Metrics {
        Client::of(&self.agent).metrics("/metrics")
    }

    /// Its resident memory in KiB.
    pub(crate) fn resident_kb(&self) -> u64 {
        let status =
            fs::read_to_string(format!("/proc/{}/status", self.agent.pid().as_raw_nonzero())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it has memory");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// Tells it to end and waits for that.
    pub(crate) fn stop(self) -> Run {
        self.agent.stop()
    }
}

/// Starts the agent for the pods that `api` knows. It prints opens of what is below `/no/`, of anybody for whom `condition`
/// holds.
pub(crate) fn start(api: &ApiServer, condition: &str, more: &[&str]) -> Running {
    let condition = format!("evt.type = openat and fd.name startswith /no/ and {condition}");
    start_with(api, &[&["-o", "json", "--fields", FIELDS, &condition], more].concat())
}

/// Starts the agent for the pods that `api` knows.
pub(crate) fn start_with(api: &ApiServer, args: &[&str]) -> Running {
    let url = api.url();
    let all = ["--no-container-lookups", "--k8s-node", NODE, "--k8s-api", &url];
    let folder = TempDir::new();
    let events = folder.join("events");
    let stdout = File::create(&events).expect("a file for events");
    Running { agent: Agent::start_to(&[&all, args].concat(), folder, stdout.into()), events }
}

/// The lines of a run.
pub(crate) fn lines(run: &Run) -> Vec<Value> {
    tests::lines(&run.folder.join("events"))
}

/// The line of the look at `file`.
#[track_caller]
pub(crate) fn line_of<'l>(lines: &'l [Value], file: &str) -> &'l Value {
    let found = lines.iter().find(|line| line["fd.name"] == file);
    found.unwrap_or_else(|| panic!("no look at {file} among {lines:#?}"))
}

/// Has `resident` look at files, `/no/NAME-0` and so on, until a look is printed that `fits`. The number of looks.
pub(crate) fn look_until(agent: &Running, resident: &mut Resident, name: &str, fits: impl Fn(&Value) -> bool) -> u32 {
    let mut looks = 0;
    wait_for(&format!("a look at {name} that fits"), || {
        resident.look_at(&format!("/no/{name}-{looks}"));
        looks += 1;
        let all = agent.events();
        let lines = all.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let of_name = |line: &Value| line["fd.name"].as_str().is_some_and(|file| file.contains(name));
        lines.into_iter().any(|line| of_name(&line) && fits(&line)).then_some(looks)
    })
}
