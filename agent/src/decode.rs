// SPDX-License-Identifier: Apache-2.0
//! From a record's bytes to a syscall with its arguments. Nothing here trusts the bytes: every length is checked, an
//! error names what is wrong, and nothing panics.

pub mod control;
pub(crate) mod encode;
pub mod fdset;
pub mod layouts;
pub mod sigset;
pub mod sockaddr;
pub mod state;
pub mod symbols;
pub mod value;
pub mod visit;

#[cfg(test)]
mod tests;

use agent_common::{
    numbers,
    record::{self, FAULT, HEADER_LEN, Header, MAX_ARGS, NO_ID, NULL, UNSET, WORD, flag, lengths_at, payload_at},
    schema::{Abi, Arg, Kind, Syscall},
};
use thiserror::Error;

use self::visit::Absent;

/// Why bytes are not a record.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Malformed {
    /// Fewer bytes than a header has.
    #[error("{0} bytes are fewer than a header has")]
    Short(usize),
    /// The header's length is not the record's.
    #[error("the header says {said} bytes, the ring gave {got}")]
    Length {
        /// What the header says.
        said: u32,
        /// What the ring gave.
        got: usize,
    },
    /// No such calling convention.
    #[error("no calling convention has number {0}")]
    Abi(u8),
    /// No such state record.
    #[error("no state record has number {0}")]
    State(i32),
    /// The number of arguments is not the row's.
    #[error("syscall {nr} has {want} arguments, the record {got}")]
    Args {
        /// The syscall.
        nr: i32,
        /// What the table says.
        want: usize,
        /// What the record says.
        got: u8,
    },
    /// The arguments' lengths do not add up to the record's.
    #[error("the arguments of syscall {nr} take {want} bytes, the record has {got}")]
    Payload {
        /// The syscall.
        nr: i32,
        /// What the lengths add up to.
        want: usize,
        /// What the record has.
        got: usize,
    },
}

/// The arguments of a call whose number no table holds.
const UNKNOWN_ARGS: [Arg; 6] = {
    const fn raw(name: &'static str, at: u8) -> Arg {
        Arg { name, at, kind: Kind::Hex }
    }
    [raw("arg0", 0), raw("arg1", 1), raw("arg2", 2), raw("arg3", 3), raw("arg4", 4), raw("arg5", 5)]
};

/// One record, its lengths checked; its arguments still are bytes.
#[derive(Clone, Copy, Debug)]
pub struct RawEvent<'a> {
    /// The header.
    pub header: Header,
    /// The calling convention.
    pub abi: Abi,
    /// The row of the syscall; `None` for a number that no table holds.
    pub row: Option<&'static Syscall>,
    words: &'a [u8],
    lengths: &'a [u8],
    payload: &'a [u8],
}

/// One argument's bytes, or why it has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RawArg<'a> {
    /// The bytes; `cut` when there were more.
    Bytes {
        /// The bytes.
        bytes: &'a [u8],
        /// Whether there were more.
        cut: bool,
    },
    /// No bytes.
    Absent(Absent),
}

impl<'a> RawArg<'a> {
    /// Whether there were more bytes.
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        matches!(self, Self::Bytes { cut: true, .. })
    }

    /// The bytes, if there are any.
    #[must_use]
    pub const fn bytes(&self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes { bytes, .. } => Some(bytes),
            Self::Absent(_) => None,
        }
    }

    /// The value of a register argument.
    #[must_use]
    pub fn word(&self) -> Option<u64> {
        match self {
            Self::Bytes { bytes, .. } => bytes.first_chunk::<WORD>().map(|word| u64::from_ne_bytes(*word)),
            Self::Absent(_) => None,
        }
    }
}

/// Whether an argument stands among the words of a record.
const fn is_word(arg: &Arg) -> bool {
    arg.kind.is_register()
}

/// The length that two bytes are, or why there is none.
fn length(bytes: &[u8]) -> Result<usize, Absent> {
    match bytes.first_chunk().map_or(FAULT, |bytes| u16::from_ne_bytes(*bytes)) {
        FAULT => Err(Absent::Fault),
        NULL => Err(Absent::Null),
        UNSET => Err(Absent::Unset),
        len => Ok(usize::from(len)),
    }
}

/// Reads little fields off the front of a slice whose length was checked.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut field = [0; N];
        if let Some((head, tail)) = self.0.split_first_chunk::<N>() {
            field = *head;
            self.0 = tail;
        }
        field
    }

    fn u64(&mut self) -> u64 {
        u64::from_ne_bytes(self.take())
    }

    fn u32(&mut self) -> u32 {
        u32::from_ne_bytes(self.take())
    }

    fn u16(&mut self) -> u16 {
        u16::from_ne_bytes(self.take())
    }

    fn u8(&mut self) -> u8 {
        u8::from_ne_bytes(self.take())
    }
}

/// The header's fields, in the order of its definition.
fn header(bytes: &[u8]) -> Option<Header> {
    let mut fields = Fields(bytes.get(..HEADER_LEN)?);
    Some(Header {
        ts: fields.u64(),
        seq: fields.u64(),
        ret: fields.u64().cast_signed(),
        cgroup_id: fields.u64(),
        comm: fields.take(),
        nr: fields.u32().cast_signed(),
        tgid: fields.u32(),
        tid: fields.u32(),
        ppid: fields.u32(),
        uid: fields.u32(),
        gid: fields.u32(),
        len: fields.u32(),
        truncated: fields.u16(),
        flags: fields.u8(),
        nargs: fields.u8(),
        abi: fields.u8(),
        hook: fields.u8(),
        cpu: fields.u16(),
        gap: fields.u32(),
        files: [fields.u64(), fields.u64()],
    })
}

