// SPDX-License-Identifier: Apache-2.0
//! What one row of the syscall table says, and what the probe has to do for it.
//!
//! A row names a syscall's arguments and gives each a [`Kind`]. A kind has two readings: for people and filters it
//! says what the value *means* (a descriptor, a path, `open` flags); for the probe it lowers to an [`Op`], which says
//! only how bytes get from a register or from user memory into the record. Rows whose arguments lower to the same
//! sequence of ops share one program, so that some 400 syscalls need far fewer programs.

use crate::{layout::Layout, record, sets::Set};

/// The calling convention a syscall was made by; selects the number table, the registers and the struct layouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Abi {
    /// The 64-bit convention of the machine the probe runs on.
    Native = 0,
    /// 32-bit x86 callers on an x86_64 kernel: compat processes, and `int 0x80` from 64-bit code.
    I386 = 1,
}

impl Abi {
    /// Every convention, in the order of its discriminant.
    pub const ALL: [Self; 2] = [Self::Native, Self::I386];

    /// The convention with discriminant `raw`, if there is one.
    #[must_use]
    pub const fn from_raw(raw: u8) -> Option<Self> {
        match raw {
            0 => Some(Self::Native),
            1 => Some(Self::I386),
            _ => None,
        }
    }
}

/// Where the length of a buffer comes from. Register arguments are counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Len {
    /// A fixed number of bytes.
    Fixed(u16),
    /// The value of a register argument, in bytes.
    Arg(u8),
    /// The value of a register argument times an element size in bytes.
    Times(u8, u16),
    /// The call's return value, in bytes.
    Ret,
    /// The call's return value in bytes, where it may exceed the buffer, whose size a register argument says.
    RetArg(u8),
    /// The call's return value times an element size in bytes.
    RetTimes(u16),
    /// As [`Len::RetTimes`], where the count may exceed the array, whose element count a register argument says.
    RetTimesArg(u8, u16),
    /// The 32-bit length (`socklen_t`) that a register argument points to, read after the call, in bytes.
    Deref(u8),
    /// As [`Len::Arg`], but a bit count rounded up to bytes (`nfds` of `select`).
    Bits(u8),
}

/// When the kernel makes an argument's memory meaningful.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dir {
    /// The caller wrote it: read whatever the result.
    In,
    /// The kernel writes it: read only when the call succeeded.
    Out,
    /// The kernel writes it when it found something: read only when the result is above 0.
    Found,
    /// The kernel writes it when a signal interrupted the call, which then returns [`ERESTART_RESTARTBLOCK`].
    Rest,
}

