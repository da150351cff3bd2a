// SPDX-License-Identifier: Apache-2.0
//! Ends of tasks that were not known: a scan of `/proc` or a late record may still tell of their life.

use agent_common::record::Header;

use crate::{
    decode::state::Exit,
    metadata::{bounded::Bounded, proc_scan::same_start},
};

/// How many are remembered.
const REMEMBERED: usize = 1 << 14;

#[derive(Clone, Copy, Debug)]
struct End {
    /// When the task was made that ended.
    start: u64,
    /// Whether the id is another task's of the same process, made before.
    earlier: bool,
    /// When it ended.
    at: u64,
}

/// The ends.
#[derive(Debug)]
pub(super) struct Exited(Bounded<u32, End>);

impl Default for Exited {
    fn default() -> Self {
        Self(Bounded::new(REMEMBERED))
    }
}

impl Exited {
    pub(super) fn note(&mut self, header: &Header, exit: &Exit) {
        let end = End { start: exit.start, earlier: false, at: header.ts };
        if header.tid != header.tgid {
            self.0.insert(header.tid, end);
        }
        if exit.live == 0 {
            self.0.insert(header.tgid, End { earlier: header.tid != header.tgid, ..end });
        }
    }

    /// When the task with this id that was made at `start` ended, if it did.
    pub(super) fn ended_at(&self, id: u32, start: u64) -> Option<u64> {
        let end = self.0.peek(id)?;
        (same_start(start, end.start) || (end.earlier && start <= end.start)).then_some(end.at)
    }
}
