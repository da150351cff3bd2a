// SPDX-License-Identifier: Apache-2.0
//! When there is something to tell of calls that are shed. A ring under a flood fills and is emptied many times a second, so
//! that calls are shed now and again; what is told is that it began, that more classes are shed, and, once no call was shed
//! for a while, that it is over.

use agent_common::shed::{CLASSES, QUIET};

use crate::event::{Phase, Shed};

/// What a CPU has shed so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The CPU.
    pub cpu: u32,
    /// Calls by class.
    pub calls: [u64; CLASSES],
    /// Boot time since when calls were shed without a break.
    pub since: u64,
    /// Boot time of the last one.
    pub last: u64,
}

/// What was told of a CPU.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    /// What it had shed when that was over the last time.
    before: [u64; CLASSES],
    /// What it had shed when it was looked at last.
    seen: [u64; CLASSES],
    /// Since when calls are shed, if they are.
    since: Option<u64>,
}

impl Told {
    /// What was shed since that was over the last time.
    fn calls(&self, reading: &Reading) -> [u64; CLASSES] {
        std::array::from_fn(|class| reading.calls[class].saturating_sub(self.before[class]))
    }
}

/// Follows what CPUs shed.
#[derive(Debug, Default)]
pub struct Watch {
    cpus: Vec<Told>,
    /// Boot time at which it was looked.
    looked: u64,
}

impl Watch {
    /// What there is to tell at boot time `now`, by what the CPUs have shed.
    pub fn look(&mut self, now: u64, readings: &[Reading]) -> Vec<Shed> {
        let looked = std::mem::replace(&mut self.looked, now);
        let missed = now.saturating_sub(looked) > QUIET;
        readings.iter().filter_map(|reading| self.follow(reading, now, missed.then_some(looked))).collect()
    }

    /// What there is to tell when the run ends.
    pub fn end(&mut self, readings: &[Reading]) -> Vec<Shed> {
        let ended = |reading: &Reading| {
            let told = self.told(reading.cpu);
            let calls = told.calls(reading);
            let since = told.since.unwrap_or(reading.since);
            *told = Told { before: reading.calls, seen: reading.calls, since: None };
            (calls != [0; CLASSES]).then_some(Shed {
                cpu: reading.cpu,
                phase: Phase::End,
                calls,
                since,
                until: Some(reading.last),
            })
        };
        readings.iter().filter_map(ended).collect()
    }

    fn told(&mut self, cpu: u32) -> &mut Told {
        let at = cpu as usize;
        if self.cpus.len() <= at {
            self.cpus.resize(at + 1, Told::default());
        }
        &mut self.cpus[at]
    }

    /// `missed` is since when nobody looked, when that is so long that there may have been a break.
    fn follow(&mut self, reading: &Reading, now: u64, missed: Option<u64>) -> Option<Shed> {
        let told = self.told(reading.cpu);
        let calls = told.calls(reading);
        let shed = |phase, since, until| Some(Shed { cpu: reading.cpu, phase, calls, since, until });
        let more = (0..CLASSES).any(|class| calls[class] > 0 && told.seen[class] == told.before[class]);
        let new = reading.calls != told.seen;
        told.seen = reading.calls;
        match told.since {
            None if new => {
                let since = missed.map_or(reading.since, |missed| missed.min(reading.since));
                told.since = Some(since);
                shed(Phase::Begin, since, None)
            }
            Some(since) if more => shed(Phase::More, since, None),
            Some(since) if !new && now.saturating_sub(reading.last) > QUIET => {
                told.since = None;
                told.before = reading.calls;
                shed(Phase::End, since, Some(reading.last))
            }
            None | Some(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn reading(calls: [u64; CLASSES], since: u64, last: u64) -> Reading {
        Reading { cpu: 1, calls, since, last }
    }

    fn shed(phase: Phase, calls: [u64; CLASSES], since: u64, until: Option<u64>) -> Vec<Shed> {
        vec![Shed { cpu: 1, phase, calls, since, until }]
    }

    /// Looks every fifth of a second until `until`.
    fn idle(watch: &mut Watch, from: u64, until: u64, reading: Reading) {
        for now in (from..until).step_by(SECOND as usize / 5) {
            assert_eq!(watch.look(now, &[reading]), []);
        }
    }

    #[test]
    fn it_begins_and_ends() {
        let mut watch = Watch::default();
        idle(&mut watch, 0, 5 * SECOND, Reading::default());
        let begun = 5 * SECOND - 7;
        let first = reading([4, 0, 0, 0, 0], begun, begun + 5);
        assert_eq!(watch.look(5 * SECOND, &[first]), shed(Phase::Begin, [4, 0, 0, 0, 0], begun, None));
        assert_eq!(watch.look(5 * SECOND + 1, &[first]), [], "it may go on");
        let last = 5 * SECOND + 3;
        assert_eq!(watch.look(5 * SECOND + 4, &[reading([9, 0, 0, 0, 0], begun, last)]), []);
        let more = reading([9, 1, 0, 0, 0], begun, last);
        assert_eq!(watch.look(5 * SECOND + 5, &[more]), shed(Phase::More, [9, 1, 0, 0, 0], begun, None));
        idle(&mut watch, 5 * SECOND + 6, last + SECOND, more);
        assert_eq!(watch.look(last + SECOND + 1, &[more]), shed(Phase::End, [9, 1, 0, 0, 0], begun, Some(last)));
        idle(&mut watch, last + SECOND + 2, 8 * SECOND, more);
        // Once more, and nothing of the first time is told again.
        let again = reading([9, 1, 2, 0, 0], 8 * SECOND, 8 * SECOND);
        assert_eq!(watch.look(8 * SECOND, &[again]), shed(Phase::Begin, [0, 0, 2, 0, 0], 8 * SECOND, None));
        assert_eq!(watch.end(&[again]), shed(Phase::End, [0, 0, 2, 0, 0], 8 * SECOND, Some(8 * SECOND)));
        assert_eq!(watch.end(&[again]), []);
    }

    #[test]
    fn what_nobody_looked_at_is_told_at_the_end() {
        let mut watch = Watch::default();
        let reading = reading([0, 0, 0, 0, 3], 5, 6);
        assert_eq!(watch.end(&[reading]), shed(Phase::End, [0, 0, 0, 0, 3], 5, Some(6)));
    }

    #[test]
    fn a_break_that_nobody_saw_does_not_move_the_beginning() {
        let mut watch = Watch::default();
        assert_eq!(watch.look(SECOND, &[Reading::default()]), []);
        // Stopped for nine seconds, in which calls were shed at first and at last.
        let late = reading([5, 0, 0, 0, 0], 9 * SECOND, 10 * SECOND);
        assert_eq!(watch.look(10 * SECOND, &[late]), shed(Phase::Begin, [5, 0, 0, 0, 0], SECOND, None));
    }

    #[test]
    fn every_cpu_is_told_of_by_itself() {
        let mut watch = Watch::default();
        let of = |cpu, calls: u64| Reading { cpu, calls: [calls, 0, 0, 0, 0], since: 1, last: 1 };
        let told = watch.look(2, &[of(0, 0), of(1, 3), of(2, 4)]);
        assert_eq!(told.iter().map(|shed| (shed.cpu, shed.calls[0])).collect::<Vec<_>>(), [(1, 3), (2, 4)]);
    }
}
