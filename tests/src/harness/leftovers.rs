// SPDX-License-Identifier: Apache-2.0
//! What an agent that ended must not leave in the kernel.

use std::{
    collections::BTreeSet,
    fs,
    process::Command,
    time::{Duration, Instant},
};

use agent_common::{
    numbers,
    options::names,
    schema::{Abi, Hook},
    shape,
};
use serde_json::Value;

/// How long the kernel may take to free what nobody holds any more: it waits for CPUs to pass through other code.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often bpftool is asked.
const ATTEMPTS: u32 = 20;

/// The programs and maps, as `bpftool` tells.
fn bpftool(kind: &str) -> Vec<Value> {
    let mut said = String::new();
    for _ in 0..ATTEMPTS {
        let output = Command::new("bpftool").args(["--json", kind, "show"]).output();
        let output = output.unwrap_or_else(|error| panic!("bpftool: {error}; `cargo xtask setup --tests` installs it"));
        said = String::from_utf8_lossy(&output.stdout).into_owned();
        match serde_json::from_str(&said) {
            Ok(Value::Array(objects)) => return objects,
            // Without any it prints nothing.
            Ok(_) | Err(_) if output.status.success() => return Vec::new(),
            // An object that vanishes while it lists makes it print an error instead.
            Ok(_) | Err(_) => {}
        }
    }
    panic!("bpftool {kind} show, {ATTEMPTS} times: {said}");
}

/// The kernel keeps 15 bytes of a name.
fn kept(name: &str) -> String {
    name.chars().take(15).collect()
}

/// The names that the agent's maps have.
fn map_names() -> BTreeSet<String> {
    let mut names: BTreeSet<_> = [
        names::SELECTED,
        names::CALLS,
        names::ENTERS,
        names::RINGS,
        names::LEDGER,
        names::LANES,
        names::SCRATCH,
        names::MODE,
        names::PREDICATES,
        names::NUMBERS,
        names::TEXTS,
        names::NETWORKS,
        names::SUFFIXES,
        names::CGROUPS,
        names::FACTS,
        names::ENTERED,
        "AYA_LOGS",
    ]
    .map(kept)
    .into();
    names.extend((0..1024).map(|cpu| kept(&format!("lanner_ring{cpu}"))));
    names
}

/// The names that the agent's programs have.
fn program_names() -> BTreeSet<String> {
    let mut found: BTreeSet<_> = [names::SYS_EXIT, names::SYS_ENTER, names::UNKNOWN].map(kept).into();
    for abi in Abi::ALL {
        for numbered in numbers::table(abi) {
            let mut name = String::new();
            shape::write_name(&mut name, numbered.row, abi).expect("a string can be written to");
            found.insert(kept(&name));
            if numbered.row.hook != Hook::Exit {
                found.insert(kept(numbered.row.name));
            }
        }
    }
    found
}

/// The ids that living agents hold: of programs and of maps.
fn held() -> (BTreeSet<u64>, BTreeSet<u64>) {
    let (mut programs, mut maps) = (BTreeSet::new(), BTreeSet::new());
    for process in fs::read_dir("/proc").expect("/proc is mounted").flatten() {
        if fs::read_to_string(process.path().join("comm")).is_ok_and(|comm| comm.trim_end() == "lanner") {
            for info in fs::read_dir(process.path().join("fdinfo")).into_iter().flatten().flatten() {
                let text = fs::read_to_string(info.path()).unwrap_or_default();
                for line in text.lines() {
                    let id = |name| line.strip_prefix(name)?.trim().parse::<u64>().ok();
                    programs.extend(id("prog_id:"));
                    maps.extend(id("map_id:"));
                }
            }
        }
    }
    (programs, maps)
}

/// The agent's programs and maps in the kernel that no living agent holds, such as `prog 17 sys_exit`.
#[must_use]
pub fn leftovers() -> Vec<String> {
    // An agent that starts between two of these would look like one that left something: hence before and after.
    let before = held();
    let (programs, maps) = (bpftool("prog"), bpftool("map"));
    let after = held();
    let mut left = Vec::new();
    let mut used = BTreeSet::new();
    for (kind, objects, names) in [("prog", &programs, program_names()), ("map", &maps, map_names())] {
        for object in objects {
            let (id, name) = (object["id"].as_u64().unwrap_or_default(), object["name"].as_str().unwrap_or_default());
            let living = match kind {
                "prog" => before.0.contains(&id) || after.0.contains(&id),
                _ => before.1.contains(&id) || after.1.contains(&id) || used.contains(&id),
            };
            if living && let Some(maps) = object["map_ids"].as_array() {
                used.extend(maps.iter().filter_map(Value::as_u64));
            }
            // Somebody who looks at a program array while its owner ends (this function, or bpftool elsewhere) makes
            // the kernel keep it for ever, empty: each last closing of its descriptors takes a reference for a piece
            // of work, which puts back one, however often it was asked for (`prog_array_map_clear` in
            // kernel/bpf/arraymap.c). An agent that leaves one leaves others too.
            let kept_by_kernel = object["type"] == "prog_array";
            if names.contains(name) && !living && !kept_by_kernel {
                left.push(format!("{kind} {id} {name}"));
            }
        }
    }
    left
}

/// Waits until no program and no map of an agent that ended is left.
///
/// # Panics
/// When something is left after a while.
pub fn await_no_leftovers() {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = leftovers();
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "an agent that ended left in the kernel: {}", left.join(", "));
    }
}
