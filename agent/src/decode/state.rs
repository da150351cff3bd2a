// SPDX-License-Identifier: Apache-2.0
//! From a record's bytes to what it tells of a task, an open file or a cgroup. Like [`super::RawEvent`], it trusts no
//! byte.

use agent_common::{
    record::{Header, WORD, lengths_at, payload_at},
    state::{CgroupWord, ExitWord, FileBytes, FileWord, Kind, TaskBytes, TaskWord, file},
};

use super::{Malformed, header, length};
use crate::decode::visit::Absent;

/// A state record, its lengths checked.
#[derive(Clone, Copy, Debug)]
pub struct StateRecord<'a> {
    /// The header: who it is about, and when.
    pub header: Header,
    /// What it is about.
    pub kind: Kind,
    words: &'a [u8],
    lengths: &'a [u8],
    payload: &'a [u8],
}

impl<'a> StateRecord<'a> {
    /// Checks a record whose header says that it is a state record.
    ///
    /// # Errors
    /// A [`Malformed`] for the first thing that is wrong.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let header = header(bytes).ok_or(Malformed::Short(bytes.len()))?;
        let nr = header.nr;
        if header.len as usize != bytes.len() {
            return Err(Malformed::Length { said: header.len, got: bytes.len() });
        }
        let kind = Kind::from_raw(nr).ok_or(Malformed::State(nr))?;
        let (words, others) = kind.shape();
        if usize::from(header.nargs) != words + others {
            return Err(Malformed::Args { nr, want: words + others, got: header.nargs });
        }
        let short = Malformed::Payload { nr, want: payload_at(words, others), got: bytes.len() };
        let (head, payload) = bytes.split_at_checked(payload_at(words, others)).ok_or(short)?;
        let (head, lengths) = head.split_at_checked(lengths_at(words)).ok_or(short)?;
        let words = head.get(lengths_at(0)..).ok_or(short)?;
        let want = lengths.chunks_exact(2).map(|len| length(len).unwrap_or(0)).sum::<usize>();
        if want != payload.len() {
            return Err(Malformed::Payload { nr, want, got: payload.len() });
        }
        Ok(Self { header, kind, words, lengths, payload })
    }

    /// What it says.
    #[must_use]
    pub fn state(&self) -> State<'a> {
        match self.kind {
            Kind::Fork | Kind::Exec | Kind::Change => State::Task(Task { record: *self }),
            Kind::Exit => State::Exit(Exit {
                start: self.word(ExitWord::Start as usize),
                live: self.word(ExitWord::Live as usize) as u32,
                code: self.word(ExitWord::Code as usize) as u32,
            }),
            Kind::File => State::File(File { record: *self }),
            Kind::CgroupMade => State::CgroupMade(self.cgroup()),
            Kind::CgroupGone => State::CgroupGone(self.cgroup()),
        }
    }

    fn cgroup(&self) -> Cgroup<'a> {
        Cgroup {
            id: self.word(CgroupWord::Id as usize),
            hierarchy: self.word(CgroupWord::Hierarchy as usize) as u32,
            path: self.bytes(0).map(|path| path.strip_suffix(&[0]).unwrap_or(path)).unwrap_or_default(),
        }
    }

    /// Word `place`; 0 beyond the record.
    fn word(&self, place: usize) -> u64 {
        let word = self.words.get(WORD * place..).and_then(<[u8]>::first_chunk);
        word.map_or(0, |word| u64::from_ne_bytes(*word))
    }

    /// Byte string `place`; an error says why there is none.
    fn bytes(&self, place: usize) -> Result<&'a [u8], Absent> {
        let mut at = 0;
        for (i, len) in self.lengths.chunks_exact(2).enumerate() {
            let len = length(len);
            if i == place {
                return len.map(|len| self.payload.get(at..at + len).unwrap_or_default());
            }
            at += len.unwrap_or(0);
        }
        Err(Absent::Unset)
    }

    /// Whether byte string `place` was longer than what the record has of it.
    const fn is_cut(&self, place: usize) -> bool {
        self.header.truncated & (1 << place) != 0
    }
}

