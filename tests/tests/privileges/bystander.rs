// SPDX-License-Identifier: Apache-2.0
//! A process of another user that is there before the agent, of which the agent knows only what `/proc` shows it.

use std::{
    fs,
    io::Write as _,
    process::{Child, ChildStdin, Command, Stdio},
};

use serde_json::Value;

use crate::wait::wait_for;

/// What is asked for of its calls.
pub(crate) const FIELDS: &str = "proc.pid,proc.exepath,proc.cwd,proc.env[LANNER_TEST],user.name,group.name";

/// `nobody`, wherever there is a passwd.
const NOBODY: &str = "65534";
/// Where it works: not where the tests do.
const FOLDER: &str = "/usr/lib";

/// The process.
#[derive(Debug)]
pub(crate) struct Bystander {
    child: Child,
    stdin: Option<ChildStdin>,
}

impl Bystander {
    /// Starts it, and waits until it is what it will be.
    pub(crate) fn start() -> Self {
        let mut command = Command::new("setpriv");
        command.args([&format!("--reuid={NOBODY}"), &format!("--regid={NOBODY}"), "--clear-groups"]);
        // A shell's own command, so that no program is executed: each line is a call, of a kind by which the probe tells nothing more.
        command.args(["/bin/sh", "-c", "echo ready; while read -r line; do umask 22; done"]);
        command.current_dir(FOLDER).env_clear().env("LANNER_TEST", "kept");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("setpriv");
        let mut stdout = child.stdout.take().expect("it is piped");
        let mut said = [0; 6];
        std::io::Read::read_exact(&mut stdout, &mut said).expect("it starts");
        assert_eq!(&said, b"ready\n");
        let stdin = child.stdin.take();
        Self { child, stdin }
    }

    /// Has it call `umask`, again and again, until `seen` has an answer: what the events of it in that text show.
    pub(crate) fn call<T>(&mut self, mut seen: impl FnMut(&Value) -> Option<T>, events: impl Fn() -> String) -> T {
        let pid = self.child.id();
        wait_for("a call of the bystander", || {
            let stdin = self.stdin.as_mut().expect("it is closed at the end");
            stdin.write_all(b"\n").expect("it reads");
            let text = events();
            // The last line may not be whole yet.
            let events = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            events.into_iter().filter(|event| event["proc.pid"] == pid).find_map(|event| seen(&event))
        })
    }

    /// What an event of it shows when everything is known.
    pub(crate) fn known(&self) -> Value {
        let exe = fs::canonicalize("/bin/sh").expect("a shell");
        let name = |file: &str| {
            let text = fs::read_to_string(file).expect("names");
            let line = text.lines().find(|line| line.split(':').nth(2) == Some(NOBODY)).expect("nobody");
            line.split(':').next().expect("a name").to_owned()
        };
        serde_json::json!({
            "proc.pid": self.child.id(),
            "proc.exepath": exe,
            "proc.cwd": format!("{FOLDER}/"),
            "proc.env[LANNER_TEST]": "kept",
            "user.name": name("/etc/passwd"),
            "group.name": name("/etc/group"),
        })
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        // It ends when it can read no more.
        self.stdin = None;
        let _ = self.child.wait();
    }
}
