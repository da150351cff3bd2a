// SPDX-License-Identifier: Apache-2.0
//! Scheduling.

use libc::*;
use serde_json::json;

use crate::{
    caller::{Caller, args, call, data},
    structs::{self, bytes_of, zeroed},
};

pub(crate) fn cases(c: &Caller) {
    c.each(&[policies, attributes, affinity, priorities]);
}

fn policies(c: &Caller) {
    let priority = |n: i32| json!({ "sched_priority": n });
    call!(c, "sched_yield").ok(args! {});
    c.in_child(|c| {
        let mut param: sched_param = zeroed();
        param.sched_priority = 7;
        call!(c, "sched_setscheduler", 0, SCHED_RR | SCHED_RESET_ON_FORK, &raw const param)
            .ok(args! { pid: 0, policy: "SCHED_RR|SCHED_RESET_ON_FORK", param: priority(7) });
        call!(c, "sched_getscheduler", 0).ok(args! { pid: 0 });
        param.sched_priority = 9;
        call!(c, "sched_setparam", 0, &raw const param).ok(args! { pid: 0, param: priority(9) });
        param.sched_priority = 0;
        call!(c, "sched_getparam", c.pid(), &raw mut param).ok(args! { pid: c.pid(), param: priority(9) });
        assert_eq!(param.sched_priority, 9);
        let mut interval: timespec = zeroed();
        call!(c, "sched_rr_get_interval", 0, &raw mut interval).ok(args! { pid: 0, tp: structs::timespec(&interval) });
        assert!(interval.tv_nsec > 0);
    });
    let mut param: sched_param = zeroed();
    call!(c, "sched_getparam", -1, &raw mut param).fails(EINVAL, args! { pid: -1, param: () });
    call!(c, "sched_get_priority_max", SCHED_FIFO).ok(args! { policy: "SCHED_FIFO" });
    call!(c, "sched_get_priority_min", SCHED_RR).ok(args! { policy: "SCHED_RR" });
    call!(c, "sched_get_priority_min", 99).fails(EINVAL, args! { policy: "0x63" });
}

/// `struct sched_attr`: `include/uapi/linux/sched/types.h`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct SchedAttr {
    size: u32,
    policy: u32,
    flags: u64,
    nice: i32,
    priority: u32,
    runtime: u64,
    deadline: u64,
    period: u64,
    util_min: u32,
    util_max: u32,
}

fn attributes(c: &Caller) {
    c.in_child(|c| {
        let attr = SchedAttr { size: 56, policy: 3, flags: 1, nice: 5, ..SchedAttr::default() };
        call!(c, "sched_setattr", 0, &raw const attr, 0).ok(args! {
            pid: 0,
            attr: json!({
                "size": 56, "sched_policy": "SCHED_BATCH", "sched_flags": "SCHED_FLAG_RESET_ON_FORK", "sched_nice": 5,
                "sched_priority": 0, "sched_runtime": 0, "sched_deadline": 0, "sched_period": 0,
                "sched_util_min": 0, "sched_util_max": 0,
            }),
            flags: 0,
        });
        let mut attr = SchedAttr::default();
        let made = call!(c, "sched_getattr", 0, &raw mut attr, 56, 0);
        assert_eq!((attr.policy, attr.nice), (3, 5));
        made.ok(args! {
            pid: 0,
            attr: json!({
                "size": attr.size, "sched_policy": "SCHED_BATCH", "sched_flags": "SCHED_FLAG_RESET_ON_FORK",
                "sched_nice": 5, "sched_priority": attr.priority, "sched_runtime": attr.runtime,
                "sched_deadline": attr.deadline, "sched_period": attr.period, "sched_util_min": attr.util_min,
                "sched_util_max": attr.util_max,
            }),
            size: 56,
            flags: 0,
        });
        // The struct's first version: nothing is written behind its 48 bytes.
        let mut attr = SchedAttr { util_min: 77, util_max: 88, ..SchedAttr::default() };
        let made = call!(c, "sched_getattr", 0, &raw mut attr, 48, 0);
        assert_eq!((attr.util_min, attr.util_max), (77, 88));
        made.ok(args! {
            pid: 0,
            attr: json!({
                "size": attr.size, "sched_policy": "SCHED_BATCH", "sched_flags": "SCHED_FLAG_RESET_ON_FORK",
                "sched_nice": 5, "sched_priority": attr.priority, "sched_runtime": attr.runtime,
                "sched_deadline": attr.deadline, "sched_period": attr.period,
            }),
            size: 48,
            flags: 0,
        });
        call!(c, "sched_getattr", 0, &raw mut attr, 4, 0).fails(EINVAL, args! { pid: 0, attr: (), size: 4, flags: 0 });
    });
}

fn affinity(c: &Caller) {
    let mut mask = [0_u64; 16];
    let made = call!(c, "sched_getaffinity", 0, 128, mask.as_mut_ptr());
    let n = made.ret() as usize;
    made.ok(args! { pid: 0, cpusetsize: 128, mask: data(&bytes_of(&mask)[..n]) });
    call!(c, "sched_setaffinity", c.tid(), 8, mask.as_ptr())
        .ok(args! { pid: c.tid(), cpusetsize: 8, mask: data(&bytes_of(&mask)[..8]) });
    call!(c, "sched_getaffinity", 0, 3, mask.as_mut_ptr()).fails(EINVAL, args! { pid: 0, cpusetsize: 3, mask: () });
    let (mut cpu, mut node) = (99_u32, 99_u32);
    let made = call!(c, "getcpu", &raw mut cpu, &raw mut node, 0);
    assert!(cpu < 99 && node < 99);
    made.ok(args! { cpu: cpu, node: node, tcache: 0 });
    call!(c, "getcpu", 0, 0, 0x77).ok(args! { cpu: (), node: (), tcache: 0x77 });
}

fn priorities(c: &Caller) {
    call!(c, "getpriority", PRIO_PROCESS, 0).ok(args! { which: "PRIO_PROCESS", who: 0 });
    call!(c, "getpriority", 9, -1).fails(EINVAL, args! { which: "9", who: -1 });
    c.in_child(|c| {
        call!(c, "setpriority", PRIO_PROCESS, c.pid(), -3).ok(args! { which: "PRIO_PROCESS", who: c.pid(), prio: -3 });
        // Class 2, best effort, level 4.
        let level = (2 << 13) | 4;
        call!(c, "ioprio_set", 1, 0, level).ok(args! { which: "IOPRIO_WHO_PROCESS", who: 0, ioprio: level });
        let made = call!(c, "ioprio_get", 1, 0);
        assert_eq!(made.ret(), level);
        made.ok(args! { which: "IOPRIO_WHO_PROCESS", who: 0 });
    });
    call!(c, "ioprio_get", 2, 0x7fff_fff0).fails(ESRCH, args! { which: "IOPRIO_WHO_PGRP", who: 0x7fff_fff0 });
}
