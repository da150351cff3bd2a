// SPDX-License-Identifier: Apache-2.0
//! Which programs a selection takes, and where they go.

use std::collections::{BTreeMap, BTreeSet};

use agent_common::{
    effect,
    ledger::{NRS, UNKNOWN_SLOT},
    numbers,
    options::{names, stage},
    schema::{Abi, Hook},
    shape,
    state::plan,
};

use crate::select::Selection;

/// Which slots a program serves, and from which tail-call array.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Wiring {
    /// Programs of `sys_exit`, with their slots.
    pub(super) exits: BTreeMap<String, Vec<u32>>,
    /// Programs of `sys_enter`, with their slots.
    pub(super) enters: BTreeMap<String, Vec<u32>>,
    /// Whether anything is kept from a call's entry: registers, or the files of its descriptors.
    pub(super) kept: bool,
    /// What is done for each slot: bits of [`plan`].
    pub(super) plans: BTreeMap<u32, u32>,
    /// The programs between the dispatchers and those for the calls, with their indices.
    pub(super) stages: Vec<(&'static str, u32)>,
}

impl Wiring {
    /// Every program, those that are attached included.
    pub(super) fn programs(&self) -> BTreeSet<&str> {
        let mut programs: BTreeSet<_> = self.exits.keys().chain(self.enters.keys()).map(String::as_str).collect();
        programs.insert(names::SYS_EXIT);
        programs.extend(self.stages.iter().map(|(name, _)| *name));
        if !self.stages.is_empty() {
            programs.extend(names::TRACEPOINTS);
        }
        programs.extend(self.needs_enter().then_some(names::SYS_ENTER));
        programs
    }

    /// Whether anything is done at `sys_enter`.
    pub(super) fn needs_enter(&self) -> bool {
        self.kept || !self.enters.is_empty()
    }

    /// What `selection` takes; with `state`, also what tells of tasks, files and cgroups.
    pub(super) fn of(selection: &Selection, state: bool) -> Self {
        let mut wiring = Self::default();
        let mut holes: BTreeSet<u32> = (0..NRS * 2).chain([UNKNOWN_SLOT]).collect();
        for abi in Abi::ALL {
            for entry in numbers::table(abi) {
                let slot = abi as u32 * NRS + u32::from(entry.nr);
                holes.remove(&slot);
                let changes = if state { effect::changes(entry.row) } else { 0 };
                if !selection.contains(entry.row) {
                    wiring.plans.extend((changes != 0).then_some((slot, changes)));
                    continue;
                }
                let files = if state { effect::files(entry.row) } else { 0 };
                wiring.plans.insert(slot, plan::RECORD | changes | files);
                let mut name = String::new();
                // Writing to a String does not fail.
                let _ = shape::write_name(&mut name, entry.row, abi);
                let programs = if entry.row.hook == Hook::Enter { &mut wiring.enters } else { &mut wiring.exits };
                programs.entry(name).or_default().push(slot);
                wiring.kept |= entry.row.hook == Hook::Both || files & plan::AT_ENTRY != 0;
            }
        }
        if selection.unknown() {
            wiring.plans.extend(holes.iter().map(|slot| (*slot, plan::RECORD)));
            wiring.exits.entry(names::UNKNOWN.to_owned()).or_default().extend(holes);
            // Without its entry, an rt_sigreturn would look like a call with number -1.
            wiring.kept = true;
        }
        if state {
            wiring.stages.push((names::CHANGED, stage::CHANGED));
            wiring.stages.push((names::FILES_EXIT, stage::FILES_EXIT));
            wiring.stages.push((names::TELL_EXIT, stage::TELL_EXIT));
            if wiring.plans.values().any(|plan| plan & plan::AT_ENTRY != 0) {
                wiring.stages.push((names::FILES_ENTER, stage::FILES_ENTER));
                wiring.stages.push((names::TELL_ENTER, stage::TELL_ENTER));
            }
        }
        wiring
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_takes_only_its_programs() {
        let wiring = Wiring::of(&Selection::of(&["openat"]), false);
        assert!(wiring.enters.is_empty() && !wiring.needs_enter());
        assert_eq!(
            wiring.programs().len(),
            1 + Abi::ALL.iter().filter(|abi| !numbers::table(**abi).is_empty()).count()
        );
        let wiring = Wiring::of(&Selection::of(&["exit_group"]), false);
        assert!(wiring.exits.is_empty() && wiring.needs_enter());
        assert!(Wiring::of(&Selection::of(&["execve"]), false).needs_enter(), "its registers are kept from its entry");
    }

    #[test]
    fn everything_takes_every_slot() {
        assert_eq!(Wiring::of(&Selection::all(), false).plans.len() as u32, UNKNOWN_SLOT + 1);
    }

    #[test]
    fn state_is_told_whatever_is_selected() {
        let wiring = Wiring::of(&Selection::of(&["openat"]), true);
        let chdir = numbers::table(Abi::Native).iter().find(|entry| entry.row.name == "chdir").expect("chdir");
        assert_eq!(wiring.plans.get(&u32::from(chdir.nr)), Some(&plan::CHANGES));
        assert!(wiring.programs().contains(names::TRACEPOINTS[0]) && wiring.programs().contains(names::FILES_EXIT));
        assert!(!wiring.programs().contains(names::FILES_ENTER), "openat needs nothing of its entry");
        assert!(Wiring::of(&Selection::of(&["close"]), true).needs_enter(), "its descriptor is gone at its exit");
        assert!(!Wiring::of(&Selection::of(&["close"]), false).needs_enter());
    }
}
