// SPDX-License-Identifier: Apache-2.0
//! Events of a container or a pod that is not known yet wait here for its name, for a bounded while. Everybody else's go
//! on.

use std::{collections::VecDeque, time::Instant};

use super::order::Entry;
use crate::metadata::Subject;

/// Events that wait at most; what comes on top pushes the oldest out.
const MOST: usize = 4096;
/// Bytes of the events that wait at most.
const MOST_BYTES: usize = 8 << 20;

/// An event that waits.
#[derive(Debug)]
pub(super) struct Held {
    /// Its place in the stream.
    pub(super) entry: Entry,
    /// Its record.
    pub(super) bytes: Vec<u8>,
    /// Its number in the run.
    pub(super) num: u64,
    /// Who made it and on what, as it was then.
    pub(super) subject: Subject,
    until: Instant,
}

/// The events that wait, in the order of their times.
#[derive(Debug, Default)]
pub(super) struct Hold {
    queue: VecDeque<Held>,
    bytes: usize,
}

impl Hold {
    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Takes an event in, to wait until `until`. When there are too many, the oldest must go.
    pub(super) fn push(
        &mut self,
        entry: Entry,
        bytes: &[u8],
        num: u64,
        subject: Subject,
        until: Instant,
    ) -> Option<Held> {
        self.bytes += bytes.len();
        self.queue.push_back(Held { entry, bytes: bytes.to_vec(), num, subject, until });
        if self.queue.len() > MOST || self.bytes > MOST_BYTES { self.take(0) } else { None }
    }

    /// An event that need not wait any longer, because of its time or since nothing `is_pending` of it; the oldest first.
    pub(super) fn pop(&mut self, now: Instant, is_pending: impl Fn(&Subject) -> bool) -> Option<Held> {
        let at = self.queue.iter().position(|held| held.until <= now || !is_pending(&held.subject))?;
        self.take(at)
    }

    fn take(&mut self, at: usize) -> Option<Held> {
        let held = self.queue.remove(at)?;
        self.bytes -= held.bytes.len();
        Some(held)
    }

    /// When an event is ready at the latest; `None` when nothing waits.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.queue.iter().map(|held| held.until).min()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn events_wait_in_order_and_not_too_long() {
        let (mut hold, now) = (Hold::default(), Instant::now());
        let later = now + Duration::from_secs(1);
        for num in 1..=3 {
            let subject = Subject { renamed: num == 2, ..Subject::default() };
            assert!(hold.push(Entry::at(num), b"record", num, subject, later).is_none());
        }
        assert_eq!(hold.deadline(), Some(later));
        assert_eq!(hold.pop(now, |_| true).map(|held| held.num), None);
        assert_eq!(hold.pop(now, |subject| !subject.renamed).map(|held| held.num), Some(2));
        assert_eq!(hold.pop(later, |_| true).map(|held| held.num), Some(1));
        assert_eq!(hold.pop(now, |_| false).map(|held| held.num), Some(3));
        assert!(hold.pop(later, |_| false).is_none() && hold.is_empty() && hold.deadline().is_none());
    }

    #[test]
    fn too_many_push_the_oldest_out() {
        let (mut hold, now) = (Hold::default(), Instant::now());
        let mut out = Vec::new();
        for num in 0..MOST as u64 + 2 {
            out.extend(hold.push(Entry::at(num), b"record", num, Subject::default(), now).map(|held| held.num));
        }
        assert_eq!(out, [0, 1]);
        let large = vec![0; MOST_BYTES];
        assert_eq!(hold.push(Entry::at(9), &large, 9, Subject::default(), now).map(|held| held.num), Some(2));
    }
}
