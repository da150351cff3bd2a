// SPDX-License-Identifier: Apache-2.0
//! Which programs a filter takes, and where they go.

use std::collections::{BTreeMap, BTreeSet};

use agent_common::{
    effect,
    ledger::NRS,
    numbers,
    options::{names, stage},
    schema::{Abi, Hook},
    shape,
    shed::{self, Class},
    state::plan,
};

use crate::filter::kernel::{KernelFilter, Verdict};

/// Which slots a program serves, and from which tail-call array.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Wiring {
    /// Programs of `sys_exit`, with their slots.
    pub(super) exits: BTreeMap<String, Vec<u32>>,
    /// Programs of `sys_enter`, with their slots.
    pub(super) enters: BTreeMap<String, Vec<u32>>,
    /// Whether anything is kept from a call's entry: registers, or the files of its descriptors.
    pub(super) kept: bool,
    /// What is done for each slot: bits of [`plan`], the predicate aside.
    pub(super) plans: BTreeMap<u32, u32>,
    /// The programs between the dispatchers and those for the calls, with their indices.
    pub(super) stages: BTreeSet<(&'static str, u32)>,
    /// Whether anything is told of tasks, files and cgroups.
    state: bool,
}

impl Wiring {
    /// Every program, those that are attached included.
    pub(super) fn programs(&self) -> BTreeSet<&str> {
        let mut programs: BTreeSet<_> = self.exits.keys().chain(self.enters.keys()).map(String::as_str).collect();
        programs.insert(names::SYS_EXIT);
        programs.extend(self.stages.iter().map(|(name, _)| *name));
        if self.state {
            programs.extend(names::TRACEPOINTS);
        }
        programs.extend(self.needs_enter().then_some(names::SYS_ENTER));
        programs
    }

    /// Whether anything is done at `sys_enter`.
    pub(super) fn needs_enter(&self) -> bool {
        self.kept || !self.enters.is_empty()
    }

    /// What `filter` takes; with `state`, also what tells of tasks, files and cgroups; with `shed`, what gives calls up.
    pub(super) fn of(filter: &KernelFilter, state: bool, shed: bool) -> Self {
        let mut wiring = Self { state, ..Self::default() };
        let mut captured = filter.slots.clone();
        for abi in Abi::ALL {
            for entry in numbers::table(abi) {
                let slot = abi as u32 * NRS + u32::from(entry.nr);
                let changes = if state { effect::changes(entry.row) } else { 0 };
                let Some(verdict) = captured.remove(&slot) else {
                    wiring.plans.extend((changes != 0).then_some((slot, changes)));
                    continue;
                };
                // A predicate finds a file by them too.
                let files = if state || verdict != Verdict::Keep { effect::files(entry.row) } else { 0 };
                wiring.plans.insert(slot, plan::RECORD | changes | files | class(shed::class(entry.row)));
                let mut name = String::new();
                // Writing to a String does not fail.
                let _ = shape::write_name(&mut name, entry.row, abi);
                let at_entry = entry.row.hook == Hook::Enter;
                let programs = if at_entry { &mut wiring.enters } else { &mut wiring.exits };
                programs.entry(name).or_default().push(slot);
                wiring.kept |= entry.row.hook == Hook::Both || files & plan::AT_ENTRY != 0;
                wiring.judge(filter, verdict, at_entry || files & plan::AT_ENTRY != 0);
                if files & plan::AT_ENTRY != 0 {
                    wiring.stages.insert((names::FILES_ENTER, stage::FILES_ENTER));
                    wiring.stages.insert((names::TELL_ENTER, stage::TELL_ENTER));
                    wiring.stages.extend(shed.then_some((names::SHED_ENTER, stage::SHED_ENTER)));
                }
            }
        }
        // What is left are numbers without a row.
        if !captured.is_empty() {
            wiring.plans.extend(captured.keys().map(|slot| (*slot, plan::RECORD | class(Class::Other))));
            for verdict in captured.values() {
                wiring.judge(filter, *verdict, false);
            }
            wiring.exits.entry(names::UNKNOWN.to_owned()).or_default().extend(captured.into_keys());
            // Without its entry, an rt_sigreturn would look like a call with number -1.
            wiring.kept = true;
        }
        wiring.stages.extend(shed.then_some((names::SHED_EXIT, stage::SHED_EXIT)));
        if state {
            wiring.stages.insert((names::CHANGED, stage::CHANGED));
            wiring.stages.insert((names::FILES_EXIT, stage::FILES_EXIT));
            wiring.stages.insert((names::TELL_EXIT, stage::TELL_EXIT));
        }
        wiring
    }

