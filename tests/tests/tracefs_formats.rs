// SPDX-License-Identifier: Apache-2.0
//! The syscall table against the running kernel's own description of its syscalls
//! (`/sys/kernel/tracing/events/syscalls/sys_enter_*/format`).

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use agent_common::{
    numbers,
    schema::{Abi, Arg, Dir, Kind, Op, Syscall},
    syscalls::{I386_ROWS, NATIVE_ROWS},
};

/// The kernel's functions that are not called as the syscalls they serve.
const ALIASES: &[(&str, &str)] = &[
    ("arm64_personality", "personality"),
    // aarch64 has no other.
    ("fadvise64_64", "fadvise64"),
    ("newfstat", "fstat"),
    ("newlstat", "lstat"),
    ("newstat", "stat"),
    ("newuname", "uname"),
    ("oldumount", "umount"),
    ("sendfile64", "sendfile"),
    ("umount", "umount2"),
];

/// Kinds that the C type alone would not suggest: syscall, argument, why. One that is not needed is an error.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("prctl", "arg2_str", "an address by option"),
    ("process_vm_readv", "data", "the vector is const, what it points to is not"),
    ("readv", "data", "the vector is const, what it points to is not"),
    ("preadv", "data", "the vector is const, what it points to is not"),
    ("preadv2", "data", "the vector is const, what it points to is not"),
    ("sysfs", "fsname", "an address by option"),
    ("waitid", "id", "a process, a group or a pidfd, by idtype"),
];

/// Fields that no argument shows: syscall, register, why.
const UNSHOWN: &[(&str, u8, &str)] = &[
    ("bpf", 3, "in series 7: attributes that all commands have in common, not in the table yet"),
    ("bpf", 4, "in series 7: the size of those"),
    ("preadv", 4, "a 64-bit kernel shifts the high half of the position out"),
    ("preadv2", 4, "a 64-bit kernel shifts the high half of the position out"),
    ("pwritev", 4, "a 64-bit kernel shifts the high half of the position out"),
    ("pwritev2", 4, "a 64-bit kernel shifts the high half of the position out"),
];

/// Where tracefs is, or what to do about it.
fn events() -> Result<PathBuf, String> {
    let places = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"].map(Path::new);
    let Some(tracefs) = places.into_iter().find(|place| place.join("events").is_dir()) else {
        return Err("tracefs is not to be seen: as root, mount -t tracefs tracefs /sys/kernel/tracing".to_owned());
    };
    let events = tracefs.join("events/syscalls");
    if events.is_dir() {
        Ok(events)
    } else {
        Err(format!("{} is missing: the kernel needs CONFIG_FTRACE_SYSCALLS=y", events.display()))
    }
}

/// The C types of a syscall's arguments, out of its `format` file. Its lines are such as
/// `field:const char * filename; offset:16; size:8; signed:0;`, indented and parted by tabs. Kernels of series 7 add what
/// addresses point to, as `__data_loc`: no arguments.
fn fields(format: &str) -> Vec<String> {
    let declarations = format.lines().filter_map(|line| line.trim_start().strip_prefix("field:")?.split(';').next());
    let added = |field: &str| field.contains(" common_") || field.starts_with("__data_loc ");
    let own = declarations.filter(|field| !added(field) && !field.ends_with(" __syscall_nr"));
    own.map(|field| field.rsplit_once(' ').map_or(field, |(kind, _name)| kind).trim().to_owned()).collect()
}

fn is_pointer(ctype: &str) -> bool {
    // Typedefs of pointers.
    ctype.contains('*') || ctype.contains("cap_user_header_t") || ctype.contains("cap_user_data_t")
}

/// The row for a syscall of the running machine; of another only if this one has none of the name.
fn row(name: &str) -> Option<&'static Syscall> {
    let native = numbers::table(Abi::Native).iter().map(|numbered| numbered.row);
    let others = NATIVE_ROWS.iter().chain(I386_ROWS).map(|&(_, row)| row);
    native.chain(others).find(|row| row.name == name)
}

