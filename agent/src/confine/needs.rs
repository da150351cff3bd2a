// SPDX-License-Identifier: Apache-2.0
//! What a run takes from the kernel once the probe is attached.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::cli;

/// Users whose podman is looked for.
const MAX_USERS: usize = 64;

/// What a run still does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Whether programs may be loaded: for a condition that is read again.
    pub load: bool,
    /// Whether other processes are looked at in `/proc`.
    pub names: bool,
    /// Whether files that may be other users' are read again: a condition, a token.
    pub reads: bool,
    /// What is written to or connected to by name, and may be other users': folders of files that are rotated, sockets.
    pub writes: Vec<PathBuf>,
}

impl Needs {
    /// What a capture does. `load`: whether its condition can be read again.
    #[must_use]
    pub fn of(args: &cli::Capture, load: bool) -> Self {
        let names = !args.no_enrich;
        let mut writes = Vec::new();
        if let (Some(_), Some(path)) = (args.rotate_size, &args.write) {
            writes.push(path.parent().filter(|folder| *folder != "").unwrap_or_else(|| Path::new(".")).to_owned());
        }
        if names && !args.no_container_lookups {
            writes.extend(args.container_socket.iter().cloned());
            writes.extend(podman_of_users(&args.host_root));
        }
        let kubernetes = &args.kubernetes;
        let files = [&kubernetes.k8s_token, &kubernetes.k8s_ca, &kubernetes.kubeconfig];
        Self { load, names, reads: load || files.into_iter().any(Option::is_some), writes }
    }
}

/// The sockets of podman for users other than root, where there are any.
fn podman_of_users(host_root: &Path) -> impl Iterator<Item = PathBuf> {
    let users = fs::read_dir(host_root.join("run/user")).into_iter().flatten().flatten().take(MAX_USERS);
    users.map(|user| user.path().join("podman/podman.sock")).filter(|socket| socket.exists())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::Cli;

    fn of(args: &[&str]) -> Needs {
        let args = ["lanner", "--host-root", "/nonexistent"].iter().chain(args);
        Needs::of(&Cli::try_parse_from(args).expect("a command line").capture, false)
    }

    #[test]
    fn what_is_asked_for_is_needed() {
        assert_eq!(of(&[]), Needs { names: true, ..Needs::default() });
        assert_eq!(of(&["--no-enrich", "--container-socket", "/run/x.sock"]), Needs::default());
        assert_eq!(of(&["--container-socket", "/run/x.sock"]).writes, [Path::new("/run/x.sock")]);
        let rotated = |file| of(&["--no-enrich", "--write", file, "--rotate-size", "1MiB"]).writes;
        assert_eq!(rotated("/var/log/events"), [Path::new("/var/log")]);
        assert_eq!(rotated("events"), [Path::new(".")]);
        assert!(of(&["--write", "/var/log/events"]).writes.is_empty());
        assert!(of(&["--kubeconfig", "/root/.kube/config"]).reads);
    }

    #[test]
    fn sockets_of_users_are_found() {
        let root = std::env::temp_dir().join(format!("lanner-needs-{}", std::process::id()));
        let there = root.join("run/user/1000/podman/podman.sock");
        fs::create_dir_all(there.parent().expect("a folder")).expect("a folder");
        fs::create_dir_all(root.join("run/user/1001")).expect("a folder");
        fs::write(&there, "").expect("a file");
        let found: Vec<_> = podman_of_users(&root).collect();
        fs::remove_dir_all(&root).expect("our own folder");
        assert_eq!(found, [there]);
    }
}
