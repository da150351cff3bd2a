// SPDX-License-Identifier: Apache-2.0
//! Keys, sandboxes, security modules, bpf and perf.

use libc::*;

use crate::{
    caller::{Caller, Fault, Reg as _, args, call, data, whole},
    file::{close, open},
    structs::bytes_of,
};

pub(crate) fn cases(c: &Caller) {
    c.each(&[keys, filters, landlock, modules, bpf, perf]);
}

/// `KEY_SPEC_PROCESS_KEYRING`
const KEYRING: i32 = -2;

fn keys(c: &Caller) {
    c.in_child(|c| {
        let key = call!(c, "add_key", c"user", c"lanner:test", c"payload", 7, KEYRING).ok(args! {
            type: "user", description: "lanner:test", payload: "payload", plen: 7, keyring: KEYRING
        });
        call!(c, "add_key", c"no such type", c"x", 0, 0, -99)
            .is(args! { type: "no such type", description: "x", payload: (), plen: 0, keyring: -99 });
        let found = call!(c, "request_key", c"user", c"lanner:test", 0, 0)
            .ok(args! { type: "user", description: "lanner:test", callout_info: (), dest_keyring: 0 });
        assert_eq!(found, key);
        call!(c, "request_key", c"user", c"lanner:none", 0x10, 0)
            .fails(EFAULT, args! { type: "user", description: "lanner:none", callout_info: Fault, dest_keyring: 0 });
        let mut buf = [0_u8; 16];
        call!(c, "keyctl", KEYCTL_READ, key, buf.as_mut_ptr(), 16, 0)
            .ok(args! { operation: "KEYCTL_READ", arg2: key, arg3: buf.as_ptr(), arg4: 16, arg5: 0 });
        assert_eq!(&buf[..7], b"payload");
        call!(c, "keyctl", KEYCTL_GET_KEYRING_ID, KEYRING, 0, 0, 0).ok(args! {
            operation: "KEYCTL_GET_KEYRING_ID", arg2: i64::from(KEYRING).cast_unsigned(), arg3: 0, arg4: 0, arg5: 0
        });
        call!(c, "keyctl", 9999, 1, 2, 3, 4)
            .fails(EOPNOTSUPP, args! { operation: "9999", arg2: 1, arg3: 2, arg4: 3, arg5: 4 });
    });
}

fn filters(c: &Caller) {
    c.in_child(|c| {
        let action = SECCOMP_RET_TRAP;
        call!(c, "seccomp", SECCOMP_GET_ACTION_AVAIL, 0, &raw const action)
            .ok(args! { op: "SECCOMP_GET_ACTION_AVAIL", flags: "0", args: &raw const action });
        // One instruction: everything is allowed.
        let program = [sock_filter { code: (BPF_RET | BPF_K) as u16, jt: 0, jf: 0, k: SECCOMP_RET_ALLOW }];
        let filter = sock_fprog { len: 1, filter: program.as_ptr().cast_mut() };
        call!(c, "seccomp", SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_LOG, &raw const filter).ok(args! {
            op: "SECCOMP_SET_MODE_FILTER", flags: "SECCOMP_FILTER_FLAG_LOG", args: &raw const filter
        });
        call!(c, "seccomp", 77, 0, 0).fails(EINVAL, args! { op: "77", flags: "0", args: 0 });
    });
}

fn landlock(c: &Caller) {
    call!(c, "landlock_create_ruleset", 0, 0, 1)
        .ok(args! { attr: (), size: 0, flags: "LANDLOCK_CREATE_RULESET_VERSION" });
    // struct landlock_ruleset_attr: what is handled of files; making device files is.
    let handled = 1_u64 << 11;
    let ruleset = call!(c, "landlock_create_ruleset", &raw const handled, 8, 0)
        .ok(args! { attr: whole(bytes_of(&handled)), size: 8, flags: "0" }) as i32;
    let folder = open(c, "", O_PATH);
    // struct landlock_path_beneath_attr, which is packed: what is allowed, and where.
    let mut rule = [0_u8; 12];
    rule[..8].copy_from_slice(&handled.to_ne_bytes());
    rule[8..].copy_from_slice(&folder.to_ne_bytes());
    call!(c, "landlock_add_rule", ruleset, 1, rule.as_ptr(), 0).ok(args! {
        ruleset_fd: ruleset, rule_type: "LANDLOCK_RULE_PATH_BENEATH", rule_attr: rule.as_ptr(), flags: 0
    });
    call!(c, "landlock_add_rule", -1, 9, rule.as_ptr(), 0)
        .is(args! { ruleset_fd: -1, rule_type: "9", rule_attr: rule.as_ptr(), flags: 0 });
    c.in_child(|c| {
        // Kernels before 6.15 take no flags.
        call!(c, "landlock_restrict_self", ruleset, 4).is(args! {
            ruleset_fd: ruleset, flags: "LANDLOCK_RESTRICT_SELF_LOG_SUBDOMAINS_OFF"
        });
    });
    call!(c, "landlock_restrict_self", -1, 0).fails(EBADF, args! { ruleset_fd: -1, flags: "0" });
    close(folder);
    close(ruleset);
}

