// SPDX-License-Identifier: Apache-2.0
//! What is written is read back here, and gives the value again: for every set, on every machine.

use std::collections::{BTreeMap, BTreeSet};

use agent_common::{
    schema::Kind,
    syscalls::{I386_ROWS, NATIVE_ROWS},
};
use proptest::prelude::{any, proptest};

use super::{write::Spelling, *};

const MACHINES: [Machine; 3] = [Machine::X86_64, Machine::Aarch64, Machine::I386];

/// Every set that a syscall's argument or a struct's member draws from.
fn sets() -> BTreeMap<String, Set> {
    let rows = NATIVE_ROWS.iter().chain(I386_ROWS);
    let used = rows
        .flat_map(|(_, row)| row.args)
        .filter_map(|arg| if let Kind::Flags(set) | Kind::Enum(set) = arg.kind { Some(set) } else { None });
    let others = [Set::EpollEvents, Set::Poll, Set::Resolve, Set::SigactionFlags, Set::StatmountMask, Set::Ipc];
    used.chain(others).map(|set| (format!("{set:?}"), set)).collect()
}

/// Calls `check` with every form there is.
fn each_form(mut check: impl FnMut(&str, &Form)) {
    for (name, set) in sets() {
        for machine in MACHINES {
            if set == Set::SockOpt || set == Set::Protocol {
                for selector in 0..300 {
                    let form = form(set, machine, &[selector; 6]);
                    check(&format!("{name} of {selector} on {machine:?}"), &form);
                }
            } else {
                check(&format!("{name} on {machine:?}"), &form(set, machine, &[0; 6]));
            }
        }
    }
    for machine in MACHINES {
        let tables = machine.pick(&[file::OPEN_X86, file::OPENAT2], &[file::OPEN_AARCH64, file::OPENAT2]);
        check("open_how", &OPEN.tables(tables).long());
    }
    check("clone_args", &many(&[process::CLONE, process::CLONE_TIME]).long());
    check("capabilities", &many(&[signal::STACK]));
}

fn text(form: &Form, value: u64) -> String {
    let mut out = Vec::new();
    form.write(value, &mut out);
    String::from_utf8(out).unwrap()
}

fn number(text: &str) -> u64 {
    let (digits, radix) = match text {
        "0" => ("0", 10),
        _ if text.starts_with("0x") => (&text[2..], 16),
        _ if text.starts_with('0') => (&text[1..], 8),
        _ => (text, 10),
    };
    match digits.strip_prefix('-') {
        Some(digits) => u64::from_str_radix(digits, radix).unwrap().wrapping_neg(),
        None => u64::from_str_radix(digits, radix).unwrap_or_else(|_| panic!("no symbol: {text}")),
    }
}

fn lookup(tables: &[Table], text: &str) -> u64 {
    let found = tables.iter().copied().flatten().find(|(_, name)| *name == text);
    found.map_or_else(|| number(text), |(value, _)| *value)
}

/// The value that a text stands for.
fn parse(form: &Form, text: &str) -> u64 {
    if form.zero == Some(text) {
        return 0;
    }
    let call = text.strip_suffix(')').and_then(|text| text.split_once('('));
    let args = |args: &str| args.split(", ").map(str::to_owned).collect::<Vec<_>>();
    let value = match (form.spelling, call) {
        (Spelling::One, _) => lookup(form.tables, text),
        (Spelling::Many, _) => parse_many(text, form.head, form.tables, form.tail),
        (Spelling::Personality, _) => parse_many(text, &[], &[process::PERSONALITY, process::PERSONALITY_FLAGS], &[]),
        (Spelling::Clock, Some((whose, rest))) => {
            let args = args(rest);
            let base = !number(&args[0]) << 3;
            let counts = match args.get(1).map(String::as_str) {
                Some("CPUCLOCK_PROF") => 0,
                Some("CPUCLOCK_VIRT") => 1,
                Some("CPUCLOCK_SCHED") => 2,
                _ => 3,
            };
            base | counts | if whose == "MAKE_THREAD_CPUCLOCK" { 4 } else { 0 }
        }
        (Spelling::Clock, None) => lookup(&[time::CLOCK], text),
        (Spelling::Quota, Some(("QCMD", rest))) => {
            let args = args(rest);
            (lookup(&[file::QUOTA], &args[0]) << 8) | lookup(&[file::QUOTA_TYPE], &args[1])
        }
        (Spelling::Ipc, Some(("IPCCALL", rest))) => {
            let args = args(rest);
            (number(&args[0]) << 16) | lookup(&[ipc::CALL], &args[1])
        }
        (Spelling::Ipc, None) => lookup(&[ipc::CALL], text),
        (Spelling::Ethertype, Some(("htons", protocol))) => {
            u64::from((lookup(&[net::ETHERTYPE], protocol) as u16).to_be())
        }
        (Spelling::Ethertype, None) => number(text),
        (Spelling::Ioctl(_), Some((name, rest))) => parse_ioctl(name, &args(rest)),
        (Spelling::Ioctl(machine), None) => lookup(ioctl::tables(machine), text),
        wrong => panic!("{text}: {wrong:?}"),
    };
    value & form.bits
}

