// SPDX-License-Identifier: Apache-2.0
//! Threads that stay on a CPU, and the calls that they make.

use std::{
    fs::File,
    os::fd::{AsRawFd as _, RawFd},
    thread,
};

use tests::pin;

/// Does `work` on `cpu`, in a thread of this name.
pub(crate) fn on<R: Send>(cpu: usize, name: &str, work: impl FnOnce() -> R + Send) -> R {
    thread::scope(|scope| {
        let pinned = || {
            pin(&[cpu]);
            work()
        };
        let thread = thread::Builder::new().name(name.to_owned()).spawn_scoped(scope, pinned);
        thread.expect("a thread").join().expect("its work is done")
    })
}

/// Reads one byte at `at`.
pub(crate) fn pread(fd: RawFd, at: i64) {
    let mut byte = 0_u8;
    // SAFETY: there is room for the byte.
    unsafe {
        libc::pread64(fd, (&raw mut byte).cast(), 1, at);
    }
}

/// A cheap call.
pub(crate) fn getppid() {
    let _ = rustix::process::getppid();
}

/// Opens a file that is not there.
pub(crate) fn open_nothing() {
    let opened = File::open("/nonexistent");
    assert!(opened.is_err(), "it is not there");
}

/// Asks for the name of a socket that is none.
pub(crate) fn no_socket() {
    // SAFETY: the call fails before it writes.
    unsafe {
        libc::getsockname(-1, std::ptr::null_mut(), std::ptr::null_mut());
    }
}

/// Sends nobody no signal.
pub(crate) fn no_signal() {
    // SAFETY: plain numbers; there is no such process.
    unsafe {
        libc::kill(i32::MAX, 0);
    }
}

/// A descriptor's number.
pub(crate) fn number(file: &File) -> RawFd {
    file.as_raw_fd()
}
