// SPDX-License-Identifier: Apache-2.0
//! What the tests of robustness share.

use std::sync::atomic::{AtomicU32, Ordering};

/// Says that a test can't run here, and why; how many that is so far.
pub(crate) fn skip(test: &str, why: &str) {
    static SKIPPED: AtomicU32 = AtomicU32::new(0);
    let skipped = SKIPPED.fetch_add(1, Ordering::Relaxed) + 1;
    eprintln!("SKIPPED ({skipped} so far): {test}: {why}");
}

/// Runs `closure` in a child process, which ends with it; the child's id. The closure must not allocate: another
/// thread may hold the allocator's lock at the fork.
pub(crate) fn in_child(closure: impl FnOnce()) -> i32 {
    // SAFETY: see above; the child ends without running anything of this process.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "no child");
    if pid == 0 {
        closure();
        // SAFETY: ends the child.
        unsafe { libc::_exit(0) };
    }
    let mut status = 0;
    // SAFETY: the child is ours, and the status ours to be written.
    assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid, "the child ends");
    pid
}
