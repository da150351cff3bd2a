// SPDX-License-Identifier: Apache-2.0
//! From a value and its tables to symbols.

use super::{Machine, Table, file, ioctl, ipc, net, process, time};

/// How the values of a set are spelt.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    /// The bits that the kernel looks at: those of an `int`, or of a `long`.
    pub(super) bits: u64,
    /// What stands for 0, where [`Self::spelling`] does not say it.
    pub(super) zero: Option<&'static str>,
    /// What stands for the rest.
    pub(super) spelling: Spelling,
    /// Of [`Spelling::Many`]: what is written before the flags.
    pub(super) head: &'static [Field],
    /// Of [`Spelling::Many`]: the flags. Of [`Spelling::One`]: the names.
    pub(super) tables: &'static [Table],
    /// Of [`Spelling::Many`]: what is written after the flags.
    pub(super) tail: &'static [Field],
}

/// What kind of value it is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Spelling {
    /// One name, or the number in decimal.
    One,
    /// Names joined by `|`, then what is left, in hexadecimal.
    Many,
    /// An ioctl request.
    Ioctl(Machine),
    /// A clock id: a clock, or the clock of a process, thread or descriptor.
    Clock,
    /// A quota command and type.
    Quota,
    /// A call of i386's `ipc`, with a version.
    Ipc,
    /// An ethertype in network byte order.
    Ethertype,
    /// A personality.
    Personality,
}

/// Some bits of a value that are not flags: which, and what they are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field(pub(super) u64, pub(super) Part);

/// What some bits of a value are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    /// One of several names. A value without a name is left to what follows.
    Named(Table),
    /// A signal.
    Signal,
    /// Permission bits.
    Octal,
    /// A number shifted to the left: one of several names, or `number<<shift`.
    Shifted(u32, &'static str, Table),
}

/// The symbols that stand for a value.
#[derive(Clone, Debug)]
pub(crate) struct Symbols {
    /// Whether several may be joined by `|`, and a number follow; else it is one, or a number in decimal.
    pub(crate) joined: bool,
    /// The bits of the value that count.
    pub(crate) bits: u64,
    /// They.
    pub(crate) symbols: Vec<Symbol>,
}

/// A symbol: it is written only if some bits of the value are these.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Symbol {
    /// The bits.
    pub(crate) mask: u64,
    /// What they are; `None` for anything but 0.
    pub(crate) value: Option<u64>,
    /// How it is written, or what is written behind a number.
    pub(crate) name: &'static str,
    /// Whether it is written whenever its bits are set, but for those that others stand for.
    pub(crate) is_flag: bool,
}

const INT: u64 = u32::MAX as u64;

/// An enumerated `int`.
pub(super) const fn one(tables: &'static [Table]) -> Form {
    Form { tables, ..Form::special(Spelling::One) }
}

/// Flags in an `int`.
pub(super) const fn many(tables: &'static [Table]) -> Form {
    Form { tables, ..Form::special(Spelling::Many) }
}

/// Appends the flags of `tables` that `value` has, then what is left of it.
pub(crate) fn flags(tables: &'static [Table], value: u64, out: &mut Vec<u8>) {
    many(tables).long().write(value, out);
}

/// Appends the names of the bits that `mask` has, `table` having them by number, then what is left of it.
pub(crate) fn bits(table: Table, mask: u64, out: &mut Vec<u8>) {
    let mut joined = Joined { out, any: false };
    let mut rest = mask;
    for (bit, name) in table {
        let bit = 1_u64.checked_shl(*bit as u32).unwrap_or(0);
        if rest & bit != 0 {
            joined.name(name);
            rest &= !bit;
        }
    }
    if rest != 0 || !joined.any {
        hex(rest, joined.next());
    }
}

/// The name of `value` in tables of enumerated values.
pub(crate) fn name(tables: &[Table], value: u64) -> Option<&'static str> {
    tables.iter().find_map(|table| {
        let at = table.binary_search_by_key(&value, |(value, _)| *value).ok()?;
        table.get(at).map(|(_, name)| *name)
    })
}

impl Form {
    const fn special(spelling: Spelling) -> Self {
        Self { bits: INT, zero: None, spelling, head: &[], tables: &[], tail: &[] }
    }

    pub(super) const fn ioctl(machine: Machine) -> Self {
        Self::special(Spelling::Ioctl(machine))
    }

    pub(super) const fn clock() -> Self {
        Self::special(Spelling::Clock)
    }

    pub(super) const fn quota() -> Self {
        Self::special(Spelling::Quota)
    }

    pub(super) const fn ipc() -> Self {
        Self::special(Spelling::Ipc)
    }

    pub(super) const fn ethertype() -> Self {
        Self::special(Spelling::Ethertype)
    }

    pub(super) const fn personality() -> Self {
        Self::special(Spelling::Personality)
    }

    /// The kernel looks at all 64 bits.
    pub(super) const fn long(self) -> Self {
        Self { bits: u64::MAX, ..self }
    }

