// SPDX-License-Identifier: Apache-2.0
//! The system calls that a running agent makes, and those that only an attacker would.
//!
//! What is in neither list fails with ENOSYS, as on a kernel that does not have it yet: libraries that try something new
//! know what to do then, and capture goes on.

use libc::c_long;
use libc::{
    SYS_accept, SYS_accept4, SYS_acct, SYS_add_key, SYS_adjtimex, SYS_bind, SYS_brk, SYS_capget, SYS_capset,
    SYS_chroot, SYS_clock_adjtime, SYS_clock_getres, SYS_clock_gettime, SYS_clock_nanosleep, SYS_clock_settime,
    SYS_close, SYS_close_range, SYS_connect, SYS_copy_file_range, SYS_delete_module, SYS_dup, SYS_dup3,
    SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait, SYS_epoll_pwait2, SYS_eventfd2, SYS_execve, SYS_execveat,
    SYS_exit, SYS_exit_group, SYS_faccessat, SYS_faccessat2, SYS_fcntl, SYS_fdatasync, SYS_finit_module, SYS_flock,
    SYS_fsconfig, SYS_fsmount, SYS_fsopen, SYS_fspick, SYS_fstat, SYS_fstatfs, SYS_fsync, SYS_ftruncate, SYS_futex,
    SYS_get_robust_list, SYS_getcpu, SYS_getcwd, SYS_getdents64, SYS_getegid, SYS_geteuid, SYS_getgid, SYS_getpeername,
    SYS_getpgid, SYS_getpid, SYS_getppid, SYS_getpriority, SYS_getrandom, SYS_getrusage, SYS_getsid, SYS_getsockname,
    SYS_getsockopt, SYS_gettid, SYS_gettimeofday, SYS_getuid, SYS_init_module, SYS_io_uring_enter,
    SYS_io_uring_register, SYS_io_uring_setup, SYS_kcmp, SYS_kexec_file_load, SYS_kexec_load, SYS_keyctl, SYS_listen,
    SYS_lseek, SYS_madvise, SYS_membarrier, SYS_mincore, SYS_mknodat, SYS_mount, SYS_mount_setattr, SYS_move_mount,
    SYS_mremap, SYS_munmap, SYS_nanosleep, SYS_newfstatat, SYS_open_by_handle_at, SYS_open_tree, SYS_openat,
    SYS_openat2, SYS_personality, SYS_pidfd_getfd, SYS_pipe2, SYS_pivot_root, SYS_ppoll, SYS_pread64, SYS_preadv,
    SYS_preadv2, SYS_process_madvise, SYS_process_vm_readv, SYS_process_vm_writev, SYS_pselect6, SYS_ptrace,
    SYS_pwrite64, SYS_pwritev, SYS_pwritev2, SYS_quotactl, SYS_read, SYS_readlinkat, SYS_readv, SYS_reboot,
    SYS_recvfrom, SYS_recvmmsg, SYS_recvmsg, SYS_renameat, SYS_renameat2, SYS_request_key, SYS_restart_syscall,
    SYS_rseq, SYS_rt_sigaction, SYS_rt_sigpending, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_rt_sigtimedwait,
    SYS_sched_get_priority_max, SYS_sched_get_priority_min, SYS_sched_getaffinity, SYS_sched_getparam,
    SYS_sched_getscheduler, SYS_sched_yield, SYS_sendfile, SYS_sendmmsg, SYS_sendmsg, SYS_sendto, SYS_set_robust_list,
    SYS_set_tid_address, SYS_setdomainname, SYS_setfsgid, SYS_setfsuid, SYS_setgid, SYS_setgroups, SYS_sethostname,
    SYS_setns, SYS_setregid, SYS_setresgid, SYS_setresuid, SYS_setreuid, SYS_setsockopt, SYS_settimeofday, SYS_setuid,
    SYS_shutdown, SYS_sigaltstack, SYS_socketpair, SYS_statfs, SYS_statx, SYS_swapoff, SYS_swapon, SYS_sysinfo,
    SYS_syslog, SYS_times, SYS_umount2, SYS_uname, SYS_unlinkat, SYS_unshare, SYS_userfaultfd, SYS_write, SYS_writev,
};
#[cfg(target_arch = "x86_64")]
use libc::{
    SYS_access, SYS_arch_prctl, SYS_dup2, SYS_epoll_wait, SYS_getdents, SYS_ioperm, SYS_iopl, SYS_lstat,
    SYS_modify_ldt, SYS_open, SYS_pipe, SYS_poll, SYS_readlink, SYS_rename, SYS_select, SYS_stat, SYS_time, SYS_unlink,
    SYS_uselib,
};

