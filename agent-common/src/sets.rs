// SPDX-License-Identifier: Apache-2.0
//! The sets of symbols that flag and enum arguments draw from. Only their names travel; the agent has the tables.

/// A set of symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Set {
    /// open(2) flags.
    Open,
    /// AT_* flags of the *at calls in general.
    At,
    /// AT_REMOVEDIR.
    AtUnlink,
    /// faccessat2 flags.
    AtAccess,
    /// linkat flags.
    AtLink,
    /// R_OK W_OK X_OK mode of access(2) (0 is F_OK).
    Access,
    /// statx mask.
    StatxMask,
    /// mmap protection.
    Prot,
    /// mmap flags.
    Map,
    /// mremap flags.
    Mremap,
    /// msync flags.
    Msync,
    /// mlock2 flags.
    Mlock2,
    /// mlockall flags.
    Mlockall,
    /// madvise advice.
    Madvise,
    /// clone flags (the low byte is the exit signal).
    Clone,
    /// namespace types of unshare and setns.
    CloneNs,
    /// unshare flags.
    Unshare,
    /// socket domain.
    Domain,
    /// socket type with SOCK_NONBLOCK and SOCK_CLOEXEC.
    SocketType,
    /// socket protocol (IPPROTO).
    Protocol,
    /// shutdown how.
    ShutdownHow,
    /// socket option level.
    SockLevel,
    /// socket option name (level is argument 1).
    SockOpt,
    /// send and recv flags.
    MsgFlags,
    /// accept4 flags.
    Accept,
    /// epoll_create1 flags.
    EpollCreate,
    /// epoll_ctl operation.
    EpollOp,
    /// epoll event mask.
    EpollEvents,
    /// poll event mask.
    Poll,
    /// fcntl command.
    FcntlCmd,
    /// FD_CLOEXEC.
    FdFlags,
    /// flock operation.
    FlockOp,
    /// ioctl request, by direction, type and number when it has no name.
    Ioctl,
    /// lseek whence.
    Whence,
    /// prctl option.
    Prctl,
    /// arch_prctl code.
    ArchPrctl,
    /// ptrace request.
    Ptrace,
    /// bpf command.
    BpfCmd,
    /// seccomp operation.
    SeccompOp,
    /// seccomp filter flags.
    SeccompFlags,
    /// mount flags.
    Mount,
    /// umount2 flags.
    Umount,
    /// renameat2 flags.
    Rename,
    /// wait4 and waitid options.
    Wait,
    /// waitid id type.
    WaitId,
    /// scheduling policy with SCHED_RESET_ON_FORK.
    SchedPolicy,
    /// sigprocmask how.
    SigHow,
    /// SA_ flags.
    SigactionFlags,
    /// futex operation with FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME.
    FutexOp,
    /// futex2 flags (size and private).
    Futex2,
    /// rlimit resource.
    Resource,
    /// getrusage who.
    RusageWho,
    /// itimer which.
    Itimer,
    /// clock id.
    Clock,
    /// TIMER_ABSTIME.
    TimerFlags,
    /// timerfd_create flags.
    TimerfdCreate,
    /// timerfd_settime flags.
    TimerfdSet,
    /// eventfd2 flags.
    Eventfd,
    /// signalfd4 flags.
    Signalfd,
    /// inotify_init1 flags.
    InotifyInit,
    /// inotify_add_watch mask.
    InotifyMask,
    /// pipe2 flags.
    Pipe,
    /// dup3 flags.
    Dup,
    /// memfd_create flags.
    Memfd,
    /// splice, tee and vmsplice flags.
    Splice,
    /// fallocate mode.
    Fallocate,
    /// fadvise64 advice.
    Fadvise,
    /// sync_file_range flags.
    SyncFileRange,
    /// setxattr flags.
    Xattr,
    /// quotactl command with its type.
    Quotactl,
    /// kexec_load flags.
    Kexec,
    /// kexec_file_load flags.
    KexecFile,
    /// finit_module flags.
    ModuleInit,
    /// delete_module flags.
    ModuleDelete,
    /// keyctl operation.
    Keyctl,
    /// ioprio who.
    IoprioWho,
    /// getpriority who.
    PriorityWho,
    /// memory policy mode.
    Mempolicy,
    /// get_mempolicy flags.
    MempolicyGet,
    /// mbind flags.
    Mbind,
    /// move_pages flags.
    MovePages,
    /// perf_event_open flags.
    PerfOpen,
    /// fanotify_init flags.
    FanotifyInit,
    /// fanotify_mark flags.
    FanotifyMark,
    /// fanotify_mark mask.
    FanotifyMask,
    /// getrandom flags.
    Getrandom,
    /// userfaultfd flags.
    Userfaultfd,
    /// pkey access rights.
    PkeyRights,
    /// open_tree flags.
    OpenTree,
    /// move_mount flags.
    MoveMount,
    /// fsopen flags.
    Fsopen,
    /// fsmount flags.
    Fsmount,
    /// fsmount attributes.
    FsmountAttr,
    /// fsconfig command.
    FsconfigCmd,
    /// fspick flags.
    Fspick,
    /// mount_setattr flags.
    MountSetattr,
    /// pidfd_open flags.
    PidfdOpen,
    /// pidfd_send_signal flags.
    PidfdSignal,
    /// close_range flags.
    CloseRange,
    /// landlock_create_ruleset flags.
    LandlockCreate,
    /// landlock rule type.
    LandlockRule,
    /// landlock_restrict_self flags.
    LandlockRestrict,
    /// io_uring_setup flags.
    IoUringSetup,
    /// io_uring_enter flags.
    IoUringEnter,
    /// io_uring_register opcode.
    IoUringRegister,
    /// preadv2 and pwritev2 flags.
    Rwf,
    /// shmget, semget and msgget flags with the permission bits.
    IpcGet,
    /// shmctl command.
    ShmCtl,
    /// semctl command.
    SemCtl,
    /// msgctl command.
    MsgCtl,
    /// shmat flags.
    Shmat,
    /// msgsnd and msgrcv flags.
    MsgOp,
    /// reboot command.
    Reboot,
    /// reboot magic numbers.
    RebootMagic,
    /// syslog type.
    Syslog,
    /// membarrier command.
    Membarrier,
    /// membarrier flags.
    MembarrierFlags,
    /// rseq flags.
    Rseq,
    /// swapon flags.
    Swapon,
    /// personality.
    Personality,
    /// kcmp type.
    Kcmp,
    /// i386 socketcall call.
    Socketcall,
    /// i386 ipc call.
    Ipc,
    /// name_to_handle_at flags.
    NameToHandle,
    /// LSM attribute id.
    LsmAttr,
    /// openat2 resolve flags.
    Resolve,
    /// statmount mask.
    StatmountMask,
    /// sysfs option.
    Sysfs,
    /// modify_ldt function.
    Modify,
}
