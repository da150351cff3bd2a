// SPDX-License-Identifier: Apache-2.0
//! More threads than any program has, which live at the same time. They are made without the C library, whose threads have
//! two mappings each: the kernel allows 65,530 of a process.

use std::{
    ffi::{c_int, c_void},
    ptr,
    sync::atomic::{AtomicU32, Ordering},
};

use crate::{flood::wait_for_line, raw::call};

/// Bytes of a thread's stack.
const STACK: usize = 4096;

/// Not 0 once the threads may end.
static OVER: AtomicU32 = AtomicU32::new(0);
/// Threads that have not ended.
static LIVING: AtomicU32 = AtomicU32::new(0);

fn futex(word: &AtomicU32, operation: c_int, value: usize) {
    call(libc::SYS_futex, [ptr::from_ref(word) as usize, operation as usize, value, 0, 0, 0]);
}

/// A thread: one call, then it waits. It shares its maker's thread-local memory, of which it uses `errno`, as all do.
extern "C" fn thread(_: *mut c_void) -> c_int {
    call(libc::SYS_getppid, [0; 6]);
    while OVER.load(Ordering::Acquire) == 0 {
        futex(&OVER, libc::FUTEX_WAIT, 0);
    }
    if LIVING.fetch_sub(1, Ordering::AcqRel) == 1 {
        futex(&LIVING, libc::FUTEX_WAKE, 1);
    }
    0
}

/// Makes as many threads as it can, `most` at most; prints how many; lets them end at the next line.
pub(crate) fn run(most: &str) {
    let most: usize = most.parse().expect("a number of threads");
    // SAFETY: new memory, which is never given back.
    let stacks = unsafe {
        let prot = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        libc::mmap(ptr::null_mut(), most * STACK, prot, flags, -1, 0)
    };
    assert!(stacks != libc::MAP_FAILED, "no memory");
    wait_for_line();
    let flags = libc::CLONE_VM
        | libc::CLONE_FS
        | libc::CLONE_FILES
        | libc::CLONE_SIGHAND
        | libc::CLONE_THREAD
        | libc::CLONE_SYSVSEM;
    let mut made = 0;
    while made < most {
        LIVING.fetch_add(1, Ordering::AcqRel);
        // SAFETY: each has a stack of its own, which ends where the next one's begins.
        let tid = unsafe { libc::clone(thread, stacks.byte_add((made + 1) * STACK), flags, ptr::null_mut()) };
        if tid < 0 {
            LIVING.fetch_sub(1, Ordering::AcqRel);
            break;
        }
        made += 1;
    }
    println!("{made}");
    wait_for_line();
    OVER.store(1, Ordering::Release);
    futex(&OVER, libc::FUTEX_WAKE, i32::MAX as usize);
    loop {
        let living = LIVING.load(Ordering::Acquire);
        if living == 0 {
            break;
        }
        futex(&LIVING, libc::FUTEX_WAIT, living as usize);
    }
    println!("{made}");
}
