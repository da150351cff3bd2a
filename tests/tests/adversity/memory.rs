// SPDX-License-Identifier: Apache-2.0
//! Limits of memory: with what the documentation asks for all is well, with less the agent ends, and cleanly.

use std::{
    fs, io,
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use tests::{Footprint, TempDir, await_no_leftovers, binary, untold};

use crate::{
    agent::Agent,
    books::{closed, count},
    cgroups::Cgroup,
    guard::Guard,
    load::Load,
    wait::wait_for,
};

/// Where memory is limited here: the folder of the hierarchy, and the limit's name.
fn hierarchy() -> (&'static Path, &'static str) {
    let v1 = Path::new("/sys/fs/cgroup/memory");
    if v1.exists() { (v1, "memory.limit_in_bytes") } else { (Path::new("/sys/fs/cgroup"), "memory.max") }
}

/// A cgroup with a limit.
struct Limited {
    cgroup: Cgroup,
    path: PathBuf,
}

impl Limited {
    fn new(name: &str, bytes: u64) -> Self {
        let (root, _) = hierarchy();
        let name = format!("lanner-test-{name}-{}", std::process::id());
        let limited = Self { cgroup: Cgroup::in_hierarchy(root, &name), path: root.join(name) };
        limited.limit(bytes);
        // What does not fit is not to go elsewhere.
        for (file, value) in [("memory.swap.max", "0"), ("memory.swappiness", "0")] {
            let file = limited.path.join(file);
            if file.exists() {
                fs::write(&file, value).expect("a limit");
            }
        }
        limited
    }

    fn limit(&self, bytes: u64) {
        self.cgroup.limit(hierarchy().1, &bytes.to_string());
    }

    /// What is in use.
    fn usage(&self) -> u64 {
        let files = ["memory.usage_in_bytes", "memory.current"];
        let text = files.iter().find_map(|file| fs::read_to_string(self.path.join(file)).ok()).expect("a cgroup");
        text.trim().parse().expect("a number of bytes")
    }

    /// The agent, in this cgroup from its beginning.
    fn agent(&self) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", r#"echo $$ > "$1" && shift && exec "$0" "$@""#]).arg(binary());
        command.arg(self.path.join("cgroup.procs"));
        untold(command)
    }
}

/// The limit of the manifests, with everything captured and more going on than can be written.
#[test]
fn what_is_documented_is_enough() {
    let _guard = Guard::new();
    let cgroup = Limited::new("enough", 512 << 20);
    let mut load = Load::new(&["flood", "2"]);
    let folder = TempDir::new();
    let null = fs::File::create("/dev/null").expect("/dev/null");
    let agent = Agent::launch(cgroup.agent(), &["-o", "json"], folder, null.into());
    load.go();
    load.rounds();
    assert!(count(&closed(&agent.stop())["agent"], "delivered") > 10_000);
}

#[test]
fn too_little_to_begin_with() {
    let _guard = Guard::new();
    for limit in [8 << 20, 24 << 20] {
        let cgroup = Limited::new("little", limit);
        let mut command = cgroup.agent();
        let footprint = Footprint::of(&mut command);
        let output = command.args(["-o", "json", "--duration", "1s"]).output().expect("it runs");
        footprint.await_gone();
        await_no_leftovers();
        let said = String::from_utf8_lossy(&output.stderr);
        let killed = output.status.signal() == Some(libc::SIGKILL);
        let told = output.status.code() == Some(1) && said.contains("memory");
        assert!(killed || told, "{limit}: {}\n{said}", output.status);
        assert!(!said.contains("panicked"), "{said}");
    }
}

#[test]
fn too_little_after_a_while() {
    let _guard = Guard::new();
    let cgroup = Limited::new("while", 256 << 20);
    let mut load = Load::new(&["flood", "4"]);
    // Nobody reads: what waits for the output takes memory.
    let (reader, writer) = io::pipe().expect("a pipe");
    let agent = Agent::launch(cgroup.agent(), &["-o", "json"], TempDir::new(), writer.into());
    cgroup.limit(cgroup.usage() + (1 << 20));
    load.go();
    let pid = agent.pid();
    wait_for("it is killed", || {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        status.lines().any(|line| line.starts_with("State:") && line.contains('Z')).then_some(())
    });
    let run = agent.finish();
    assert_eq!(run.status.signal(), Some(libc::SIGKILL), "{}", run.stderr);
    drop(reader);
    load.rounds();
    // And again, as whoever watches over it does.
    let again = Agent::start(&["-o", "json", "--syscalls", "getppid"]);
    closed(&again.stop());
}
