// SPDX-License-Identifier: Apache-2.0
//! Reading and writing.

use libc::*;
use serde_json::{Value, json};

use crate::{
    caller::{Caller, Fault, Reg as _, args, call, data},
    desc::Pipe,
    file::{close, open},
    structs::{self, flags, zeroed},
};

pub(crate) fn cases(c: &Caller) {
    c.each(&[plain, positioned, vectors, copies, splices, aio, io_uring]);
}

fn plain(c: &Caller) {
    c.file("plain", b"");
    let fd = open(c, "plain", O_RDWR);
    let long: Vec<u8> = (0..200).map(|i| b'a' + i % 26).collect();
    call!(c, "write", fd, c"hello\n", 6).ok(args! { fd: fd, data: "hello\n", size: 6 });
    call!(c, "write", fd, long.as_ptr(), 200).ok(args! { fd: fd, data: data(&long), size: 200 });
    let binary = b"\x00\x01\xfe\xff\\\"\x1b";
    call!(c, "write", fd, binary.as_ptr(), 7).ok(args! { fd: fd, data: data(binary), size: 7 });
    call!(c, "write", fd, binary.as_ptr(), 0).ok(args! { fd: fd, data: "", size: 0 });
    call!(c, "write", fd, 0x10, 4).fails(EFAULT, args! { fd: fd, data: Fault, size: 4 });
    call!(c, "write", -1, c"gone", 4).fails(EBADF, args! { fd: -1, data: "gone", size: 4 });

    let mut buf = [0_u8; 512];
    call!(c, "lseek", fd, 0, SEEK_SET).ok(args! { fd: fd, offset: 0, whence: "SEEK_SET" });
    call!(c, "read", fd, buf.as_mut_ptr(), 6).ok(args! { fd: fd, data: "hello\n", size: 6 });
    call!(c, "read", fd, buf.as_mut_ptr(), 200).ok(args! { fd: fd, data: data(&long), size: 200 });
    // Fewer than the buffer has room for.
    call!(c, "read", fd, buf.as_mut_ptr(), 512).ok(args! { fd: fd, data: data(binary), size: 512 });
    call!(c, "read", fd, buf.as_mut_ptr(), 512).ok(args! { fd: fd, data: "", size: 512 });
    call!(c, "read", -1, buf.as_mut_ptr(), 512).fails(EBADF, args! { fd: -1, data: (), size: 512 });
    call!(c, "lseek", fd, -7, SEEK_END).ok(args! { fd: fd, offset: -7, whence: "SEEK_END" });
    call!(c, "lseek", fd, i64::MAX, SEEK_CUR).fails(EINVAL, args! { fd: fd, offset: i64::MAX, whence: "SEEK_CUR" });
    close(fd);
}

fn positioned(c: &Caller) {
    c.file("positioned", b"");
    let fd = open(c, "positioned", O_RDWR);
    let far = (1_i64 << 33) + 1;
    call!(c, "pwrite64", fd, c"far", 3, far).ok(args! { fd: fd, data: "far", size: 3, pos: far });
    let mut buf = [0_u8; 8];
    call!(c, "pread64", fd, buf.as_mut_ptr(), 8, far).ok(args! { fd: fd, data: "far", size: 8, pos: far });
    call!(c, "pread64", fd, buf.as_mut_ptr(), 8, -1).fails(EINVAL, args! { fd: fd, data: (), size: 8, pos: -1 });
    close(fd);
}

/// The `iovec` of a buffer.
pub(crate) fn vector(bytes: &[u8]) -> iovec {
    iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() }
}

