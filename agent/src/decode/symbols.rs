// SPDX-License-Identifier: Apache-2.0
//! The names of flags, of enumerated values, of errors and of signals.
//!
//! Every [`Set`] has a [`Form`] made of tables; the tables are in the modules below, by topic, each with the kernel
//! header that it is from. What is written can be read back: symbols and numbers joined by `|` add up to the value.
//! The exceptions are written like calls, as strace writes them: ioctl requests without a name
//! (`_IOC(_IOC_READ, 0x54, 0x13, 0x8)`) or with a size in them (`EVIOCGNAME(256)`), ethertypes (`htons(ETH_P_ALL)`),
//! quota and `ipc` commands, and the clocks of processes.

pub(crate) mod errno;
pub(crate) mod file;
pub(crate) mod ioctl;
pub(crate) mod ipc;
pub(crate) mod memory;
pub(crate) mod mount;
pub(crate) mod net;
pub(crate) mod poll;
pub(crate) mod process;
pub(crate) mod security;
pub(crate) mod signal;
pub(crate) mod sockopt;
pub(crate) mod system;
pub(crate) mod time;
mod write;

#[cfg(test)]
mod tests;

use agent_common::{schema::Abi, sets::Set};

use self::write::{
    Field, Form,
    Part::{Named, Octal, Shifted, Signal},
    dec, many, one,
};
pub(crate) use self::write::{Symbol, Symbols, bits, flags, name};

/// Values and their names. Tables of enumerated values ascend, so that they can be searched; in tables of flags, those
/// of several bits come before their parts.
pub(crate) type Table = &'static [(u64, &'static str)];

/// What the meaning of a value depends on, beside its set.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// The calling convention.
    pub abi: Abi,
    /// The register arguments; 0 for one that is not known.
    pub args: [u64; 6],
}

/// Whose constants are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Machine {
    /// 64-bit x86.
    X86_64,
    /// 64-bit Arm.
    Aarch64,
    /// 32-bit x86.
    I386,
}

impl Machine {
    /// Whose constants callers of `abi` use.
    pub(crate) const fn of(abi: Abi) -> Self {
        match abi {
            Abi::Native if agent_common::X86 => Self::X86_64,
            Abi::Native => Self::Aarch64,
            Abi::I386 => Self::I386,
        }
    }

    /// The table of x86 or that of Arm.
    const fn pick(self, x86: &'static [Table], aarch64: &'static [Table]) -> &'static [Table] {
        match self {
            Self::X86_64 | Self::I386 => x86,
            Self::Aarch64 => aarch64,
        }
    }
}

/// Appends the symbols for `value`, ASCII without quotes or backslashes.
pub fn write(set: Set, value: u64, ctx: &Context, out: &mut Vec<u8>) {
    form(set, Machine::of(ctx.abi), &ctx.args).write(value, out);
}

/// The symbols of `set` for callers of `abi`; `None` where they depend on more, or are written like calls.
pub(crate) fn symbols(set: Set, abi: Abi) -> Option<Symbols> {
    // Their names depend on other arguments.
    if matches!(set, Set::Protocol | Set::SockOpt) {
        return None;
    }
    form(set, Machine::of(abi), &[0; 6]).symbols()
}

/// The name of an error: 1 to 134, and the kernel's internal ones from 512.
#[must_use]
pub fn errno(n: i32) -> Option<&'static str> {
    let n = u64::try_from(n).ok()?;
    name(&[errno::ERRNO, errno::INTERNAL], n)
}

/// The name of a signal; the real-time ones count from `SIGRTMIN`, which is 32: `SIGRT_1` is 33.
#[must_use]
pub fn signal(n: i32) -> Option<&'static str> {
    let n = u64::try_from(n).ok()?;
    name(&[signal::SIGNALS], n)
}

/// Appends the name of a signal, or its number.
pub fn write_signal(n: i32, out: &mut Vec<u8>) {
    match signal(n) {
        Some(name) => out.extend_from_slice(name.as_bytes()),
        None => dec(i64::from(n), out),
    }
}

