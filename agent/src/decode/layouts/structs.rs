// SPDX-License-Identifier: Apache-2.0
//! The structs. Names and order are those of the kernel's headers; tests compare sizes and places with libc's.

use agent_common::sets::Set;

use super::members::{
    Kind::{self, Bits, Number, Numbers, Packed, Pad, Sigset, Struct, Text},
    Member,
    Style::{Device, Flags, Handler, Hex, Limit, Magic, Name, Nanoseconds, Octal, OpenHow, Signal, Signed, Unsigned},
    Width::{W16, W32, W64, Word},
};
use crate::decode::symbols::{Machine, Table, file, ipc, mount, process, signal, system};

/// A member.
const fn m(name: &'static str, kind: Kind) -> Member {
    Member { name, kind }
}

/// Bytes that are not shown.
const fn pad(size: usize) -> Member {
    Member { name: "", kind: Pad(size) }
}

/// By the symbols of a set.
const fn set(set: Set) -> super::members::Style {
    super::members::Style::Set(set)
}

/// A signed `int`.
const INT: Kind = Number(W32, Signed);
/// An `unsigned int`.
const UINT: Kind = Number(W32, Unsigned);
/// A signed `long`.
const LONG: Kind = Number(Word, Signed);
/// An `unsigned long`.
const ULONG: Kind = Number(Word, Unsigned);
/// A signed number of 8 bytes.
const S64: Kind = Number(W64, Signed);
/// An unsigned number of 8 bytes.
const U64: Kind = Number(W64, Unsigned);
/// A pointer.
const PTR: Kind = Number(Word, Hex);
/// A pointer in 8 bytes.
const PTR64: Kind = Number(W64, Hex);

/// `struct timespec`: `include/uapi/linux/time.h`.
pub(super) const TIMESPEC: &[Member] = &[m("tv_sec", LONG), m("tv_nsec", Number(Word, Nanoseconds))];

/// `struct __kernel_timespec`: `include/uapi/linux/time_types.h`. The upper half of a 32-bit caller's nanoseconds is
/// padding that the kernel does not look at.
pub(super) const fn timespec64(machine: Machine) -> &'static [Member] {
    match machine {
        Machine::X86_64 | Machine::Aarch64 => const { &[m("tv_sec", S64), m("tv_nsec", Number(W64, Nanoseconds))] },
        Machine::I386 => const { &[m("tv_sec", S64), m("tv_nsec", Number(W32, Nanoseconds)), pad(4)] },
    }
}

/// `struct timeval`: `include/uapi/linux/time.h`.
pub(super) const TIMEVAL: &[Member] = &[m("tv_sec", LONG), m("tv_usec", LONG)];

/// `struct timezone`: `include/uapi/linux/time.h`.
pub(super) const TIMEZONE: &[Member] = &[m("tz_minuteswest", INT), m("tz_dsttime", INT)];

/// `struct itimerval`: `include/uapi/linux/time.h`.
pub(super) const ITIMERVAL: &[Member] = &[m("it_interval", Struct(TIMEVAL)), m("it_value", Struct(TIMEVAL))];

/// `struct itimerspec`: `include/uapi/linux/time.h`.
pub(super) const ITIMERSPEC: &[Member] = &[m("it_interval", Struct(TIMESPEC)), m("it_value", Struct(TIMESPEC))];

/// `struct __kernel_itimerspec`: `include/uapi/linux/time_types.h`.
pub(super) const fn itimerspec64(machine: Machine) -> &'static [Member] {
    const WIDE: &[Member] = timespec64(Machine::X86_64);
    const I386: &[Member] = timespec64(Machine::I386);
    match machine {
        Machine::X86_64 | Machine::Aarch64 => const { &[m("it_interval", Struct(WIDE)), m("it_value", Struct(WIDE))] },
        Machine::I386 => const { &[m("it_interval", Struct(I386)), m("it_value", Struct(I386))] },
    }
}

/// `struct utimbuf`: `include/uapi/linux/utime.h`.
pub(super) const UTIMBUF: &[Member] = &[m("actime", LONG), m("modtime", LONG)];

