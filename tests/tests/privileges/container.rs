// SPDX-License-Identifier: Apache-2.0
//! In a container made from the manifests: an image that holds the program alone, the capabilities, the mounts and the
//! arguments that they give it, a file system that can't be written, and namespaces of its own but for processes.

use std::{
    fs,
    fs::File,
    path::Path,
    process::{Child, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tests::{TempDir, binary};

use crate::{
    agent::alone,
    bystander::{Bystander, FIELDS},
    podman::Podman,
    wait::wait_for,
};

/// A file of manifests that has one object.
fn manifest(path: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/kubernetes").join(path);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn array(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

/// The limits of podman's own containers are higher than what some machines allow.
const LIMITS: [&str; 4] = ["--ulimit", "nofile=4096:4096", "--ulimit", "nproc=1000:1000"];

/// `podman run` with what a DaemonSet gives its container; `context` is its securityContext.
fn options(pod: &Value, context: &Value) -> Vec<String> {
    let container = &pod["containers"][0];
    assert_eq!((&pod["hostPID"], &context["readOnlyRootFilesystem"]), (&Value::Bool(true), &Value::Bool(true)));
    // A cgroup namespace of its own, as runtimes give it where v2 is mounted.
    let fixed =
        ["run", "--rm", "--pid=host", "--network=none", "--cgroupns=private", "--read-only", "--read-only-tmpfs=false"];
    let mut options: Vec<_> = fixed.into_iter().chain(LIMITS).map(str::to_owned).collect();
    for mount in array(&container["volumeMounts"]) {
        let volume = array(&pod["volumes"]).iter().find(|volume| volume["name"] == mount["name"]).expect("a volume");
        assert_eq!(mount["readOnly"], true, "{mount}");
        let slave = if mount["mountPropagation"] == "HostToContainer" { ",rslave" } else { "" };
        let (host, inside) = (text(&volume["hostPath"]["path"]), text(&mount["mountPath"]));
        options.push(format!("--volume={host}:{inside}:ro{slave}"));
    }
    if context["privileged"] == true {
        options.push("--privileged".to_owned());
        return options;
    }
    let capabilities = &context["capabilities"];
    options.extend(array(&capabilities["drop"]).iter().map(|name| format!("--cap-drop={}", text(name))));
    options.extend(array(&capabilities["add"]).iter().map(|name| format!("--cap-add={}", text(name))));
    assert_eq!(context["allowPrivilegeEscalation"], false);
    options.push("--security-opt=no-new-privileges".to_owned());
    assert_eq!(context["seccompProfile"]["type"], "Unconfined");
    options.push("--security-opt=seccomp=unconfined".to_owned());
    options
}

/// The agent in a container.
struct Contained {
    child: Child,
    folder: TempDir,
}

impl Contained {
    fn start(podman: &Podman, options: &[String], args: &[&str]) -> Self {
        let folder = TempDir::new();
        let file = |name| File::create(folder.join(name)).expect("a file");
        let mut command = podman.command();
        command.args(options).arg(IMAGE).args(args);
        command.stdin(Stdio::null()).stdout(file("events")).stderr(file("stderr"));
        let child = command.spawn().expect("podman");
        let mut contained = Self { child, folder };
        wait_for("the agent captures", || {
            let ended = contained.child.try_wait().expect("a child");
            assert!(ended.is_none(), "{ended:?}: {}", contained.read("stderr"));
            contained.read("stderr").contains("capturing").then_some(())
        });
        contained
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).expect("a file")
    }

    /// Ends it as Kubernetes does; what it said.
    fn stop(mut self) -> String {
        kill_process(Pid::from_child(&self.child), Signal::TERM).expect("podman, which passes it on");
        let status = wait_for("the agent ends", || self.child.try_wait().expect("a child"));
        let said = self.read("stderr");
        assert!(status.success() && said.contains("ledger: closed"), "{status}: {said}");
        said
    }
}

impl Drop for Contained {
    fn drop(&mut self) {
        // Both fail when it has ended, as it should have.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The image of the agent.
const IMAGE: &str = "localhost/lanner/test:agent";

#[test]
fn the_manifests_give_what_is_needed() {
    let _alone = alone();
    let mut podman = Podman::new();
    // As deploy/image/Dockerfile makes it: the program, on nothing.
    let root = TempDir::new();
    fs::copy(binary(), root.join("lanner")).expect("a copy");
    podman.import(IMAGE, root.path(), &["ENTRYPOINT [\"/lanner\"]"]);
    let other = "localhost/lanner/test:other";
    podman.image(other);
    // The service's socket is where runtimes have theirs.
    let run = RunFolder::new();
    let socket = podman.serve(Path::new(&run.0));

    let daemonset = manifest("base/daemonset.yaml");
    let pod = &daemonset["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    let patch = manifest("least-privilege/daemonset.yaml");
    let least = &patch["spec"]["template"]["spec"]["containers"][0]["securityContext"];
    let inside = format!("/host{}", socket.display());
    let fields = format!("{FIELDS},evt.type,container.name,container.image");
    // What the manifests say, but for the condition.
    let told = array(&container["args"]).iter().map(text).filter(|arg| arg.starts_with("--"));
    let more = ["--env", "--log-level=info", "--enrich-wait=2s", "--container-socket", &inside, "--fields", &fields];
    let args: Vec<_> = told.chain(more).chain(["evt.type in (umask, execve)"]).collect();

    for context in [&container["securityContext"], least] {
        let mut bystander = Bystander::start();
        let agent = Contained::start(&podman, &options(pod, context), &args);
        let mut known = bystander.known();
        known["evt.type"] = "umask".into();
        known["container.name"] = "host".into();
        known["container.image"] = Value::Null;
        let event = bystander.call(|event| Some(event.clone()), || agent.read("events"));
        assert_eq!(event, known);
        // A container that starts now; its name comes from the runtime's socket.
        let name = format!("lanner-test-{}", std::process::id());
        podman.run(&[&["run", "--rm", "--network=none", "--name", &name][..], &LIMITS, &[other, "/bin/true"]].concat());
        wait_for("the container's events", || {
            let events = agent.read("events");
            let mut events = events.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            events.find(|event| event["container.name"] == *name && event["container.image"] == other)
        });
        let said = agent.stop();
        let dropped = said.lines().find(|line| line.contains("capabilities are dropped")).expect("a line");
        assert!(dropped.ends_with("=CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE"), "{said}");
        assert!(!said.contains("WARN"), "{said}");
    }
}

/// A folder in /run of this test's own.
struct RunFolder(String);

impl RunFolder {
    fn new() -> Self {
        let path = format!("/run/lanner-test-{}", std::process::id());
        fs::create_dir_all(&path).expect("root");
        Self(path)
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
