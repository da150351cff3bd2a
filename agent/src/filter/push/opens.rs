// SPDX-License-Identifier: Apache-2.0
//! Comparisons of what a file is opened for.

use agent_common::predicate::Op;

use super::{Facts, approx::Approx, formula::Formula, numbers::Place};
use crate::{
    fields::evt::{O_ACCMODE, O_CREAT, O_EXCL, O_RDWR, O_TMPFILE, O_WRONLY},
    filter::condition::Wanted,
};

/// The bits of a mode that allow to execute.
const EXECUTE: u64 = 0o111;
/// Where `struct open_how` has its mode.
const MODE: u32 = 8;

impl Facts<'_> {
    /// `evt.is_open_*`
    pub(super) fn open(&self, field: &str, wanted: &Wanted) -> Option<Approx> {
        let Wanted::Bool(yes) = wanted else { return None };
        // Userspace may lack a struct that the kernel can read, if its size is wrong: then it is a plain no.
        let in_memory = self.row.name() == Some("openat2");
        if in_memory && !yes {
            return None;
        }
        let flags = self.open_flags();
        let is = |flags: Place, value| flags.test(Op::Bits, O_ACCMODE, value);
        let formula = match field {
            "evt.is_open_read" => is(flags?, O_WRONLY).negated(),
            "evt.is_open_write" => Formula::any([is(flags?, O_WRONLY), is(flags?, O_RDWR)]),
            "evt.is_open_exec" => {
                let makes = match self.row.name() {
                    Some("creat") => Formula::Const(true),
                    _ => flags?.test(Op::Any, O_CREAT | O_TMPFILE, 0),
                };
                Formula::all([makes, self.open_mode()?.test(Op::Any, EXECUTE, 0)])
            }
            "evt.is_open_create" => {
                let flags = flags?;
                let made =
                    [flags.test(Op::Any, O_TMPFILE, 0), flags.test(Op::Bits, O_CREAT | O_EXCL, O_CREAT | O_EXCL)];
                let formula = Formula::all([Self::succeeded(), Formula::any(made)]);
                // It is missing where it is not known.
                return Some(match (yes, in_memory) {
                    (true, true) => Approx::same(formula),
                    (true, false) => Approx::exact(formula),
                    (false, _) => Approx::same(formula.negated()),
                });
            }
            _ => return None,
        };
        Some(match (yes, in_memory) {
            (true, true) => Approx::same(formula),
            (true, false) => Approx::exact(formula),
            (false, _) => Approx::exact(formula.negated()),
        })
    }

    fn open_flags(&self) -> Option<Place> {
        match self.row.name()? {
            "openat2" => Some(Place::memory(self.register("how")?, 0)),
            _ => Some(Place::ulong(self.register("flags")?)),
        }
    }

    fn open_mode(&self) -> Option<Place> {
        match self.row.name()? {
            "openat2" => Some(Place::memory(self.register("how")?, MODE)),
            _ => Some(Place::ulong(self.register("mode")?)),
        }
    }
}
