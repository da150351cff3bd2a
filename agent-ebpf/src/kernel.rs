// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! Reads of kernel structs at offsets that userspace resolved.

use core::{ffi::c_void, mem::MaybeUninit};

use agent_common::{
    kernel::{ABSENT, Field},
    options::{NO_CONTROLLER, Opt},
    state::file,
};
use aya_ebpf::helpers::{
    bpf_get_current_task, bpf_probe_read_kernel,
    generated::{bpf_get_current_task_btf, bpf_probe_read_kernel as bpf_probe_read_kernel_to, bpf_task_pt_regs},
};

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
    Probed::field(base, field)
}

/// Whether the current task is read by plain loads. The verifier knows: what is not taken is not looked at, so that kernels
/// without the helpers load the probe too.
#[inline(always)]
pub(crate) fn direct() -> bool {
    option(Opt::Direct) != 0
}

/// The current task.
#[inline(always)]
pub(crate) fn task() -> *const c_void {
    if direct() {
        // SAFETY: a helper without arguments.
        unsafe { bpf_get_current_task_btf() as *const c_void }
    } else {
        // SAFETY: a helper without arguments.
        unsafe { bpf_get_current_task() as *const c_void }
    }
}

/// The registers at the entry of the current task's call, to be read by plain loads; `task` is of [`task`], and reads are
/// [`direct`].
#[inline(always)]
pub(crate) fn registers(task: *const c_void) -> *const c_void {
    // SAFETY: the verifier knows what `task` is.
    unsafe { bpf_task_pt_regs(task.cast_mut().cast()) as *const c_void }
}

/// How members of kernel structs are read.
pub(crate) trait Read {
    /// The value at an address.
    fn at<T: Copy>(at: *const T) -> Option<T>;

    /// A field of the struct at `base`. `T` has the field's width.
    #[inline(always)]
    fn field<T: Copy>(base: *const c_void, field: Field) -> Option<T> {
        Self::at(base.wrapping_byte_add(offset(field)?).cast::<T>())
    }
}

/// By a helper, which takes any address and fails on a bad one.
pub(crate) struct Probed;

impl Read for Probed {
    #[inline(always)]
    fn at<T: Copy>(at: *const T) -> Option<T> {
        // SAFETY: the helper checks the address and fails on a bad one.
        unsafe { bpf_probe_read_kernel(at).ok() }
    }
}

/// By a load, from what the verifier knows the type of: the task of [`task`], where reads are [`direct`], and what its
/// members point to. What can't be read is 0.
pub(crate) struct Typed;

impl Read for Typed {
    #[inline(always)]
    fn at<T: Copy>(at: *const T) -> Option<T> {
        // SAFETY: the verifier allows it only where the kernel vouches for it, or catches the fault:
        // https://github.com/torvalds/linux/blob/v6.12/kernel/bpf/verifier.c#L6624
        Some(unsafe { at.read_volatile() })
    }
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
pub(crate) fn cgroup_id<R: Read>(task: *const c_void) -> u64 {
    let css_set = R::field::<*const c_void>(task, Field::TaskCgroups);
    let cgroup = css_set.and_then(|set| match option(Opt::Controller) {
        NO_CONTROLLER => R::field::<*const c_void>(set, Field::CssSetDefault),
        controller => {
            // No kernel has more controllers; the bound is for the verifier.
            let place =
                inside(set, Field::CssSetSubsys)?.cast::<*const c_void>().wrapping_add(controller as usize & 0x3f);
            R::field(R::at(place)?, Field::CssCgroup)
        }
    });
    cgroup.and_then(kernfs_id::<R>).unwrap_or(0)
}

/// The id of a cgroup in its hierarchy.
#[inline(always)]
pub(crate) fn kernfs_id<R: Read>(cgroup: *const c_void) -> Option<u64> {
    R::field(R::field(cgroup, Field::CgroupKn)?, Field::KernfsId)
}
