// SPDX-License-Identifier: Apache-2.0
//! From a record of a task to what it tells of a process or thread.

use std::sync::Arc;

use crate::{
    decode::state::Task,
    metadata::{
        proc_scan::same_start,
        process::{Credentials, Process, Thread},
    },
};

impl Task<'_> {
    /// The thread's credentials, if all of them are known.
    pub(super) fn credentials(&self) -> Option<Credentials> {
        let ((uid, euid), (gid, egid)) = (self.uids()?, self.gids()?);
        Some(Credentials { uid, euid, gid, egid, capabilities: self.capabilities()? })
    }

    /// The thread's name, without padding.
    fn name(&self) -> &[u8] {
        let comm = &self.header().comm;
        comm.split(|byte| *byte == 0).next().unwrap_or(comm)
    }
}

/// Whether a process that was made at `start` is the one that a record tells of. Without the kernel's layout there is no
/// time in records; then the id alone must do.
pub(super) fn same(start: u64, told: Option<u64>) -> bool {
    told.is_none_or(|told| same_start(start, told))
}

/// Replaces what is known by what was told, if anything was.
fn set<T>(known: &mut Option<T>, told: Option<T>) {
    if told.is_some() {
        *known = told;
    }
}

/// As [`set`], keeping equal bytes where they are: most records tell the same directories again.
fn set_bytes(known: &mut Option<Arc<[u8]>>, told: Option<Vec<u8>>) {
    if let Some(told) = told
        && known.as_deref() != Some(&told)
    {
        *known = Some(Arc::from(told));
    }
}

/// A process of which only this record tells.
pub(super) fn made(task: &Task<'_>) -> Process {
    let header = task.header();
    let mut process = Process { pid: header.tgid, ppid: header.ppid, threads: 1, ..Process::default() };
    shared(&mut process, task);
    first(&mut process, task);
    paths(&mut process, task);
    process.exe_path = task.exe_path().filter(|_| task.exe().is_some()).map(Arc::from);
    process
}

/// What all threads of a process share.
pub(super) fn shared(process: &mut Process, task: &Task<'_>) {
    // The kernel's word is more exact than that of `/proc`.
    process.start = task.process_start().unwrap_or(process.start);
    set(&mut process.groups, task.groups());
    set(&mut process.vgroups, task.vgroups());
    set(&mut process.tty, task.tty());
    set(&mut process.pidns_start, task.pidns_start());
    set(&mut process.vpid, task.vids().map(|(vpid, _)| vpid));
    set(&mut process.exe_file, task.exe());
    set_bytes(&mut process.exe_path, task.exe_path().filter(|_| task.exe().is_some()));
}

/// What the first thread stands for.
pub(super) fn first(process: &mut Process, task: &Task<'_>) {
    if *process.name != *task.name() {
        process.name = Box::from(task.name());
    }
    set(&mut process.credentials, task.credentials());
    set(&mut process.login, task.login());
    set(&mut process.namespaces, task.namespaces());
}

/// The directories, which threads share unless they unshared them.
pub(super) fn paths(process: &mut Process, task: &Task<'_>) {
    set_bytes(&mut process.cwd, task.cwd());
    set_bytes(&mut process.root, task.root());
}

/// A new image.
pub(super) fn exec(process: &mut Process, task: &Task<'_>) {
    shared(process, task);
    first(process, task);
    paths(process, task);
    process.exe_file = task.exe();
    if task.exe_path().is_none() {
        process.exe_path = None;
    }
    let (args, cut) = task.args().unwrap_or_default();
    (process.args, process.args_cut) = (Arc::from(args), cut);
    process.env = task.env().map(|(env, _)| Arc::from(env));
}

/// Gives a new process what it has from the one that made it; false when it is a copy of another process.
pub(super) fn inherit(process: &mut Process, maker: &Process) -> bool {
    let share = |own: &mut Option<Arc<[u8]>>, of: &Option<Arc<[u8]>>| {
        if own.is_none() || own == of {
            own.clone_from(of);
        }
    };
    share(&mut process.cwd, &maker.cwd);
    share(&mut process.root, &maker.root);
    share(&mut process.exe_path, &maker.exe_path);
    process.exe_file = process.exe_file.or(maker.exe_file);
    let inode = |process: &Process| process.exe_file.map(|file| file.inode);
    if process.exe_path != maker.exe_path || inode(process) != inode(maker) {
        return false;
    }
    process.args = Arc::clone(&maker.args);
    process.args_cut = maker.args_cut;
    process.env.clone_from(&maker.env);
    process.login = process.login.or(maker.login);
    true
}

/// Completes a process by what `/proc` told of it; `args`: also its arguments.
pub(super) fn keep(process: &mut Process, known: &Process, args: bool) {
    process.exe_path = process.exe_path.take().or_else(|| known.exe_path.clone());
    process.exe_file = process.exe_file.or(known.exe_file);
    process.cwd = process.cwd.take().or_else(|| known.cwd.clone());
    process.root = process.root.take().or_else(|| known.root.clone());
    process.env = process.env.take().or_else(|| known.env.clone());
    process.credentials = process.credentials.or(known.credentials);
    process.login = process.login.or(known.login);
    process.vpid = process.vpid.or(known.vpid);
    process.groups = process.groups.or(known.groups);
    process.vgroups = process.vgroups.or(known.vgroups);
    process.namespaces = process.namespaces.or(known.namespaces);
    process.pidns_start = process.pidns_start.or(known.pidns_start);
    process.tty = process.tty.or(known.tty);
    if args && process.args.is_empty() {
        process.args = Arc::clone(&known.args);
        process.args_cut = known.args_cut;
    }
}

/// A thread.
pub(super) fn thread(task: &Task<'_>) -> Thread {
    Thread {
        start: task.start().unwrap_or_default(),
        vtid: task.vids().map(|(_, vtid)| vtid),
        credentials: task.credentials(),
        cwd: None,
    }
}