fn parse_ioctl(name: &str, args: &[String]) -> u64 {
    let arg = |i: usize| args.get(i).map_or("0", String::as_str);
    let ioc =
        |direction: u64, kind: u8, nr: u64, size: u64| (direction << 30) | (size << 16) | (u64::from(kind) << 8) | nr;
    if name == "_IOC" {
        let direction = match arg(0) {
            "_IOC_NONE" => 0,
            "_IOC_WRITE" => 1,
            "_IOC_READ" => 2,
            "_IOC_READ|_IOC_WRITE" => 3,
            wrong => panic!("{wrong}"),
        };
        return ioc(direction, number(arg(1)) as u8, number(arg(2)), number(arg(3)));
    }
    let first = number(arg(0));
    match name {
        "EVIOCGABS" => ioc(2, b'E', 0x40 + first, 24),
        "EVIOCSABS" => ioc(1, b'E', 0xc0 + first, 24),
        "EVIOCGBIT" => ioc(2, b'E', 0x20 + first, number(arg(1))),
        "EVIOCGNAME" => ioc(2, b'E', 6, first),
        "HIDIOCSFEATURE" => ioc(3, b'H', 6, first),
        _ => panic!("{name}"),
    }
}

fn parse_many(text: &str, head: &[Field], flags: &[Table], tail: &[Field]) -> u64 {
    text.split('|').fold(0, |value, symbol| {
        let bits = head.iter().chain(tail).find_map(|Field(_, part)| match *part {
            Named(table) | Shifted(.., table) if table.iter().any(|(_, name)| *name == symbol) => {
                Some(lookup(&[table], symbol))
            }
            Shifted(shift, unit, _) => Some(number(symbol.strip_suffix(unit)?.strip_suffix("<<")?) << shift),
            Signal => (1..=64).find(|signal| super::signal(*signal) == Some(symbol)).map(|signal| signal as u64),
            Named(_) | Octal => None,
        });
        let bits = bits.unwrap_or_else(|| lookup(flags, symbol));
        assert_eq!(value & bits, 0, "{symbol} repeats bits in {text}");
        value | bits
    })
}

fn reversible(name: &str, form: &Form, value: u64) {
    let text = text(form, value);
    assert!(!text.is_empty(), "{name}: {value:#x}");
    assert!(text.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'"' && b != b'\\'), "{name}: {text}");
    assert_eq!(parse(form, &text), value & form.bits, "{name}: {value:#x} as {text}");
}

#[test]
fn single_bits_and_a_few() {
    each_form(|name, form| {
        if matches!(form.spelling, Spelling::Ioctl(_)) {
            return;
        }
        reversible(name, form, 0);
        for bit in 0..64 {
            let one = 1_u64 << bit;
            reversible(name, form, one);
            reversible(name, form, one | 1);
            reversible(name, form, one | one.rotate_left(1));
            reversible(name, form, one | one.rotate_left(9) | one.rotate_left(20));
            reversible(name, form, !one);
            reversible(name, form, one.wrapping_neg());
        }
        reversible(name, form, u64::MAX);
        reversible(name, form, u64::from(u32::MAX));
    });
}

#[test]
fn sixteen_bits() {
    for (name, set) in sets() {
        let form = form(set, Machine::X86_64, &[2, 1, 0, 0, 0, 0]);
        if matches!(form.spelling, Spelling::Many | Spelling::Ioctl(_)) {
            continue;
        }
        for value in 0..1 << 16 {
            // Most values have no name.
            if text(&form, value).parse() != Ok(value) {
                reversible(&name, &form, value);
            }
        }
    }
}

