// SPDX-License-Identifier: Apache-2.0
//! Which fields have the same value for every call of a syscall: a value, or none.

use agent_common::{
    effect::makes,
    layout::Layout,
    schema::{Arg as Argument, Hook, Kind, Syscall},
};

use super::{
    args,
    category::{self, Category},
    fspath::{self, Paths},
    reference::{Arg, Reference},
};

/// Whether every call of `row` has the same value of a field; `None` are the numbers that no table holds.
pub(crate) fn is_fixed(reference: &Reference, row: Option<&'static Syscall>) -> bool {
    let name = row.map(|row| row.name);
    let category = name.map_or(Category::Of("other"), category::of);
    let entry = row.is_some_and(|row| row.hook == Hook::Enter);
    match reference.field.name {
        "evt.dir" | "evt.source" | "evt.is_async" | "evt.count" | "evt.count.exit" | "evt.type.is" | "evt.is_io"
        | "evt.is_io_read" | "evt.is_io_write" | "evt.io_dir" | "evt.is_wait" => true,
        "evt.type" | "syscall.type" => row.is_some(),
        "evt.category" => matches!(category, Category::Of(_)),
        "evt.buflen" => entry || !matches!(category, Category::Read | Category::Write),
        "evt.buffer" => arguments(row).iter().all(|arg| arg.name != "data") && !has_parts(row),
        "evt.is_syslog" => !name.is_some_and(category::writes),
        "evt.res"
        | "evt.rawres"
        | "evt.failed"
        | "evt.count.error"
        | "evt.count.error.file"
        | "evt.count.error.net"
        | "evt.count.error.other" => entry,
        "evt.count.error.memory" => entry || category != Category::Of("memory"),
        "evt.is_open_read" | "evt.is_open_write" | "evt.is_open_create" => {
            !matches!(name, Some("open" | "openat" | "openat2" | "open_by_handle_at"))
        }
        "evt.is_open_exec" => !matches!(name, Some("open" | "openat" | "openat2" | "creat")),
        "evt.arg" | "evt.rawarg" => argument(reference.arg.as_ref(), row),
        "evt.abspath" | "evt.abspath.src" => absolute(row, 1),
        "evt.abspath.dst" => absolute(row, 2),
        "fd.nameraw" => !name.is_some_and(fspath::opens),
        "fs.path.name" | "fs.path.nameraw" => {
            !row.is_some_and(|row| matches!(fspath::of_row(row), Paths::One(_) | Paths::File))
        }
        "fs.path.source" | "fs.path.sourceraw" | "fs.path.target" | "fs.path.targetraw" => {
            !row.is_some_and(|row| matches!(fspath::of_row(row), Paths::Two { .. }))
        }
        name if name.starts_with("fd.") => !row.is_some_and(has_file),
        _ => false,
    }
}

fn arguments(row: Option<&'static Syscall>) -> &'static [Argument] {
    row.map_or(&[], |row| row.args)
}

/// Whether calls of `row` are about a file.
fn has_file(row: &Syscall) -> bool {
    let descriptor = |arg: &Argument| matches!(arg.kind, Kind::Fd | Kind::Dirfd | Kind::StructOut(Layout::FdPair));
    makes(row) || row.args.iter().any(descriptor)
}

fn has_parts(row: Option<&'static Syscall>) -> bool {
    arguments(row).iter().any(|arg| args::has_parts(arg.kind))
}

/// Whether an argument is missing from every call.
fn argument(arg: Option<&Arg>, row: Option<&'static Syscall>) -> bool {
    match (arg, row) {
        (Some(Arg::Key(name)), Some(row)) => {
            let there = row.args.iter().any(|arg| arg.name == &**name);
            // Members of structs are asked for by name too.
            !there && !args::is_result(row, name) && !has_parts(Some(row))
                || !there && args::is_result(row, name) && row.hook == Hook::Enter
        }
        (Some(Arg::Index(place)), Some(row)) => *place as usize >= row.args.len(),
        // Six registers, and a result.
        (_, None) => false,
        (None, Some(_)) => true,
    }
}

/// Whether calls of `row` have fewer than `n` names in directories that a descriptor says.
fn absolute(row: Option<&'static Syscall>, n: usize) -> bool {
    let by_handle = row.is_some_and(|row| row.name == "open_by_handle_at");
    !by_handle && row.map_or(0, |row| fspath::names_at(row).count()) < n
}
