// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! The path of a file as text, from the root on: what the agent makes of the names that it is told.

use agent_common::state::PATH_NAMES;
use aya_ebpf::helpers::generated::bpf_probe_read_kernel_str;

use super::facts::{Facts, TEXT, get, known, set};
use crate::{
    fill::bound,
    path::{self, Place, Step},
    room::NAME,
};

/// The longest path that is spelt: a whole name more, and what a call adds to it, must fit.
pub(crate) const LONGEST: u64 = TEXT as u64 - 2 * NAME as u64;

/// Spells `path` as text number `which`; the answer is a value of [`known`]. Removed files, those in no directory and
/// those on what is not mounted any more are unknown: the agent marks their names, or knows them by older ones.
#[inline(always)]
pub(super) fn spell(facts: &mut Facts, which: usize, place: Place) -> u32 {
    let walk = &raw mut facts.walk;
    if !path::begin(walk, place) || path::is_deleted(place) {
        return known::UNKNOWN;
    }
    // Names come from the last to the first.
    set!(facts, count, 0);
    let (mut steps, mut ended) = (0, false);
    while steps < PATH_NAMES {
        match path::step(walk) {
            Some(Step::Name(name)) => {
                let count = get!(facts, count);
                facts.names[count as usize & (PATH_NAMES as usize - 1)] = name;
                set!(facts, count, count + 1);
            }
            Some(Step::Mount) => {}
            Some(Step::End) => {
                ended = true;
                break;
            }
            Some(Step::Detached(_)) | None => break,
        }
        steps += 1;
    }
    // What was unmounted lazily keeps its old name in the agent.
    if !ended || !path::is_mounted(walk) {
        return known::UNKNOWN;
    }
    set!(facts, at, 0);
    let mut n = 0;
    while n < PATH_NAMES {
        let left = get!(facts, count);
        if left == 0 {
            break;
        }
        set!(facts, count, left - 1);
        let name = facts.names[(left - 1) as usize & (PATH_NAMES as usize - 1)];
        let at = get!(facts, at);
        if at > LONGEST {
            return known::UNKNOWN;
        }
        let from = bound(at, LONGEST) as usize;
        let text = facts.texts[which].bytes.as_mut_ptr();
        // SAFETY: there is room for a slash and a name behind the longest path; the helper checks the source.
        let read = unsafe {
            text.add(from).write(b'/');
            bpf_probe_read_kernel_str(text.add(from + 1).cast(), NAME, name as *const _)
        };
        if read <= 0 {
            return known::UNKNOWN;
        }
        // The NUL counts for the slash.
        set!(facts, at, at + read as u64);
        n += 1;
    }
    let mut at = get!(facts, at);
    let text = &mut facts.texts[which];
    if at == 0 {
        text.bytes[0] = b'/';
        text.bytes[1] = 0;
        at = 1;
    }
    text.len = at as u32;
    known::WHOLE
}
