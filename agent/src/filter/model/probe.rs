// SPDX-License-Identifier: Apache-2.0
//! Predicates as the probe evaluates them.
#![expect(clippy::unwrap_in_result, reason = "what the agent pushes is well-formed, or the test fails")]

use std::net::IpAddr;

use agent_common::{
    predicate::{KEEP, NO_ARG, Op, Predicate, REFUSE, Source, Test, Text, class, compare, extend, need},
    record::NO_ID,
    schema::Kind,
};

use super::calls::{Call, KernelFile, arg_of, id, reads_memory};
use crate::{
    arena::Arena,
    fields::path,
    filter::{
        condition::Condition,
        kernel::{KernelFilter, Verdict},
    },
};

/// Whether the kernel keeps a call: `deep` when it looks at what is costly too.
pub(crate) fn keeps(filter: &KernelFilter, condition: &Condition, call: &Call, deep: bool) -> bool {
    match filter.slots.get(&call.row.slot) {
        None => false,
        Some(Verdict::Keep) => true,
        Some(Verdict::When(index)) => {
            let predicate = &filter.predicates[*index];
            Probe { filter, condition, call, predicate, deep }.run()
        }
    }
}

struct Probe<'a> {
    filter: &'a KernelFilter,
    condition: &'a Condition,
    call: &'a Call,
    predicate: &'a Predicate,
    deep: bool,
}

/// A fact that is costly, as far as it is known.
enum Fact<T> {
    /// It can't be told.
    Unknown,
    /// There is none.
    None,
    /// It is this.
    Known(T),
}

/// The name of a file.
enum Name {
    Path(String),
    /// One that does not begin with a slash.
    NoPath,
}

