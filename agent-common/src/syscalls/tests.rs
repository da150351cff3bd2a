// SPDX-License-Identifier: Apache-2.0
//! What must hold for every row, and for the numbers that point to them.

use super::{I386_ROWS, NATIVE_ROWS};
use crate::{
    class,
    layout::Layout,
    numbers::{AARCH64, I386, MAX_NR, X86_64},
    record,
    schema::{Abi, Cap, Hook, Kind, Len, Numbered, Op, Syscall},
};

const TABLES: [(&str, &[Numbered]); 3] = [("x86_64", X86_64), ("aarch64", AARCH64), ("i386", I386)];

/// Number of registers that carry arguments.
const REGISTERS: u8 = 6;

fn rows() -> impl Iterator<Item = (&'static str, &'static Syscall)> {
    NATIVE_ROWS.iter().chain(I386_ROWS).copied()
}

/// The row that `name` has in `table`.
fn numbered(table: &'static [Numbered], name: &str) -> Option<&'static Syscall> {
    table.iter().map(|numbered| numbered.row).find(|row| row.name == name)
}

/// The register that a length is taken from.
fn len_register(len: Len) -> Option<u8> {
    match len {
        Len::Arg(at)
        | Len::Times(at, _)
        | Len::RetArg(at)
        | Len::RetTimesArg(at, _)
        | Len::Deref(at)
        | Len::Bits(at) => Some(at),
        Len::Fixed(_) | Len::Ret | Len::RetTimes(_) => None,
    }
}

/// The registers that an op reads: the argument's own, and the one that selects or measures it.
fn registers(op: Op) -> (u8, Option<u8>) {
    match op {
        Op::Reg(at) | Op::Str(at) | Op::Strv(at) | Op::ExecPath { at, .. } => (at, None),
        Op::StrIf { at, sel, .. } => (at, Some(sel)),
        Op::Mem { at, len, .. } => (at, len_register(len)),
        Op::Iov { at, count, .. } => (at, Some(count)),
        Op::Msg { at, .. } | Op::ExecStrings { at, .. } => (at, None),
    }
}

/// The most bytes that an op adds to a record.
fn most(op: Op) -> usize {
    let snap = record::MAX_SNAPLEN as usize;
    match op {
        Op::Reg(_) => record::WORD,
        Op::Str(_) | Op::StrIf { .. } | Op::ExecPath { .. } => usize::from(record::PATH_MAX),
        Op::Mem { len, cap, .. } => {
            let cap = match cap {
                Cap::Snap => snap,
                Cap::Bytes(n) => usize::from(n),
            };
            match len {
                Len::Fixed(n) => cap.min(usize::from(n)),
                Len::Arg(_)
                | Len::Times(..)
                | Len::Ret
                | Len::RetArg(_)
                | Len::RetTimes(_)
                | Len::RetTimesArg(..)
                | Len::Deref(_)
                | Len::Bits(_) => cap,
            }
        }
        Op::Iov { .. } => snap,
        Op::Msg { .. } => {
            record::MSG_PREFIX_LEN + usize::from(record::SOCKADDR_MAX) + usize::from(record::CONTROL_MAX) + snap
        }
        Op::Strv(_) | Op::ExecStrings { .. } => usize::from(record::STRINGS_MAX),
    }
}

#[test]
fn numbers_ascend_and_fit() {
    for (table, numbers) in TABLES {
        assert!(numbers.is_sorted_by(|a, b| a.nr < b.nr), "{table} does not ascend");
        assert!(numbers.iter().all(|numbered| numbered.nr < MAX_NR), "{table} goes beyond MAX_NR");
    }
}

#[test]
fn numbers_are_the_kernels() {
    for (numbers, nr, name) in [
        (X86_64, 0, "read"),
        (X86_64, 59, "execve"),
        (X86_64, 435, "clone3"),
        (AARCH64, 56, "openat"),
        (AARCH64, 220, "clone"),
        (AARCH64, 435, "clone3"),
        (I386, 11, "execve"),
        (I386, 102, "socketcall"),
        (I386, 435, "clone3"),
    ] {
        let found = numbers.iter().find(|numbered| numbered.nr == nr).map(|numbered| numbered.row.name);
        assert_eq!(found, Some(name), "number {nr}");
    }
}

#[test]
fn every_row_has_a_number() {
    for (item, row) in rows() {
        let used = TABLES.iter().any(|(_, numbers)| numbers.iter().any(|numbered| core::ptr::eq(numbered.row, row)));
        assert!(used, "no number table has {item}");
    }
}

#[test]
fn a_name_stands_once_in_a_table() {
    for (table, numbers) in TABLES {
        for (i, numbered) in numbers.iter().enumerate() {
            let name = numbered.row.name;
            assert!(numbers[..i].iter().all(|other| other.row.name != name), "{name} stands twice in {table}");
        }
    }
}

#[test]
fn i386_rows_differ_from_the_native_ones() {
    for (item, row) in I386_ROWS {
        if let Some((_, native)) = NATIVE_ROWS.iter().find(|(native, _)| native == item) {
            assert!(row.args != native.args || row.hook != native.hook, "the native row of {item} does");
        }
    }
}

#[test]
fn clone_is_each_architectures_own() {
    for (numbers, fourth) in [(X86_64, "child_tid"), (AARCH64, "tls"), (I386, "tls")] {
        let clone = numbered(numbers, "clone").expect("every architecture clones");
        assert_eq!(clone.args[3].name, fourth);
    }
}

#[test]
fn arguments_have_names_of_their_own() {
    for (item, row) in rows() {
        for (i, arg) in row.args.iter().enumerate() {
            assert!(row.args[..i].iter().all(|other| other.name != arg.name), "{item} has two {}", arg.name);
        }
    }
}

#[test]
fn arguments_fit_registers_and_records() {
    for (item, row) in rows() {
        assert!(row.args.len() <= record::MAX_ARGS, "{item} has too many arguments");
        assert!(row.args.is_sorted_by_key(|arg| arg.at), "{item} is not in the order of its registers");
        for abi in Abi::ALL {
            for arg in row.args {
                let (at, other) = registers(arg.op(abi));
                assert!(at == arg.at && at < REGISTERS, "{item}: {} is in no register", arg.name);
                assert!(other.is_none_or(|at| at < REGISTERS), "{item}: {} is measured by no register", arg.name);
            }
            let most = record::payload_at(row.words(abi), row.args.len() - row.words(abi))
                + row.args.iter().map(|arg| most(arg.op(abi))).sum::<usize>();
            assert!(most <= record::MAX_RECORD, "a record of {item} can have {most} bytes");
        }
    }
}

/// 64-bit offsets take two registers there, so that a shared row with one would show half of it.
#[test]
fn no_32_bit_register_holds_a_64_bit_offset() {
    for numbered in I386 {
        let row = numbered.row;
        assert!(row.args.iter().all(|arg| arg.kind != Kind::Off), "{} needs an i386 row", row.name);
    }
}

/// What limits an argument is itself shown, and is what the limit takes it for: a number, or a pointer to one.
#[test]
fn limits_are_arguments() {
    for (item, row) in rows() {
        for arg in row.args {
            let op = arg.op(Abi::Native);
            let (_, Some(limit)) = registers(op) else { continue };
            let pointer = matches!(op, Op::Mem { len: Len::Deref(_), .. });
            let fits = row.args.iter().any(|other| {
                other.at == limit
                    && match other.op(Abi::Native) {
                        Op::Reg(_) => !pointer && !matches!(other.kind, Kind::Ptr | Kind::Fd | Kind::Dirfd),
                        Op::Mem { .. } => pointer && matches!(other.kind, Kind::StructOut(Layout::U32)),
                        Op::Str(_)
                        | Op::StrIf { .. }
                        | Op::Iov { .. }
                        | Op::Msg { .. }
                        | Op::Strv(_)
                        | Op::ExecStrings { .. }
                        | Op::ExecPath { .. } => false,
                    }
            });
            assert!(fits, "{item}: nothing shows what limits {}", arg.name);
        }
        for arg in row.args {
            if let Kind::Mmsg(count) = arg.kind {
                assert!(row.args.iter().any(|other| other.at == count), "{item}: nothing shows its count");
            }
        }
    }
}

#[test]
fn only_these_calls_are_recorded_at_their_entry() {
    for (item, row) in rows() {
        let hook = match item {
            "exit" | "exit_group" => Hook::Enter,
            "execve" | "execveat" | "rt_sigreturn" | "sigreturn" => Hook::Both,
            "close" => Hook::Entry,
            _ => Hook::Exit,
        };
        assert_eq!(row.hook, hook, "{item}");
    }
}

#[test]
fn every_row_is_in_a_class_and_every_class_has_rows() {
    let known = class::ALL.iter().fold(0, |known, (_, bit)| known | bit);
    for (item, row) in rows() {
        assert_ne!(row.classes, 0, "{item} is in no class");
        assert_eq!(row.classes & !known, 0, "{item} is in a class without a name");
    }
    for (name, bit) in class::ALL {
        assert!(rows().any(|(_, row)| row.classes & bit != 0), "class {name} is empty");
    }
}

/// Whoever takes a descriptor, a file name or a signal is found by the class of that name.
#[test]
fn classes_follow_from_kinds() {
    for (item, row) in rows() {
        for arg in row.args {
            let class = if matches!(arg.kind, Kind::Fd | Kind::Dirfd | Kind::StructOut(Layout::FdPair)) {
                class::DESC
            } else if matches!(arg.kind, Kind::Path | Kind::ExecPath(_)) {
                class::FILE
            } else if matches!(arg.kind, Kind::Sockaddr(_) | Kind::SockaddrOut(_)) {
                class::NETWORK
            } else if arg.kind == Kind::Signal {
                class::SIGNAL
            } else {
                continue;
            };
            assert_ne!(row.classes & class, 0, "{item} has {}, but not its class", arg.name);
        }
    }
}

#[test]
fn words_follow_the_caller() {
    let op = |abi| super::rows::native::nanosleep.args[0].op(abi);
    let sized = |op, size| matches!(op, Op::Mem { len: Len::Fixed(n), .. } if n == size);
    assert!(sized(op(Abi::Native), 16));
    assert!(sized(op(Abi::I386), 8));
}

#[test]
fn arguments_have_falcos_names() {
    assert!(FALCO.len() >= 120);
    for (name, parameters) in FALCO {
        let row = numbered(X86_64, name).or_else(|| numbered(I386, name));
        let Some(row) = row else { panic!("no row is called {name}") };
        for parameter in parameters.split(' ') {
            assert!(row.args.iter().any(|arg| arg.name == parameter), "{name} lacks Falco's {parameter}");
        }
    }
}

/// The parameters of Falco's events (driver schema 4.5.1) that are arguments of the call, by the kernel's name for it.
/// Left out is what Falco takes from elsewhere (results, addresses of both ends, inodes, memory sizes, credentials) or
/// out of a struct that is shown whole (`how` of openat2, `rlim`, `msg`, `params` of io_uring_setup, pipe's pair).
const FALCO: &[(&str, &str)] = &[
    ("_llseek", "fd whence"),
    ("accept", "fd"),
    ("accept4", "fd flags"),
    ("access", "name mode"),
    ("bind", "fd addr"),
    ("bpf", "cmd"),
    ("brk", "addr"),
    ("chdir", "path"),
    ("chmod", "filename mode"),
    ("chown", "path uid gid"),
    ("chroot", "path"),
    ("clone", "flags"),
    ("close", "fd"),
    ("close_range", "first last flags"),
    ("connect", "fd addr"),
    ("copy_file_range", "fdin offin fdout offout len"),
    ("creat", "name mode"),
    ("delete_module", "name flags"),
    ("dup", "oldfd"),
    ("dup2", "oldfd newfd"),
    ("dup3", "oldfd newfd flags"),
    ("epoll_create", "size"),
    ("epoll_create1", "flags"),
    ("epoll_wait", "maxevents"),
    ("eventfd", "initval"),
    ("eventfd2", "initval flags"),
    ("execve", "filename env"),
    ("execveat", "env"),
    ("fchdir", "fd"),
    ("fchmod", "fd mode"),
    ("fchmodat", "dirfd filename mode"),
    ("fchown", "fd uid gid"),
    ("fchownat", "dirfd pathname uid gid flags"),
    ("fcntl", "fd cmd arg"),
    ("finit_module", "fd uargs flags"),
    ("flock", "fd operation"),
    ("fsconfig", "fd cmd key value_bytebuf value_charbuf aux"),
    ("fstat", "fd"),
    ("futex", "addr op val"),
    ("getcwd", "path"),
    ("getdents", "fd"),
    ("getdents64", "fd"),
    ("getresgid", "rgid egid sgid"),
    ("getresuid", "ruid euid suid"),
    ("getrlimit", "resource"),
    ("getsockopt", "fd level optname val optlen"),
    ("init_module", "img length uargs"),
    ("inotify_init1", "flags"),
    ("io_uring_enter", "fd to_submit min_complete flags sig"),
    ("io_uring_register", "fd opcode arg nr_args"),
    ("io_uring_setup", "entries"),
    ("ioctl", "fd request argument"),
    ("keyctl", "operation arg2 arg3 arg4 arg5"),
    ("kill", "pid sig"),
    ("lchown", "path uid gid"),
    ("link", "oldpath newpath"),
    ("linkat", "olddir oldpath newdir newpath flags"),
    ("listen", "fd backlog"),
    ("lseek", "fd offset whence"),
    ("lstat", "path"),
    ("lstat64", "path"),
    ("memfd_create", "name flags"),
    ("mkdir", "path mode"),
    ("mkdirat", "dirfd path mode"),
    ("mknod", "path mode dev"),
    ("mknodat", "dirfd path mode dev"),
    ("mlock", "addr len"),
    ("mlock2", "addr len flags"),
    ("mlockall", "flags"),
    ("mmap", "addr length prot flags fd offset"),
    ("mmap2", "addr length prot flags fd pgoffset"),
    ("mount", "dev dir type flags"),
    ("mprotect", "addr length prot"),
    ("munlock", "addr len"),
    ("munmap", "addr length"),
    ("nanosleep", "interval"),
    ("newfstatat", "dirfd path flags"),
    ("open", "name flags mode"),
    ("open_by_handle_at", "mountfd flags"),
    ("openat", "dirfd name flags mode"),
    ("openat2", "dirfd name"),
    ("pidfd_getfd", "pid_fd target_fd flags"),
    ("pidfd_open", "pid flags"),
    ("pipe2", "flags"),
    ("poll", "fds timeout"),
    ("ppoll", "fds timeout sigmask"),
    ("prctl", "option arg2_str arg2_int"),
    ("pread64", "fd data size pos"),
    ("preadv", "fd data pos"),
    ("prlimit64", "pid resource"),
    ("process_vm_readv", "pid data"),
    ("process_vm_writev", "pid data"),
    ("ptrace", "request pid addr data"),
    ("pwrite64", "fd data size pos"),
    ("pwritev", "fd data pos"),
    ("quotactl", "cmd special id quotafilepath"),
    ("read", "fd data size"),
    ("readv", "fd data"),
    ("recvfrom", "fd data size"),
    ("recvmmsg", "fd"),
    ("recvmsg", "fd"),
    ("rename", "oldpath newpath"),
    ("renameat", "olddirfd oldpath newdirfd newpath"),
    ("renameat2", "olddirfd oldpath newdirfd newpath flags"),
    ("rmdir", "path"),
    ("seccomp", "op flags"),
    ("semctl", "semid semnum cmd val"),
    ("semget", "key nsems semflg"),
    ("semop", "semid nsops"),
    ("sendfile", "out_fd in_fd offset size"),
    ("sendmmsg", "fd"),
    ("sendmsg", "fd"),
    ("sendto", "fd data size"),
    ("setgid", "gid"),
    ("setns", "fd nstype"),
    ("setpgid", "pid pgid"),
    ("setregid", "rgid egid"),
    ("setresgid", "rgid egid sgid"),
    ("setresuid", "ruid euid suid"),
    ("setreuid", "ruid euid"),
    ("setrlimit", "resource"),
    ("setsockopt", "fd level optname val optlen"),
    ("setuid", "uid"),
    ("shutdown", "fd how"),
    ("signalfd", "fd mask"),
    ("signalfd4", "fd mask flags"),
    ("socket", "domain type proto"),
    ("socketpair", "domain type proto"),
    ("splice", "fd_in fd_out size flags"),
    ("stat", "path"),
    ("stat64", "path"),
    ("symlink", "target linkpath"),
    ("symlinkat", "target linkdirfd linkpath"),
    ("tgkill", "pid tid sig"),
    ("timerfd_create", "clockid flags"),
    ("tkill", "tid sig"),
    ("umount", "name"),
    ("umount2", "name flags"),
    ("unlink", "path"),
    ("unlinkat", "dirfd name flags"),
    ("unshare", "flags"),
    ("userfaultfd", "flags"),
    ("write", "fd data size"),
    ("writev", "fd data"),
];

#[test]
fn registers_are_told_by_their_kind() {
    for (name, row) in rows() {
        for arg in row.args {
            for abi in Abi::ALL {
                assert_eq!(arg.kind.is_register(), matches!(arg.op(abi), Op::Reg(_)), "{name} {}", arg.name);
            }
        }
    }
}
