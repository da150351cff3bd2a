// SPDX-License-Identifier: Apache-2.0
//! That the kernel never refuses a call that the condition keeps.

mod cases;

use agent_common::schema::Abi;
use proptest::prelude::*;

use super::*;
use crate::filter::model::{
    calls::{Call, SYSCALLS, row},
    dice::Dice,
    expressions, probe,
};

/// Calls that each condition is tried with.
const CALLS: usize = 48;

/// Some syscalls, and numbers without one.
fn rows(dice: &mut Dice) -> Vec<Row> {
    let mut rows = Vec::new();
    while rows.len() < 10 {
        let abi = if dice.once_in(4) { Abi::I386 } else { Abi::Native };
        let name = if dice.once_in(6) {
            let all: Vec<_> = crate::select::rows().collect();
            dice.pick(&all).2.name
        } else if dice.once_in(3) {
            dice.pick(&["open", "openat", "openat2", "creat"])
        } else {
            dice.pick(&SYSCALLS)
        };
        rows.extend(row(name, abi));
    }
    rows.push(Row::of(agent_common::ledger::UNKNOWN_SLOT));
    rows.push(Row::of(511));
    rows
}

fn ask(selection: &Selection) -> Ask<'_> {
    Ask { selection, state: true, output_needs_sides: false }
}

/// What a try showed.
#[derive(Debug, Default)]
struct Tally {
    kept: usize,
    refused: usize,
    matched: usize,
    predicates: usize,
    keeps: usize,
    dropped: usize,
}

fn try_one(seed: u64, tally: &mut Tally) -> Result<(), TestCaseError> {
    let mut dice = Dice::new(seed);
    let condition = expressions::condition(&mut dice);
    let rows = rows(&mut dice);
    let selection = Selection::all();
    let filter = push_rows(Some(&condition), &ask(&selection), rows.iter().copied());
    for row in &rows {
        match filter.slots.get(&row.slot) {
            Some(Verdict::Keep) => tally.keeps += 1,
            Some(Verdict::When(_)) => tally.predicates += 1,
            None => tally.dropped += 1,
        }
    }
    for _ in 0..CALLS {
        let row = dice.pick(&rows);
        let call = Call::of(row, &mut dice);
        let special = specialise(&condition, row);
        let (wanted, as_special) =
            call.event(|event| (condition.holds(&condition.root, event), condition.holds(&special, event)));
        let what = || format!("`{}` for {} {call:?}", condition.source, row.name().unwrap_or("?"));
        prop_assert_eq!(wanted, as_special, "specialised: {}", what());
        let (shallow, deep) =
            (probe::keeps(&filter, &condition, &call, false), probe::keeps(&filter, &condition, &call, true));
        prop_assert!(deep || !wanted, "refused: {}\n{:?}", what(), filter.slots.get(&row.slot));
        prop_assert!(shallow || !deep, "the first look refuses more: {}", what());
        tally.matched += usize::from(wanted);
        tally.kept += usize::from(deep);
        tally.refused += usize::from(!deep);
    }
    Ok(())
}

proptest! {
    #[test]
    fn nothing_that_the_condition_keeps_is_refused(seed: u64) {
        try_one(seed, &mut Tally::default())?;
    }
}

#[test]
fn conditions_by_chance_are_worth_trying() {
    let mut tally = Tally::default();
    for seed in 0..200 {
        try_one(seed, &mut tally).expect("no call is refused that the condition keeps");
    }
    let Tally { kept, refused, matched, predicates, keeps, dropped } = tally;
    // Of the slots many have a predicate, and predicates refuse and keep.
    assert!(predicates * 6 > predicates + keeps + dropped, "{predicates} {keeps} {dropped}");
    assert!(refused * 5 > kept && kept * 5 > refused, "{kept} {refused}");
    assert!(matched * 10 > kept + refused, "{matched} of {}", kept + refused);
}
