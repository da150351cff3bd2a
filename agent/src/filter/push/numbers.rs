// SPDX-License-Identifier: Apache-2.0
//! Comparisons of numbers.
#![expect(clippy::wildcard_enum_match_arm, reason = "what is not named is left to userspace")]

use std::ops::RangeInclusive;

use agent_common::predicate::{Op, Source, Test, Width};

use super::{approx::Approx, formula::Formula, sets::Sets};
use crate::filter::condition::Wanted;

/// Where the kernel has a number, and how it compares it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    source: Source,
    arg: u8,
    width: Width,
    offset: u32,
    signed: bool,
    /// The values of the field: first, last, and what is added to them to get the kernel's number.
    spans: &'static [(i128, i128, i128)],
}

const U16: (i128, i128) = (0, u16::MAX as i128);
const U32: (i128, i128) = (0, u32::MAX as i128);
const I32: (i128, i128) = (i32::MIN as i128, i32::MAX as i128);
const I64: (i128, i128) = (i64::MIN as i128, i64::MAX as i128);
const U64: (i128, i128) = (0, u64::MAX as i128);
/// `-1` is shown for the largest.
const MINUS_ONE: i128 = u32::MAX as i128 + 1;

impl Place {
    const fn header(source: Source, signed: bool, spans: &'static [(i128, i128, i128)]) -> Self {
        Self { source, arg: 0, width: Width::U64, offset: 0, signed, spans }
    }

    /// The result.
    pub(super) const RET: Self = Self::header(Source::Ret, true, &[(I64.0, I64.1, 0)]);

    /// An id of 32 bits.
    pub(super) const fn id(source: Source) -> Self {
        Self::header(source, false, &[(U32.0, U32.1, 0)])
    }

    /// The CPU.
    pub(super) const CPU: Self = Self::header(Source::Cpu, false, &[(U16.0, U16.1, 0)]);

    /// The login uid: the kernel's number is sign-extended, the field's only for nobody.
    pub(super) const LOGIN: Self =
        Self::header(Source::LoginUid, true, &[(-1, I32.1, 0), (I32.1 + 1, U32.1 - 1, -MINUS_ONE)]);

    /// An inode number.
    pub(super) const INODE: Self = Self::header(Source::ExeInode, false, &[(U64.0, U64.1, 0)]);

    const fn arg(arg: u8, width: Width, signed: bool, spans: &'static [(i128, i128, i128)]) -> Self {
        Self { source: Source::Arg, arg, width, offset: 0, signed, spans }
    }

    /// A register that holds an `int`.
    pub(super) const fn int(at: u8) -> Self {
        Self::arg(at, Width::I32, true, &[(I32.0, I32.1, 0)])
    }

    /// A register that holds an `unsigned int`.
    pub(super) const fn uint(at: u8) -> Self {
        Self::arg(at, Width::U32, false, &[(U32.0, U32.1, 0)])
    }

    /// A register that holds a `long`.
    pub(super) const fn long(at: u8) -> Self {
        Self::arg(at, Width::U64, true, &[(I64.0, I64.1, 0)])
    }

    /// A whole register.
    pub(super) const fn ulong(at: u8) -> Self {
        Self::arg(at, Width::U64, false, &[(U64.0, U64.1, 0)])
    }

    /// A register that holds a user or group id, -1 among them.
    pub(super) const fn owner(at: u8) -> Self {
        Self::arg(at, Width::U32, false, &[(0, U32.1 - 1, 0), (-1, -1, MINUS_ONE)])
    }

    /// A word of the struct that a register points to.
    pub(super) const fn memory(at: u8, offset: u32) -> Self {
        Self { source: Source::Memory, offset, ..Self::ulong(at) }
    }

    /// The port of either end of a socket.
    pub(super) const PORT: Self = Self::header(Source::Port, false, &[(U16.0, U16.1, 0)]);

    fn plain(&self, op: Op) -> Test {
        Test {
            source: self.source as u8,
            op: op as u8,
            arg: self.arg,
            width: self.width as u8,
            offset: self.offset,
            ..Test::default()
        }
    }

    /// A test of it.
    pub(super) fn test(&self, op: Op, a: u64, b: u64) -> Formula {
        Formula::Test(Test { a, b, ..self.plain(op) })
    }

    /// Whether the field is in a range.
    pub(super) fn range(&self, range: &RangeInclusive<i128>) -> Formula {
        let part = |(first, last, add): &(i128, i128, i128)| {
            let (low, high) = (*range.start().max(first), *range.end().min(last));
            if low > high {
                return Formula::Const(false);
            }
            if (low, high) == (*first, *last) && self.spans.len() == 1 {
                return Formula::Const(true);
            }
            let op = if self.signed { Op::Range } else { Op::UnsignedRange };
            self.test(op, (low + add) as u64, (high + add) as u64)
        };
        Formula::any(self.spans.iter().map(part))
    }

    /// Whether the field is one of these; `None` when there is no room for a set.
    pub(super) fn any_of(&self, numbers: impl IntoIterator<Item = i128>, sets: &mut Sets) -> Option<Formula> {
        let kernels = |number: i128| {
            let span = self.spans.iter().find(|(first, last, _)| (*first..=*last).contains(&number))?;
            Some((number + span.2) as u64)
        };
        self.kernels_any_of(numbers.into_iter().filter_map(kernels).collect(), sets)
    }

    /// Whether the kernel's number is one of these.
    pub(super) fn kernels_any_of(&self, mut numbers: Vec<u64>, sets: &mut Sets) -> Option<Formula> {
        numbers.sort_unstable();
        numbers.dedup();
        match *numbers {
            [] => Some(Formula::Const(false)),
            [one] => Some(self.test(if self.signed { Op::Range } else { Op::UnsignedRange }, one, one)),
            _ => {
                let set = sets.numbers(numbers)?;
                Some(Formula::Test(Test { set, ..self.plain(Op::In) }))
            }
        }
    }

    /// A comparison of the field.
    pub(super) fn compare(&self, wanted: &Wanted, sets: &mut Sets) -> Option<Approx> {
        Some(Approx::exact(match wanted {
            Wanted::Range(range) => self.range(range),
            Wanted::NotNumber(number) => self.range(&(*number..=*number)).negated(),
            Wanted::Numbers(numbers) => self.any_of(numbers.iter().copied(), sets)?,
            _ => return None,
        }))
    }
}
