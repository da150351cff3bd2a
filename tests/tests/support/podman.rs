// SPDX-License-Identifier: Apache-2.0
//! A real container runtime: podman, with runc and images made on the spot.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use tests::TempDir;

use crate::wait::wait_for;

/// Podman with a store of its own, and the service that tells of its containers.
#[derive(Debug)]
pub(crate) struct Podman {
    folder: TempDir,
    service: Option<Child>,
}

impl Podman {
    /// An empty store.
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new(), service: None }
    }

    /// A command for this store.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new("podman");
        command.arg("--root").arg(self.folder.join("store"));
        command.arg("--runroot").arg(self.folder.join("run"));
        command.arg("--tmpdir").arg(self.folder.join("tmp"));
        // crun 1.8 knows no machine on which v1 and v2 are mounted; vfs needs no module.
        command.args(["--storage-driver", "vfs", "--cgroup-manager", "cgroupfs", "--runtime", "runc"]);
        command.args(["--events-backend", "none"]);
        command
    }

    /// Runs a command to its end; what it prints.
    pub(crate) fn run(&self, args: &[&str]) -> String {
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

    /// Makes an image of one program, a shell with a few commands.
    pub(crate) fn image(&self, name: &str) {
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
        self.import(name, &root, &[]);
    }

    /// Makes an image of what a folder holds; `changes` are lines of a Dockerfile.
    pub(crate) fn import(&self, name: &str, root: &Path, changes: &[&str]) {
        let tar = self.folder.join("image.tar");
        let made = Command::new("tar").arg("-C").arg(root).arg("-cf").arg(&tar).arg(".").status();
        assert!(made.expect("tar runs").success(), "an image");
        let changes = changes.iter().flat_map(|change| ["--change", *change]);
        let args: Vec<_> = ["import", "--quiet"].into_iter().chain(changes).collect();
        self.run(&[args.as_slice(), &[tar.to_str().expect("UTF-8"), name]].concat());
    }

    /// Starts the service, which listens at `podman.sock` in this folder; where that is.
    pub(crate) fn serve(&mut self, folder: &Path) -> PathBuf {
        let socket = folder.join("podman.sock");
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
