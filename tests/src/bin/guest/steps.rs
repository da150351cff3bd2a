// SPDX-License-Identifier: Apache-2.0
//! Taking a step: a program is run, and what it printed is kept.

use std::{
    process::{Command, Stdio},
    time::Instant,
};

use serde_json::Value;

use crate::plan::{Answer, Step};

/// Lines of a test program that say what came out, by how they begin.
const TELLING: [&str; 3] = ["test result:", "---- ", "error:"];
/// How many of them are passed on.
const LINES: usize = 64;

/// Takes a step. What the program prints goes to the console as well, when it has ended.
pub(crate) fn take(step: &Step, environment: &[(String, String)]) -> Answer {
    let started = Instant::now();
    println!("guest: {}: {} {}", step.name, step.program, step.args.join(" "));
    let mut command = Command::new(&step.program);
    command.args(&step.args).envs(environment.iter().cloned()).stdin(Stdio::null());
    let ended = command.output();
    let millis = started.elapsed().as_millis() as u64;
    let name = step.name.clone();
    let output = match ended {
        Ok(output) => output,
        Err(error) => {
            let status = format!("{} can't be started: {error}", step.program);
            return Answer::Step { name, ok: false, status, millis, json: None, lines: Vec::new() };
        }
    };
    let (printed, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let json: Option<Value> = step.json.then(|| serde_json::from_str(&printed).ok()).flatten();
    if json.is_none() {
        println!("{printed}");
    }
    println!("{errors}guest: {}: {}, {millis} ms", step.name, output.status);
    let ok = output.status.success() && json.is_some() == step.json;
    let telling = |line: &&str| TELLING.iter().any(|begin| line.starts_with(begin));
    let lines = printed.lines().chain(errors.lines()).filter(telling).take(LINES).map(str::to_owned).collect();
    Answer::Step { name, ok, status: output.status.to_string(), millis, json, lines }
}
