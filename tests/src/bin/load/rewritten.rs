// SPDX-License-Identifier: Apache-2.0
//! Arguments that another thread rewrites while the kernel and the probe read them: names, their ends, buffers, and where
//! buffers are and how long.

use std::{
    sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering},
    thread,
};

use crate::{
    flood::{open, wait_for_line},
    raw::call,
};

/// What every name begins with, which stays.
const PREFIX: &[u8] = b"/nonexistent/";
/// Bytes of a name, of which the last is always its end.
const NAME: usize = 2048;
/// Parts of a scattered buffer.
const PARTS: usize = 16;

/// How often the other thread must have rewritten everything.
const TURNS: usize = 100;

/// Makes `rounds` of openat, write and writev, and more of them until the other thread has had its turns.
pub(crate) fn run(rounds: &str) {
    let rounds: u64 = rounds.parse().expect("a number of rounds");
    let null = open(c"/dev/null", libc::O_WRONLY);
    let name: Vec<_> = PREFIX.iter().copied().chain([b'a'; NAME]).chain([0]).map(AtomicU8::new).collect();
    // Address and length, as the kernel has them.
    let parts: Vec<_> = (0..PARTS).flat_map(|_| [name.as_ptr() as usize, NAME]).map(AtomicUsize::new).collect();
    let (done, turns, end) = (AtomicBool::new(false), AtomicUsize::new(0), PREFIX.len() + NAME);
    let cut = |turn: usize| name[PREFIX.len() + turn * 37 % NAME].store(0, Ordering::Relaxed);
    wait_for_line();
    let mut made = 0;
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let turn = turns.fetch_add(1, Ordering::Relaxed) + 1;
                // Another letter everywhere, and the end somewhere else.
                let letter = if turn.is_multiple_of(2) { b'a' } else { b'b' };
                name[PREFIX.len()..end].iter().for_each(|byte| byte.store(letter, Ordering::Relaxed));
                cut(turn);
                for [base, size] in parts.as_chunks().0 {
                    let (at, len) = [(name.as_ptr() as usize, NAME), (16, 64), (usize::MAX - 3, 1 << 40)][turn % 3];
                    base.store(at, Ordering::Relaxed);
                    size.store(len, Ordering::Relaxed);
                }
            }
        });
        let (at, iov) = (name.as_ptr() as usize, parts.as_ptr() as usize);
        while made < rounds || turns.load(Ordering::Relaxed) < TURNS {
            made += 1;
            cut(made as usize);
            call(libc::SYS_openat, [libc::AT_FDCWD as usize, at, 0, 0, 0, 0]);
            call(libc::SYS_write, [null, at, NAME, 0, 0, 0]);
            call(libc::SYS_writev, [null, iov, PARTS, 0, 0, 0]);
        }
        done.store(true, Ordering::Relaxed);
    });
    println!("{made}");
}
