// SPDX-License-Identifier: Apache-2.0
//! From a formula to tests that lead on to one another.

use agent_common::predicate::{KEEP, REFUSE, TESTS, Test};

use super::formula::Formula;

/// The formula as tests that lead on to one another, forward only; as many as it has.
pub(super) fn lower(formula: &Formula) -> Vec<Test> {
    let mut tests = Vec::new();
    emit(formula, KEEP, REFUSE, &mut tests);
    tests
}

/// Appends tests that go to `yes` when the formula holds, else to `no`.
fn emit(formula: &Formula, yes: u8, no: u8, tests: &mut Vec<Test>) {
    match formula {
        // Only a whole formula is constant, and then there is nothing to test.
        Formula::Const(_) => {}
        Formula::Test(test) => tests.push(Test { yes, no, ..*test }),
        Formula::And(parts) => chain(parts, tests, |next, last, part, tests| {
            emit(part, if last { yes } else { next }, no, tests);
        }),
        Formula::Or(parts) => chain(parts, tests, |next, last, part, tests| {
            emit(part, yes, if last { no } else { next }, tests);
        }),
    }
}

/// Emits part after part; each is told where the next begins.
fn chain(parts: &[Formula], tests: &mut Vec<Test>, each: impl Fn(u8, bool, &Formula, &mut Vec<Test>)) {
    for (i, part) in parts.iter().enumerate() {
        let next = tests.len() + part.len();
        each(next as u8, i + 1 == parts.len(), part, tests);
    }
}

/// The formula, or a weaker one that is not too long: without the costliest of what must hold.
pub(super) fn shortened(formula: Formula) -> Formula {
    if formula.len() <= TESTS {
        return formula;
    }
    let Formula::And(mut parts) = formula else { return Formula::Const(true) };
    while parts.iter().map(Formula::len).sum::<usize>() > TESTS {
        let costliest = parts.iter().enumerate().max_by_key(|(_, part)| (part.cost(), part.len())).map(|(i, _)| i);
        match costliest {
            Some(i) => drop(parts.remove(i)),
            None => break,
        }
    }
    Formula::all(parts)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A formula over the numbered facts of `a`.
    fn formulas() -> impl Strategy<Value = Formula> {
        let leaf = prop_oneof![
            (0_u64..8, 0_u8..2).prop_map(|(a, negate)| Formula::Test(Test { a, negate, ..Test::default() })),
            any::<bool>().prop_map(Formula::Const),
        ];
        leaf.prop_recursive(5, 80, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Formula::all),
                prop::collection::vec(inner.clone(), 0..5).prop_map(Formula::any),
                inner.prop_map(Formula::negated),
            ]
        })
    }

    fn passes(test: &Test, facts: u8) -> bool {
        ((facts >> test.a) & 1 != 0) != (test.negate == 1)
    }

    fn holds(formula: &Formula, facts: u8) -> bool {
        match formula {
            Formula::Const(value) => *value,
            Formula::And(parts) => parts.iter().all(|part| holds(part, facts)),
            Formula::Or(parts) => parts.iter().any(|part| holds(part, facts)),
            Formula::Test(test) => passes(test, facts),
        }
    }

    fn runs(tests: &[Test], facts: u8) -> bool {
        let mut at = 0_usize;
        loop {
            let test = &tests[at];
            let next = if passes(test, facts) { test.yes } else { test.no };
            match next {
                KEEP => return true,
                REFUSE => return false,
                next => {
                    assert!(usize::from(next) > at, "forward only");
                    at = usize::from(next);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn tests_do_what_the_formula_says(formula in formulas(), facts: u8) {
            let ordered = formula.clone().ordered();
            prop_assert_eq!(holds(&ordered, facts), holds(&formula, facts));
            prop_assert_eq!(holds(&formula.clone().negated(), facts), !holds(&formula, facts));
            if !formula.is_empty() && formula.len() <= TESTS {
                let tests = lower(&formula);
                prop_assert_eq!(tests.len(), formula.len());
                prop_assert_eq!(runs(&tests, facts), holds(&formula, facts));
            }
            let short = shortened(formula.clone());
            prop_assert!(short.len() <= TESTS);
            prop_assert!(holds(&short, facts) || !holds(&formula, facts));
        }
    }

    #[test]
    fn what_is_too_long_loses_the_costliest_part() {
        let many = |source| Formula::any((0..40).map(|a| Formula::Test(Test { source, a, ..Test::default() })));
        use agent_common::predicate::Source;
        let cheap = many(Source::Tgid as u8);
        let dear = many(Source::Class as u8);
        assert_eq!(shortened(Formula::all([dear.clone(), cheap.clone()])), cheap);
        assert_eq!(shortened(Formula::any([dear, cheap])), Formula::Const(true));
    }
}
