// SPDX-License-Identifier: Apache-2.0
//! The rows of the 64-bit tables; x86_64 and aarch64 share them, and 32-bit x86 wherever the arguments agree.
//!
//! Kinds follow the kernel's own prototypes, so that a row also fits a 32-bit caller where only the size of a word or
//! of a struct differs (`off_t` is [`Kind::Long`](crate::schema::Kind::Long), `loff_t` is `Off`). A call that no kernel
//! implements any more keeps the arguments it had, or none if it never had any.

use crate::schema::NO_FLAGS;

super::syscalls! {
    // Opening files.
    open = FILE | DESC, [name@0: Path, flags@1: Flags(Open), mode@2: Mode];
    openat = FILE | DESC, [dirfd@0: Dirfd, name@1: Path, flags@2: Flags(Open), mode@3: Mode];
    openat2 = FILE | DESC, [dirfd@0: Dirfd, name@1: Path, how@2: Sized(OpenHow, 3), size@3: Ulong];
    creat = FILE | DESC, [name@0: Path, mode@1: Mode];
    name_to_handle_at = FILE | DESC, [dirfd@0: Dirfd, pathname@1: Path, handle@2: Ptr,
        mount_id@3: StructOut(I32), flags@4: Flags(NameToHandle)];
    open_by_handle_at = FILE | DESC, [mountfd@0: Dirfd, handle@1: Ptr, flags@2: Flags(Open)];

    // Names in directories.
    link = FILE, [oldpath@0: Path, newpath@1: Path];
    linkat = FILE | DESC,
        [olddir@0: Dirfd, oldpath@1: Path, newdir@2: Dirfd, newpath@3: Path, flags@4: Flags(AtLink)];
    // The target is stored as it is, not looked up.
    symlink = FILE, [target@0: Str, linkpath@1: Path];
    symlinkat = FILE | DESC, [target@0: Str, linkdirfd@1: Dirfd, linkpath@2: Path];
    unlink = FILE, [path@0: Path];
    unlinkat = FILE | DESC, [dirfd@0: Dirfd, name@1: Path, flags@2: Flags(AtUnlink)];
    rename = FILE, [oldpath@0: Path, newpath@1: Path];
    renameat = FILE | DESC, [olddirfd@0: Dirfd, oldpath@1: Path, newdirfd@2: Dirfd, newpath@3: Path];
    renameat2 = FILE | DESC,
        [olddirfd@0: Dirfd, oldpath@1: Path, newdirfd@2: Dirfd, newpath@3: Path, flags@4: Flags(Rename)];
    mkdir = FILE, [path@0: Path, mode@1: Mode];
    mkdirat = FILE | DESC, [dirfd@0: Dirfd, path@1: Path, mode@2: Mode];
    rmdir = FILE, [path@0: Path];
    mknod = FILE, [path@0: Path, mode@1: Mode, dev@2: Dev];
    mknodat = FILE | DESC, [dirfd@0: Dirfd, path@1: Path, mode@2: Mode, dev@3: Dev];
    readlink = FILE, [pathname@0: Path, buf@1: PathOut(Ret), bufsiz@2: Int];
    readlinkat = FILE | DESC, [dirfd@0: Dirfd, pathname@1: Path, buf@2: PathOut(Ret), bufsiz@3: Int];
    getdents = FILE | DESC, [fd@0: Fd, dirp@1: DataOut(Ret), count@2: Uint];
    getdents64 = FILE | DESC, [fd@0: Fd, dirp@1: DataOut(Ret), count@2: Uint];
    lookup_dcookie = FILE, [cookie@0: Hex, buffer@1: PathOut(Ret), len@2: Ulong];

    // The working directory and the root.
    getcwd = FILE, [path@0: PathOut(Ret), size@1: Ulong];
    chdir = FILE, [path@0: Path];
    fchdir = FILE | DESC, [fd@0: Fd];
    chroot = FILE | PROCESS, [path@0: Path];
    fchroot = FILE | DESC | PROCESS, [fd@0: Fd, flags@1: Hex];

    // What a file is.
    stat = FILE, [path@0: Path, statbuf@1: StructOut(Stat)];
    lstat = FILE, [path@0: Path, statbuf@1: StructOut(Stat)];
    fstat = FILE | DESC, [fd@0: Fd, statbuf@1: StructOut(Stat)];
    newfstatat = FILE | DESC, [dirfd@0: Dirfd, path@1: Path, statbuf@2: StructOut(Stat), flags@3: Flags(At)];
    statx = FILE | DESC, [dirfd@0: Dirfd, pathname@1: Path, flags@2: Flags(At), mask@3: Flags(StatxMask),
        statxbuf@4: StructOut(Statx)];
    access = FILE, [name@0: Path, mode@1: Flags(Access)];
    faccessat = FILE | DESC, [dirfd@0: Dirfd, pathname@1: Path, mode@2: Flags(Access)];
    faccessat2 = FILE | DESC, [dirfd@0: Dirfd, pathname@1: Path, mode@2: Flags(Access), flags@3: Flags(AtAccess)];
    chmod = FILE, [filename@0: Path, mode@1: Mode];
    fchmod = FILE | DESC, [fd@0: Fd, mode@1: Mode];
    fchmodat = FILE | DESC, [dirfd@0: Dirfd, filename@1: Path, mode@2: Mode];
    fchmodat2 = FILE | DESC, [dirfd@0: Dirfd, filename@1: Path, mode@2: Mode, flags@3: Flags(At)];
    chown = FILE, [path@0: Path, uid@1: Uid, gid@2: Gid];
    lchown = FILE, [path@0: Path, uid@1: Uid, gid@2: Gid];
    fchown = FILE | DESC, [fd@0: Fd, uid@1: Uid, gid@2: Gid];
    fchownat = FILE | DESC, [dirfd@0: Dirfd, pathname@1: Path, uid@2: Uid, gid@3: Gid, flags@4: Flags(At)];
    utime = FILE, [filename@0: Path, times@1: Struct(Utimbuf)];
    utimes = FILE, [filename@0: Path, times@1: Struct(TimevalPair)];
    futimesat = FILE | DESC, [dirfd@0: Dirfd, pathname@1: Path, times@2: Struct(TimevalPair)];
    utimensat = FILE | DESC,
        [dirfd@0: Dirfd, pathname@1: Path, times@2: Struct(TimespecPair), flags@3: Flags(At)];
    file_getattr = FILE | DESC,
        [dirfd@0: Dirfd, pathname@1: Path, ufattr@2: DataOut(Arg(3)), usize@3: Ulong, at_flags@4: Flags(At)];
    file_setattr = FILE | DESC,
        [dirfd@0: Dirfd, pathname@1: Path, ufattr@2: Data(Arg(3)), usize@3: Ulong, at_flags@4: Flags(At)];
    umask = FILE | PROCESS, [mask@0: Mode];

    // Extended attributes.
    setxattr = FILE, [path@0: Path, name@1: Str, value@2: Data(Arg(3)), size@3: Ulong, flags@4: Flags(Xattr)];
    lsetxattr = FILE, [path@0: Path, name@1: Str, value@2: Data(Arg(3)), size@3: Ulong, flags@4: Flags(Xattr)];
    fsetxattr = FILE | DESC, [fd@0: Fd, name@1: Str, value@2: Data(Arg(3)), size@3: Ulong, flags@4: Flags(Xattr)];
    setxattrat = FILE | DESC, [dirfd@0: Dirfd, pathname@1: Path, at_flags@2: Flags(At), name@3: Str,
        uargs@4: Data(Arg(5)), usize@5: Ulong];
    getxattr = FILE, [path@0: Path, name@1: Str, value@2: DataOut(RetArg(3)), size@3: Ulong];
    lgetxattr = FILE, [path@0: Path, name@1: Str, value@2: DataOut(RetArg(3)), size@3: Ulong];
    fgetxattr = FILE | DESC, [fd@0: Fd, name@1: Str, value@2: DataOut(RetArg(3)), size@3: Ulong];
    getxattrat = FILE | DESC, [dirfd@0: Dirfd, pathname@1: Path, at_flags@2: Flags(At), name@3: Str,
        uargs@4: Data(Arg(5)), usize@5: Ulong];
    listxattr = FILE, [path@0: Path, list@1: DataOut(RetArg(2)), size@2: Ulong];
    llistxattr = FILE, [path@0: Path, list@1: DataOut(RetArg(2)), size@2: Ulong];
    flistxattr = FILE | DESC, [fd@0: Fd, list@1: DataOut(RetArg(2)), size@2: Ulong];
    listxattrat = FILE | DESC,
        [dirfd@0: Dirfd, pathname@1: Path, at_flags@2: Flags(At), list@3: DataOut(RetArg(4)), size@4: Ulong];
    removexattr = FILE, [path@0: Path, name@1: Str];
    lremovexattr = FILE, [path@0: Path, name@1: Str];
    fremovexattr = FILE | DESC, [fd@0: Fd, name@1: Str];
    removexattrat = FILE | DESC, [dirfd@0: Dirfd, pathname@1: Path, at_flags@2: Flags(At), name@3: Str];

    // Sizes, space and file systems.
    truncate = FILE, [path@0: Path, length@1: Long];
    ftruncate = FILE | DESC, [fd@0: Fd, length@1: Long];
    fallocate = FILE | DESC, [fd@0: Fd, mode@1: Flags(Fallocate), offset@2: Off, len@3: Off];
    fadvise64 = FILE | DESC, [fd@0: Fd, offset@1: Off, len@2: Off, advice@3: Enum(Fadvise)];
    readahead = FILE | DESC, [fd@0: Fd, offset@1: Off, count@2: Ulong];
    cachestat = FILE | DESC | MEMORY,
        [fd@0: Fd, cstat_range@1: Data(Fixed(16)), cstat@2: DataOut(Fixed(40)), flags@3: Hex];
    sync = FILE, [];
    syncfs = FILE | DESC, [fd@0: Fd];
    fsync = FILE | DESC, [fd@0: Fd];
    fdatasync = FILE | DESC, [fd@0: Fd];
    sync_file_range = FILE | DESC, [fd@0: Fd, offset@1: Off, nbytes@2: Off, flags@3: Flags(SyncFileRange)];
    statfs = FILE, [path@0: Path, buf@1: StructOut(Statfs)];
    fstatfs = FILE | DESC, [fd@0: Fd, buf@1: StructOut(Statfs)];
    ustat = FILE, [dev@0: Dev, ubuf@1: Ptr];
    sysfs = FILE | SYSTEM,
        [option@0: Enum(Sysfs), fsname@1: StrIf { sel: 0, a: 1, b: 1 }, fs_index@1: Hex, buf@2: Ptr];
    // Only QUOTAON passes a file; the values are its forms for users and groups.
    quotactl = FILE | SYSTEM, [cmd@0: Enum(Quotactl), special@1: Path, id@2: Uint, addr@3: Ptr,
        quotafilepath@3: StrIf { sel: 0, a: 0x8000_0200, b: 0x8000_0201 }];
    quotactl_fd = FILE | DESC | SYSTEM, [fd@0: Fd, cmd@1: Enum(Quotactl), id@2: Uint, addr@3: Ptr];
    flock = FILE | DESC, [fd@0: Fd, operation@1: Flags(FlockOp)];

    // Mounts and namespaces.
    mount = FILE | MOUNT, [dev@0: Str, dir@1: Path, type@2: Str, flags@3: Flags(Mount), data@4: Str];
    umount2 = FILE | MOUNT, [name@0: Path, flags@1: Flags(Umount)];
    pivot_root = FILE | MOUNT, [new_root@0: Path, put_old@1: Path];
    open_tree = FILE | DESC | MOUNT, [dirfd@0: Dirfd, path@1: Path, flags@2: Flags(OpenTree)];
    open_tree_attr = FILE | DESC | MOUNT, [dirfd@0: Dirfd, path@1: Path, flags@2: Flags(OpenTree),
        attr@3: Sized(MountAttr, 4), size@4: Ulong];
    move_mount = FILE | DESC | MOUNT, [from_dirfd@0: Dirfd, from_path@1: Path, to_dirfd@2: Dirfd, to_path@3: Path,
        flags@4: Flags(MoveMount)];
    fsopen = FILE | DESC | MOUNT, [fsname@0: Str, flags@1: Flags(Fsopen)];
    // SET_STRING and SET_PATH pass a string, the other commands something else or nothing.
    fsconfig = FILE | DESC | MOUNT, [fd@0: Fd, cmd@1: Enum(FsconfigCmd), key@2: Str, value_bytebuf@3: Ptr,
        value_charbuf@3: StrIf { sel: 1, a: 1, b: 3 }, aux@4: Int];
    fsmount = FILE | DESC | MOUNT, [fsfd@0: Fd, flags@1: Flags(Fsmount), attr_flags@2: Flags(FsmountAttr)];
    fspick = FILE | DESC | MOUNT, [dirfd@0: Dirfd, path@1: Path, flags@2: Flags(Fspick)];
    mount_setattr = FILE | DESC | MOUNT, [dirfd@0: Dirfd, pathname@1: Path, flags@2: Flags(MountSetattr),
        attr@3: Struct(MountAttr), size@4: Ulong];
    statmount = FILE | MOUNT, [req@0: Data(Fixed(24)), smbuf@1: Ptr, bufsize@2: Ulong, flags@3: Hex];
    listmount = FILE | MOUNT, [req@0: Data(Fixed(24)), mnt_ids@1: ArrayOut(U64), nr_mnt_ids@2: Ulong, flags@3: Hex];
    listns = MOUNT, [req@0: Data(Fixed(32)), ns_ids@1: ArrayOut(U64), nr_ns_ids@2: Ulong, flags@3: Hex];
    setns = DESC | PROCESS | MOUNT, [fd@0: Fd, nstype@1: Flags(CloneNs)];
    unshare = PROCESS | MOUNT, [flags@0: Flags(Unshare)];

    // Watching files.
    inotify_init = FILE | DESC, [];
    inotify_init1 = FILE | DESC, [flags@0: Flags(InotifyInit)];
    inotify_add_watch = FILE | DESC, [fd@0: Fd, pathname@1: Path, mask@2: Flags(InotifyMask)];
    inotify_rm_watch = FILE | DESC, [fd@0: Fd, wd@1: Int];
    fanotify_init = FILE | DESC, [flags@0: Flags(FanotifyInit), event_f_flags@1: Flags(Open)];
    fanotify_mark = FILE | DESC, [fanotify_fd@0: Fd, flags@1: Flags(FanotifyMark), mask@2: Flags(FanotifyMask),
        dirfd@3: Dirfd, pathname@4: Path];

    // Descriptors.
    close = DESC, [fd@0: Fd] on Entry;
    close_range = DESC, [first@0: Uint, last@1: Uint, flags@2: Flags(CloseRange)];
    dup = DESC, [oldfd@0: Fd];
    dup2 = DESC, [oldfd@0: Fd, newfd@1: Fd];
    dup3 = DESC, [oldfd@0: Fd, newfd@1: Fd, flags@2: Flags(Dup)];
    fcntl = DESC, [fd@0: Fd, cmd@1: Enum(FcntlCmd), arg@2: Hex];
    ioctl = DESC, [fd@0: Fd, request@1: Enum(Ioctl), argument@2: Hex];
    pipe = DESC | IPC, [fds@0: StructOut(FdPair)];
    pipe2 = DESC | IPC, [fds@0: StructOut(FdPair), flags@1: Flags(Pipe)];
    eventfd = DESC | IPC, [initval@0: Uint];
    eventfd2 = DESC | IPC, [initval@0: Uint, flags@1: Flags(Eventfd)];

    // Reading and writing.
    read = DESC | IO, [fd@0: Fd, data@1: DataOut(Ret), size@2: Ulong];
    write = DESC | IO, [fd@0: Fd, data@1: Data(Arg(2)), size@2: Ulong];
    pread64 = DESC | IO, [fd@0: Fd, data@1: DataOut(Ret), size@2: Ulong, pos@3: Off];
    pwrite64 = DESC | IO, [fd@0: Fd, data@1: Data(Arg(2)), size@2: Ulong, pos@3: Off];
    readv = DESC | IO, [fd@0: Fd, data@1: IovOut(2), iovcnt@2: Ulong];
    writev = DESC | IO, [fd@0: Fd, data@1: Iov(2), iovcnt@2: Ulong];
    // A 64-bit caller's whole position is in register 3; the kernel shifts register 4 out.
    preadv = DESC | IO, [fd@0: Fd, data@1: IovOut(2), iovcnt@2: Ulong, pos@3: Off];
    pwritev = DESC | IO, [fd@0: Fd, data@1: Iov(2), iovcnt@2: Ulong, pos@3: Off];
    preadv2 = DESC | IO, [fd@0: Fd, data@1: IovOut(2), iovcnt@2: Ulong, pos@3: Off, flags@5: Flags(Rwf)];
    pwritev2 = DESC | IO, [fd@0: Fd, data@1: Iov(2), iovcnt@2: Ulong, pos@3: Off, flags@5: Flags(Rwf)];
    lseek = DESC | IO, [fd@0: Fd, offset@1: Long, whence@2: Enum(Whence)];
    sendfile = DESC | IO | NETWORK, [out_fd@0: Fd, in_fd@1: Fd, offset@2: Struct(Word), size@3: Ulong];
    copy_file_range = DESC | IO, [fdin@0: Fd, offin@1: Struct(U64), fdout@2: Fd, offout@3: Struct(U64), len@4: Ulong,
        flags@5: Hex];
    splice = DESC | IO, [fd_in@0: Fd, off_in@1: Struct(U64), fd_out@2: Fd, off_out@3: Struct(U64), size@4: Ulong,
        flags@5: Flags(Splice)];
    tee = DESC | IO, [fd_in@0: Fd, fd_out@1: Fd, len@2: Ulong, flags@3: Flags(Splice)];
    // Writes to the memory when the pipe is a read end, so that reading it afterwards is right both ways.
    vmsplice = DESC | IO, [fd@0: Fd, iov@1: Iov(2), nr_segs@2: Ulong, flags@3: Flags(Splice)];
    io_setup = IO, [nr_events@0: Uint, ctx_idp@1: StructOut(Word)];
    io_destroy = IO, [ctx_id@0: Hex];
    io_submit = IO, [ctx_id@0: Hex, nr@1: Long, iocbpp@2: Ptr];
    io_cancel = IO, [ctx_id@0: Hex, iocb@1: Ptr, result@2: StructOut(IoEvent)];
    io_getevents = IO, [ctx_id@0: Hex, min_nr@1: Long, nr@2: Long, events@3: ArrayOut(IoEvent),
        timeout@4: Struct(Timespec)];
    io_pgetevents = IO, [ctx_id@0: Hex, min_nr@1: Long, nr@2: Long, events@3: ArrayOut(IoEvent),
        timeout@4: Struct(Timespec), usig@5: Ptr];
    io_uring_setup = DESC | IO, [entries@0: Uint, params@1: StructOut(IoUringParams)];
    // `sig` is a signal mask, or with IORING_ENTER_EXT_ARG a struct.
    io_uring_enter = DESC | IO, [fd@0: Fd, to_submit@1: Uint, min_complete@2: Uint, flags@3: Flags(IoUringEnter),
        sig@4: Ptr, argsz@5: Ulong];
    io_uring_register = DESC | IO, [fd@0: Fd, opcode@1: Enum(IoUringRegister), arg@2: Ptr, nr_args@3: Uint];

    // Readiness.
    poll = DESC | POLL, [fds@0: Array(Pollfd, 1), nfds@1: Uint, timeout@2: Int];
    ppoll = DESC | POLL, [fds@0: Array(Pollfd, 1), nfds@1: Uint, timeout@2: Struct(Timespec), sigmask@3: Sigset(4),
        sigsetsize@4: Ulong];
    select = DESC | POLL, [nfds@0: Int, readfds@1: FdSet(0), writefds@2: FdSet(0), exceptfds@3: FdSet(0),
        timeout@4: Struct(Timeval)];
    // `sigmask` points to a pair of the mask's address and its size.
    pselect6 = DESC | POLL, [nfds@0: Int, readfds@1: FdSet(0), writefds@2: FdSet(0), exceptfds@3: FdSet(0),
        timeout@4: Struct(Timespec), sigmask@5: Ptr];
    epoll_create = DESC | POLL, [size@0: Int];
    epoll_create1 = DESC | POLL, [flags@0: Flags(EpollCreate)];
    epoll_ctl = DESC | POLL, [epfd@0: Fd, op@1: Enum(EpollOp), fd@2: Fd, event@3: Struct(EpollEvent)];
    epoll_wait = DESC | POLL, [epfd@0: Fd, events@1: ArrayOut(EpollEvent), maxevents@2: Int, timeout@3: Int];
    epoll_pwait = DESC | POLL, [epfd@0: Fd, events@1: ArrayOut(EpollEvent), maxevents@2: Int, timeout@3: Int,
        sigmask@4: Sigset(5), sigsetsize@5: Ulong];
    epoll_pwait2 = DESC | POLL, [epfd@0: Fd, events@1: ArrayOut(EpollEvent), maxevents@2: Int,
        timeout@3: Struct(Timespec64), sigmask@4: Sigset(5), sigsetsize@5: Ulong];
    epoll_ctl_old = DESC | POLL, [];
    epoll_wait_old = DESC | POLL, [];

    // Sockets.
    socket = DESC | NETWORK, [domain@0: Enum(Domain), type@1: Enum(SocketType), proto@2: Enum(Protocol)];
    socketpair = DESC | NETWORK | IPC, [domain@0: Enum(Domain), type@1: Enum(SocketType), proto@2: Enum(Protocol),
        sv@3: StructOut(FdPair)];
    bind = DESC | NETWORK, [fd@0: Fd, addr@1: Sockaddr(2), addrlen@2: Uint];
    connect = DESC | NETWORK, [fd@0: Fd, addr@1: Sockaddr(2), addrlen@2: Uint];
    listen = DESC | NETWORK, [fd@0: Fd, backlog@1: Int];
    accept = DESC | NETWORK, [fd@0: Fd, addr@1: SockaddrOut(2), addrlen@2: StructOut(U32)];
    accept4 = DESC | NETWORK,
        [fd@0: Fd, addr@1: SockaddrOut(2), addrlen@2: StructOut(U32), flags@3: Flags(Accept)];
    getsockname = DESC | NETWORK, [fd@0: Fd, addr@1: SockaddrOut(2), addrlen@2: StructOut(U32)];
    getpeername = DESC | NETWORK, [fd@0: Fd, addr@1: SockaddrOut(2), addrlen@2: StructOut(U32)];
    sendto = DESC | NETWORK | IO, [fd@0: Fd, data@1: Data(Arg(2)), size@2: Ulong, flags@3: Flags(MsgFlags),
        addr@4: Sockaddr(5), addrlen@5: Uint];
    recvfrom = DESC | NETWORK | IO, [fd@0: Fd, data@1: DataOut(RetArg(2)), size@2: Ulong, flags@3: Flags(MsgFlags),
        addr@4: SockaddrOut(5), addrlen@5: StructOut(U32)];
    sendmsg = DESC | NETWORK | IO, [fd@0: Fd, msg@1: Msg, flags@2: Flags(MsgFlags)];
    recvmsg = DESC | NETWORK | IO, [fd@0: Fd, msg@1: MsgOut, flags@2: Flags(MsgFlags)];
    sendmmsg = DESC | NETWORK | IO, [fd@0: Fd, msgvec@1: Mmsg(2), vlen@2: Uint, flags@3: Flags(MsgFlags)];
    recvmmsg = DESC | NETWORK | IO,
        [fd@0: Fd, msgvec@1: MmsgOut, vlen@2: Uint, flags@3: Flags(MsgFlags), timeout@4: Struct(Timespec)];
    setsockopt = DESC | NETWORK,
        [fd@0: Fd, level@1: Enum(SockLevel), optname@2: Enum(SockOpt), val@3: Data(Arg(4)), optlen@4: Uint];
    getsockopt = DESC | NETWORK, [fd@0: Fd, level@1: Enum(SockLevel), optname@2: Enum(SockOpt),
        val@3: DataOut(Deref(4)), optlen@4: StructOut(U32)];
    shutdown = DESC | NETWORK, [fd@0: Fd, how@1: Enum(ShutdownHow)];

    // Life of processes.
    fork = PROCESS, [];
    vfork = PROCESS, [];
    clone = PROCESS,
        [flags@0: Flags(Clone), newsp@1: Ptr, parent_tid@2: Ptr, child_tid@3: Ptr, tls@4: Hex];
    clone_backwards as "clone" = PROCESS,
        [flags@0: Flags(Clone), newsp@1: Ptr, parent_tid@2: Ptr, tls@3: Hex, child_tid@4: Ptr];
    clone3 = PROCESS, [cl_args@0: Sized(CloneArgs, 1), size@1: Ulong];
    execve = FILE | PROCESS,
        [filename@0: ExecPath(super::NO_FLAGS), argv@1: ExecArgv(super::NO_FLAGS), env@2: ExecEnvp(super::NO_FLAGS)] on Both;
    execveat = FILE | DESC | PROCESS,
        [dirfd@0: Dirfd, pathname@1: ExecPath(4), argv@2: ExecArgv(4), env@3: ExecEnvp(4), flags@4: Flags(At)] on Both;
    uselib = FILE | MEMORY, [library@0: Path];
    exit = PROCESS, [status@0: Int] on Enter;
    exit_group = PROCESS, [status@0: Int] on Enter;
    wait4 = PROCESS,
        [pid@0: Pid, wstatus@1: StructFound(WaitStatus), options@2: Flags(Wait), rusage@3: StructFound(Rusage)];
    waitid = PROCESS, [idtype@0: Enum(WaitId), id@1: Int, infop@2: StructOut(Siginfo), options@3: Flags(Wait),
        rusage@4: StructOut(Rusage)];
    pidfd_open = DESC | PROCESS, [pid@0: Pid, flags@1: Flags(PidfdOpen)];
    pidfd_getfd = DESC | PROCESS, [pid_fd@0: Fd, target_fd@1: Int, flags@2: Hex];
    ptrace = PROCESS, [request@0: Enum(Ptrace), pid@1: Pid, addr@2: Hex, data@3: Hex];
    kcmp = PROCESS, [pid1@0: Pid, pid2@1: Pid, type@2: Enum(Kcmp), idx1@3: Hex, idx2@4: Hex];
    restart_syscall = TIME, [];

    // Attributes of processes.
    getpid = PROCESS, [];
    getppid = PROCESS, [];
    gettid = PROCESS, [];
    set_tid_address = PROCESS, [tidptr@0: Ptr];
    getpgid = PROCESS, [pid@0: Pid];
    setpgid = PROCESS, [pid@0: Pid, pgid@1: Pid];
    getpgrp = PROCESS, [];
    getsid = PROCESS, [pid@0: Pid];
    setsid = PROCESS, [];
    vhangup = PROCESS, [];
    prctl = PROCESS, [option@0: Enum(Prctl), arg2_str@1: StrIf { sel: 0, a: 15, b: 15 }, arg2_int@1: Long,
        arg3@2: Hex, arg4@3: Hex, arg5@4: Hex];
    arch_prctl = PROCESS, [code@0: Enum(ArchPrctl), addr@1: Hex];
    personality = PROCESS, [persona@0: Flags(Personality)];
    seccomp = PROCESS, [op@0: Enum(SeccompOp), flags@1: Flags(SeccompFlags), args@2: Ptr];
    getrlimit = PROCESS, [resource@0: Enum(Resource), rlim@1: StructOut(Rlimit)];
    setrlimit = PROCESS, [resource@0: Enum(Resource), rlim@1: Struct(Rlimit)];
    prlimit64 = PROCESS,
        [pid@0: Pid, resource@1: Enum(Resource), new_limit@2: Struct(Rlimit64), old_limit@3: StructOut(Rlimit64)];
    getrusage = PROCESS, [who@0: Enum(RusageWho), usage@1: StructOut(Rusage)];
    times = PROCESS | TIME, [buf@0: StructOut(Tms)];
    modify_ldt = PROCESS | MEMORY, [func@0: Enum(Modify), ptr@1: Ptr, bytecount@2: Ulong];
    get_thread_area = PROCESS | MEMORY, [u_info@0: StructOut(UserDesc)];
    set_thread_area = PROCESS | MEMORY, [u_info@0: Struct(UserDesc)];
    rseq = PROCESS | SCHED, [rseq@0: Ptr, rseq_len@1: Uint, flags@2: Flags(Rseq), sig@3: Hex];
    rseq_slice_yield = PROCESS | SCHED, [];
    uprobe = PROCESS, [];
    uretprobe = PROCESS, [];

    // Credentials.
    getuid = CREDS, [];
    geteuid = CREDS, [];
    getgid = CREDS, [];
    getegid = CREDS, [];
    getresuid = CREDS,
        [ruid@0: StructOut(U32), euid@1: StructOut(U32), suid@2: StructOut(U32)];
    getresgid = CREDS,
        [rgid@0: StructOut(U32), egid@1: StructOut(U32), sgid@2: StructOut(U32)];
    getgroups = CREDS, [size@0: Int, list@1: ArrayOutMax(U32, 0)];
    setuid = CREDS, [uid@0: Uid];
    setgid = CREDS, [gid@0: Gid];
    setreuid = CREDS, [ruid@0: Uid, euid@1: Uid];
    setregid = CREDS, [rgid@0: Gid, egid@1: Gid];
    setresuid = CREDS, [ruid@0: Uid, euid@1: Uid, suid@2: Uid];
    setresgid = CREDS, [rgid@0: Gid, egid@1: Gid, sgid@2: Gid];
    setfsuid = CREDS, [fsuid@0: Uid];
    setfsgid = CREDS, [fsgid@0: Gid];
    setgroups = CREDS, [size@0: Int, list@1: Array(U32, 0)];
    capget = CREDS, [hdrp@0: Struct(CapHeader), datap@1: StructOut(CapData)];
    capset = CREDS, [hdrp@0: Struct(CapHeader), datap@1: Struct(CapData)];

    // Memory.
    brk = MEMORY, [addr@0: Ptr];
    mmap = MEMORY | DESC, [addr@0: Ptr, length@1: Ulong, prot@2: Flags(Prot), flags@3: Flags(Map), fd@4: Fd,
        offset@5: Off];
    munmap = MEMORY, [addr@0: Ptr, length@1: Ulong];
    mremap = MEMORY, [old_address@0: Ptr, old_size@1: Ulong, new_size@2: Ulong, flags@3: Flags(Mremap),
        new_address@4: Ptr];
    remap_file_pages = MEMORY,
        [addr@0: Ptr, size@1: Ulong, prot@2: Flags(Prot), pgoff@3: Ulong, flags@4: Flags(Map)];
    mprotect = MEMORY, [addr@0: Ptr, length@1: Ulong, prot@2: Flags(Prot)];
    pkey_mprotect = MEMORY, [addr@0: Ptr, len@1: Ulong, prot@2: Flags(Prot), pkey@3: Int];
    pkey_alloc = MEMORY, [flags@0: Hex, access_rights@1: Flags(PkeyRights)];
    pkey_free = MEMORY, [pkey@0: Int];
    madvise = MEMORY, [addr@0: Ptr, length@1: Ulong, advice@2: Enum(Madvise)];
    // The vectors hold addresses of the other process.
    process_madvise = MEMORY | DESC,
        [pidfd@0: Fd, iovec@1: Ptr, vlen@2: Ulong, advice@3: Enum(Madvise), flags@4: Hex];
    process_mrelease = MEMORY | DESC, [pidfd@0: Fd, flags@1: Hex];
    process_vm_readv = MEMORY | IPC, [pid@0: Pid, data@1: IovOut(2), liovcnt@2: Ulong, remote_iov@3: Ptr,
        riovcnt@4: Ulong, flags@5: Hex];
    process_vm_writev = MEMORY | IPC, [pid@0: Pid, data@1: Iov(2), liovcnt@2: Ulong, remote_iov@3: Ptr,
        riovcnt@4: Ulong, flags@5: Hex];
    mincore = MEMORY, [addr@0: Ptr, length@1: Ulong, vec@2: Ptr];
    msync = MEMORY, [addr@0: Ptr, length@1: Ulong, flags@2: Flags(Msync)];
    mlock = MEMORY, [addr@0: Ptr, len@1: Ulong];
    mlock2 = MEMORY, [addr@0: Ptr, len@1: Ulong, flags@2: Flags(Mlock2)];
    munlock = MEMORY, [addr@0: Ptr, len@1: Ulong];
    mlockall = MEMORY, [flags@0: Flags(Mlockall)];
    munlockall = MEMORY, [];
    mseal = MEMORY, [addr@0: Ptr, len@1: Ulong, flags@2: Hex];
    map_shadow_stack = MEMORY, [addr@0: Ptr, size@1: Ulong, flags@2: Hex];
    memfd_create = MEMORY | DESC, [name@0: Str, flags@1: Flags(Memfd)];
    // Its only flag is O_CLOEXEC.
    memfd_secret = MEMORY | DESC, [flags@0: Flags(Open)];
    userfaultfd = MEMORY | DESC, [flags@0: Flags(Userfaultfd)];
    membarrier = MEMORY | SCHED, [cmd@0: Enum(Membarrier), flags@1: Flags(MembarrierFlags), cpu_id@2: Int];
    mbind = MEMORY, [addr@0: Ptr, len@1: Ulong, mode@2: Enum(Mempolicy), nodemask@3: Data(Bits(4)),
        maxnode@4: Ulong, flags@5: Flags(Mbind)];
    get_mempolicy = MEMORY, [mode@0: StructOut(I32), nodemask@1: DataOut(Bits(2)), maxnode@2: Ulong,
        addr@3: Ptr, flags@4: Flags(MempolicyGet)];
    set_mempolicy = MEMORY, [mode@0: Enum(Mempolicy), nodemask@1: Data(Bits(2)), maxnode@2: Ulong];
    set_mempolicy_home_node = MEMORY, [start@0: Ptr, len@1: Ulong, home_node@2: Ulong, flags@3: Hex];
    // One mask only: two of the snap length would not fit in a record.
    migrate_pages = MEMORY, [pid@0: Pid, maxnode@1: Ulong, old_nodes@2: Ptr, new_nodes@3: Data(Bits(1))];
    move_pages = MEMORY, [pid@0: Pid, count@1: Ulong, pages@2: Ptr, nodes@3: Array(I32, 1),
        status@4: DataOut(Times(1, 4)), flags@5: Flags(MovePages)];

    // Signals.
    kill = SIGNAL, [pid@0: Pid, sig@1: Signal];
    tkill = SIGNAL, [tid@0: Pid, sig@1: Signal];
    tgkill = SIGNAL, [pid@0: Pid, tid@1: Pid, sig@2: Signal];
    pidfd_send_signal = SIGNAL | DESC,
        [pidfd@0: Fd, sig@1: Signal, info@2: Struct(Siginfo), flags@3: Flags(PidfdSignal)];
    rt_sigqueueinfo = SIGNAL, [tgid@0: Pid, sig@1: Signal, info@2: Struct(Siginfo)];
    rt_tgsigqueueinfo = SIGNAL, [tgid@0: Pid, tid@1: Pid, sig@2: Signal, info@3: Struct(Siginfo)];
    rt_sigaction = SIGNAL,
        [signum@0: Signal, act@1: Struct(Sigaction), oldact@2: StructOut(Sigaction), sigsetsize@3: Ulong];
    rt_sigprocmask = SIGNAL, [how@0: Enum(SigHow), set@1: Sigset(3), oldset@2: SigsetOut(3), sigsetsize@3: Ulong];
    rt_sigpending = SIGNAL, [set@0: SigsetOut(1), sigsetsize@1: Ulong];
    rt_sigsuspend = SIGNAL, [mask@0: Sigset(1), sigsetsize@1: Ulong];
    rt_sigtimedwait = SIGNAL,
        [set@0: Sigset(3), info@1: StructOut(Siginfo), timeout@2: Struct(Timespec), sigsetsize@3: Ulong];
    rt_sigreturn = SIGNAL, [] on Both;
    sigaltstack = SIGNAL | MEMORY, [ss@0: Struct(Stack), old_ss@1: StructOut(Stack)];
    signalfd = SIGNAL | DESC, [fd@0: Fd, mask@1: Sigset(2), sizemask@2: Ulong];
    signalfd4 = SIGNAL | DESC, [fd@0: Fd, mask@1: Sigset(2), sizemask@2: Ulong, flags@3: Flags(Signalfd)];
    pause = SIGNAL, [];

    // Futexes. The fourth argument of `futex` is a timeout or a number, by operation.
    futex = IPC, [addr@0: Ptr, op@1: Enum(FutexOp), val@2: Uint, timeout@3: Ptr, uaddr2@4: Ptr, val3@5: Hex];
    futex_waitv = IPC, [waiters@0: Array(FutexWaitv, 1), nr_futexes@1: Uint, flags@2: Hex,
        timeout@3: Struct(Timespec64), clockid@4: Enum(Clock)];
    futex_wait = IPC, [uaddr@0: Ptr, val@1: Ulong, mask@2: Hex, flags@3: Flags(Futex2),
        timeout@4: Struct(Timespec64), clockid@5: Enum(Clock)];
    futex_wake = IPC, [uaddr@0: Ptr, mask@1: Hex, nr@2: Int, flags@3: Flags(Futex2)];
    // Always two waiters.
    futex_requeue = IPC, [waiters@0: Data(Fixed(48)), flags@1: Hex, nr_wake@2: Int, nr_requeue@3: Int];
    get_robust_list = IPC,
        [pid@0: Pid, head_ptr@1: StructOut(Word), len_ptr@2: StructOut(Word)];
    set_robust_list = IPC, [head@0: Ptr, len@1: Ulong];

    // System V and POSIX queues, semaphores and shared memory. A message begins with its type.
    msgget = IPC, [key@0: Hex, msgflg@1: Flags(IpcGet)];
    msgctl = IPC, [msqid@0: Int, cmd@1: Enum(MsgCtl), buf@2: Ptr];
    msgsnd = IPC, [msqid@0: Int, msgp@1: Ptr, mtype@1: Struct(Word), msgsz@2: Ulong, msgflg@3: Flags(MsgOp)];
    msgrcv = IPC, [msqid@0: Int, msgp@1: Ptr, mtype@1: StructOut(Word), msgsz@2: Ulong, msgtyp@3: Long,
        msgflg@4: Flags(MsgOp)];
    semget = IPC, [key@0: Hex, nsems@1: Int, semflg@2: Flags(IpcGet)];
    semctl = IPC, [semid@0: Int, semnum@1: Int, cmd@2: Enum(SemCtl), val@3: Hex];
    semop = IPC, [semid@0: Int, sops@1: Array(Sembuf, 2), nsops@2: Uint];
    semtimedop = IPC, [semid@0: Int, sops@1: Array(Sembuf, 2), nsops@2: Uint, timeout@3: Struct(Timespec)];
    shmget = IPC | MEMORY, [key@0: Hex, size@1: Ulong, shmflg@2: Flags(IpcGet)];
    shmctl = IPC | MEMORY, [shmid@0: Int, cmd@1: Enum(ShmCtl), buf@2: Ptr];
    shmat = IPC | MEMORY, [shmid@0: Int, shmaddr@1: Ptr, shmflg@2: Flags(Shmat)];
    shmdt = IPC | MEMORY, [shmaddr@0: Ptr];
    mq_open = IPC | DESC, [name@0: Str, oflag@1: Flags(Open), mode@2: Mode, attr@3: Struct(MqAttr)];
    mq_unlink = IPC, [name@0: Str];
    mq_timedsend = IPC | DESC, [mqdes@0: Fd, msg_ptr@1: Data(Arg(2)), msg_len@2: Ulong, msg_prio@3: Uint,
        abs_timeout@4: Struct(Timespec)];
    mq_timedreceive = IPC | DESC, [mqdes@0: Fd, msg_ptr@1: DataOut(Ret), msg_len@2: Ulong,
        msg_prio@3: StructOut(U32), abs_timeout@4: Struct(Timespec)];
    mq_notify = IPC | DESC | SIGNAL, [mqdes@0: Fd, sevp@1: Struct(Sigevent)];
    mq_getsetattr = IPC | DESC, [mqdes@0: Fd, newattr@1: Struct(MqAttr), oldattr@2: StructOut(MqAttr)];
    getpmsg = IPC, [];
    putpmsg = IPC, [];

    // Time.
    time = TIME, [tloc@0: StructOut(Word)];
    gettimeofday = TIME, [tv@0: StructOut(Timeval), tz@1: StructOut(Timezone)];
    settimeofday = TIME, [tv@0: Struct(Timeval), tz@1: Struct(Timezone)];
    adjtimex = TIME, [buf@0: Ptr];
    clock_gettime = TIME, [clockid@0: Enum(Clock), tp@1: StructOut(Timespec)];
    clock_settime = TIME, [clockid@0: Enum(Clock), tp@1: Struct(Timespec)];
    clock_getres = TIME, [clockid@0: Enum(Clock), res@1: StructOut(Timespec)];
    clock_adjtime = TIME, [clk_id@0: Enum(Clock), buf@1: Ptr];
    nanosleep = TIME, [interval@0: Struct(Timespec), rem@1: StructRest(Timespec)];
    clock_nanosleep = TIME, [clockid@0: Enum(Clock), flags@1: Flags(TimerFlags), request@2: Struct(Timespec),
        remain@3: StructRest(Timespec)];
    alarm = TIME | SIGNAL, [seconds@0: Uint];
    getitimer = TIME | SIGNAL, [which@0: Enum(Itimer), curr_value@1: StructOut(Itimerval)];
    setitimer = TIME | SIGNAL,
        [which@0: Enum(Itimer), new_value@1: Struct(Itimerval), old_value@2: StructOut(Itimerval)];
    timer_create = TIME | SIGNAL,
        [clockid@0: Enum(Clock), sevp@1: Struct(Sigevent), timerid@2: StructOut(I32)];
    timer_settime = TIME | SIGNAL, [timerid@0: Int, flags@1: Flags(TimerFlags), new_value@2: Struct(Itimerspec),
        old_value@3: StructOut(Itimerspec)];
    timer_gettime = TIME | SIGNAL, [timerid@0: Int, curr_value@1: StructOut(Itimerspec)];
    timer_getoverrun = TIME | SIGNAL, [timerid@0: Int];
    timer_delete = TIME | SIGNAL, [timerid@0: Int];
    timerfd_create = TIME | DESC, [clockid@0: Enum(Clock), flags@1: Flags(TimerfdCreate)];
    timerfd_settime = TIME | DESC, [fd@0: Fd, flags@1: Flags(TimerfdSet), new_value@2: Struct(Itimerspec),
        old_value@3: StructOut(Itimerspec)];
    timerfd_gettime = TIME | DESC, [fd@0: Fd, curr_value@1: StructOut(Itimerspec)];

    // Scheduling.
    sched_yield = SCHED, [];
    sched_setscheduler = SCHED, [pid@0: Pid, policy@1: Enum(SchedPolicy), param@2: Struct(SchedParam)];
    sched_getscheduler = SCHED, [pid@0: Pid];
    sched_setparam = SCHED, [pid@0: Pid, param@1: Struct(SchedParam)];
    sched_getparam = SCHED, [pid@0: Pid, param@1: StructOut(SchedParam)];
    sched_setattr = SCHED, [pid@0: Pid, attr@1: Struct(SchedAttr), flags@2: Hex];
    sched_getattr = SCHED, [pid@0: Pid, attr@1: SizedOut(SchedAttr, 2), size@2: Uint, flags@3: Hex];
    sched_setaffinity = SCHED, [pid@0: Pid, cpusetsize@1: Uint, mask@2: Data(Arg(1))];
    sched_getaffinity = SCHED, [pid@0: Pid, cpusetsize@1: Uint, mask@2: DataOut(Ret)];
    sched_get_priority_max = SCHED, [policy@0: Enum(SchedPolicy)];
    sched_get_priority_min = SCHED, [policy@0: Enum(SchedPolicy)];
    sched_rr_get_interval = SCHED, [pid@0: Pid, tp@1: StructOut(Timespec)];
    getpriority = SCHED, [which@0: Enum(PriorityWho), who@1: Int];
    setpriority = SCHED, [which@0: Enum(PriorityWho), who@1: Int, prio@2: Int];
    ioprio_get = SCHED, [which@0: Enum(IoprioWho), who@1: Int];
    ioprio_set = SCHED, [which@0: Enum(IoprioWho), who@1: Int, ioprio@2: Hex];
    getcpu = SCHED, [cpu@0: StructOut(U32), node@1: StructOut(U32), tcache@2: Ptr];

    // The machine.
    uname = SYSTEM, [buf@0: StructOut(Utsname)];
    sethostname = SYSTEM, [name@0: Data(Arg(1)), len@1: Int];
    setdomainname = SYSTEM, [name@0: Data(Arg(1)), len@1: Int];
    sysinfo = SYSTEM, [info@0: StructOut(Sysinfo)];
    syslog = SYSTEM, [type@0: Enum(Syslog), bufp@1: DataOut(RetArg(2)), len@2: Int];
    getrandom = SYSTEM, [buf@0: DataOut(Ret), buflen@1: Ulong, flags@2: Flags(Getrandom)];
    // Only RESTART2 passes a string.
    reboot = SYSTEM, [magic@0: Enum(RebootMagic), magic2@1: Enum(RebootMagic), cmd@2: Enum(Reboot),
        arg@3: StrIf { sel: 2, a: 0xa1b2_c3d4, b: 0xa1b2_c3d4 }];
    acct = FILE | SYSTEM, [filename@0: Path];
    swapon = FILE | SYSTEM, [path@0: Path, swapflags@1: Flags(Swapon)];
    swapoff = FILE | SYSTEM, [path@0: Path];
    ioperm = SYSTEM, [from@0: Hex, num@1: Ulong, turn_on@2: Int];
    iopl = SYSTEM, [level@0: Int];
    kexec_load = SYSTEM, [entry@0: Ptr, nr_segments@1: Ulong, segments@2: Ptr, flags@3: Flags(Kexec)];
    kexec_file_load = SYSTEM | DESC,
        [kernel_fd@0: Fd, initrd_fd@1: Fd, cmdline_len@2: Ulong, cmdline@3: Str, flags@4: Flags(KexecFile)];
    init_module = SYSTEM, [img@0: Data(Arg(1)), length@1: Ulong, uargs@2: Str];
    finit_module = SYSTEM | DESC, [fd@0: Fd, uargs@1: Str, flags@2: Flags(ModuleInit)];
    delete_module = SYSTEM, [name@0: Str, flags@1: Flags(ModuleDelete)];
    create_module = SYSTEM, [name@0: Str, size@1: Ulong];
    query_module = SYSTEM, [name@0: Str, which@1: Int, buf@2: Ptr, bufsize@3: Ulong, ret@4: Ptr];
    get_kernel_syms = SYSTEM, [table@0: Ptr];
    bpf = SYSTEM | DESC, [cmd@0: Enum(BpfCmd), attr@1: Data(Arg(2)), size@2: Uint];
    // The part that every version of the attributes has.
    perf_event_open = SYSTEM | DESC,
        [attr@0: Data(Fixed(64)), pid@1: Pid, cpu@2: Int, group_fd@3: Fd, flags@4: Flags(PerfOpen)];
    _sysctl = SYSTEM, [args@0: Ptr];
    nfsservctl = SYSTEM, [cmd@0: Int, argp@1: Ptr, resp@2: Ptr];
    afs_syscall = SYSTEM, [];
    tuxcall = SYSTEM, [];
    security = SYSTEM, [];
    vserver = SYSTEM, [];

    // Keys and security modules.
    add_key = SYSTEM,
        [type@0: Str, description@1: Str, payload@2: Data(Arg(3)), plen@3: Ulong, keyring@4: Int];
    request_key = SYSTEM, [type@0: Str, description@1: Str, callout_info@2: Str, dest_keyring@3: Int];
    keyctl = SYSTEM, [operation@0: Enum(Keyctl), arg2@1: Hex, arg3@2: Hex, arg4@3: Hex, arg5@4: Hex];
    landlock_create_ruleset = SYSTEM | DESC, [attr@0: Data(Arg(1)), size@1: Ulong, flags@2: Flags(LandlockCreate)];
    landlock_add_rule = SYSTEM | DESC,
        [ruleset_fd@0: Fd, rule_type@1: Enum(LandlockRule), rule_attr@2: Ptr, flags@3: Hex];
    landlock_restrict_self = SYSTEM | DESC | PROCESS, [ruleset_fd@0: Fd, flags@1: Flags(LandlockRestrict)];
    lsm_get_self_attr = SYSTEM,
        [attr@0: Enum(LsmAttr), ctx@1: DataOut(Deref(2)), size@2: StructOut(U32), flags@3: Hex];
    lsm_set_self_attr = SYSTEM, [attr@0: Enum(LsmAttr), ctx@1: Data(Arg(2)), size@2: Uint, flags@3: Hex];
    lsm_list_modules = SYSTEM, [ids@0: DataOut(Deref(1)), size@1: StructOut(U32), flags@2: Hex];
}
