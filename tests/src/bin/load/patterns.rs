// SPDX-License-Identifier: Apache-2.0
//! More threads than CPUs that pass buffers of every length, each full of bytes that say whose they are.

use std::{ffi::CString, thread};

use crate::{
    flood::{open, wait_for_line},
    pattern,
    raw::{call, gettid, pin},
};

/// The most bytes of a buffer that are captured.
const BUFFER: usize = 32768;
/// The most bytes of a name, its NUL not counted.
const NAME: usize = 4095;
/// The most parts of a scattered buffer.
const PARTS: usize = 16;

/// How long call `count` of thread `tid` is: most are short, some as long as can be captured.
fn length(tid: u32, count: u64, most: usize) -> usize {
    let random = pattern::next(pattern::next((u64::from(tid) << 20) ^ count ^ 0x9e37_79b9_7f4a_7c15)) as usize;
    let most = if random.is_multiple_of(16) { most } else { most.min(2000) };
    64 + (random >> 8) % (most - 63)
}

/// Cuts `bytes` into up to [`PARTS`] parts.
fn parts(bytes: &[u8], count: u64) -> Vec<libc::iovec> {
    let parts = 1 + count as usize % PARTS;
    let size = bytes.len().div_ceil(parts);
    bytes
        .chunks(size)
        .map(|part| libc::iovec { iov_base: part.as_ptr().cast_mut().cast(), iov_len: part.len() })
        .collect()
}

fn work(rounds: u64, null: usize, socket: usize) {
    let tid = gettid();
    let mut count = 0;
    let mut next = |most: usize| {
        count += 1;
        (pattern::bytes(tid, count, length(tid, count, most)), count)
    };
    for _ in 0..rounds {
        let (name, _) = next(NAME);
        let name = CString::new(name).expect("no NUL");
        call(libc::SYS_openat, [libc::AT_FDCWD as usize, name.as_ptr() as usize, 0, 0, 0, 0]);
        let (data, _) = next(BUFFER);
        call(libc::SYS_write, [null, data.as_ptr() as usize, data.len(), 0, 0, 0]);
        let (data, count) = next(BUFFER);
        let iov = parts(&data, count);
        call(libc::SYS_writev, [null, iov.as_ptr() as usize, iov.len(), 0, 0, 0]);
        let (data, count) = next(BUFFER);
        let iov = parts(&data, count);
        // SAFETY: all zeroes is a message without anything.
        let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
        message.msg_iov = iov.as_ptr().cast_mut();
        message.msg_iovlen = iov.len();
        // Nobody reads: what counts is that it was passed.
        call(libc::SYS_sendmsg, [socket, &raw const message as usize, libc::MSG_DONTWAIT as usize, 0, 0, 0]);
    }
}

/// Runs `threads` threads on each CPU, each for `rounds` rounds.
pub(crate) fn run(threads: &str, rounds: &str) {
    let threads: usize = threads.parse().expect("a number of threads");
    let rounds: u64 = rounds.parse().expect("a number of rounds");
    let null = open(c"/dev/null", libc::O_WRONLY);
    let mut sockets = [0; 2];
    // SAFETY: the array has room for two descriptors.
    let made = unsafe { libc::socketpair(libc::AF_UNIX, libc::SOCK_DGRAM, 0, sockets.as_mut_ptr()) };
    assert!(made == 0, "no sockets");
    let cpus = thread::available_parallelism().expect("a number of CPUs").get();
    wait_for_line();
    thread::scope(|scope| {
        for n in 0..threads * cpus {
            scope.spawn(move || {
                pin(n % cpus);
                work(rounds, null, sockets[0] as usize);
            });
        }
    });
    println!("{rounds}");
}