    /// The programs that decide by a predicate.
    fn judge(&mut self, filter: &KernelFilter, verdict: Verdict, at_entry: bool) {
        let Verdict::When(predicate) = verdict else { return };
        let costly = filter.predicates.get(predicate).is_some_and(|predicate| predicate.needs != 0);
        self.stages.insert((names::JUDGE_EXIT, stage::JUDGE_EXIT));
        if at_entry {
            self.stages.insert((names::JUDGE_ENTER, stage::JUDGE_ENTER));
        }
        if costly {
            self.stages.insert((names::GATHER_EXIT, stage::GATHER_EXIT));
            self.stages.insert((names::ASKED_EXIT, stage::ASKED_EXIT));
        }
        if costly && at_entry {
            self.stages.insert((names::GATHER_ENTER, stage::GATHER_ENTER));
        }
    }
}

/// A class as plans have it.
fn class(class: Class) -> u32 {
    if class == Class::Never { plan::CLASSES } else { (class as u32) << plan::CLASS }
}

#[cfg(test)]
mod tests {
    use agent_common::{
        ledger::UNKNOWN_SLOT,
        predicate::{Predicate, need},
    };

    use super::*;
    use crate::select::Selection;

    fn of(names: &[&'static str], state: bool) -> Wiring {
        Wiring::of(&KernelFilter::of(&Selection::of(names)), state, false)
    }

    #[test]
    fn a_selection_takes_only_its_programs() {
        let wiring = of(&["openat"], false);
        assert!(wiring.enters.is_empty() && !wiring.needs_enter());
        assert_eq!(
            wiring.programs().len(),
            1 + Abi::ALL.iter().filter(|abi| !numbers::table(**abi).is_empty()).count()
        );
        let wiring = of(&["exit_group"], false);
        assert!(wiring.exits.is_empty() && wiring.needs_enter());
        assert!(of(&["execve"], false).needs_enter(), "its registers are kept from its entry");
    }

    #[test]
    fn everything_takes_every_slot() {
        let wiring = Wiring::of(&KernelFilter::of(&Selection::all()), false, false);
        assert_eq!(wiring.plans.len() as u32, UNKNOWN_SLOT + 1);
    }

    #[test]
    fn state_is_told_whatever_is_selected() {
        let wiring = of(&["openat"], true);
        let chdir = numbers::table(Abi::Native).iter().find(|entry| entry.row.name == "chdir").expect("chdir");
        assert_eq!(wiring.plans.get(&u32::from(chdir.nr)), Some(&plan::CHANGES));
        assert!(wiring.programs().contains(names::TRACEPOINTS[0]) && wiring.programs().contains(names::FILES_EXIT));
        assert!(!wiring.programs().contains(names::FILES_ENTER), "openat needs nothing of its entry");
        assert!(of(&["close"], true).needs_enter(), "its descriptor is gone at its exit");
        assert!(!of(&["close"], false).needs_enter());
    }

    #[test]
    fn plans_say_what_is_shed() {
        let shed = |name: &'static str, state: bool| {
            let filter = KernelFilter::of(&Selection::of(&[name]));
            let wiring = Wiring::of(&filter, state, true);
            let programs = wiring.stages.iter().filter(|(name, _)| name.starts_with("shed")).count();
            let classes: BTreeSet<_> = wiring
                .plans
                .values()
                .filter(|plan| **plan & plan::RECORD != 0)
                .map(|plan| (plan & plan::CLASSES) >> plan::CLASS)
                .collect();
            (programs, classes.into_iter().collect::<Vec<_>>())
        };
        assert_eq!(shed("read", true), (1, vec![Class::Io as u32]));
        assert_eq!(shed("connect", true), (1, vec![Class::Network as u32]));
        assert_eq!(shed("execve", true), (1, vec![7]), "below no mark");
        assert_eq!(shed("close", true), (2, vec![Class::Other as u32]), "it is decided at its entry");
        assert_eq!(shed("close", false).0, 1, "nothing is told at its entry");
        assert!(of(&["read"], true).stages.iter().all(|(name, _)| !name.starts_with("shed")), "--no-shed");
    }

    #[test]
    fn predicates_take_the_programs_that_decide_by_them() {
        let judged = |name: &'static str, needs: u32| {
            let mut filter = KernelFilter::of(&Selection::of(&[name]));
            filter.predicates.push(Predicate { needs, ..Predicate::EMPTY });
            filter.slots.values_mut().for_each(|verdict| *verdict = Verdict::When(0));
            let wiring = Wiring::of(&filter, false, false);
            let stages: Vec<_> = wiring.stages.iter().map(|(name, _)| *name).collect();
            stages.join(" ")
        };
        assert_eq!(judged("openat", 0), "judge_exit");
        assert_eq!(judged("openat", need::FILE), "asked_exit gather_exit judge_exit");
        assert_eq!(judged("exit_group", 0), "judge_enter judge_exit");
        assert_eq!(
            judged("close", need::FILE),
            "asked_exit files_enter gather_enter gather_exit judge_enter judge_exit tell_enter"
        );
    }
}
