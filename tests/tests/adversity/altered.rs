// SPDX-License-Identifier: Apache-2.0
//! Calls that a tracer or a filter alters on their way: what the kernel did is what counts. Other numbers put in by a tracer, and
//! calls that a filter refuses, are in `robustness/callers.rs`.

use std::{
    ffi::{CStr, c_int, c_long, c_void},
    mem, ptr,
};

use tests::{Capture, Captured, Event};

use crate::{guard::Guard, run::ended_well};

/// Waits for the child's next stop; false when it has ended.
fn stopped(pid: i32) -> bool {
    let mut status: c_int = 0;
    // SAFETY: the child is ours, and the status ours to be written.
    assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, libc::__WALL) }, pid);
    libc::WIFSTOPPED(status)
}

/// Runs `closure` in a child, which must not allocate: another thread may hold the allocator's lock.
fn child(closure: impl FnOnce()) -> i32 {
    // SAFETY: the child calls nothing but the kernel until it ends.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "no child");
    if pid == 0 {
        closure();
        // SAFETY: ends the child.
        unsafe { libc::_exit(0) };
    }
    pid
}

const ASKED: &CStr = c"/nonexistent/asked";
const PUT_IN: &CStr = c"/nonexistent/put-in";

fn openat(name: &CStr) -> c_long {
    // SAFETY: the name outlives the call.
    unsafe { libc::syscall(libc::SYS_openat, libc::AT_FDCWD, name.as_ptr(), libc::O_RDONLY, 0) }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn a_tracer_changes_arguments_and_results() {
    let _guard = Guard::new();
    let captured = Capture::of(["openat", "getppid"]).pid_tree().run(|| {
        let pid = child(|| {
            // SAFETY: plain numbers.
            unsafe {
                libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0);
                libc::raise(libc::SIGSTOP);
                openat(ASKED);
                libc::syscall(libc::SYS_getppid);
            }
        });
        assert!(stopped(pid));
        let (mut entering, mut changed) = (true, 0);
        loop {
            // SAFETY: the child is stopped and traced by this thread.
            unsafe {
                libc::ptrace(libc::PTRACE_SYSCALL, pid, 0, 0);
                if !stopped(pid) {
                    break;
                }
                let mut regs: libc::user_regs_struct = mem::zeroed();
                libc::ptrace(libc::PTRACE_GETREGS, pid, ptr::null_mut::<c_void>(), &raw mut regs);
                if entering && regs.orig_rax == libc::SYS_openat as u64 && regs.rsi == ASKED.as_ptr() as u64 {
                    // The child has the same memory.
                    regs.rsi = PUT_IN.as_ptr() as u64;
                    changed += 1;
                }
                if !entering && regs.orig_rax == libc::SYS_getppid as u64 {
                    regs.rax = 4242;
                    changed += 1;
                }
                libc::ptrace(libc::PTRACE_SETREGS, pid, ptr::null_mut::<c_void>(), &raw const regs);
            }
            entering = !entering;
        }
        assert_eq!(changed, 2, "the tracer saw both calls");
        pid
    });
    let pid = *captured.value();
    let of = |e: &Event, name: &str| e.is(name) && e.field("pid") == pid;
    captured.expect(|e| of(e, "openat") && e.arg("name") == "/nonexistent/put-in" && e.errno() == "ENOENT");
    captured.expect_none(|e| of(e, "openat") && e.arg("name") == "/nonexistent/asked");
    // The result is the kernel's; the tracer is asked after it.
    let parent = i64::from(std::process::id());
    captured.expect(|e| of(e, "getppid") && (e.ret() == parent || e.ret() == 4242));
    ended_well(&captured);
}

/// A filter that answers `getuid` with this, and lets everything else pass.
fn answers(action: u32) -> [libc::sock_filter; 4] {
    let step = |code: u32, jt, jf, k| libc::sock_filter { code: code as u16, jt, jf, k };
    [
        step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 1, libc::SYS_getuid as u32),
        step(libc::BPF_RET, 0, 0, action),
        step(libc::BPF_RET, 0, 0, libc::SECCOMP_RET_ALLOW),
    ]
}

/// A child that installs the filter and calls `getuid`, then `getgid`; its id, and how it ended.
fn filtered(action: u32) -> Captured<(i32, c_int)> {
    let steps = answers(action);
    let filter = libc::sock_fprog { len: steps.len() as u16, filter: steps.as_ptr().cast_mut() };
    Capture::of(["getuid", "getgid"]).pid_tree().run(|| {
        let pid = child(|| {
            // SAFETY: the filter outlives the calls; the handler does nothing.
            unsafe {
                libc::signal(libc::SIGSYS, libc::SIG_IGN);
                libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
                libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const filter);
                libc::syscall(libc::SYS_getuid);
                libc::syscall(libc::SYS_getgid);
            }
        });
        let mut status = 0;
        // SAFETY: the child is ours, and the status ours to be written.
        assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
        (pid, status)
    })
}

#[test]
fn a_filter_ends_its_process() {
    let _guard = Guard::new();
    // Killed by the filter; killed by the signal, which can't be ignored when the kernel forces it.
    for action in [libc::SECCOMP_RET_KILL_PROCESS, libc::SECCOMP_RET_TRAP] {
        let captured = filtered(action);
        let (pid, status) = *captured.value();
        assert!(libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGSYS, "{status}");
        captured.expect_none(|e| e.is("getgid") && e.field("pid") == pid);
        ended_well(&captured);
    }
}

#[test]
fn a_filter_lets_pass_and_logs() {
    let _guard = Guard::new();
    let captured = filtered(libc::SECCOMP_RET_LOG);
    let (pid, status) = *captured.value();
    assert_eq!(status, 0);
    for name in ["getuid", "getgid"] {
        captured.expect(|e| e.is(name) && e.field("pid") == pid && e.ret() == 0);
    }
    ended_well(&captured);
}