/// Whether a record is a state record, to be read by [`state::StateRecord::parse`].
#[must_use]
pub fn is_state(bytes: &[u8]) -> bool {
    header(bytes).is_some_and(|header| header.abi == agent_common::state::ABI)
}

/// The time and the place in its lane of a record, without decoding the rest: `(ts, seq, hook, gap)`.
#[must_use]
pub fn peek(bytes: &[u8]) -> Option<(u64, u64, u8, u32)> {
    let header = header(bytes)?;
    Some((header.ts, header.seq, header.hook, header.gap))
}

impl<'a> RawEvent<'a> {
    /// Checks a record.
    ///
    /// # Errors
    /// A [`Malformed`] for the first thing that is wrong.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let header = header(bytes).ok_or(Malformed::Short(bytes.len()))?;
        let nr = header.nr;
        if header.len as usize != bytes.len() {
            return Err(Malformed::Length { said: header.len, got: bytes.len() });
        }
        let abi = Abi::from_raw(header.abi).ok_or(Malformed::Abi(header.abi))?;
        let row = if header.flags & flag::UNKNOWN == 0 { numbers::row(abi, nr) } else { None };
        let args = row.map_or(&UNKNOWN_ARGS[..], |row| row.args);
        let nargs = usize::from(header.nargs);
        if nargs != args.len() || nargs > MAX_ARGS {
            return Err(Malformed::Args { nr, want: args.len(), got: header.nargs });
        }
        let words = args.iter().filter(|arg| is_word(arg)).count();
        let others = nargs - words;
        let short = Malformed::Payload { nr, want: payload_at(words, others), got: bytes.len() };
        let (head, payload) = bytes.split_at_checked(payload_at(words, others)).ok_or(short)?;
        let (head, lengths) = head.split_at_checked(lengths_at(words)).ok_or(short)?;
        let words = head.get(HEADER_LEN..).ok_or(short)?;
        let want = lengths.chunks_exact(2).map(|len| length(len).unwrap_or(0)).sum::<usize>();
        if want != payload.len() {
            return Err(Malformed::Payload { nr, want, got: payload.len() });
        }
        Ok(Self { header, abi, row, words, lengths, payload })
    }

    /// No call: what stands for one where only who makes it counts.
    #[must_use]
    pub const fn nothing() -> Self {
        let header = Header {
            ts: 0,
            seq: 0,
            ret: 0,
            cgroup_id: 0,
            comm: [0; 16],
            nr: -1,
            tgid: NO_ID,
            tid: NO_ID,
            ppid: NO_ID,
            uid: NO_ID,
            gid: NO_ID,
            len: HEADER_LEN as u32,
            truncated: 0,
            flags: flag::NO_RET | flag::UNKNOWN,
            nargs: 0,
            abi: Abi::Native as u8,
            hook: 0,
            cpu: 0,
            gap: 0,
            files: [0; 2],
        };
        Self { header, abi: Abi::Native, row: None, words: &[], lengths: &[], payload: &[] }
    }

    /// The syscall's name; `None` for a number that no table holds.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        self.row.map(|row| row.name)
    }

    /// The result; `None` for a call that has none.
    #[must_use]
    pub fn ret(&self) -> Option<i64> {
        let ret = record::result(self.abi, self.header.ret);
        (self.header.flags & flag::NO_RET == 0).then_some(ret)
    }

    /// The error that the result stands for: 1 to 4095.
    #[must_use]
    pub fn errno(&self) -> Option<i32> {
        let ret = self.ret()?;
        (-4095..0).contains(&ret).then(|| -ret as i32)
    }

    /// The thread's name, without padding.
    #[must_use]
    pub fn comm(&self) -> &[u8] {
        let comm = &self.header.comm;
        comm.split(|byte| *byte == 0).next().unwrap_or(comm)
    }

    /// The arguments in order.
    pub fn args(&self) -> impl Iterator<Item = (&'static Arg, RawArg<'a>)> + use<'a> {
        let args = self.row.map_or(&UNKNOWN_ARGS[..], |row| row.args);
        let (mut words, mut lengths) = (self.words.chunks_exact(WORD), self.lengths.chunks_exact(2));
        let (mut rest, truncated) = (self.payload, self.header.truncated);
        args.iter().enumerate().map(move |(i, arg)| {
            if is_word(arg) {
                return (arg, RawArg::Bytes { bytes: words.next().unwrap_or_default(), cut: false });
            }
            let raw = match length(lengths.next().unwrap_or_default()) {
                Err(why) => RawArg::Absent(why),
                Ok(len) => {
                    let (bytes, tail) = rest.split_at_checked(len).unwrap_or((rest, &[]));
                    rest = tail;
                    RawArg::Bytes { bytes, cut: truncated & (1 << i) != 0 }
                }
            };
            (arg, raw)
        })
    }

    /// What symbols depend on: the convention, and the register arguments that the record has.
    #[must_use]
    pub fn context(&self) -> symbols::Context {
        let mut args = [0; 6];
        for (arg, raw) in self.args() {
            if is_word(arg)
                && let (Some(word), Some(slot)) = (raw.word(), args.get_mut(usize::from(arg.at)))
            {
                *slot = word;
            }
        }
        symbols::Context { abi: self.abi, args }
    }
}