fn vectors(c: &Caller) {
    c.file("vectors", b"");
    let fd = open(c, "vectors", O_RDWR);
    let parts = [vector(b"one,"), vector(b""), vector(b"two,"), vector(b"three")];
    call!(c, "writev", fd, parts.as_ptr(), 4).ok(args! { fd: fd, data: "one,two,three", iovcnt: 4 });
    let long = [b'L'; 60];
    let many = [vector(&long), vector(&long)];
    call!(c, "pwritev", fd, many.as_ptr(), 2, 100, 0)
        .ok(args! { fd: fd, data: data(&[b'L'; 120]), iovcnt: 2, pos: 100 });
    call!(c, "pwritev2", fd, parts.as_ptr(), 1, -1_i64, 0, RWF_DSYNC)
        .ok(args! { fd: fd, data: "one,", iovcnt: 1, pos: -1, flags: "RWF_DSYNC" });
    call!(c, "writev", fd, 0x10, 2).fails(EFAULT, args! { fd: fd, data: Fault, iovcnt: 2 });
    call!(c, "writev", fd, parts.as_ptr(), 0).ok(args! { fd: fd, data: "", iovcnt: 0 });

    let (mut one, mut two) = ([0_u8; 3], [0_u8; 100]);
    let room = [
        iovec { iov_base: one.as_mut_ptr().cast(), iov_len: 3 },
        iovec { iov_base: two.as_mut_ptr().cast(), iov_len: 10 },
    ];
    call!(c, "lseek", fd, 0, SEEK_SET).ok(args! { fd: fd, offset: 0, whence: "SEEK_SET" });
    call!(c, "readv", fd, room.as_ptr(), 2).ok(args! { fd: fd, data: "one,two,three", iovcnt: 2 });
    call!(c, "preadv", fd, room.as_ptr(), 2, 4, 0).ok(args! { fd: fd, data: "two,threeone,", iovcnt: 2, pos: 4 });
    let room = [room[0], iovec { iov_base: two.as_mut_ptr().cast(), iov_len: 100 }];
    // Not every file system takes these flags: then what is there is read without.
    let made = call!(c, "preadv2", fd, room.as_ptr(), 2, 100, 0, RWF_NOWAIT | RWF_HIPRI);
    let refused = made.ret() == -i64::from(EOPNOTSUPP);
    let args = args! { fd: fd, iovcnt: 2, pos: 100, flags: "RWF_HIPRI|RWF_NOWAIT" };
    made.is(if refused { args.with("data", ()) } else { args.with("data", data(&[b'L'; 103])) });
    call!(c, "preadv2", fd, room.as_ptr(), 2, 100, 0, 0).ok(args! {
        fd: fd, data: data(&[b'L'; 103]), iovcnt: 2, pos: 100, flags: "0"
    });
    call!(c, "readv", -1, room.as_ptr(), 2).fails(EBADF, args! { fd: -1, data: (), iovcnt: 2 });
    close(fd);
    assert_eq!((one, two[0]), ([b'L'; 3], b'L'));
}

fn copies(c: &Caller) {
    c.file("from", b"0123456789");
    c.file("to", b"");
    let (from, to) = (open(c, "from", O_RDONLY), open(c, "to", O_RDWR));
    // Offsets are shown as the call leaves them.
    let mut offset = 2_i64;
    call!(c, "sendfile", to, from, &raw mut offset, 5).ok(args! { out_fd: to, in_fd: from, offset: 7, size: 5 });
    assert_eq!(offset, 7);
    call!(c, "sendfile", to, from, 0, 3).ok(args! { out_fd: to, in_fd: from, offset: (), size: 3 });
    let (mut inward, mut outward) = (1_i64, 20_i64);
    call!(c, "copy_file_range", from, &raw mut inward, to, &raw mut outward, 4, 0)
        .ok(args! { fdin: from, offin: 5, fdout: to, offout: 24, len: 4, flags: 0 });
    assert_eq!((inward, outward), (5, 24));
    call!(c, "copy_file_range", from, 0, to, 0, 1, 0x40)
        .fails(EINVAL, args! { fdin: from, offin: (), fdout: to, offout: (), len: 1, flags: 0x40 });
    close(from);
    close(to);
}

