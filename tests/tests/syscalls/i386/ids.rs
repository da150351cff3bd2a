// SPDX-License-Identifier: Apache-2.0
//! Processes, users and groups: ids of 16 bits, and the later calls of 32.

use libc::*;
use serde_json::json;

use super::low::{At, Low};
use crate::caller::{Caller, args, call32};

pub(super) fn cases(c: &Caller) {
    c.each(&[owners, users, groups, later, processes, limits, machine, never_there]);
}

fn owners(c: &Caller) {
    let low = Low::new();
    let path = c.file("i386-owner", b"");
    let at = low.text(&path);
    let fd = crate::file::open(c, "i386-owner", O_RDONLY);
    call32!(c, "chown", at, 1000, 0xffff).ok(args! { path: &path, uid: 1000, gid: -1 });
    // The kernel looks at 16 bits.
    call32!(c, "lchown", at, 0x1_0005, -1).ok(args! { path: &path, uid: 5, gid: -1 });
    call32!(c, "fchown", fd, 0xfffe, 7).ok(args! { fd: fd, uid: 0xfffe, gid: 7 });
    call32!(c, "chown32", at, 70000, -1).ok(args! { path: &path, uid: 70000, gid: -1 });
    call32!(c, "lchown32", at, 0xffff, 1).ok(args! { path: &path, uid: 0xffff, gid: 1 });
    call32!(c, "fchown32", fd, -1, 70001).ok(args! { fd: fd, uid: -1, gid: 70001 });
    crate::file::close(fd);
}

fn users(c: &Caller) {
    for name in ["getuid", "geteuid", "getgid", "getegid", "getuid32", "geteuid32", "getgid32", "getegid32"] {
        c.call32(name, &[]).ok(args! {});
    }
    c.in_child(|c| {
        let low = Low::new();
        call32!(c, "setfsuid", 5).ok(args! { fsuid: 5 });
        call32!(c, "setreuid", 0xffff, 0).ok(args! { ruid: -1, euid: 0 });
        call32!(c, "setresuid", 11, 0x1_ffff, 0).ok(args! { ruid: 11, euid: -1, suid: 0 });
        let (real, effective, saved) = (low.room(2), low.room(2), low.room(2));
        let made = call32!(c, "getresuid", real, effective, saved);
        assert_eq!((real.u16(0), effective.u16(0), saved.u16(0)), (11, 0, 0));
        made.ok(args! { ruid: 11, euid: 0, suid: 0 });
        call32!(c, "setuid", 0x1_000b).ok(args! { uid: 11 });
        call32!(c, "setuid", 12).fails(EPERM, args! { uid: 12 });
    });
}

fn groups(c: &Caller) {
    c.in_child(|c| {
        let low = Low::new();
        let list = low.put(&[4, 0, 5, 0, 0xfe, 0xff]);
        call32!(c, "setgroups", 3, list).ok(args! { size: 3, list: json!([4, 5, 0xfffe]) });
        call32!(c, "getgroups", 3, list).ok(args! { size: 3, list: json!([4, 5, 0xfffe]) });
        let list = low.words(&[70000, 5]);
        call32!(c, "setgroups32", 2, list).ok(args! { size: 2, list: json!([70000, 5]) });
        call32!(c, "getgroups32", 2, list).ok(args! { size: 2, list: json!([list.u32(0), list.u32(4)]) });
        call32!(c, "getgroups32", 0, list).ok(args! { size: 0, list: json!([]) });
        call32!(c, "setfsgid", 0x1_0009).ok(args! { fsgid: 9 });
        call32!(c, "setregid", 0xffff, 8).ok(args! { rgid: -1, egid: 8 });
        call32!(c, "setresgid", 7, 0xffff, 6).ok(args! { rgid: 7, egid: -1, sgid: 6 });
        let ids = low.room(6);
        call32!(c, "getresgid", ids, ids.after(2), ids.after(4)).ok(args! { rgid: 7, egid: 8, sgid: 6 });
        call32!(c, "setgid", 3).ok(args! { gid: 3 });
    });
}

