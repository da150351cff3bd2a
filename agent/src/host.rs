// SPDX-License-Identifier: Apache-2.0
//! What the machine and this process are: read from the kernel, never assumed.

pub mod capabilities;
pub mod time_namespace;

use std::os::unix::fs::MetadataExt as _;

/// What to do in a PID namespace, where the kernel's process ids are not this process's.
pub const PID_NAMESPACE: &str = "lanner runs in a PID namespace, where it can't tell itself from others; give it the host's: \
                                 --pid=host (docker, podman), hostPID: true (Kubernetes)";

/// What to do where the agent can't see itself.
pub const NO_PROC: &str =
    "/proc is not mounted, by which lanner runs its self-test; mount it: mount -t proc proc /proc";

/// Whether this process sees itself in `/proc`.
#[must_use]
pub fn has_proc() -> bool {
    std::fs::exists("/proc/self/exe").unwrap_or(false)
}

/// Whether this process sees other process ids than the kernel's own. The initial namespace has a fixed inode:
/// <https://github.com/torvalds/linux/blob/v6.12/include/linux/proc_ns.h#L45>
#[must_use]
pub fn in_pid_namespace() -> bool {
    const PROC_PID_INIT_INO: u64 = 0xefff_fffc;
    std::fs::metadata("/proc/self/ns/pid").is_ok_and(|ns| ns.ino() != PROC_PID_INIT_INO)
}

/// `uname -r`
#[must_use]
pub fn kernel_release() -> String {
    rustix::system::uname().release().to_string_lossy().into_owned()
}

/// Whether output that goes to a terminal (or not) is coloured: <https://no-color.org>
#[must_use]
pub fn colour(terminal: bool) -> bool {
    terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