    /// What stands for 0.
    pub(super) const fn zero(self, zero: &'static str) -> Self {
        Self { zero: Some(zero), ..self }
    }

    /// What is written before the flags.
    pub(super) const fn head(self, head: &'static [Field]) -> Self {
        Self { head, ..self }
    }

    /// The flags themselves.
    pub(super) const fn tables(self, tables: &'static [Table]) -> Self {
        Self { tables, ..self }
    }

    /// What is written after the flags.
    pub(super) const fn tail(self, tail: &'static [Field]) -> Self {
        Self { tail, ..self }
    }

    /// The symbols; `None` where a value is written like a call.
    pub(super) fn symbols(&self) -> Option<Symbols> {
        let joined = match self.spelling {
            Spelling::One => false,
            Spelling::Many => true,
            Spelling::Ioctl(_)
            | Spelling::Clock
            | Spelling::Quota
            | Spelling::Ipc
            | Spelling::Ethertype
            | Spelling::Personality => return None,
        };
        let symbol = |mask, value, name| Symbol { mask: mask & self.bits, value: Some(value), name, is_flag: false };
        let entries = || self.tables.iter().copied().flatten();
        let mut symbols: Vec<Symbol> = self.zero.map(|zero| symbol(u64::MAX, 0, zero)).into_iter().collect();
        if joined {
            symbols.extend(entries().map(|(bits, name)| Symbol { is_flag: true, ..symbol(*bits, *bits, name) }));
        } else {
            symbols.extend(entries().map(|(value, name)| symbol(u64::MAX, *value, name)));
        }
        for Field(mask, part) in self.head.iter().chain(self.tail) {
            match part {
                Part::Named(table) => symbols.extend(table.iter().map(|(value, name)| symbol(*mask, *value, name))),
                Part::Signal => symbols.extend((0..=*mask).filter_map(|n| {
                    let name = super::signal(i32::try_from(n).ok()?)?;
                    Some(symbol(*mask, n, name))
                })),
                Part::Octal => symbols.push(Symbol { value: None, ..symbol(*mask, 0, "") }),
                Part::Shifted(_, unit, table) => {
                    symbols.extend(table.iter().map(|(value, name)| symbol(*mask, *value, name)));
                    symbols.push(Symbol { value: None, ..symbol(*mask, 0, unit) });
                }
            }
        }
        Some(Symbols { joined, bits: self.bits, symbols })
    }

    /// Appends what stands for `value`.
    pub(super) fn write(&self, value: u64, out: &mut Vec<u8>) {
        let value = value & self.bits;
        if let (0, Some(zero)) = (value, self.zero) {
            return out.extend_from_slice(zero.as_bytes());
        }
        match self.spelling {
            Spelling::One => match name(self.tables, value) {
                Some(name) => out.extend_from_slice(name.as_bytes()),
                None => self.number(value, out),
            },
            Spelling::Many => symbols(value, self.head, self.tables, self.tail, out),
            Spelling::Ioctl(machine) => ioctl::write(value as u32, machine, out),
            Spelling::Clock => clock((value as u32).cast_signed(), out),
            Spelling::Quota => quota(value, out),
            Spelling::Ipc => call(value, out),
            Spelling::Ethertype => ethertype(value, out),
            Spelling::Personality => personality(value, out),
        }
    }

    /// Appends a number as signed as the kernel takes it.
    fn number(&self, value: u64, out: &mut Vec<u8>) {
        dec(if self.bits == INT { i64::from((value as u32).cast_signed()) } else { value.cast_signed() }, out);
    }
}

/// Puts `|` between symbols.
struct Joined<'a> {
    out: &'a mut Vec<u8>,
    any: bool,
}

impl Joined<'_> {
    fn next(&mut self) -> &mut Vec<u8> {
        if self.any {
            self.out.push(b'|');
        }
        self.any = true;
        self.out
    }

    fn name(&mut self, name: &str) {
        self.next().extend_from_slice(name.as_bytes());
    }

    /// Writes those of `fields` that have a name; the rest of the value is returned.
    fn fields(&mut self, fields: &[Field], mut rest: u64) -> u64 {
        for Field(mask, part) in fields {
            let bits = rest & mask;
            let written = match part {
                Part::Named(table) => name(&[*table], bits).map(|name| self.name(name)).is_some(),
                Part::Signal => match super::signal(bits as i32) {
                    Some(name) => {
                        self.name(name);
                        true
                    }
                    None => false,
                },
                Part::Octal if bits != 0 => {
                    oct(bits, self.next());
                    true
                }
                Part::Shifted(shift, unit, table) if bits != 0 => {
                    if let Some(name) = name(&[*table], bits) {
                        self.name(name);
                    } else {
                        let out = self.next();
                        dec((bits >> shift).cast_signed(), out);
                        out.extend_from_slice(b"<<");
                        out.extend_from_slice(unit.as_bytes());
                    }
                    true
                }
                Part::Octal | Part::Shifted(..) => false,
            };
            if written {
                rest &= !mask;
            }
        }
        rest
    }
}