/// What is wrong with calling a `ctype` what `arg` is called.
fn complaint(arg: &Arg, ctype: &str) -> Option<&'static str> {
    let op = arg.op(Abi::Native);
    if is_pointer(ctype) {
        if matches!(op, Op::Reg(_)) {
            return (arg.kind != Kind::Ptr).then_some("a pointer is shown as a number");
        }
        let out =
            matches!(op, Op::Mem { dir: Dir::Out, .. } | Op::Iov { dir: Dir::Out, .. } | Op::Msg { dir: Dir::Out, .. });
        return (out && ctype.starts_with("const ")).then_some("the kernel does not write there");
    }
    if !matches!(op, Op::Reg(_)) {
        return Some("a number is taken for a pointer");
    }
    let expected = match ctype {
        "umode_t" => Kind::Mode,
        "pid_t" => Kind::Pid,
        "uid_t" => Kind::Uid,
        "gid_t" => Kind::Gid,
        "loff_t" => Kind::Off,
        "mqd_t" => Kind::Fd,
        _ => return None,
    };
    (arg.kind != expected).then_some("the type has a kind of its own")
}

#[test]
fn every_row_agrees_with_the_kernel() {
    let events = events().unwrap_or_else(|remedy| panic!("{remedy}"));
    let folders = fs::read_dir(&events).unwrap_or_else(|error| panic!("{}: {error}", events.display()));

    let mut checked = 0;
    let mut wrong = String::new();
    for folder in folders {
        let folder = folder.expect("tracefs lists its folders");
        let file_name = folder.file_name();
        let Some(function) = file_name.to_str().and_then(|name| name.strip_prefix("sys_enter_")) else { continue };
        let path = folder.path().join("format");
        let format = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));

        let name = ALIASES.iter().find(|(alias, _)| *alias == function).map_or(function, |(_, name)| name);
        let Some(row) = row(name) else {
            let _ = writeln!(wrong, "{name}: no row");
            continue;
        };
        let fields = fields(&format);
        for arg in row.args {
            let Some(ctype) = fields.get(usize::from(arg.at)) else {
                let _ = writeln!(wrong, "{name}.{}: the kernel has {} arguments", arg.name, fields.len());
                continue;
            };
            let excepted = EXCEPTIONS.iter().any(|(row, excepted, _)| (*row, *excepted) == (name, arg.name));
            match complaint(arg, ctype) {
                Some(complaint) if !excepted => {
                    let _ = writeln!(wrong, "{name}.{}: {complaint}: {ctype} is {:?}", arg.name, arg.kind);
                }
                None if excepted => {
                    let _ = writeln!(wrong, "{name}.{}: needs no exception: {ctype} is {:?}", arg.name, arg.kind);
                }
                Some(_) | None => (),
            }
        }
        for (ctype, at) in fields.iter().zip(0..) {
            let shown = row.args.iter().any(|arg| arg.at == at);
            if !shown && !UNSHOWN.iter().any(|(row, unshown, _)| (*row, *unshown) == (name, at)) {
                let _ = writeln!(wrong, "{name}: nothing shows argument {at}, a {ctype}");
            }
        }
        checked += 1;
    }

    assert!(wrong.is_empty(), "the table and the kernel disagree:\n{wrong}");
    // A kernel has some 350; far fewer means that this reads the wrong place.
    assert!(checked > 250, "{} describes only {checked} syscalls", events.display());
}

#[test]
fn exceptions_name_what_there_is() {
    for (name, arg, why) in EXCEPTIONS {
        let row = row(name).unwrap_or_else(|| panic!("no row is called {name}"));
        assert!(row.args.iter().any(|found| found.name == *arg), "{name} has no {arg}, which is excepted since {why}");
    }
    for (name, at, why) in UNSHOWN {
        let row = row(name).unwrap_or_else(|| panic!("no row is called {name}"));
        assert!(row.args.iter().all(|arg| arg.at != *at), "{name} shows register {at}, which is excepted since {why}");
    }
}
