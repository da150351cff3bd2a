// SPDX-License-Identifier: Apache-2.0
//! Memory that 32-bit callers can point to.

use std::{cell::Cell, ffi::CStr, ptr};

use crate::caller::Reg;

/// Bytes of a piece of memory below 4 GiB.
const SIZE: usize = 1 << 16;

/// A piece of memory below 4 GiB, given out from the front, and given back as a whole.
pub(super) struct Low {
    base: usize,
    used: Cell<usize>,
}

/// An address in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct At(pub(super) u32);

impl Reg for At {
    fn reg(self) -> u64 {
        u64::from(self.0)
    }
}

impl Low {
    pub(super) fn new() -> Self {
        // SAFETY: new memory, at a place that the kernel chooses.
        let base = unsafe {
            libc::mmap(
                ptr::null_mut(),
                SIZE,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_32BIT,
                -1,
                0,
            )
        };
        assert_ne!(base, libc::MAP_FAILED);
        Self { base: base.expose_provenance(), used: Cell::new(0) }
    }

    /// Bytes of it, filled with these.
    pub(super) fn put(&self, bytes: &[u8]) -> At {
        let at = self.used.get();
        self.used.set((at + bytes.len()).next_multiple_of(8));
        assert!(self.used.get() <= SIZE, "the cases need less");
        let address = self.base + at;
        // SAFETY: inside the mapping, and given out only once.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), ptr::with_exposed_provenance_mut(address), bytes.len()) };
        At(address as u32)
    }

    /// A string.
    pub(super) fn text(&self, text: &CStr) -> At {
        self.put(text.to_bytes_with_nul())
    }

    /// Words of 32 bits.
    pub(super) fn words(&self, words: &[u32]) -> At {
        self.put(&words.iter().flat_map(|word| word.to_ne_bytes()).collect::<Vec<u8>>())
    }

    /// Words of 64 bits.
    pub(super) fn wide(&self, words: &[u64]) -> At {
        self.put(&words.iter().flat_map(|word| word.to_ne_bytes()).collect::<Vec<u8>>())
    }

    /// `len` bytes.
    pub(super) fn room(&self, len: usize) -> At {
        self.put(&vec![0xee; len])
    }
}

impl Drop for Low {
    fn drop(&mut self) {
        // SAFETY: what was given out does not outlive its giver.
        unsafe {
            libc::munmap(ptr::with_exposed_provenance_mut(self.base), SIZE);
        }
    }
}

impl At {
    /// The bytes there.
    pub(super) fn bytes<const N: usize>(self) -> [u8; N] {
        // SAFETY: cases ask for what they put, or made room for.
        unsafe { ptr::read_volatile(ptr::with_exposed_provenance(self.0 as usize)) }
    }

    /// The place `n` bytes further on.
    pub(super) const fn after(self, n: u32) -> Self {
        Self(self.0 + n)
    }

    /// The 16-bit number `n` bytes further on.
    pub(super) fn u16(self, n: u32) -> u16 {
        u16::from_ne_bytes(self.after(n).bytes())
    }

    /// The 32-bit number `n` bytes further on.
    pub(super) fn u32(self, n: u32) -> u32 {
        u32::from_ne_bytes(self.after(n).bytes())
    }

    /// The signed 32-bit number `n` bytes further on.
    pub(super) fn i32(self, n: u32) -> i32 {
        i32::from_ne_bytes(self.after(n).bytes())
    }

    /// The 64-bit number `n` bytes further on.
    pub(super) fn u64(self, n: u32) -> u64 {
        u64::from_ne_bytes(self.after(n).bytes())
    }
}
