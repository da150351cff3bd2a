// SPDX-License-Identifier: Apache-2.0
//! What came of a guest: its answers and its console, put together to one verdict.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::plan::Answer;

/// What the kernel's messages must not have. `WARNING: CPU` is a warning with a trace.
const TROUBLE: &[&str] = &[
    "Kernel panic",
    "Oops",
    "BUG: ",
    "WARNING: CPU",
    "general protection fault",
    "Unable to handle kernel",
    "detected stall",
    "soft lockup",
    "hung_task",
    "Out of memory: Killed",
];

/// The agent's own report on the guest.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Doctor {
    ok: bool,
    checks: Vec<Check>,
    fields: Vec<Field>,
    #[serde(default)]
    pub(super) programs: Vec<Program>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Check {
    name: String,
    status: String,
    found: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Field {
    offset: Option<u16>,
}

/// A program that the kernel has loaded.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Program {
    pub(super) name: String,
    pub(super) verified: Option<u32>,
}

impl Doctor {
    /// What it warns of, by the name of the check.
    pub(super) fn warned(&self) -> Vec<&str> {
        let warned = self.checks.iter().filter(|check| check.status == "warn");
        warned.map(|check| check.name.as_str()).collect()
    }

    /// Checks that are not as they should be, in words.
    fn complaints(&self) -> Vec<String> {
        let wrong = self.checks.iter().filter(|check| check.status != "ok");
        wrong.map(|check| format!("{} {}: {}", check.status, check.name, check.found)).collect()
    }

    /// Fields of the kernel's structures that were found, and all that are looked for.
    pub(super) fn fields(&self) -> (usize, usize) {
        (self.fields.iter().filter(|field| field.offset.is_some()).count(), self.fields.len())
    }

    /// The program that took the most, and how many.
    pub(super) fn largest(&self) -> Option<String> {
        let largest = self.programs.iter().filter_map(|program| Some((program.verified?, &program.name))).max()?;
        Some(format!("{} of `{}`", largest.0, largest.1))
    }

    /// Instructions that the verifier looked at; `None` where the kernel does not say.
    pub(super) fn verified(&self) -> Option<u64> {
        self.programs.iter().map(|program| program.verified.map(u64::from)).sum::<Option<u64>>().filter(|sum| *sum > 0)
    }
}

/// A step, as it went.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Taken {
    pub(super) name: String,
    pub(super) ok: bool,
    pub(super) passed: u64,
}

/// What came of a guest.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Outcome {
    /// The checksum of the agent that it is about.
    pub(super) agent: String,
    pub(super) release: String,
    pub(super) cpus: usize,
    pub(super) doctor: Option<Doctor>,
    pub(super) steps: Vec<Taken>,
    pub(super) hotplugs: u64,
    /// Everything that is wrong.
    pub(super) wrong: Vec<String>,
}

impl Outcome {
    /// Of what the guest wrote. `booted` is what QEMU's end says, `steps` how many steps were asked for.
    pub(super) fn of(report: &str, console: &str, booted: Result<(), String>, steps: usize) -> Self {
        let mut outcome = Self::default();
        outcome.wrong.extend(booted.err());
        let mut ended = false;
        for line in report.lines() {
            match serde_json::from_str(line) {
                Ok(Answer::Start { release, cpus, missing }) => {
                    (outcome.release, outcome.cpus) = (release, cpus);
                    outcome.wrong.extend(missing.into_iter().map(|what| format!("not mounted: {what}")));
                }
                Ok(Answer::Step { name, ok, status, json, lines, .. }) => outcome.step(name, ok, &status, json, lines),
                Ok(Answer::End { hotplugs }) => {
                    ended = true;
                    outcome.hotplugs = hotplugs;
                }
                Err(error) => outcome.wrong.push(format!("not an answer ({error}): {line:.80}")),
            }
        }
        let trouble = console.lines().filter(|line| TROUBLE.iter().any(|trouble| line.contains(trouble)));
        outcome.wrong.extend(trouble.take(8).map(|line| format!("the kernel: {}", line.trim())));
        if !ended {
            let last = console.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("nothing");
            outcome.wrong.push(format!("the guest did not come to its end; its console ends with: {}", last.trim()));
        } else if outcome.steps.len() != steps {
            outcome.wrong.push(format!("{} steps were asked for, {} were taken", steps, outcome.steps.len()));
        }
        outcome
    }

    fn step(&mut self, name: String, ok: bool, status: &str, json: Option<Value>, lines: Vec<String>) {
        if let Some(json) = json {
            match serde_json::from_value::<Doctor>(json) {
                Ok(doctor) => {
                    if !doctor.ok {
                        self.wrong.extend(doctor.complaints());
                    }
                    self.doctor = Some(doctor);
                }
                Err(error) => self.wrong.push(format!("{name}: {error}")),
            }
        }
        let passed = lines.iter().filter_map(|line| passed(line)).sum();
        let words: Vec<_> = lines.into_iter().filter(|line| !line.starts_with("test result: ok")).collect();
        if !ok {
            self.wrong.push(format!("{name}: {status}"));
            self.wrong.extend(words.iter().map(|line| format!("  {line}")));
        }
        self.steps.push(Taken { name, ok, passed });
    }

