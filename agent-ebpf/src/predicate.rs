// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! The kernel's part of the condition: whether a call that was admitted is kept. See [`agent_common::predicate`].
//!
//! Twice, where costly facts are asked for: first as if they were unknown, which decides most calls, then with them.

mod asked;
pub(crate) mod facts;
mod gather;
mod socket;
mod spell;

use core::ffi::c_void;

use agent_common::{
    kernel::Field,
    options::hook::ENTER,
    predicate::{KEEP, Op, Predicate, REFUSE, Source, TESTS, Test, compare, extend},
    record::result,
    schema::Abi,
};
use aya_ebpf::helpers::bpf_get_current_task;

use self::facts::{Answer, Facts};
pub(crate) use self::{asked::asked, gather::gather};
use crate::{
    fill::value,
    kernel::{pointer, read},
    lane::{Lane, judged},
    maps::{CGROUPS, NUMBERS, PREDICATES},
    regs,
};

/// What is to become of a call.
pub(crate) enum Decision {
    /// It is recorded.
    Keep,
    /// It is not.
    Refuse,
    /// Facts are to be gathered first.
    Gather,
}

/// The predicate of the call in a lane.
#[inline(always)]
fn of(lane: &Lane) -> Option<&'static Predicate> {
    PREDICATES.get(lane.predicate.wrapping_sub(1))
}

/// Decides on the call in the lane, as far as facts are there.
#[inline(always)]
pub(crate) fn decide(cpu: u32, hook: u32, lane: &Lane) -> Decision {
    let (Some(predicate), Some(facts)) = (of(lane), facts::of_lane(cpu, hook)) else { return Decision::Keep };
    facts.begin(lane);
    if !keeps(predicate, hook, lane, facts) {
        return Decision::Refuse;
    }
    if lane.judged == judged::FIRST && predicate.needs != 0 { Decision::Gather } else { Decision::Keep }
}

/// Goes through the tests.
#[inline(always)]
fn keeps(predicate: &Predicate, hook: u32, lane: &Lane, facts: &mut Facts) -> bool {
    let (mut at, mut steps) = (0_usize, 0);
    while steps < TESTS {
        let test = &predicate.tests[at & (TESTS - 1)];
        let passes = match holds(test, hook, lane, facts) {
            Answer::Unknown => true,
            Answer::Yes => test.negate == 0,
            Answer::No => test.negate != 0,
        };
        match if passes { test.yes } else { test.no } {
            KEEP => return true,
            REFUSE => return false,
            next => at = next as usize,
        }
        steps += 1;
    }
    true
}

/// Whether the comparison holds, negation aside.
#[inline(always)]
fn holds(test: &Test, hook: u32, lane: &Lane, facts: &mut Facts) -> Answer {
    match Source::from_raw(test.source) {
        Some(Source::Cgroup) => cgroup(test, lane),
        Some(Source::Class) => facts.class_is_in(test.a),
        Some(Source::Text) => facts.text(test),
        Some(Source::Address) => facts.address(test),
        Some(Source::Port) => facts.port(test),
        Some(source) => match number(source, test, hook, lane) {
            Some(value) => Answer::of(number_holds(test, value)),
            None => Answer::Unknown,
        },
        None => Answer::Unknown,
    }
}

/// Whether a number is what the test asks for.
#[inline(always)]
fn number_holds(test: &Test, value: u64) -> bool {
    if test.op == Op::In as u8 {
        // SAFETY: membership only; the value is never looked at.
        unsafe { NUMBERS.get([u64::from(test.set), value]) }.is_some()
    } else {
        compare(test, value)
    }
}

/// What was decided of the call's cgroup.
#[inline(always)]
fn cgroup(test: &Test, lane: &Lane) -> Answer {
    // SAFETY: copied at once; userspace replaces it as a whole.
    let decided = unsafe { CGROUPS.get(lane.header.cgroup_id) }.copied().unwrap_or(0) >> (test.a & 31);
    match (decided & 1, (decided >> 32) & 1) {
        (0, _) => Answer::Unknown,
        (_, 0) => Answer::No,
        _ => Answer::Yes,
    }
}

/// The number that is compared.
#[inline(always)]
fn number(source: Source, test: &Test, hook: u32, lane: &Lane) -> Option<u64> {
    let header = &lane.header;
    Some(match source {
        Source::Ret if hook == ENTER => return None,
        Source::Ret if lane.abi == Abi::Native as u32 => header.ret as u64,
        Source::Ret => result(Abi::I386, header.ret) as u64,
        Source::Tgid => u64::from(header.tgid),
        Source::Tid => u64::from(header.tid),
        Source::Ppid => u64::from(header.ppid),
        Source::Uid => u64::from(header.uid),
        Source::Gid => u64::from(header.gid),
        Source::Cpu => u64::from(header.cpu),
        Source::Euid => u64::from(credential(Field::CredEuid)?),
        Source::Egid => u64::from(credential(Field::CredEgid)?),
        Source::LoginUid => extend(u64::from(read::<u32>(current(), Field::TaskLoginuid)?), 1),
        Source::ExeInode => {
            let exe = pointer(pointer(current(), Field::TaskMm)?, Field::MmExeFile)?;
            read::<u64>(pointer(exe, Field::FileInode)?, Field::InodeIno)?
        }
        Source::Arg => extend(regs::any(lane, test.arg), test.width),
        Source::Memory => {
            let at = regs::any(lane, test.arg).wrapping_add(u64::from(test.offset));
            extend(if test.width == 2 { value::<u64>(at)? } else { u64::from(value::<u32>(at)?) }, test.width)
        }
        Source::Cgroup | Source::Class | Source::Text | Source::Address | Source::Port => return None,
    })
}

/// The current task.
#[inline(always)]
fn current() -> *const c_void {
    // SAFETY: a helper without arguments.
    unsafe { bpf_get_current_task() as *const c_void }
}

/// An id of the current task's own credentials, which are those that state records tell.
#[inline(always)]
fn credential(field: Field) -> Option<u32> {
    read(pointer(current(), Field::TaskRealCred)?, field)
}
