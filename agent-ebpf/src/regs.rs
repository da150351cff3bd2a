// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! The registers of a call. Their layout is the kernel's promise to ptrace, so it needs no BTF.

use core::ffi::c_void;

use agent_common::schema::Abi;
use aya_ebpf::helpers::generated::bpf_probe_read_kernel;

#[cfg(doc)]
use crate::kernel;
use crate::kernel::{Read as _, Typed};

/// The leading words of `struct pt_regs`, up to the syscall number.
pub(crate) type Block = [u64; WORDS];

/// What is kept from `sys_enter` for calls that lose their registers.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Kept {
    /// The call's arguments.
    pub args: [u64; 6],
    /// The number it was made with.
    pub nr: u32,
    /// The convention it was made by.
    pub abi: u32,
    /// The files of its descriptors.
    pub files: [u64; 2],
    /// What was decided of it: one of [`decided`].
    pub decided: u64,
}

/// Values of [`Kept::decided`].
pub(crate) mod decided {
    /// Nothing.
    pub(crate) const NOTHING: u64 = 0;
    /// The predicate of the first half refused it; one more: that of the second did.
    pub(crate) const REFUSED: u64 = 1;
    /// It is shed.
    pub(crate) const SHED: u64 = 3;
}

#[cfg(bpf_target_arch = "x86_64")]
mod arch {
    //! <https://github.com/torvalds/linux/blob/v6.12/arch/x86/include/asm/ptrace.h#L103>
    use super::Abi;

    pub(crate) const WORDS: usize = 16;
    /// `orig_ax`
    pub(crate) const NR: usize = 15;
    /// `di, si, dx, r10, r8, r9`
    const NATIVE: [usize; 6] = [14, 13, 12, 7, 9, 8];
    /// `bx, cx, dx, si, di, bp`
    const I386: [usize; 6] = [5, 11, 12, 13, 14, 4];

    #[inline(always)]
    pub(crate) const fn word(abi: Abi, n: usize) -> usize {
        match abi {
            Abi::Native => NATIVE[n],
            Abi::I386 => I386[n],
        }
    }

    /// The words that either convention has arguments in.
    pub(crate) const USED: [usize; 9] = [4, 5, 7, 8, 9, 11, 12, 13, 14];
}

#[cfg(bpf_target_arch = "aarch64")]
mod arch {
    //! <https://github.com/torvalds/linux/blob/v6.12/arch/arm64/include/asm/ptrace.h#L158>
    use super::Abi;

    pub(crate) const WORDS: usize = 36;
    /// `orig_x0`: x0 holds the result by now.
    const FIRST: usize = 34;
    /// `syscallno`, an `s32`
    pub(crate) const NR: usize = 35;

    #[inline(always)]
    pub(crate) const fn word(_: Abi, n: usize) -> usize {
        if n == 0 { FIRST } else { n }
    }

    /// The words that arguments are in.
    pub(crate) const USED: [usize; 6] = [1, 2, 3, 4, 5, FIRST];
}

pub(crate) use arch::WORDS;

/// The number of the call.
#[inline(always)]
pub(crate) fn number(block: &Block) -> i32 {
    block[arch::NR] as i32
}

/// The number of the call whose registers are at `regs`, of [`kernel::registers`].
#[inline(always)]
pub(crate) fn number_of(regs: *const c_void) -> i32 {
    Typed::at(regs.cast::<i32>().wrapping_add(2 * arch::NR)).unwrap_or(-1)
}

/// Takes the registers of a call that are at `regs`, of [`kernel::registers`].
#[inline(always)]
pub(crate) fn load(block: &mut Block, regs: *const c_void) {
    for word in arch::USED {
        block[word] = Typed::at(regs.cast::<u64>().wrapping_add(word)).unwrap_or(0);
    }
    block[arch::NR] = number_of(regs) as u64;
}

/// Copies the registers of a call from wherever they are.
#[inline(always)]
pub(crate) fn copy(block: &mut Block, regs: *const c_void) -> Option<()> {
    // SAFETY: the helper checks the source; the destination is a field of a map value.
    let read = unsafe { bpf_probe_read_kernel(block.as_mut_ptr().cast(), size_of::<Block>() as u32, regs) };
    if read < 0 { None } else { Some(()) }
}

/// Register argument `n` of a call; a 32-bit caller's upper halves mean nothing.
#[inline(always)]
pub(crate) fn arg(block: &Block, abi: Abi, n: usize) -> u64 {
    let value = block[arch::word(abi, n)];
    match abi {
        Abi::Native => value,
        Abi::I386 => value & 0xffff_ffff,
    }
}

/// Puts kept arguments where [`arg`] finds them.
#[inline(always)]
pub(crate) fn restore(block: &mut Block, abi: Abi, args: &[u64; 6]) {
    let mut n = 0;
    while n < 6 {
        block[arch::word(abi, n)] = args[n];
        n += 1;
    }
}

/// Register argument `n` of the call in a lane.
#[inline(always)]
pub(crate) fn of(lane: &crate::lane::Lane, n: usize) -> u64 {
    match Abi::from_raw(lane.abi as u8) {
        Some(Abi::I386) => arg(&lane.regs, Abi::I386, n),
        _ => arg(&lane.regs, Abi::Native, n),
    }
}

/// Register argument `n` of the call in a lane, where `n` is not known when the program is made.
#[inline(always)]
pub(crate) fn any(lane: &crate::lane::Lane, n: u8) -> u64 {
    match n {
        0 => of(lane, 0),
        1 => of(lane, 1),
        2 => of(lane, 2),
        3 => of(lane, 3),
        4 => of(lane, 4),
        _ => of(lane, 5),
    }
}