#[test]
fn all_that_tables_say() {
    each_form(|name, form| {
        let fields = |fields: &'static [Field]| {
            fields.iter().filter_map(|Field(mask, part)| match *part {
                Named(table) | Shifted(.., table) => Some((*mask, table)),
                Signal | Octal => None,
            })
        };
        let (one, flags, parts): (&[Table], &[Table], Vec<_>) = match form.spelling {
            Spelling::One => (form.tables, &[], vec![]),
            Spelling::Many => (&[], form.tables, fields(form.head).chain(fields(form.tail)).collect()),
            Spelling::Ioctl(machine) => (ioctl::tables(machine), &[], vec![]),
            Spelling::Clock => (&[time::CLOCK], &[], vec![]),
            Spelling::Quota => (&[file::QUOTA], &[], vec![]),
            Spelling::Ipc => (&[ipc::CALL], &[], vec![]),
            Spelling::Ethertype => (&[net::ETHERTYPE], &[], vec![]),
            Spelling::Personality => (&[], &[process::PERSONALITY_FLAGS], vec![(0xff, process::PERSONALITY)]),
        };
        let mut names = BTreeSet::new();
        let mut unique = |symbol: &'static str| {
            assert!(names.insert(symbol), "{name}: {symbol} twice");
            let word = symbol.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            assert!(word && !symbol.is_empty(), "{name}: {symbol}");
        };
        let mut values = BTreeSet::new();
        for table in one {
            assert!(table.is_sorted_by(|(a, _), (b, _)| a < b), "{name}: {table:?}");
            for (value, symbol) in *table {
                assert_eq!(value & form.bits, *value, "{name}: {symbol}");
                unique(symbol);
                assert!(values.insert(*value), "{name}: {symbol} has another's value");
            }
        }
        let masks = parts.iter().fold(0, |masks, (mask, table)| {
            assert_eq!(masks & mask & form.bits, 0, "{name}: fields overlap");
            assert!(table.is_sorted_by(|(a, _), (b, _)| a < b), "{name}: {table:?}");
            for (value, symbol) in *table {
                assert_eq!(value & mask, *value, "{name}: {symbol}");
                unique(symbol);
                if *value & form.bits != 0 {
                    assert!(text(form, *value).split('|').any(|word| word == *symbol), "{name}: {symbol}");
                }
            }
            masks | mask
        });
        let mut seen = 0;
        for (bits, symbol) in flags.iter().copied().flatten() {
            unique(symbol);
            assert_ne!(*bits, 0, "{name}: {symbol}");
            // A magic number shares its bits with flags; other parts keep theirs.
            if !matches!(parts[..], [(_, mount::MOUNT_MAGIC)]) {
                assert_eq!(bits & masks & form.bits, 0, "{name}: {symbol} is part of a field");
            }
            assert_ne!(bits & !seen, 0, "{name}: {symbol} comes after its parts");
            seen |= if bits.is_power_of_two() { *bits } else { 0 };
            if bits & form.bits == *bits {
                assert!(text(form, *bits).split('|').any(|word| word == *symbol), "{name}: {symbol}");
            }
        }
    });
}

proptest! {
    #[test]
    fn any_value(value: u64, level in 0_u64..300, domain in 0_u64..50) {
        for (name, set) in sets() {
            for machine in MACHINES {
                let form = form(set, machine, &[domain, level, 0, 0, 0, 0]);
                if !matches!(form.spelling, Spelling::Ioctl(_)) {
                    reversible(&name, &form, value);
                }
            }
        }
    }

    #[test]
    fn any_request(direction in 0_u64..4, kind: u8, nr: u8, size in 0_u64..0x4000, machine in 0_usize..3) {
        let form = Form::ioctl(MACHINES[machine]);
        let request = (direction << 30) | (size << 16) | (u64::from(kind) << 8) | u64::from(nr);
        let text = text(&form, request);
        if !text.contains('(') || text.starts_with("_IOC") {
            assert_eq!(parse(&form, &text), request, "{text}");
        }
    }

    #[test]
    fn any_number(n in any::<i32>()) {
        let _ = (errno(n), signal(n));
        write_signal(n, &mut Vec::new());
    }
}

fn native(set: Set, value: u64, args: [u64; 6]) -> String {
    text(&form(set, Machine::X86_64, &args), value)
}

