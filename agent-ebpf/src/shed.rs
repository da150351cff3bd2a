// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! Which calls are given up while a ring fills: see [`agent_common::shed`]. A call that is shed leaves no record and takes no
//! sequence number; what it changed of its task is told all the same, and a file that it made is told before the next event
//! that refers to it.

use core::ffi::c_void;

use agent_common::{
    kernel::Field,
    ledger::{Counter, Slot},
    shed::{CLASSES, Class, QUIET, calm, mark},
    state::plan,
};

use crate::{
    files::{self, S_IFMT},
    kernel::{pointer, read},
    lane::Lane,
    maps::{FILES, RINGS},
    output::{bump, fill},
    regs,
};

/// `S_IFREG`: <https://github.com/torvalds/linux/blob/v6.12/include/uapi/linux/stat.h#L11>
const S_IFREG: u16 = 0o100_000;

/// Whether the call in the lane has to ask. All that it costs while the ring is not filling.
#[inline(always)]
pub(crate) fn asks(lane: &Lane) -> bool {
    lane.plan & plan::CLASSES < lane.armed
}

/// Whether the call in the lane is shed. When it is not, it asks no more.
#[inline(always)]
pub(crate) fn decide(cpu: u32, task: *const c_void, lane: &mut Lane) -> bool {
    let class = (lane.plan & plan::CLASSES) >> plan::CLASS;
    lane.plan |= plan::CLASSES;
    let Some(ring) = RINGS.get(cpu) else { return false };
    let (waiting, size) = fill(ring);
    if waiting < calm(size) {
        lane.armed = 0;
    }
    // Reads and writes of what is no regular file go with the next class.
    let cheapest = Class::Io as u32;
    let late = if class == cheapest { Class::Other as u32 } else { class };
    waiting > mark(late, size) || (class == cheapest && waiting > mark(cheapest, size) && regular(task, lane))
}

/// Whether the call's first descriptor is that of a regular file.
#[inline(always)]
fn regular(task: *const c_void, lane: &Lane) -> bool {
    files::open(task, regs::of(lane, 0) as u32)
        .and_then(|file| pointer(file, Field::FileInode))
        .and_then(|inode| read::<u16>(inode, Field::InodeMode))
        .is_some_and(|mode| mode & S_IFMT == S_IFREG)
}

/// A file that a call makes which is shed is new, whatever was told of its address.
#[inline(always)]
pub(crate) fn forget(task: *const c_void, lane: &Lane) {
    if lane.plan & plan::MAKES != 0
        && lane.header.ret >= 0
        && let Some(file) = files::open(task, lane.header.ret as u32)
    {
        let _ = FILES.remove(file as u64);
    }
}

/// Counts the call in the lane, of this class, as shed.
#[inline(always)]
pub(crate) fn count(lane: &mut Lane, counters: *mut Slot, class: u32) {
    bump(counters, Counter::Shed as usize);
    if let Some(count) = lane.shed.get_mut(class as usize & 7).filter(|_| (class as usize) < CLASSES) {
        *count += 1;
    }
    let now = lane.header.ts;
    if now.wrapping_sub(lane.shed_last) > QUIET {
        lane.shed_since = now;
    }
    lane.shed_last = now;
}
