// SPDX-License-Identifier: Apache-2.0
//! Limits of what is kept, memory that ends, names that are no text, numbers without a name, calls that are stopped or
//! moved to another thread.

use std::{
    ffi::CString,
    iter,
    os::{fd::AsRawFd as _, unix::net::UnixDatagram},
    ptr,
    sync::atomic::{AtomicI32, Ordering},
    thread,
};

use agent_common::{X86, schema::Abi};
use libc::*;
use serde_json::{Value, json};

use crate::{
    caller::{Caller, Cut, Fault, Reg as _, SNAPLEN, args, call, data, kept, raw, whole},
    file::{close, open},
    io::vector,
    process::exec::{image, program},
    structs::zeroed,
};

pub(crate) fn cases(c: &Caller) {
    c.each(&[
        snap_length,
        end_of_memory,
        long_names,
        names_that_are_no_text,
        many_elements,
        many_strings,
        large_messages,
        short_addresses,
        numbers,
        upper_halves,
        senseless_counts,
        filtered,
        restarted,
        moved,
    ]);
}

fn snap_length(c: &Caller) {
    c.file("edges", b"");
    let fd = open(c, "edges", O_RDWR);
    let bytes = [b's'; SNAPLEN + 1];
    call!(c, "write", fd, bytes.as_ptr(), SNAPLEN).ok(args! { fd: fd, data: whole(&bytes[..SNAPLEN]), size: SNAPLEN });
    call!(c, "write", fd, bytes.as_ptr(), SNAPLEN + 1).ok(args! { fd: fd, data: data(&bytes), size: SNAPLEN + 1 });
    // A character that is cut in two is no text any more.
    let mut text = vec![b'x'; SNAPLEN - 1];
    text.extend("\u{e9}!".as_bytes());
    call!(c, "write", fd, text.as_ptr(), text.len()).ok(args! { fd: fd, data: data(&text), size: text.len() });
    let parts = [vector(&bytes[..SNAPLEN]), vector(b"+")];
    call!(c, "writev", fd, parts.as_ptr(), 1).ok(args! { fd: fd, data: whole(&bytes[..SNAPLEN]), iovcnt: 1 });
    let mut all = bytes[..SNAPLEN].to_vec();
    all.push(b'+');
    call!(c, "writev", fd, parts.as_ptr(), 2).ok(args! { fd: fd, data: data(&all), iovcnt: 2 });
    close(fd);
}

/// Buffers below, at and above a snap length.
pub(crate) fn buffers(c: &Caller, length: usize) {
    c.file("buffers", b"");
    let fd = open(c, "buffers", O_RDWR);
    let bytes = vec![b'b'; 40000];
    let mut back = vec![0; 40000];
    for size in [length.saturating_sub(1), length, length + 1, 40000] {
        let shown = |size| kept(&bytes[..size], length);
        call!(c, "lseek", fd, 0, SEEK_SET).ret();
        call!(c, "write", fd, bytes.as_ptr(), size).ok(args! { fd: fd, data: shown(size), size: size });
        let parts = [vector(&bytes[..size / 2]), vector(&bytes[size / 2..size])];
        call!(c, "writev", fd, parts.as_ptr(), 2).ok(args! { fd: fd, data: shown(size), iovcnt: 2 });
        call!(c, "lseek", fd, 0, SEEK_SET).ret();
        call!(c, "read", fd, back.as_mut_ptr(), size).ok(args! { fd: fd, data: shown(size), size: size });
    }
    close(fd);
}

/// Two pages, the second of which can't be read; the address between them.
fn cliff() -> u64 {
    // SAFETY: new memory, at a place that the kernel chooses.
    let at = unsafe { mmap(ptr::null_mut(), 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) };
    assert_ne!(at, MAP_FAILED);
    let edge = at.wrapping_byte_add(4096);
    // SAFETY: the second of the two pages.
    assert_eq!(unsafe { mprotect(edge, 4096, PROT_NONE) }, 0);
    edge.reg()
}

