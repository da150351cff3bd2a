// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! Gathers what a call's predicate asks for.

use core::ffi::c_void;

use agent_common::{
    kernel::Field,
    predicate::{NO_ARG, Predicate, Text, class, need},
    state::plan,
};

use super::{
    facts::{Facts, TEXT, known},
    socket,
    spell::spell,
};
use crate::{
    files::{self, S_IFMT, S_IFSOCK},
    fill::mem,
    kernel::{offset, pointer, read},
    lane::Lane,
    path::{self, Place, Step},
    regs,
};

const S_IFDIR: u16 = 0o040_000;
const S_IFIFO: u16 = 0o010_000;

/// What must be known of the kernel's layout to find a file. Where it is not, a file that is not found may be there.
const LOOKED_AT: [Field; 10] = [
    Field::TaskFiles,
    Field::FilesFdt,
    Field::FdtMax,
    Field::FdtFd,
    Field::FileInode,
    Field::FilePath,
    Field::InodeMode,
    Field::FilePrivate,
    Field::SocketSk,
    Field::SkFamily,
];

/// Gathers the facts; true when the path that the call asks for is among them, which is another program's work.
#[inline(always)]
pub(crate) fn gather(task: *const c_void, cpu: u32, hook: u32, lane: &Lane) -> bool {
    let (Some(predicate), Some(facts)) = (super::of(lane), super::facts::of_lane(cpu, hook)) else { return false };
    let needs = predicate.needs;
    if needs & need::ARG0 != 0 {
        string(facts, Text::Arg0 as usize, lane, predicate.texts[0]);
    }
    if needs & need::ARG1 != 0 {
        string(facts, Text::Arg1 as usize, lane, predicate.texts[1]);
    }
    if needs & (need::FILE | need::CLASS | need::SOCKET) == 0
        || !LOOKED_AT.into_iter().all(|field| offset(field).is_some())
    {
        return predicate.path != NO_ARG && needs & need::ASKED != 0;
    }
    let found = file(task, predicate, lane, facts);
    // It failed, or another thread has closed it already.
    let asked = predicate.opens != 0 && !found;
    if asked {
        facts.texts[Text::File as usize].state = known::ASKED;
        // Fields take it for a file by one name, and for nothing by another.
        facts.class_known = 0;
    }
    predicate.path != NO_ARG && (needs & need::ASKED != 0 || (asked && needs & need::FILE != 0))
}

/// The string that register argument `register` points to.
#[inline(always)]
fn string(facts: &mut Facts, which: usize, lane: &Lane, register: u8) {
    let from = regs::any(lane, register);
    let text = &mut facts.texts[which];
    if from == 0 {
        text.state = known::MISSING;
        return;
    }
    let read = mem::string(text.bytes.as_mut_ptr().cast(), TEXT as u32, from);
    if read > 0 {
        text.len = read as u32 - 1;
        text.state = if read as usize >= TEXT { known::CUT } else { known::WHOLE };
    }
}

/// The file that the call is about: the one that it makes, or its first; false when there is none.
#[inline(always)]
fn file(task: *const c_void, predicate: &Predicate, lane: &Lane, facts: &mut Facts) -> bool {
    let place = if lane.plan & plan::MAKES != 0 { plan::RESULT } else { (lane.plan >> plan::FIRST) & plan::PLACE };
    let file = files::descriptor(lane, place).and_then(|fd| files::open(task, fd));
    facts.class = 0;
    facts.class_known = 1;
    facts.texts[Text::File as usize].state = known::MISSING;
    facts.socket = known::WHOLE;
    facts.ends[0].there = 0;
    facts.ends[1].there = 0;
    facts.ends[2].there = 0;
    let Some(file) = file else { return false };
    let mode = pointer(file, Field::FileInode).and_then(|inode| read::<u16>(inode, Field::InodeMode)).unwrap_or(0);
    if mode & S_IFMT == S_IFSOCK {
        socket::gather(file, predicate, lane, facts);
        return true;
    }
    let path = Place::of(file, Field::FilePath);
    facts.texts[Text::File as usize].state = match path {
        Some(path) if predicate.needs & need::FILE != 0 => spell(facts, Text::File as usize, path),
        _ => known::UNKNOWN,
    };
    match mode & S_IFMT {
        S_IFDIR => facts.class = class::DIRECTORY,
        S_IFIFO => facts.class = class::PIPE,
        _ => {
            facts.class = class::FILE;
            let walk = &raw mut facts.walk;
            let first = path.filter(|path| path::begin(walk, *path)).and_then(|_| path::step(walk));
            // In no directory: the kernel's own files, memfds, and what stands for namespaces.
            if !matches!(first, Some(Step::Name(_) | Step::Mount | Step::End)) {
                facts.class_known = 0;
            }
        }
    }
    true
}