fn symbols(value: u64, head: &[Field], flags: &[Table], tail: &[Field], out: &mut Vec<u8>) {
    let mut joined = Joined { out, any: false };
    let mut rest = joined.fields(head, value);
    for (bits, name) in flags.iter().copied().flatten() {
        if rest == 0 {
            break;
        }
        if rest & bits == *bits {
            joined.name(name);
            rest &= !bits;
        }
    }
    // A part that is 0 is no news beside flags.
    if rest != 0 || !joined.any {
        rest = joined.fields(tail, rest);
    }
    if rest != 0 || !joined.any {
        hex(rest, joined.next());
    }
}

/// The clock of a process, of a thread or of a descriptor is its complement shifted left by three, then what it counts:
/// `include/linux/posix-timers_types.h`.
fn clock(id: i32, out: &mut Vec<u8>) {
    if let Some(name) = name(&[time::CLOCK], u64::from(id.cast_unsigned())) {
        return out.extend_from_slice(name.as_bytes());
    }
    let of = i64::from(!(id >> 3));
    match (id, id & 0b11) {
        (0.., _) => dec(i64::from(id), out),
        (_, 0b11) if id & 0b100 != 0 => dec(i64::from(id), out),
        (_, 0b11) => {
            out.extend_from_slice(b"FD_TO_CLOCKID(");
            dec(of, out);
            out.push(b')');
        }
        (_, counts) => {
            let whose: &[u8] = if id & 0b100 == 0 { b"MAKE_PROCESS_CPUCLOCK(" } else { b"MAKE_THREAD_CPUCLOCK(" };
            out.extend_from_slice(whose);
            dec(of, out);
            out.extend_from_slice(match counts {
                0 => b", CPUCLOCK_PROF)",
                1 => b", CPUCLOCK_VIRT)",
                _ => b", CPUCLOCK_SCHED)",
            });
        }
    }
}

/// `QCMD(cmd, type)`: the type is the low byte.
fn quota(value: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(b"QCMD(");
    match name(&[file::QUOTA], value >> 8) {
        Some(name) => out.extend_from_slice(name.as_bytes()),
        None => hex(value >> 8, out),
    }
    out.extend_from_slice(b", ");
    match name(&[file::QUOTA_TYPE], value & 0xff) {
        Some(name) => out.extend_from_slice(name.as_bytes()),
        None => hex(value & 0xff, out),
    }
    out.push(b')');
}

/// `IPCCALL(version, call)`: the version is the upper half; 0 is not mentioned.
fn call(value: u64, out: &mut Vec<u8>) {
    let (version, call) = (value >> 16, value & 0xffff);
    if version != 0 {
        out.extend_from_slice(b"IPCCALL(");
        dec(version.cast_signed(), out);
        out.extend_from_slice(b", ");
    }
    match name(&[ipc::CALL], call) {
        Some(name) => out.extend_from_slice(name.as_bytes()),
        None => dec(call.cast_signed(), out),
    }
    if version != 0 {
        out.push(b')');
    }
}

fn ethertype(value: u64, out: &mut Vec<u8>) {
    let Ok(wire) = u16::try_from(value) else { return hex(value, out) };
    if wire == 0 {
        return out.push(b'0');
    }
    out.extend_from_slice(b"htons(");
    match name(&[net::ETHERTYPE], u64::from(u16::from_be(wire))) {
        Some(name) => out.extend_from_slice(name.as_bytes()),
        None => hex(u64::from(u16::from_be(wire)), out),
    }
    out.push(b')');
}

/// All bits set asks for the personality without changing it.
fn personality(value: u64, out: &mut Vec<u8>) {
    if value == INT {
        return hex(value, out);
    }
    let domain = [Field(0xff, Part::Named(process::PERSONALITY))];
    symbols(value, &domain, &[process::PERSONALITY_FLAGS], &[], out);
}

/// Appends a number in decimal.
pub(crate) fn dec(value: i64, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    digits(value.unsigned_abs(), 10, out);
}

/// Appends a number in hexadecimal; 0 as `0`.
pub(crate) fn hex(value: u64, out: &mut Vec<u8>) {
    if value != 0 {
        out.extend_from_slice(b"0x");
    }
    digits(value, 16, out);
}

/// Appends a number in octal; 0 as `0`.
fn oct(value: u64, out: &mut Vec<u8>) {
    if value != 0 {
        out.push(b'0');
    }
    digits(value, 8, out);
}

fn digits(mut value: u64, base: u64, out: &mut Vec<u8>) {
    let start = out.len();
    loop {
        let digit = (value % base) as u8;
        out.push(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 });
        value /= base;
        if value == 0 {
            break;
        }
    }
    if let Some(number) = out.get_mut(start..) {
        number.reverse();
    }
}
