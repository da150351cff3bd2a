// SPDX-License-Identifier: Apache-2.0
//! Programs across the two worlds: 64-bit ones started by `int 0x80`, and a 32-bit one that makes calls by both of
//! its ways into the kernel.

use std::{ffi::CString, fs, ptr};

use agent_common::schema::Abi;
use libc::*;
use serde_json::json;
use tests::compile;

use super::low::{At, Low};
use crate::{
    caller::{Caller, Reg as _, args, call32, last, raw32},
    process::exec::{image, program},
};

pub(super) fn cases(c: &Caller) {
    c.each(&[requests, to_64_bits, to_32_bits]);
}

/// A NULL-terminated array of strings.
fn array(low: &Low, strings: &[&CString]) -> At {
    let mut words: Vec<_> = strings.iter().map(|string| low.text(string).0).collect();
    words.push(0);
    low.words(&words)
}

fn requests(c: &Caller) {
    let low = Low::new();
    let (argv, envp) = (array(&low, &[&c"a".to_owned(), &c"b c".to_owned()]), array(&low, &[&c"K=V".to_owned()]));
    call32!(c, "execve", low.text(c"/no/such/program"), argv, envp).fails(
        ENOENT,
        args! {
            filename: "/no/such/program", argv: json!(["a", "b c"]), env: json!(["K=V"])
        },
    );
    call32!(c, "execveat", -1, low.text(c"x"), argv, 0, 0)
        .fails(EBADF, args! { dirfd: -1, pathname: "x", argv: json!(["a", "b c"]), env: (), flags: "0" });
}

/// What `sigsuspend` returns within the kernel: `include/linux/errno.h`.
const ERESTARTNOHAND: i64 = -514;

fn to_64_bits(c: &Caller) {
    let path = program(c, "i386-exec", &image());
    let status = c.child(|c| {
        let low = Low::new();
        let (argv, envp) = (array(&low, &[&c"from 32".to_owned()]), array(&low, &[&c"K=V".to_owned()]));
        c.note_call(Abi::I386, "execve", 0, args! { filename: &path, argv: json!(["from 32"]), env: json!(["K=V"]) });
        // SAFETY: the strings and arrays end as they have to.
        unsafe { raw32(11, [low.text(&path).reg(), argv.reg(), envp.reg(), 0, 0, 0]) };
    });
    assert_eq!(status, 0, "the program ran");
}

/// A 32-bit program without a library. It makes calls by `int $0x80`, then by the way that the kernel recommends, whose
/// address it finds behind its environment.
const SOURCE: &str = include_str!("program.c");

fn to_32_bits(c: &Caller) {
    let flags = ["-m32", "-static", "-nostdlib", "-ffreestanding", "-fno-pie", "-no-pie"];
    let compiled = compile::c(c.folder(), "thirty-two", SOURCE, &flags);
    let path = program(c, "i386-program", &fs::read(compiled).expect("it was compiled just now"));
    let next = program(c, "i386-next", &image());
    let status = c.child(|c| {
        let argv = [c"thirty-two".as_ptr(), next.as_ptr(), ptr::null()];
        let envp = [c"E=F".as_ptr(), ptr::null()];
        let shown = json!(["thirty-two", next.to_str().expect("it is text")]);
        let first = args! { filename: &path, argv: shown, env: json!(["E=F"]) };
        // What the program does is noted before it does it: nobody is here then.
        c.note_call(Abi::Native, "execve", 0, first);
        c.note_call(Abi::I386, "open", -i64::from(ENOENT), args! { name: "/no/such/int", flags: "O_RDWR", mode: 0 });
        c.note_call(
            Abi::I386,
            "pread64",
            -i64::from(EBADF),
            args! {
                fd: -1, data: (), size: 8, pos_lo: 0x1234, pos_hi: 0x5678
            },
        );
        c.note_call(
            Abi::I386,
            "open",
            -i64::from(ENOENT),
            args! {
                name: "/no/such/vdso", flags: "O_RDWR|O_CREAT", mode: 0o640
            },
        );
        c.note_call(
            Abi::I386,
            "pwritev",
            -i64::from(EBADF),
            args! {
                fd: -1, data: (), iovcnt: 0, pos_lo: 0x9abc, pos_hi: 0xdef0
            },
        );
        c.note_call(Abi::I386, "kill", 0, args! { pid: c.pid(), sig: "SIGUSR1" });
        // The result is that of the register which it gives back: what `kill` had returned.
        c.note_call(Abi::I386, "sigreturn", 0, args! {});
        c.note_call(Abi::I386, "ssetmask", 0, args! { newmask: 1 << 9 });
        c.note_call(Abi::I386, "kill", 0, args! { pid: c.pid(), sig: "SIGUSR1" });
        c.note_call(Abi::I386, "sigsuspend", ERESTARTNOHAND, args! { unused1: 7, unused2: 8, mask: 0 });
        c.note_call(Abi::I386, "sigreturn", -i64::from(EINTR), args! {});
        c.note_call(Abi::I386, "execve", 0, args! { filename: &next, argv: json!(["again"]), env: json!(["LEFT=1"]) });
        // SAFETY: the arrays end with NULL; what is behind the call is only reached when it fails.
        unsafe {
            execve(path.as_ptr(), argv.as_ptr(), envp.as_ptr());
        }
        last!(c, "exit_group", [1], None, args! { status: 1 });
    });
    assert_eq!(status, 0, "the program ran, and the one that it started");
}