/// `struct rlimit`: `include/uapi/linux/resource.h`.
pub(super) const RLIMIT: &[Member] = &[m("rlim_cur", Number(Word, Limit)), m("rlim_max", Number(Word, Limit))];

/// `struct rlimit64`: `include/uapi/linux/resource.h`.
pub(super) const RLIMIT64: &[Member] = &[m("rlim_cur", Number(W64, Limit)), m("rlim_max", Number(W64, Limit))];

/// `struct rusage`: `include/uapi/linux/resource.h`.
pub(super) const RUSAGE: &[Member] = &[
    m("ru_utime", Struct(TIMEVAL)),
    m("ru_stime", Struct(TIMEVAL)),
    m("ru_maxrss", LONG),
    m("ru_ixrss", LONG),
    m("ru_idrss", LONG),
    m("ru_isrss", LONG),
    m("ru_minflt", LONG),
    m("ru_majflt", LONG),
    m("ru_nswap", LONG),
    m("ru_inblock", LONG),
    m("ru_oublock", LONG),
    m("ru_msgsnd", LONG),
    m("ru_msgrcv", LONG),
    m("ru_nsignals", LONG),
    m("ru_nvcsw", LONG),
    m("ru_nivcsw", LONG),
];

/// `struct tms`: `include/uapi/linux/times.h`.
pub(super) const TMS: &[Member] =
    &[m("tms_utime", LONG), m("tms_stime", LONG), m("tms_cutime", LONG), m("tms_cstime", LONG)];

/// `struct sysinfo`: `include/uapi/linux/sysinfo.h`. Its three loads are spelt out as an object.
pub(super) const SYSINFO: &[Member] = &[
    m("uptime", LONG),
    m("loads", Struct(&[m("1", ULONG), m("5", ULONG), m("15", ULONG)])),
    m("totalram", ULONG),
    m("freeram", ULONG),
    m("sharedram", ULONG),
    m("bufferram", ULONG),
    m("totalswap", ULONG),
    m("freeswap", ULONG),
    m("procs", Number(W16, Unsigned)),
    pad(2),
    m("totalhigh", ULONG),
    m("freehigh", ULONG),
    m("mem_unit", UINT),
];

/// `struct pollfd`: `include/uapi/asm-generic/poll.h`.
pub(super) const POLLFD: &[Member] =
    &[m("fd", INT), m("events", Number(W16, set(Set::Poll))), m("revents", Number(W16, set(Set::Poll)))];

/// `struct epoll_event`: `include/uapi/linux/eventpoll.h`. 64-bit x86 packs it, to be like 32-bit x86.
pub(super) const fn epoll_event(machine: Machine) -> &'static [Member] {
    match machine {
        Machine::X86_64 => const { &[m("events", Packed(W32, set(Set::EpollEvents))), m("data", Packed(W64, Hex))] },
        Machine::Aarch64 | Machine::I386 => {
            const { &[m("events", Number(W32, set(Set::EpollEvents))), m("data", PTR64)] }
        }
    }
}

/// `struct open_how`: `include/uapi/linux/openat2.h`.
pub(super) const OPEN_HOW: &[Member] =
    &[m("flags", Number(W64, OpenHow)), m("mode", Number(W64, Octal)), m("resolve", Number(W64, set(Set::Resolve)))];

/// `struct clone_args`: `include/uapi/linux/sched.h`.
pub(super) const CLONE_ARGS: &[Member] = &[
    m("flags", Number(W64, Flags(&[process::CLONE, process::CLONE_TIME]))),
    m("pidfd", PTR64),
    m("child_tid", PTR64),
    m("parent_tid", PTR64),
    m("exit_signal", Number(W64, Signal)),
    m("stack", PTR64),
    m("stack_size", U64),
    m("tls", PTR64),
    m("set_tid", PTR64),
    m("set_tid_size", U64),
    m("cgroup", U64),
];