    /// Whether all is well.
    pub(super) fn ok(&self) -> bool {
        self.wrong.is_empty()
    }

    /// One line's worth of what was found.
    pub(super) fn summary(&self) -> String {
        let mut parts = Vec::new();
        if let Some(doctor) = &self.doctor {
            let (found, all) = doctor.fields();
            let verified = doctor.verified().map_or_else(String::new, |sum| format!(", {sum} instructions"));
            parts.push(format!("{found}/{all} fields, {} programs{verified}", doctor.programs.len()));
        }
        let tests: Vec<_> = self.steps.iter().filter(|step| step.passed > 0 || !step.ok).collect();
        let tests = tests.iter().map(|step| {
            format!("{} {}", step.name, if step.ok { step.passed.to_string() } else { "FAILED".to_owned() })
        });
        parts.extend(tests);
        if self.hotplugs > 0 {
            parts.push(format!("{} CPU changes", self.hotplugs));
        }
        parts.join(", ")
    }

    /// What the verifier did by kind of program: kind, programs, instructions, the most of one.
    pub(super) fn kinds(&self) -> BTreeMap<&'static str, (u64, u64, u32)> {
        let mut kinds = BTreeMap::new();
        for program in self.doctor.iter().flat_map(|doctor| &doctor.programs) {
            let Some(verified) = program.verified else { continue };
            let (programs, sum, most) = kinds.entry(kind(&program.name)).or_insert((0, 0, 0));
            *programs += 1;
            *sum += u64::from(verified);
            *most = verified.max(*most);
        }
        kinds
    }
}

/// What a program is for.
fn kind(name: &str) -> &'static str {
    use agent_common::options::names::*;
    const STAGES: [&str; 5] = [CHANGED, FILES_EXIT, FILES_ENTER, TELL_EXIT, TELL_ENTER];
    match name {
        SYS_ENTER => "dispatch at `sys_enter`",
        SYS_EXIT => "dispatch at `sys_exit`",
        _ if TRACEPOINTS.contains(&name) => "tasks and cgroups",
        _ if STAGES.contains(&name) => "files and what calls change",
        _ => "calls, one for each shape of arguments",
    }
}

/// How many tests passed, in the line by which a test program ends.
fn passed(line: &str) -> Option<u64> {
    line.strip_prefix("test result: ")?
        .split(['.', ';'])
        .find_map(|part| part.trim().strip_suffix(" passed"))?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"{"type":"start","release":"6.1.0","cpus":2,"missing":[]}
{"type":"step","name":"doctor","ok":true,"status":"exit status: 0","millis":5,"json":{"ok":true,"checks":[],"fields":[{"offset":3},{"offset":null}],"programs":[{"name":"sys_exit","verified":7},{"name":"_x","verified":5},{"name":"_y","verified":6}]},"lines":[]}
{"type":"step","name":"ledger","ok":true,"status":"exit status: 0","millis":5,"json":null,"lines":["test result: ok. 4 passed; 0 failed; 0 ignored"]}
{"type":"end","hotplugs":0}
"#;

    fn of(report: &str, console: &str) -> Outcome {
        Outcome::of(report, console, Ok(()), 2)
    }

    #[test]
    fn a_guest_that_did_all() {
        let outcome = of(REPORT, "[    1.0] Run /init as init process\n");
        assert!(outcome.ok(), "{:?}", outcome.wrong);
        assert_eq!(outcome.summary(), "1/2 fields, 3 programs, 18 instructions, ledger 4");
        assert_eq!(outcome.kinds()["calls, one for each shape of arguments"], (2, 11, 6));
    }

    #[test]
    fn what_is_wrong_fails_a_guest() {
        for console in ["Kernel panic - not syncing", "[ 2.0] BUG: unable to handle page fault", "Oops: int3: 0000"] {
            assert_eq!(of(REPORT, console).wrong.len(), 1, "{console}");
        }
        let cut = REPORT.lines().take(2).collect::<Vec<_>>().join("\n");
        assert!(of(&cut, "last words\n\n").wrong[0].ends_with("last words"));
        let fewer = REPORT.lines().filter(|line| !line.contains("ledger")).collect::<Vec<_>>().join("\n");
        assert_eq!(of(&fewer, "").wrong, ["2 steps were asked for, 1 were taken"]);
        let failed = REPORT.replace(r#""ledger","ok":true"#, r#""ledger","ok":false"#);
        assert_eq!(of(&failed, "").wrong, ["ledger: exit status: 0"]);
        let late = Outcome::of(REPORT, "", Err("too long".to_owned()), 2);
        assert_eq!(late.wrong, ["too long"]);
    }
}
