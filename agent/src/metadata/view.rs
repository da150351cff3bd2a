// SPDX-License-Identifier: Apache-2.0
//! The tables as the fields of one event see them.

use std::sync::Arc;

use super::{Metadata, Subject, kubernetes::Pod, process::Process, users::User};
use crate::fields::tables::Tables;

/// The tables, for the event of a subject.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub(super) metadata: &'a Metadata,
    pub(super) subject: &'a Subject,
}

impl<'a> View<'a> {
    /// Whose event it is.
    #[must_use]
    pub const fn subject(&self) -> &'a Subject {
        self.subject
    }

    /// Its pod, as it is known now.
    #[must_use]
    pub fn pod(&self) -> Option<&'a Arc<Pod>> {
        self.metadata.pod(self.subject)
    }
}

impl Tables for View<'_> {
    fn ancestor(&self, n: u32) -> Option<&Arc<Process>> {
        if n == 0 {
            return self.subject.process.as_ref();
        }
        let processes = &self.metadata.processes;
        processes.get(processes.ancestor(self.subject.id?, n as usize)?)
    }

    fn session_leader(&self, process: &Process) -> Option<&Arc<Process>> {
        self.metadata.processes.session_leader(process)
    }

    fn group_leader(&self, process: &Process) -> Option<&Arc<Process>> {
        self.metadata.processes.group_leader(process)
    }

    fn user(&self, uid: u32) -> Option<&User> {
        self.metadata.users.user(uid)
    }

    fn group(&self, gid: u32) -> Option<&[u8]> {
        self.metadata.users.group(gid)
    }

    fn hostname(&self) -> Option<&[u8]> {
        self.metadata.hostname.as_deref()
    }

    fn first_time(&self) -> Option<u64> {
        self.metadata.times.0
    }

    fn previous_time(&self) -> Option<u64> {
        self.metadata.times.1
    }
}
