// SPDX-License-Identifier: Apache-2.0
//! A model of the kernel's part, for tests: calls with everything around them as the kernel knows it, the events that the
//! agent makes of them, and the predicates as the probe evaluates them.

pub(crate) mod calls;
pub(crate) mod dice;
pub(crate) mod expressions;
pub(crate) mod probe;
mod records;