/// Writes bytes right before an address.
fn put_before(edge: u64, bytes: &[u8]) -> u64 {
    let at = edge - bytes.len() as u64;
    // SAFETY: the page before the edge is ours.
    unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), ptr::with_exposed_provenance_mut(at as usize), bytes.len()) };
    at
}

fn end_of_memory(c: &Caller) {
    let edge = cliff();
    c.file("edges", b"");
    let fd = open(c, "edges", O_RDWR);
    // The call writes what there is, and that is shown; a part of what was asked for is missing.
    let at = put_before(edge, b"cliff");
    let made = call!(c, "write", fd, at, 60);
    assert_eq!(made.ret(), 5);
    made.ok(args! { fd: fd, data: Cut("cliff"), size: 60 });
    // A name that ends where memory does, and one that does not end before.
    let at = put_before(edge, b"/no/such/name\0");
    call!(c, "open", at, O_RDONLY, 0).fails(ENOENT, args! { name: "/no/such/name", flags: "O_RDONLY", mode: 0 });
    let at = put_before(edge, b"/no/end");
    call!(c, "open", at, O_RDONLY, 0).fails(EFAULT, args! { name: Fault, flags: "O_RDONLY", mode: 0 });
    // A struct of which a part is there.
    let at = put_before(edge, &[1; 12]);
    call!(c, "nanosleep", at, 0).fails(EFAULT, args! { interval: Fault, rem: () });
    close(fd);
}

fn long_names(c: &Caller) {
    let long = CString::new("n".repeat(5000)).expect("it has no NUL");
    let shown = "n".repeat(4096);
    call!(c, "open", &long, O_RDONLY, 0)
        .fails(ENAMETOOLONG, args! { name: Cut(shown.as_str()), flags: "O_RDONLY", mode: 0 });
    call!(c, "rename", &long, &long).fails(
        ENAMETOOLONG,
        args! {
            oldpath: Cut(shown.as_str()), newpath: Cut(shown.as_str())
        },
    );
}

fn names_that_are_no_text(c: &Caller) {
    let wrong = CString::new(b"/no/such/\xff\xfe\\name".as_slice()).expect("it has no NUL");
    call!(c, "open", &wrong, O_RDONLY, 0)
        .fails(ENOENT, args! { name: whole(wrong.as_bytes()), flags: "O_RDONLY", mode: 0 });
    // One argument is wrong, the other is not.
    call!(c, "symlink", &wrong, c"/no/such/link\\here").fails(
        ENOENT,
        args! {
            target: whole(wrong.as_bytes()), linkpath: "/no/such/link\\here"
        },
    );
    let odd = CString::new("/no/such/\u{202e}\u{9b}\u{1f600}\t").expect("it has no NUL");
    call!(c, "unlink", &odd).fails(ENOENT, args! { path: &odd });
}

fn many_elements(c: &Caller) {
    // 128 of these structs are kept.
    let mut fds = [pollfd { fd: -1, events: POLLIN, revents: 0 }; 130];
    let one = || json!({ "fd": -1, "events": "POLLIN", "revents": "0" });
    let shown: Vec<Value> = iter::repeat_with(one).take(128).collect();
    call!(c, "poll", fds.as_mut_ptr(), 128, 0).ok(args! { fds: json!(shown), nfds: 128, timeout: 0 });
    call!(c, "poll", fds.as_mut_ptr(), 130, 0).ok(args! { fds: Cut(json!(shown)), nfds: 130, timeout: 0 });
    // 32 buffers are followed.
    c.file("edges", b"");
    let fd = open(c, "edges", O_RDWR);
    let parts = [vector(b"i"); 40];
    let all = "i".repeat(32);
    call!(c, "writev", fd, parts.as_ptr(), 32).ok(args! { fd: fd, data: all.as_str(), iovcnt: 32 });
    call!(c, "writev", fd, parts.as_ptr(), 40).ok(args! { fd: fd, data: Cut(all.as_str()), iovcnt: 40 });
    let mut byte = 0_u8;
    let room = [iovec { iov_base: (&raw mut byte).cast(), iov_len: 1 }; 40];
    call!(c, "preadv", fd, room.as_ptr(), 40, 0, 0).ok(args! { fd: fd, data: Cut(all.as_str()), iovcnt: 40, pos: 0 });
    close(fd);
    // A set of 1024 descriptors is kept.
    let mut set = [0_u64; 20];
    let nfds = 1200;
    call!(c, "select", nfds, set.as_mut_ptr(), 0, 0, [0_u64; 2].as_mut_ptr()).ok(args! {
        nfds: nfds,
        readfds: Cut(json!([])),
        writefds: (),
        exceptfds: (),
        timeout: json!({ "tv_sec": 0, "tv_usec": 0 }),
    });
}

