// SPDX-License-Identifier: Apache-2.0
//! Clocks, timers and sleeping.

use agent_common::X86;
use libc::*;
use serde_json::{Value, json};

use crate::{
    caller::{Caller, Fault, args, call},
    file::close,
    structs::{self, zeroed},
};

pub(crate) fn cases(c: &Caller) {
    c.each(&[telling, setting, sleeping, interval_timers, timers, descriptors]);
}

fn telling(c: &Caller) {
    let mut seconds = 0_i64;
    let made = call!(c, "time", &raw mut seconds);
    assert!(made.ret() == seconds || !X86);
    made.ok(args! { tloc: seconds });
    call!(c, "time", 0).ok(args! { tloc: () });
    let (mut now, mut zone): (timeval, [i32; 2]) = (zeroed(), [7, 7]);
    call!(c, "gettimeofday", &raw mut now, zone.as_mut_ptr()).ok(args! {
        tv: structs::timeval(&now), tz: json!({ "tz_minuteswest": zone[0], "tz_dsttime": zone[1] })
    });
    let mut now: timespec = zeroed();
    for (clock, name) in [
        (CLOCK_REALTIME, "CLOCK_REALTIME"),
        (CLOCK_BOOTTIME, "CLOCK_BOOTTIME"),
        (CLOCK_THREAD_CPUTIME_ID, "CLOCK_THREAD_CPUTIME_ID"),
        (CLOCK_TAI, "CLOCK_TAI"),
    ] {
        call!(c, "clock_gettime", clock, &raw mut now).ok(args! { clockid: name, tp: structs::timespec(&now) });
    }
    // The clock of a process: the complement of its id, and what is counted.
    let clock = (!c.pid().cast_signed() << 3) | 2;
    call!(c, "clock_gettime", clock, &raw mut now).ok(args! {
        clockid: format!("MAKE_PROCESS_CPUCLOCK({}, CPUCLOCK_SCHED)", c.pid()), tp: structs::timespec(&now)
    });
    call!(c, "clock_gettime", 99, &raw mut now).fails(EINVAL, args! { clockid: "99", tp: () });
    call!(c, "clock_getres", CLOCK_MONOTONIC_COARSE, &raw mut now)
        .ok(args! { clockid: "CLOCK_MONOTONIC_COARSE", res: structs::timespec(&now) });
}

/// Calls that would set the time if they were right.
fn setting(c: &Caller) {
    let (wrong, zone) = (timeval { tv_sec: 5, tv_usec: -1 }, [0_i32, 0]);
    call!(c, "settimeofday", &raw const wrong, zone.as_ptr()).fails(
        EINVAL,
        args! {
            tv: structs::timeval(&wrong), tz: json!({ "tz_minuteswest": 0, "tz_dsttime": 0 })
        },
    );
    let wrong = timespec { tv_sec: 5, tv_nsec: 2_000_000_000 };
    call!(c, "clock_settime", CLOCK_MONOTONIC, &raw const wrong)
        .fails(EINVAL, args! { clockid: "CLOCK_MONOTONIC", tp: structs::timespec(&wrong) });
    // Nothing is to be adjusted: the state is read.
    let mut state: timex = zeroed();
    let at = &raw mut state;
    call!(c, "adjtimex", at).ok(args! { buf: at });
    call!(c, "clock_adjtime", CLOCK_REALTIME, at).ok(args! { clk_id: "CLOCK_REALTIME", buf: at });
    call!(c, "clock_adjtime", CLOCK_MONOTONIC, at).fails(EOPNOTSUPP, args! { clk_id: "CLOCK_MONOTONIC", buf: at });
}

fn sleeping(c: &Caller) {
    let (short, mut rest) = (timespec { tv_sec: 0, tv_nsec: 1000 }, timespec { tv_sec: 44, tv_nsec: 55 });
    let shown = || structs::timespec(&short);
    call!(c, "nanosleep", &raw const short, 0).ok(args! { interval: shown(), rem: () });
    // Nothing is left, so that nothing is written.
    call!(c, "nanosleep", &raw const short, &raw mut rest).ok(args! { interval: shown(), rem: () });
    assert_eq!((rest.tv_sec, rest.tv_nsec), (44, 55));
    let wrong = timespec { tv_sec: 0, tv_nsec: -1 };
    call!(c, "nanosleep", &raw const wrong, &raw mut rest)
        .fails(EINVAL, args! { interval: structs::timespec(&wrong), rem: () });
    call!(c, "clock_nanosleep", CLOCK_MONOTONIC, TIMER_ABSTIME, &raw const short, 0)
        .ok(args! { clockid: "CLOCK_MONOTONIC", flags: "TIMER_ABSTIME", request: shown(), remain: () });
    call!(c, "nanosleep", 0x10, 0).fails(EFAULT, args! { interval: Fault, rem: () });
}

