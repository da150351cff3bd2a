// SPDX-License-Identifier: Apache-2.0
//! What `/proc` tells of processes that were there before the probe, and of what the probe could not tell.
//!
//! Everything is read as bytes: names and arguments need not be UTF-8, which the procfs crate replaces. A process is
//! read through its directory's descriptor, so that all that is read is of one process even when its id is taken again;
//! one that ends meanwhile is skipped.
//!
//! `/proc` shows when a task was made in ticks of 10 ms. Such a time is rounded down to the tick; [`same_start`]
//! compares it with the kernel's own.

mod fd;
mod parse;
#[cfg(any(test, feature = "fuzz"))]
pub(crate) use self::parse::fuzz;
#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, HashSet},
    ffi::CStr,
    io,
    os::fd::OwnedFd,
    path::Path,
    sync::Arc,
};

use agent_common::state::{ARGS_BYTES, file};
use rustix::fs::{AtFlags, Dir, Mode, OFlags, fstatfs, open, openat, readlinkat, statat};

use self::parse::{Stat, Status};
use super::process::{Bytes, Process, Thread};
use crate::{decode::state::ExeFile, host::time_namespace::boot_offset};

/// Nanoseconds of a tick, `USER_HZ` of which make a second on every machine that Lanner runs on:
/// <https://github.com/torvalds/linux/blob/v6.12/include/asm-generic/param.h#L9>
pub const TICK: u64 = 10_000_000;
/// The most bytes of a file that is read whole.
const FILE_BYTES: usize = 1 << 16;
/// The most bytes of a task's name, as the kernel has it.
const NAME_BYTES: usize = 15;
/// The most processes that a scan reads, the most that Linux has.
const MAX_PROCESSES: usize = 1 << 22;
/// The most network namespaces whose listening ports are read.
const MAX_NETWORKS: usize = 1024;

/// Whether two times are of one task's making: equal, or in the same tick if one of them is of `/proc`.
#[must_use]
pub const fn same_start(a: u64, b: u64) -> bool {
    a == b || ((a.is_multiple_of(TICK) || b.is_multiple_of(TICK)) && a / TICK == b / TICK)
}

/// A process as `/proc` shows it.
#[derive(Clone, Debug)]
pub struct Found {
    /// The process.
    pub process: Process,
    /// Its threads other than the first, by id.
    pub threads: Vec<(u32, Thread)>,
}

/// Everything a scan found.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    /// The processes that live.
    pub processes: Vec<Found>,
    /// The ports on which somebody listens for TCP connections, in any network namespace.
    pub listening: Vec<u16>,
}

/// Little of a process, to see whether it is the one that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glance {
    /// When it was made.
    pub start: u64,
    /// Its name.
    pub name: Bytes,
    /// The path of its executable.
    pub exe_path: Option<Vec<u8>>,
    /// Whether all of its threads have ended.
    pub ended: bool,
}

/// A `/proc` file system.
#[derive(Debug)]
pub struct Proc {
    dir: OwnedFd,
    /// Whether environments are read.
    env: bool,
}