/// A NULL-terminated array of strings.
fn array(strings: &[CString]) -> Vec<*const c_char> {
    strings.iter().map(|string| string.as_ptr()).chain([ptr::null()]).collect()
}

fn many_strings(c: &Caller) {
    // 128 strings of a request are followed.
    let texts: Vec<String> = (0..130).map(|i| i.to_string()).collect();
    let strings: Vec<CString> = texts.iter().map(|text| CString::new(text.as_str()).expect("no NUL")).collect();
    call!(c, "execve", c"/no/such/program", array(&strings).as_ptr(), array(&strings[..127]).as_ptr()).fails(
        ENOENT,
        args! { filename: "/no/such/program", argv: Cut(json!(texts[..128])), env: json!(texts[..127]) },
    );
    // Wrong bytes in one of several strings: backslashes are doubled in all of them.
    let odd = [c"back\\slash".to_owned(), CString::new(b"\xffwrong".as_slice()).expect("no NUL")];
    let made = call!(c, "execve", c"/no/such/program", array(&odd).as_ptr(), 0);
    let mut args = args! { filename: "/no/such/program", argv: json!(["back\\\\slash", "\\xffwrong"]), env: () };
    args.escaped.push("argv".to_owned());
    made.fails(ENOENT, args);
}

fn large_messages(c: &Caller) {
    let (one, two) = UnixDatagram::pair().expect("pairs can be made");
    let long = [b'd'; 200];
    let parts = [vector(&long)];
    let mut message: msghdr = zeroed();
    (message.msg_iov, message.msg_iovlen) = (parts.as_ptr().cast_mut(), 1);
    let shown = "d".repeat(SNAPLEN);
    let bare = json!({ "name": null, "data": shown, "control": null, "flags": "0" });
    call!(c, "sendmsg", one.as_raw_fd(), &raw const message, 0)
        .ok(args! { fd: one.as_raw_fd(), msg: Cut(bare.clone()), flags: "0" });
    let mut buf = [0_u8; 256];
    let parts = [iovec { iov_base: buf.as_mut_ptr().cast(), iov_len: 256 }];
    (message.msg_iov, message.msg_iovlen) = (parts.as_ptr().cast_mut(), 1);
    call!(c, "recvmsg", two.as_raw_fd(), &raw mut message, 0)
        .ok(args! { fd: two.as_raw_fd(), msg: Cut(bare), flags: "0" });
}

fn short_addresses(c: &Caller) {
    // SAFETY: a new descriptor.
    let fd = unsafe { socket(AF_INET, SOCK_DGRAM, 0) };
    let mut bytes = [0_u8; 256];
    bytes[..8].copy_from_slice(&[2, 0, 0x1f, 0x90, 127, 0, 0, 1]);
    let mut args = args! { fd: fd, addr: json!({ "family": "AF_INET", "data": "\u{1f}\\x90" }), addrlen: 4 };
    args.escaped.push("addr".to_owned());
    call!(c, "connect", fd, bytes.as_ptr(), 4).fails(EINVAL, args);
    call!(c, "connect", fd, bytes.as_ptr(), 0).fails(EINVAL, args! { fd: fd, addr: json!({ "data": "" }), addrlen: 0 });
    // No address is larger than 128 bytes.
    let shown = json!({ "family": "AF_INET", "addr": "127.0.0.1", "port": 8080 });
    call!(c, "connect", fd, bytes.as_ptr(), 128).ok(args! { fd: fd, addr: shown.clone(), addrlen: 128 });
    call!(c, "connect", fd, bytes.as_ptr(), -1).fails(EINVAL, args! { fd: fd, addr: Cut(shown), addrlen: u32::MAX });
    close(fd);
}

