// SPDX-License-Identifier: Apache-2.0
//! Time: seconds of 32 bits, and the later calls of 64.

use libc::*;
use serde_json::{Value, json};

use super::low::{At, Low};
use crate::{
    caller::{Caller, args, call32},
    file::close,
};

pub(super) fn cases(c: &Caller) {
    c.each(&[telling, setting, sleeping, timers, descriptors, scheduling]);
}

/// `struct old_timespec32`.
fn narrow(at: At) -> Value {
    json!({ "tv_sec": at.i32(0), "tv_nsec": at.i32(4) })
}

/// `struct __kernel_timespec`.
fn wide(at: At) -> Value {
    json!({ "tv_sec": at.u64(0), "tv_nsec": at.u64(8) })
}

fn telling(c: &Caller) {
    let low = Low::new();
    let at = low.room(16);
    call32!(c, "time", at).ok(args! { tloc: at.i32(0) });
    let zone = low.room(8);
    call32!(c, "gettimeofday", at, zone).ok(args! {
        tv: json!({ "tv_sec": at.i32(0), "tv_usec": at.i32(4) }),
        tz: json!({ "tz_minuteswest": zone.i32(0), "tz_dsttime": zone.i32(4) }),
    });
    call32!(c, "clock_gettime", CLOCK_REALTIME, at).ok(args! { clockid: "CLOCK_REALTIME", tp: narrow(at) });
    call32!(c, "clock_gettime64", CLOCK_MONOTONIC, at).ok(args! { clockid: "CLOCK_MONOTONIC", tp: wide(at) });
    call32!(c, "clock_getres", CLOCK_REALTIME, at).ok(args! { clockid: "CLOCK_REALTIME", res: narrow(at) });
    call32!(c, "clock_getres_time64", CLOCK_REALTIME, at).ok(args! { clockid: "CLOCK_REALTIME", res: wide(at) });
    call32!(c, "clock_gettime64", 99, at).fails(EINVAL, args! { clockid: "99", tp: () });
    let ticks = low.room(16);
    call32!(c, "times", ticks).ok(args! {
        buf: json!({
            "tms_utime": ticks.i32(0), "tms_stime": ticks.i32(4), "tms_cutime": ticks.i32(8),
            "tms_cstime": ticks.i32(12),
        }),
    });
}

fn setting(c: &Caller) {
    let low = Low::new();
    call32!(c, "stime", 0).fails(EFAULT, args! { t: () });
    let wrong = low.words(&[5, u32::MAX]);
    call32!(c, "settimeofday", wrong, 0).fails(EINVAL, args! { tv: json!({ "tv_sec": 5, "tv_usec": -1 }), tz: () });
    call32!(c, "clock_settime", CLOCK_MONOTONIC, wrong)
        .fails(EINVAL, args! { clockid: "CLOCK_MONOTONIC", tp: narrow(wrong) });
    let at = low.wide(&[5, 6]);
    call32!(c, "clock_settime64", CLOCK_MONOTONIC, at)
        .fails(EINVAL, args! { clockid: "CLOCK_MONOTONIC", tp: wide(at) });
    let state = low.put(&[0; 208]);
    call32!(c, "clock_adjtime64", CLOCK_REALTIME, state).ok(args! { clk_id: "CLOCK_REALTIME", buf: state.0 });
}

fn sleeping(c: &Caller) {
    let low = Low::new();
    let short = low.words(&[0, 1000]);
    call32!(c, "nanosleep", short, 0).ok(args! { interval: narrow(short), rem: () });
    call32!(c, "clock_nanosleep", CLOCK_MONOTONIC, TIMER_ABSTIME, short, 0).ok(args! {
        clockid: "CLOCK_MONOTONIC", flags: "TIMER_ABSTIME", request: narrow(short), remain: ()
    });
    // The kernel does not look at the upper half of a 32-bit caller's nanoseconds.
    let short = low.wide(&[0, 0x3e8 | (0xabcd << 32)]);
    call32!(c, "clock_nanosleep_time64", CLOCK_MONOTONIC, 0, short, 0).ok(args! {
        clockid: "CLOCK_MONOTONIC", flags: "0", request: json!({ "tv_sec": 0, "tv_nsec": 1000 }), remain: ()
    });
    let limit = low.wide(&[0, 5]);
    let word = low.words(&[7]);
    call32!(c, "futex_time64", word, FUTEX_WAIT, 7, limit, 0, 0).fails(
        ETIMEDOUT,
        args! {
            addr: word.0, op: "FUTEX_WAIT", val: 7, timeout: limit.0, uaddr2: 0, val3: 0
        },
    );
}

