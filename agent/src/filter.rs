// SPDX-License-Identifier: Apache-2.0
//! Conditions: Falco's language, checked and compiled once, decided by the kernel as far as that goes.

pub mod active;
pub mod ast;
pub mod check;
pub mod condition;
#[cfg(test)]
mod conformance;
mod display;
pub mod error;
mod eval;
pub mod explain;
mod fuse;
mod guard;
pub mod kernel;
#[cfg(test)]
pub(crate) mod model;
pub mod net;
pub mod parse;
pub mod program;
pub mod push;
pub mod rows;
pub mod rules;
pub mod source;
#[cfg(test)]
mod tests;
pub mod text;
pub mod wanted;
pub mod words;