/// What a state record says.
#[derive(Clone, Copy, Debug)]
pub enum State<'a> {
    /// A task was made, runs a new image or has changed; [`StateRecord::kind`] says which.
    Task(Task<'a>),
    /// A task ends.
    Exit(Exit),
    /// An open file that events refer to from here on.
    File(File<'a>),
    /// A cgroup was made.
    CgroupMade(Cgroup<'a>),
    /// A cgroup was removed.
    CgroupGone(Cgroup<'a>),
}

/// A task that ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    /// When the thread was made, in nanoseconds since boot.
    pub start: u64,
    /// Threads of the process that still live; 0: the process ends.
    pub live: u32,
    /// The status as `wait` reports it.
    pub code: u32,
}

/// A cgroup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cgroup<'a> {
    /// Its id in its hierarchy.
    pub id: u64,
    /// Its hierarchy: 0 is v2.
    pub hierarchy: u32,
    /// Its path from the hierarchy's root.
    pub path: &'a [u8],
}

/// `(low, high)` halves of a word.
const fn halves(word: u64) -> (u32, u32) {
    (word as u32, (word >> 32) as u32)
}

/// The attributes of a task, as the kernel has them. What could not be read is `None`.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    record: StateRecord<'a>,
}

impl<'a> Task<'a> {
    fn word(&self, word: TaskWord) -> Option<u64> {
        let known = self.record.word(TaskWord::Known as usize) & (1 << word as usize) != 0;
        known.then(|| self.record.word(word as usize))
    }

    fn pair(&self, word: TaskWord) -> Option<(u32, u32)> {
        self.word(word).map(halves)
    }

