// SPDX-License-Identifier: Apache-2.0
//! Calls as the kernel knows them, and the events that the agent makes of them.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use agent_common::{
    effect::makes,
    layout::Layout,
    numbers,
    schema::{Abi, Arg, Hook, Kind, Op},
    state::file::{DELETED, DETACHED},
};

use super::{dice::Dice, records};
use crate::{
    arena::Arena,
    decode::{RawEvent, state::ExeFile},
    event::Event,
    fields::{
        fspath::opens,
        tests::fixture::{Fixture, TIME, TestTables, nginx},
    },
    filter::rows::Row,
    metadata::{
        container::Container,
        file::{Ends, File, FileKind, Role, Socket},
        process::{Credentials, Process},
    },
};

pub(crate) const NAMES: [&str; 5] = ["bash", "cat", "sshd", "systemd-journal", "x"];
pub(crate) const PATHS: [&str; 22] = [
    "/etc/passwd",
    "/etc/secret/key",
    "/etc",
    "/tmp/x",
    "/tmp/x (deleted)",
    "/proc/1/fd",
    "/",
    "passwd",
    "secret/key",
    "../etc/passwd",
    "..",
    "",
    "//etc//passwd",
    "/etc/../tmp/x",
    "/dev/log",
    "/etc/passwd.bak",
    "/a:b/c",
    "tmpfs",
    "/jail/etc/passwd",
    "./x",
    "/long/0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\
     0123456789012345678901234567890123456789/end.log",
    "/long/0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\
     0123456789012345678901234567890123456789/end.txt",
];
pub(crate) const NUMBERS: [i64; 26] = [
    -4096,
    -4095,
    -100,
    -13,
    -2,
    -1,
    0,
    1,
    2,
    3,
    5,
    9,
    15,
    17,
    22,
    0o101,
    0o301,
    0o644,
    0o755,
    1000,
    65535,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x1_0000_0003,
    i64::MIN,
];
pub(crate) const ADDRESSES: [IpAddr; 6] = [
    IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)),
    IpAddr::V4(Ipv4Addr::new(10, 0, 1, 2)),
    IpAddr::V4(Ipv4Addr::LOCALHOST),
    IpAddr::V6(Ipv6Addr::LOCALHOST),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 7)),
];
pub(crate) const PORTS: [u16; 5] = [0, 22, 80, 443, 50000];

/// Syscalls of which the kernel decides more than of others.
pub(crate) const SYSCALLS: [&str; 44] = [
    "accept4",
    "bind",
    "chdir",
    "chmod",
    "clone",
    "close",
    "connect",
    "creat",
    "dup",
    "dup2",
    "execve",
    "execveat",
    "exit_group",
    "fanotify_mark",
    "fchmod",
    "fchown",
    "fcntl",
    "getpid",
    "ioctl",
    "kill",
    "linkat",
    "listen",
    "mkdirat",
    "mmap",
    "mount",
    "open",
    "open_by_handle_at",
    "openat",
    "openat2",
    "pipe2",
    "read",
    "recvfrom",
    "recvmsg",
    "renameat2",
    "sendmmsg",
    "sendmsg",
    "sendto",
    "setresuid",
    "setxattr",
    "socket",
    "symlinkat",
    "unlinkat",
    "write",
    "mremap",
];

/// A file as the kernel knows it.
#[derive(Clone, Debug)]
pub(crate) enum KernelFile {
    /// It has a path.
    Path {
        path: String,
        mode: u32,
        deleted: bool,
    },
    /// It is in no directory: the name that the agent makes of it.
    Detached {
        name: String,
        mode: u32,
    },
    Pipe,
    Anonymous(&'static str),
    Socket(KernelSocket),
}

#[derive(Clone, Debug)]
pub(crate) struct KernelSocket {
    pub(crate) family: u16,
    pub(crate) kind: u16,
    pub(crate) protocol: u16,
    pub(crate) local: (IpAddr, u16),
    pub(crate) remote: (IpAddr, u16),
}

/// A call, and what is around it.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) row: Row,
    pub(crate) ret: i64,
    pub(crate) args: [u64; 6],
    /// What text arguments point to, by register; `None` when it can't be read.
    pub(crate) texts: [Option<String>; 6],
    /// The address that the call names.
    pub(crate) named: Option<SocketAddr>,
    /// `struct open_how`.
    pub(crate) how: Option<[u64; 3]>,
    pub(crate) comm: String,
    pub(crate) ids: [u32; 8],
    pub(crate) login: u32,
    pub(crate) inode: u64,
    pub(crate) cpu: u16,
    pub(crate) cwd: String,
    pub(crate) root: String,
    pub(crate) files: [Option<KernelFile>; 2],
    pub(crate) contained: bool,
    /// Whether the agent has the process in its tables.
    pub(crate) known: bool,
    /// Whether the agent has the files in its tables, and knows that their names were removed.
    pub(crate) files_known: [bool; 2],
    pub(crate) stale: bool,
    /// The last peer of a datagram socket that the agent remembers, and the side that a socket is on.
    pub(crate) remembered: (IpAddr, u16),
    pub(crate) role: Role,
}

