// SPDX-License-Identifier: Apache-2.0
//! The kernel's part of a condition: a predicate for each syscall, which never refuses a call that the condition would
//! keep.
//!
//! A predicate is a list of tests that lead on to one another, forward only, until one ends it: the call is kept or
//! refused. So any formula of `and`, `or` and `not` becomes a list as long as it has comparisons.
//!
//! # What a test makes of its fact
//!
//! - A fact that *can't be told* (unreadable memory, a path that is too long, a struct that the kernel's BTF does not
//!   have, a result at a call's entry) passes, negated or not.
//! - A fact that *is not there* (a call without a file, a file without a path) makes the comparison false: the test passes
//!   if it is negated.
//! - Otherwise the comparison decides, and [`Test::negate`] turns it round.
//!
//! Whatever costs too much to find out may be treated as what can't be told: a predicate then keeps more, and never less.
//! Evaluated with all of [`need`] unknown, it keeps what it keeps with them known.
//!
//! # The call's file
//!
//! It is the one that the fields `fd.*` are about: of a call that makes a descriptor ([`crate::effect::makes`]) the new
//! one, and none if the call failed; of other calls that of the first descriptor in the row, also of the pair that `pipe`
//! makes. It is one of [`crate::record::Header::files`]: of a call that makes one and has a descriptor among its arguments
//! the second, else the first.
//!
//! With [`Predicate::opens`], a call that has no file (it failed, or the descriptor is closed again) is about the path that
//! it asked for: [`Text::File`] then is [`Text::Asked`], and the class is [`class::FILE`].
//!
//! Only plain integers cross the boundary.

/// The most tests of a predicate.
pub const TESTS: usize = 64;
/// Stands in [`Test::yes`] and [`Test::no`]: the call is kept.
pub const KEEP: u8 = 0xff;
/// Stands in [`Test::yes`] and [`Test::no`]: the call is refused.
pub const REFUSE: u8 = 0xfe;
/// Stands for no register argument.
pub const NO_ARG: u8 = 0xff;
/// The most predicates at a time.
pub const PREDICATES: u32 = 512;

/// Bytes of a text that are looked up in a set of prefixes. Longer prefixes are cut, which makes them match more.
pub const TEXT_BYTES: usize = 120;
/// Bytes of a suffix at most.
pub const SUFFIX_BYTES: usize = 60;
/// Suffixes at a time at most.
pub const SUFFIXES: u32 = 256;
/// Conditions on a cgroup alone that are decided in advance, at a time.
pub const CGROUP_BITS: u32 = 16;

/// One comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(C)]
pub struct Test {
    /// A [`Source`].
    pub source: u8,
    /// An [`Op`].
    pub op: u8,
    /// 1 when it passes if the comparison does not hold.
    pub negate: u8,
    /// [`Source::Arg`], [`Source::Memory`], [`Source::Text`]: which.
    pub arg: u8,
    /// [`Source::Arg`], [`Source::Memory`]: a [`Width`].
    pub width: u8,
    /// The test that follows when it passes, or [`KEEP`], [`REFUSE`].
    pub yes: u8,
    /// The test that follows when it does not.
    pub no: u8,
    /// Zero.
    pub reserved: u8,
    /// [`Source::Memory`]: the offset behind the pointer. Else 0.
    pub offset: u32,
    /// [`Op::In`], [`Op::Prefix`], [`Op::Network`]: number of the set. [`Op::Suffix`]: number of the suffix.
    pub set: u32,
    /// First operand.
    pub a: u64,
    /// Second operand.
    pub b: u64,
}

/// A predicate: the value of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(C)]
pub struct Predicate {
    /// How many tests it has.
    pub len: u32,
    /// Facts that its tests ask for and that are costly: bits of [`need`].
    pub needs: u32,
    /// Register arguments that point to the texts [`Text::Arg0`] and [`Text::Arg1`], or [`NO_ARG`].
    pub texts: [u8; 2],
    /// Register argument that points to the path that the call works on, for [`Text::Asked`]; or [`NO_ARG`].
    pub path: u8,
    /// Register argument with the directory where that path begins when it is relative; [`NO_ARG`] for the working
    /// directory.
    pub dirfd: u8,
    /// Register argument that points to a socket address that the call names, to be read after the call; or [`NO_ARG`].
    pub peer: u8,
    /// 1 when that is a `struct msghdr` instead.
    pub peer_in_message: u8,
    /// 1 when the call opens [`Self::path`]: if it has no file, what was asked for is the name of its file.
    pub opens: u8,
    /// Zero.
    pub reserved: u8,
    /// The tests; it begins with the first.
    pub tests: [Test; TESTS],
}

