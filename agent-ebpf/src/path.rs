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

/// What a step of the walk found.
enum Step {
    /// Another name.
    Name,
    /// The end.
    End,
    /// A name that is in no directory of a mounted file system.
    Detached,
}

/// One step up: appends a name, or crosses a mount.
#[inline(always)]
fn step(builder: &mut Builder, walk: *mut [u64; 3]) -> Option<Step> {
    let at = walk.cast::<u64>();
    // SAFETY: the walk is three words of the room; volatile, so that they are not kept in registers.
    let (mnt, dentry, root) = unsafe { (at.read_volatile(), at.add(1).read_volatile(), at.add(2).read_volatile()) };
    if dentry == root {
        let mount = mnt.wrapping_sub(kernel::offset(Field::MountMnt)? as u64);
        let parent = pointer(mount, Field::MountParent)?;
        if parent == mount {
            return Some(Step::End);
        }
        let mnt = parent.wrapping_add(kernel::offset(Field::MountMnt)? as u64);
        let (dentry, root) = (pointer(mount, Field::MountMountpoint)?, pointer(mnt, Field::VfsmountRoot)?);
        // SAFETY: as above.
        unsafe {
            at.write_volatile(mnt);
            at.add(1).write_volatile(dentry);
            at.add(2).write_volatile(root);
        }
        return Some(Step::Name);
    }
    let parent = pointer(dentry, Field::DentryParent)?;
    builder.kernel_string(pointer(dentry, Field::DentryName)?, NAME);
    if parent == dentry {
        return Some(Step::Detached);
    }
    // SAFETY: as above.
    unsafe { at.add(1).write_volatile(parent) };
    Some(Step::Name)
}

/// Appends byte string `place`: the names of `path`. The answer is bits of [`file`].
#[inline(always)]
pub(crate) fn append(builder: &mut Builder, place: usize, path: Option<Place>) -> u64 {
    let start = path.and_then(|path| Some((path, pointer(path.mnt, Field::VfsmountRoot)?)));
    let Some((path, root)) = start else {
        builder.absent(place);
        return file::CUT;
    };
    let walk = builder.walk();
    // SAFETY: three words of the room.
    unsafe {
        let at = walk.cast::<u64>();
        at.write_volatile(path.mnt);
        at.add(1).write_volatile(path.dentry);
        at.add(2).write_volatile(root);
    }
    builder.open();
    let mut bits = file::CUT;
    let mut names = 0;
    while names < PATH_NAMES {
        if builder.written() > u64::from(PATH_BYTES) - u64::from(NAME) {
            break;
        }
        match step(builder, walk) {
            Some(Step::Name) => {}
            Some(Step::End) => {
                bits = 0;
                break;
            }
            Some(Step::Detached) => {
                bits = file::DETACHED;
                break;
            }
            None => break,
        }
        names += 1;
    }
    builder.close(place, bits & file::CUT != 0);
    if path.dentry != root && pointer(path.dentry, Field::DentryHashed) == Some(0) {
        bits |= file::DELETED;
    }
    bits
}
