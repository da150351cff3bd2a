// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! The path of a mount and a name, from the last name to the first, as `d_path` would find it:
//! <https://github.com/torvalds/linux/blob/v6.12/fs/d_path.c#L162>. It ends at the root of the mount namespace, whatever
//! the task's own root is.

use core::ffi::c_void;

use agent_common::{
    kernel::Field,
    state::{PATH_BYTES, PATH_NAMES, file},
};

use crate::{
    kernel,
    room::{Builder, NAME},
};

/// A `struct path`.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// `struct vfsmount *`
    pub mnt: u64,
    /// `struct dentry *`
    pub dentry: u64,
}

impl Place {
    /// The `struct path` in field `field` of the struct at `base`.
    #[inline(always)]
    pub(crate) fn of(base: *const c_void, field: Field) -> Option<Self> {
        let path = kernel::inside(base, field)?;
        Some(Self { mnt: kernel::read(path, Field::PathMnt)?, dentry: kernel::read(path, Field::PathDentry)? })
    }
}

/// A pointer field, as a number: that is how the room keeps it.
#[inline(always)]
fn pointer(base: u64, field: Field) -> Option<u64> {
    kernel::read::<u64>(base as *const c_void, field)
}

/// Where a walk is: mount, name, and the mount's own root.
pub(crate) type Walk = [u64; 3];

/// What a step of the walk found.
pub(crate) enum Step {
    /// Another name, at this address.
    Name(u64),
    /// A mount, which lies on a name of the one above.
    Mount,
    /// The end.
    End,
    /// A name that is in no directory of a mounted file system, at this address.
    Detached(u64),
}

/// Begins a walk from `path`; false when its mount can't be read.
#[inline(always)]
pub(crate) fn begin(walk: *mut Walk, path: Place) -> bool {
    let Some(root) = pointer(path.mnt, Field::VfsmountRoot) else { return false };
    set(walk, path.mnt, path.dentry, root);
    true
}

/// Notes where the walk is: volatile, so that it is not kept in registers.
#[inline(always)]
fn set(walk: *mut Walk, mnt: u64, dentry: u64, root: u64) {
    let at = walk.cast::<u64>();
    // SAFETY: callers give three words of a map value.
    unsafe {
        at.write_volatile(mnt);
        at.add(1).write_volatile(dentry);
        at.add(2).write_volatile(root);
    }
}

/// One step up.
#[inline(always)]
pub(crate) fn step(walk: *mut Walk) -> Option<Step> {
    let at = walk.cast::<u64>();
    // SAFETY: as in `set`.
    let (mnt, dentry, root) = unsafe { (at.read_volatile(), at.add(1).read_volatile(), at.add(2).read_volatile()) };
    if dentry == root {
        let mount = mnt.wrapping_sub(kernel::offset(Field::MountMnt)? as u64);
        let parent = pointer(mount, Field::MountParent)?;
        if parent == mount {
            return Some(Step::End);
        }
        let mnt = parent.wrapping_add(kernel::offset(Field::MountMnt)? as u64);
        set(walk, mnt, pointer(mount, Field::MountMountpoint)?, pointer(mnt, Field::VfsmountRoot)?);
        return Some(Step::Mount);
    }
    let parent = pointer(dentry, Field::DentryParent)?;
    let name = pointer(dentry, Field::DentryName)?;
    if parent == dentry {
        return Some(Step::Detached(name));
    }
    set(walk, mnt, parent, root);
    Some(Step::Name(name))
}

/// Whether a walk that came to its end came to the root of a mount namespace, and not of what was unmounted lazily.
#[inline(always)]
pub(crate) fn is_mounted(walk: *mut Walk) -> bool {
    // SAFETY: as in `set`.
    let mnt = unsafe { walk.cast::<u64>().read_volatile() };
    let Some(place) = kernel::offset(Field::MountMnt) else { return false };
    pointer(mnt.wrapping_sub(place as u64), Field::MountNs).is_some_and(|ns| ns != 0)
}

/// Whether the file's name was removed.
#[inline(always)]
pub(crate) fn is_deleted(path: Place) -> bool {
    pointer(path.mnt, Field::VfsmountRoot) != Some(path.dentry) && pointer(path.dentry, Field::DentryHashed) == Some(0)
}

/// Appends byte string `place`: the names of `path`. The answer is bits of [`file`].
#[inline(always)]
pub(crate) fn append(builder: &mut Builder, place: usize, path: Option<Place>) -> u64 {
    let walk = builder.walk();
    let Some(path) = path.filter(|path| begin(walk, *path)) else {
        builder.absent(place);
        return file::CUT;
    };
    builder.open();
    let mut bits = file::CUT;
    let mut names = 0;
    while names < PATH_NAMES {
        if builder.written() > u64::from(PATH_BYTES) - u64::from(NAME) {
            break;
        }
        match step(walk) {
            Some(Step::Name(name)) => {
                builder.kernel_string(name, NAME);
            }
            Some(Step::Mount) => {}
            Some(Step::End) => {
                bits = 0;
                break;
            }
            Some(Step::Detached(name)) => {
                builder.kernel_string(name, NAME);
                bits = file::DETACHED;
                break;
            }
            None => break,
        }
        names += 1;
    }
    builder.close(place, bits & file::CUT != 0);
    if is_deleted(path) {
        bits |= file::DELETED;
    }
    bits
}