/// `struct sigaction` of the kernel: `arch/x86/include/uapi/asm/signal.h`, `include/uapi/asm-generic/signal.h`;
/// arm64 has `sa_restorer` too.
pub(super) const SIGACTION: &[Member] = &[
    m("sa_handler", Number(Word, Handler)),
    m("sa_flags", Number(Word, set(Set::SigactionFlags))),
    m("sa_restorer", PTR),
    m("sa_mask", Sigset),
];

/// `stack_t`: `include/uapi/asm-generic/signal.h`.
pub(super) const STACK: &[Member] =
    &[m("ss_sp", PTR), m("ss_flags", Number(W32, Flags(&[signal::STACK]))), m("ss_size", ULONG)];

/// `struct sched_param`: `include/uapi/linux/sched/types.h`.
pub(super) const SCHED_PARAM: &[Member] = &[m("sched_priority", INT)];

/// `struct sched_attr`: `include/uapi/linux/sched/types.h`.
pub(super) const SCHED_ATTR: &[Member] = &[
    m("size", UINT),
    m("sched_policy", Number(W32, set(Set::SchedPolicy))),
    m("sched_flags", Number(W64, Flags(&[process::SCHED_FLAGS]))),
    m("sched_nice", INT),
    m("sched_priority", UINT),
    m("sched_runtime", U64),
    m("sched_deadline", U64),
    m("sched_period", U64),
    m("sched_util_min", UINT),
    m("sched_util_max", UINT),
];

/// `struct __user_cap_header_struct`: `include/uapi/linux/capability.h`.
pub(super) const CAP_HEADER: &[Member] = &[m("version", Number(W32, Magic(process::CAP_VERSION))), m("pid", INT)];

/// `struct sembuf`: `include/uapi/linux/sem.h`.
pub(super) const SEMBUF: &[Member] = &[
    m("sem_num", Number(W16, Unsigned)),
    m("sem_op", Number(W16, Signed)),
    m("sem_flg", Number(W16, Flags(&[ipc::SEM_FLAGS]))),
];

/// `struct statfs`: `include/uapi/asm-generic/statfs.h`.
pub(super) const STATFS: &[Member] = &[
    m("f_type", Number(Word, Magic(file::STATFS_MAGIC))),
    m("f_bsize", LONG),
    m("f_blocks", ULONG),
    m("f_bfree", ULONG),
    m("f_bavail", ULONG),
    m("f_files", ULONG),
    m("f_ffree", ULONG),
    m("f_fsid", Numbers(2)),
    m("f_namelen", LONG),
    m("f_frsize", LONG),
    m("f_flags", Number(Word, Flags(&[file::STATFS_FLAGS]))),
];

/// `struct statfs64`: `include/uapi/asm-generic/statfs.h`, `struct compat_statfs64`: `include/linux/compat.h`.
pub(super) const fn statfs64(machine: Machine) -> &'static [Member] {
    match machine {
        Machine::X86_64 | Machine::Aarch64 => STATFS,
        Machine::I386 => {
            const {
                &[
                    m("f_type", Number(W32, Magic(file::STATFS_MAGIC))),
                    m("f_bsize", UINT),
                    m("f_blocks", U64),
                    m("f_bfree", U64),
                    m("f_bavail", U64),
                    m("f_files", U64),
                    m("f_ffree", U64),
                    m("f_fsid", Numbers(2)),
                    m("f_namelen", UINT),
                    m("f_frsize", UINT),
                    m("f_flags", Number(W32, Flags(&[file::STATFS_FLAGS]))),
                ]
            }
        }
    }
}

