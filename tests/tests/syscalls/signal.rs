// SPDX-License-Identifier: Apache-2.0
//! Signals.

use libc::*;
use serde_json::{Value, json};

use crate::{
    caller::{Caller, Reg as _, args, call},
    file::close,
    structs::{self, zeroed},
};

pub(crate) fn cases(c: &Caller) {
    c.each(&[sending, queueing, actions, masks, waiting, stacks, descriptors]);
}

fn sending(c: &Caller) {
    call!(c, "kill", c.pid(), 0).ok(args! { pid: c.pid(), sig: 0 });
    call!(c, "kill", 0x7fff_fff0, SIGTERM).fails(ESRCH, args! { pid: 0x7fff_fff0, sig: "SIGTERM" });
    call!(c, "kill", c.pid(), 99).fails(EINVAL, args! { pid: c.pid(), sig: 99 });
    call!(c, "tkill", c.tid(), SIGURG).ok(args! { tid: c.tid(), sig: "SIGURG" });
    call!(c, "tgkill", c.pid(), c.tid(), SIGWINCH).ok(args! { pid: c.pid(), tid: c.tid(), sig: "SIGWINCH" });
    call!(c, "tgkill", -1, 1, 34).fails(EINVAL, args! { pid: -1, tid: 1, sig: "SIGRT_2" });
    // SAFETY: a descriptor of this process.
    let pidfd = unsafe { syscall(SYS_pidfd_open, c.pid(), 0) } as i32;
    call!(c, "pidfd_send_signal", pidfd, 0, 0, 0).ok(args! { pidfd: pidfd, sig: 0, info: (), flags: "0" });
    call!(c, "pidfd_send_signal", pidfd, SIGHUP, 0, 6).fails(
        EINVAL,
        args! {
            pidfd: pidfd, sig: "SIGHUP", info: (), flags: "PIDFD_SIGNAL_THREAD_GROUP|PIDFD_SIGNAL_PROCESS_GROUP"
        },
    );
    close(pidfd);
}

/// `siginfo_t` of a queued signal: its first words, then who sent it and with what.
fn queued(signal: i32, pid: u32, value: u64) -> ([u64; 16], Value) {
    let mut info = [0; 16];
    let code = SI_QUEUE;
    info[0] = u64::from(signal.cast_unsigned());
    info[1] = u64::from(code.cast_unsigned());
    info[2] = u64::from(pid);
    info[3] = value;
    let shown = json!({
        "si_signo": if signal == SIGUSR1 { "SIGUSR1" } else { "SIGWINCH" },
        "si_errno": 0, "si_code": "SI_QUEUE", "si_pid": pid, "si_uid": 0, "si_value": value,
    });
    (info, shown)
}

fn queueing(c: &Caller) {
    let (info, shown) = queued(SIGWINCH, c.pid(), 0xabcd);
    call!(c, "rt_sigqueueinfo", c.pid(), SIGWINCH, info.as_ptr())
        .ok(args! { tgid: c.pid(), sig: "SIGWINCH", info: shown.clone() });
    call!(c, "rt_tgsigqueueinfo", c.pid(), c.tid(), SIGWINCH, info.as_ptr())
        .ok(args! { tgid: c.pid(), tid: c.tid(), sig: "SIGWINCH", info: shown.clone() });
    call!(c, "rt_tgsigqueueinfo", -1, 5, SIGWINCH, info.as_ptr())
        .fails(EINVAL, args! { tgid: -1, tid: 5, sig: "SIGWINCH", info: shown });
}

/// A handler that does nothing.
extern "C" fn ignore(_: i32) {}

/// The kernel's `struct sigaction` with the C library's way back from a handler, if it has one:
/// `include/uapi/asm-generic/signal.h`.
fn kernel_action(signal: i32) -> [u64; 4] {
    let mut action = [0; 4];
    // SAFETY: it only asks for what is set.
    let asked = unsafe { syscall(SYS_rt_sigaction, signal, 0, action.as_mut_ptr(), 8) };
    assert_eq!(asked, 0);
    action
}

/// Has a signal handled by [`ignore`]; the kernel's struct for it.
#[expect(clippy::fn_to_numeric_cast_any, reason = "the C library takes handlers as numbers")]
fn handle(signal: i32) -> [u64; 4] {
    let mut action: sigaction = zeroed();
    let handler: extern "C" fn(i32) = ignore;
    action.sa_sigaction = handler as usize;
    action.sa_flags = SA_RESTART;
    // SAFETY: the handler does nothing.
    assert_eq!(unsafe { sigaction(signal, &raw const action, std::ptr::null_mut()) }, 0);
    kernel_action(signal)
}

