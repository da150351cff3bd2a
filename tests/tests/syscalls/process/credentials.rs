// SPDX-License-Identifier: Apache-2.0
//! Users, groups and capabilities.

use libc::*;
use serde_json::{Value, json};

use crate::caller::{Caller, Fault, args, call};

pub(crate) fn cases(c: &Caller) {
    for name in ["getuid", "geteuid", "getgid", "getegid"] {
        c.call(name, &[]).ok(args! {});
    }
    users(c);
    groups(c);
    capabilities(c);
}

fn users(c: &Caller) {
    c.in_child(|c| {
        call!(c, "setfsuid", 12).ok(args! { fsuid: 12 });
        call!(c, "setreuid", -1, 0).ok(args! { ruid: -1, euid: 0 });
        call!(c, "setresuid", 21, 22, 0).ok(args! { ruid: 21, euid: 22, suid: 0 });
        let (mut real, mut effective, mut saved) = (0_u32, 0_u32, 9_u32);
        call!(c, "getresuid", &raw mut real, &raw mut effective, &raw mut saved)
            .ok(args! { ruid: real, euid: effective, suid: saved });
        assert_eq!((real, effective, saved), (21, 22, 0));
        call!(c, "setuid", 4294967294_u32).fails(EPERM, args! { uid: 4294967294_u32 });
        call!(c, "setuid", 21).ok(args! { uid: 21 });
        call!(c, "setresuid", -1, 0x1_0000_0005_u64, -1).fails(EPERM, args! { ruid: -1, euid: 5, suid: -1 });
    });
}

fn groups(c: &Caller) {
    c.in_child(|c| {
        let mut list = [4_u32, 70000, 4294967294];
        call!(c, "setgroups", 3, list.as_ptr()).ok(args! { size: 3, list: json!(list) });
        call!(c, "getgroups", 3, list.as_mut_ptr()).ok(args! { size: 3, list: json!(list) });
        // How many there are: nothing is written.
        call!(c, "getgroups", 0, list.as_mut_ptr()).ok(args! { size: 0, list: json!([]) });
        call!(c, "getgroups", 1, list.as_mut_ptr()).fails(EINVAL, args! { size: 1, list: () });
        call!(c, "setgroups", 2, 0x10).fails(EFAULT, args! { size: 2, list: Fault });
        call!(c, "setfsgid", 33).ok(args! { fsgid: 33 });
        call!(c, "setregid", 5, -1).ok(args! { rgid: 5, egid: -1 });
        call!(c, "setresgid", -1, 6, 7).ok(args! { rgid: -1, egid: 6, sgid: 7 });
        let (mut real, mut effective, mut saved) = (0_u32, 0_u32, 0_u32);
        call!(c, "getresgid", &raw mut real, &raw mut effective, &raw mut saved)
            .ok(args! { rgid: real, egid: effective, sgid: saved });
        assert_eq!((real, effective, saved), (5, 6, 7));
        call!(c, "getresgid", &raw mut real, 0x10, 0).fails(EFAULT, args! { rgid: (), egid: (), sgid: () });
        call!(c, "setgid", 8).ok(args! { gid: 8 });
    });
}

/// The third version of `struct __user_cap_header_struct`.
const VERSION: u32 = 0x2008_0522;

fn capabilities(c: &Caller) {
    let header = |pid: i32| json!({ "version": "_LINUX_CAPABILITY_VERSION_3", "pid": pid });
    c.in_child(|c| {
        // Lower halves of the three sets, then the upper ones: CAP_KILL and CAP_BPF.
        let few = [1_u32 << 5, (1 << 5) | (1 << 12), 0, 1 << 7, 1 << 7, 0];
        let shown = json!({
            "effective": "CAP_KILL|CAP_BPF", "permitted": "CAP_KILL|CAP_NET_ADMIN|CAP_BPF", "inheritable": "0",
        });
        let head = [VERSION, 0];
        call!(c, "capset", head.as_ptr(), few.as_ptr()).ok(args! { hdrp: header(0), datap: shown.clone() });
        let mut found = [0_u32; 6];
        call!(c, "capget", head.as_ptr(), found.as_mut_ptr()).ok(args! { hdrp: header(0), datap: shown });
        assert_eq!(found, few);
        call!(c, "capget", head.as_ptr(), 0).ok(args! { hdrp: header(0), datap: () });
        let other = [VERSION, 0x7fff_fff0];
        call!(c, "capget", other.as_ptr(), found.as_mut_ptr())
            .fails(ESRCH, args! { hdrp: header(0x7fff_fff0), datap: Value::Null });
    });
}
