// SPDX-License-Identifier: Apache-2.0
//! Calls that mark a place in the stream of events: `getpriority` of a process id that no process can have.

use std::{
    process,
    sync::atomic::{AtomicU16, Ordering},
};

use super::event::Event;

/// The syscall that marks.
pub const SYSCALL: &str = "getpriority";

/// One mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sentinel(i32);

impl Sentinel {
    /// A mark that no other run makes: above every process id (2^22), ours and a count in it.
    #[must_use]
    pub(crate) fn unique() -> Self {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed) & 0xff;
        Self((1 << 30) | ((process::id() as i32 & 0x3f_ffff) << 8) | i32::from(next))
    }

    /// Makes the call, from this thread. It has no effect and fails.
    pub fn make(self) {
        // SAFETY: the call takes two numbers and changes nothing.
        unsafe { libc::syscall(libc::SYS_getpriority, libc::PRIO_PROCESS, self.0) };
    }

    /// Whether `event` is this mark.
    pub(crate) fn is(self, event: &Event) -> bool {
        event.json()["syscall"] == SYSCALL && event.json()["args"]["who"] == self.0
    }
}

/// Whether `event` is a mark, of this run or another.
pub(crate) fn any(event: &Event) -> bool {
    event.json()["syscall"] == SYSCALL && event.json()["args"]["who"].as_i64().is_some_and(|who| who >= 1 << 30)
}