/// What an argument is.
///
/// Widths: a register argument travels as 8 bytes, native byte order (a 32-bit caller's zero-extended).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A signed 32-bit number.
    Int,
    /// An unsigned 32-bit number.
    Uint,
    /// A signed number of the ABI's word size.
    Long,
    /// An unsigned number of the ABI's word size; sizes and counts too.
    Ulong,
    /// A file offset, signed 64 bits.
    Off,
    /// A number best read in hexadecimal.
    Hex,
    /// An address in the caller's memory whose target is not read.
    Ptr,
    /// A file descriptor.
    Fd,
    /// A directory descriptor, `AT_FDCWD` included.
    Dirfd,
    /// A process or thread id as the caller's PID namespace numbers it.
    Pid,
    /// A user id; -1 means "leave as it is".
    Uid,
    /// A group id; -1 means "leave as it is".
    Gid,
    /// File permission bits (and type bits, for `mknod`), in octal.
    Mode,
    /// A signal number.
    Signal,
    /// A device number as user space encodes it (`makedev`).
    Dev,
    /// A bit mask; symbols joined by `|`.
    Flags(Set),
    /// One value out of a set.
    Enum(Set),
    /// A NUL-terminated file name, whole up to `PATH_MAX`.
    Path,
    /// A NUL-terminated string that is not a file name.
    Str,
    /// A NUL-terminated string when register argument `sel` equals `a` or `b`; otherwise absent.
    StrIf {
        /// The selecting register argument.
        sel: u8,
        /// A value that makes this a string.
        a: u32,
        /// Another value that makes this a string.
        b: u32,
    },
    /// A file name that the kernel writes, not NUL-terminated, its length given apart (`readlink`, `getcwd`).
    PathOut(Len),
    /// Bytes that the caller passes, up to the snap length.
    Data(Len),
    /// Bytes that the kernel returns, up to the snap length.
    DataOut(Len),
    /// An `iovec` array that the caller fills, its count in register argument `.0`; the bytes up to the snap length.
    Iov(u8),
    /// An `iovec` array that the kernel fills (the return value limits it); the bytes up to the snap length.
    IovOut(u8),
    /// A `struct msghdr` that is sent: address, data up to the snap length, control data.
    Msg,
    /// A `struct msghdr` that is received.
    MsgOut,
    /// The first `struct mmsghdr` of an array that is sent, its count in register argument `.0`.
    Mmsg(u8),
    /// The first `struct mmsghdr` of an array that is received (return value many).
    MmsgOut,
    /// A socket address that the caller passes, its length in register argument `.0`.
    Sockaddr(u8),
    /// A socket address that the kernel returns, its length behind the pointer in register argument `.0`.
    SockaddrOut(u8),
    /// A small known struct that the caller passes.
    Struct(Layout),
    /// A known struct that the caller passes with its size in register argument `.1`, since it grows over time.
    Sized(Layout, u8),
    /// A small known struct that the kernel returns.
    StructOut(Layout),
    /// A known struct that the kernel returns, as much of it as register argument `.1` has room for.
    SizedOut(Layout, u8),
    /// A small known struct that the kernel returns when it found something (`wait4`: the result is above 0).
    StructFound(Layout),
    /// A small known struct that the kernel returns when the call was interrupted (`nanosleep`'s remainder).
    StructRest(Layout),
    /// An array of known structs that the caller passes, its element count in register argument `.1`.
    Array(Layout, u8),
    /// An array of known structs that the kernel returns, as many as the return value says.
    ArrayOut(Layout),
    /// As [`Kind::ArrayOut`], but the array has no more elements than register argument `.1` says (`getgroups`).
    ArrayOutMax(Layout, u8),
    /// A `fd_set` bit mask of as many bits as register argument `.0` says, as the call left it.
    FdSet(u8),
    /// A signal mask that the caller passes, its length in bytes in register argument `.0`.
    Sigset(u8),
    /// A signal mask that the kernel returns, its length in bytes in register argument `.0`.
    SigsetOut(u8),
    /// A NULL-terminated array of strings (`argv`, `envp`) as the caller passed it.
    Strv,
    /// The argument vector of the image that runs after a successful `execve`; of the request when it failed. `.0` is the
    /// register argument with `execveat`'s flags, or [`NO_FLAGS`].
    ExecArgv(u8),
    /// The environment of the image that runs after a successful `execve`; of the request when it failed. `.0` as above.
    ExecEnvp(u8),
    /// The file name that an `execve` asked for, also when it succeeded and the old memory is gone. `.0` as above.
    ExecPath(u8),
    /// A user id of a 16-bit call of 32-bit x86: the kernel looks at the low 16 bits only; 0xffff means "leave".
    Uid16,
    /// As [`Kind::Uid16`], a group id.
    Gid16,
}

impl Kind {
    /// Whether its value is the register itself: then [`Arg::op`] is [`Op::Reg`].
    #[must_use]
    pub const fn is_register(self) -> bool {
        matches!(
            self,
            Self::Int
                | Self::Uint
                | Self::Long
                | Self::Ulong
                | Self::Off
                | Self::Hex
                | Self::Ptr
                | Self::Fd
                | Self::Dirfd
                | Self::Pid
                | Self::Uid
                | Self::Gid
                | Self::Mode
                | Self::Signal
                | Self::Dev
                | Self::Flags(_)
                | Self::Enum(_)
                | Self::Uid16
                | Self::Gid16
        )
    }
}

/// What an interrupted sleep returns inside the kernel, before the signal is handled:
/// <https://github.com/torvalds/linux/blob/v6.12/include/linux/errno.h#L16>
pub const ERESTART_RESTARTBLOCK: i64 = -516;
/// Stands for the register of a call that has no flags.
pub const NO_FLAGS: u8 = u8::MAX;
/// `execveat` flag: only ask whether the file could be executed; no image is replaced.
/// <https://github.com/torvalds/linux/blob/v6.14/include/uapi/linux/fcntl.h#L161>
pub const AT_EXECVE_CHECK: u64 = 0x10000;

/// One argument of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arg {
    /// Falco's name where Falco has the parameter, else the man page's.
    pub name: &'static str,
    /// The register argument it is taken from, 0 to 5.
    pub at: u8,
    /// What it is.
    pub kind: Kind,
}