/// What may be called with any arguments. `seccomp.rs` has those that may be called with some.
#[rustfmt::skip]
pub(super) const ALLOWED: &[c_long] = &[
    // Files: what is read again, and the output.
    SYS_close, SYS_close_range, SYS_copy_file_range, SYS_dup, SYS_dup3, SYS_faccessat, SYS_faccessat2, SYS_fcntl,
    SYS_fdatasync, SYS_flock, SYS_fstat, SYS_fstatfs, SYS_fsync, SYS_ftruncate, SYS_getcwd, SYS_getdents64, SYS_lseek,
    SYS_newfstatat, SYS_openat, SYS_openat2, SYS_pipe2, SYS_pread64, SYS_preadv, SYS_preadv2, SYS_pwrite64,
    SYS_pwritev, SYS_pwritev2, SYS_read, SYS_readlinkat, SYS_readv, SYS_renameat, SYS_renameat2, SYS_sendfile,
    SYS_statfs, SYS_statx, SYS_unlinkat, SYS_write, SYS_writev,
    // Connections: runtimes, the API server, those who ask for metrics.
    SYS_accept, SYS_accept4, SYS_bind, SYS_connect, SYS_getpeername, SYS_getsockname, SYS_getsockopt, SYS_listen,
    SYS_recvfrom, SYS_recvmmsg, SYS_recvmsg, SYS_sendmmsg, SYS_sendmsg, SYS_sendto, SYS_setsockopt, SYS_shutdown,
    SYS_socketpair,
    // Waiting.
    SYS_clock_nanosleep, SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait, SYS_epoll_pwait2, SYS_eventfd2, SYS_futex,
    SYS_nanosleep, SYS_ppoll, SYS_pselect6, SYS_restart_syscall, SYS_rt_sigtimedwait,
    // Memory, threads, signals.
    SYS_brk, SYS_exit, SYS_exit_group, SYS_get_robust_list, SYS_madvise, SYS_membarrier, SYS_mincore, SYS_mremap,
    SYS_munmap, SYS_rseq, SYS_rt_sigaction, SYS_rt_sigpending, SYS_rt_sigprocmask, SYS_rt_sigreturn,
    SYS_sched_get_priority_max, SYS_sched_get_priority_min, SYS_sched_getaffinity, SYS_sched_getparam,
    SYS_sched_getscheduler, SYS_sched_yield, SYS_set_robust_list, SYS_set_tid_address, SYS_sigaltstack,
    // What one is, and what time it is.
    SYS_capget, SYS_clock_getres, SYS_clock_gettime, SYS_getcpu, SYS_getegid, SYS_geteuid, SYS_getgid, SYS_getpgid, SYS_getpid,
    SYS_getppid, SYS_getpriority, SYS_getrandom, SYS_getrusage, SYS_getsid, SYS_gettid, SYS_gettimeofday, SYS_getuid,
    SYS_sysinfo, SYS_times, SYS_uname,
];

/// The old forms of some, which other architectures do not have.
#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
pub(super) const ALLOWED_OLD: &[c_long] = &[
    SYS_access, SYS_arch_prctl, SYS_dup2, SYS_epoll_wait, SYS_getdents, SYS_lstat, SYS_open, SYS_pipe, SYS_poll,
    SYS_readlink, SYS_rename, SYS_select, SYS_stat, SYS_time, SYS_unlink,
];
/// See above.
#[cfg(target_arch = "aarch64")]
pub(super) const ALLOWED_OLD: &[c_long] = &[];

/// What no code of the agent ever calls after its start, and no library does by itself: whoever does has taken it over. It
/// is killed at once.
#[rustfmt::skip]
pub(super) const HOSTILE: &[c_long] = &[
    // Other programs, other processes, the kernel.
    SYS_execve, SYS_execveat, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_process_madvise, SYS_kcmp,
    SYS_pidfd_getfd, SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_kexec_file_load,
    SYS_reboot, SYS_syslog, SYS_userfaultfd, SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
    SYS_personality,
    // Mounts, namespaces, files by handle.
    SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_setns, SYS_unshare, SYS_open_by_handle_at, SYS_open_tree,
    SYS_move_mount, SYS_mount_setattr, SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick, SYS_mknodat, SYS_quotactl,
    SYS_swapon, SYS_swapoff,
    // Who one is.
    SYS_capset, SYS_setuid, SYS_setgid, SYS_setreuid, SYS_setregid, SYS_setresuid, SYS_setresgid, SYS_setfsuid,
    SYS_setfsgid, SYS_setgroups, SYS_add_key, SYS_request_key, SYS_keyctl,
    // The machine.
    SYS_acct, SYS_adjtimex, SYS_clock_adjtime, SYS_clock_settime, SYS_settimeofday, SYS_sethostname, SYS_setdomainname,
];

/// See [`HOSTILE`].
#[cfg(target_arch = "x86_64")]
pub(super) const HOSTILE_OLD: &[c_long] = &[SYS_ioperm, SYS_iopl, SYS_modify_ldt, SYS_uselib];
/// See [`HOSTILE`].
#[cfg(target_arch = "aarch64")]
pub(super) const HOSTILE_OLD: &[c_long] = &[];
