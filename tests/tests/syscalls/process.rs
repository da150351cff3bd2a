// SPDX-License-Identifier: Apache-2.0
//! Life of processes, and what they say about themselves.

mod credentials;
pub(crate) mod exec;

use std::arch::asm;

use agent_common::X86;
use libc::*;
use serde_json::{Value, json};

use crate::{
    caller::{Args, Caller, Reg as _, args, call, last},
    file::close,
    listed::in_kernel,
    structs::{self, zeroed},
};

pub(crate) fn cases(c: &Caller) {
    c.each(&[
        ids,
        groups,
        forks,
        ends,
        waits,
        handles,
        tracing,
        attributes,
        limits,
        machine,
        uprobe,
        uretprobe,
        exec::cases,
        credentials::cases,
    ]);
}

fn ids(c: &Caller) {
    assert_eq!(call!(c, "getpid").ok(args! {}), i64::from(c.pid()));
    call!(c, "getppid").ok(args! {});
    assert_eq!(call!(c, "gettid").ok(args! {}), i64::from(c.tid()));
    c.in_child(|c| {
        let mut cleared = 1_i32;
        call!(c, "set_tid_address", &raw mut cleared).ok(args! { tidptr: &raw mut cleared });
        // There is nothing to go on with.
        call!(c, "restart_syscall").fails(EINTR, args! {});
    });
}

fn groups(c: &Caller) {
    call!(c, "getpgid", 0).ok(args! { pid: 0 });
    call!(c, "getpgid", 0x7fff_fff0).fails(ESRCH, args! { pid: 0x7fff_fff0 });
    call!(c, "getpgrp").ok(args! {});
    call!(c, "getsid", c.pid()).ok(args! { pid: c.pid() });
    c.in_child(|c| {
        call!(c, "setpgid", 0, c.pid()).ok(args! { pid: 0, pgid: c.pid() });
        call!(c, "setpgid", 1, 1).fails(ESRCH, args! { pid: 1, pgid: 1 });
        // Leaders of a group can't lead a session.
        call!(c, "setsid").fails(EPERM, args! {});
    });
    c.in_child(|c| {
        call!(c, "setsid").ok(args! {});
        // A session without a terminal has nothing to hang up.
        call!(c, "vhangup").ok(args! {});
    });
}

/// Makes a child that ends at once with `status`, by this syscall. It shares nothing with its parent but what the call
/// says, and does not return from here: not even the stack is touched.
pub(crate) fn fork_by(nr: i64, arguments: [u64; 5], status: i32) -> i64 {
    let pid;
    #[cfg(target_arch = "aarch64")]
    // SAFETY: the child makes one call, which ends it.
    unsafe {
        asm!(
            "svc #0",
            "cbnz x0, 2f",
            "mov x8, 93",
            "mov w0, w9",
            "svc #0",
            "2:",
            inlateout("x8") nr => _, inlateout("x0") arguments[0] => pid,
            in("x1") arguments[1], in("x2") arguments[2], in("x3") arguments[3], in("x4") arguments[4],
            in("x9") status,
        );
    }
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the child makes one call, which ends it.
    unsafe {
        asm!(
            "syscall",
            "test rax, rax",
            "jnz 2f",
            "mov eax, 60",
            "mov edi, r12d",
            "syscall",
            "2:",
            inlateout("rax") nr => pid,
            in("rdi") arguments[0], in("rsi") arguments[1], in("rdx") arguments[2], in("r10") arguments[3],
            in("r8") arguments[4], in("r12") status,
            lateout("rcx") _, lateout("r11") _,
        );
    }
    pid
}

/// Waits for a child, and forgets it.
pub(crate) fn reap(pid: i64) {
    // SAFETY: NULL asks for no status.
    assert_eq!(i64::from(unsafe { waitpid(pid as i32, std::ptr::null_mut(), 0) }), pid);
}