const FLAGS: &[(u64, &str)] = &[(0x0400_0000, "SA_RESTORER"), (0x1000_0000, "SA_RESTART"), (0x4000_0000, "SA_NODEFER")];

fn actions(c: &Caller) {
    let default =
        |restorer: u64| json!({ "sa_handler": "SIG_DFL", "sa_flags": "0", "sa_restorer": restorer, "sa_mask": [] });
    c.in_child(|c| {
        let was = kernel_action(SIGUSR1);
        let handled = handle(SIGUSR2);
        // With the C library's flags and restorer, and a mask of two signals.
        let mask = (1 << (SIGHUP - 1)) | (1 << (SIGALRM - 1));
        let action = [handled[0], handled[1] | SA_NODEFER as u64, handled[2], mask];
        let shown = json!({
            "sa_handler": action[0],
            "sa_flags": structs::flags(action[1], FLAGS),
            "sa_restorer": action[2],
            "sa_mask": ["SIGHUP", "SIGALRM"],
        });
        let mut old = [9_u64; 4];
        call!(c, "rt_sigaction", SIGUSR1, action.as_ptr(), old.as_mut_ptr(), 8).ok(args! {
            signum: "SIGUSR1", act: shown.clone(), oldact: default(was[2]), sigsetsize: 8
        });
        call!(c, "rt_sigaction", SIGUSR1, 0, old.as_mut_ptr(), 8)
            .ok(args! { signum: "SIGUSR1", act: (), oldact: shown, sigsetsize: 8 });
        let ignored = [1_u64, 0, 0, 0];
        call!(c, "rt_sigaction", SIGKILL, ignored.as_ptr(), 0, 8).fails(
            EINVAL,
            args! {
                signum: "SIGKILL",
                act: json!({ "sa_handler": "SIG_IGN", "sa_flags": "0", "sa_restorer": 0, "sa_mask": [] }),
                oldact: (),
                sigsetsize: 8,
            },
        );
        // A handler's return: the result is that of the register that it restores, here of `tgkill`.
        call!(c, "tgkill", c.pid(), c.tid(), SIGUSR2).ok(args! { pid: c.pid(), tid: c.tid(), sig: "SIGUSR2" });
        c.note_call(agent_common::schema::Abi::Native, "rt_sigreturn", 0, args! {});
    });
}

fn masks(c: &Caller) {
    c.in_child(|c| {
        let (set, mut old) = ((1_u64 << (SIGUSR1 - 1)) | (1 << 63), u64::MAX);
        call!(c, "rt_sigprocmask", SIG_BLOCK, &raw const set, &raw mut old, 8).ok(args! {
            how: "SIG_BLOCK", set: json!(["SIGUSR1", "SIGRT_32"]), oldset: json!([]), sigsetsize: 8
        });
        assert_eq!(old, 0);
        call!(c, "rt_sigprocmask", SIG_SETMASK, 0, &raw mut old, 8).ok(args! {
            how: "SIG_SETMASK", set: (), oldset: json!(["SIGUSR1", "SIGRT_32"]), sigsetsize: 8
        });
        call!(c, "rt_sigprocmask", 9, &raw const set, 0, 8).fails(
            EINVAL,
            args! {
                how: "9", set: json!(["SIGUSR1", "SIGRT_32"]), oldset: (), sigsetsize: 8
            },
        );
        call!(c, "tkill", c.tid(), SIGUSR1).ok(args! { tid: c.tid(), sig: "SIGUSR1" });
        call!(c, "rt_sigpending", &raw mut old, 8).ok(args! { set: json!(["SIGUSR1"]), sigsetsize: 8 });
        // The mask is cut to what the caller has room for.
        let mut first = 0_u8;
        call!(c, "rt_sigpending", &raw mut first, 1).ok(args! { set: json!([]), sigsetsize: 1 });
        call!(c, "rt_sigpending", &raw mut old, 9).fails(EINVAL, args! { set: (), sigsetsize: 9 });
    });
}

/// The kernel's results of calls that a signal interrupted: `include/linux/errno.h`.
const ERESTARTNOHAND: i64 = -514;