fn numbers(c: &Caller) {
    let registers = [1, 2, 3, 4, 5, u64::MAX];
    let shown = |last: u64| args! { arg0: 1, arg1: 2, arg2: 3, arg3: 4, arg4: 5, arg5: last };
    c.unnamed(Abi::Native, 500, &registers).fails(ENOSYS, shown(u64::MAX));
    c.unnamed(Abi::Native, 100_000, &registers).fails(ENOSYS, shown(u64::MAX));
    // The number of an x32 call, which this kernel may not have.
    c.unnamed(Abi::Native, 0x4000_0000 | 511, &registers).fails(ENOSYS, shown(u64::MAX));
    #[cfg(target_arch = "x86_64")]
    c.unnamed(Abi::I386, 499, &registers).fails(ENOSYS, shown(u64::from(u32::MAX)));
}

/// The kernel looks at the lower half of an `int`.
fn upper_halves(c: &Caller) {
    let high = 0x7_0000_0000_u64;
    call!(c, "close", high | 0xffff).fails(EBADF, args! { fd: 0xffff });
    call!(c, "open", c"/no/such/file", high | 2, high | 0x1_01a4).fails(
        ENOENT,
        args! {
            name: "/no/such/file", flags: "O_RDWR", mode: 0o644
        },
    );
    call!(c, "socket", high | 0x3e7, high, high).fails(EAFNOSUPPORT, args! { domain: "999", type: "0", proto: "0" });
    call!(c, "kill", high | 0x7fff_fff0, high | 15).fails(ESRCH, args! { pid: 0x7fff_fff0, sig: "SIGTERM" });
}

/// Counts that nothing can have: the kernel refuses them before it looks at memory.
fn senseless_counts(c: &Caller) {
    let (mut set, mut fds) = ([0xff_u64; 16], [pollfd { fd: -1, events: 0, revents: 0 }; 128]);
    let limit = [0_u64; 2];
    let made = call!(c, "select", -1, set.as_mut_ptr(), 0, 0, limit.as_ptr());
    assert!(made.ret() == -i64::from(EINVAL) || !X86);
    let entry = json!({ "fd": -1, "events": "0", "revents": "0" });
    let all: Vec<Value> = iter::repeat_with(|| entry.clone()).take(128).collect();
    call!(c, "poll", fds.as_mut_ptr(), u32::MAX, 0).fails(
        EINVAL,
        args! {
            fds: Cut(json!(all)), nfds: u32::MAX, timeout: 0
        },
    );
    let made = call!(c, "setgroups", -1, set.as_ptr());
    assert_eq!(made.ret(), -i64::from(EINVAL));
    let made = call!(c, "writev", -1, set.as_ptr(), u64::MAX);
    assert!(made.ret() < 0);
}

/// Where the handler of [`restarted`] writes to.
static BELL: AtomicI32 = AtomicI32::new(-1);

/// Makes the interrupted call's wait end.
extern "C" fn ring(_: i32) {
    // SAFETY: the byte is there.
    unsafe {
        write(BELL.load(Ordering::Relaxed), c"!".as_ptr().cast(), 1);
    }
}

/// What a call returns within the kernel that is to be made again: `include/linux/errno.h`.
const ERESTARTSYS: i64 = -512;

