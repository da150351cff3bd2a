// SPDX-License-Identifier: Apache-2.0
//! Descriptors: making, duplicating, controlling and waiting for them.

use agent_common::X86;
use libc::*;
use serde_json::{Value, json};

use crate::{
    caller::{Caller, Fault, args, call},
    file::{close, open},
    structs::{self, zeroed},
};

pub(crate) fn cases(c: &Caller) {
    c.each(&[duplicates, control, pipes, polling, selecting, epoll]);
}

/// Both ends of a pipe, closed when it is dropped.
pub(crate) struct Pipe {
    pub(crate) read: i32,
    pub(crate) write: i32,
}

impl Pipe {
    pub(crate) fn new() -> Self {
        let mut ends = [0; 2];
        // SAFETY: there is room for two descriptors.
        assert_eq!(unsafe { pipe2(ends.as_mut_ptr(), O_CLOEXEC | O_NONBLOCK) }, 0);
        Self { read: ends[0], write: ends[1] }
    }

    /// Puts bytes into it.
    pub(crate) fn fill(&self, bytes: &[u8]) {
        // SAFETY: the bytes are there.
        let written = unsafe { write(self.write, bytes.as_ptr().cast(), bytes.len()) };
        assert_eq!(written, bytes.len() as isize);
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        close(self.read);
        close(self.write);
    }
}

fn duplicates(c: &Caller) {
    c.file("dup", b"");
    let fd = open(c, "dup", O_RDONLY);
    let copy = call!(c, "dup", fd).ok(args! { oldfd: fd }) as i32;
    let high = 700;
    call!(c, "dup2", fd, high).ok(args! { oldfd: fd, newfd: high });
    call!(c, "dup3", fd, high + 1, O_CLOEXEC).ok(args! { oldfd: fd, newfd: high + 1, flags: "O_CLOEXEC" });
    call!(c, "dup3", fd, fd, 0).fails(EINVAL, args! { oldfd: fd, newfd: fd, flags: "0" });
    call!(c, "dup2", -1, high).fails(EBADF, args! { oldfd: -1, newfd: high });
    call!(c, "close_range", high, high + 1, CLOSE_RANGE_CLOEXEC)
        .ok(args! { first: high, last: high + 1, flags: "CLOSE_RANGE_CLOEXEC" });
    call!(c, "close_range", high, high + 1, 0).ok(args! { first: high, last: high + 1, flags: "0" });
    call!(c, "close_range", 800, u32::MAX, CLOSE_RANGE_UNSHARE | 0x40)
        .fails(EINVAL, args! { first: 800, last: u32::MAX, flags: "CLOSE_RANGE_UNSHARE|0x40" });
    call!(c, "close", copy).ok(args! { fd: copy });
    call!(c, "close", high).fails(EBADF, args! { fd: high });
    close(fd);
}

fn control(c: &Caller) {
    let path = c.file("control", b"content");
    let fd = open(c, "control", O_RDWR);
    call!(c, "fcntl", fd, F_SETFL, O_APPEND | O_NONBLOCK)
        .ok(args! { fd: fd, cmd: "F_SETFL", arg: O_APPEND | O_NONBLOCK });
    let copy = call!(c, "fcntl", fd, F_DUPFD_CLOEXEC, 500).ok(args! { fd: fd, cmd: "F_DUPFD_CLOEXEC", arg: 500 });
    close(copy as i32);
    let mut lock: flock = zeroed();
    lock.l_type = F_WRLCK as i16;
    call!(c, "fcntl", fd, F_OFD_SETLK, &raw const lock).ok(args! { fd: fd, cmd: "F_OFD_SETLK", arg: &raw const lock });
    call!(c, "fcntl", -1, F_GETFD, 0).fails(EBADF, args! { fd: -1, cmd: "F_GETFD", arg: 0 });
    call!(c, "fcntl", fd, 9999, 0).fails(EINVAL, args! { fd: fd, cmd: "9999", arg: 0 });
    call!(c, "flock", fd, LOCK_EX | LOCK_NB).ok(args! { fd: fd, operation: "LOCK_EX|LOCK_NB" });
    call!(c, "flock", fd, LOCK_UN).ok(args! { fd: fd, operation: "LOCK_UN" });
    let mut ready = 0_i32;
    call!(c, "ioctl", fd, FIONREAD, &raw mut ready).ok(args! { fd: fd, request: "FIONREAD", argument: &raw mut ready });
    assert_eq!(ready, 7);
    call!(c, "ioctl", fd, TCGETS, 0).fails(ENOTTY, args! { fd: fd, request: "TCGETS", argument: 0 });
    // A request without a name, by its parts.
    call!(c, "ioctl", fd, 0x8010_aa11_u32, 0x1234)
        .fails(ENOTTY, args! { fd: fd, request: "_IOC(_IOC_READ, 0xaa, 0x11, 0x10)", argument: 0x1234 });
    close(fd);
    drop(path);
}