impl Proc {
    /// The one below `host_root`. `env`: whether environments are wanted.
    ///
    /// # Errors
    /// When there is none.
    pub fn open(host_root: &Path, env: bool) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self { dir: open(host_root.join("proc"), flags, Mode::empty())?, env })
    }

    /// The directory of a process.
    fn of(&self, pid: u32) -> Option<OwnedFd> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        openat(&self.dir, itoa::Buffer::new().format(pid), flags, Mode::empty()).ok()
    }

    /// All processes and threads, and who listens.
    #[must_use]
    pub fn scan(&self) -> Scan {
        let pids = numbers(&self.dir).take(MAX_PROCESSES);
        let mut processes: Vec<_> = pids.filter_map(|pid| self.found(pid)).collect();
        let first = |process: &Process| Some((process.namespaces?[1], process.start));
        let firsts: HashMap<_, _> = processes
            .iter()
            .filter(|found| found.process.vpid == Some(1))
            .filter_map(|found| first(&found.process))
            .collect();
        for Found { process, .. } in &mut processes {
            process.pidns_start = process.namespaces.and_then(|namespaces| firsts.get(&namespaces[1]).copied());
        }
        let listening = self.listening(&processes);
        Scan { processes, listening }
    }

    fn found(&self, pid: u32) -> Option<Found> {
        let dir = self.of(pid)?;
        let process = self.read(pid, &dir)?;
        let threads = if process.threads > 1 { threads(pid, &dir) } else { Vec::new() };
        Some(Found { process, threads })
    }

    /// One process that lives.
    #[must_use]
    pub fn process(&self, pid: u32) -> Option<Process> {
        self.read(pid, &self.of(pid)?)
    }

    /// A thread that lives.
    #[must_use]
    pub fn thread(&self, pid: u32, tid: u32) -> Option<Thread> {
        thread(&self.of(pid)?, tid)
    }

    /// Little of one process.
    #[must_use]
    pub fn glance(&self, pid: u32) -> Option<Glance> {
        let dir = self.of(pid)?;
        let stat = stat(&dir, "stat")?;
        Some(Glance { start: stat.start, ended: stat.has_ended(), exe_path: link(&dir, "exe"), name: name(&stat) })
    }

    fn read(&self, pid: u32, dir: &OwnedFd) -> Option<Process> {
        let stat = stat(dir, "stat")?;
        if stat.has_ended() {
            return None;
        }
        let status = Status::parse(&bytes(dir, "status", FILE_BYTES)?);
        let (args, args_cut) = cut(bytes(dir, "cmdline", usize::from(ARGS_BYTES) + 1).unwrap_or_default());
        let env = self.env.then(|| bytes(dir, "environ", usize::from(ARGS_BYTES))).flatten();
        let exe_path = link(dir, "exe");
        Some(Process {
            pid,
            start: stat.start,
            ppid: stat.ppid,
            name: name(&stat),
            exe_file: exe_path.is_some().then(|| exe(dir)).flatten(),
            exe_path: exe_path.map(Arc::from),
            args: args.into(),
            args_cut,
            env: env.map(Arc::from),
            cwd: link(dir, "cwd").map(Arc::from),
            root: link(dir, "root").map(Arc::from),
            credentials: status.credentials,
            login: number(dir, "loginuid").zip(number(dir, "sessionid")),
            vpid: status.vpid,
            groups: Some((stat.group, stat.session)),
            vgroups: status.vgroups,
            namespaces: namespaces(dir),
            pidns_start: None,
            tty: Some(stat.tty),
            threads: stat.threads,
            ended: false,
        })
    }

    /// The ports on which TCP sockets listen, asked once in every network namespace of these processes.
    fn listening(&self, processes: &[Found]) -> Vec<u16> {
        let mut networks = HashSet::new();
        let mut ports = HashSet::new();
        for Found { process, .. } in processes {
            let Some([_, _, net, ..]) = process.namespaces else { continue };
            if networks.len() >= MAX_NETWORKS || !networks.insert(net) {
                continue;
            }
            let Some(dir) = self.of(process.pid) else { continue };
            for table in ["net/tcp", "net/tcp6"] {
                if let Some(table) = bytes(&dir, table, FILE_BYTES) {
                    ports.extend(parse::listening(&table));
                }
            }
        }
        ports.into_iter().collect()
    }
}

fn threads(pid: u32, dir: &OwnedFd) -> Vec<(u32, Thread)> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let Ok(tasks) = openat(dir, "task", flags, Mode::empty()) else { return Vec::new() };
    let tids = numbers(&tasks).filter(|tid| *tid != pid);
    tids.filter_map(|tid| Some((tid, thread(dir, tid)?))).collect()
}

fn thread(dir: &OwnedFd, tid: u32) -> Option<Thread> {
    let stat = stat(dir, &format!("task/{tid}/stat"))?;
    let status = Status::parse(&bytes(dir, &format!("task/{tid}/status"), FILE_BYTES)?);
    Some(Thread { start: stat.start, vtid: status.vpid, credentials: status.credentials, cwd: None })
}

