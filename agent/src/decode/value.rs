// SPDX-License-Identifier: Apache-2.0
//! One argument's value, by its kind.

use agent_common::{
    record::{FAULT, MSG_PREFIX_LEN, NULL, UNSET},
    schema::{Abi, Kind, NO_FLAGS},
    sets::Set,
};

use super::{
    RawArg, control, fdset, layouts, sigset, sockaddr,
    symbols::{self, Context},
    visit::{Absent, Text, Visitor},
};

/// `AT_FDCWD`: <https://github.com/torvalds/linux/blob/v6.12/include/uapi/linux/fcntl.h#L90>
pub const AT_FDCWD: i32 = -100;

/// Shows the value of an argument of `kind` to `v`.
pub fn visit(kind: Kind, raw: RawArg<'_>, context: &Context, v: &mut (impl Visitor + ?Sized)) {
    let (bytes, cut) = match raw {
        RawArg::Bytes { bytes, cut } => (bytes, cut),
        RawArg::Absent(why) => return v.absent(why),
    };
    // What is not a register makes no use of these.
    let word = raw.word().unwrap_or_default();
    let low = word as u32;
    let int = i64::from(low.cast_signed());
    match kind {
        Kind::Int | Kind::Fd | Kind::Pid => v.signed(int),
        Kind::Dirfd if low.cast_signed() == AT_FDCWD => v.named(int, "AT_FDCWD"),
        Kind::Dirfd => v.signed(int),
        Kind::Uint => v.unsigned(u64::from(low)),
        // -1 is how callers say "leave it"; as an id it would be 4294967295.
        Kind::Uid | Kind::Gid if low == u32::MAX => v.signed(-1),
        Kind::Uid | Kind::Gid => v.unsigned(u64::from(low)),
        // The kernel looks at the low half only.
        Kind::Uid16 | Kind::Gid16 if low & 0xffff == 0xffff => v.signed(-1),
        Kind::Uid16 | Kind::Gid16 => v.unsigned(u64::from(low & 0xffff)),
        Kind::Long | Kind::Off => v.signed(match context.abi {
            Abi::Native => word.cast_signed(),
            Abi::I386 => int,
        }),
        Kind::Ulong => v.unsigned(word),
        // `umode_t` has 16 bits.
        Kind::Mode => v.octal(u64::from(low & 0xffff)),
        Kind::Signal if symbols::signal(low.cast_signed()).is_some() => {
            v.symbols(&|out| symbols::write_signal(low.cast_signed(), out));
        }
        Kind::Signal => v.signed(int),
        Kind::Dev => device(word, v),
        Kind::Flags(set) | Kind::Enum(set) => symbolic(set, word, context, v),
        Kind::Hex | Kind::Ptr => v.hex(word),
        Kind::Path => v.bytes(Text::Path, bytes, cut),
        Kind::ExecPath(flags) => v.bytes(Text::Path, asked_for(bytes, flags, context), cut),
        // getcwd counts the NUL, readlink has none.
        Kind::PathOut(_) => v.bytes(Text::Path, bytes.strip_suffix(&[0]).unwrap_or(bytes), cut),
        Kind::Str | Kind::StrIf { .. } => v.bytes(Text::Str, bytes, cut),
        Kind::Data(_) | Kind::DataOut(_) | Kind::Iov(_) | Kind::IovOut(_) => v.bytes(Text::Data, bytes, cut),
        Kind::Msg | Kind::MsgOut | Kind::Mmsg(_) | Kind::MmsgOut => message(bytes, cut, context, v),
        Kind::Sockaddr(_) | Kind::SockaddrOut(_) => sockaddr::visit(bytes, v),
        Kind::Struct(layout)
        | Kind::Sized(layout, _)
        | Kind::StructOut(layout)
        | Kind::SizedOut(layout, _)
        | Kind::StructFound(layout)
        | Kind::StructRest(layout) => {
            layouts::visit(layout, context.abi, bytes, v);
        }
        Kind::Array(layout, _) | Kind::ArrayOut(layout) | Kind::ArrayOutMax(layout, _) => {
            layouts::visit_array(layout, context.abi, bytes, cut, v);
        }
        Kind::FdSet(bits) => {
            let nfds = context.args.get(usize::from(bits)).copied().unwrap_or(u64::MAX);
            fdset::visit(bytes, nfds, v);
        }
        Kind::Sigset(_) | Kind::SigsetOut(_) => sigset::visit(bytes, v),
        Kind::Strv | Kind::ExecArgv(_) | Kind::ExecEnvp(_) => strings(bytes, cut, v),
    }
}

