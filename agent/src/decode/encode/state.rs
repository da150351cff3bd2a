// SPDX-License-Identifier: Apache-2.0
//! State records as the probe writes them, for tests and benchmarks.

use agent_common::{
    record::{Header, UNSET, lengths_at, payload_at},
    schema::Abi,
    state::{ABI, ExitWord, FileWord, Kind, TaskBytes, TaskWord},
};

use super::{bytes_of, header};

/// The device of every file: 8:1.
const DISK: u32 = (8 << 20) | 1;

/// The record of `kind` with these words and byte strings.
pub(crate) fn record(mut header: Header, kind: Kind, words: &[u64], bytes: &[Option<&[u8]>]) -> Vec<u8> {
    assert_eq!(kind.shape(), (words.len(), bytes.len()));
    let payload = bytes.iter().copied().flatten().map(<[u8]>::len).sum::<usize>();
    header.abi = ABI;
    header.nr = kind as i32;
    header.nargs = (words.len() + bytes.len()) as u8;
    header.len = (payload_at(words.len(), bytes.len()) + payload) as u32;
    let mut out = bytes_of(&header);
    out.extend(words.iter().flat_map(|word| word.to_ne_bytes()));
    assert_eq!(out.len(), lengths_at(words.len()));
    out.extend(bytes.iter().flat_map(|bytes| bytes.map_or(UNSET, |bytes| bytes.len() as u16).to_ne_bytes()));
    out.extend(bytes.iter().copied().flatten().flatten());
    out
}

/// The names of a path as the probe sends them: the last first, each with its NUL.
pub(crate) fn names(path: &str) -> Vec<u8> {
    let names = path.split('/').filter(|name| !name.is_empty());
    names.rev().flat_map(|name| name.bytes().chain([0])).collect()
}

/// A task, to be told of.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    /// The header.
    pub(crate) header: Header,
    words: [u64; TaskWord::COUNT],
    bytes: [Option<Vec<u8>>; TaskBytes::COUNT],
}

impl Task {
    /// The first thread of process `pid`, made at `start`.
    pub(crate) fn new(pid: u32, start: u64) -> Self {
        let header = Header { tgid: pid, tid: pid, ppid: 1, files: [0; 2], ..header(Abi::Native, 0) };
        let task = Self { header, words: [0; TaskWord::COUNT], bytes: [const { None }; TaskBytes::COUNT] };
        task.word(TaskWord::Start, start).word(TaskWord::ProcessStart, start)
    }

    /// Another thread of the same process.
    #[cfg(test)]
    pub(crate) fn thread(mut self, tid: u32, start: u64) -> Self {
        self.header.tid = tid;
        self.word(TaskWord::Start, start)
    }

    /// Its parent.
    pub(crate) fn ppid(mut self, ppid: u32) -> Self {
        self.header.ppid = ppid;
        self
    }

    /// Its name.
    pub(crate) fn name(mut self, name: &str) -> Self {
        self.header.comm = [0; 16];
        self.header.comm[..name.len()].copy_from_slice(name.as_bytes());
        self
    }

    /// One word.
    pub(crate) fn word(mut self, word: TaskWord, value: u64) -> Self {
        self.words[TaskWord::Known as usize] |= 1 << word as usize;
        self.words[word as usize] = value;
        self
    }

    /// A pair.
    pub(crate) fn pair(self, word: TaskWord, low: u32, high: u32) -> Self {
        self.word(word, u64::from(low) | (u64::from(high) << 32))
    }

    /// A byte string.
    pub(crate) fn bytes(mut self, place: TaskBytes, bytes: &[u8]) -> Self {
        self.bytes[place as usize] = Some(bytes.to_vec());
        self
    }

    /// Its working directory.
    pub(crate) fn cwd(self, path: &str) -> Self {
        self.bytes(TaskBytes::Cwd, &names(path))
    }

    /// Its executable.
    pub(crate) fn exe(self, path: &str, inode: u64) -> Self {
        let task = self.bytes(TaskBytes::Exe, &names(path)).word(TaskWord::ExeInode, inode);
        task.pair(TaskWord::ExeDevMode, DISK, 0o100_755).pair(TaskWord::ExeOwner, 0, 0).word(TaskWord::ExeBits, 0)
    }

    /// Its real and effective ids, without capabilities.
    pub(crate) fn uid(self, uid: u32) -> Self {
        let task = self.pair(TaskWord::Uids, uid, uid).pair(TaskWord::Gids, uid, uid);
        task.word(TaskWord::CapPermitted, 0).word(TaskWord::CapEffective, 0).word(TaskWord::CapInheritable, 0)
    }

    /// The record.
    pub(crate) fn record(&self, kind: Kind) -> Vec<u8> {
        let (_, others) = kind.shape();
        let bytes: Vec<_> = self.bytes[..others].iter().map(Option::as_deref).collect();
        record(self.header, kind, &self.words, &bytes)
    }
}

/// The record of a thread's end.
pub(crate) fn exit(task: &Task, at: u64, live: u32) -> Vec<u8> {
    let mut words = [0; ExitWord::COUNT];
    words[ExitWord::Start as usize] = task.words[TaskWord::Start as usize];
    words[ExitWord::Live as usize] = u64::from(live);
    record(Header { ts: at, ..task.header }, Kind::Exit, &words, &[])
}

/// An open file, to be told of.
#[derive(Clone, Debug, Default)]
pub(crate) struct File {
    words: [u64; FileWord::COUNT],
    path: Option<Vec<u8>>,
}

impl File {
    /// What events call `id`, with this inode and mode.
    pub(crate) fn new(id: u64, inode: u64, mode: u32) -> Self {
        let file = Self::default().word(FileWord::Id, id).word(FileWord::Inode, inode);
        file.word(FileWord::DevMode, u64::from(DISK) | (u64::from(mode) << 32))
    }

    /// A regular file.
    pub(crate) fn named(id: u64, inode: u64, path: &str) -> Self {
        Self { path: Some(names(path)), ..Self::new(id, inode, 0o100_644) }
    }

    /// An IPv4 socket of a type with these ends.
    pub(crate) fn socket(id: u64, inode: u64, kind: u16, local: ([u8; 4], u16), remote: ([u8; 4], u16)) -> Self {
        let address = |[a, b, c, d]: [u8; 4]| u64::from_ne_bytes([a, b, c, d, 0, 0, 0, 0]);
        let file = Self::new(id, inode, 0o140_777).word(FileWord::Socket, 2 | (u64::from(kind) << 16));
        let file = file.word(FileWord::Ports, u64::from(local.1) | (u64::from(remote.1) << 16));
        file.word(FileWord::Local0, address(local.0)).word(FileWord::Remote0, address(remote.0))
    }

    /// One word.
    pub(crate) fn word(mut self, word: FileWord, value: u64) -> Self {
        self.words[word as usize] = value;
        self
    }

    /// The record.
    pub(crate) fn record(&self) -> Vec<u8> {
        record(header(Abi::Native, 0), Kind::File, &self.words, &[self.path.as_deref(), None, None])
    }
}