    /// The header: pid, tid, parent, name and ids of the task, and the time.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.record.header
    }

    /// When the thread was made, in nanoseconds since boot.
    #[must_use]
    pub fn start(&self) -> Option<u64> {
        self.word(TaskWord::Start)
    }

    /// When the process was made.
    #[must_use]
    pub fn process_start(&self) -> Option<u64> {
        self.word(TaskWord::ProcessStart)
    }

    /// Real and effective user id.
    #[must_use]
    pub fn uids(&self) -> Option<(u32, u32)> {
        self.pair(TaskWord::Uids)
    }

    /// Real and effective group id.
    #[must_use]
    pub fn gids(&self) -> Option<(u32, u32)> {
        self.pair(TaskWord::Gids)
    }

    /// Login uid and audit session; `u32::MAX` when there was no login.
    #[must_use]
    pub fn login(&self) -> Option<(u32, u32)> {
        self.pair(TaskWord::Login)
    }

    /// Permitted, effective and inheritable capabilities.
    #[must_use]
    pub fn capabilities(&self) -> Option<[u64; 3]> {
        Some([
            self.word(TaskWord::CapPermitted)?,
            self.word(TaskWord::CapEffective)?,
            self.word(TaskWord::CapInheritable)?,
        ])
    }

    /// Process and thread id in the task's own PID namespace.
    #[must_use]
    pub fn vids(&self) -> Option<(u32, u32)> {
        self.pair(TaskWord::Vids)
    }

    /// Process group and session in the initial PID namespace.
    #[must_use]
    pub fn groups(&self) -> Option<(u32, u32)> {
        self.pair(TaskWord::Groups)
    }

    /// Process group and session in the task's own PID namespace.
    #[must_use]
    pub fn vgroups(&self) -> Option<(u32, u32)> {
        self.pair(TaskWord::Vgroups)
    }

    /// Inode numbers of the mount, PID, network, user, UTS, IPC and cgroup namespaces.
    #[must_use]
    pub fn namespaces(&self) -> Option<[u32; 7]> {
        let (mnt, pid) = self.pair(TaskWord::NsMntPid)?;
        let (net, user) = self.pair(TaskWord::NsNetUser)?;
        let (uts, ipc) = self.pair(TaskWord::NsUtsIpc)?;
        let (cgroup, _) = self.pair(TaskWord::NsCgroup)?;
        Some([mnt, pid, net, user, uts, ipc, cgroup])
    }

    /// When the first process of the task's PID namespace was made, in nanoseconds since boot.
    #[must_use]
    pub fn pidns_start(&self) -> Option<u64> {
        self.word(TaskWord::PidnsStart)
    }

    /// The controlling terminal's device number as `/proc/PID/stat` shows it, 0 for none.
    #[must_use]
    pub fn tty(&self) -> Option<u32> {
        self.word(TaskWord::Tty).map(|dev| user_dev(dev as u32))
    }

    /// Whether the thread has a root and a working directory of its own, not its process's (`CLONE_FS` unshared).
    #[must_use]
    pub fn has_own_fs(&self) -> bool {
        self.word(TaskWord::OwnFs) == Some(1)
    }

    /// The executable; `None` for a kernel thread.
    #[must_use]
    pub fn exe(&self) -> Option<ExeFile> {
        let (dev, mode) = self.pair(TaskWord::ExeDevMode)?;
        let (uid, gid) = self.pair(TaskWord::ExeOwner)?;
        Some(ExeFile {
            inode: self.word(TaskWord::ExeInode)?,
            dev: user_dev(dev),
            mode,
            uid,
            gid,
            ctime: self.word(TaskWord::ExeCtime),
            mtime: self.word(TaskWord::ExeMtime),
            bits: self.word(TaskWord::ExeBits).unwrap_or(0),
        })
    }

    /// The executable's path.
    #[must_use]
    pub fn exe_path(&self) -> Option<Vec<u8>> {
        let bits = self.word(TaskWord::ExeBits).unwrap_or(0);
        let path = self.path(TaskBytes::Exe, bits)?;
        if bits & file::DETACHED == 0 {
            return Some(path);
        }
        // In memory: as /proc/PID/exe shows it.
        Some([b"/", path.as_slice(), DELETED].concat())
    }

    /// The working directory.
    #[must_use]
    pub fn cwd(&self) -> Option<Vec<u8>> {
        self.path(TaskBytes::Cwd, 0)
    }

    /// The root directory; `/` unless changed.
    #[must_use]
    pub fn root(&self) -> Option<Vec<u8>> {
        self.path(TaskBytes::Root, 0)
    }

    /// A path that was sent whole.
    fn path(&self, place: TaskBytes, bits: u64) -> Option<Vec<u8>> {
        let names = self.record.bytes(place as usize).ok()?;
        (!self.record.is_cut(place as usize)).then(|| path(names, bits))
    }

    /// The arguments of an exec, each with its NUL, and whether there were more.
    #[must_use]
    pub fn args(&self) -> Option<(&'a [u8], bool)> {
        let args = self.record.bytes(TaskBytes::Args as usize).ok()?;
        Some((args, self.record.is_cut(TaskBytes::Args as usize)))
    }

    /// The environment of an exec, each string with its NUL, and whether there was more. Only when asked for.
    #[must_use]
    pub fn env(&self) -> Option<(&'a [u8], bool)> {
        let env = self.record.bytes(TaskBytes::Env as usize).ok()?;
        Some((env, self.record.is_cut(TaskBytes::Env as usize)))
    }
}

/// A process's executable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExeFile {
    /// Inode number.
    pub inode: u64,
    /// Device number as `stat` shows it.
    pub dev: u32,
    /// Type and permission bits.
    pub mode: u32,
    /// Owner, in the initial user namespace.
    pub uid: u32,
    /// Group, in the initial user namespace.
    pub gid: u32,
    /// Change time of the inode, in nanoseconds since the epoch.
    pub ctime: Option<u64>,
    /// Modification time, in nanoseconds since the epoch.
    pub mtime: Option<u64>,
    /// Bits of [`agent_common::state::file`]; 0 where only `/proc` told of it.
    pub bits: u64,
}

/// An open file.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    record: StateRecord<'a>,
}

impl<'a> File<'a> {
    const fn halves(word: u64) -> (u32, u32) {
        halves(word)
    }

    fn word(&self, word: FileWord) -> u64 {
        self.record.word(word as usize)
    }

