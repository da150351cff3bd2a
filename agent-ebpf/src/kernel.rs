// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! Reads of kernel structs at offsets that userspace resolved.

use core::{ffi::c_void, mem::MaybeUninit};

use agent_common::{
    kernel::{ABSENT, Field},
    options::{NO_CONTROLLER, Opt},
    state::file,
};
use aya_ebpf::helpers::{bpf_probe_read_kernel, generated::bpf_probe_read_kernel as bpf_probe_read_kernel_to};

use crate::maps::{LAYOUT, option};

/// The field's offset, unless this kernel does not have it.
#[inline(always)]
pub(crate) fn offset(field: Field) -> Option<usize> {
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

/// Reads a field of the struct at `base` to `to`; negative when it can't be read, and then zeroes are there. Without a
/// branch, which is a state of its own to the verifier for as long as what came of it is kept.
///
/// # Safety
/// `to` can be written; `T` has the field's width.
#[inline(always)]
pub(crate) unsafe fn read_to<T>(to: *mut T, base: *const c_void, field: Field) -> i64 {
    let Some(offset) = offset(field) else {
        // SAFETY: see above; all zeroes is a value of what fields are read as.
        unsafe { to.write_bytes(0, 1) };
        return -1;
    };
    // SAFETY: see above; the helper checks the address, and fills with zeroes what it can't read:
    // https://github.com/torvalds/linux/blob/v5.10/kernel/trace/bpf_trace.c#L227
    unsafe { bpf_probe_read_kernel_to(to.cast(), size_of::<T>() as u32, base.wrapping_byte_add(offset)) }
}

/// Reads a pointer field; null when it can't be read. Nothing can be read at null, so that the failure is found at the
/// end of a chain.
#[inline(always)]
pub(crate) fn pointer_or_null(base: *const c_void, field: Field) -> *const c_void {
    let mut to = MaybeUninit::<*const c_void>::uninit();
    // SAFETY: the value is there in either case.
    unsafe {
        read_to(to.as_mut_ptr(), base, field);
        to.assume_init()
    }
}

/// The address of a field that lies inside the struct at `base`.
#[inline(always)]
pub(crate) fn inside(base: *const c_void, field: Field) -> Option<*const c_void> {
    Some(base.wrapping_byte_add(offset(field)?))
}

/// Reads a pointer field.
#[inline(always)]
pub(crate) fn pointer(base: *const c_void, field: Field) -> Option<*const c_void> {
    read::<*const c_void>(base, field)
}

/// `OVERLAYFS_SUPER_MAGIC`: <https://github.com/torvalds/linux/blob/v6.12/include/uapi/linux/magic.h#L95>
const OVERLAYFS_MAGIC: u64 = 0x794c_7630;

/// Which layer of an overlay an inode is in, as bits of [`file`]; none for an inode of another file system. The upper
/// name is the first thing behind the inode that all file systems share:
/// <https://github.com/torvalds/linux/blob/v6.12/fs/overlayfs/ovl_entry.h#L170>
#[inline(always)]
pub(crate) fn overlay(inode: *const c_void) -> u64 {
    let magic = pointer(inode, Field::InodeSb).and_then(|sb| read::<u64>(sb, Field::SbMagic));
    if magic != Some(OVERLAYFS_MAGIC) {
        return 0;
    }
    let upper = inside(inode, Field::InodeSize)
        // SAFETY: the helper checks the address and fails on a bad one.
        .and_then(|behind| unsafe { bpf_probe_read_kernel(behind.cast::<*const c_void>()).ok() })
        .filter(|upper| !upper.is_null())
        .and_then(|upper| pointer(upper, Field::DentryInode));
    match upper {
        Some(inode) if !inode.is_null() => file::UPPER,
        _ => file::LOWER,
    }
}

/// The id of a task's cgroup in the hierarchy that the agent chose; 0 when it can't be read.
#[inline(always)]
pub(crate) fn cgroup_id(task: *const c_void) -> u64 {
    let css_set = pointer(task, Field::TaskCgroups);
    let cgroup = css_set.and_then(|set| match option(Opt::Controller) {
        NO_CONTROLLER => pointer(set, Field::CssSetDefault),
        controller => {
            // No kernel has more controllers; the bound is for the verifier.
            let place =
                inside(set, Field::CssSetSubsys)?.cast::<*const c_void>().wrapping_add(controller as usize & 0x3f);
            // SAFETY: the helper checks the address and fails on a bad one.
            let css = unsafe { bpf_probe_read_kernel(place).ok()? };
            pointer(css, Field::CssCgroup)
        }
    });
    cgroup.and_then(kernfs_id).unwrap_or(0)
}

/// The id of a cgroup in its hierarchy.
#[inline(always)]
pub(crate) fn kernfs_id(cgroup: *const c_void) -> Option<u64> {
    read(pointer(cgroup, Field::CgroupKn)?, Field::KernfsId)
}
