// SPDX-License-Identifier: Apache-2.0
//! The open files that events refer to.

#[cfg(test)]
mod tests;

use std::{hash::Hasher as _, net::IpAddr, sync::Arc};

use super::{
    bounded::{Bounded, IdHasher},
    file::{Ends, File, FileKind, Role, Socket},
    stats::MetadataStats,
};
use crate::decode::state;

/// How many open files are followed unless told otherwise.
pub const DEFAULT_CAPACITY: usize = 1 << 17;
/// How many files are remembered to be shared by those that are equal. A power of two.
const RECENT: usize = 1024;
/// `SOCK_DGRAM`: <https://github.com/torvalds/linux/blob/v6.12/include/linux/net.h#L65>
const SOCK_DGRAM: u16 = 2;

/// The open files, by what events call them.
#[derive(Debug)]
pub struct Files {
    table: Bounded<u64, Arc<File>>,
    /// Files that were told lately, by what they hash to: a file that is opened again and again is stored once.
    recent: Vec<Option<Arc<File>>>,
    listening: Ports,
    stats: Arc<MetadataStats>,
}

impl Files {
    /// An empty table of at most `capacity` files.
    #[must_use]
    pub fn new(capacity: usize, stats: Arc<MetadataStats>) -> Self {
        Self { table: Bounded::new(capacity), recent: vec![None; RECENT], listening: Ports::default(), stats }
    }

    /// A record told of a file. True when it is a file that was known and now has another name.
    pub fn apply(&mut self, record: &state::File<'_>) -> bool {
        let mut file = File::of(record);
        let known = self.table.get(record.id()).filter(|known| known.inode == file.inode && known.dev == file.dev);
        let renamed = known.as_ref().is_some_and(|known| {
            if let (FileKind::Socket(old), FileKind::Socket(new)) = (&known.kind, &mut file.kind) {
                keep(old, new);
            }
            !same_name(known, &file)
        });
        if let FileKind::Socket(socket) = &mut file.kind
            && socket.role == Role::Unknown
            && self.listening.has(socket)
        {
            socket.role = Role::Server;
        }
        self.store(record.id(), file);
        renamed
    }

    /// A file that the kernel did not tell, or not whole, and that was read from `/proc` instead.
    pub fn insert(&mut self, id: u64, file: File) {
        self.stats.descriptors_read.add(1);
        self.store(id, file);
    }

    fn store(&mut self, id: u64, file: File) {
        let file = self.shared(file);
        if self.table.insert(id, file).is_some() {
            self.stats.evicted_files.add(1);
        }
        self.stats.files.set(self.table.len());
    }

    /// What an event calls `id`; 0 is nothing.
    pub fn get(&mut self, id: u64) -> Option<&Arc<File>> {
        self.table.get(id).map(|file| &*file)
    }

    /// As [`Self::get`], without counting as use: to have both files of an event at hand after getting each.
    #[must_use]
    pub fn peek(&self, id: u64) -> Option<&Arc<File>> {
        self.table.peek(id)
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// A call showed which side a socket is on: `connect` the client's, `accept` the server's.
    pub fn set_role(&mut self, id: u64, role: Role) {
        if let Some(socket) = self.socket(id, |socket| socket.role != role) {
            socket.role = role;
        }
    }

    /// A socket listens: it is a server, and so are others with its port.
    pub fn listens(&mut self, id: u64) {
        self.set_role(id, Role::Server);
        if let Some(FileKind::Socket(socket)) = self.get(id).map(|file| &file.kind)
            && let Ends::Inet { local: (_, port), .. } = socket.ends
        {
            self.listening.add(port);
        }
    }

    /// Ports that `/proc` showed to be listened on.
    pub fn listening(&mut self, ports: &[u16]) {
        for port in ports {
            self.listening.add(*port);
        }
    }

    /// A datagram went to or came from `remote` on a socket that is not connected: it is named after its last peer. True
    /// when that is another one than before.
    pub fn set_remote(&mut self, id: u64, remote: (IpAddr, u16)) -> bool {
        let other = |socket: &Socket| match &socket.ends {
            Ends::Inet { remote: old, .. } => socket.kind == SOCK_DGRAM && *old != remote,
            Ends::Unix { .. } | Ends::Other => false,
        };
        let Some(socket) = self.socket(id, other) else { return false };
        if let Ends::Inet { remote: old, .. } = &mut socket.ends {
            *old = remote;
        }
        true
    }

    /// A socket, to be changed if there is need.
    fn socket(&mut self, id: u64, need: impl Fn(&Socket) -> bool) -> Option<&mut Socket> {
        let file = self.table.get(id)?;
        if !matches!(&file.kind, FileKind::Socket(socket) if need(socket)) {
            return None;
        }
        match &mut Arc::make_mut(file).kind {
            FileKind::Socket(socket) => Some(socket),
            FileKind::Named(_) | FileKind::Pipe | FileKind::Anonymous(_) => None,
        }
    }

    /// The file itself, or an equal one that was told lately.
    fn shared(&mut self, file: File) -> Arc<File> {
        let mut hasher = IdHasher::default();
        hasher.write_u64(file.inode);
        hasher.write_u32(file.dev);
        hasher.write_u32(file.flags);
        let Some(recent) = self.recent.get_mut(hasher.finish() as usize % RECENT) else { return Arc::new(file) };
        match recent {
            Some(known) if **known == file => Arc::clone(known),
            _ => Arc::clone(recent.insert(Arc::new(file))),
        }
    }
}

/// What is known of a socket beside what the kernel tells.
fn keep(old: &Socket, new: &mut Socket) {
    new.role = old.role;
    if let (Ends::Inet { remote: old, .. }, Ends::Inet { remote, .. }) = (&old.ends, &mut new.ends)
        && new.kind == SOCK_DGRAM
        && remote.1 == 0
    {
        *remote = *old;
    }
}

fn same_name(a: &File, b: &File) -> bool {
    match (&a.kind, &b.kind) {
        (FileKind::Socket(a), FileKind::Socket(b)) => a.ends == b.ends,
        (a, b) => a == b,
    }
}

/// The TCP ports on which somebody was seen to listen.
#[derive(Debug)]
struct Ports(Box<[u64]>);

impl Default for Ports {
    fn default() -> Self {
        Self(Box::from([0; 1 << 10]))
    }
}

impl Ports {
    fn add(&mut self, port: u16) {
        if let Some(bits) = self.0.get_mut(usize::from(port >> 6)).filter(|_| port != 0) {
            *bits |= 1 << (port & 63);
        }
    }

    /// Whether a socket's local port is one of them.
    fn has(&self, socket: &Socket) -> bool {
        let Ends::Inet { local: (_, port), .. } = socket.ends else { return false };
        socket.kind != SOCK_DGRAM
            && self.0.get(usize::from(port >> 6)).is_some_and(|bits| bits & (1 << (port & 63)) != 0)
    }
}
