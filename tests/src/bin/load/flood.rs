// SPDX-License-Identifier: Apache-2.0
//! As many calls as the machine can make, by a thread on each CPU; and a known number of calls. Both begin when a line
//! comes on the standard input, and print how many of which calls were made.

use std::{
    ffi::CStr,
    io::{self, BufRead as _},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use crate::raw::{call, pin};

/// The name that is opened in vain.
const PATH: &CStr = c"/nonexistent/lanner/flood";
/// Rounds between two looks at the clock.
const STRIDE: u64 = 64;

/// Waits for a line, or the end, of the standard input.
pub(crate) fn wait_for_line() {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).expect("standard input");
}

/// Opens a device.
pub(crate) fn open(path: &CStr, flags: i32) -> usize {
    let fd = call(libc::SYS_openat, [libc::AT_FDCWD as usize, path.as_ptr() as usize, flags as usize, 0, 0, 0]);
    usize::try_from(fd).expect("a device that is always there")
}

/// One call of each sort.
fn round(zero: usize, null: usize) {
    let mut byte = [1_u8];
    call(libc::SYS_getppid, [0; 6]);
    call(libc::SYS_read, [zero, byte.as_mut_ptr() as usize, 1, 0, 0, 0]);
    call(libc::SYS_openat, [libc::AT_FDCWD as usize, PATH.as_ptr() as usize, 0, 0, 0, 0]);
    call(libc::SYS_write, [null, c"flood".as_ptr() as usize, 5, 0, 0, 0]);
}

/// Runs for `seconds` on every CPU.
pub(crate) fn run(seconds: &str) {
    let length = Duration::from_secs(seconds.parse().expect("a number of seconds"));
    let (zero, null) = (open(c"/dev/zero", libc::O_RDONLY), open(c"/dev/null", libc::O_WRONLY));
    let cpus = thread::available_parallelism().expect("a number of CPUs").get();
    wait_for_line();
    let (start, rounds) = (Instant::now(), AtomicU64::new(0));
    thread::scope(|scope| {
        for cpu in 0..cpus {
            let rounds = &rounds;
            scope.spawn(move || {
                pin(cpu);
                while start.elapsed() < length {
                    (0..STRIDE).for_each(|_| round(zero, null));
                    rounds.fetch_add(STRIDE, Ordering::Relaxed);
                }
            });
        }
    });
    let rounds = rounds.into_inner();
    println!("{rounds}");
}

/// Makes `rounds` rounds on one thread.
pub(crate) fn calls(rounds: &str) {
    let rounds: u64 = rounds.parse().expect("a number of rounds");
    let (zero, null) = (open(c"/dev/zero", libc::O_RDONLY), open(c"/dev/null", libc::O_WRONLY));
    wait_for_line();
    (0..rounds).for_each(|_| round(zero, null));
    println!("{rounds}");
}