/// `struct stat`: `arch/x86/include/uapi/asm/stat.h`, `include/uapi/asm-generic/stat.h` (arm64), `struct compat_stat`:
/// `arch/x86/include/asm/compat.h`.
pub(super) const fn stat(machine: Machine) -> &'static [Member] {
    match machine {
        Machine::X86_64 => {
            const {
                &[
                    m("st_dev", Number(W64, Device)),
                    m("st_ino", U64),
                    m("st_nlink", U64),
                    m("st_mode", Number(W32, Octal)),
                    m("st_uid", UINT),
                    m("st_gid", UINT),
                    pad(4),
                    m("st_rdev", Number(W64, Device)),
                    m("st_size", S64),
                    m("st_blksize", S64),
                    m("st_blocks", S64),
                    m("st_atime", S64),
                    m("st_atime_nsec", U64),
                    m("st_mtime", S64),
                    m("st_mtime_nsec", U64),
                    m("st_ctime", S64),
                    m("st_ctime_nsec", U64),
                ]
            }
        }
        Machine::Aarch64 => {
            const {
                &[
                    m("st_dev", Number(W64, Device)),
                    m("st_ino", U64),
                    m("st_mode", Number(W32, Octal)),
                    m("st_nlink", UINT),
                    m("st_uid", UINT),
                    m("st_gid", UINT),
                    m("st_rdev", Number(W64, Device)),
                    pad(8),
                    m("st_size", S64),
                    m("st_blksize", INT),
                    pad(4),
                    m("st_blocks", S64),
                    m("st_atime", S64),
                    m("st_atime_nsec", U64),
                    m("st_mtime", S64),
                    m("st_mtime_nsec", U64),
                    m("st_ctime", S64),
                    m("st_ctime_nsec", U64),
                ]
            }
        }
        Machine::I386 => {
            const {
                &[
                    m("st_dev", Number(W32, Device)),
                    m("st_ino", UINT),
                    m("st_mode", Number(W16, Octal)),
                    m("st_nlink", Number(W16, Unsigned)),
                    m("st_uid", Number(W16, Unsigned)),
                    m("st_gid", Number(W16, Unsigned)),
                    m("st_rdev", Number(W32, Device)),
                    m("st_size", UINT),
                    m("st_blksize", UINT),
                    m("st_blocks", UINT),
                    m("st_atime", UINT),
                    m("st_atime_nsec", UINT),
                    m("st_mtime", UINT),
                    m("st_mtime_nsec", UINT),
                    m("st_ctime", UINT),
                    m("st_ctime_nsec", UINT),
                ]
            }
        }
    }
}

/// `struct stat64` of 32-bit x86: `arch/x86/include/uapi/asm/stat.h`; others have `struct stat`.
pub(super) const fn stat64(machine: Machine) -> &'static [Member] {
    match machine {
        Machine::X86_64 | Machine::Aarch64 => stat(machine),
        Machine::I386 => {
            const {
                &[
                    m("st_dev", Number(W64, Device)),
                    // Padding, and __st_ino, the lower half of the inode number.
                    pad(8),
                    m("st_mode", Number(W32, Octal)),
                    m("st_nlink", UINT),
                    m("st_uid", UINT),
                    m("st_gid", UINT),
                    m("st_rdev", Number(W64, Device)),
                    pad(4),
                    m("st_size", S64),
                    m("st_blksize", UINT),
                    m("st_blocks", U64),
                    m("st_atime", UINT),
                    m("st_atime_nsec", UINT),
                    m("st_mtime", UINT),
                    m("st_mtime_nsec", UINT),
                    m("st_ctime", UINT),
                    m("st_ctime_nsec", UINT),
                    m("st_ino", U64),
                ]
            }
        }
    }
}

/// `struct statx_timestamp`: `include/uapi/linux/stat.h`.
const STATX_TIMESTAMP: &[Member] = &[m("tv_sec", S64), m("tv_nsec", UINT), pad(4)];