fn later(c: &Caller) {
    c.in_child(|c| {
        let low = Low::new();
        let ids = low.room(12);
        call32!(c, "setregid32", -1, 70000).ok(args! { rgid: -1, egid: 70000 });
        call32!(c, "setresgid32", 70001, -1, 0xffff).ok(args! { rgid: 70001, egid: -1, sgid: 0xffff });
        call32!(c, "getresgid32", ids, ids.after(4), ids.after(8)).ok(args! { rgid: 70001, egid: 70000, sgid: 0xffff });
        call32!(c, "setfsgid32", 70002).ok(args! { fsgid: 70002 });
        call32!(c, "setgid32", 70003).ok(args! { gid: 70003 });
        call32!(c, "setfsuid32", 70004).ok(args! { fsuid: 70004 });
        call32!(c, "setreuid32", 70005, -1).ok(args! { ruid: 70005, euid: -1 });
        call32!(c, "setresuid32", -1, 70005, 0xffff).ok(args! { ruid: -1, euid: 70005, suid: 0xffff });
        call32!(c, "getresuid32", ids, ids.after(4), ids.after(8)).ok(args! { ruid: 70005, euid: 70005, suid: 0xffff });
        call32!(c, "setuid32", 0).fails(EPERM, args! { uid: 0 });
    });
}

fn processes(c: &Caller) {
    let low = Low::new();
    let (status, usage) = (low.words(&[0xeeee]), low.room(72));
    let shown = |u: At| {
        let time = |at: u32| json!({ "tv_sec": u.i32(at), "tv_usec": u.i32(at + 4) });
        json!({
            "ru_utime": time(0), "ru_stime": time(8), "ru_maxrss": u.i32(16), "ru_ixrss": 0, "ru_idrss": 0,
            "ru_isrss": 0, "ru_minflt": u.i32(32), "ru_majflt": u.i32(36), "ru_nswap": 0, "ru_inblock": u.i32(44),
            "ru_oublock": u.i32(48), "ru_msgsnd": 0, "ru_msgrcv": 0, "ru_nsignals": 0, "ru_nvcsw": u.i32(64),
            "ru_nivcsw": u.i32(68),
        })
    };
    call32!(c, "getrusage", RUSAGE_SELF, usage).ok(args! { who: "RUSAGE_SELF", usage: shown(usage) });
    // SAFETY: the child ends at once.
    let exits = |code| unsafe {
        let pid = fork();
        if pid == 0 {
            _exit(code);
        }
        pid
    };
    let pid = exits(6);
    call32!(c, "waitpid", pid, status, 0).ok(args! { pid: pid, wstatus: json!({ "exited": 6 }), options: "0" });
    let pid = exits(0);
    call32!(c, "wait4", pid, status, 0, usage)
        .ok(args! { pid: pid, wstatus: json!({ "exited": 0 }), options: "0", rusage: shown(usage) });
    let (pid, info) = (exits(4), low.room(128));
    call32!(c, "waitid", P_PID, pid, info, WEXITED, 0).ok(args! {
        idtype: "P_PID",
        id: pid,
        infop: json!({
            "si_signo": "SIGCHLD", "si_errno": 0, "si_code": "CLD_EXITED", "si_pid": pid, "si_uid": 0, "si_status": 4,
        }),
        options: "WEXITED",
        rusage: (),
    });
    call32!(c, "waitpid", 0x7fff_fff0, status, WNOHANG)
        .fails(ECHILD, args! { pid: 0x7fff_fff0, wstatus: (), options: "WNOHANG" });
    c.in_child(|c| {
        call32!(c, "nice", 3).ok(args! { inc: 3 });
    });
}

