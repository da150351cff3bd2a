// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! The path that a call asks for, made absolute as the agent would make it, without looking at any file.

use core::ffi::c_void;

use agent_common::{
    kernel::Field,
    predicate::{NO_ARG, Predicate, Text},
};
use aya_ebpf::helpers::generated::bpf_probe_read_user_str;

use super::{
    facts::{Facts, get, known, set},
    spell::{LONGEST, spell},
};
use crate::{
    files,
    fill::{bound, value},
    kernel::pointer,
    lane::Lane,
    path::{self, Place, Step},
    regs,
};

/// Bytes of a path with its NUL that are looked through for what resolving would change.
const ASKED: u32 = 256;
/// File systems that may be mounted on one another at the root.
const MOUNTS: u32 = 8;
const TEXT: usize = Text::Asked as usize;
/// <https://github.com/torvalds/linux/blob/v6.12/include/uapi/linux/fcntl.h#L90>
const AT_FDCWD: i32 = -100;

/// Where in a path a scan is.
mod scan {
    /// Behind a slash.
    pub(super) const SLASH: u64 = 0;
    /// Behind two dots that begin a name.
    pub(super) const DOTS: u64 = 2;
    /// In a name that means nothing else.
    pub(super) const NAME: u64 = 3;
}

/// Puts the path together.
#[inline(always)]
pub(crate) fn asked(task: *const c_void, cpu: u32, hook: u32, lane: &Lane) {
    let (Some(predicate), Some(facts)) = (super::of(lane), super::facts::of_lane(cpu, hook)) else { return };
    let state = put(task, predicate, lane, facts);
    facts.texts[TEXT].state = state;
}

#[inline(always)]
fn put(task: *const c_void, predicate: &Predicate, lane: &Lane, facts: &mut Facts) -> u32 {
    let from = regs::any(lane, predicate.path);
    let (Some(fs), Some(first)) = (pointer(task, Field::TaskFs), value::<u8>(from)) else { return known::UNKNOWN };
    if !is_top(facts, Place::of(fs, Field::FsRoot)) {
        return known::UNKNOWN;
    }
    set!(facts, at, 0);
    // The slash that an absolute path begins with follows nothing.
    set!(facts, scan, scan::NAME);
    if first != b'/' {
        let fd = regs::any(lane, predicate.dirfd);
        let base = if predicate.dirfd == NO_ARG || fd as i32 == AT_FDCWD {
            Place::of(fs, Field::FsPwd)
        } else {
            files::open(task, fd as u32).and_then(|file| Place::of(file, Field::FilePath))
        };
        let Some(base) = base else { return known::UNKNOWN };
        if spell(facts, TEXT, base) != known::WHOLE {
            return known::UNKNOWN;
        }
        let text = &mut facts.texts[TEXT];
        // The root has its slash.
        let len = if text.len == 1 { 0 } else { u64::from(text.len) };
        text.bytes[bound(len, LONGEST) as usize] = b'/';
        set!(facts, at, len + 1);
        set!(facts, scan, scan::SLASH);
    }
    let begin = bound(get!(facts, at), LONGEST) as usize;
    let text = &mut facts.texts[TEXT];
    // SAFETY: there is room behind the longest path; the helper checks the source.
    let read = unsafe { bpf_probe_read_user_str(text.bytes.as_mut_ptr().add(begin).cast(), ASKED, from as *const _) };
    if read <= 1 || read >= i64::from(ASKED) {
        return known::UNKNOWN;
    }
    text.len = begin as u32 + read as u32 - 1;
    if is_plain(facts, begin) { known::WHOLE } else { known::UNKNOWN }
}

/// Whether a directory is the root of its mount namespace: below another root the path means something else.
#[inline(always)]
fn is_top(facts: &mut Facts, root: Option<Place>) -> bool {
    let walk = &raw mut facts.walk;
    if !root.is_some_and(|root| path::begin(walk, root)) {
        return false;
    }
    let mut mounts = 0;
    while mounts < MOUNTS {
        match path::step(walk) {
            // As the root file system covers the first one.
            Some(Step::Mount) => mounts += 1,
            Some(Step::End) => return true,
            Some(Step::Name(_) | Step::Detached(_)) | None => return false,
        }
    }
    false
}

/// Whether resolving the path from `begin` on changes nothing: it has no empty names, no `.` and no `..`.
#[inline(always)]
fn is_plain(facts: &mut Facts, begin: usize) -> bool {
    let mut n = 0;
    while n < ASKED as usize {
        let state = get!(facts, scan);
        let next = match facts.texts[TEXT].bytes[begin + n] {
            0 => return state == scan::NAME,
            b'/' if state != scan::NAME => return false,
            b'/' => scan::SLASH,
            b'.' if state < scan::DOTS => state + 1,
            _ => scan::NAME,
        };
        set!(facts, scan, next);
        n += 1;
    }
    false
}
