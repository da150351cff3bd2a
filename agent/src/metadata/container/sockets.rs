// SPDX-License-Identifier: Apache-2.0
//! Where runtimes listen, and which of them are worth asking.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use crate::metadata::cgroup::Runtime;

/// Timeouts in a row after which a socket is left alone.
const MAX_TIMEOUTS: u32 = 3;
/// For how long it is.
const PAUSE: Duration = Duration::from_secs(30);
/// Users whose podman is asked.
const MAX_USERS: usize = 64;

const DOCKER: [&str; 2] = ["run/docker.sock", "var/run/docker.sock"];
const PODMAN: [&str; 2] = ["run/podman/podman.sock", "var/run/podman/podman.sock"];
const CRI: [&str; 6] = [
    "run/containerd/containerd.sock",
    "run/crio/crio.sock",
    "run/k3s/containerd/containerd.sock",
    "run/host-containerd/containerd.sock",
    "run/k0s/containerd.sock",
    "var/snap/microk8s/common/run/containerd.sock",
];

/// A language that runtimes speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Api {
    Docker,
    Podman,
    Cri,
}

impl Api {
    const ALL: [Self; 3] = [Self::Docker, Self::Podman, Self::Cri];

    /// Whom to ask about a container of `runtime`, in this order.
    pub(super) fn of(runtime: Runtime) -> &'static [Self] {
        match runtime {
            Runtime::Docker => &[Self::Docker],
            Runtime::Podman => &[Self::Podman],
            Runtime::CriO => &[Self::Cri],
            // The path may be one that Docker makes as well, see `detect`.
            Runtime::Containerd | Runtime::Cri => &[Self::Cri, Self::Docker],
            Runtime::Buildkit | Runtime::Lxc | Runtime::LibvirtLxc | Runtime::Nspawn | Runtime::Bpm => &[],
        }
    }

    /// What probably listens at a path that the user gave.
    fn at(path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("podman") {
            Self::Podman
        } else if name.starts_with("docker") {
            Self::Docker
        } else {
            Self::Cri
        }
    }
}

/// The sockets, and how they behaved.
#[derive(Debug)]
pub(super) struct Sockets {
    root: PathBuf,
    extra: Vec<PathBuf>,
    timeouts: Mutex<HashMap<PathBuf, Timeouts>>,
    /// Whether an answer can be hoped for, by API.
    hope: [AtomicBool; Api::ALL.len()],
}

#[derive(Clone, Copy, Debug, Default)]
struct Timeouts {
    in_a_row: u32,
    closed_until: Option<Instant>,
}

impl Sockets {
    /// The usual sockets below `root`, and `extra` ones, which are tried first.
    pub(super) fn new(root: &Path, extra: Vec<PathBuf>) -> Self {
        let sockets = Self {
            root: root.to_path_buf(),
            extra,
            timeouts: Mutex::default(),
            hope: [const { AtomicBool::new(true) }; Api::ALL.len()],
        };
        for api in Api::ALL {
            sockets.set_hope(api, sockets.paths(api).iter().any(|path| path.exists()));
        }
        sockets
    }

    /// Where runtimes with this API listen, whether they are there or not.
    pub(super) fn paths(&self, api: Api) -> Vec<PathBuf> {
        let usual: &[&str] = match api {
            Api::Docker => &DOCKER,
            Api::Podman => &PODMAN,
            Api::Cri => &CRI,
        };
        let mut paths: Vec<_> = self.extra.iter().filter(|path| Api::at(path) == api).cloned().collect();
        paths.extend(usual.iter().map(|path| self.root.join(path)));
        if api == Api::Podman {
            let users = fs::read_dir(self.root.join("run/user")).into_iter().flatten().flatten().take(MAX_USERS);
            paths.extend(users.map(|user| user.path().join("podman/podman.sock")));
        }
        // `/var/run` usually is a link to `/run`; of an absolute one, only the target is right below another root.
        let mut seen = Vec::new();
        paths.retain(|path| {
            let real = fs::canonicalize(path).unwrap_or_else(|_| path.clone());
            let new = !seen.contains(&real);
            seen.push(real);
            new
        });
        paths
    }

    /// Whether a socket may be asked: not if it never answers.
    pub(super) fn allows(&self, path: &Path) -> bool {
        let timeouts = self.timeouts.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        timeouts.get(path).and_then(|timeouts| timeouts.closed_until).is_none_or(|until| until <= Instant::now())
    }

    /// Notes how a socket behaved.
    pub(super) fn note(&self, path: &Path, timed_out: bool) {
        let mut all = self.timeouts.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !timed_out {
            all.remove(path);
            return;
        }
        let timeouts = all.entry(path.to_path_buf()).or_default();
        timeouts.in_a_row += 1;
        if timeouts.in_a_row >= MAX_TIMEOUTS {
            timeouts.closed_until = Some(Instant::now() + PAUSE);
        }
    }

    /// Whether waiting for what a runtime says of its container can pay.
    pub(super) fn hopeful(&self, runtime: Runtime) -> bool {
        Api::of(runtime).iter().any(|api| self.hope(*api).is_some_and(|hope| hope.load(Ordering::Relaxed)))
    }

    pub(super) fn set_hope(&self, api: Api, hope: bool) {
        if let Some(there) = self.hope(api) {
            there.store(hope, Ordering::Relaxed);
        }
    }

    fn hope(&self, api: Api) -> Option<&AtomicBool> {
        self.hope.get(api as usize)
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{Api, MAX_TIMEOUTS, Sockets};
    use crate::metadata::cgroup::Runtime;

    #[test]
    fn user_given_sockets_come_first() {
        let extra = ["/x/docker.sock", "/x/cri-dockerd.sock", "/x/podman-1.sock"].map(PathBuf::from).to_vec();
        let sockets = Sockets::new(Path::new("/nonexistent"), extra);
        let first = |api| sockets.paths(api).first().cloned();
        assert_eq!(first(Api::Docker), Some(PathBuf::from("/x/docker.sock")));
        assert_eq!(first(Api::Cri), Some(PathBuf::from("/x/cri-dockerd.sock")));
        assert_eq!(first(Api::Podman), Some(PathBuf::from("/x/podman-1.sock")));
        assert!(!sockets.hopeful(Runtime::Docker) && !sockets.hopeful(Runtime::Lxc));
    }

    #[test]
    fn a_socket_that_never_answers_is_left_alone() {
        let sockets = Sockets::new(Path::new("/nonexistent"), Vec::new());
        let path = Path::new("/x");
        for _ in 1..MAX_TIMEOUTS {
            sockets.note(path, true);
        }
        assert!(sockets.allows(path));
        sockets.note(path, false);
        sockets.note(path, true);
        assert!(sockets.allows(path), "one answer starts the count again");
        for _ in 1..MAX_TIMEOUTS {
            sockets.note(path, true);
        }
        assert!(!sockets.allows(path));
        sockets.note(path, false);
        assert!(sockets.allows(path));
    }
}
