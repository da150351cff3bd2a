// SPDX-License-Identifier: Apache-2.0
//! How the allocator gives memory back. By itself glibc keeps what large short-lived buffers leave, and lets each thread
//! have a heap of its own: loading the probe and a burst of events would stay resident for good.
//! <https://man7.org/linux/man-pages/man3/mallopt.3.html>

/// Blocks of this many bytes and more are given back as soon as they are freed.
const LARGE: i32 = 128 << 10;

/// Sets the allocator up; to be called once, at the start.
pub fn set_up() {
    #[cfg(target_env = "gnu")]
    // SAFETY: plain numbers; no other thread runs yet.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
        libc::mallopt(libc::M_TRIM_THRESHOLD, LARGE);
        libc::mallopt(libc::M_ARENA_MAX, 1);
    }
}

/// Gives back what loading has left.
pub fn trim() {
    #[cfg(target_env = "gnu")]
    // SAFETY: a plain number; the allocator takes its own locks.
    unsafe {
        libc::malloc_trim(0);
    }
}