fn plain(set: Set, value: u64) -> String {
    native(set, value, [0; 6])
}

#[test]
fn as_people_know_them() {
    for (set, value, want) in [
        (Set::Open, 0, "O_RDONLY"),
        (Set::Open, 0o101, "O_WRONLY|O_CREAT"),
        (Set::Open, 0o3, "0x3"),
        (Set::Open, 0o4_012_000 | 2, "O_RDWR|O_APPEND|O_SYNC"),
        (Set::Open, 0o10000, "O_RDONLY|O_DSYNC"),
        (Set::Open, 0o20_200_002, "O_RDWR|O_TMPFILE"),
        (Set::Open, 0o200_000, "O_RDONLY|O_DIRECTORY"),
        (Set::Open, 0x4000_0000, "O_RDONLY|0x40000000"),
        (Set::Open, 0xdead_beef_0000_0001, "O_WRONLY"),
        (Set::Access, 0, "F_OK"),
        (Set::Access, 5, "X_OK|R_OK"),
        (Set::Prot, 0, "PROT_NONE"),
        (Set::Prot, 7, "PROT_READ|PROT_WRITE|PROT_EXEC"),
        (Set::Map, 0x22, "MAP_PRIVATE|MAP_ANONYMOUS"),
        (Set::Map, 0x3, "MAP_SHARED_VALIDATE"),
        (Set::Map, 0x20, "MAP_ANONYMOUS"),
        (Set::Map, 0x40022 | (21 << 26), "MAP_PRIVATE|MAP_ANONYMOUS|MAP_HUGETLB|MAP_HUGE_2MB"),
        (Set::Map, 0x40002 | (33 << 26), "MAP_PRIVATE|MAP_HUGETLB|33<<MAP_HUGE_SHIFT"),
        (Set::Madvise, 0, "MADV_NORMAL"),
        (Set::Madvise, 77, "77"),
        (Set::Clone, 17, "SIGCHLD"),
        (Set::Clone, 0x4111, "CLONE_VM|CLONE_VFORK|SIGCHLD"),
        (Set::Clone, 0x1_0000_0100, "CLONE_VM"),
        (Set::Clone, 0x100, "CLONE_VM"),
        (Set::Unshare, 0x2000_0080, "CLONE_NEWTIME|CLONE_NEWPID"),
        (Set::SocketType, 0x80801, "SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC"),
        (Set::FutexOp, 0x80, "FUTEX_WAIT|FUTEX_PRIVATE_FLAG"),
        (Set::FutexOp, 0x189, "FUTEX_WAIT_BITSET|FUTEX_PRIVATE_FLAG|FUTEX_CLOCK_REALTIME"),
        (Set::IpcGet, 0o1600, "IPC_CREAT|0600"),
        (Set::IpcGet, 0, "0"),
        (Set::ShmCtl, 0, "IPC_RMID"),
        (Set::ShmCtl, 11, "SHM_LOCK"),
        (Set::SemCtl, 12, "GETVAL"),
        (Set::MsgCtl, 12, "MSG_INFO"),
        (Set::SemCtl, 0x102, "IPC_STAT|IPC_64"),
        (Set::Mount, 0x1001, "MS_RDONLY|MS_BIND"),
        (Set::Mount, 0xc0ed_0001, "MS_MGC_VAL|MS_RDONLY"),
        (Set::StatxMask, 0x7ff, "STATX_BASIC_STATS"),
        (Set::StatxMask, 0xfff, "STATX_BASIC_STATS|STATX_BTIME"),
        (Set::SchedPolicy, 0x4000_0000, "SCHED_OTHER|SCHED_RESET_ON_FORK"),
        (Set::SchedPolicy, 2, "SCHED_RR"),
        (Set::Whence, 2, "SEEK_END"),
        (Set::Whence, 0xffff_ffff, "-1"),
        (Set::RusageWho, 0xffff_ffff_ffff_ffff, "RUSAGE_CHILDREN"),
        (Set::Clock, 1, "CLOCK_MONOTONIC"),
        (Set::Clock, (!1234_u64 << 3) | 2, "MAKE_PROCESS_CPUCLOCK(1234, CPUCLOCK_SCHED)"),
        (Set::Clock, (!0_u64 << 3) | 6, "MAKE_THREAD_CPUCLOCK(0, CPUCLOCK_SCHED)"),
        (Set::Clock, (!5_u64 << 3) | 3, "FD_TO_CLOCKID(5)"),
        (Set::Clock, 99, "99"),
        (Set::Quotactl, 0x8000_0201, "QCMD(Q_QUOTAON, GRPQUOTA)"),
        (Set::Ipc, 0x1_0015, "IPCCALL(1, SHMAT)"),
        (Set::Ipc, 2, "SEMGET"),
        (Set::Personality, 0xffff_ffff, "0xffffffff"),
        (Set::Personality, 0x40000, "PER_LINUX|ADDR_NO_RANDOMIZE"),
        (Set::Kexec, 0, "KEXEC_ARCH_DEFAULT"),
        (Set::Kexec, (62 << 16) | 1, "KEXEC_ON_CRASH|KEXEC_ARCH_X86_64"),
        (Set::Mempolicy, 0x8002, "MPOL_BIND|MPOL_F_STATIC_NODES"),
        (Set::FanotifyInit, 0x1, "FAN_CLASS_NOTIF|FAN_CLOEXEC"),
        (Set::FanotifyMark, 0x111, "FAN_MARK_ADD|FAN_MARK_MNTNS"),
        (Set::Reboot, 0xffff_ffff_0123_4567, "LINUX_REBOOT_CMD_RESTART"),
        (Set::Sysfs, 2, "2"),
        (Set::Ioctl, 0x5401, "TCGETS"),
        (Set::Ioctl, 0x5413, "TIOCGWINSZ"),
        (Set::Ioctl, 0x541b, "FIONREAD"),
        (Set::Ioctl, 0x8912, "SIOCGIFCONF"),
        (Set::Ioctl, 0x4004_9409, "FICLONE"),
        (Set::Ioctl, 0xae80, "KVM_RUN"),
        (Set::Ioctl, 0x8008_6601, "FS_IOC_GETFLAGS"),
        (Set::Ioctl, 0x4004_54ca, "TUNSETIFF"),
        (Set::Ioctl, 0xc018_aa3f, "UFFDIO_API"),
        (Set::Ioctl, 0x1277, "BLKDISCARD"),
        (Set::Ioctl, 0x2285, "SG_IO"),
        (Set::Ioctl, 0x8100_4506, "EVIOCGNAME(256)"),
        (Set::Ioctl, 0x8060_4521, "EVIOCGBIT(1, 96)"),
        (Set::Ioctl, 0x8018_4541, "EVIOCGABS(1)"),
        (Set::Ioctl, 0xc008_f713, "_IOC(_IOC_READ|_IOC_WRITE, 0xf7, 0x13, 0x8)"),
        (Set::Ioctl, 0xf701, "_IOC(_IOC_NONE, 0xf7, 0x1, 0)"),
    ] {
        assert_eq!(plain(set, value), want, "{set:?} {value:#x}");
    }
}

