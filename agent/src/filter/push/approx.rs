// SPDX-License-Identifier: Apache-2.0
//! What the kernel makes of one comparison.

use super::formula::Formula;

/// A formula that holds for every event for which the comparison does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Approx {
    /// The formula.
    pub(super) formula: Formula,
    /// How near it comes.
    pub(super) fit: Fit,
}

/// How near a formula comes to a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// It may hold where the comparison does not.
    Wider,
    /// It holds where the comparison does, whenever userspace has the value; so its opposite says nothing.
    Same,
    /// It holds where the comparison does, or its facts are not known. The same is true of its opposite.
    Exact,
}

impl Approx {
    /// See [`Fit::Exact`].
    pub(super) const fn exact(formula: Formula) -> Self {
        Self { formula, fit: Fit::Exact }
    }

    /// See [`Fit::Same`].
    pub(super) const fn same(formula: Formula) -> Self {
        Self { formula, fit: Fit::Same }
    }

    /// See [`Fit::Wider`].
    pub(super) const fn wider(formula: Formula) -> Self {
        Self { formula, fit: Fit::Wider }
    }

    /// The same for a value that may be missing when its fact is not known: a constant does not tell then.
    pub(super) fn if_there(self) -> Self {
        if self.formula == Formula::Const(true) { self.one_way() } else { self }
    }

    /// Without the promise about the opposite.
    pub(super) fn one_way(self) -> Self {
        Self { fit: self.fit.min(Fit::Same), ..self }
    }
}