/// The end of a text: the value of a map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Suffix {
    /// Bytes of it.
    pub len: u32,
    /// Zero.
    pub reserved: u32,
    /// Its bytes, NUL-padded, as words in native byte order.
    pub words: [u64; 8],
}

/// Bits of [`Predicate::needs`].
pub mod need {
    /// [`super::Text::File`]
    pub const FILE: u32 = 1 << 0;
    /// [`super::Text::Asked`]
    pub const ASKED: u32 = 1 << 1;
    /// [`super::Text::Arg0`]
    pub const ARG0: u32 = 1 << 2;
    /// [`super::Text::Arg1`]
    pub const ARG1: u32 = 1 << 3;
    /// [`super::Source::Class`]
    pub const CLASS: u32 = 1 << 4;
    /// [`super::Source::Address`], [`super::Source::Port`]
    pub const SOCKET: u32 = 1 << 5;
}

macro_rules! numbered { ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $value:literal,)* }) => {
    $(#[$doc])*
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[repr(u8)]
    pub enum $name { $($(#[$each])* $variant = $value,)* }

    impl $name {
        /// Every one, in the order of its number.
        pub const ALL: &[Self] = &[$(Self::$variant,)*];

        /// The one with this number.
        #[must_use]
        pub const fn from_raw(raw: u8) -> Option<Self> {
            match raw {
                $($value => Some(Self::$variant),)*
                _ => None,
            }
        }
    }
} }

numbered! {
    /// What is compared.
    Source {
        /// The result, as [`crate::record::result`] reads it. Can't be told at a call's entry.
        Ret = 0,
        /// Process id in the initial PID namespace.
        Tgid = 1,
        /// Thread id in the initial PID namespace.
        Tid = 2,
        /// The real parent's process id, as in the header; [`crate::record::NO_ID`] can't be told.
        Ppid = 3,
        /// Real user id in the initial user namespace.
        Uid = 4,
        /// Real group id.
        Gid = 5,
        /// Effective user id in the initial user namespace, of the credentials that state records tell.
        Euid = 6,
        /// Effective group id.
        Egid = 7,
        /// Login user id, sign-extended from 32 bits: -1 for nobody.
        LoginUid = 8,
        /// The CPU.
        Cpu = 9,
        /// Inode number of the process's executable.
        ExeInode = 10,
        /// Register argument [`Test::arg`].
        Arg = 11,
        /// Eight bytes at what register argument [`Test::arg`] points to and [`Test::offset`] behind it. A null pointer and
        /// unreadable memory can't be told.
        Memory = 12,
        /// What was decided of the call's cgroup: bit [`Test::a`]. Takes no [`Op`]. A cgroup about which nothing was decided
        /// (yet) can't be told.
        Cgroup = 13,
        /// The kind of the call's file, a bit of [`class`]: holds when it is in [`Test::a`]. Takes no [`Op`]. A call without
        /// a file has none.
        Class = 14,
        /// The text [`Test::arg`], a [`Text`]: [`Op::Prefix`] or [`Op::Suffix`].
        Text = 15,
        /// Both ends of the call's socket, and the address that the call names by [`Predicate::peer`]: [`Op::Network`], of
        /// any, IPv4 as IPv6 maps it. What is no IPv4 or IPv6 socket has none. The agent remembers the last peer of a
        /// datagram socket: one that has no remote port and whose call names no IPv4 or IPv6 address (no pointer, another
        /// family, too short, a failed call that would have written it) can't be told. An address that can't be read
        /// can't be told.
        Address = 16,
        /// The ports of the same, in host order: [`Op::In`] or [`Op::UnsignedRange`], of any.
        Port = 17,
    }
}

numbered! {
    /// How it is compared.
    Op {
        /// `a <= value <= b`, as signed numbers.
        Range = 0,
        /// `a <= value <= b`, as unsigned numbers.
        UnsignedRange = 1,
        /// `value & a != 0`
        Any = 2,
        /// `value & a == b`
        Bits = 3,
        /// It is in the set [`Test::set`] of numbers.
        In = 4,
        /// It begins with one of the set [`Test::set`] of texts. Whole texts are there with their NUL, and the text that is
        /// looked at has its NUL too, if it is not longer than what is looked at.
        Prefix = 5,
        /// It ends with the suffix [`Test::set`]. Of a text that is not read to its end that can't be told.
        Suffix = 6,
        /// It is in a network of the set [`Test::set`].
        Network = 7,
    }
}

numbered! {
    /// How wide a number is.
    Width {
        /// Zero-extended from 32 bits.
        U32 = 0,
        /// Sign-extended from 32 bits.
        I32 = 1,
        /// 64 bits.
        U64 = 2,
    }
}

numbered! {
    /// Texts.
    Text {
        /// The thread's name.
        Comm = 0,
        /// The name of the call's file: its path in its mount namespace, as state records tell it, but without the
        /// ` (deleted)` behind a name that was removed. A path that is longer than they tell can't be told.
        ///
        /// What is in no directory of a mounted file system can't be told either (memfds, shared memory, namespaces, and
        /// what is below an unmounted directory), nor can Unix sockets. Pipes, other sockets and the kernel's own files
        /// (`anon_inode:`) have a name that does not begin with `/`: [`Op::Prefix`] does not hold, and [`Op::Suffix`]
        /// can't be told.
        File = 1,
        /// The path in [`Predicate::path`], made absolute: a relative one begins at the directory behind the descriptor in
        /// [`Predicate::dirfd`], or in the working directory if that is [`NO_ARG`] or `AT_FDCWD`; `.`, `..` and repeated
        /// slashes are resolved without looking at any file, an empty path is the directory itself, and nothing follows
        /// a trailing slash. It can't be told of a task whose root is not that of its mount namespace, nor when the
        /// directory is no named directory or was removed. Which of these are looked at is up to the probe: paths that
        /// begin with `/` and have no name to be resolved are what most calls have.
        Asked = 2,
        /// The text that [`Predicate::texts`] names first, as it is. One that can't be read can't be told.
        Arg0 = 3,
        /// The text that [`Predicate::texts`] names second, as it is.
        Arg1 = 4,
    }
}

/// Kinds of files.
pub mod class {
    /// A regular file, a device, or whatever else has a path and is nothing below. A memfd may be this or
    /// [`OTHER`], and so may whatever is in no directory.
    pub const FILE: u64 = 1 << 0;
    /// A directory: whatever has the mode of one.
    pub const DIRECTORY: u64 = 1 << 1;
    /// An IPv4 socket, or an IPv6 one whose local address is a mapped IPv4 address.
    pub const IPV4: u64 = 1 << 2;
    /// An IPv6 socket.
    pub const IPV6: u64 = 1 << 3;
    /// A Unix socket.
    pub const UNIX: u64 = 1 << 4;
    /// A socket of another family.
    pub const OTHER_SOCKET: u64 = 1 << 5;
    /// A pipe, named or not: whatever has the mode of one.
    pub const PIPE: u64 = 1 << 6;
    /// Anything else: the kernel's own files, memfds.
    pub const OTHER: u64 = 1 << 7;
    /// Any of these.
    pub const ANY: u64 = (1 << 8) - 1;
}

impl Predicate {
    /// One without tests.
    pub const EMPTY: Self = Self {
        len: 0,
        needs: 0,
        texts: [NO_ARG; 2],
        path: NO_ARG,
        dirfd: NO_ARG,
        peer: NO_ARG,
        peer_in_message: 0,
        opens: 0,
        reserved: 0,
        tests: [Test {
            source: 0,
            op: 0,
            negate: 0,
            arg: 0,
            width: 0,
            yes: 0,
            no: 0,
            reserved: 0,
            offset: 0,
            set: 0,
            a: 0,
            b: 0,
        }; TESTS],
    };
}

/// A register or a word of memory as the number that `width` says.
#[inline(always)]
#[must_use]
pub const fn extend(value: u64, width: u8) -> u64 {
    match width {
        0 => value & 0xffff_ffff,
        1 => (value as u32).cast_signed() as i64 as u64,
        _ => value,
    }
}

/// Whether `value` is what `test` asks for, negation and sets aside.
#[inline(always)]
#[must_use]
pub const fn compare(test: &Test, value: u64) -> bool {
    match Op::from_raw(test.op) {
        Some(Op::Range) => test.a.cast_signed() <= value.cast_signed() && value.cast_signed() <= test.b.cast_signed(),
        Some(Op::UnsignedRange) => test.a <= value && value <= test.b,
        Some(Op::Any) => value & test.a != 0,
        Some(Op::Bits) => value & test.a == test.b,
        Some(Op::In | Op::Prefix | Op::Suffix | Op::Network) | None => false,
    }
}

const _: () = assert!(size_of::<Test>() == 32);
const _: () = assert!(size_of::<Predicate>() == 16 + 32 * TESTS);
const _: () = assert!(TESTS <= REFUSE as usize);
