// SPDX-License-Identifier: Apache-2.0
//! Members of C structs, laid out as C lays them out: each at the next multiple of its alignment. One list serves
//! every ABI whose struct differs by the size of `long` only.

use agent_common::{schema::Abi, sets::Set};

use crate::decode::{
    sigset,
    symbols::{self, Context, Machine, Table},
    visit::{Text, Visitor},
};

/// A member.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    /// Its name; empty for padding and what is reserved.
    pub(super) name: &'static str,
    /// What it is.
    pub(super) kind: Kind,
}

/// What a member is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// A number.
    Number(Width, Style),
    /// A number that needs no alignment, since the struct is packed.
    Packed(Width, Style),
    /// This many numbers of 4 bytes.
    Numbers(usize),
    /// Characters up to a NUL.
    Text(usize),
    /// Bytes that are not shown.
    Pad(usize),
    /// A signal mask: 8 bytes, in words.
    Sigset,
    /// A struct within.
    Struct(&'static [Member]),
    /// Bit fields of an `unsigned int`: name, first bit, number of bits.
    Bits(&'static [(&'static str, u32, u32)]),
}

/// The size of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    /// Two bytes.
    W16,
    /// Four bytes.
    W32,
    /// Eight bytes, aligned to a word.
    W64,
    /// A `long` or a pointer.
    Word,
}

/// How a number is shown.
#[derive(Clone, Copy, Debug)]
pub(super) enum Style {
    /// As a signed number.
    Signed,
    /// As an unsigned number.
    Unsigned,
    /// In hexadecimal.
    Hex,
    /// In octal.
    Octal,
    /// By the symbols of a set.
    Set(Set),
    /// By the flags of tables.
    Flags(&'static [Table]),
    /// By the names of a table, else in decimal.
    Name(Table),
    /// By the names of a table, else in hexadecimal.
    Magic(Table),
    /// As `flags` of `struct open_how`.
    OpenHow,
    /// As a signal.
    Signal,
    /// As a device: its major and minor number.
    Device,
    /// As a resource limit.
    Limit,
    /// As nanoseconds, with what utimensat(2) takes for them.
    Nanoseconds,
    /// As a signal's handler.
    Handler,
}

/// The size of a `long`.
pub(super) const fn word(machine: Machine) -> usize {
    match machine {
        Machine::X86_64 | Machine::Aarch64 => 8,
        Machine::I386 => 4,
    }
}

impl Width {
    const fn size(self, machine: Machine) -> usize {
        match self {
            Self::W16 => 2,
            Self::W32 => 4,
            Self::W64 => 8,
            Self::Word => word(machine),
        }
    }

    /// 32-bit x86 aligns nothing to more than four bytes.
    const fn align(self, machine: Machine) -> usize {
        let (size, word) = (self.size(machine), word(machine));
        if size < word { size } else { word }
    }

    /// The number in `bytes`, which have its size: zero-extended, and sign-extended.
    fn read(self, machine: Machine, bytes: &[u8]) -> Option<(u64, i64)> {
        Some(match self.size(machine) {
            2 => {
                let number = u16::from_ne_bytes(*bytes.first_chunk()?);
                (u64::from(number), i64::from(number.cast_signed()))
            }
            4 => {
                let number = u32::from_ne_bytes(*bytes.first_chunk()?);
                (u64::from(number), i64::from(number.cast_signed()))
            }
            _ => {
                let number = u64::from_ne_bytes(*bytes.first_chunk()?);
                (number, number.cast_signed())
            }
        })
    }
}

impl Kind {
    /// Size and alignment.
    pub(super) const fn extent(self, machine: Machine) -> (usize, usize) {
        match self {
            Self::Number(width, _) => (width.size(machine), width.align(machine)),
            Self::Packed(width, _) => (width.size(machine), 1),
            Self::Numbers(count) => (4 * count, 4),
            Self::Text(size) | Self::Pad(size) => (size, 1),
            Self::Sigset => (8, word(machine)),
            Self::Struct(list) => extent(list, machine),
            Self::Bits(_) => (4, 4),
        }
    }
}

/// Size, without padding at the end beyond the last member's own, and alignment of a struct.
pub(super) const fn extent(list: &[Member], machine: Machine) -> (usize, usize) {
    let (mut end, mut most, mut i) = (0_usize, 1, 0);
    while i < list.len() {
        let (size, align) = list[i].kind.extent(machine);
        end = end.next_multiple_of(align) + size;
        if align > most {
            most = align;
        }
        i += 1;
    }
    (end.next_multiple_of(most), most)
}

/// Shows the members that are whole in `bytes`, as keys of the open object.
pub(super) fn members(list: &[Member], abi: Abi, bytes: &[u8], v: &mut (impl Visitor + ?Sized)) {
    let machine = Machine::of(abi);
    let mut end = 0_usize;
    for Member { name, kind } in list {
        let (size, align) = kind.extent(machine);
        let at = end.next_multiple_of(align);
        end = at + size;
        let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) else { break };
        let whole = rest.get(..size);
        match (kind, whole) {
            (Kind::Struct(inner), _) => {
                v.key(name);
                v.begin_object();
                members(inner, abi, whole.unwrap_or(rest), v);
                v.end_object();
            }
            (_, None) => break,
            (Kind::Pad(_), _) => {}
            (Kind::Bits(fields), Some(bytes)) => {
                let word = bytes.first_chunk().map_or(0, |word| u32::from_ne_bytes(*word));
                for (name, first, count) in *fields {
                    v.key(name);
                    v.unsigned(u64::from((word >> first) & ((1 << count) - 1)));
                }
            }
            (kind, Some(bytes)) => {
                v.key(name);
                value(*kind, abi, bytes, v);
            }
        }
    }
}

