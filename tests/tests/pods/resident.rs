// SPDX-License-Identifier: Apache-2.0
//! Processes in containers of pods: a shell in a cgroup with the name that a kubelet and a runtime give it.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use tests::kubernetes::SimPod;

use crate::cgroups::Cgroup;

/// The whole id of a pod's first container.
pub(crate) fn id(pod: &SimPod) -> &str {
    pod.containers[0].id.strip_prefix("containerd://").expect("it is containerd's")
}

/// The cgroup of a pod's first container, where containerd and a kubelet with the systemd driver put it.
pub(crate) fn usual(pod: &SimPod) -> String {
    let (uid, id) = (pod.uid_text().replace('-', "_"), id(pod));
    format!("kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{uid}.slice/cri-containerd-{id}.scope")
}

/// A shell in a cgroup, which looks at a file whenever it is told to.
pub(crate) struct Resident {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    _cgroup: Cgroup,
}

impl Resident {
    /// Starts it in the usual cgroup of a pod's first container.
    pub(crate) fn of(pod: &SimPod) -> Self {
        Self::new(&usual(pod))
    }

    /// Starts it in a new cgroup.
    pub(crate) fn new(cgroup: &str) -> Self {
        let script = "while read file; do { : < \"$file\"; } 2> /dev/null; echo done; done";
        let mut command = Command::new("bash");
        let mut child =
            command.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("bash");
        let cgroup = Cgroup::new(cgroup);
        cgroup.admit(child.id());
        let stdin = child.stdin.take().expect("piped");
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        Self { child, stdin, stdout, _cgroup: cgroup }
    }

    /// Looks at a file, which need not be there.
    pub(crate) fn look_at(&mut self, file: &str) {
        writeln!(self.stdin, "{file}").expect("it reads");
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("it answers");
        assert_eq!(line, "done\n", "{file}");
    }
}

impl Drop for Resident {
    fn drop(&mut self) {
        // Both fail when it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