fn pipes(c: &Caller) {
    let mut ends = [-1_i32; 2];
    call!(c, "pipe", ends.as_mut_ptr()).ok(args! { fds: json!(ends) });
    ends.into_iter().for_each(close);
    call!(c, "pipe2", ends.as_mut_ptr(), O_CLOEXEC | O_DIRECT)
        .ok(args! { fds: json!(ends), flags: "O_DIRECT|O_CLOEXEC" });
    ends.into_iter().for_each(close);
    call!(c, "pipe2", ends.as_mut_ptr(), 0x7).fails(EINVAL, args! { fds: (), flags: "0x7" });
    let fd = call!(c, "eventfd", 5).ok(args! { initval: 5 });
    close(fd as i32);
    let fd = call!(c, "eventfd2", u32::MAX, EFD_SEMAPHORE | EFD_NONBLOCK)
        .ok(args! { initval: u32::MAX, flags: "EFD_SEMAPHORE|EFD_NONBLOCK" });
    close(fd as i32);
    call!(c, "eventfd2", 0, 0x10).fails(EINVAL, args! { initval: 0, flags: "0x10" });
}

/// One `struct pollfd` in JSON.
fn pollfd_of(fd: i32, events: &str, revents: &str) -> Value {
    json!({ "fd": fd, "events": events, "revents": revents })
}

/// A mask of SIGUSR1 and SIGTERM, and how it is shown.
fn mask() -> (u64, Value) {
    ((1 << (SIGUSR1 - 1)) | (1 << (SIGTERM - 1)), json!(["SIGUSR1", "SIGTERM"]))
}

fn polling(c: &Caller) {
    let pipe = Pipe::new();
    pipe.fill(b"x");
    let entry = |fd, events| pollfd { fd, events, revents: 0 };
    let mut fds = [entry(pipe.read, POLLIN | POLLPRI), entry(pipe.write, POLLIN), entry(-1, POLLOUT), entry(999, 0)];
    let shown = json!([
        pollfd_of(pipe.read, "POLLIN|POLLPRI", "POLLIN"),
        pollfd_of(pipe.write, "POLLIN", "0"),
        pollfd_of(-1, "POLLOUT", "0"),
        pollfd_of(999, "0", "POLLNVAL"),
    ]);
    call!(c, "poll", fds.as_mut_ptr(), 4, 100).ok(args! { fds: shown, nfds: 4, timeout: 100 });
    call!(c, "poll", 0, 0, 0).ok(args! { fds: (), nfds: 0, timeout: 0 });
    call!(c, "poll", 0x10, 2, -1).fails(EFAULT, args! { fds: Fault, nfds: 2, timeout: -1 });

    let (mask, signals) = mask();
    let mut limit = timespec { tv_sec: 1, tv_nsec: 5 };
    let mut fds = [entry(pipe.write, POLLOUT)];
    let made = call!(c, "ppoll", fds.as_mut_ptr(), 1, &raw mut limit, &raw const mask, 8);
    made.ok(args! {
        fds: json!([pollfd_of(pipe.write, "POLLOUT", "POLLOUT")]),
        nfds: 1,
        timeout: structs::timespec(&limit),
        sigmask: signals,
        sigsetsize: 8,
    });
    call!(c, "ppoll", fds.as_mut_ptr(), 1, 0, 0, 0).ok(args! {
        fds: json!([pollfd_of(pipe.write, "POLLOUT", "POLLOUT")]), nfds: 1, timeout: (), sigmask: (), sigsetsize: 0
    });
}

/// A set of descriptors below 128.
fn fd_set_of(fds: &[i32]) -> [u64; 2] {
    let mut set = [0; 2];
    for fd in fds {
        set[*fd as usize / 64] |= 1 << (*fd % 64);
    }
    set
}

