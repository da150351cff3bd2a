// SPDX-License-Identifier: Apache-2.0
//! Threads that open, read, write, wait for each other, and are interrupted by signals in every way that the kernel
//! has for going on afterwards.

use std::{
    ffi::{CString, c_int, c_long},
    fs, ptr,
    sync::{
        Mutex,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
    thread,
};

use crate::raw::{call, gettid};

/// Rounds of each working thread.
const ROUNDS: usize = 60;
/// Working threads.
const WORKERS: usize = 6;

static HANDLED: AtomicUsize = AtomicUsize::new(0);

extern "C" fn handler(_: c_int) {
    HANDLED.fetch_add(1, Ordering::Relaxed);
}

/// Installs [`handler`].
#[expect(clippy::fn_to_numeric_cast_any, reason = "libc has the handler as a number")]
fn handle(signal: c_int, flags: c_int) {
    // SAFETY: all zeroes is a value of the struct, and the handler is safe to run at any time.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as *const () as usize;
        action.sa_flags = flags;
        assert!(libc::sigaction(signal, &raw const action, ptr::null_mut()) == 0, "no handler for {signal}");
    }
}

fn pipe() -> [c_int; 2] {
    let mut fds = [0; 2];
    // SAFETY: the array has room for two descriptors.
    assert!(unsafe { libc::pipe2(fds.as_mut_ptr(), libc::O_CLOEXEC) } == 0, "no pipe");
    fds
}

fn work(worker: usize, shared: &Mutex<Vec<usize>>) {
    let path = CString::new(format!("/nonexistent/worker {worker}/\t\"quoted\"\\\u{e9}")).expect("no NUL");
    let [reader, writer] = pipe().map(|fd| fd as usize);
    let mut buf = [0_u8; 64];
    for round in 0..ROUNDS {
        let text = format!("worker {worker} round {round}\n\0\u{1}");
        call(libc::SYS_openat, [libc::AT_FDCWD as usize, path.as_ptr() as usize, round, 0, 0, 0]);
        call(libc::SYS_write, [writer, text.as_ptr() as usize, text.len(), 0, 0, 0]);
        call(libc::SYS_read, [reader, buf.as_mut_ptr() as usize, buf.len(), 0, 0, 0]);
        let (cwd, link) = (libc::AT_FDCWD as usize, c"/proc/self/exe".as_ptr() as usize);
        call(libc::SYS_readlinkat, [cwd, link, buf.as_mut_ptr() as usize, buf.len(), 0, 0]);
        call(libc::SYS_getppid, [0; 6]);
        shared.lock().expect("no panics").push(round);
        thread::yield_now();
    }
    call(libc::SYS_close, [reader, 0, 0, 0, 0, 0]);
    call(libc::SYS_close, [writer, 0, 0, 0, 0, 0]);
}

/// Waits until thread `tid` is inside call `nr`.
fn await_inside(tid: &AtomicU32, nr: c_long) {
    loop {
        let file = format!("/proc/self/task/{}/syscall", tid.load(Ordering::Acquire));
        let inside = fs::read_to_string(file).is_ok_and(|text| text.starts_with(&format!("{nr} ")));
        if inside {
            return;
        }
        thread::yield_now();
    }
}

/// A thread that gets `signal` while it is `inside` call `nr`; `then` wakes it when the signal did not.
fn interrupt(signal: c_int, nr: c_long, inside: impl FnOnce() + Send, then: impl FnOnce()) {
    let (tid, handled) = (AtomicU32::new(0), HANDLED.load(Ordering::Relaxed));
    thread::scope(|scope| {
        scope.spawn(|| {
            tid.store(gettid(), Ordering::Release);
            inside();
        });
        await_inside(&tid, nr);
        let process = std::process::id() as usize;
        call(libc::SYS_tgkill, [process, tid.load(Ordering::Acquire) as usize, signal as usize, 0, 0, 0]);
        while signal != libc::SIGWINCH && HANDLED.load(Ordering::Relaxed) == handled {
            thread::yield_now();
        }
        then();
    });
}

/// Runs the program.
pub(crate) fn run() {
    let shared = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for worker in 0..WORKERS {
            let shared = &shared;
            scope.spawn(move || work(worker, shared));
        }
    });

    handle(libc::SIGUSR1, libc::SA_RESTART);
    handle(libc::SIGUSR2, 0);
    let pause = libc::timespec { tv_sec: 0, tv_nsec: 100_000_000 };
    let sleep = || {
        call(libc::SYS_nanosleep, [&raw const pause as usize, 0, 0, 0, 0, 0]);
    };
    // ERESTART_RESTARTBLOCK: with a handler it ends, without one it is restarted.
    interrupt(libc::SIGUSR1, libc::SYS_nanosleep, sleep, || {});
    interrupt(libc::SIGWINCH, libc::SYS_nanosleep, sleep, || {});
    // ERESTARTSYS: restarted, or EINTR.
    for signal in [libc::SIGUSR1, libc::SIGUSR2, libc::SIGWINCH] {
        let [reader, writer] = pipe().map(|fd| fd as usize);
        let read = || {
            let mut buf = [0_u8; 8];
            call(libc::SYS_read, [reader, buf.as_mut_ptr() as usize, buf.len(), 0, 0, 0]);
        };
        interrupt(signal, libc::SYS_read, read, || {
            call(libc::SYS_write, [writer, c"woken".as_ptr() as usize, 5, 0, 0, 0]);
        });
    }
    // ERESTARTNOHAND.
    let forever = || {
        call(libc::SYS_ppoll, [0; 6]);
    };
    interrupt(libc::SIGUSR1, libc::SYS_ppoll, forever, || {});

    // Threads that are inside a call when the process ends.
    let [reader, _writer] = pipe().map(|fd| fd as usize);
    let blocked = [AtomicU32::new(0), AtomicU32::new(0)];
    thread::scope(|scope| {
        for tid in &blocked {
            scope.spawn(move || {
                tid.store(gettid(), Ordering::Release);
                let mut buf = [0_u8; 8];
                call(libc::SYS_read, [reader, buf.as_mut_ptr() as usize, buf.len(), 0, 0, 0]);
            });
        }
        for tid in &blocked {
            await_inside(tid, libc::SYS_read);
        }
        assert!(HANDLED.load(Ordering::Relaxed) == 4, "every handled signal was");
        call(libc::SYS_exit_group, [0; 6]);
    });
}