/// A call that a signal interrupts and the kernel makes again, unseen by its caller.
#[expect(clippy::fn_to_numeric_cast_any, reason = "the C library takes handlers as numbers")]
fn restarted(c: &Caller) {
    c.in_child(|c| {
        let mut ends = [0; 2];
        let handler: extern "C" fn(i32) = ring;
        let mut action: sigaction = zeroed();
        (action.sa_sigaction, action.sa_flags) = (handler as usize, SA_RESTART);
        let soon = timeval { tv_sec: 0, tv_usec: 20_000 };
        let timer = itimerval { it_interval: zeroed(), it_value: soon };
        // SAFETY: this process runs one thread; the handler writes to a pipe.
        unsafe {
            assert_eq!(pipe(ends.as_mut_ptr()), 0);
            BELL.store(ends[1], Ordering::Relaxed);
            assert_eq!(sigaction(SIGALRM, &raw const action, ptr::null_mut()), 0);
            assert_eq!(syscall(SYS_setitimer, ITIMER_REAL, &raw const timer, 0), 0);
        }
        let mut buf = [0_u8; 4];
        let made = call!(c, "read", ends[0], buf.as_mut_ptr(), 4);
        assert_eq!((made.ret(), buf[0]), (1, b'!'));
        c.note_call(Abi::Native, "read", ERESTARTSYS, args! { fd: ends[0], data: (), size: 4 });
        c.note_call(Abi::Native, "write", 1, args! { fd: ends[1], data: "!", size: 1 });
        // It gives back what the call is made again with in that register: on x86 its number, on Arm its first argument.
        let back = if cfg!(target_arch = "x86_64") { SYS_read } else { i64::from(ends[0]) };
        c.note_call(Abi::Native, "rt_sigreturn", back, args! {});
        made.ok(args! { fd: ends[0], data: "!", size: 4 });
    });
}

/// A call that a filter answers in the kernel's stead.
fn filtered(c: &Caller) {
    c.in_child(|c| {
        let code = |code: u32| code as u16;
        let program = [
            sock_filter { code: code(BPF_LD | BPF_W | BPF_ABS), jt: 0, jf: 0, k: 0 },
            sock_filter { code: code(BPF_JMP | BPF_JEQ | BPF_K), jt: 0, jf: 1, k: SYS_truncate as u32 },
            sock_filter { code: code(BPF_RET | BPF_K), jt: 0, jf: 0, k: SECCOMP_RET_ERRNO | EXDEV as u32 },
            sock_filter { code: code(BPF_RET | BPF_K), jt: 0, jf: 0, k: SECCOMP_RET_ALLOW },
        ];
        let filter = sock_fprog { len: 4, filter: program.as_ptr().cast_mut() };
        call!(c, "seccomp", SECCOMP_SET_MODE_FILTER, 0, &raw const filter)
            .ok(args! { op: "SECCOMP_SET_MODE_FILTER", flags: "0", args: &raw const filter });
        // The kernel never looks at the name: only what is in memory already can be shown.
        let path = CString::new("/no/such/file").expect("it has no NUL");
        call!(c, "truncate", &path, 7).fails(EXDEV, args! { path: &path, length: 7 });
    });
}

/// A program that another thread than the first starts: the kernel gives that thread the first one's id.
fn moved(c: &Caller) {
    let path = program(c, "edges-exec", &image());
    let status = c.child(|c| {
        let (argv, envp) = ([c"by a thread".as_ptr(), ptr::null()], [ptr::null::<c_char>()]);
        c.note_call(Abi::Native, "execve", 0, args! { filename: &path, argv: json!(["by a thread"]), env: json!([]) });
        let registers = [path.as_ptr().reg(), argv.as_ptr().reg(), envp.as_ptr().reg()];
        let other = thread::spawn(move || {
            // SAFETY: the strings and arrays are this function's, which waits.
            unsafe { raw(SYS_execve, [registers[0], registers[1], registers[2], 0, 0, 0]) }
        });
        // The thread does not come back, and this one ends.
        let failed = other.join();
        panic!("the program did not start: {failed:?}");
    });
    assert_eq!(status, 0, "the program ran");
}