fn limits(c: &Caller) {
    let low = Low::new();
    c.in_child(|c| {
        let limit = low.words(&[55, u32::MAX]);
        call32!(c, "setrlimit", RLIMIT_CORE, limit)
            .ok(args! { resource: "RLIMIT_CORE", rlim: json!({ "rlim_cur": 55, "rlim_max": -1 }) });
        call32!(c, "prctl", PR_SET_PDEATHSIG, SIGTERM, -1, 2, 3)
            .ok(args! { option: "PR_SET_PDEATHSIG", arg2_str: (), arg2_int: 15, arg3: u32::MAX, arg4: 2, arg5: 3 });
    });
    let limit = low.room(16);
    let shown = |word: u32| if word == u32::MAX { json!(-1) } else { json!(word) };
    for name in ["getrlimit", "ugetrlimit"] {
        let made = c.call32(name, &[u64::from(RLIMIT_NOFILE), u64::from(limit.0)]);
        made.ok(args! {
            resource: "RLIMIT_NOFILE",
            rlim: json!({ "rlim_cur": shown(limit.u32(0)), "rlim_max": shown(limit.u32(4)) }),
        });
    }
    // What is without a limit is so in 32 bits too.
    call32!(c, "ugetrlimit", RLIMIT_FSIZE, limit).ok(args! {
        resource: "RLIMIT_FSIZE", rlim: json!({ "rlim_cur": shown(limit.u32(0)), "rlim_max": shown(limit.u32(4)) })
    });
    let made = call32!(c, "prlimit64", 0, RLIMIT_NOFILE, 0, limit);
    made.ok(args! {
        pid: 0,
        resource: "RLIMIT_NOFILE",
        new_limit: (),
        old_limit: json!({ "rlim_cur": limit.u64(0), "rlim_max": limit.u64(8) }),
    });
}

fn machine(c: &Caller) {
    let low = Low::new();
    let info = low.room(64);
    call32!(c, "sysinfo", info).ok(args! {
        info: json!({
            "uptime": info.i32(0),
            "loads": { "1": info.u32(4), "5": info.u32(8), "15": info.u32(12) },
            "totalram": info.u32(16), "freeram": info.u32(20), "sharedram": info.u32(24), "bufferram": info.u32(28),
            "totalswap": info.u32(32), "freeswap": info.u32(36), "procs": info.u16(40), "totalhigh": info.u32(44),
            "freehigh": info.u32(48), "mem_unit": info.u32(52),
        }),
    });
    let name = low.room(400);
    call32!(c, "olduname", name).ok(args! { buf: name.0 });
    call32!(c, "oldolduname", name).ok(args! { buf: name.0 });
    c.in_child(|c| {
        // struct user_desc: the kernel chooses an entry of the thread's own.
        let area = low.words(&[u32::MAX, 0x1000, 0xfffff, 0b101_0001]);
        let made = call32!(c, "set_thread_area", area);
        let shown = json!({
            "entry_number": area.i32(0), "base_addr": 0x1000, "limit": 0xfffff, "seg_32bit": 1, "contents": 0,
            "read_exec_only": 0, "limit_in_pages": 1, "seg_not_present": 0, "useable": 1, "lm": 0,
        });
        assert!(area.i32(0) > 0);
        made.ok(args! { u_info: shown.clone() });
        call32!(c, "get_thread_area", area).ok(args! { u_info: shown });
    });
    call32!(c, "vm86", 1, 2).is(args! { fn: 1, v86: 2 });
    call32!(c, "vm86old", 3).is(args! { v86: 3 });
    call32!(c, "bdflush", 1, 2).is(args! { func: 1, data: 2 });
}

fn never_there(c: &Caller) {
    for name in ["break", "ftime", "gtty", "idle", "lock", "mpx", "prof", "profil", "stty", "ulimit"] {
        c.call32(name, &[1, 2, 3, 4, 5, 6]).fails(ENOSYS, args! {});
    }
}
