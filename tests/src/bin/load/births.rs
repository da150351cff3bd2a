// SPDX-License-Identifier: Apache-2.0
//! Threads and processes that begin and end, as many as the machine can make: calls that are seen at their entry only.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use crate::{
    flood::wait_for_line,
    raw::{call, pin},
};

/// Runs for `seconds` on every CPU; prints how many threads ended.
pub(crate) fn run(seconds: &str) {
    let length = Duration::from_secs(seconds.parse().expect("a number of seconds"));
    let cpus = thread::available_parallelism().expect("a number of CPUs").get();
    wait_for_line();
    let (start, threads) = (Instant::now(), AtomicU64::new(0));
    thread::scope(|scope| {
        for cpu in 0..cpus {
            let threads = &threads;
            scope.spawn(move || {
                pin(cpu);
                while start.elapsed() < length {
                    let thread = thread::spawn(|| {
                        for _ in 0..20 {
                            call(libc::SYS_getppid, [0; 6]);
                        }
                    });
                    thread.join().expect("no panics");
                    threads.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    println!("{}", threads.into_inner());
}