/// How the values of `set` are spelt on `machine`, the register arguments being `args`.
fn form(set: Set, machine: Machine, args: &[u64; 6]) -> Form {
    match set {
        Set::Open => OPEN.tables(machine.pick(&[file::OPEN_X86], &[file::OPEN_AARCH64])),
        Set::At => many(&[file::AT]),
        Set::AtUnlink => many(&[file::AT_UNLINK]),
        Set::AtAccess => many(&[file::AT_ACCESS]),
        Set::AtLink => many(&[file::AT_LINK]),
        Set::Access => many(&[file::ACCESS]).zero("F_OK"),
        Set::StatxMask => many(&[file::STATX]),
        Set::Prot => many(machine.pick(&[memory::PROT_X86], &[memory::PROT_AARCH64])).long().zero("PROT_NONE"),
        Set::Map => MAP.tables(machine.pick(&[memory::MAP_X86], &[memory::MAP_AARCH64])),
        Set::Mremap => many(&[memory::MREMAP]).long(),
        Set::Msync => many(&[memory::MSYNC]),
        Set::Mlock2 => many(&[memory::MLOCK2]),
        Set::Mlockall => many(&[memory::MLOCKALL]),
        Set::Madvise => one(&[memory::MADVISE]),
        // The kernel takes an `unsigned long` and drops its upper half.
        Set::Clone => many(&[process::CLONE]).tail(&[Field(0xff, Signal)]),
        Set::CloneNs => many(&[process::NAMESPACES]),
        Set::Unshare => many(&[process::UNSHARE]).long(),
        Set::Domain => one(&[net::DOMAIN]),
        Set::SocketType => many(&[net::SOCKET_FLAGS]).head(&[Field(0xf, Named(net::SOCKET_TYPE))]),
        Set::Protocol => protocol(args[0]),
        Set::ShutdownHow => one(&[net::SHUTDOWN]),
        Set::SockLevel => one(&[sockopt::LEVEL]),
        Set::SockOpt => one(sockopt::of(args[1])),
        Set::MsgFlags => many(&[net::MSG]),
        Set::Accept => many(&[net::SOCKET_FLAGS]),
        Set::EpollCreate => many(&[poll::EPOLL_CREATE]),
        Set::EpollOp => one(&[poll::EPOLL_OP]),
        Set::EpollEvents => many(&[poll::EPOLL]),
        Set::Poll => many(&[poll::POLL]),
        Set::FcntlCmd => match machine {
            Machine::X86_64 | Machine::Aarch64 => one(&[file::FCNTL]),
            Machine::I386 => one(&[file::FCNTL, file::FCNTL64_I386]),
        },
        Set::FdFlags => many(&[file::FD_FLAGS]),
        Set::FlockOp => many(&[file::FLOCK]),
        Set::Ioctl => Form::ioctl(machine),
        Set::Whence => one(&[file::WHENCE]),
        Set::Prctl => one(&[process::PRCTL]),
        Set::ArchPrctl => one(&[process::ARCH_PRCTL]),
        Set::Ptrace => {
            one(machine.pick(&[process::PTRACE, process::PTRACE_X86], &[process::PTRACE, process::PTRACE_AARCH64]))
                .long()
        }
        Set::BpfCmd => many(&[security::BPF_FLAGS]).head(&[Field(0xffff, Named(security::BPF))]),
        Set::SeccompOp => one(&[security::SECCOMP]),
        Set::SeccompFlags => many(&[security::SECCOMP_FLAGS]),
        Set::Mount => many(&[mount::MOUNT]).long().head(&[Field(0xffff_0000, Named(mount::MOUNT_MAGIC))]),
        Set::Umount => many(&[mount::UMOUNT]),
        Set::Rename => many(&[file::RENAME]),
        Set::Wait => many(&[process::WAIT]),
        Set::WaitId => one(&[process::WAIT_ID]),
        Set::SchedPolicy => many(&[process::SCHED_RESET]).head(&[Field(!0x4000_0000, Named(process::SCHED))]),
        Set::SigHow => one(&[signal::HOW]),
        Set::SigactionFlags => many(&[signal::SA]),
        Set::FutexOp => many(&[ipc::FUTEX_FLAGS]).head(&[Field(!0x780, Named(ipc::FUTEX))]),
        Set::Futex2 => many(&[ipc::FUTEX2]).head(&[Field(0x3, Named(ipc::FUTEX2_SIZE))]),
        Set::Resource => one(&[process::RLIMIT]),
        Set::RusageWho => one(&[process::RUSAGE]),
        Set::Itimer => one(&[time::ITIMER]),
        Set::Clock => Form::clock(),
        Set::TimerFlags => many(&[time::TIMER]),
        Set::TimerfdCreate => many(&[time::TIMERFD_CREATE]),
        Set::TimerfdSet => many(&[time::TIMERFD_SET]),
        Set::Eventfd => many(&[poll::EVENTFD]),
        Set::Signalfd => many(&[signal::SIGNALFD]),
        Set::InotifyInit => many(&[file::INOTIFY_INIT]),
        Set::InotifyMask => many(&[file::INOTIFY]),
        Set::Pipe => many(machine.pick(&[file::PIPE_X86], &[file::PIPE_AARCH64])),
        Set::Dup => many(&[file::DUP]),
        Set::Memfd => many(&[memory::MEMFD]).tail(&[Field(HUGE, Shifted(26, "MFD_HUGE_SHIFT", memory::MEMFD_HUGE))]),
        Set::Splice => many(&[file::SPLICE]),
        Set::Fallocate => many(&[file::FALLOCATE]).zero("FALLOC_FL_ALLOCATE_RANGE"),
        Set::Fadvise => one(&[file::FADVISE]),
        Set::SyncFileRange => many(&[file::SYNC_FILE_RANGE]),
        Set::Xattr => many(&[file::XATTR]),
        Set::Quotactl => Form::quota(),
        Set::Kexec => many(&[system::KEXEC]).long().tail(&[Field(0xffff_0000, Named(system::KEXEC_ARCH))]),
        Set::KexecFile => many(&[system::KEXEC_FILE]).long(),
        Set::ModuleInit => many(&[system::MODULE_INIT]),
        Set::ModuleDelete => many(&[system::MODULE_DELETE]),
        Set::Keyctl => one(&[security::KEYCTL]),
        Set::IoprioWho => one(&[process::IOPRIO_WHO]),
        Set::PriorityWho => one(&[process::PRIORITY_WHO]),
        Set::Mempolicy => many(&[memory::MPOL_FLAGS]).head(&[Field(!0xe000, Named(memory::MPOL))]),
        Set::MempolicyGet => many(&[memory::MPOL_GET]).long(),
        Set::Mbind | Set::MovePages => many(&[memory::MPOL_MOVE]),
        Set::PerfOpen => many(&[security::PERF_OPEN]).long(),
        Set::FanotifyInit => many(&[file::FANOTIFY_INIT]).head(&[Field(0xc, Named(file::FANOTIFY_CLASS))]),
        Set::FanotifyMark => many(&[file::FANOTIFY_MARK]).tail(&[Field(0x110, Named(file::FANOTIFY_OBJECT))]),
        Set::FanotifyMask => many(&[file::FANOTIFY]).long(),
        Set::Getrandom => many(&[system::GETRANDOM]),
        Set::Userfaultfd => many(&[memory::USERFAULTFD]),
        Set::PkeyRights => {
            many(machine.pick(&[memory::PKEY_X86], &[memory::PKEY_AARCH64])).long().zero("PKEY_UNRESTRICTED")
        }
        Set::OpenTree => many(&[mount::OPEN_TREE]),
        Set::MoveMount => many(&[mount::MOVE_MOUNT]),
        Set::Fsopen => many(&[mount::FSOPEN]),
        Set::Fsmount => many(&[mount::FSMOUNT]),
        Set::FsmountAttr => many(&[mount::MOUNT_ATTR]),
        Set::FsconfigCmd => one(&[mount::FSCONFIG]),
        Set::Fspick => many(&[mount::FSPICK]),
        Set::MountSetattr => many(&[mount::MOUNT_SETATTR]),
        Set::PidfdOpen => many(&[process::PIDFD_OPEN]),
        Set::PidfdSignal => many(&[process::PIDFD_SIGNAL]),
        Set::CloseRange => many(&[file::CLOSE_RANGE]),
        Set::LandlockCreate => many(&[security::LANDLOCK_CREATE]),
        Set::LandlockRule => one(&[security::LANDLOCK_RULE]),
        Set::LandlockRestrict => many(&[security::LANDLOCK_RESTRICT]),
        Set::IoUringSetup => many(&[system::IO_URING_SETUP]),
        Set::IoUringEnter => many(&[system::IO_URING_ENTER]),
        Set::IoUringRegister => {
            many(&[system::IO_URING_REGISTER_FLAGS]).head(&[Field(!0x8000_0000, Named(system::IO_URING_REGISTER))])
        }
        Set::Rwf => many(&[file::RWF]),
        Set::IpcGet => {
            many(&[ipc::GET]).tail(&[Field(0o777, Octal), Field(HUGE, Shifted(26, "SHM_HUGE_SHIFT", ipc::SHM_HUGE))])
        }
        // The numbers from 11 to 15 mean different things to the three calls, and which it is cannot be seen here.
        Set::ShmCtl => many(&[ipc::CTL_FLAGS]).head(&[Field(!0x100, Named(ipc::SHM_CTL))]),
        Set::SemCtl => many(&[ipc::CTL_FLAGS]).head(&[Field(!0x100, Named(ipc::SEM_CTL))]),
        Set::MsgCtl => many(&[ipc::CTL_FLAGS]).head(&[Field(!0x100, Named(ipc::MSG_CTL))]),
        Set::Shmat => many(&[ipc::SHMAT]),
        Set::MsgOp => many(&[ipc::MSG_OP]),
        Set::Reboot => one(&[system::REBOOT]),
        Set::RebootMagic => one(&[system::REBOOT_MAGIC]),
        Set::Syslog => one(&[system::SYSLOG]),
        Set::Membarrier => one(&[process::MEMBARRIER]),
        Set::MembarrierFlags => many(&[process::MEMBARRIER_FLAGS]),
        Set::Rseq => many(&[process::RSEQ]),
        Set::Swapon => many(&[system::SWAPON]),
        Set::Personality => Form::personality(),
        Set::Kcmp => one(&[process::KCMP]),
        Set::Socketcall => one(&[net::SOCKETCALL]),
        Set::Ipc => Form::ipc(),
        Set::NameToHandle => many(&[file::NAME_TO_HANDLE]),
        Set::LsmAttr => one(&[security::LSM_ATTR]),
        Set::Resolve => many(&[file::RESOLVE]).long(),
        Set::StatmountMask => many(&[mount::STATMOUNT]).long(),
        // These have numbers only: no header names them.
        Set::Sysfs | Set::Modify => one(&[]),
    }
}

