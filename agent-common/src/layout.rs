// SPDX-License-Identifier: Apache-2.0
//! The small structs that syscalls take and return by pointer: their sizes, which the probe needs. The agent knows
//! their fields. Sizes are those of the kernel's user-space headers (`include/uapi`) for 64-bit callers and, for
//! 32-bit x86 callers, of its `compat_*` twins.

use crate::schema::Abi;

macro_rules! layouts { ($($(#[$doc:meta])* $name:ident $native:literal $i386:literal;)*) => {
    /// A struct that a syscall argument points to.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum Layout { $($(#[$doc])* $name,)* }

    impl Layout {
        /// Every layout.
        pub const ALL: &[Self] = &[$(Self::$name,)*];

        /// Its size in bytes for callers of `abi` on this architecture.
        #[must_use]
        pub const fn size(self, abi: Abi) -> u16 {
            self.size_on(abi, crate::X86)
        }

        /// Its size in bytes for callers of `abi` on x86_64, or on aarch64.
        #[must_use]
        pub const fn size_on(self, abi: Abi, x86: bool) -> u16 {
            match (self, abi) {
                // The two structs whose 64-bit form differs by architecture: x86_64 packs one and has its own other.
                (Self::EpollEvent, Abi::Native) if !x86 => 16,
                (Self::Stat | Self::Stat64, Abi::Native) if !x86 => 128,
                $((Self::$name, Abi::Native) => $native, (Self::$name, Abi::I386) => $i386,)*
            }
        }
    }
} }

layouts! {
    /// A 32-bit integer behind a pointer.
    I32 4 4;
    /// An unsigned 32-bit integer behind a pointer.
    U32 4 4;
    /// An integer of the ABI's word size behind a pointer.
    Word 8 4;
    /// A 64-bit integer behind a pointer (`loff_t`).
    U64 8 8;
    /// Two descriptors (`int[2]`).
    FdPair 8 8;
    /// A wait status.
    WaitStatus 4 4;
    /// `struct timespec` of the ABI.
    Timespec 16 8;
    /// `struct __kernel_timespec`.
    Timespec64 16 16;
    /// `struct timeval`.
    Timeval 16 8;
    /// `struct timespec[2]`.
    TimespecPair 32 16;
    /// `struct __kernel_timespec[2]`.
    Timespec64Pair 32 32;
    /// `struct timeval[2]`.
    TimevalPair 32 16;
    /// `struct timezone`.
    Timezone 8 8;
    /// `struct itimerval`.
    Itimerval 32 16;
    /// `struct itimerspec`.
    Itimerspec 32 16;
    /// `struct __kernel_itimerspec`.
    Itimerspec64 32 32;
    /// `struct utimbuf`.
    Utimbuf 16 8;
    /// `struct rlimit`.
    Rlimit 16 8;
    /// `struct rlimit64`.
    Rlimit64 16 16;
    /// `struct rusage`.
    Rusage 144 72;
    /// `struct tms`.
    Tms 32 16;
    /// `struct sysinfo`.
    Sysinfo 112 64;
    /// `struct pollfd`.
    Pollfd 8 8;
    /// `struct epoll_event` (16 bytes on aarch64).
    EpollEvent 12 12;
    /// `struct open_how`.
    OpenHow 24 24;
    /// `struct clone_args`.
    CloneArgs 88 88;
    /// `struct sigaction` as the kernel takes it.
    Sigaction 32 20;
    /// `stack_t`.
    Stack 24 12;
    /// `struct sched_param`.
    SchedParam 4 4;
    /// `struct sched_attr`.
    SchedAttr 56 56;
    /// `struct __user_cap_header_struct`.
    CapHeader 8 8;
    /// `struct __user_cap_data_struct[2]`.
    CapData 24 24;
    /// `struct sembuf`.
    Sembuf 6 6;
    /// The head of `siginfo_t`.
    Siginfo 48 48;
    /// `struct sigevent`.
    Sigevent 64 64;
    /// `struct statfs`.
    Statfs 120 64;
    /// `struct stat`.
    Stat 144 64;
    /// `struct stat64`.
    Stat64 144 96;
    /// `struct statx`.
    Statx 256 256;
    /// `struct io_uring_params`.
    IoUringParams 120 120;
    /// `struct mount_attr`.
    MountAttr 32 32;
    /// `struct io_event`.
    IoEvent 32 32;
    /// `struct mq_attr`.
    MqAttr 64 32;
    /// `struct futex_waitv`.
    FutexWaitv 24 24;
    /// `struct user_desc`.
    UserDesc 16 16;
    /// `struct new_utsname`.
    Utsname 390 390;
    /// `struct flock`.
    Flock 32 16;
    /// An unsigned 16-bit integer behind a pointer (`old_uid_t`, `old_gid_t` of 32-bit x86).
    U16 2 2;
    /// `struct statfs64`; 32-bit x86 packs it.
    Statfs64 120 84;
    /// `struct mmap_arg_struct32` of 32-bit x86's old `mmap`: addr, len, prot, flags, fd, offset, 32 bits each.
    MmapArgs 24 24;
    /// `struct compat_sel_arg_struct` of 32-bit x86's old `select`: n, inp, outp, exp, tvp, 32 bits each.
    SelectArgs 20 20;
}