#[test]
fn what_other_registers_say() {
    assert_eq!(native(Set::SockOpt, 2, [0, 1, 0, 0, 0, 0]), "SO_REUSEADDR");
    assert_eq!(native(Set::SockOpt, 2, [0, 6, 0, 0, 0, 0]), "TCP_MAXSEG");
    assert_eq!(native(Set::SockOpt, 26, [0, 41, 0, 0, 0, 0]), "IPV6_V6ONLY");
    assert_eq!(native(Set::SockOpt, 26, [0, 9999, 0, 0, 0, 0]), "26");
    assert_eq!(native(Set::Protocol, 6, [2, 0, 0, 0, 0, 0]), "IPPROTO_TCP");
    assert_eq!(native(Set::Protocol, 0, [10, 0, 0, 0, 0, 0]), "IPPROTO_IP");
    assert_eq!(native(Set::Protocol, 15, [16, 0, 0, 0, 0, 0]), "NETLINK_KOBJECT_UEVENT");
    assert_eq!(native(Set::Protocol, 0x300, [17, 0, 0, 0, 0, 0]), "htons(ETH_P_ALL)");
    assert_eq!(native(Set::Protocol, 0, [1, 0, 0, 0, 0, 0]), "0");
}

#[test]
fn what_machines_differ_in() {
    let on = |machine, set, value| text(&form(set, machine, &[0; 6]), value);
    assert_eq!(on(Machine::X86_64, Set::Open, 0o200_000), "O_RDONLY|O_DIRECTORY");
    assert_eq!(on(Machine::Aarch64, Set::Open, 0o200_000), "O_RDONLY|O_DIRECT");
    assert_eq!(on(Machine::Aarch64, Set::Open, 0o20_040_002), "O_RDWR|O_TMPFILE");
    assert_eq!(on(Machine::Aarch64, Set::Pipe, 0o200_000), "O_DIRECT");
    assert_eq!(on(Machine::X86_64, Set::Map, 0x40), "MAP_32BIT");
    assert_eq!(on(Machine::Aarch64, Set::Map, 0x40), "0x40");
    assert_eq!(on(Machine::Aarch64, Set::Prot, 0x10), "PROT_BTI");
    assert_eq!(on(Machine::X86_64, Set::FcntlCmd, 13), "13");
    assert_eq!(on(Machine::I386, Set::FcntlCmd, 13), "F_SETLK64");
    assert_eq!(on(Machine::I386, Set::Ioctl, 0x8004_6601), "FS_IOC_GETFLAGS");
    assert_eq!(on(Machine::I386, Set::Ptrace, 12), "PTRACE_GETREGS");
    assert_eq!(on(Machine::Aarch64, Set::Ptrace, 33), "PTRACE_PEEKMTETAGS");
}

