// SPDX-License-Identifier: Apache-2.0
//! The machine. What would change it is asked for in ways that the kernel refuses.

use libc::*;
use serde_json::json;

use crate::{
    caller::{Caller, args, call, data, whole},
    structs::{bytes_of, zeroed},
};

pub(crate) fn cases(c: &Caller) {
    c.each(&[names, state, log, refused, modules, never_there]);
}

/// A member of `struct utsname`.
fn text(bytes: &[c_char]) -> String {
    let until = bytes.iter().take_while(|byte| **byte != 0);
    String::from_utf8(until.map(|byte| byte.to_ne_bytes()[0]).collect()).expect("names are text")
}

fn names(c: &Caller) {
    c.in_child(|c| {
        // SAFETY: this process ends here.
        assert_eq!(unsafe { unshare(CLONE_NEWUTS) }, 0);
        call!(c, "sethostname", c"lanner-host", 11).ok(args! { name: "lanner-host", len: 11 });
        call!(c, "setdomainname", c"lanner.example", 6).ok(args! { name: "lanner", len: 6 });
        let mut uts: utsname = zeroed();
        let made = call!(c, "uname", &raw mut uts);
        assert_eq!((text(&uts.nodename), text(&uts.domainname)), ("lanner-host".to_owned(), "lanner".to_owned()));
        made.ok(args! {
            buf: json!({
                "sysname": text(&uts.sysname), "nodename": "lanner-host", "release": text(&uts.release),
                "version": text(&uts.version), "machine": text(&uts.machine), "domainname": "lanner",
            }),
        });
        let long = [b'h'; 100];
        call!(c, "sethostname", long.as_ptr(), 100).fails(EINVAL, args! { name: data(&long), len: 100 });
    });
}

fn state(c: &Caller) {
    let mut info: sysinfo = zeroed();
    call!(c, "sysinfo", &raw mut info).ok(args! {
        info: json!({
            "uptime": info.uptime,
            "loads": { "1": info.loads[0], "5": info.loads[1], "15": info.loads[2] },
            "totalram": info.totalram,
            "freeram": info.freeram,
            "sharedram": info.sharedram,
            "bufferram": info.bufferram,
            "totalswap": info.totalswap,
            "freeswap": info.freeswap,
            "procs": info.procs,
            "totalhigh": info.totalhigh,
            "freehigh": info.freehigh,
            "mem_unit": info.mem_unit,
        }),
    });
    let mut random = [0_u8; 16];
    call!(c, "getrandom", random.as_mut_ptr(), 16, GRND_NONBLOCK)
        .ok(args! { buf: whole(&random), buflen: 16, flags: "GRND_NONBLOCK" });
    call!(c, "getrandom", random.as_mut_ptr(), 16, 0x40).fails(EINVAL, args! { buf: (), buflen: 16, flags: "0x40" });
}

fn log(c: &Caller) {
    let mut buf = [0_u8; 256];
    let made = call!(c, "syslog", 3, buf.as_mut_ptr(), 256);
    let n = made.ret() as usize;
    made.ok(args! { type: "SYSLOG_ACTION_READ_ALL", bufp: data(&buf[..n]), len: 256 });
    // The result is a size; nothing is written.
    call!(c, "syslog", 10, 0, 0).ok(args! { type: "SYSLOG_ACTION_SIZE_BUFFER", bufp: (), len: 0 });
    call!(c, "syslog", 99, buf.as_mut_ptr(), 4).fails(EINVAL, args! { type: "99", bufp: (), len: 4 });
}

fn refused(c: &Caller) {
    let magic = 0xfee1_dead_u32;
    call!(c, "reboot", 1, 0x1234, 0, 0x77)
        .fails(EINVAL, args! { magic: "1", magic2: "4660", cmd: "LINUX_REBOOT_CMD_CAD_OFF", arg: () });
    // The second number is wrong.
    call!(c, "reboot", magic, 0x1234, 0xa1b2_c3d4_u32, c"argument").fails(
        EINVAL,
        args! {
            magic: "LINUX_REBOOT_MAGIC1", magic2: "4660", cmd: "LINUX_REBOOT_CMD_RESTART2", arg: "argument"
        },
    );
    call!(c, "acct", c"/no/such/file").fails(ENOENT, args! { filename: "/no/such/file" });
    call!(c, "swapon", c"/no/such/swap", 0x8000 | 0x10000)
        .fails(ENOENT, args! { path: "/no/such/swap", swapflags: "SWAP_FLAG_PREFER|SWAP_FLAG_DISCARD" });
    call!(c, "swapoff", c"/no/such/swap").fails(ENOENT, args! { path: "/no/such/swap" });
    call!(c, "ioperm", 0x12345, 3, 1).is(args! { from: 0x12345, num: 3, turn_on: 1 });
    call!(c, "iopl", 4).is(args! { level: 4 });
}

fn modules(c: &Caller) {
    // Kernels that have these refuse what is no module and no kernel.
    let image = b"\x7fELF, but not really";
    call!(c, "init_module", image.as_ptr(), 8, c"param=1")
        .is(args! { img: whole(&image[..8]), length: 8, uargs: "param=1" });
    call!(c, "finit_module", -1, c"param=2", 1 | 2).is(args! {
        fd: -1, uargs: "param=2", flags: "MODULE_INIT_IGNORE_MODVERSIONS|MODULE_INIT_IGNORE_VERMAGIC"
    });
    call!(c, "delete_module", c"no_such_module", O_NONBLOCK | O_TRUNC)
        .is(args! { name: "no_such_module", flags: "O_TRUNC|O_NONBLOCK" });
    let segments = [0_u64; 4];
    call!(c, "kexec_load", 0, 1, segments.as_ptr(), 0xf0_0000_i64 | 1).is(args! {
        entry: 0, nr_segments: 1, segments: segments.as_ptr(), flags: "KEXEC_ON_CRASH|0xf00000"
    });
    call!(c, "kexec_file_load", -1, -1, 5, c"quiet", 0x100 | 2).is(args! {
        kernel_fd: -1, initrd_fd: -1, cmdline_len: 5, cmdline: "quiet", flags: "KEXEC_FILE_ON_CRASH|0x100"
    });
    assert_eq!(bytes_of(&segments).len(), 32);
}

/// Calls that kernels had once, or never; their arguments are shown all the same.
fn never_there(c: &Caller) {
    call!(c, "create_module", c"name", 4096).fails(ENOSYS, args! { name: "name", size: 4096 });
    call!(c, "query_module", c"name", 5, 0x10, 16, 0x20)
        .fails(ENOSYS, args! { name: "name", which: 5, buf: 0x10, bufsize: 16, ret: 0x20 });
    call!(c, "get_kernel_syms", 0x30).fails(ENOSYS, args! { table: 0x30 });
    call!(c, "_sysctl", 0x40).fails(ENOSYS, args! { args: 0x40 });
    call!(c, "nfsservctl", 3, 0x50, 0x60).fails(ENOSYS, args! { cmd: 3, argp: 0x50, resp: 0x60 });
    for name in ["afs_syscall", "tuxcall", "security", "vserver"] {
        c.call(name, &[1, 2, 3, 4, 5, 6]).fails(ENOSYS, args! {});
    }
}