fn waiting(c: &Caller) {
    c.in_child(|c| {
        handle(SIGUSR1);
        let (usr1, none) = (1_u64 << (SIGUSR1 - 1), 0_u64);
        call!(c, "rt_sigprocmask", SIG_BLOCK, &raw const usr1, 0, 8)
            .ok(args! { how: "SIG_BLOCK", set: json!(["SIGUSR1"]), oldset: (), sigsetsize: 8 });
        let (info, shown) = queued(SIGUSR1, c.pid(), 0x77);
        call!(c, "rt_sigqueueinfo", c.pid(), SIGUSR1, info.as_ptr())
            .ok(args! { tgid: c.pid(), sig: "SIGUSR1", info: shown.clone() });
        let (mut found, limit) = ([0_u64; 16], timespec { tv_sec: 0, tv_nsec: 9 });
        let made = call!(c, "rt_sigtimedwait", &raw const usr1, found.as_mut_ptr(), &raw const limit, 8);
        assert_eq!(made.ret(), i64::from(SIGUSR1));
        made.ok(args! {
            set: json!(["SIGUSR1"]), info: shown, timeout: structs::timespec(&limit), sigsetsize: 8
        });
        call!(c, "rt_sigtimedwait", &raw const usr1, found.as_mut_ptr(), &raw const limit, 8).fails(
            EAGAIN,
            args! {
                set: json!(["SIGUSR1"]), info: (), timeout: structs::timespec(&limit), sigsetsize: 8
            },
        );
        // One that waits already, so that the call returns at once.
        call!(c, "tkill", c.tid(), SIGUSR1).ok(args! { tid: c.tid(), sig: "SIGUSR1" });
        call!(c, "rt_sigsuspend", &raw const none, 8)
            .restarts(ERESTARTNOHAND, args! { mask: json!([]), sigsetsize: 8 });
        // One that comes over and over, so that one comes while the call waits.
        handle(SIGALRM);
        let often = timeval { tv_sec: 0, tv_usec: 2000 };
        let timer = itimerval { it_interval: often, it_value: often };
        // SAFETY: the signal is handled.
        assert_eq!(unsafe { syscall(SYS_setitimer, ITIMER_REAL, &raw const timer, 0) }, 0);
        call!(c, "pause").restarts(ERESTARTNOHAND, args! {});
        let (sleep, mut rest) = (timespec { tv_sec: 100, tv_nsec: 0 }, zeroed::<timespec>());
        let made = call!(c, "nanosleep", &raw const sleep, &raw mut rest);
        assert!(rest.tv_sec > 90);
        made.restarts(
            ERESTART_RESTARTBLOCK,
            args! {
                interval: structs::timespec(&sleep), rem: structs::timespec(&rest)
            },
        );
        let made = call!(c, "clock_nanosleep", CLOCK_REALTIME, 0, &raw const sleep, &raw mut rest);
        made.restarts(ERESTART_RESTARTBLOCK, args! {
            clockid: "CLOCK_REALTIME", flags: "0", request: structs::timespec(&sleep), remain: structs::timespec(&rest)
        });
    });
}

const ERESTART_RESTARTBLOCK: i64 = -516;

fn stacks(c: &Caller) {
    c.in_child(|c| {
        let memory = vec![0_u8; 16384];
        let stack = |sp: u64, flags: &str, size: u64| json!({ "ss_sp": sp, "ss_flags": flags, "ss_size": size });
        let new: stack_t = stack_t { ss_sp: memory.as_ptr().cast_mut().cast(), ss_flags: 0, ss_size: 16384 };
        let mut old: stack_t = zeroed();
        let made = call!(c, "sigaltstack", &raw const new, &raw mut old);
        let (was_at, was_size) = (old.ss_sp.reg(), old.ss_size as u64);
        made.ok(args! {
            ss: stack(memory.as_ptr().reg(), "0", 16384), old_ss: stack(was_at, "0", was_size)
        });
        let disable = stack_t { ss_sp: std::ptr::null_mut(), ss_flags: SS_DISABLE, ss_size: 0 };
        call!(c, "sigaltstack", &raw const disable, 0).ok(args! { ss: stack(0, "SS_DISABLE", 0), old_ss: () });
        let small = stack_t { ss_sp: std::ptr::null_mut(), ss_flags: 0, ss_size: 1 };
        call!(c, "sigaltstack", &raw const small, &raw mut old)
            .fails(ENOMEM, args! { ss: stack(0, "0", 1), old_ss: () });
    });
}

fn descriptors(c: &Caller) {
    let mask = 1_u64 << (SIGHUP - 1);
    let fd = call!(c, "signalfd", -1, &raw const mask, 8).ok(args! { fd: -1, mask: json!(["SIGHUP"]), sizemask: 8 });
    close(fd as i32);
    let fd = call!(c, "signalfd4", -1, &raw const mask, 8, SFD_NONBLOCK | SFD_CLOEXEC).ok(args! {
        fd: -1, mask: json!(["SIGHUP"]), sizemask: 8, flags: "SFD_NONBLOCK|SFD_CLOEXEC"
    });
    close(fd as i32);
    call!(c, "signalfd4", -1, &raw const mask, 4, 0)
        .fails(EINVAL, args! { fd: -1, mask: json!(["SIGHUP"]), sizemask: 4, flags: "0" });
}
