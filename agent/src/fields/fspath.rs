// SPDX-License-Identifier: Apache-2.0
//! Fields of the paths that a call is about, `fs.path.*`, and the paths themselves.

use agent_common::{
    effect::makes,
    schema::{Kind, Syscall},
};

use super::{Field, Type, args, fd, path, value::Value};
use crate::{decode::RawArg, event::Event, metadata::file::FileKind};

/// The fields.
pub(super) const FIELDS: &[Field] = &[
    Field::of_side(
        "fs.path.name",
        Type::Charbuf,
        "the absolute path that a call works on, if it succeeds or opens",
        |e, _| match paths(e) {
            Paths::One(path) => absolute(e, path).into(),
            Paths::File => fd::name(e).into(),
            Paths::Two { .. } | Paths::None => Value::Missing,
        },
    ),
    Field::of_side("fs.path.nameraw", Type::Charbuf, "`fs.path.name` as the caller named it", |e, _| match paths(e) {
        Paths::One(path) => args::bytes(&e.raw, path).into(),
        Paths::File => fd::name(e).into(),
        Paths::Two { .. } | Paths::None => Value::Missing,
    }),
    Field::of_file(
        "fs.path.source",
        Type::Charbuf,
        "of two absolute paths the first: what is renamed or moved; of links the new name; of mounts the device",
        |e, _| match paths(e) {
            Paths::Two { source, .. } => absolute(e, source).into(),
            Paths::One(_) | Paths::File | Paths::None => Value::Missing,
        },
    ),
    Field::of_call("fs.path.sourceraw", Type::Charbuf, "`fs.path.source` as the caller named it", |e, _| {
        match paths(e) {
            Paths::Two { source, .. } => args::bytes(&e.raw, source).into(),
            Paths::One(_) | Paths::File | Paths::None => Value::Missing,
        }
    }),
    Field::of_file(
        "fs.path.target",
        Type::Charbuf,
        "of two absolute paths the second: the new name; of links what they lead to; of mounts the directory",
        |e, _| match paths(e) {
            Paths::Two { target, .. } => absolute(e, target).into(),
            Paths::One(_) | Paths::File | Paths::None => Value::Missing,
        },
    ),
    Field::of_call("fs.path.targetraw", Type::Charbuf, "`fs.path.target` as the caller named it", |e, _| {
        match paths(e) {
            Paths::Two { target, .. } => args::bytes(&e.raw, target).into(),
            Paths::One(_) | Paths::File | Paths::None => Value::Missing,
        }
    }),
];

