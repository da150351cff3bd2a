// SPDX-License-Identifier: Apache-2.0
//! Every syscall of the table with arguments that nobody passes: unmapped, misaligned, wrapping, non-canonical, of the kernel's
//! half, of huge lengths. Each syscall has a process of its own, since some change or end their caller.

use std::{
    collections::BTreeSet,
    ptr,
    sync::atomic::{AtomicU64, Ordering},
};

use agent_common::{numbers, schema::Abi};

use crate::{flood::wait_for_line, raw::call};

/// What is not tried: what reaches beyond the caller whatever its arguments, what makes others or ends the caller before it
/// is counted, what waits for ever.
#[rustfmt::skip]
const LEFT_OUT: [&str; 41] = [
    "clone", "clone3", "exit", "exit_group", "fork", "ioprio_set", "kexec_file_load", "kexec_load", "kill",
    "pause", "pidfd_send_signal", "process_mrelease", "reboot", "rt_sigqueueinfo", "rt_sigreturn", "rt_tgsigqueueinfo",
    "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler", "setpriority", "shutdown", "swapoff",
    "swapon", "sync", "syncfs", "tgkill", "tkill", "vfork", "vhangup", "acct", "fallocate", "migrate_pages",
    "move_pages", "msgctl", "msgrcv", "msgsnd", "semctl", "setdomainname", "sethostname", "shmctl",
];

/// Pages that are there, with what is behind them unmapped.
fn edge() -> usize {
    const PAGE: usize = 4096;
    // SAFETY: new memory, half of which is given back.
    unsafe {
        let prot = libc::PROT_READ | libc::PROT_WRITE;
        let pages = libc::mmap(ptr::null_mut(), 2 * PAGE, prot, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0);
        assert!(pages != libc::MAP_FAILED, "no memory");
        let edge = pages as usize + PAGE;
        libc::munmap(edge as *mut libc::c_void, PAGE);
        edge
    }
}

/// A counter for each number, shared with all children.
fn counters() -> &'static [AtomicU64; 1024] {
    // SAFETY: new memory, zeroed, large and aligned enough, and never given back.
    unsafe {
        let prot = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_SHARED | libc::MAP_ANONYMOUS;
        let memory = libc::mmap(ptr::null_mut(), size_of::<[AtomicU64; 1024]>(), prot, flags, -1, 0);
        assert!(memory != libc::MAP_FAILED, "no memory");
        &*memory.cast()
    }
}

/// Makes the calls; prints, on one line, how many of each number were made.
pub(crate) fn run() {
    let edge = edge();
    let values = [
        1,
        edge - 3,
        edge,
        0x7fff_ffff_f000,
        0x8000_0000_0000,
        1 << 56,
        0xffff_8000_0000_0000,
        0xffff_ffff_ff60_0000,
        isize::MAX as usize,
        usize::MAX - 7,
        usize::MAX,
    ];
    let counters = counters();
    wait_for_line();
    let mut done = BTreeSet::new();
    for numbered in numbers::table(Abi::Native).iter().filter(|numbered| !LEFT_OUT.contains(&numbered.row.name)) {
        let Some(counter) = counters.get(numbered.nr as usize).filter(|_| done.insert(numbered.nr)) else { continue };
        // SAFETY: this process has one thread.
        let child = unsafe { libc::fork() };
        assert!(child >= 0, "no child");
        if child == 0 {
            // SAFETY: the child has nothing that it could harm, and ends here.
            unsafe {
                libc::alarm(2);
                call(libc::SYS_close_range, [0, u32::MAX as usize, 0, 0, 0, 0]);
                let mut ends = [0; 2];
                // The lowest: what a 1 means as a descriptor.
                libc::socketpair(libc::AF_UNIX, libc::SOCK_STREAM | libc::SOCK_NONBLOCK, 0, ends.as_mut_ptr());
                for value in values {
                    for first in [value, 0] {
                        counter.fetch_add(1, Ordering::Relaxed);
                        call(numbered.nr.into(), [first, value, value, value, value, value]);
                    }
                }
                libc::_exit(0);
            }
        }
        // SAFETY: the child is ours; how it ended does not matter.
        unsafe { libc::waitpid(child, ptr::null_mut(), 0) };
    }
    let counts = done.iter().map(|nr| (nr, counters[*nr as usize].load(Ordering::Relaxed)));
    let counts: Vec<_> = counts.map(|(nr, count)| format!("{nr}:{count}")).collect();
    println!("{}", counts.join(" "));
}
