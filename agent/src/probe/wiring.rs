// SPDX-License-Identifier: Apache-2.0
//! Which programs a selection takes, and where they go.

use std::collections::{BTreeMap, BTreeSet};

use agent_common::{
    ledger::{NRS, UNKNOWN_SLOT},
    numbers,
    options::names,
    schema::{Abi, Hook},
    shape,
};

use crate::select::Selection;

/// Which slots a program serves, and from which tail-call array.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Wiring {
    /// Programs of `sys_exit`, with their slots.
    pub(super) exits: BTreeMap<String, Vec<u32>>,
    /// Programs of `sys_enter`, with their slots.
    pub(super) enters: BTreeMap<String, Vec<u32>>,
    /// Whether any selected call keeps its registers from its entry.
    pub(super) kept: bool,
}

impl Wiring {
    /// Every slot that is served.
    pub(super) fn slots(&self) -> BTreeSet<u32> {
        self.exits.values().chain(self.enters.values()).flatten().copied().collect()
    }

    /// Every program, those that are attached included.
    pub(super) fn programs(&self) -> BTreeSet<&str> {
        let mut programs: BTreeSet<_> = self.exits.keys().chain(self.enters.keys()).map(String::as_str).collect();
        programs.insert(names::SYS_EXIT);
        programs.extend(self.needs_enter().then_some(names::SYS_ENTER));
        programs
    }

    /// Whether anything is done at `sys_enter`.
    pub(super) fn needs_enter(&self) -> bool {
        self.kept || !self.enters.is_empty()
    }

    /// What `selection` takes.
    pub(super) fn of(selection: &Selection) -> Self {
        let mut wiring = Self::default();
        let mut holes: BTreeSet<u32> = (0..NRS * 2).chain([UNKNOWN_SLOT]).collect();
        for abi in Abi::ALL {
            for entry in numbers::table(abi) {
                let slot = abi as u32 * NRS + u32::from(entry.nr);
                holes.remove(&slot);
                if !selection.contains(entry.row) {
                    continue;
                }
                let mut name = String::new();
                // Writing to a String does not fail.
                let _ = shape::write_name(&mut name, entry.row, abi);
                let programs = if entry.row.hook == Hook::Enter { &mut wiring.enters } else { &mut wiring.exits };
                programs.entry(name).or_default().push(slot);
                wiring.kept |= entry.row.hook == Hook::Both;
            }
        }
        if selection.unknown() {
            wiring.exits.entry(names::UNKNOWN.to_owned()).or_default().extend(holes);
            // Without its entry, an rt_sigreturn would look like a call with number -1.
            wiring.kept = true;
        }
        wiring
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_takes_only_its_programs() {
        let wiring = Wiring::of(&Selection::of(&["openat"]));
        assert!(wiring.enters.is_empty() && !wiring.needs_enter());
        assert_eq!(
            wiring.programs().len(),
            1 + Abi::ALL.iter().filter(|abi| !numbers::table(**abi).is_empty()).count()
        );
        let wiring = Wiring::of(&Selection::of(&["exit_group"]));
        assert!(wiring.exits.is_empty() && wiring.needs_enter());
        assert!(Wiring::of(&Selection::of(&["execve"])).needs_enter(), "its registers are kept from its entry");
    }

    #[test]
    fn everything_takes_every_slot() {
        let slots = Wiring::of(&Selection::all()).slots();
        assert_eq!(slots.len() as u32, UNKNOWN_SLOT + 1);
    }
}