fn timers(c: &Caller) {
    let low = Low::new();
    let id = low.room(4);
    // struct compat_sigevent: value, signal, notification.
    let mut event = [0_u32; 16];
    (event[0], event[1], event[2]) = (0x42, SIGUSR1 as u32, SIGEV_NONE as u32);
    let event = low.words(&event);
    call32!(c, "timer_create", CLOCK_MONOTONIC, event, id).ok(args! {
        clockid: "CLOCK_MONOTONIC",
        sevp: json!({ "sigev_value": 0x42, "sigev_signo": "SIGUSR1", "sigev_notify": "SIGEV_NONE" }),
        timerid: id.i32(0),
    });
    let timer = id.i32(0);
    let (new, old) = (low.words(&[1, 2, 3000, 4]), low.room(16));
    let shown = |at: At| json!({ "it_interval": narrow(at), "it_value": narrow(at.after(8)) });
    call32!(c, "timer_settime", timer, 0, new, old)
        .ok(args! { timerid: timer, flags: "0", new_value: shown(new), old_value: shown(old) });
    call32!(c, "timer_gettime", timer, old).ok(args! { timerid: timer, curr_value: shown(old) });
    let (new, old) = (low.wide(&[1, 2, 5_000_000_000, 4]), low.room(32));
    let shown = |at: At| json!({ "it_interval": wide(at), "it_value": wide(at.after(16)) });
    call32!(c, "timer_settime64", timer, TIMER_ABSTIME, new, old)
        .ok(args! { timerid: timer, flags: "TIMER_ABSTIME", new_value: shown(new), old_value: shown(old) });
    call32!(c, "timer_gettime64", timer, old).ok(args! { timerid: timer, curr_value: shown(old) });
    call32!(c, "timer_delete", timer).ok(args! { timerid: timer });
    c.in_child(|c| {
        let (new, old) = (low.words(&[1, 2, 3000, 4]), low.room(16));
        let time = |at: At| json!({ "tv_sec": at.i32(0), "tv_usec": at.i32(4) });
        let shown = |at: At| json!({ "it_interval": time(at), "it_value": time(at.after(8)) });
        call32!(c, "setitimer", ITIMER_VIRTUAL, new, old)
            .ok(args! { which: "ITIMER_VIRTUAL", new_value: shown(new), old_value: shown(old) });
        call32!(c, "getitimer", ITIMER_VIRTUAL, old).ok(args! { which: "ITIMER_VIRTUAL", curr_value: shown(old) });
    });
}

fn descriptors(c: &Caller) {
    let low = Low::new();
    let fd =
        call32!(c, "timerfd_create", CLOCK_MONOTONIC, 0).ok(args! { clockid: "CLOCK_MONOTONIC", flags: "0" }) as i32;
    let (new, old) = (low.wide(&[1, 2, 5_000_000_000, 4]), low.room(32));
    let shown = |at: At| json!({ "it_interval": wide(at), "it_value": wide(at.after(16)) });
    call32!(c, "timerfd_settime64", fd, 0, new, old)
        .ok(args! { fd: fd, flags: "0", new_value: shown(new), old_value: shown(old) });
    call32!(c, "timerfd_gettime64", fd, old).ok(args! { fd: fd, curr_value: shown(old) });
    let old = low.room(16);
    let shown = |at: At| json!({ "it_interval": narrow(at), "it_value": narrow(at.after(8)) });
    let new = low.words(&[1, 2, 3000, 4]);
    call32!(c, "timerfd_settime", fd, 0, new, old)
        .ok(args! { fd: fd, flags: "0", new_value: shown(new), old_value: shown(old) });
    call32!(c, "timerfd_gettime", fd, old).ok(args! { fd: fd, curr_value: shown(old) });
    close(fd);
}

fn scheduling(c: &Caller) {
    let low = Low::new();
    let at = low.room(16);
    call32!(c, "sched_rr_get_interval", 0, at).ok(args! { pid: 0, tp: narrow(at) });
    call32!(c, "sched_rr_get_interval_time64", 0, at).ok(args! { pid: 0, tp: wide(at) });
}