/// Places in [`Call::ids`].
pub(crate) mod id {
    pub(crate) const TGID: usize = 0;
    pub(crate) const TID: usize = 1;
    pub(crate) const PPID: usize = 2;
    pub(crate) const UID: usize = 3;
    pub(crate) const GID: usize = 4;
    pub(crate) const EUID: usize = 5;
    pub(crate) const EGID: usize = 6;
}

impl Call {
    /// A call of `row`.
    pub(crate) fn of(row: Row, dice: &mut Dice) -> Self {
        let small = [0_u32, 1, 2, 15, 1000, u32::MAX];
        let ret = match dice.below(8) {
            0 | 1 => -dice.pick(&[2_i64, 13, 115, 512, 600]),
            2..=4 => dice.pick(&[0, 1, 3, 5, 1000]),
            _ => dice.pick(&NUMBERS),
        };
        let mut args = [0; 6];
        for arg in &mut args {
            *arg = dice.pick(&NUMBERS).cast_unsigned();
        }
        let syscall = row.syscall;
        for arg in syscall.map_or(&[][..], |syscall| syscall.args) {
            let at = usize::from(arg.at);
            if !matches!(arg.op(row.abi), Op::Reg(_)) {
                // A pointer, as long as it leads somewhere.
                args[at] = if dice.once_in(12) { 0 } else { 0x7000 + u64::from(arg.at) };
            } else if arg.kind == Kind::Dirfd && dice.once_in(2) {
                args[at] = (-100_i64).cast_unsigned();
            }
        }
        if row.abi == Abi::I386 {
            args = args.map(|arg| arg & u64::from(u32::MAX));
        }
        let text = |dice: &mut Dice| match dice.below(10) {
            0 => None,
            1..=4 => Some(dice.pick(&["/etc/passwd", "//etc//passwd", "passwd", "/tmp/x"]).to_owned()),
            _ => Some(dice.pick(&PATHS).to_owned()),
        };
        let named = SocketAddr::new(dice.pick(&ADDRESSES), dice.pick(&PORTS));
        let size = [0_u64, 8, 24];
        let mut call = Self {
            row,
            ret,
            args,
            texts: std::array::from_fn(|_| text(dice)),
            named: Some(named).filter(|_| !dice.once_in(3)),
            how: Some([dice.pick(&NUMBERS).cast_unsigned(), dice.pick(&NUMBERS).cast_unsigned(), 0])
                .filter(|_| !dice.once_in(8)),
            comm: dice.pick(&NAMES).to_owned(),
            ids: std::array::from_fn(|_| dice.pick(&small)),
            login: dice.pick(&small),
            inode: dice.pick(&[7, 42]),
            cpu: dice.pick(&[0, 1, 15]),
            cwd: dice.pick(&["/", "/etc", "/tmp", "/jail/etc"]).to_owned(),
            root: if dice.once_in(6) { "/jail" } else { "/" }.to_owned(),
            files: [file(dice), file(dice)],
            contained: dice.once_in(3),
            known: !dice.once_in(8),
            files_known: [!dice.once_in(10), !dice.once_in(10)],
            stale: dice.once_in(4),
            remembered: (dice.pick(&ADDRESSES), dice.pick(&PORTS)),
            role: dice.pick(&[Role::Client, Role::Server, Role::Unknown]),
        };
        if syscall.is_some_and(|syscall| syscall.name == "openat2") {
            call.args[3] = dice.pick(&size);
        }
        call.settle();
        call
    }

