// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! Reads of kernel structs at offsets that userspace resolved.

use core::ffi::c_void;

use agent_common::kernel::{ABSENT, Field};
use aya_ebpf::helpers::bpf_probe_read_kernel;

use crate::maps::LAYOUT;

/// The field's offset, unless this kernel does not have it.
#[inline(always)]
fn offset(field: Field) -> Option<usize> {
    // SAFETY: the index is below the array's length; volatile, since userspace rewrites the global before load.
    let offset = unsafe { core::ptr::from_ref(&LAYOUT).cast::<u16>().add(field as usize).read_volatile() };
    if offset == ABSENT { None } else { Some(offset as usize) }
}

/// Reads a field of the struct at `base`. `T` has the field's width.
#[inline(always)]
pub(crate) fn read<T: Copy>(base: *const c_void, field: Field) -> Option<T> {
    let at = base.wrapping_byte_add(offset(field)?).cast::<T>();
    // SAFETY: the helper checks the address and fails on a bad one.
    unsafe { bpf_probe_read_kernel(at).ok() }
}