fn splices(c: &Caller) {
    c.file("splice", b"spliced");
    let fd = open(c, "splice", O_RDWR);
    let (one, two) = (Pipe::new(), Pipe::new());
    let mut offset = 1_i64;
    call!(c, "splice", fd, &raw mut offset, one.write, 0, 4, SPLICE_F_MOVE | SPLICE_F_MORE).ok(args! {
        fd_in: fd, off_in: 5, fd_out: one.write, off_out: (), size: 4, flags: "SPLICE_F_MOVE|SPLICE_F_MORE"
    });
    assert_eq!(offset, 5);
    call!(c, "tee", one.read, two.write, 2, SPLICE_F_NONBLOCK)
        .ok(args! { fd_in: one.read, fd_out: two.write, len: 2, flags: "SPLICE_F_NONBLOCK" });
    let parts = [vector(b"vm"), vector(b"spliced")];
    call!(c, "vmsplice", two.write, parts.as_ptr(), 2, 0)
        .ok(args! { fd: two.write, iov: "vmspliced", nr_segs: 2, flags: "0" });
    // From a pipe into memory.
    let mut buf = [0_u8; 4];
    let room = [iovec { iov_base: buf.as_mut_ptr().cast(), iov_len: 4 }];
    call!(c, "vmsplice", two.read, room.as_ptr(), 1, SPLICE_F_NONBLOCK)
        .ok(args! { fd: two.read, iov: "plvm", nr_segs: 1, flags: "SPLICE_F_NONBLOCK" });
    assert_eq!(&buf, b"plvm");
    call!(c, "splice", fd, 0, fd, 0, 1, 0)
        .fails(EINVAL, args! { fd_in: fd, off_in: (), fd_out: fd, off_out: (), size: 1, flags: "0" });
    close(fd);
}

/// `struct iocb`: `include/uapi/linux/aio_abi.h`.
#[repr(C)]
struct Iocb {
    data: u64,
    key: u32,
    rw_flags: u32,
    opcode: u16,
    reqprio: i16,
    fd: u32,
    buf: u64,
    nbytes: u64,
    offset: i64,
    reserved: u64,
    flags: u32,
    resfd: u32,
}

/// `struct io_event`.
#[repr(C)]
#[derive(Clone, Copy)]
struct IoEvent {
    data: u64,
    obj: u64,
    res: i64,
    res2: i64,
}

fn aio(c: &Caller) {
    c.file("aio", b"asynchronous");
    let fd = open(c, "aio", O_RDONLY);
    let mut context = 0_u64;
    call!(c, "io_setup", 8, &raw mut context).ok(args! { nr_events: 8, ctx_idp: context });
    call!(c, "io_setup", 0, &raw mut context).fails(EINVAL, args! { nr_events: 0, ctx_idp: () });
    let mut buf = [0_u8; 4];
    let read = Iocb {
        data: 0xaa,
        key: 0,
        rw_flags: 0,
        opcode: 0,
        reqprio: 0,
        fd: fd as u32,
        buf: buf.as_mut_ptr().reg(),
        nbytes: 4,
        offset: 1,
        reserved: 0,
        flags: 0,
        resfd: 0,
    };
    let list = [&raw const read];
    let mut events = [IoEvent { data: 0, obj: 0, res: 0, res2: 0 }; 2];
    let shown = json!([{ "data": 0xaa, "obj": (&raw const read).reg(), "res": 4, "res2": 0 }]);
    let limit = timespec { tv_sec: 5, tv_nsec: 1 };
    for name in ["io_getevents", "io_pgetevents"] {
        call!(c, "io_submit", context, 1, list.as_ptr()).ok(args! { ctx_id: context, nr: 1, iocbpp: list.as_ptr() });
        let registers = [context, 1, 2, events.as_mut_ptr().reg(), (&raw const limit).reg(), 0];
        let args = args! {
            ctx_id: context, min_nr: 1, nr: 2, events: shown.clone(), timeout: structs::timespec(&limit)
        };
        let args = if name == "io_getevents" { args } else { args.with("usig", 0) };
        c.call(name, &registers).ok(args);
    }
    assert_eq!((buf, events[0].res), (*b"sync", 4));
    call!(c, "io_getevents", context, 3, 2, events.as_mut_ptr(), 0)
        .fails(EINVAL, args! { ctx_id: context, min_nr: 3, nr: 2, events: (), timeout: () });
    call!(c, "io_cancel", context, &raw const read, events.as_mut_ptr())
        .fails(EINVAL, args! { ctx_id: context, iocb: &raw const read, result: () });
    call!(c, "io_destroy", context).ok(args! { ctx_id: context });
    call!(c, "io_destroy", 0x1000).fails(EINVAL, args! { ctx_id: 0x1000 });
    close(fd);
}

