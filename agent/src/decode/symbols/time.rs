// SPDX-License-Identifier: Apache-2.0
//! Clocks and timers.

use super::Table;

/// Interval timers: `include/uapi/linux/time.h`.
pub(crate) const ITIMER: Table = &[(0, "ITIMER_REAL"), (1, "ITIMER_VIRTUAL"), (2, "ITIMER_PROF")];

/// Clock ids: `include/uapi/linux/time.h`.
pub(crate) const CLOCK: Table = &[
    (0, "CLOCK_REALTIME"),
    (1, "CLOCK_MONOTONIC"),
    (2, "CLOCK_PROCESS_CPUTIME_ID"),
    (3, "CLOCK_THREAD_CPUTIME_ID"),
    (4, "CLOCK_MONOTONIC_RAW"),
    (5, "CLOCK_REALTIME_COARSE"),
    (6, "CLOCK_MONOTONIC_COARSE"),
    (7, "CLOCK_BOOTTIME"),
    (8, "CLOCK_REALTIME_ALARM"),
    (9, "CLOCK_BOOTTIME_ALARM"),
    (10, "CLOCK_SGI_CYCLE"),
    (11, "CLOCK_TAI"),
    (16, "CLOCK_AUX"),
];

/// clock_nanosleep(2) and timer_settime(2) flags: `include/uapi/linux/time.h`.
pub(crate) const TIMER: Table = &[(0x1, "TIMER_ABSTIME")];

/// timerfd_create(2) flags: `include/uapi/linux/timerfd.h`.
pub(crate) const TIMERFD_CREATE: Table = &[(0x800, "TFD_NONBLOCK"), (0x80000, "TFD_CLOEXEC")];

/// timerfd_settime(2) flags: `include/uapi/linux/timerfd.h`.
pub(crate) const TIMERFD_SET: Table = &[(0x1, "TFD_TIMER_ABSTIME"), (0x2, "TFD_TIMER_CANCEL_ON_SET")];
