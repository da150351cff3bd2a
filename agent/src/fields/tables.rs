// SPDX-License-Identifier: Apache-2.0
//! What fields ask for beyond the event itself.

use std::{fmt, sync::Arc};

use crate::metadata::{process::Process, users::User};

/// The tables of processes, users and groups, and the run, as one event sees them.
pub trait Tables: fmt::Debug {
    /// The `n`th ancestor of the event's process, even if it has ended since: 1 is the process that made it.
    fn ancestor(&self, n: u32) -> Option<&Arc<Process>>;
    /// The leader of a process's session.
    fn session_leader(&self, process: &Process) -> Option<&Arc<Process>>;
    /// The leader of a process's group.
    fn group_leader(&self, process: &Process) -> Option<&Arc<Process>>;
    /// The user with this id in the initial user namespace.
    fn user(&self, uid: u32) -> Option<&User>;
    /// The name of the group with this id in the initial user namespace.
    fn group(&self, gid: u32) -> Option<&[u8]>;
    /// The host's name.
    fn hostname(&self) -> Option<&[u8]>;
    /// The time of the run's first event, in nanoseconds since the epoch.
    fn first_time(&self) -> Option<u64>;
    /// The time of the event before, in nanoseconds since the epoch.
    fn previous_time(&self) -> Option<u64>;
}
