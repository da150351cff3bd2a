// SPDX-License-Identifier: Apache-2.0
//! Signals: masks of one word, and structs of 32 bits.

use libc::*;
use serde_json::json;

use super::low::Low;
use crate::caller::{Caller, args, call32};

pub(super) fn cases(c: &Caller) {
    c.each(&[old_calls, actions, masks, waiting, stacks]);
}

fn old_calls(c: &Caller) {
    c.in_child(|c| {
        let low = Low::new();
        call32!(c, "signal", SIGUSR1, 1).ok(args! { signum: "SIGUSR1", handler: 1 });
        // struct compat_old_sigaction: handler, mask, flags, restorer.
        let (new, old) = (low.words(&[1, 0, 0, 0]), low.room(16));
        call32!(c, "sigaction", SIGUSR2, new, old).ok(args! { signum: "SIGUSR2", act: new.0, oldact: old.0 });
        call32!(c, "sigaction", SIGKILL, new, 0).fails(EINVAL, args! { signum: "SIGKILL", act: new.0, oldact: 0 });
        call32!(c, "ssetmask", 1 << (SIGHUP - 1)).ok(args! { newmask: 1 });
        call32!(c, "sgetmask").ok(args! {});
        let (set, old) = (low.words(&[1 << (SIGUSR2 - 1)]), low.room(4));
        call32!(c, "sigprocmask", SIG_BLOCK, set, old)
            .ok(args! { how: "SIG_BLOCK", set: 1 << (SIGUSR2 - 1), oldset: 1 });
        call32!(c, "sigpending", old).ok(args! { set: 0 });
        // A signal that waits already, so that the call returns at once; it is blocked again, and ignored.
        call32!(c, "kill", c.pid(), SIGWINCH).ok(args! { pid: c.pid(), sig: "SIGWINCH" });
    });
}

fn actions(c: &Caller) {
    c.in_child(|c| {
        let low = Low::new();
        // struct compat_sigaction: handler, flags, restorer, mask.
        let new = low.words(&[1, (SA_NODEFER | SA_RESTART) as u32, 0x1234, 1 << (SIGHUP - 1), 1 << 31]);
        let shown = json!({
            "sa_handler": "SIG_IGN", "sa_flags": "SA_RESTART|SA_NODEFER", "sa_restorer": 0x1234,
            "sa_mask": ["SIGHUP", "SIGRT_32"],
        });
        let old = low.room(20);
        call32!(c, "rt_sigaction", SIGUSR1, new, 0, 8)
            .ok(args! { signum: "SIGUSR1", act: shown.clone(), oldact: (), sigsetsize: 8 });
        call32!(c, "rt_sigaction", SIGUSR1, 0, old, 8)
            .ok(args! { signum: "SIGUSR1", act: (), oldact: shown, sigsetsize: 8 });
    });
}

fn masks(c: &Caller) {
    c.in_child(|c| {
        let low = Low::new();
        let (set, old) = (low.wide(&[(1 << (SIGUSR1 - 1)) | (1 << 33)]), low.room(8));
        call32!(c, "rt_sigprocmask", SIG_SETMASK, set, old, 8).ok(args! {
            how: "SIG_SETMASK", set: json!(["SIGUSR1", "SIGRT_2"]), oldset: json!([]), sigsetsize: 8
        });
        call32!(c, "tgkill", c.pid(), c.tid(), SIGUSR1).ok(args! { pid: c.pid(), tid: c.tid(), sig: "SIGUSR1" });
        call32!(c, "rt_sigpending", old, 8).ok(args! { set: json!(["SIGUSR1"]), sigsetsize: 8 });
    });
}

fn waiting(c: &Caller) {
    c.in_child(|c| {
        let low = Low::new();
        let (set, info) = (low.wide(&[1 << (SIGUSR1 - 1)]), low.room(128));
        call32!(c, "rt_sigprocmask", SIG_BLOCK, set, 0, 8)
            .ok(args! { how: "SIG_BLOCK", set: json!(["SIGUSR1"]), oldset: (), sigsetsize: 8 });
        // struct compat_siginfo: number, error, code, then who and with what.
        let sent = low.words(&[SIGUSR1 as u32, 0, SI_QUEUE as u32, c.pid(), 0, 0x99]);
        let shown = json!({
            "si_signo": "SIGUSR1", "si_errno": 0, "si_code": "SI_QUEUE", "si_pid": c.pid(), "si_uid": 0,
            "si_value": 0x99,
        });
        call32!(c, "rt_sigqueueinfo", c.pid(), SIGUSR1, sent)
            .ok(args! { tgid: c.pid(), sig: "SIGUSR1", info: shown.clone() });
        let limit = low.wide(&[1, 2]);
        call32!(c, "rt_sigtimedwait_time64", set, info, limit, 8).ok(args! {
            set: json!(["SIGUSR1"]), info: shown, timeout: json!({ "tv_sec": 1, "tv_nsec": 2 }), sigsetsize: 8
        });
        let limit = low.words(&[0, 3]);
        call32!(c, "rt_sigtimedwait", set, 0, limit, 8).fails(
            EAGAIN,
            args! {
                set: json!(["SIGUSR1"]), info: (), timeout: json!({ "tv_sec": 0, "tv_nsec": 3 }), sigsetsize: 8
            },
        );
        // The mask is in the third register, as a number.
        call32!(c, "rt_sigqueueinfo", c.pid(), SIGUSR1, 0).fails(
            EFAULT,
            args! {
                tgid: c.pid(), sig: "SIGUSR1", info: ()
            },
        );
    });
}

fn stacks(c: &Caller) {
    c.in_child(|c| {
        let low = Low::new();
        let memory = low.room(16384);
        // stack_t: address, flags, size.
        let (new, old) = (low.words(&[memory.0, 0, 16384]), low.room(12));
        let made = call32!(c, "sigaltstack", new, old);
        made.ok(args! {
            ss: json!({ "ss_sp": memory.0, "ss_flags": "0", "ss_size": 16384 }),
            old_ss: json!({ "ss_sp": old.u32(0), "ss_flags": "0", "ss_size": old.u32(8) }),
        });
    });
}