fn forks(c: &Caller) {
    let made = |name: &'static str, nr, registers: [u64; 5], arguments: &dyn Fn() -> Args| {
        let pid = fork_by(nr, registers, 3);
        assert!(pid > 0, "{name} works");
        c.note_call(agent_common::schema::Abi::Native, name, pid, arguments());
        // The child returns from the call too; on aarch64 the kernel does not report that.
        if X86 {
            c.note_child(pid, name, 0, arguments());
        }
        c.note_child(pid, "exit", None, args! { status: 3 });
        reap(pid);
    };
    #[cfg(target_arch = "x86_64")]
    {
        made("fork", SYS_fork, [0; 5], &|| args! {});
        made("vfork", SYS_vfork, [0; 5], &|| args! {});
    }

    let (mut parent, mut child) = (0_i32, 0_i32);
    let (parent, child) = (&raw mut parent, &raw mut child);
    let flags = (CLONE_VM | CLONE_VFORK | CLONE_PARENT_SETTID | SIGCHLD) as u64;
    // The last two are the other way round on Arm.
    let last = if cfg!(target_arch = "x86_64") { [child.reg(), 0x77] } else { [0x77, child.reg()] };
    made("clone", SYS_clone, [flags, 0, parent.reg(), last[0], last[1]], &|| {
        args! {
            flags: "CLONE_VM|CLONE_VFORK|CLONE_PARENT_SETTID|SIGCHLD",
            newsp: 0,
            parent_tid: parent,
            child_tid: child,
            tls: 0x77,
        }
    });
    call!(c, "clone", CLONE_SIGHAND, 0, 0, 0, 0)
        .fails(EINVAL, args! { flags: "CLONE_SIGHAND", newsp: 0, parent_tid: 0, child_tid: 0, tls: 0 });

    // struct clone_args
    let mut words = [0_u64; 11];
    (words[0], words[4]) = ((CLONE_FS | CLONE_FILES) as u64, SIGCHLD as u64);
    let shown = json!({
        "flags": "CLONE_FS|CLONE_FILES", "pidfd": 0, "child_tid": 0, "parent_tid": 0, "exit_signal": "SIGCHLD",
        "stack": 0, "stack_size": 0, "tls": 0, "set_tid": 0, "set_tid_size": 0, "cgroup": 0,
    });
    made("clone3", SYS_clone3, [words.as_ptr().reg(), 88, 0, 0, 0], &|| args! { cl_args: shown.clone(), size: 88 });
    // The first version of the struct ends before `set_tid`.
    words[8] = 0x99;
    let short = json!({
        "flags": "CLONE_FS|CLONE_FILES", "pidfd": 0, "child_tid": 0, "parent_tid": 0, "exit_signal": "SIGCHLD",
        "stack": 0, "stack_size": 0, "tls": 0,
    });
    made("clone3", SYS_clone3, [words.as_ptr().reg(), 64, 0, 0, 0], &|| args! { cl_args: short.clone(), size: 64 });
    call!(c, "clone3", words.as_ptr(), 8)
        .fails(EINVAL, args! { cl_args: json!({ "flags": "CLONE_FS|CLONE_FILES" }), size: 8 });
}

fn ends(c: &Caller) {
    let status = c.child(|c| {
        last!(c, "exit", [5], None, args! { status: 5 });
    });
    assert_eq!(WEXITSTATUS(status), 5);
    let status = c.child(|c| {
        last!(c, "exit_group", [-1], None, args! { status: -1 });
    });
    assert_eq!(WEXITSTATUS(status), 255);
}

/// A child that ends at once with this status.
fn child_that_exits(status: i32) -> i64 {
    let pid = fork_by(SYS_clone, [SIGCHLD as u64, 0, 0, 0, 0], status);
    assert!(pid > 0);
    pid
}

/// A child that ends by this signal, or stops by it and then waits for its end.
fn child_that_raises(signal: i32) -> i64 {
    // SAFETY: the child makes two calls, and ends.
    unsafe {
        let pid = fork();
        if pid == 0 {
            raise(signal);
            pause();
            _exit(0);
        }
        i64::from(pid)
    }
}

