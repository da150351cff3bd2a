// SPDX-License-Identifier: Apache-2.0
//! State records: what the probe tells of tasks, open files and cgroups beside the syscalls, so that the agent can name
//! who and what a syscall's numbers stand for.
//!
//! A state record has the layout of a syscall's (see [`crate::record`]). Its header's `abi` is [`ABI`], `nr` the
//! [`Kind`], and pid, names and ids are those of the task that it is about. Words and byte strings have the places that
//! the enumerations here give them. Paths are sent as the kernel has them: names from the last to the first, each with
//! its NUL.

/// Stands in a header's `abi` for a state record.
pub const ABI: u8 = 0xff;

/// Numbers a set of names, as `repr(usize)` enumerations with `COUNT`.
macro_rules! places { ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident,)* }) => {
    $(#[$doc])*
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[repr(usize)]
    pub enum $name { $($(#[$each])* $variant,)* }

    impl $name {
        /// How many there are.
        pub const COUNT: usize = Self::NAMES.len();
        /// Their names in order.
        pub const NAMES: &[&str] = &[$(stringify!($variant),)*];
    }
} }

/// What a state record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A task that was made.
    Fork = 0,
    /// A task that runs a new image.
    Exec = 1,
    /// A task whose attributes a syscall changed.
    Change = 2,
    /// A task that ends.
    Exit = 3,
    /// An open file that an event refers to.
    File = 4,
    /// A cgroup that was made.
    CgroupMade = 5,
    /// A cgroup that was removed.
    CgroupGone = 6,
}

impl Kind {
    /// Every kind, in the order of its discriminant.
    pub const ALL: [Self; 7] =
        [Self::Fork, Self::Exec, Self::Change, Self::Exit, Self::File, Self::CgroupMade, Self::CgroupGone];

    /// The kind with this number, if there is one.
    #[must_use]
    pub const fn from_raw(raw: i32) -> Option<Self> {
        let mut i = 0;
        while i < Self::ALL.len() {
            if Self::ALL[i] as i32 == raw {
                return Some(Self::ALL[i]);
            }
            i += 1;
        }
        None
    }

    /// Its name in the ledger.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fork => "state:fork",
            Self::Exec => "state:exec",
            Self::Change => "state:change",
            Self::Exit => "state:exit",
            Self::File => "state:file",
            Self::CgroupMade => "state:cgroup_mkdir",
            Self::CgroupGone => "state:cgroup_rmdir",
        }
    }

    /// How many words and how many byte strings its record has.
    #[must_use]
    pub const fn shape(self) -> (usize, usize) {
        match self {
            Self::Fork | Self::Change => (TaskWord::COUNT, FORK_BYTES),
            Self::Exec => (TaskWord::COUNT, TaskBytes::COUNT),
            Self::Exit => (ExitWord::COUNT, 0),
            Self::File => (FileWord::COUNT, FileBytes::COUNT),
            Self::CgroupMade | Self::CgroupGone => (CgroupWord::COUNT, 1),
        }
    }
}

places! {
    /// The words of a task's record. Pairs are `low | high << 32`. Times are nanoseconds since boot for tasks, since the
    /// epoch for files.
    TaskWord {
        /// One bit per other word, by its place: it could be read.
        Known,
        /// When the thread was made.
        Start,
        /// When the process was made: the start of its first thread.
        ProcessStart,
        /// Real and effective user id, in the initial user namespace.
        Uids,
        /// Real and effective group id, in the initial user namespace.
        Gids,
        /// Login uid and audit session.
        Login,
        /// Permitted capabilities.
        CapPermitted,
        /// Effective capabilities.
        CapEffective,
        /// Inheritable capabilities.
        CapInheritable,
        /// Process id and thread id in the task's own PID namespace.
        Vids,
        /// Process group and session, in the initial PID namespace.
        Groups,
        /// Process group and session, in the task's own PID namespace.
        Vgroups,
        /// Inode numbers of the mount and the PID namespace.
        NsMntPid,
        /// Inode numbers of the network and the user namespace.
        NsNetUser,
        /// Inode numbers of the UTS and the IPC namespace.
        NsUtsIpc,
        /// Inode number of the cgroup namespace.
        NsCgroup,
        /// When the first process of the task's PID namespace was made.
        PidnsStart,
        /// 1 when the thread does not share root and working directory with its process's first thread.
        OwnFs,
        /// The controlling terminal's device number as the kernel packs it (`major << 20 | minor`), 0 for none.
        Tty,
        /// The executable's inode number.
        ExeInode,
        /// The device of the executable's file system as the kernel packs it, and the executable's mode.
        ExeDevMode,
        /// The executable's user and group id.
        ExeOwner,
        /// Change time of the executable's inode.
        ExeCtime,
        /// Modification time of the executable.
        ExeMtime,
        /// Bits of [`mod@file`] about the executable.
        ExeBits,
    }
}

