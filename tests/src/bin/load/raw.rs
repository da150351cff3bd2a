// SPDX-License-Identifier: Apache-2.0
//! Calls by number, so that it is known which ones are made.

use std::ffi::c_long;

/// Makes a call; the answer is the kernel's own: a negative errno on failure.
pub(crate) fn call(nr: c_long, args: [usize; 6]) -> isize {
    let [a, b, c, d, e, f] = args;
    // SAFETY: the programs here pass the kernel's own memory addresses only where they made them valid, or where the
    // kernel's refusal is what they want.
    let ret = unsafe { libc::syscall(nr, a, b, c, d, e, f) };
    if ret != -1 {
        return ret as isize;
    }
    // SAFETY: this thread's errno.
    let errno = unsafe { *libc::__errno_location() };
    -(errno as isize)
}

/// The calling thread's id.
pub(crate) fn gettid() -> u32 {
    call(libc::SYS_gettid, [0; 6]) as u32
}

/// Lets the calling thread run on one CPU only.
pub(crate) fn pin(cpu: usize) {
    let mask = [1_u64 << cpu];
    let set = call(libc::SYS_sched_setaffinity, [0, size_of_val(&mask), mask.as_ptr() as usize, 0, 0, 0]);
    assert!(set == 0, "can't run on CPU {cpu}: {set}");
}