#[test]
fn errors_and_signals() {
    // 41 and 58 are aliases on other machines and nothing here.
    for n in 1..=134 {
        assert_eq!(errno(n).is_some(), n != 41 && n != 58, "{n}");
    }
    assert_eq!(errno(2), Some("ENOENT"));
    assert_eq!(errno(11), Some("EAGAIN"));
    assert_eq!(errno(35), Some("EDEADLK"));
    assert_eq!(errno(95), Some("EOPNOTSUPP"));
    assert_eq!(errno(133), Some("EHWPOISON"));
    assert_eq!(errno(512), Some("ERESTARTSYS"));
    assert_eq!(errno(516), Some("ERESTART_RESTARTBLOCK"));
    assert_eq!((errno(0), errno(-2), errno(135), errno(511)), (None, None, None, None));
    for n in 1..=64 {
        assert!(signal(n).is_some(), "{n}");
    }
    assert_eq!((signal(0), signal(65), signal(-9)), (None, None, None));
    assert_eq!(
        (signal(9), signal(32), signal(33), signal(64)),
        (Some("SIGKILL"), Some("SIGRTMIN"), Some("SIGRT_1"), Some("SIGRT_32"))
    );
}

/// libc has the same constants; a few from each table that was not made from kernel headers.
#[test]
fn as_libc_has_them() {
    let constants: &[(Table, &str, u64)] = &[
        (net::DOMAIN, "AF_INET6", libc::AF_INET6 as u64),
        (net::DOMAIN, "AF_VSOCK", libc::AF_VSOCK as u64),
        (net::DOMAIN, "AF_XDP", libc::AF_XDP as u64),
        (net::SOCKET_TYPE, "SOCK_SEQPACKET", libc::SOCK_SEQPACKET as u64),
        (net::SOCKET_FLAGS, "SOCK_CLOEXEC", libc::SOCK_CLOEXEC as u64),
        (net::MSG, "MSG_NOSIGNAL", libc::MSG_NOSIGNAL as u64),
        (net::MSG, "MSG_WAITFORONE", libc::MSG_WAITFORONE as u64),
        (sockopt::LEVEL, "SOL_NETLINK", libc::SOL_NETLINK as u64),
        (sockopt::LEVEL, "SOL_TLS", libc::SOL_TLS as u64),
        (file::SPLICE, "SPLICE_F_GIFT", u64::from(libc::SPLICE_F_GIFT)),
        (mount::UMOUNT, "UMOUNT_NOFOLLOW", libc::UMOUNT_NOFOLLOW as u64),
        (errno::ERRNO, "ENOTRECOVERABLE", libc::ENOTRECOVERABLE as u64),
        (signal::SIGNALS, "SIGSYS", libc::SIGSYS as u64),
        (signal::SIGNALS, "SIGSTKFLT", libc::SIGSTKFLT as u64),
    ];
    for (table, name, value) in constants {
        let found = table.iter().find(|(_, symbol)| symbol == name);
        assert_eq!(found.map(|(value, _)| value), Some(value), "{name}");
    }
}