fn waits(c: &Caller) {
    let (mut status, mut usage): (i32, rusage) = (0, zeroed());
    let pid = child_that_exits(7);
    call!(c, "wait4", pid, &raw mut status, 0, &raw mut usage).ok(args! {
        pid: pid, wstatus: json!({ "exited": 7 }), options: "0", rusage: structs::rusage(&usage)
    });
    let pid = child_that_raises(SIGTERM);
    call!(c, "wait4", -1, &raw mut status, __WALL, 0)
        .ok(args! { pid: -1, wstatus: json!({ "signaled": "SIGTERM" }), options: "__WALL", rusage: () });
    let stopped = child_that_raises(SIGSTOP);
    assert_ne!(pid, stopped);
    call!(c, "wait4", stopped, &raw mut status, WUNTRACED, 0)
        .ok(args! { pid: stopped, wstatus: json!({ "stopped": "SIGSTOP" }), options: "WUNTRACED", rusage: () });
    // Nobody has anything to tell: the status stays as it is.
    status = 0x1234;
    let made = call!(c, "wait4", stopped, &raw mut status, WNOHANG, &raw mut usage);
    assert_eq!((made.ret(), status), (0, 0x1234));
    made.ok(args! { pid: stopped, wstatus: (), options: "WNOHANG", rusage: () });
    // SAFETY: our child, which is stopped.
    unsafe {
        kill(stopped as i32, SIGCONT);
    }
    call!(c, "wait4", stopped, &raw mut status, WCONTINUED, 0).ok(args! {
        pid: stopped, wstatus: json!({ "continued": 1 }), options: "WCONTINUED", rusage: ()
    });
    // SAFETY: our child, which waits for it.
    unsafe {
        kill(stopped as i32, SIGKILL);
    }
    reap(stopped);
    call!(c, "wait4", 0x7fff_fff0, &raw mut status, 0, 0)
        .fails(ECHILD, args! { pid: 0x7fff_fff0, wstatus: (), options: "0", rusage: () });

    let info = |pid: i64, code: &str, status: Value| {
        json!({
            "si_signo": "SIGCHLD", "si_errno": 0, "si_code": code, "si_pid": pid, "si_uid": 0, "si_status": status,
        })
    };
    let mut siginfo = [0_u8; 128];
    let pid = child_that_exits(9);
    call!(c, "waitid", P_PID, pid, siginfo.as_mut_ptr(), WEXITED | WNOWAIT, 0).ok(args! {
        idtype: "P_PID",
        id: pid,
        infop: info(pid, "CLD_EXITED", json!(9)),
        options: "WEXITED|WNOWAIT",
        rusage: (),
    });
    call!(c, "waitid", P_PID, pid, siginfo.as_mut_ptr(), WEXITED, &raw mut usage).ok(args! {
        idtype: "P_PID",
        id: pid,
        infop: info(pid, "CLD_EXITED", json!(9)),
        options: "WEXITED",
        rusage: structs::rusage(&usage),
    });
    let pid = child_that_raises(SIGKILL);
    call!(c, "waitid", P_ALL, 0, siginfo.as_mut_ptr(), WEXITED, 0).ok(args! {
        idtype: "P_ALL",
        id: 0,
        infop: info(pid, "CLD_KILLED", json!("SIGKILL")),
        options: "WEXITED",
        rusage: (),
    });
    call!(c, "waitid", 77, 0, siginfo.as_mut_ptr(), WEXITED, 0)
        .fails(EINVAL, args! { idtype: "77", id: 0, infop: (), options: "WEXITED", rusage: () });
}

fn handles(c: &Caller) {
    let pidfd =
        call!(c, "pidfd_open", c.pid(), PIDFD_NONBLOCK).ok(args! { pid: c.pid(), flags: "PIDFD_NONBLOCK" }) as i32;
    let copy = call!(c, "pidfd_getfd", pidfd, pidfd, 0).ok(args! { pid_fd: pidfd, target_fd: pidfd, flags: 0 });
    close(copy as i32);
    call!(c, "pidfd_getfd", pidfd, 9999, 0).fails(EBADF, args! { pid_fd: pidfd, target_fd: 9999, flags: 0 });
    close(pidfd);
    call!(c, "pidfd_open", 0, 0).fails(EINVAL, args! { pid: 0, flags: "0" });
    call!(c, "kcmp", c.pid(), c.pid(), 0, 0, 1).is(args! {
        pid1: c.pid(), pid2: c.pid(), type: "KCMP_FILE", idx1: 0, idx2: 1
    });
    call!(c, "kcmp", c.pid(), c.pid(), 99, 0, 1)
        .fails(EINVAL, args! { pid1: c.pid(), pid2: c.pid(), type: "99", idx1: 0, idx2: 1 });
}

fn tracing(c: &Caller) {
    c.in_child(|c| {
        call!(c, "ptrace", PTRACE_TRACEME, 0, 0x11, 0x22)
            .ok(args! { request: "PTRACE_TRACEME", pid: 0, addr: 0x11, data: 0x22 });
    });
    call!(c, "ptrace", PTRACE_SEIZE, -1, 0, 0)
        .fails(ESRCH, args! { request: "PTRACE_SEIZE", pid: -1, addr: 0, data: 0 });
}

