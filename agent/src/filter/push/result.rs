// SPDX-License-Identifier: Apache-2.0
//! Comparisons of a call's result.

use agent_common::predicate::Op;

use super::{Facts, approx::Approx, formula::Formula, numbers::Place};
use crate::{
    decode::symbols,
    fields::value::Value,
    filter::condition::{Test, Wanted},
};

/// The largest error: <https://github.com/torvalds/linux/blob/v6.12/include/linux/err.h#L18>
const MAX_ERRNO: i32 = 4095;

impl Facts<'_> {
    /// Whether the call failed.
    pub(super) fn failed() -> Formula {
        let lowest = -i64::from(MAX_ERRNO);
        Place::RET.test(Op::Range, lowest.cast_unsigned(), (-1_i64).cast_unsigned())
    }

    /// Whether the call succeeded, and its result is a count or a descriptor.
    pub(super) fn succeeded() -> Formula {
        Place::RET.test(Op::Range, 0, i64::MAX.cast_unsigned())
    }

    /// `evt.res`: tried with each of its values, but once for all syscalls.
    pub(super) fn outcome(&mut self, index: usize, test: &Test) -> Option<Approx> {
        if let Some(known) = self.sets.outcomes.get(&index) {
            return known.clone();
        }
        let outcome = self.try_outcomes(test);
        self.sets.outcomes.insert(index, outcome.clone());
        outcome
    }

    /// `evt.res`: tried with each of its values.
    pub(super) fn try_outcomes(&mut self, test: &Test) -> Option<Approx> {
        let takes = |errno: i32| {
            let text = errno_text(errno);
            self.accepts(test, Value::Text(&text))
        };
        let success = self.accepts(test, Value::Text(b"SUCCESS"));
        let (taken, left): (Vec<i32>, Vec<i32>) = (1..=MAX_ERRNO).partition(|errno| takes(*errno));
        let results = |errors: &[i32]| errors.iter().map(|errno| i128::from(-errno)).collect::<Vec<_>>();
        if taken.is_empty() || left.is_empty() {
            let failed = if left.is_empty() { Self::failed() } else { Formula::Const(false) };
            let succeeded = if success { Self::failed().negated() } else { Formula::Const(false) };
            return Some(Approx::exact(match (success, left.is_empty()) {
                (true, true) => Formula::Const(true),
                _ => Formula::any([failed, succeeded]),
            }));
        }
        let formula = if success {
            Place::RET.any_of(results(&left), self.sets)?.negated()
        } else {
            Place::RET.any_of(results(&taken), self.sets)?
        };
        Some(Approx::exact(formula))
    }

    /// The result as text: an error's name or a number.
    pub(super) fn result_text(&mut self, test: &Test) -> Option<Approx> {
        let literals = super::args::literals(&test.wanted)?;
        let candidates = literals.iter().flat_map(|literal| {
            let named =
                (1..=MAX_ERRNO).filter(|errno| errno_name(*errno) == Some(*literal)).map(|errno| i64::from(-errno));
            let number = std::str::from_utf8(literal).ok().and_then(|text| text.parse::<i64>().ok());
            named.chain(number.filter(|number| result_text(*number) == *literal))
        });
        let candidates: Vec<i128> = candidates.map(i128::from).collect();
        let formula = Place::RET.any_of(candidates, self.sets)?;
        Some(Approx::exact(if matches!(test.wanted, Wanted::NotText(_)) { formula.negated() } else { formula }))
    }

    /// How many errors an event stands for: 0 or 1.
    pub(super) fn error_count(&self, test: &Test) -> Formula {
        match [0, 1].map(|count| self.accepts(test, Value::Uint(count))) {
            [true, true] => Formula::Const(true),
            [false, true] => Self::failed(),
            [true, false] => Self::failed().negated(),
            [false, false] => Formula::Const(false),
        }
    }
}

fn errno_name(errno: i32) -> Option<&'static [u8]> {
    symbols::errno(errno).map(str::as_bytes)
}

/// What `evt.res` is for an error.
fn errno_text(errno: i32) -> Vec<u8> {
    errno_name(errno).map_or_else(|| (-errno).to_string().into_bytes(), <[u8]>::to_vec)
}

/// What `evt.arg.res` is for a result.
fn result_text(ret: i64) -> Vec<u8> {
    let errno = if (-i64::from(MAX_ERRNO)..0).contains(&ret) { errno_name(-ret as i32) } else { None };
    errno.map_or_else(|| ret.to_string().into_bytes(), <[u8]>::to_vec)
}
