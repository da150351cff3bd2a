// SPDX-License-Identifier: Apache-2.0
//! What is known of a process and of a thread.

use std::sync::Arc;

use crate::decode::state::ExeFile;

/// Bytes that a process chose: paths and arguments need not be UTF-8.
pub type Bytes = Box<[u8]>;

/// A process: what its threads share. Times are nanoseconds since boot unless stated otherwise; ids are those of the
/// initial namespaces unless stated otherwise. `None` is what neither the kernel nor `/proc` told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// Process id (thread group id).
    pub pid: u32,
    /// When it was made. `(pid, start)` names a process for good.
    pub start: u64,
    /// The process that made it, also when that one has ended and another has taken its place.
    pub ppid: u32,
    /// Its name: its first thread's, at most 15 bytes.
    pub name: Bytes,
    /// The path of its executable as the kernel knows it, in its mount namespace; ` (deleted)` follows when the name
    /// was removed. `None` for kernel threads.
    pub exe_path: Option<Arc<[u8]>>,
    /// The executable.
    pub exe_file: Option<ExeFile>,
    /// Its arguments, the program's name first, each with its NUL. Empty for kernel threads.
    pub args: Arc<[u8]>,
    /// Whether it had more arguments than [`Self::args`] holds.
    pub args_cut: bool,
    /// Its environment, each string with its NUL; only when asked for.
    pub env: Option<Arc<[u8]>>,
    /// The working directory of its first thread.
    pub cwd: Option<Arc<[u8]>>,
    /// Its root directory, `/` unless changed.
    pub root: Option<Arc<[u8]>>,
    /// The credentials of its first thread.
    pub credentials: Option<Credentials>,
    /// Login uid and audit session; `u32::MAX` when there was no login.
    pub login: Option<(u32, u32)>,
    /// Process id in its own PID namespace.
    pub vpid: Option<u32>,
    /// Process group and session.
    pub groups: Option<(u32, u32)>,
    /// Process group and session in its own PID namespace.
    pub vgroups: Option<(u32, u32)>,
    /// Inode numbers of the mount, PID, network, user, UTS, IPC and cgroup namespaces.
    pub namespaces: Option<[u32; 7]>,
    /// When the first process of its PID namespace was made.
    pub pidns_start: Option<u64>,
    /// Its controlling terminal's device number as `/proc/PID/stat` shows it, 0 for none.
    pub tty: Option<u32>,
    /// Its threads that live.
    pub threads: u32,
    /// Whether it has ended.
    pub ended: bool,
}

/// Credentials of a thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    /// Real user id.
    pub uid: u32,
    /// Effective user id.
    pub euid: u32,
    /// Real group id.
    pub gid: u32,
    /// Effective group id.
    pub egid: u32,
    /// Permitted, effective and inheritable capabilities, a bit each.
    pub capabilities: [u64; 3],
}

/// What a thread does not share with its process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thread {
    /// When it was made, in nanoseconds since boot.
    pub start: u64,
    /// Its id in its own PID namespace.
    pub vtid: Option<u32>,
    /// Its credentials, which Linux changes by thread.
    pub credentials: Option<Credentials>,
    /// Its working directory, when it is not its process's (`CLONE_FS` unshared).
    pub cwd: Option<Arc<[u8]>>,
}
