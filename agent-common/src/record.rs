// SPDX-License-Identifier: Apache-2.0
//! The bytes of one event in a ring.
//!
//! ```text
//! | Header | u64 × register arguments | u16 length × other arguments | their bytes, one after the other |
//! 0        HEADER_LEN                                                                                   len
//! ```
//!
//! Register arguments come first, so that they are aligned: unaligned stores cost eight instructions a word in BPF. The
//! arguments of either sort keep the order of the row. A length of [`FAULT`], [`NULL`] or [`UNSET`] stands for an argument without bytes. All integers are in native byte
//! order. The agent reads them with `from_ne_bytes`; nothing is ever transmuted.

use crate::schema::Abi;

/// The version of everything that probe and agent must agree on: this layout, the table's ops, maps and globals.
/// Raised by hand whenever one of them changes; a lock file in the tree makes a forgotten raise fail.
pub const ABI: u32 = 1;

/// What precedes the arguments. No padding: every byte is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Header {
    /// Nanoseconds since boot, suspension included (`CLOCK_BOOTTIME`).
    pub ts: u64,
    /// Position in its lane (a lane is one hook on one CPU), counting lost ones too, from 0; state records apart.
    pub seq: u64,
    /// The syscall's result; 0 where it has none yet ([`flag::NO_RET`]).
    pub ret: i64,
    /// The id of the caller's cgroup in the hierarchy that the agent chose (v2, unless v1 controllers are mounted).
    pub cgroup_id: u64,
    /// The thread's name, NUL-padded.
    pub comm: [u8; 16],
    /// The syscall number as called; -1 and out-of-table numbers included.
    pub nr: i32,
    /// Process id (thread group id) in the initial PID namespace.
    pub tgid: u32,
    /// Thread id in the initial PID namespace.
    pub tid: u32,
    /// Process id of the real parent; [`NO_ID`] when the kernel's layout is unknown.
    pub ppid: u32,
    /// Real user id in the initial user namespace.
    pub uid: u32,
    /// Real group id in the initial user namespace.
    pub gid: u32,
    /// Length in bytes of the whole record.
    pub len: u32,
    /// One bit per argument, lowest first: its bytes were cut.
    pub truncated: u16,
    /// Bits of [`flag`].
    pub flags: u8,
    /// Number of arguments, registers and others together.
    pub nargs: u8,
    /// The [`crate::schema::Abi`] of the call, or [`crate::state::ABI`].
    pub abi: u8,
    /// The hook that made the record: see [`crate::options::hook`]; [`crate::options::STATE_LANE`] more for state records.
    pub hook: u8,
    /// The CPU it was made on.
    pub cpu: u16,
    /// One bit per [`crate::ledger::Reason`]: why the lane lost events between its previous record and this one.
    pub gap: u32,
    /// The files that the call's descriptors refer to, as [`crate::state::FileWord::Id`] calls them; 0 for none. The
    /// first is the first descriptor's, the second the next one's or the one that the call made.
    pub files: [u64; 2],
}

/// Bits of [`Header::flags`].
pub mod flag {
    /// The call has no result (yet): it was recorded at its entry.
    pub const NO_RET: u8 = 1 << 0;
    /// No row is known for the number; the arguments are the six registers.
    pub const UNKNOWN: u8 = 1 << 1;
    /// The kernel's part of the condition refuses the call, which was sent all the same
    /// ([`crate::options::mode::MARK`]).
    pub const REFUSED: u8 = 1 << 2;
    /// With [`REFUSED`]: it is the filter of the second half ([`crate::options::mode::SECOND`]) that refuses it.
    pub const SECOND: u8 = 1 << 3;
}

/// Length of [`Header`] in bytes.
pub const HEADER_LEN: usize = size_of::<Header>();
/// Bytes of a register argument.
pub const WORD: usize = 8;
/// The most arguments a row has.
pub const MAX_ARGS: usize = 8;

/// An argument whose memory could not be read.
pub const FAULT: u16 = u16::MAX;
/// An argument whose pointer was NULL.
pub const NULL: u16 = u16::MAX - 1;
/// An argument that the kernel did not fill in, since the call failed, or that the call does not have.
pub const UNSET: u16 = u16::MAX - 2;

/// The largest record, in bytes. A power of two: the probe masks offsets with it.
pub const MAX_RECORD: usize = 1 << 16;
/// The largest snap length, in bytes.
pub const MAX_SNAPLEN: u32 = 1 << 15;
/// `PATH_MAX`: the longest file name, its NUL included.
pub const PATH_MAX: u16 = 4096;
/// The most bytes of an argument vector or an environment.
pub const STRINGS_MAX: u16 = 1 << 14;
/// The most strings of an argument vector or an environment that are followed one by one.
pub const STRINGS_COUNT: u32 = 128;
/// The most `iovec` elements that are followed.
pub const IOV_COUNT: u32 = 32;
/// `sizeof(struct sockaddr_storage)`.
pub const SOCKADDR_MAX: u16 = 128;
/// The most bytes of an array of small structs.
pub const ARRAY_MAX: u16 = 1024;
/// The most bytes of a `fd_set` (`FD_SETSIZE` bits).
pub const FDSET_MAX: u16 = 128;
/// The most bytes of a signal mask (the kernel's is 8).
pub const SIGSET_MAX: u16 = 16;
/// The most bytes of a message's control data.
pub const CONTROL_MAX: u16 = 256;
/// Stands for a process id that is not known.
pub const NO_ID: u32 = u32::MAX;

/// What precedes the parts of a message argument: address, control data and data follow in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct MsgPrefix {
    /// `msg_flags`.
    pub flags: u32,
    /// Bytes of the address that follow, or a sentinel ([`FAULT`], [`NULL`]).
    pub name_len: u16,
    /// Bytes of control data that follow, or a sentinel.
    pub control_len: u16,
    /// Bytes of data that follow, or a sentinel.
    pub data_len: u16,
    /// Zero.
    pub reserved: u16,
}

/// Length of [`MsgPrefix`] in bytes.
pub const MSG_PREFIX_LEN: usize = size_of::<MsgPrefix>();

/// A call's result as it is read: a 32-bit sigreturn restores an error without its sign.
#[inline(always)]
#[must_use]
pub const fn result(abi: Abi, ret: i64) -> i64 {
    match (abi, ret) {
        (Abi::I386, 0xffff_f001..=0xffff_ffff) => (ret as u32).cast_signed() as i64,
        (Abi::Native | Abi::I386, _) => ret,
    }
}

/// Where the lengths of a record with `words` register arguments begin.
#[must_use]
pub const fn lengths_at(words: usize) -> usize {
    HEADER_LEN + WORD * words
}

/// Where the bytes of a record with `words` register arguments and `others` of varying size begin.
#[must_use]
pub const fn payload_at(words: usize, others: usize) -> usize {
    lengths_at(words) + 2 * others
}

const _: () = assert!(HEADER_LEN == 104);
const _: () = assert!(MSG_PREFIX_LEN == 12);
const _: () = assert!(MAX_RECORD.is_power_of_two());
const _: () = assert!((MAX_SNAPLEN as usize) < UNSET as usize);