/// The name that an `execveat` asked for. For a new image the kernel forms `/dev/fd/N/name` out of a descriptor and a
/// relative name: <https://github.com/torvalds/linux/blob/v6.12/fs/exec.c#L1532>
fn asked_for<'a>(name: &'a [u8], flags: u8, context: &Context) -> &'a [u8] {
    let dirfd = context.args.first().map_or(AT_FDCWD, |dirfd| (*dirfd as u32).cast_signed());
    if flags == NO_FLAGS || dirfd == AT_FDCWD {
        return name;
    }
    let mut digits = itoa::Buffer::new();
    let rest = name.strip_prefix(b"/dev/fd/").and_then(|name| name.strip_prefix(digits.format(dirfd).as_bytes()));
    match rest {
        Some(rest) => rest.strip_prefix(b"/").unwrap_or(rest),
        None => name,
    }
}

/// `major:minor` as `makedev` packs them: <https://man7.org/linux/man-pages/man3/makedev.3.html>
fn device(dev: u64, v: &mut (impl Visitor + ?Sized)) {
    v.begin_object();
    v.key("major");
    v.unsigned(((dev >> 8) & 0xfff) | ((dev >> 32) & 0xffff_f000));
    v.key("minor");
    v.unsigned((dev & 0xff) | ((dev >> 12) & 0xffff_ff00));
    v.end_object();
}

fn symbolic(set: Set, word: u64, context: &Context, v: &mut (impl Visitor + ?Sized)) {
    v.symbols(&|out| symbols::write(set, word, context, out));
}

/// NUL-terminated strings, one after the other; the last lacks its NUL when the array was cut.
fn strings(bytes: &[u8], cut: bool, v: &mut (impl Visitor + ?Sized)) {
    v.begin_array();
    let (whole, rest) = match bytes.iter().rposition(|byte| *byte == 0) {
        Some(last) => (bytes.get(..last), bytes.get(last + 1..)),
        None => (None, Some(bytes)),
    };
    for string in whole.into_iter().flat_map(|whole| whole.split(|byte| *byte == 0)) {
        v.element();
        v.bytes(Text::Str, string, false);
    }
    if let Some(rest) = rest.filter(|rest| !rest.is_empty()) {
        v.element();
        v.bytes(Text::Str, rest, true);
    }
    v.end_array(cut);
}

/// A [`agent_common::record::MsgPrefix`] and its parts.
fn message(bytes: &[u8], cut: bool, context: &Context, v: &mut (impl Visitor + ?Sized)) {
    let Some((prefix, mut rest)) = bytes.split_at_checked(MSG_PREFIX_LEN) else { return v.absent(Absent::Fault) };
    let half = |at: usize| prefix.get(at..).and_then(<[u8]>::first_chunk).map_or(FAULT, |b| u16::from_ne_bytes(*b));
    let flags = prefix.first_chunk::<4>().map_or(0, |b| u32::from_ne_bytes(*b));
    let mut part = |len: u16| match len {
        FAULT => Err(Absent::Fault),
        NULL => Err(Absent::Null),
        UNSET => Err(Absent::Unset),
        len => {
            let (part, tail) = rest.split_at_checked(usize::from(len)).unwrap_or((rest, &[]));
            rest = tail;
            Ok(part)
        }
    };
    let (name, control, data) = (part(half(4)), part(half(6)), part(half(8)));
    v.begin_object();
    v.key("name");
    match name {
        Ok(name) => sockaddr::visit(name, v),
        Err(why) => v.absent(why),
    }
    v.key("data");
    match data {
        Ok(data) => v.bytes(Text::Data, data, cut),
        Err(why) => v.absent(why),
    }
    v.key("control");
    match control {
        Ok(control) => control::visit(control, context.abi, v),
        Err(why) => v.absent(why),
    }
    v.key("flags");
    symbolic(Set::MsgFlags, u64::from(flags), context, v);
    v.end_object();
}