/// `struct statx`: `include/uapi/linux/stat.h`.
pub(super) const STATX: &[Member] = &[
    m("stx_mask", Number(W32, set(Set::StatxMask))),
    m("stx_blksize", UINT),
    m("stx_attributes", Number(W64, Flags(&[file::STATX_ATTR]))),
    m("stx_nlink", UINT),
    m("stx_uid", UINT),
    m("stx_gid", UINT),
    m("stx_mode", Number(W16, Octal)),
    pad(2),
    m("stx_ino", U64),
    m("stx_size", U64),
    m("stx_blocks", U64),
    m("stx_attributes_mask", Number(W64, Flags(&[file::STATX_ATTR]))),
    m("stx_atime", Struct(STATX_TIMESTAMP)),
    m("stx_btime", Struct(STATX_TIMESTAMP)),
    m("stx_ctime", Struct(STATX_TIMESTAMP)),
    m("stx_mtime", Struct(STATX_TIMESTAMP)),
    m("stx_rdev_major", UINT),
    m("stx_rdev_minor", UINT),
    m("stx_dev_major", UINT),
    m("stx_dev_minor", UINT),
    m("stx_mnt_id", U64),
    m("stx_dio_mem_align", UINT),
    m("stx_dio_offset_align", UINT),
    m("stx_subvol", U64),
    m("stx_atomic_write_unit_min", UINT),
    m("stx_atomic_write_unit_max", UINT),
    m("stx_atomic_write_segments_max", UINT),
    m("stx_dio_read_offset_align", UINT),
    m("stx_atomic_write_unit_max_opt", UINT),
];

/// `struct io_sqring_offsets`: `include/uapi/linux/io_uring.h`.
const IO_SQRING_OFFSETS: &[Member] = &[
    m("head", UINT),
    m("tail", UINT),
    m("ring_mask", UINT),
    m("ring_entries", UINT),
    m("flags", UINT),
    m("dropped", UINT),
    m("array", UINT),
    pad(4),
    m("user_addr", PTR64),
];

/// `struct io_cqring_offsets`: `include/uapi/linux/io_uring.h`.
const IO_CQRING_OFFSETS: &[Member] = &[
    m("head", UINT),
    m("tail", UINT),
    m("ring_mask", UINT),
    m("ring_entries", UINT),
    m("overflow", UINT),
    m("cqes", UINT),
    m("flags", UINT),
    pad(4),
    m("user_addr", PTR64),
];

/// `struct io_uring_params`: `include/uapi/linux/io_uring.h`.
pub(super) const IO_URING_PARAMS: &[Member] = &[
    m("sq_entries", UINT),
    m("cq_entries", UINT),
    m("flags", Number(W32, set(Set::IoUringSetup))),
    m("sq_thread_cpu", UINT),
    m("sq_thread_idle", UINT),
    m("features", Number(W32, Flags(&[system::IO_URING_FEATURES]))),
    m("wq_fd", INT),
    pad(12),
    m("sq_off", Struct(IO_SQRING_OFFSETS)),
    m("cq_off", Struct(IO_CQRING_OFFSETS)),
];

/// `struct mount_attr`: `include/uapi/linux/mount.h`.
pub(super) const MOUNT_ATTR: &[Member] = &[
    m("attr_set", Number(W64, Flags(&[mount::MOUNT_ATTR]))),
    m("attr_clr", Number(W64, Flags(&[mount::MOUNT_ATTR]))),
    m("propagation", Number(W64, Flags(&[mount::MOUNT]))),
    m("userns_fd", S64),
];

/// `struct io_event`: `include/uapi/linux/aio_abi.h`.
pub(super) const IO_EVENT: &[Member] = &[m("data", PTR64), m("obj", PTR64), m("res", S64), m("res2", S64)];

/// The only flag of `struct mq_attr`: `include/uapi/asm-generic/fcntl.h`.
const MQ_FLAGS: Table = &[(0o4000, "O_NONBLOCK")];

/// `struct mq_attr`: `include/uapi/linux/mqueue.h`.
pub(super) const MQ_ATTR: &[Member] = &[
    m("mq_flags", Number(Word, Flags(&[MQ_FLAGS]))),
    m("mq_maxmsg", LONG),
    m("mq_msgsize", LONG),
    m("mq_curmsgs", LONG),
];

/// `struct futex_waitv`: `include/uapi/linux/futex.h`.
pub(super) const FUTEX_WAITV: &[Member] =
    &[m("val", U64), m("uaddr", PTR64), m("flags", Number(W32, set(Set::Futex2))), pad(4)];

