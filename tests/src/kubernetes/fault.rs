// SPDX-License-Identifier: Apache-2.0
//! What the server does instead of what it should.

use std::time::Duration;

/// Which requests go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// Lists, and first pages.
    List,
    /// Pages behind the first.
    NextPage,
    /// Watches.
    Watch,
    /// All.
    Any,
}

/// How.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This status, and `Retry-After` in seconds.
    Status(u16, Option<u32>),
    /// The connection is cut before the answer.
    Cut,
    /// The connection is cut after this much of the answer.
    CutAfter(usize),
    /// No answer, ever.
    Hang,
    /// The answer stops after this much, and never ends.
    HangAfter(usize),
    /// The answer comes in pieces of this size, with pauses.
    Slow(usize, Duration),
    /// This instead of the answer.
    Body(Vec<u8>),
    /// In a watch, these lines first; in a list, these objects.
    Insert(String),
}

/// Faults that are to come.
#[derive(Debug, Default)]
pub(super) struct Script(Vec<(On, Fault, u32)>);

impl Script {
    pub(super) fn push(&mut self, on: On, fault: Fault, times: u32) {
        self.0.push((on, fault, times));
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// What happens to a request now.
    pub(super) fn take(&mut self, on: On) -> Option<Fault> {
        let at = self.0.iter().position(|(which, _, times)| (*which == on || *which == On::Any) && *times > 0)?;
        let (_, fault, times) = self.0.get_mut(at)?;
        *times -= 1;
        Some(fault.clone())
    }
}