/// `struct itimerval`.
fn itimerval_of(timer: &itimerval) -> Value {
    json!({ "it_interval": structs::timeval(&timer.it_interval), "it_value": structs::timeval(&timer.it_value) })
}

/// `struct itimerspec`.
fn itimerspec_of(timer: &itimerspec) -> Value {
    json!({ "it_interval": structs::timespec(&timer.it_interval), "it_value": structs::timespec(&timer.it_value) })
}

fn interval_timers(c: &Caller) {
    c.in_child(|c| {
        call!(c, "alarm", 500).ok(args! { seconds: 500 });
        let made = call!(c, "alarm", 0);
        assert!(made.ret() == 500 || !X86);
        made.ok(args! { seconds: 0 });
        let new = itimerval {
            it_interval: timeval { tv_sec: 3, tv_usec: 4 },
            it_value: timeval { tv_sec: 1000, tv_usec: 0 },
        };
        let mut old: itimerval = zeroed();
        old.it_interval.tv_sec = 9;
        let made = call!(c, "setitimer", ITIMER_PROF, &raw const new, &raw mut old);
        made.ok(args! { which: "ITIMER_PROF", new_value: itimerval_of(&new), old_value: itimerval_of(&old) });
        assert_eq!(old.it_interval.tv_sec, 0);
        call!(c, "getitimer", ITIMER_PROF, &raw mut old)
            .ok(args! { which: "ITIMER_PROF", curr_value: itimerval_of(&old) });
        assert_eq!((old.it_interval.tv_sec, old.it_interval.tv_usec > 0), (3, true));
        call!(c, "getitimer", 5, &raw mut old).fails(EINVAL, args! { which: "5", curr_value: () });
    });
}

/// A timer that goes off in the far future, wherever its clock begins, and then each 7 s.
fn far() -> itimerspec {
    itimerspec {
        it_interval: timespec { tv_sec: 7, tv_nsec: 0 },
        it_value: timespec { tv_sec: 4_000_000_000, tv_nsec: 999_999_999 },
    }
}

fn timers(c: &Caller) {
    let mut event: sigevent = zeroed();
    (event.sigev_notify, event.sigev_signo) = (SIGEV_THREAD_ID, SIGRTMIN() + 1);
    event.sigev_notify_thread_id = c.tid().cast_signed();
    let mut id = -1_i32;
    call!(c, "timer_create", CLOCK_MONOTONIC, &raw const event, &raw mut id).ok(args! {
        clockid: "CLOCK_MONOTONIC",
        sevp: json!({
            "sigev_value": 0,
            // The C library keeps the kernel's first two for itself.
            "sigev_signo": "SIGRT_3",
            "sigev_notify": "SIGEV_THREAD_ID",
            "sigev_notify_thread_id": c.tid(),
        }),
        timerid: id,
    });
    let (new, mut old) = (far(), zeroed::<itimerspec>());
    let made = call!(c, "timer_settime", id, TIMER_ABSTIME, &raw const new, &raw mut old);
    made.ok(args! {
        timerid: id, flags: "TIMER_ABSTIME", new_value: itimerspec_of(&new), old_value: itimerspec_of(&old)
    });
    call!(c, "timer_gettime", id, &raw mut old).ok(args! { timerid: id, curr_value: itimerspec_of(&old) });
    assert_eq!(old.it_interval.tv_sec, 7);
    call!(c, "timer_getoverrun", id).ok(args! { timerid: id });
    call!(c, "timer_delete", id).ok(args! { timerid: id });
    call!(c, "timer_gettime", id, &raw mut old).fails(EINVAL, args! { timerid: id, curr_value: () });
    call!(c, "timer_create", 77, 0, &raw mut id).fails(EINVAL, args! { clockid: "77", sevp: (), timerid: () });
}

fn descriptors(c: &Caller) {
    let fd = call!(c, "timerfd_create", CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK)
        .ok(args! { clockid: "CLOCK_BOOTTIME", flags: "TFD_NONBLOCK|TFD_CLOEXEC" }) as i32;
    let (new, mut old) = (far(), zeroed::<itimerspec>());
    call!(c, "timerfd_settime", fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &raw const new, 0).is(args! {
        fd: fd,
        flags: "TFD_TIMER_ABSTIME|TFD_TIMER_CANCEL_ON_SET",
        new_value: itimerspec_of(&new),
        old_value: (),
    });
    let made = call!(c, "timerfd_settime", fd, 0, &raw const new, &raw mut old);
    made.ok(args! { fd: fd, flags: "0", new_value: itimerspec_of(&new), old_value: itimerspec_of(&old) });
    call!(c, "timerfd_gettime", fd, &raw mut old).ok(args! { fd: fd, curr_value: itimerspec_of(&old) });
    assert_eq!(old.it_interval.tv_sec, 7);
    call!(c, "timerfd_gettime", -1, &raw mut old).fails(EBADF, args! { fd: -1, curr_value: () });
    close(fd);
}
