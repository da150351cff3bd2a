// SPDX-License-Identifier: Apache-2.0
//! How full the rings are, read from the two pages of each that the kernel shares with whoever maps them: it takes no
//! system call, and neither the probe nor the drain thread notices.
//! <https://github.com/torvalds/linux/blob/v6.12/kernel/bpf/ringbuf.c#L26>

use std::{
    ffi::c_void,
    fmt, io,
    os::fd::BorrowedFd,
    ptr::{self, NonNull},
    sync::atomic::{AtomicU64, Ordering},
};

use rustix::{
    mm::{MapFlags, ProtFlags, mmap, munmap},
    param::page_size,
};

/// A page of a ring, mapped for reading: its first word is a position.
struct Page(NonNull<c_void>);

// SAFETY: nobody writes through the pointer, and it is valid until the page is dropped, whichever thread does that.
unsafe impl Send for Page {}
// SAFETY: as above; reads are volatile, of a word that the kernel writes whole.
unsafe impl Sync for Page {}

impl Page {
    fn map(ring: BorrowedFd<'_>, page: u64) -> io::Result<Self> {
        let offset = page * page_size() as u64;
        // SAFETY: a new mapping, at an address that the kernel chooses.
        let page = unsafe { mmap(ptr::null_mut(), page_size(), ProtFlags::READ, MapFlags::SHARED, ring, offset)? };
        NonNull::new(page).map(Self).ok_or_else(|| io::ErrorKind::AddrNotAvailable.into())
    }

    fn position(&self) -> usize {
        // SAFETY: the page is mapped while `self` is there, and begins with an `unsigned long`.
        unsafe { self.0.cast::<usize>().as_ptr().read_volatile() }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // SAFETY: the mapping is this value's own, and nothing refers to it any more.
        let unmapped = unsafe { munmap(self.0.as_ptr(), page_size()) };
        // It can't fail for a mapping that is there.
        debug_assert!(unmapped.is_ok(), "{unmapped:?}");
    }
}

/// A ring as it is seen from outside.
struct Level {
    consumer: Page,
    producer: Page,
    size: u32,
    peak: AtomicU64,
}

impl Level {
    fn fill(&self) -> u64 {
        // The consumer first: it never passes the producer.
        let consumed = self.consumer.position();
        let waiting = self.producer.position().wrapping_sub(consumed);
        (waiting as u64).min(u64::from(self.size))
    }
}

/// How full a ring is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RingLevel {
    /// Bytes that it holds at most.
    pub size: u64,
    /// Bytes that wait in it.
    pub fill: u64,
    /// The most that the drain thread found in it since that was read before.
    pub peak: u64,
}

/// The levels of all rings, in the order of CPU numbers.
#[derive(Default)]
pub struct Levels(Vec<Level>);

impl fmt::Debug for Levels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Levels").field(&self.0.len()).finish()
    }
}

impl Levels {
    /// Adds the next CPU's ring, of `size` bytes.
    pub(super) fn add(&mut self, ring: BorrowedFd<'_>, size: u32) -> io::Result<()> {
        let (consumer, producer) = (Page::map(ring, 0)?, Page::map(ring, 1)?);
        self.0.push(Level { consumer, producer, size, peak: AtomicU64::new(0) });
        Ok(())
    }

    /// Notes how full the rings are now; to be called before they are emptied.
    pub(super) fn note(&self) {
        for level in &self.0 {
            let fill = level.fill();
            // One thread notes, and one takes: what is lost between the two is a peak that is as high.
            if fill > level.peak.load(Ordering::Relaxed) {
                level.peak.store(fill, Ordering::Relaxed);
            }
        }
    }

    /// Bytes that were ever taken out of the rings, each record's own eight of the kernel among them.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.0.iter().map(|level| level.consumer.position() as u64).sum()
    }

    /// How full the rings are, and were at most since this was asked before.
    pub fn take(&self) -> impl Iterator<Item = RingLevel> {
        self.0.iter().map(|level| {
            let fill = level.fill();
            let peak = level.peak.swap(0, Ordering::Relaxed).max(fill);
            RingLevel { size: u64::from(level.size), fill, peak }
        })
    }
}