/// Where in a call's life its record is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// At `sys_exit`: the rule.
    Exit,
    /// At `sys_enter`: the call never returns (`exit`, `exit_group`).
    Enter,
    /// At `sys_exit`, with the registers kept from `sys_enter`, since they are gone by then (`execve`, `rt_sigreturn`).
    Both,
    /// At `sys_exit`, with the files looked up at `sys_enter`, since they are gone by then (`close`).
    Entry,
}

/// One syscall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Syscall {
    /// The kernel's name for it.
    pub name: &'static str,
    /// The classes that select it, as bits of [`crate::class`].
    pub classes: u32,
    /// Its arguments, in the order they are printed.
    pub args: &'static [Arg],
    /// Where its record is made.
    pub hook: Hook,
    /// Whether a successful call's result is a new descriptor.
    pub makes: bool,
}

/// An entry of a number table.
#[derive(Clone, Copy, Debug)]
pub struct Numbered {
    /// The syscall number.
    pub nr: u16,
    /// What it is.
    pub row: &'static Syscall,
}

/// How the probe moves one argument into a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Eight bytes: the register.
    Reg(u8),
    /// A NUL-terminated string at the register, without its NUL.
    Str(u8),
    /// [`Op::Str`] when register `sel` holds `a` or `b`.
    StrIf {
        /// The register that points to the string.
        at: u8,
        /// The selecting register.
        sel: u8,
        /// A value that makes it a string.
        a: u32,
        /// Another such value.
        b: u32,
    },
    /// `len` bytes at the register, at most `cap`.
    Mem {
        /// The register that points to the bytes.
        at: u8,
        /// Their number.
        len: Len,
        /// The most that is copied.
        cap: Cap,
        /// When they mean something.
        dir: Dir,
    },
    /// The bytes that an `iovec` array points to.
    Iov {
        /// The register that points to the array.
        at: u8,
        /// The register with its element count.
        count: u8,
        /// When they mean something.
        dir: Dir,
    },
    /// A `struct msghdr`: a [`record::MsgPrefix`] and the three parts it announces.
    Msg {
        /// The register that points to it.
        at: u8,
        /// When it means something.
        dir: Dir,
        /// Whether it stands in an array of `struct mmsghdr`.
        many: bool,
    },
    /// The strings of a NULL-terminated pointer array, each with its NUL.
    Strv(u8),
    /// The strings between two addresses of the new image's memory, or [`Op::Strv`] when there is none.
    ExecStrings {
        /// The register that points to the request's array.
        at: u8,
        /// The environment instead of the arguments.
        env: bool,
        /// The register with `execveat`'s flags, or [`NO_FLAGS`].
        flags: u8,
    },
    /// The file name an exec asked for: from the new image's stack, or the register when there is none.
    ExecPath {
        /// The register that points to the name.
        at: u8,
        /// The register with `execveat`'s flags, or [`NO_FLAGS`].
        flags: u8,
    },
}

/// The most bytes that an [`Op::Mem`] copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cap {
    /// The snap length that the user set.
    Snap,
    /// A limit of the kind itself.
    Bytes(u16),
}

impl Arg {
    /// The probe's part of this argument for callers of `abi` on this architecture.
    #[must_use]
    pub const fn op(&self, abi: Abi) -> Op {
        self.op_on(abi, crate::X86)
    }