impl Probe<'_> {
    fn run(&self) -> bool {
        assert!(self.predicate.len as usize <= self.predicate.tests.len() && self.predicate.len > 0);
        let mut at = 0_u8;
        loop {
            assert!(u32::from(at) < self.predicate.len, "no test {at} of {}", self.predicate.len);
            let test = &self.predicate.tests[usize::from(at)];
            let passes = self.holds(test).is_none_or(|holds| holds != (test.negate == 1));
            match if passes { test.yes } else { test.no } {
                KEEP => return true,
                REFUSE => return false,
                next => {
                    assert!(next > at, "forward only");
                    at = next;
                }
            }
        }
    }

    /// Whether a comparison holds; `None` when that can't be told.
    fn holds(&self, test: &Test) -> Option<bool> {
        let call = self.call;
        let id = |place: usize| Some(u64::from(call.ids[place]));
        let signed = |id: u32| i64::from(id.cast_signed()).cast_unsigned();
        let number = match Source::from_raw(test.source).expect("a source") {
            Source::Ret => call.has_ret().then(|| result(call).cast_unsigned()),
            Source::Tgid => id(id::TGID),
            Source::Tid => id(id::TID),
            Source::Ppid => id(id::PPID).filter(|ppid| *ppid != u64::from(NO_ID)),
            Source::Uid => id(id::UID),
            Source::Gid => id(id::GID),
            Source::Euid => id(id::EUID),
            Source::Egid => id(id::EGID),
            Source::LoginUid => Some(signed(call.login)),
            Source::Cpu => Some(call.cpu.into()),
            Source::ExeInode => Some(call.inode),
            Source::Arg => Some(extend(call.args[usize::from(test.arg)], test.width)),
            Source::Memory => {
                assert!(reads_memory(call));
                call.how.filter(|_| call.args[usize::from(test.arg)] != 0).map(|how| how[test.offset as usize / 8])
            }
            Source::Cgroup => {
                let node = &self.filter.cgroups[test.a as usize];
                return Some(call.event(|event| self.condition.holds(node, event)));
            }
            Source::Class => return self.class(test),
            Source::Text => return self.text(test),
            Source::Address => {
                let set = &self.filter.networks[test.set as usize];
                return self.ends()?.iter().map(|(address, _)| *address).any(|address| within(set, address)).into();
            }
            Source::Port => {
                let ends = self.ends()?;
                return Some(ends.iter().any(|(_, port)| self.compare(test, u64::from(*port))));
            }
        };
        number.map(|number| self.compare(test, number))
    }

    fn compare(&self, test: &Test, number: u64) -> bool {
        if test.op == Op::In as u8 {
            return self.filter.numbers[test.set as usize].binary_search(&number).is_ok();
        }
        compare(test, number)
    }

    fn costs(&self, bit: u32) -> bool {
        assert!(self.predicate.needs & bit != 0, "a fact that was not asked for");
        !self.deep
    }

    fn class(&self, test: &Test) -> Option<bool> {
        if self.costs(need::CLASS) {
            return None;
        }
        let class = match self.call.file() {
            None if self.predicate.opens == 1 => class::FILE,
            None => return Some(false),
            Some(KernelFile::Path { mode, .. } | KernelFile::Detached { mode, .. }) => match mode & 0o170_000 {
                0o040_000 => class::DIRECTORY,
                0o010_000 => class::PIPE,
                _ if matches!(self.call.file(), Some(KernelFile::Path { .. })) => class::FILE,
                _ => class::OTHER,
            },
            Some(KernelFile::Pipe) => class::PIPE,
            Some(KernelFile::Anonymous(_)) => class::OTHER,
            Some(KernelFile::Socket(socket)) => match socket.family {
                2 => class::IPV4,
                10 if socket.local.0.to_canonical().is_ipv4() => class::IPV4,
                10 => class::IPV6,
                1 => class::UNIX,
                _ => class::OTHER_SOCKET,
            },
        };
        Some(class & test.a != 0)
    }

    /// Every end of the call's socket, and the address that the call names.
    fn ends(&self) -> Option<Vec<(IpAddr, u16)>> {
        if self.costs(need::SOCKET) {
            return None;
        }
        let Some(KernelFile::Socket(socket)) = self.call.file() else { return Some(Vec::new()) };
        if !matches!(socket.family, 2 | 10) {
            return Some(Vec::new());
        }
        let is_out = arg_of(self.call, |kind| matches!(kind, Kind::SockaddrOut(_) | Kind::MsgOut)).is_some();
        let there = self.predicate.peer != NO_ARG
            && self.call.args[usize::from(self.predicate.peer)] != 0
            && (!is_out || self.call.ret >= 0);
        let named = self.call.named.filter(|_| there);
        let remembered = socket.kind == 2 && socket.remote.1 == 0 && named.is_none();
        if remembered {
            return None;
        }
        Some([socket.local, socket.remote].into_iter().chain(named.map(|named| (named.ip(), named.port()))).collect())
    }

    fn text(&self, test: &Test) -> Option<bool> {
        let prefix = test.op == Op::Prefix as u8;
        let text = match Text::from_raw(test.arg).expect("a text") {
            Text::Comm => self.call.comm.clone(),
            Text::Arg0 if self.costs(need::ARG0) => return None,
            Text::Arg1 if self.costs(need::ARG1) => return None,
            Text::File if self.costs(need::FILE) => return None,
            Text::Asked if self.costs(need::ASKED) => return None,
            Text::Arg0 => self.argument(self.predicate.texts[0])?,
            Text::Arg1 => self.argument(self.predicate.texts[1])?,
            Text::Asked => self.asked()?,
            Text::File => match self.file() {
                Fact::Unknown => return None,
                Fact::None => return Some(false),
                Fact::Known(Name::NoPath) => return if prefix { Some(false) } else { None },
                Fact::Known(Name::Path(path)) => path,
            },
        };
        let mut text = text.into_bytes();
        if prefix {
            text.push(0);
            let set = &self.filter.texts[test.set as usize];
            return Some(set.iter().any(|begin| text.starts_with(begin)));
        }
        Some(text.ends_with(&self.filter.suffixes[test.set as usize]))
    }

    fn argument(&self, at: u8) -> Option<String> {
        assert!(reads_memory(self.call));
        self.call.text(at).map(str::to_owned)
    }

    /// The path that the call was given, made absolute.
    fn asked(&self) -> Option<String> {
        let raw = self.argument(self.predicate.path)?;
        if self.call.root != "/" {
            return None;
        }
        let dirfd = self.predicate.dirfd;
        let in_cwd = dirfd == NO_ARG || self.call.args[usize::from(dirfd)] as u32 == (-100_i32).cast_unsigned();
        let base = if raw.starts_with('/') {
            "/".to_owned()
        } else if in_cwd {
            self.call.cwd.clone()
        } else {
            // The file behind the descriptor, whichever of the call's it is.
            let syscall = self.call.row.syscall?;
            let descriptors = syscall.args.iter().filter(|arg| matches!(arg.kind, Kind::Fd | Kind::Dirfd));
            let place = descriptors.take_while(|arg| arg.at != dirfd).count();
            match self.call.files.get(place)?.as_ref()? {
                KernelFile::Path { path, deleted: false, .. } => path.clone(),
                KernelFile::Path { .. }
                | KernelFile::Detached { .. }
                | KernelFile::Pipe
                | KernelFile::Anonymous(_)
                | KernelFile::Socket(_) => return None,
            }
        };
        let arena = Arena::default();
        let path = path::resolve(&arena, b"/", Some(base.as_bytes()), raw.as_bytes())?;
        String::from_utf8(path.to_vec()).ok()
    }

    fn file(&self) -> Fact<Name> {
        match self.call.file() {
            None if self.predicate.opens == 1 => match self.asked() {
                Some(path) => Fact::Known(Name::Path(path)),
                None => Fact::Unknown,
            },
            None => Fact::None,
            Some(KernelFile::Path { path, .. }) => Fact::Known(Name::Path(path.clone())),
            Some(KernelFile::Pipe | KernelFile::Anonymous(_)) => Fact::Known(Name::NoPath),
            Some(KernelFile::Socket(socket)) if socket.family != 1 => Fact::Known(Name::NoPath),
            Some(KernelFile::Detached { .. } | KernelFile::Socket(_)) => Fact::Unknown,
        }
    }
}

/// The result as the agent reads it.
fn result(call: &Call) -> i64 {
    agent_common::record::result(call.row.abi, call.ret)
}

fn within(set: &[([u8; 16], u8)], address: IpAddr) -> bool {
    let bits = |octets: [u8; 16]| u128::from_be_bytes(octets);
    let mapped = match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    set.iter().any(|(net, len)| {
        let mask = !u128::MAX.checked_shr(u32::from(*len)).unwrap_or(0);
        bits(mapped.octets()) & mask == bits(*net) & mask
    })
}