/// `struct user_desc`: `arch/x86/include/uapi/asm/ldt.h`.
pub(super) const USER_DESC: &[Member] = &[
    m("entry_number", INT),
    m("base_addr", Number(W32, Hex)),
    m("limit", Number(W32, Hex)),
    m(
        "",
        Bits(&[
            ("seg_32bit", 0, 1),
            ("contents", 1, 2),
            ("read_exec_only", 3, 1),
            ("limit_in_pages", 4, 1),
            ("seg_not_present", 5, 1),
            ("useable", 6, 1),
            ("lm", 7, 1),
        ]),
    ),
];

/// `struct new_utsname`: `include/uapi/linux/utsname.h`.
pub(super) const UTSNAME: &[Member] = &[
    m("sysname", Text(65)),
    m("nodename", Text(65)),
    m("release", Text(65)),
    m("version", Text(65)),
    m("machine", Text(65)),
    m("domainname", Text(65)),
];

/// `struct flock`: `include/uapi/asm-generic/fcntl.h`, `struct compat_flock`: `include/asm-generic/compat.h`.
pub(super) const FLOCK: &[Member] = &[
    m("l_type", Number(W16, Name(file::LEASE))),
    m("l_whence", Number(W16, set(Set::Whence))),
    m("l_start", LONG),
    m("l_len", LONG),
    m("l_pid", INT),
];

/// `struct mmap_arg_struct32`: `arch/x86/kernel/sys_ia32.c`.
pub(super) const MMAP_ARGS: &[Member] = &[
    m("addr", Number(W32, Hex)),
    m("len", UINT),
    m("prot", Number(W32, set(Set::Prot))),
    m("flags", Number(W32, set(Set::Map))),
    m("fd", INT),
    m("offset", Number(W32, Hex)),
];

/// `struct compat_sel_arg_struct`: `fs/select.c`.
pub(super) const SELECT_ARGS: &[Member] = &[
    m("n", UINT),
    m("inp", Number(W32, Hex)),
    m("outp", Number(W32, Hex)),
    m("exp", Number(W32, Hex)),
    m("tvp", Number(W32, Hex)),
];

/// What every `siginfo_t` begins with: `include/uapi/asm-generic/siginfo.h`.
pub(super) const SIGINFO: &[Member] = &[m("si_signo", Number(W32, Signal)), m("si_errno", INT)];

/// `_kill`.
pub(super) const SI_KILL: &[Member] = &[m("si_pid", INT), m("si_uid", UINT)];
/// `_rt`.
pub(super) const SI_RT: &[Member] = &[m("si_pid", INT), m("si_uid", UINT), m("si_value", PTR)];
/// `_timer`.
pub(super) const SI_TIMER: &[Member] = &[m("si_timerid", INT), m("si_overrun", INT), m("si_value", PTR)];
/// `_sigchld`, as far as waitid(2) fills it: the status is that of an exit.
pub(super) const SI_EXIT: &[Member] = &[m("si_pid", INT), m("si_uid", UINT), m("si_status", INT)];
/// `_sigchld`: the status is a signal.
pub(super) const SI_CHILD: &[Member] = &[m("si_pid", INT), m("si_uid", UINT), m("si_status", Number(W32, Signal))];
/// `_sigfault`.
pub(super) const SI_FAULT: &[Member] = &[m("si_addr", PTR)];
/// `_sigpoll`.
pub(super) const SI_POLL: &[Member] = &[m("si_band", LONG), m("si_fd", INT)];
/// `_sigsys`.
pub(super) const SI_SYS: &[Member] = &[m("si_call_addr", PTR), m("si_syscall", INT), m("si_arch", Number(W32, Hex))];

/// What every `struct sigevent` has: `include/uapi/asm-generic/siginfo.h`.
pub(super) const SIGEVENT: &[Member] = &[
    m("sigev_value", PTR),
    m("sigev_signo", Number(W32, Signal)),
    m("sigev_notify", Number(W32, Name(signal::SIGEV))),
];
/// The thread of `SIGEV_THREAD_ID`.
pub(super) const SIGEVENT_TID: &[Member] = &[m("sigev_notify_thread_id", INT)];
/// The function of `SIGEV_THREAD`.
pub(super) const SIGEVENT_THREAD: &[Member] = &[m("sigev_notify_function", PTR), m("sigev_notify_attributes", PTR)];