/// `flags` of `struct open_how`: those of open(2), and more.
pub(crate) fn open_how(value: u64, abi: Abi, out: &mut Vec<u8>) {
    let tables: &'static [Table] =
        Machine::of(abi).pick(&[file::OPEN_X86, file::OPENAT2], &[file::OPEN_AARCH64, file::OPENAT2]);
    OPEN.tables(tables).long().write(value, out);
}

/// open(2) flags but for those proper.
const OPEN: Form = many(&[]).head(&[Field(0o3, Named(file::ACCMODE))]);

/// mmap(2) flags but for those proper.
const MAP: Form = many(&[])
    .long()
    .zero("MAP_FILE")
    .head(&[Field(0xf, Named(memory::MAP_TYPE))])
    .tail(&[Field(HUGE, Shifted(26, "MAP_HUGE_SHIFT", memory::MAP_HUGE))]);

/// Where `include/uapi/asm-generic/hugetlb_encode.h` puts the logarithm of a page size.
const HUGE: u64 = 0x3f << 26;

/// The protocols of a socket domain.
fn protocol(domain: u64) -> Form {
    match domain as u32 {
        // AF_INET, AF_INET6
        2 | 10 => one(&[net::IPPROTO]),
        // AF_NETLINK
        16 => one(&[net::NETLINK]),
        // AF_PACKET
        17 => Form::ethertype(),
        // AF_CAN
        29 => one(&[net::CAN]),
        // AF_BLUETOOTH
        31 => one(&[net::BTPROTO]),
        // AF_NFC
        39 => one(&[net::NFC]),
        // AF_SMC
        43 => one(&[net::SMC]),
        _ => one(&[]),
    }
}
