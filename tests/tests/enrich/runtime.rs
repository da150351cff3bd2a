// SPDX-License-Identifier: Apache-2.0
//! A real container runtime: podman, with runc and an image made on the spot.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use serde_json::{Value, json};
use tests::TempDir;

use crate::{agent::alone, scene::Scene, wait::wait_for};

/// Podman with a store of its own, and the service that tells of its containers.
struct Podman {
    folder: TempDir,
    service: Option<Child>,
}

impl Podman {
    fn new() -> Self {
        Self { folder: TempDir::new(), service: None }
    }

    fn command(&self) -> Command {
        let mut command = Command::new("podman");
        command.arg("--root").arg(self.folder.join("store"));
        command.arg("--runroot").arg(self.folder.join("run"));
        command.arg("--tmpdir").arg(self.folder.join("tmp"));
        // crun 1.8 knows no machine on which v1 and v2 are mounted; vfs needs no module.
        command.args(["--storage-driver", "vfs", "--cgroup-manager", "cgroupfs", "--runtime", "runc"]);
        command.args(["--events-backend", "none"]);
        command
    }

    fn run(&self, args: &[&str]) -> String {
        let Output { status, stdout, stderr } = self
            .command()
            .args(args)
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("podman: {error}; `cargo xtask setup --tests` installs it"));
        let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        assert!(status.success(), "podman {}: {status}\n{stdout}{stderr}", args.join(" "));
        stdout.trim().to_owned()
    }

    /// Makes an image of one program.
    fn image(&self, name: &str) {
        let root = self.folder.join("image");
        for folder in ["bin", "etc", "proc", "sys", "dev", "tmp"] {
            fs::create_dir_all(root.join(folder)).expect("a folder");
        }
        let busybox = ["/bin/busybox", "/usr/bin/busybox"].into_iter().find(|path| Path::new(path).exists());
        let busybox = busybox.expect("busybox, which is linked statically: `cargo xtask setup --tests` installs it");
        fs::copy(busybox, root.join("bin/busybox")).expect("a copy");
        for name in ["sh", "cat", "true", "id"] {
            symlink("busybox", root.join("bin").join(name)).expect("a link");
        }
        fs::write(root.join("etc/passwd"), "root:x:0:0::/:/bin/sh\nalice:x:1234:1234::/:/bin/sh\n").expect("a file");
        let tar = self.folder.join("image.tar");
        let made = Command::new("tar").arg("-C").arg(&root).arg("-cf").arg(&tar).arg(".").status();
        assert!(made.expect("tar runs").success(), "an image");
        self.run(&["import", "--quiet", tar.to_str().expect("UTF-8"), name]);
    }

    /// Starts the service; where it listens.
    fn serve(&mut self) -> PathBuf {
        let socket = self.folder.join("podman.sock");
        let log = fs::File::create(self.folder.join("service")).expect("a file");
        let address = format!("unix://{}", socket.display());
        let mut command = self.command();
        command.args(["system", "service", "--time", "0", &address]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.service = Some(command.spawn().expect("podman starts"));
        wait_for("podman's service listens", || std::os::unix::net::UnixStream::connect(&socket).ok());
        socket
    }
}

impl Drop for Podman {
    fn drop(&mut self) {
        // As much of it as there is: the test may have failed anywhere.
        let _ = self.command().args(["rm", "--all", "--force", "--time", "0"]).output();
        if let Some(service) = &mut self.service {
            let _ = service.kill();
            let _ = service.wait();
        }
        let _ = self.command().args(["rmi", "--all", "--force"]).output();
        // What is left of podman's parent cgroup, in each hierarchy; others' containers keep theirs.
        let hierarchies = fs::read_dir("/sys/fs/cgroup").into_iter().flatten().flatten().map(|entry| entry.path());
        for hierarchy in hierarchies.chain([PathBuf::from("/sys/fs/cgroup")]) {
            for name in ["libpod_parent/conmon", "libpod_parent"] {
                let _ = fs::remove_dir(hierarchy.join(name));
            }
        }
    }
}

/// What is asked for of each event.
const FIELDS: &[&str] = &[
    "proc.name",
    "proc.exepath",
    "proc.args",
    "proc.vpid",
    "user.uid",
    "container.id",
    "container.full_id",
    "container.name",
    "container.type",
    "container.image",
    "container.image.repository",
    "container.image.tag",
    "container.label[of]",
    "fd.name",
];

#[test]
fn podman() {
    let _alone = alone();
    let mut podman = Podman::new();
    let image = "localhost/lanner/test:v1";
    podman.image(image);
    let socket = podman.serve();
    let args = ["--container-socket", socket.to_str().expect("UTF-8"), "--enrich-wait", "2s"];
    let scene = Scene::start_with("execve,openat,exit_group", FIELDS, &args);
    let name = format!("lanner-test-{}", std::process::id());
    let script = "/bin/cat /etc/passwd; /bin/true last";
    let id = {
        podman.run(&[
            "run",
            "--network",
            "none",
            "--ulimit",
            "nofile=1024:1024",
            "--ulimit",
            "nproc=1000:1000",
            "--user",
            "1234:1234",
            "--label",
            "of=a test",
            "--name",
            &name,
            image,
            "/bin/sh",
            "-c",
            script,
        ]);
        podman.run(&["inspect", "--format", "{{.Id}}", &name])
    };
    let outcome = scene.finish();
    let ours: Vec<&Value> = outcome.events.iter().filter(|event| event["container.full_id"] == *id).collect();
    println!("{} events of the container", ours.len());
    let said = json!({
        "container.id": id[..12],
        "container.full_id": id,
        "container.name": name,
        "container.type": "podman",
        "container.image": image,
        "container.image.repository": "localhost/lanner/test",
        "container.image.tag": "v1",
        "container.label[of]": "a test",
    });
    let said = said.as_object().expect("an object");
    for event in &ours {
        let differing: Vec<_> = said.iter().filter(|(field, value)| event[*field] != **value).collect();
        assert!(differing.is_empty(), "{event} differs in {differing:?}");
    }
    // What the container runs, from its first call on; before it runc moves itself in.
    let run: Vec<_> = ours.iter().filter(|event| event["evt.type"] == "execve" && event["user.uid"] == 1234).collect();
    let args: Vec<_> = run.iter().map(|event| (event["proc.exepath"].clone(), event["proc.args"].clone())).collect();
    assert!(args.iter().any(|(_, args)| *args == format!("-c {script}")), "the shell is seen: {args:?}");
    assert!(args.iter().any(|(_, args)| args == "/etc/passwd"), "what the shell runs is seen: {args:?}");
    let first = run.first().expect("an event");
    assert_eq!(first["proc.vpid"], 1, "{first}");
    let opened = ours.iter().find(|event| event["evt.type"] == "openat" && event["proc.name"] == "cat");
    let opened = opened.expect("cat opens a file");
    assert!(opened["fd.name"].as_str().is_some_and(|name| name.ends_with("/etc/passwd")), "{opened}");
    let ended = ours.iter().filter(|event| event["evt.type"] == "exit_group" && event["user.uid"] == 1234).count();
    assert!(ended >= 2, "its end is seen: {ended}");
    // Outside of it, podman itself is on the host, and so is what it starts for it.
    let outside = outcome.events.iter().find(|event| event["proc.name"] == "conmon" && event["evt.type"] == "execve");
    let outside = outside.expect("a container's monitor");
    assert_eq!(outside["container.id"], "host", "{outside}");
}