places! {
    /// The byte strings of a task's record.
    TaskBytes {
        /// The working directory.
        Cwd,
        /// The root directory; of no names unless changed.
        Root,
        /// The executable.
        Exe,
        /// `argv`, each string with its NUL.
        Args,
        /// `envp`, each string with its NUL; only when asked for.
        Env,
    }
}

/// How many of [`TaskBytes`] the records of [`Kind::Fork`] and [`Kind::Change`] have, from the first on.
pub const FORK_BYTES: usize = TaskBytes::Exe as usize + 1;

places! {
    /// The words of the record of a task that ends.
    ExitWord {
        /// When the thread was made, nanoseconds since boot.
        Start,
        /// Threads of the process that still live.
        Live,
        /// The status as `wait` reports it.
        Code,
    }
}

places! {
    /// The words of an open file's record.
    FileWord {
        /// What events call the file by: the address of its `struct file`.
        Id,
        /// Inode number.
        Inode,
        /// The device of its file system as the kernel packs it (`major << 20 | minor`), and the inode's mode.
        DevMode,
        /// The kind of its file system (`statfs.f_type`).
        Magic,
        /// `open` flags.
        Flags,
        /// Bits of [`mod@file`].
        Bits,
        /// Socket: family, type and protocol, 16 bits each, lowest first.
        Socket,
        /// Socket: local and remote port in host order, 16 bits each, lowest first.
        Ports,
        /// Socket: first half of the local address, in network order.
        Local0,
        /// Socket: second half of the local address.
        Local1,
        /// Socket: first half of the remote address.
        Remote0,
        /// Socket: second half of the remote address.
        Remote1,
    }
}

places! {
    /// The byte strings of an open file's record.
    FileBytes {
        /// Its path, or the one name of a file that is in no directory.
        Path,
        /// The name that a Unix socket is bound to.
        UnixLocal,
        /// The name that a Unix socket's peer is bound to.
        UnixPeer,
    }
}

places! {
    /// The words of a cgroup's record.
    CgroupWord {
        /// Its id in its hierarchy.
        Id,
        /// Its hierarchy: 0 is v2.
        Hierarchy,
    }
}

/// Bits about a file.
pub mod file {
    /// Its name was removed.
    pub const DELETED: u64 = 1 << 0;
    /// It is in no directory of a mounted file system; its path is one name.
    pub const DETACHED: u64 = 1 << 1;
    /// It is in the upper layer of an overlay.
    pub const UPPER: u64 = 1 << 2;
    /// It is in a lower layer of an overlay.
    pub const LOWER: u64 = 1 << 3;
    /// Its path is longer than the record shows.
    pub const CUT: u64 = 1 << 4;
    /// It is in an overlay, and it is not known in which layer: only `/proc` told of it.
    pub const ANY_LAYER: u64 = 1 << 5;
}

/// The most bytes of a state record. A power of two: the probe masks offsets with it.
pub const MAX_STATE: usize = 1 << 15;
/// The most names of a path that are followed.
pub const PATH_NAMES: u32 = 64;
/// The most bytes of a path.
pub const PATH_BYTES: u16 = 4096;
/// The most bytes of the arguments, and of the environment.
pub const ARGS_BYTES: u16 = 4096;
/// The most bytes of a cgroup's path.
pub const CGROUP_BYTES: u16 = 4096;

/// Bits of a slot's plan, the values of the `SELECTED` map.
pub mod plan {
    /// Calls are recorded.
    pub const RECORD: u32 = 1 << 0;
    /// A successful call changes attributes of the task: tell them.
    pub const CHANGES: u32 = 1 << 1;
    /// The result is a descriptor of a new file, whatever its address was before.
    pub const MAKES: u32 = 1 << 2;
    /// The files are looked up at the call's entry.
    pub const AT_ENTRY: u32 = 1 << 3;
    /// Only a `prctl` that names the thread changes it.
    pub const NAMES: u32 = 1 << 4;
    /// The call's [`crate::shed::Class`], above this bit.
    pub const CLASS: u32 = 5;
    /// Bits of the class; all of them for a call that is not shed.
    pub const CLASSES: u32 = 7 << CLASS;
    /// Where the first file's descriptor is: 0 nowhere, `1 + n` in register argument `n`, [`RESULT`] in the result.
    pub const FIRST: u32 = 8;
    /// Where the second file's descriptor is.
    pub const SECOND: u32 = 12;
    /// The predicate that the call must pass: its index in the `PREDICATES` map plus 1; 0 for none.
    pub const PREDICATE: u32 = 16;
    /// Bits of either.
    pub const PLACE: u32 = 0xf;
    /// The descriptor is the result.
    pub const RESULT: u32 = 7;
    /// The descriptor is the first of the pair that register argument 0 points to; the next number is the second.
    pub const PAIR_0: u32 = 8;
    /// As [`PAIR_0`], for register argument 3.
    pub const PAIR_3: u32 = 10;
}