/// The entries of a directory that are numbers.
fn numbers(dir: &OwnedFd) -> impl Iterator<Item = u32> {
    let entries = Dir::read_from(dir).into_iter().flatten();
    entries.filter_map(|entry| parse::number(entry.ok()?.file_name().to_bytes()))
}

/// A file's first bytes, at most `limit`. `None` when there is no such file, or the process is gone.
fn bytes(dir: &OwnedFd, name: &str, limit: usize) -> Option<Vec<u8>> {
    let file = openat(dir, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    while bytes.len() < limit {
        let len = rustix::io::read(&file, &mut chunk).ok()?;
        if len == 0 {
            break;
        }
        let room = limit - bytes.len();
        bytes.extend_from_slice(chunk.get(..len.min(room))?);
    }
    Some(bytes)
}

/// Arguments as the probe cuts them, and whether there were more.
fn cut(mut args: Vec<u8>) -> (Vec<u8>, bool) {
    let most = usize::from(ARGS_BYTES);
    let more = args.len() > most;
    args.truncate(most);
    (args, more)
}

fn link(dir: &OwnedFd, name: &str) -> Option<Vec<u8>> {
    readlinkat(dir, name, Vec::new()).ok().map(std::ffi::CString::into_bytes)
}

fn number(dir: &OwnedFd, name: &str) -> Option<u32> {
    parse::number(bytes(dir, name, FILE_BYTES)?.trim_ascii())
}

/// What a task's `stat` says, with times as the kernel has them whatever this process's time namespace.
fn stat(dir: &OwnedFd, file: &str) -> Option<Stat> {
    let mut stat = Stat::parse(&bytes(dir, file, FILE_BYTES)?)?;
    stat.start = stat.start.saturating_add_signed(boot_offset().saturating_neg());
    Some(stat)
}

fn name(stat: &Stat) -> Bytes {
    Box::from(stat.name.get(..NAME_BYTES).unwrap_or(&stat.name))
}

/// `OVERLAYFS_SUPER_MAGIC`: <https://github.com/torvalds/linux/blob/v6.12/include/uapi/linux/magic.h#L95>
const OVERLAYFS_MAGIC: u64 = 0x794c_7630;

fn exe(dir: &OwnedFd) -> Option<ExeFile> {
    let stat = statat(dir, "exe", AtFlags::empty()).ok()?;
    let nanoseconds =
        |seconds: i64, rest: u64| u64::try_from(seconds).ok()?.checked_mul(1_000_000_000)?.checked_add(rest);
    Some(ExeFile {
        inode: stat.st_ino,
        dev: stat.st_dev as u32,
        mode: stat.st_mode,
        uid: stat.st_uid,
        gid: stat.st_gid,
        ctime: nanoseconds(stat.st_ctime, stat.st_ctime_nsec),
        mtime: nanoseconds(stat.st_mtime, stat.st_mtime_nsec),
        bits: if in_overlay(dir) { file::ANY_LAYER } else { 0 },
    })
}

/// Whether a process's executable is in an overlay; in which layer, only the kernel knows.
fn in_overlay(dir: &OwnedFd) -> bool {
    openat(dir, "exe", OFlags::PATH | OFlags::CLOEXEC, Mode::empty())
        .and_then(fstatfs)
        .is_ok_and(|info| info.f_type as u64 == OVERLAYFS_MAGIC)
}

/// `mnt:[4026531841]` and so on, in the order of [`Process::namespaces`].
fn namespaces(dir: &OwnedFd) -> Option<[u32; 7]> {
    const LINKS: [&CStr; 7] = [c"ns/mnt", c"ns/pid", c"ns/net", c"ns/user", c"ns/uts", c"ns/ipc", c"ns/cgroup"];
    let mut inodes = [0; 7];
    for (inode, name) in inodes.iter_mut().zip(LINKS) {
        let link = readlinkat(dir, name, Vec::new()).ok()?;
        *inode = parse::bracketed(link.as_bytes())?;
    }
    Some(inodes)
}