/// Shows a member's value, which is whole.
fn value(kind: Kind, abi: Abi, bytes: &[u8], v: &mut (impl Visitor + ?Sized)) {
    match kind {
        Kind::Number(width, style) | Kind::Packed(width, style) => match width.read(Machine::of(abi), bytes) {
            Some((unsigned, signed)) => number(style, abi, unsigned, signed, v),
            None => v.bytes(Text::Data, bytes, true),
        },
        Kind::Numbers(_) => {
            v.begin_array();
            for number in bytes.chunks_exact(4).filter_map(<[u8]>::first_chunk) {
                v.element();
                v.signed(i64::from(i32::from_ne_bytes(*number)));
            }
            v.end_array(false);
        }
        Kind::Text(_) => v.bytes(Text::Str, bytes.split(|byte| *byte == 0).next().unwrap_or(bytes), false),
        Kind::Sigset => sigset::visit(bytes, v),
        Kind::Pad(_) | Kind::Struct(_) | Kind::Bits(_) => v.bytes(Text::Data, bytes, false),
    }
}

/// `UTIME_NOW` and `UTIME_OMIT`: `include/linux/stat.h`.
const UTIME_NOW: i64 = (1 << 30) - 1;
const UTIME_OMIT: i64 = (1 << 30) - 2;

fn number(style: Style, abi: Abi, unsigned: u64, signed: i64, v: &mut (impl Visitor + ?Sized)) {
    match style {
        Style::Signed => v.signed(signed),
        Style::Unsigned => v.unsigned(unsigned),
        Style::Hex => v.hex(unsigned),
        Style::Octal => v.octal(unsigned),
        Style::Set(set) => v.symbols(&|out| symbols::write(set, unsigned, &Context { abi, args: [0; 6] }, out)),
        Style::Flags(tables) => v.symbols(&|out| symbols::flags(tables, unsigned, out)),
        Style::Name(table) => match symbols::name(&[table], unsigned) {
            Some(name) => v.symbols(&|out| out.extend_from_slice(name.as_bytes())),
            None => v.signed(signed),
        },
        // Callers see the type sign-extended or not, by their word size.
        Style::Magic(table) => match symbols::name(&[table], unsigned & u64::from(u32::MAX)) {
            Some(name) => v.symbols(&|out| out.extend_from_slice(name.as_bytes())),
            None => v.hex(unsigned),
        },
        Style::OpenHow => v.symbols(&|out| symbols::open_how(unsigned, abi, out)),
        Style::Signal => match i32::try_from(signed).ok().and_then(symbols::signal) {
            Some(name) => v.symbols(&|out| out.extend_from_slice(name.as_bytes())),
            None => v.signed(signed),
        },
        Style::Device => {
            v.begin_object();
            v.key("major");
            v.unsigned(((unsigned >> 8) & 0xfff) | ((unsigned >> 32) & 0xffff_f000));
            v.key("minor");
            v.unsigned((unsigned & 0xff) | ((unsigned >> 12) & 0xffff_ff00));
            v.end_object();
        }
        Style::Limit if signed == -1 => v.named(-1, "RLIM_INFINITY"),
        Style::Limit => v.unsigned(unsigned),
        Style::Nanoseconds => match signed {
            UTIME_NOW => v.named(signed, "UTIME_NOW"),
            UTIME_OMIT => v.named(signed, "UTIME_OMIT"),
            _ => v.signed(signed),
        },
        Style::Handler => match symbols::name(&[symbols::signal::HANDLER], unsigned) {
            Some(name) => v.symbols(&|out| out.extend_from_slice(name.as_bytes())),
            None => v.hex(unsigned),
        },
    }
}