/// `struct io_uring_params` and the two structs in it, in words of four bytes: `include/uapi/linux/io_uring.h`.
fn io_uring_params(p: &[u32; 30]) -> Value {
    let wide = |at: usize| u64::from(p[at]) | (u64::from(p[at + 1]) << 32);
    json!({
        "sq_entries": p[0],
        "cq_entries": p[1],
        "flags": flags(u64::from(p[2]), &[(8, "IORING_SETUP_CQSIZE"), (0x10, "IORING_SETUP_CLAMP")]),
        "sq_thread_cpu": p[3],
        "sq_thread_idle": p[4],
        "features": flags(u64::from(p[5]), FEATURES),
        "wq_fd": p[6].cast_signed(),
        "sq_off": {
            "head": p[10], "tail": p[11], "ring_mask": p[12], "ring_entries": p[13], "flags": p[14],
            "dropped": p[15], "array": p[16], "user_addr": wide(18),
        },
        "cq_off": {
            "head": p[20], "tail": p[21], "ring_mask": p[22], "ring_entries": p[23], "overflow": p[24],
            "cqes": p[25], "flags": p[26], "user_addr": wide(28),
        },
    })
}

const FEATURES: &[(u64, &str)] = &[
    (0x1, "IORING_FEAT_SINGLE_MMAP"),
    (0x2, "IORING_FEAT_NODROP"),
    (0x4, "IORING_FEAT_SUBMIT_STABLE"),
    (0x8, "IORING_FEAT_RW_CUR_POS"),
    (0x10, "IORING_FEAT_CUR_PERSONALITY"),
    (0x20, "IORING_FEAT_FAST_POLL"),
    (0x40, "IORING_FEAT_POLL_32BITS"),
    (0x80, "IORING_FEAT_SQPOLL_NONFIXED"),
    (0x100, "IORING_FEAT_EXT_ARG"),
    (0x200, "IORING_FEAT_NATIVE_WORKERS"),
    (0x400, "IORING_FEAT_RSRC_TAGS"),
    (0x800, "IORING_FEAT_CQE_SKIP"),
    (0x1000, "IORING_FEAT_LINKED_FILE"),
    (0x2000, "IORING_FEAT_REG_REG_RING"),
    (0x4000, "IORING_FEAT_RECVSEND_BUNDLE"),
    (0x8000, "IORING_FEAT_MIN_TIMEOUT"),
    (0x10000, "IORING_FEAT_RW_ATTR"),
    (0x20000, "IORING_FEAT_NO_IOWAIT"),
];

fn io_uring(c: &Caller) {
    let mut params: [u32; 30] = zeroed();
    (params[1], params[2]) = (16, 0x18);
    let made = call!(c, "io_uring_setup", 4, params.as_mut_ptr());
    let fd = made.ok(args! { entries: 4, params: io_uring_params(&params) }) as i32;
    assert_eq!((params[0], params[1]), (4, 16));
    call!(c, "io_uring_setup", 0, params.as_mut_ptr()).fails(EINVAL, args! { entries: 0, params: () });
    call!(c, "io_uring_enter", fd, 0, 0, 1, 0, 0).ok(args! {
        fd: fd, to_submit: 0, min_complete: 0, flags: "IORING_ENTER_GETEVENTS", sig: 0, argsz: 0
    });
    call!(c, "io_uring_enter", -1, 3, 2, 0x11, 0x5000, 8).fails(
        EINVAL,
        args! {
            fd: -1,
            to_submit: 3,
            min_complete: 2,
            flags: "IORING_ENTER_GETEVENTS|IORING_ENTER_REGISTERED_RING",
            sig: 0x5000,
            argsz: 8,
        },
    );
    let fds = [fd];
    call!(c, "io_uring_register", fd, 2, fds.as_ptr(), 1).is(args! {
        fd: fd, opcode: "IORING_REGISTER_FILES", arg: fds.as_ptr(), nr_args: 1
    });
    call!(c, "io_uring_register", fd, 0x8000_0001_u32, 0, 0).is(args! {
        fd: fd, opcode: "IORING_UNREGISTER_BUFFERS|IORING_REGISTER_USE_REGISTERED_RING", arg: 0, nr_args: 0
    });
    close(fd);
}
