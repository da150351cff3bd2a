// SPDX-License-Identifier: Apache-2.0
//! The rows of 32-bit x86 callers that differ from the 64-bit row of the same name, or have none.
//!
//! Entry points are those of a 64-bit kernel's compat table (`arch/x86/entry/syscalls/syscall_32.tbl`). A 64-bit number
//! takes two registers, low half first; both halves are shown.

super::syscalls! {
    // Files: halves of offsets and sizes.
    _llseek = DESC | IO,
        [fd@0: Fd, offset_hi@1: Ulong, offset_lo@2: Ulong, result@3: StructOut(U64), whence@4: Enum(Whence)];
    pread64 = DESC | IO, [fd@0: Fd, data@1: DataOut(Ret), size@2: Ulong, pos_lo@3: Ulong, pos_hi@4: Ulong];
    pwrite64 = DESC | IO, [fd@0: Fd, data@1: Data(Arg(2)), size@2: Ulong, pos_lo@3: Ulong, pos_hi@4: Ulong];
    preadv = DESC | IO, [fd@0: Fd, data@1: IovOut(2), iovcnt@2: Ulong, pos_lo@3: Ulong, pos_hi@4: Ulong];
    pwritev = DESC | IO, [fd@0: Fd, data@1: Iov(2), iovcnt@2: Ulong, pos_lo@3: Ulong, pos_hi@4: Ulong];
    preadv2 = DESC | IO,
        [fd@0: Fd, data@1: IovOut(2), iovcnt@2: Ulong, pos_lo@3: Ulong, pos_hi@4: Ulong, flags@5: Flags(Rwf)];
    pwritev2 = DESC | IO,
        [fd@0: Fd, data@1: Iov(2), iovcnt@2: Ulong, pos_lo@3: Ulong, pos_hi@4: Ulong, flags@5: Flags(Rwf)];
    sendfile64 = DESC | IO | NETWORK, [out_fd@0: Fd, in_fd@1: Fd, offset@2: Struct(U64), size@3: Ulong];
    truncate64 = FILE, [path@0: Path, length_lo@1: Ulong, length_hi@2: Ulong];
    ftruncate64 = FILE | DESC, [fd@0: Fd, length_lo@1: Ulong, length_hi@2: Ulong];
    fallocate = FILE | DESC, [fd@0: Fd, mode@1: Flags(Fallocate), offset_lo@2: Ulong, offset_hi@3: Ulong,
        len_lo@4: Ulong, len_hi@5: Ulong];
    fadvise64 = FILE | DESC,
        [fd@0: Fd, offset_lo@1: Ulong, offset_hi@2: Ulong, len@3: Ulong, advice@4: Enum(Fadvise)];
    fadvise64_64 = FILE | DESC, [fd@0: Fd, offset_lo@1: Ulong, offset_hi@2: Ulong, len_lo@3: Ulong, len_hi@4: Ulong,
        advice@5: Enum(Fadvise)];
    readahead = FILE | DESC, [fd@0: Fd, offset_lo@1: Ulong, offset_hi@2: Ulong, count@3: Ulong];
    sync_file_range = FILE | DESC, [fd@0: Fd, offset_lo@1: Ulong, offset_hi@2: Ulong, nbytes_lo@3: Ulong,
        nbytes_hi@4: Ulong, flags@5: Flags(SyncFileRange)];
    fanotify_mark = FILE | DESC, [fanotify_fd@0: Fd, flags@1: Flags(FanotifyMark), mask_lo@2: Flags(FanotifyMask),
        mask_hi@3: Hex, dirfd@4: Dirfd, pathname@5: Path];
    lookup_dcookie = FILE, [cookie_lo@0: Hex, cookie_hi@1: Hex, buffer@2: PathOut(Ret), len@3: Ulong];

    // Files: other generations of a call.
    oldstat = FILE, [path@0: Path, statbuf@1: Ptr];
    oldlstat = FILE, [path@0: Path, statbuf@1: Ptr];
    oldfstat = FILE | DESC, [fd@0: Fd, statbuf@1: Ptr];
    stat64 = FILE, [path@0: Path, statbuf@1: StructOut(Stat64)];
    lstat64 = FILE, [path@0: Path, statbuf@1: StructOut(Stat64)];
    fstat64 = FILE | DESC, [fd@0: Fd, statbuf@1: StructOut(Stat64)];
    fstatat64 = FILE | DESC, [dirfd@0: Dirfd, path@1: Path, statbuf@2: StructOut(Stat64), flags@3: Flags(At)];
    statfs64 = FILE, [path@0: Path, size@1: Ulong, buf@2: StructOut(Statfs64)];
    fstatfs64 = FILE | DESC, [fd@0: Fd, size@1: Ulong, buf@2: StructOut(Statfs64)];
    fcntl64 = DESC, [fd@0: Fd, cmd@1: Enum(FcntlCmd), arg@2: Hex];
    utimensat_time64 = FILE | DESC,
        [dirfd@0: Dirfd, pathname@1: Path, times@2: Struct(Timespec64Pair), flags@3: Flags(At)];
    // One entry at a time; the count is not looked at.
    readdir = FILE | DESC, [fd@0: Fd, dirp@1: Ptr, count@2: Uint];
    umount = FILE | MOUNT, [name@0: Path];

    // Memory.
    mmap = MEMORY | DESC, [arg@0: Struct(MmapArgs)];
    mmap2 = MEMORY | DESC, [addr@0: Ptr, length@1: Ulong, prot@2: Flags(Prot), flags@3: Flags(Map), fd@4: Fd,
        pgoffset@5: Ulong];

    // Readiness.
    select = DESC | POLL, [arg@0: Struct(SelectArgs)];
    _newselect = DESC | POLL, [nfds@0: Int, readfds@1: FdSet(0), writefds@2: FdSet(0), exceptfds@3: FdSet(0),
        timeout@4: Struct(Timeval)];
    pselect6_time64 = DESC | POLL, [nfds@0: Int, readfds@1: FdSet(0), writefds@2: FdSet(0), exceptfds@3: FdSet(0),
        timeout@4: Struct(Timespec64), sigmask@5: Ptr];
    ppoll_time64 = DESC | POLL, [fds@0: Array(Pollfd, 1), nfds@1: Uint, timeout@2: Struct(Timespec64),
        sigmask@3: Sigset(4), sigsetsize@4: Ulong];
    io_pgetevents_time64 = IO, [ctx_id@0: Hex, min_nr@1: Long, nr@2: Long, events@3: ArrayOut(IoEvent),
        timeout@4: Struct(Timespec64), usig@5: Ptr];

    // Multiplexers: their arguments stand in memory or change with the call.
    socketcall = NETWORK | DESC, [call@0: Enum(Socketcall), args@1: Ptr];
    ipc = IPC, [call@0: Enum(Ipc), first@1: Int, second@2: Ulong, third@3: Ulong, ptr@4: Ptr, fifth@5: Hex];
    recvmmsg_time64 = DESC | NETWORK | IO,
        [fd@0: Fd, msgvec@1: MmsgOut, vlen@2: Uint, flags@3: Flags(MsgFlags), timeout@4: Struct(Timespec64)];
    semtimedop_time64 = IPC,
        [semid@0: Int, sops@1: Array(Sembuf, 2), nsops@2: Uint, timeout@3: Struct(Timespec64)];
    mq_timedsend_time64 = IPC | DESC, [mqdes@0: Fd, msg_ptr@1: Data(Arg(2)), msg_len@2: Ulong, msg_prio@3: Uint,
        abs_timeout@4: Struct(Timespec64)];
    mq_timedreceive_time64 = IPC | DESC, [mqdes@0: Fd, msg_ptr@1: DataOut(Ret), msg_len@2: Ulong,
        msg_prio@3: StructOut(U32), abs_timeout@4: Struct(Timespec64)];
    futex_time64 = IPC, [addr@0: Ptr, op@1: Enum(FutexOp), val@2: Uint, timeout@3: Ptr, uaddr2@4: Ptr, val3@5: Hex];

    // Processes.
    waitpid = PROCESS, [pid@0: Pid, wstatus@1: StructFound(WaitStatus), options@2: Flags(Wait)];
    ugetrlimit = PROCESS, [resource@0: Enum(Resource), rlim@1: StructOut(Rlimit)];
    nice = SCHED, [inc@0: Int];
    sched_rr_get_interval_time64 = SCHED, [pid@0: Pid, tp@1: StructOut(Timespec64)];

    // Credentials: user and group ids of 16 bits, and the later calls of 32.
    chown = FILE, [path@0: Path, uid@1: Uid16, gid@2: Gid16];
    lchown = FILE, [path@0: Path, uid@1: Uid16, gid@2: Gid16];
    fchown = FILE | DESC, [fd@0: Fd, uid@1: Uid16, gid@2: Gid16];
    getresuid = CREDS, [ruid@0: StructOut(U16), euid@1: StructOut(U16), suid@2: StructOut(U16)];
    getresgid = CREDS, [rgid@0: StructOut(U16), egid@1: StructOut(U16), sgid@2: StructOut(U16)];
    getgroups = CREDS, [size@0: Int, list@1: ArrayOutMax(U16, 0)];
    setuid = CREDS, [uid@0: Uid16];
    setgid = CREDS, [gid@0: Gid16];
    setreuid = CREDS, [ruid@0: Uid16, euid@1: Uid16];
    setregid = CREDS, [rgid@0: Gid16, egid@1: Gid16];
    setresuid = CREDS, [ruid@0: Uid16, euid@1: Uid16, suid@2: Uid16];
    setresgid = CREDS, [rgid@0: Gid16, egid@1: Gid16, sgid@2: Gid16];
    setfsuid = CREDS, [fsuid@0: Uid16];
    setfsgid = CREDS, [fsgid@0: Gid16];
    setgroups = CREDS, [size@0: Int, list@1: Array(U16, 0)];
    chown32 = FILE, [path@0: Path, uid@1: Uid, gid@2: Gid];
    lchown32 = FILE, [path@0: Path, uid@1: Uid, gid@2: Gid];
    fchown32 = FILE | DESC, [fd@0: Fd, uid@1: Uid, gid@2: Gid];
    getuid32 = CREDS, [];
    geteuid32 = CREDS, [];
    getgid32 = CREDS, [];
    getegid32 = CREDS, [];
    getresuid32 = CREDS, [ruid@0: StructOut(U32), euid@1: StructOut(U32), suid@2: StructOut(U32)];
    getresgid32 = CREDS, [rgid@0: StructOut(U32), egid@1: StructOut(U32), sgid@2: StructOut(U32)];
    getgroups32 = CREDS, [size@0: Int, list@1: ArrayOutMax(U32, 0)];
    setuid32 = CREDS, [uid@0: Uid];
    setgid32 = CREDS, [gid@0: Gid];
    setreuid32 = CREDS, [ruid@0: Uid, euid@1: Uid];
    setregid32 = CREDS, [rgid@0: Gid, egid@1: Gid];
    setresuid32 = CREDS, [ruid@0: Uid, euid@1: Uid, suid@2: Uid];
    setresgid32 = CREDS, [rgid@0: Gid, egid@1: Gid, sgid@2: Gid];
    setfsuid32 = CREDS, [fsuid@0: Uid];
    setfsgid32 = CREDS, [fsgid@0: Gid];
    setgroups32 = CREDS, [size@0: Int, list@1: Array(U32, 0)];

    // Signals: masks of one word.
    signal = SIGNAL, [signum@0: Signal, handler@1: Ptr];
    sigaction = SIGNAL, [signum@0: Signal, act@1: Ptr, oldact@2: Ptr];
    sigprocmask = SIGNAL, [how@0: Enum(SigHow), set@1: Struct(U32), oldset@2: StructOut(U32)];
    sigpending = SIGNAL, [set@0: StructOut(U32)];
    sigsuspend = SIGNAL, [unused1@0: Hex, unused2@1: Hex, mask@2: Hex];
    sigreturn = SIGNAL, [] on Both;
    sgetmask = SIGNAL, [];
    ssetmask = SIGNAL, [newmask@0: Hex];
    rt_sigtimedwait_time64 = SIGNAL,
        [set@0: Sigset(3), info@1: StructOut(Siginfo), timeout@2: Struct(Timespec64), sigsetsize@3: Ulong];

    // Time: 64-bit seconds for 32-bit callers.
    stime = TIME, [t@0: Struct(Word)];
    clock_gettime64 = TIME, [clockid@0: Enum(Clock), tp@1: StructOut(Timespec64)];
    clock_settime64 = TIME, [clockid@0: Enum(Clock), tp@1: Struct(Timespec64)];
    clock_adjtime64 = TIME, [clk_id@0: Enum(Clock), buf@1: Ptr];
    clock_getres_time64 = TIME, [clockid@0: Enum(Clock), res@1: StructOut(Timespec64)];
    clock_nanosleep_time64 = TIME, [clockid@0: Enum(Clock), flags@1: Flags(TimerFlags),
        request@2: Struct(Timespec64), remain@3: StructRest(Timespec64)];
    timer_gettime64 = TIME | SIGNAL, [timerid@0: Int, curr_value@1: StructOut(Itimerspec64)];
    timer_settime64 = TIME | SIGNAL, [timerid@0: Int, flags@1: Flags(TimerFlags), new_value@2: Struct(Itimerspec64),
        old_value@3: StructOut(Itimerspec64)];
    timerfd_gettime64 = TIME | DESC, [fd@0: Fd, curr_value@1: StructOut(Itimerspec64)];
    timerfd_settime64 = TIME | DESC, [fd@0: Fd, flags@1: Flags(TimerfdSet), new_value@2: Struct(Itimerspec64),
        old_value@3: StructOut(Itimerspec64)];

    // The machine.
    olduname = SYSTEM, [buf@0: Ptr];
    oldolduname = SYSTEM, [buf@0: Ptr];
    bdflush = SYSTEM | FILE, [func@0: Int, data@1: Hex];
    vm86 = PROCESS | MEMORY, [fn@0: Int, v86@1: Ptr];
    vm86old = PROCESS | MEMORY, [v86@0: Ptr];

    // Numbers that were never more than a place in the table.
    break_ as "break" = SYSTEM, [];
    ftime = SYSTEM, [];
    gtty = SYSTEM, [];
    idle = SYSTEM, [];
    lock = SYSTEM, [];
    mpx = SYSTEM, [];
    prof = SYSTEM, [];
    profil = SYSTEM, [];
    stty = SYSTEM, [];
    ulimit = SYSTEM, [];
}
