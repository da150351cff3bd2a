// SPDX-License-Identifier: Apache-2.0
//! Control groups: which hierarchy events are keyed by, what an id's path is, and which container a path belongs to.
#![deny(clippy::indexing_slicing)]

mod detect;
mod hierarchy;
mod pod;
mod runtime;
mod table;

pub use self::{
    detect::{Found, detect},
    hierarchy::Hierarchy,
    pod::PodUid,
    runtime::Runtime,
    table::{Cgroups, MAX_GONE, MAX_PATHS},
};