fn modules(c: &Caller) {
    let (mut ids, mut size) = ([0_u64; 32], 256_u32);
    let made = call!(c, "lsm_list_modules", ids.as_mut_ptr(), &raw mut size, 0);
    assert_eq!(made.ret() * 8, i64::from(size));
    made.ok(args! { ids: data(&bytes_of(&ids)[..size as usize]), size: size, flags: 0 });
    let mut little = 1_u32;
    call!(c, "lsm_list_modules", ids.as_mut_ptr(), &raw mut little, 0)
        .fails(E2BIG, args! { ids: (), size: (), flags: 0 });
    let (mut context, mut room) = ([0_u64; 64], 512_u32);
    let made = call!(c, "lsm_get_self_attr", 100, context.as_mut_ptr(), &raw mut room, 0);
    if made.ret() > 0 {
        let found = &bytes_of(&context)[..room as usize];
        made.ok(args! { attr: "LSM_ATTR_CURRENT", ctx: data(found), size: room, flags: 0 });
    } else {
        // Without a module that labels processes.
        made.is(args! { attr: "LSM_ATTR_CURRENT", ctx: (), size: (), flags: 0 });
    }
    let wrong = [1_u64, 0, 32, 0];
    call!(c, "lsm_set_self_attr", 101, wrong.as_ptr(), 32, 7)
        .is(args! { attr: "LSM_ATTR_EXEC", ctx: whole(bytes_of(&wrong)), size: 32, flags: 7 });
}

fn bpf(c: &Caller) {
    // The part of `union bpf_attr` that BPF_MAP_CREATE uses: a map without a type.
    let attr = [u32::MAX, 4, 4, 1, 0];
    call!(c, "bpf", 0, attr.as_ptr(), 20)
        .fails(EINVAL, args! { cmd: "BPF_MAP_CREATE", attr: whole(bytes_of(&attr)), size: 20 });
    // An array.
    let attr = [2_u32, 4, 4, 1, 0];
    let fd = call!(c, "bpf", 0, attr.as_ptr(), 20)
        .ok(args! { cmd: "BPF_MAP_CREATE", attr: whole(bytes_of(&attr)), size: 20 });
    close(fd as i32);
    call!(c, "bpf", 5, 0x10, 200).fails(EFAULT, args! { cmd: "BPF_PROG_LOAD", attr: Fault, size: 200 });
    call!(c, "bpf", 4711, 0, 0).is(args! { cmd: "0x1267", attr: (), size: 0 });
}

fn perf(c: &Caller) {
    // The first version of `struct perf_event_attr`: a software clock, disabled.
    let mut attr = [0_u64; 8];
    attr[0] = 1 | (64 << 32);
    attr[5] = 1;
    let fd = call!(c, "perf_event_open", attr.as_ptr(), 0, -1, -1, 8).ok(args! {
        attr: whole(bytes_of(&attr)), pid: 0, cpu: -1, group_fd: -1, flags: "PERF_FLAG_FD_CLOEXEC"
    });
    close(fd as i32);
    call!(c, "perf_event_open", attr.as_ptr().reg(), -1, -1, 999, 5).is(args! {
        attr: whole(bytes_of(&attr)),
        pid: -1,
        cpu: -1,
        group_fd: 999,
        flags: "PERF_FLAG_FD_NO_GROUP|PERF_FLAG_PID_CGROUP",
    });
}
