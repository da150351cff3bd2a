// SPDX-License-Identifier: Apache-2.0
//! Who made an event, and on what.

use std::sync::Arc;

use super::{
    container::Container,
    file::File,
    process::{Process, Thread},
    processes::Id,
};

/// Who made an event, and on what, as it was then: it stays so, whatever becomes of the tables.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// Names the process in the table, for its ancestors.
    pub id: Option<Id>,
    /// The process.
    pub process: Option<Arc<Process>>,
    /// The thread, unless it is the process's first.
    pub thread: Option<Thread>,
    /// The files of the call's descriptors, in the order of [`agent_common::record::Header::files`].
    pub files: [Option<Arc<File>>; 2],
    /// Whether the call gave one of them another name.
    pub renamed: bool,
    /// The container; `None` for the host.
    pub container: Option<Arc<Container>>,
}