fn attributes(c: &Caller) {
    c.in_child(|c| {
        // The name stays what it is, so that the calls after it are captured.
        call!(c, "prctl", PR_SET_NAME, c"lanner-cases", 3, 4, 5).ok(args! {
            option: "PR_SET_NAME",
            arg2_str: "lanner-cases",
            arg2_int: c"lanner-cases".as_ptr(),
            arg3: 3,
            arg4: 4,
            arg5: 5,
        });
        call!(c, "prctl", PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0)
            .ok(args! { option: "PR_SET_PDEATHSIG", arg2_str: (), arg2_int: 15, arg3: 0, arg4: 0, arg5: 0 });
        call!(c, "prctl", PR_CAPBSET_READ, -1, 0, 0, 0)
            .fails(EINVAL, args! { option: "PR_CAPBSET_READ", arg2_str: (), arg2_int: -1, arg3: 0, arg4: 0, arg5: 0 });
        call!(c, "personality", 0x0004_0008).ok(args! { persona: "PER_LINUX32|ADDR_NO_RANDOMIZE" });
        let made = call!(c, "personality", 0xffff_ffff_u32);
        assert_eq!(made.ret(), 0x0004_0008);
        made.ok(args! { persona: "0xffffffff" });
    });
    let mut tms: tms = zeroed();
    call!(c, "times", &raw mut tms).ok(args! {
        buf: json!({
            "tms_utime": tms.tms_utime, "tms_stime": tms.tms_stime, "tms_cutime": tms.tms_cutime,
            "tms_cstime": tms.tms_cstime,
        }),
    });
    let mut usage: rusage = zeroed();
    for (who, name) in [(RUSAGE_SELF, "RUSAGE_SELF"), (RUSAGE_CHILDREN, "RUSAGE_CHILDREN"), (1, "RUSAGE_THREAD")] {
        call!(c, "getrusage", who, &raw mut usage).ok(args! { who: name, usage: structs::rusage(&usage) });
    }
    call!(c, "getrusage", 5, &raw mut usage).fails(EINVAL, args! { who: "5", usage: () });
}

fn limits(c: &Caller) {
    c.in_child(|c| {
        let mut limit = rlimit { rlim_cur: 99, rlim_max: RLIM_INFINITY };
        call!(c, "setrlimit", RLIMIT_CORE, &raw const limit)
            .ok(args! { resource: "RLIMIT_CORE", rlim: structs::rlimit(&limit) });
        limit.rlim_cur = 0;
        call!(c, "getrlimit", RLIMIT_CORE, &raw mut limit)
            .ok(args! { resource: "RLIMIT_CORE", rlim: structs::rlimit(&limit) });
        assert_eq!(limit.rlim_cur, 99);
        call!(c, "getrlimit", 77, &raw mut limit).fails(EINVAL, args! { resource: "77", rlim: () });
        let (new, mut old) = (rlimit { rlim_cur: 5, rlim_max: 7 << 40 }, limit);
        call!(c, "prlimit64", 0, RLIMIT_CORE, &raw const new, &raw mut old).ok(args! {
            pid: 0, resource: "RLIMIT_CORE", new_limit: structs::rlimit(&new), old_limit: structs::rlimit(&limit)
        });
        call!(c, "prlimit64", c.pid(), RLIMIT_NOFILE, 0, &raw mut old).ok(args! {
            pid: c.pid(), resource: "RLIMIT_NOFILE", new_limit: (), old_limit: structs::rlimit(&old)
        });
    });
}

fn machine(c: &Caller) {
    let mut fs = 0_u64;
    call!(c, "arch_prctl", 0x1003, &raw mut fs).ok(args! { code: "ARCH_GET_FS", addr: &raw mut fs });
    call!(c, "arch_prctl", 0x9999, 1).fails(EINVAL, args! { code: "39321", addr: 1 });
    let mut table = [0_u8; 64];
    call!(c, "modify_ldt", 0, table.as_mut_ptr(), 64).ok(args! { func: "0", ptr: table.as_ptr(), bytecount: 64 });
    // struct user_desc: entry number, base, limit, bits.
    let area = [u32::MAX, 0x1000, 0xfffff, 0b101_0001];
    call!(c, "set_thread_area", area.as_ptr()).fails(
        ENOSYS,
        args! {
            u_info: json!({
                "entry_number": -1, "base_addr": 0x1000, "limit": 0xfffff, "seg_32bit": 1, "contents": 0,
                "read_exec_only": 0, "limit_in_pages": 1, "seg_not_present": 0, "useable": 1, "lm": 0,
            }),
        },
    );
    call!(c, "get_thread_area", area.as_ptr()).fails(ENOSYS, args! { u_info: () });
    // The C library has registered one, at another address.
    call!(c, "rseq", table.as_ptr(), 32, 1, 0x5305_3053).is(args! {
        rseq: table.as_ptr(), rseq_len: 32, flags: "RSEQ_FLAG_UNREGISTER", sig: 0x5305_3053
    });
    call!(c, "rseq_slice_yield").is(args! {});
    call!(c, "uselib", c"/no/such/library").is(args! { library: "/no/such/library" });
}

/// A call that only what the kernel itself puts at probed addresses makes.
fn uprobe(c: &Caller) {
    let made = call!(c, "uprobe");
    // From 7.3 on it says by another number that nothing is probed there.
    let error = if made.ret() == -i64::from(EPROTO) { EPROTO } else { ENXIO };
    made.fails(error, args! {});
}

/// The same where probed functions return.
fn uretprobe(c: &Caller) {
    if in_kernel("uretprobe") {
        let status = c.child(|c| {
            last!(c, "uretprobe", [], -1, args! {});
        });
        assert_eq!(WTERMSIG(status), SIGILL);
    }
}