    /// The probe's part of this argument for callers of `abi` on x86_64, or on aarch64.
    #[must_use]
    pub const fn op_on(&self, abi: Abi, x86: bool) -> Op {
        let at = self.at;
        match self.kind {
            Kind::Int
            | Kind::Uint
            | Kind::Long
            | Kind::Ulong
            | Kind::Off
            | Kind::Hex
            | Kind::Ptr
            | Kind::Fd
            | Kind::Dirfd
            | Kind::Pid
            | Kind::Uid
            | Kind::Gid
            | Kind::Mode
            | Kind::Signal
            | Kind::Dev
            | Kind::Flags(_)
            | Kind::Enum(_)
            | Kind::Uid16
            | Kind::Gid16 => Op::Reg(at),
            Kind::Path | Kind::Str => Op::Str(at),
            Kind::StrIf { sel, a, b } => Op::StrIf { at, sel, a, b },
            Kind::PathOut(len) => Op::Mem { at, len, cap: Cap::Bytes(record::PATH_MAX), dir: Dir::Out },
            Kind::Data(len) => Op::Mem { at, len, cap: Cap::Snap, dir: Dir::In },
            Kind::DataOut(len) => Op::Mem { at, len, cap: Cap::Snap, dir: Dir::Out },
            Kind::Iov(count) => Op::Iov { at, count, dir: Dir::In },
            Kind::IovOut(count) => Op::Iov { at, count, dir: Dir::Out },
            Kind::Msg => Op::Msg { at, dir: Dir::In, many: false },
            Kind::MsgOut => Op::Msg { at, dir: Dir::Out, many: false },
            Kind::Mmsg(_) => Op::Msg { at, dir: Dir::In, many: true },
            Kind::MmsgOut => Op::Msg { at, dir: Dir::Out, many: true },
            Kind::Sockaddr(len) => {
                Op::Mem { at, len: Len::Arg(len), cap: Cap::Bytes(record::SOCKADDR_MAX), dir: Dir::In }
            }
            Kind::SockaddrOut(len) => {
                Op::Mem { at, len: Len::Deref(len), cap: Cap::Bytes(record::SOCKADDR_MAX), dir: Dir::Out }
            }
            Kind::Struct(layout) => {
                let size = layout.size_on(abi, x86);
                Op::Mem { at, len: Len::Fixed(size), cap: Cap::Bytes(size), dir: Dir::In }
            }
            Kind::Sized(layout, size) => {
                Op::Mem { at, len: Len::Arg(size), cap: Cap::Bytes(layout.size_on(abi, x86)), dir: Dir::In }
            }
            Kind::StructOut(layout) => {
                let size = layout.size_on(abi, x86);
                Op::Mem { at, len: Len::Fixed(size), cap: Cap::Bytes(size), dir: Dir::Out }
            }
            Kind::StructRest(layout) => {
                let size = layout.size_on(abi, x86);
                Op::Mem { at, len: Len::Fixed(size), cap: Cap::Bytes(size), dir: Dir::Rest }
            }
            Kind::SizedOut(layout, size) => {
                Op::Mem { at, len: Len::Arg(size), cap: Cap::Bytes(layout.size_on(abi, x86)), dir: Dir::Out }
            }
            Kind::StructFound(layout) => {
                let size = layout.size_on(abi, x86);
                Op::Mem { at, len: Len::Fixed(size), cap: Cap::Bytes(size), dir: Dir::Found }
            }
            Kind::Array(layout, count) => Op::Mem {
                at,
                len: Len::Times(count, layout.size_on(abi, x86)),
                cap: Cap::Bytes(array_cap(layout.size_on(abi, x86))),
                dir: Dir::In,
            },
            Kind::ArrayOut(layout) => Op::Mem {
                at,
                len: Len::RetTimes(layout.size_on(abi, x86)),
                cap: Cap::Bytes(array_cap(layout.size_on(abi, x86))),
                dir: Dir::Out,
            },
            Kind::ArrayOutMax(layout, count) => Op::Mem {
                at,
                len: Len::RetTimesArg(count, layout.size_on(abi, x86)),
                cap: Cap::Bytes(array_cap(layout.size_on(abi, x86))),
                dir: Dir::Out,
            },
            Kind::FdSet(bits) => Op::Mem { at, len: Len::Bits(bits), cap: Cap::Bytes(record::FDSET_MAX), dir: Dir::In },
            Kind::Sigset(len) => Op::Mem { at, len: Len::Arg(len), cap: Cap::Bytes(record::SIGSET_MAX), dir: Dir::In },
            Kind::SigsetOut(len) => {
                Op::Mem { at, len: Len::Arg(len), cap: Cap::Bytes(record::SIGSET_MAX), dir: Dir::Out }
            }
            Kind::Strv => Op::Strv(at),
            Kind::ExecArgv(flags) => Op::ExecStrings { at, env: false, flags },
            Kind::ExecEnvp(flags) => Op::ExecStrings { at, env: true, flags },
            Kind::ExecPath(flags) => Op::ExecPath { at, flags },
        }
    }
}

/// The most bytes of an array whose elements have `size` bytes: whole elements only.
const fn array_cap(size: u16) -> u16 {
    record::ARRAY_MAX / size * size
}

impl Syscall {
    /// How many of this row's arguments are registers.
    #[must_use]
    pub const fn words(&self, abi: Abi) -> usize {
        let (mut words, mut i) = (0, 0);
        while i < self.args.len() {
            if matches!(self.args[i].op(abi), Op::Reg(_)) {
                words += 1;
            }
            i += 1;
        }
        words
    }

    /// The length in bytes of this row's record when every argument is a register, so that the probe can reserve it
    /// in the ring and fill it in place; `None` when an argument varies in size.
    #[must_use]
    pub const fn fixed_len(&self, abi: Abi) -> Option<usize> {
        let words = self.words(abi);
        if words == self.args.len() { Some(record::payload_at(words, 0)) } else { None }
    }
}