/// The names of a call's arguments that are its paths.
pub(crate) enum Paths {
    None,
    /// The path that it works on.
    One(&'static str),
    /// It works on the file of its descriptor.
    File,
    /// It has two.
    Two {
        source: &'static str,
        target: &'static str,
    },
}

/// The paths of a call that succeeded, or tried to open a file.
fn paths(event: &Event<'_>) -> Paths {
    let Some(row) = event.raw.row else { return Paths::None };
    let opens = makes(row);
    if !opens && event.raw.ret().is_none_or(|ret| ret < 0) {
        return Paths::None;
    }
    of_row(row)
}

/// The paths of the calls of a syscall.
pub(crate) fn of_row(row: &'static Syscall) -> Paths {
    match row.name {
        "rename" | "renameat" | "renameat2" => Paths::Two { source: "oldpath", target: "newpath" },
        "link" | "linkat" => Paths::Two { source: "newpath", target: "oldpath" },
        "symlink" | "symlinkat" => Paths::Two { source: "linkpath", target: "target" },
        "mount" => Paths::Two { source: "dev", target: "dir" },
        "move_mount" => Paths::Two { source: "from_path", target: "to_path" },
        "fchmod" | "fchown" => Paths::File,
        _ => row.args.iter().find(|arg| matches!(arg.kind, Kind::Path)).map_or(Paths::None, |arg| Paths::One(arg.name)),
    }
}

/// The path that an open call names, as it names it.
pub(super) fn opened_raw<'e>(event: &'e Event<'_>) -> Option<&'e [u8]> {
    args::bytes(&event.raw, opened_arg(event)?)
}

/// The path that an open call names, made absolute.
pub(super) fn opened<'e>(event: &'e Event<'_>) -> Option<&'e [u8]> {
    absolute(event, opened_arg(event)?)
}

fn opened_arg(event: &Event<'_>) -> Option<&'static str> {
    event.raw.name().filter(|name| opens(name)).map(|_| "name")
}

/// Whether the syscall `name` opens the file that its argument `name` names.
pub(crate) fn opens(name: &str) -> bool {
    matches!(name, "open" | "openat" | "openat2" | "creat")
}

/// The absolute path of the directory descriptor and the name number `n` of an `..at` call.
pub(super) fn at<'e>(event: &'e Event<'_>, n: usize) -> Value<'e> {
    let Some(row) = event.raw.row else { return Value::Missing };
    if row.name == "open_by_handle_at" {
        return fd::primary(event).and_then(|_| fd::name(event)).into();
    }
    names_at(row).nth(n).and_then(|name| absolute(event, name)).into()
}

/// The names of the arguments of an `..at` call that are names in the directory of the descriptor before them.
pub(crate) fn names_at(row: &'static Syscall) -> impl Iterator<Item = &'static str> {
    row.args.windows(2).filter_map(|pair| match pair {
        [dirfd, name] if dirfd.kind == Kind::Dirfd && matches!(name.kind, Kind::Path | Kind::ExecPath(_)) => {
            Some(name.name)
        }
        _ => None,
    })
}

/// The absolute path of the argument `name`: a relative one begins at the directory descriptor before it, else in the
/// working directory.
fn absolute<'e>(event: &'e Event<'_>, name: &str) -> Option<&'e [u8]> {
    let raw = args::bytes(&event.raw, name)?;
    if raw.starts_with(b"/") {
        return path::resolve(event.arena, root(event), None, raw);
    }
    match (event.raw.name()?, name) {
        // A symbolic link leads on from the directory that it is in.
        ("symlink" | "symlinkat", "target") => {
            let link = absolute(event, "linkpath")?;
            path::resolve(event.arena, root(event), Some(path::directory(link)), raw)
        }
        // What is no path of a device: `proc`, `tmpfs`.
        ("mount", "dev") => Some(raw),
        _ => path::resolve(event.arena, root(event), Some(base(event, name)?), raw),
    }
}

/// The directory where the relative path that is the argument `name` begins.
fn base<'e>(event: &'e Event<'_>, name: &str) -> Option<&'e [u8]> {
    let mut descriptors = 0;
    let mut dirfd = None;
    for (arg, value) in event.raw.args().take_while(|(arg, _)| arg.name != name) {
        if matches!(arg.kind, Kind::Fd | Kind::Dirfd) {
            if arg.kind == Kind::Dirfd {
                dirfd = Some((descriptors, value));
            }
            descriptors += 1;
        }
    }
    match dirfd {
        None => cwd(event),
        Some((_, value)) if is_cwd(value) => cwd(event),
        Some((place, _)) => {
            // The place of a second one may be taken by the descriptor that the call made.
            let taken = place > 0 && event.raw.row.is_some_and(makes);
            let file = event.files.get(place).copied().flatten().filter(|_| !taken)?;
            match &file.kind {
                FileKind::Named(path) => path.as_deref(),
                FileKind::Pipe | FileKind::Anonymous(_) | FileKind::Socket(_) => None,
            }
        }
    }
}

fn is_cwd(value: RawArg<'_>) -> bool {
    /// <https://github.com/torvalds/linux/blob/v6.12/include/uapi/linux/fcntl.h#L90>
    const AT_FDCWD: i32 = -100;
    value.word().is_some_and(|word| (word as u32).cast_signed() == AT_FDCWD)
}

/// The working directory of the thread.
pub(super) fn cwd<'e>(event: &'e Event<'_>) -> Option<&'e [u8]> {
    let own = event.thread.and_then(|thread| thread.cwd.as_deref());
    own.or_else(|| event.process?.cwd.as_deref())
}

fn root<'e>(event: &'e Event<'_>) -> &'e [u8] {
    event.process.and_then(|process| process.root.as_deref()).unwrap_or(b"/")
}