fn selecting(c: &Caller) {
    let pipe = Pipe::new();
    pipe.fill(b"x");
    let (read, write) = (pipe.read, pipe.write);
    // Sets show what is ready, as the call left them.
    let (mut reading, mut writing) = (fd_set_of(&[read, write]), fd_set_of(&[write]));
    let mut limit = timeval { tv_sec: 2, tv_usec: 3 };
    let nfds = read.max(write) + 1;
    let made = call!(c, "select", nfds, reading.as_mut_ptr(), writing.as_mut_ptr(), 0, &raw mut limit);
    made.ok(args! {
        nfds: nfds,
        readfds: json!([read]),
        writefds: json!([write]),
        exceptfds: (),
        timeout: structs::timeval(&limit),
    });
    let mut limit = timespec { tv_sec: 0, tv_nsec: 1 };
    // The mask is behind a pair of its address and its size.
    let (mask, _) = mask();
    let pair = [(&raw const mask).expose_provenance() as u64, 8];
    let mut except = fd_set_of(&[read]);
    let made = call!(c, "pselect6", nfds, 0, 0, except.as_mut_ptr(), &raw mut limit, pair.as_ptr());
    made.ok(args! {
        nfds: nfds,
        readfds: (),
        writefds: (),
        exceptfds: json!([]),
        timeout: structs::timespec(&limit),
        sigmask: pair.as_ptr(),
    });
    let mut reading = fd_set_of(&[126]);
    call!(c, "select", 127, reading.as_mut_ptr(), 0, 0, 0)
        .fails(EBADF, args! { nfds: 127, readfds: json!([126]), writefds: (), exceptfds: (), timeout: () });
    call!(c, "select", -1, 0, 0, 0, 0)
        .fails(EINVAL, args! { nfds: -1, readfds: (), writefds: (), exceptfds: (), timeout: () });
}

fn epoll(c: &Caller) {
    let pipe = Pipe::new();
    pipe.fill(b"x");
    let fd = call!(c, "epoll_create", 1).ok(args! { size: 1 });
    close(fd as i32);
    call!(c, "epoll_create", 0).fails(EINVAL, args! { size: 0 });
    let epfd = call!(c, "epoll_create1", EPOLL_CLOEXEC).ok(args! { flags: "EPOLL_CLOEXEC" }) as i32;
    let one = epoll_event { events: (EPOLLIN | EPOLLET) as u32, u64: 0x1122_3344_5566_7788 };
    let shown = json!({ "events": "EPOLLIN|EPOLLET", "data": 0x1122_3344_5566_7788_u64 });
    call!(c, "epoll_ctl", epfd, EPOLL_CTL_ADD, pipe.read, &raw const one)
        .ok(args! { epfd: epfd, op: "EPOLL_CTL_ADD", fd: pipe.read, event: shown });
    let two = epoll_event { events: EPOLLOUT as u32, u64: 2 };
    let shown = json!({ "events": "EPOLLOUT", "data": 2 });
    call!(c, "epoll_ctl", epfd, EPOLL_CTL_ADD, pipe.write, &raw const two)
        .ok(args! { epfd: epfd, op: "EPOLL_CTL_ADD", fd: pipe.write, event: shown.clone() });
    call!(c, "epoll_ctl", epfd, EPOLL_CTL_MOD, 999, &raw const two)
        .fails(EBADF, args! { epfd: epfd, op: "EPOLL_CTL_MOD", fd: 999, event: shown.clone() });

    let mut events = [epoll_event { events: 0, u64: 0 }; 4];
    let both = json!([{ "events": "EPOLLIN", "data": 0x1122_3344_5566_7788_u64 }, shown]);
    call!(c, "epoll_wait", epfd, events.as_mut_ptr(), 4, 1000)
        .ok(args! { epfd: epfd, events: both.clone(), maxevents: 4, timeout: 1000 });
    // The first was told by the call before, where there is one.
    let left = if X86 { json!([shown]) } else { both };
    let (mask, signals) = mask();
    call!(c, "epoll_pwait", epfd, events.as_mut_ptr(), 4, -1, &raw const mask, 8).ok(args! {
        epfd: epfd, events: left, maxevents: 4, timeout: -1, sigmask: signals.clone(), sigsetsize: 8
    });
    let limit = timespec { tv_sec: 0, tv_nsec: 7 };
    call!(c, "epoll_ctl", epfd, EPOLL_CTL_DEL, pipe.write, 0)
        .ok(args! { epfd: epfd, op: "EPOLL_CTL_DEL", fd: pipe.write, event: () });
    call!(c, "epoll_pwait2", epfd, events.as_mut_ptr(), 4, &raw const limit, &raw const mask, 8).ok(args! {
        epfd: epfd,
        events: json!([]),
        maxevents: 4,
        timeout: structs::timespec(&limit),
        sigmask: signals,
        sigsetsize: 8,
    });
    call!(c, "epoll_wait", epfd, events.as_mut_ptr(), 0, 0)
        .fails(EINVAL, args! { epfd: epfd, events: (), maxevents: 0, timeout: 0 });
    call!(c, "epoll_ctl_old").fails(ENOSYS, args! {});
    call!(c, "epoll_wait_old").fails(ENOSYS, args! {});
    close(epfd);
}