    /// Takes away what can't be.
    fn settle(&mut self) {
        let places = self.places();
        for (file, place) in self.files.iter_mut().zip(places) {
            if !place {
                *file = None;
            }
        }
        for (text, arg) in self.texts.iter_mut().zip(self.args) {
            if arg == 0 {
                *text = None;
            }
        }
        // Without the record of the file that was opened, the agent takes what was asked for: then records were lost, and
        // the ledger says so.
        if self.row.name().is_some_and(opens) {
            self.files_known = [true; 2];
        }
    }

    /// Which files the call has.
    fn places(&self) -> [bool; 2] {
        let Some(syscall) = self.row.syscall else { return [false; 2] };
        let descriptors = syscall.args.iter().filter(|arg| matches!(arg.kind, Kind::Fd | Kind::Dirfd)).count();
        let pair = syscall.args.iter().any(|arg| matches!(arg.kind, Kind::StructOut(Layout::FdPair)));
        let made = makes(syscall) && self.ret >= 0;
        match (makes(syscall), pair, descriptors) {
            (_, true, _) => [self.ret >= 0; 2],
            (true, _, 0) => [made, false],
            (true, ..) => [true, made],
            (false, _, 0) => [false; 2],
            (false, _, 1) => [true, false],
            (false, ..) => [true; 2],
        }
    }

    /// Whether the call has a result.
    pub(crate) fn has_ret(&self) -> bool {
        !self.row.at_entry()
    }

    /// The text of an argument that is read when the call returns.
    pub(crate) fn text(&self, at: u8) -> Option<&str> {
        self.texts.get(usize::from(at))?.as_deref()
    }

    /// The place of the file that the call is about, if it has one.
    pub(crate) fn file(&self) -> Option<&KernelFile> {
        let syscall = self.row.syscall?;
        let descriptors =
            syscall.args.iter().any(|arg| matches!(arg.kind, Kind::Fd | Kind::Dirfd | Kind::StructOut(Layout::FdPair)));
        let place = match (makes(syscall), descriptors) {
            (true, _) if self.ret < 0 => return None,
            (true, true) => 1,
            (true, false) | (false, _) => 0,
        };
        self.files[place].as_ref()
    }

    /// Shows the event to `look`.
    pub(crate) fn event<R>(&self, look: impl FnOnce(&Event<'_>) -> R) -> R {
        let bytes = records::record(self);
        let raw = RawEvent::parse(&bytes).expect("a record");
        let arena = Arena::default();
        let process = self.known.then(|| Arc::new(self.process()));
        let files = [0, 1].map(|n| {
            let file = self.files[n].as_ref().filter(|_| self.files_known[n])?;
            Some(Arc::new(self.told(file)))
        });
        let container: Option<Arc<Container>> = self.contained.then(nginx);
        let tables: Option<TestTables> = Fixture::new("getpid", 0, &[]).tables;
        let event = Event {
            num: 7,
            process: process.as_ref(),
            files: [files[0].as_ref(), files[1].as_ref()],
            container: container.as_ref(),
            tables: tables.as_ref().map(|tables| -> &dyn crate::fields::tables::Tables { tables }),
            ..Event::bare(raw, TIME, &arena)
        };
        look(&event)
    }

    fn process(&self) -> Process {
        Process {
            pid: self.ids[id::TGID],
            ppid: 1,
            start: 4_000_000_000,
            name: self.comm.as_bytes().into(),
            exe_path: Some(Arc::from(&b"/usr/bin/bash"[..])),
            exe_file: Some(ExeFile { inode: self.inode, ..ExeFile::default() }),
            args: Arc::from(&b"-bash\0-c\0"[..]),
            cwd: Some(Arc::from(self.cwd.as_bytes())),
            root: Some(Arc::from(self.root.as_bytes())),
            credentials: Some(Credentials {
                uid: self.ids[id::UID],
                euid: self.ids[id::EUID],
                gid: self.ids[id::GID],
                egid: self.ids[id::EGID],
                capabilities: [0; 3],
            }),
            login: Some((self.login, 1)),
            ..Process::default()
        }
    }

    /// What the agent was told of a file.
    fn told(&self, file: &KernelFile) -> File {
        let plain = |kind, mode, bits| File { inode: 42, dev: 8, mode, flags: 0, bits, kind };
        let named = |name: &str| FileKind::Named(Some(name.as_bytes().into()));
        match file {
            KernelFile::Path { path, mode, deleted: true } if !self.stale => {
                plain(named(&format!("{path} (deleted)")), *mode, DELETED)
            }
            KernelFile::Path { path, mode, .. } => plain(named(path), *mode, 0),
            KernelFile::Detached { name, mode } => plain(named(name), *mode, DETACHED),
            KernelFile::Pipe => plain(FileKind::Pipe, 0o010_600, DETACHED),
            KernelFile::Anonymous(name) => plain(FileKind::Anonymous(name.as_bytes().into()), 0o600, DETACHED),
            KernelFile::Socket(socket) => {
                let KernelSocket { family, kind, protocol, local, remote } = *socket;
                let remembers = kind == 2 && remote.1 == 0 && self.stale;
                let remote = if remembers { self.remembered } else { remote };
                let ends = match family {
                    2 | 10 => Ends::Inet { local, remote },
                    1 => Ends::Unix { local: b"/run/x.sock"[..].into(), peer: b""[..].into() },
                    _ => Ends::Other,
                };
                let socket = Socket { family, kind, protocol, ends, role: self.role };
                plain(FileKind::Socket(Box::new(socket)), 0o140_777, DETACHED)
            }
        }
    }
}

/// The row of the argument of `kind`, if the call has one.
pub(crate) fn arg_of(call: &Call, kind: impl Fn(Kind) -> bool) -> Option<&'static Arg> {
    call.row.syscall?.args.iter().find(|arg| kind(arg.kind))
}