    /// What events call it by.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.word(FileWord::Id)
    }

    /// Inode number.
    #[must_use]
    pub fn inode(&self) -> u64 {
        self.word(FileWord::Inode)
    }

    /// Device number as `stat` shows it.
    #[must_use]
    pub fn dev(&self) -> u32 {
        user_dev(Self::halves(self.word(FileWord::DevMode)).0)
    }

    /// Type and permission bits.
    #[must_use]
    pub fn mode(&self) -> u32 {
        Self::halves(self.word(FileWord::DevMode)).1
    }

    /// The kind of its file system, as `statfs` shows it.
    #[must_use]
    pub fn magic(&self) -> u64 {
        self.word(FileWord::Magic)
    }

    /// `open` flags.
    #[must_use]
    pub fn flags(&self) -> u32 {
        self.word(FileWord::Flags) as u32
    }

    /// Bits of [`agent_common::state::file`].
    #[must_use]
    pub fn bits(&self) -> u64 {
        self.word(FileWord::Bits)
    }

    /// Socket family, type and protocol; meaningless for what is no socket.
    #[must_use]
    pub fn socket(&self) -> (u16, u16, u16) {
        let word = self.word(FileWord::Socket);
        (word as u16, (word >> 16) as u16, (word >> 32) as u16)
    }

    /// Local and remote port.
    #[must_use]
    pub fn ports(&self) -> (u16, u16) {
        let word = self.word(FileWord::Ports);
        (word as u16, (word >> 16) as u16)
    }

    /// Local and remote address: 16 bytes each in network order, of which IPv4 has the first 4.
    #[must_use]
    pub fn addresses(&self) -> ([u8; 16], [u8; 16]) {
        let address = |first, second| {
            let mut bytes = [0; 16];
            let (low, high) = bytes.split_at_mut(8);
            low.copy_from_slice(&self.word(first).to_ne_bytes());
            high.copy_from_slice(&self.word(second).to_ne_bytes());
            bytes
        };
        (address(FileWord::Local0, FileWord::Local1), address(FileWord::Remote0, FileWord::Remote1))
    }

    /// Its path as `/proc/PID/fd` would show it, or the bare name of a file that is in no directory. `None` when it
    /// could not be read, or only in part.
    #[must_use]
    pub fn path(&self) -> Option<Vec<u8>> {
        let names = self.record.bytes(FileBytes::Path as usize).ok()?;
        (self.bits() & file::CUT == 0).then(|| path(names, self.bits()))
    }

    /// The name that a Unix socket is bound to: a path, or an abstract name with its leading NUL. Empty when unnamed.
    #[must_use]
    pub fn unix_local(&self) -> &'a [u8] {
        self.record.bytes(FileBytes::UnixLocal as usize).unwrap_or_default()
    }

    /// As [`Self::unix_local`], of the peer.
    #[must_use]
    pub fn unix_peer(&self) -> &'a [u8] {
        self.record.bytes(FileBytes::UnixPeer as usize).unwrap_or_default()
    }
}

/// What follows the path of a file whose name was removed:
/// <https://github.com/torvalds/linux/blob/v6.12/fs/d_path.c#L236>
pub const DELETED: &[u8] = b" (deleted)";

/// Joins names that were sent from the last to the first, each with its NUL.
fn path(names: &[u8], bits: u64) -> Vec<u8> {
    let detached = bits & file::DETACHED != 0;
    let mut path = Vec::with_capacity(names.len() + 1);
    let names = names.strip_suffix(&[0]).unwrap_or(names);
    if !names.is_empty() {
        for name in names.rsplit(|byte| *byte == 0) {
            if !detached {
                path.push(b'/');
            }
            path.extend_from_slice(name);
        }
    }
    if path.is_empty() && !detached {
        path.push(b'/');
    }
    if bits & file::DELETED != 0 && !detached {
        path.extend_from_slice(DELETED);
    }
    path
}

/// A device number as user space has it (`makedev`'s low 32 bits), from the kernel's `major << 20 | minor`:
/// <https://github.com/torvalds/linux/blob/v6.12/include/linux/kdev_t.h#L36>
const fn user_dev(dev: u32) -> u32 {
    let (major, minor) = (dev >> 20, dev & 0xfffff);
    (minor & 0xff) | (major << 8) | ((minor & !0xff) << 12)
}