/// Whether the record of a call is made with memory that can be looked at.
pub(crate) fn reads_memory(call: &Call) -> bool {
    call.row.syscall.is_some_and(|syscall| matches!(syscall.hook, Hook::Exit | Hook::Entry))
}

fn file(dice: &mut Dice) -> Option<KernelFile> {
    let absolute = |dice: &mut Dice| {
        let path = dice.pick(&[
            "/etc/passwd",
            "/etc/secret/key",
            "/etc",
            "/tmp/x",
            "/",
            "/dev/log",
            "/a:b/c",
            PATHS[20],
            PATHS[21],
        ]);
        path.to_owned()
    };
    Some(match dice.below(12) {
        0 => return None,
        1 => KernelFile::Pipe,
        2 => KernelFile::Anonymous(dice.pick(&["[eventfd]", "inotify", "bpf-prog", "[pidfd]"])),
        3 => KernelFile::Detached {
            name: dice.pick(&["/memfd:x (deleted)", "net:[4026531840]", "SYSV00"]).to_owned(),
            mode: 0o100_644,
        },
        4..=7 => {
            let (v6, kind) = (dice.once_in(2), dice.pick(&[1, 2, 3]));
            let end = |dice: &mut Dice| (dice.pick(&ADDRESSES), dice.pick(&PORTS));
            let ends = [end(dice), end(dice)];
            let [local, remote] = ends.map(|(address, port)| match (address, v6) {
                (IpAddr::V4(address), true) => (IpAddr::V6(address.to_ipv6_mapped()), port),
                (IpAddr::V6(_), false) => (IpAddr::V4(Ipv4Addr::LOCALHOST), port),
                end => (end.0, port),
            });
            let family = dice.pick(&[if v6 { 10 } else { 2 }, if v6 { 10 } else { 2 }, 1, 16, 17]);
            KernelFile::Socket(KernelSocket { family, kind, protocol: dice.pick(&[0, 6, 17]), local, remote })
        }
        _ => KernelFile::Path {
            path: if dice.once_in(2) { "/tmp/x".to_owned() } else { absolute(dice) },
            mode: dice.pick(&[0o100_644, 0o040_755, 0o010_600]),
            deleted: dice.once_in(4),
        },
    })
}

/// The row of a syscall's name.
pub(crate) fn row(name: &str, abi: Abi) -> Option<Row> {
    let entry = numbers::table(abi).iter().find(|entry| entry.row.name == name)?;
    Some(Row::of(abi as u32 * agent_common::ledger::NRS + u32::from(entry.nr)))
}
