// SPDX-License-Identifier: Apache-2.0
//! What sinks see.

use std::sync::Arc;

use agent_common::shed::CLASSES;

use crate::{
    arena::Arena,
    decode::RawEvent,
    fields::tables::Tables,
    metadata::{
        View,
        container::Container,
        file::File,
        kubernetes::Pod,
        process::{Process, Thread},
    },
};

/// A decoded event, with what is known of who made it and on what.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// The call.
    pub raw: RawEvent<'a>,
    /// The kernel's time of it, in nanoseconds since the epoch.
    pub time: u64,
    /// Whether events that happened after it were delivered before it.
    pub late: bool,
    /// Its number in the run, from 1.
    pub num: u64,
    /// Its process.
    pub process: Option<&'a Arc<Process>>,
    /// Its thread.
    pub thread: Option<&'a Thread>,
    /// The files of its descriptors, in the order of [`agent_common::record::Header::files`].
    pub files: [Option<&'a Arc<File>>; 2],
    /// Whether the call gave one of its files another name.
    pub renamed: bool,
    /// Its container; `None` for the host.
    pub container: Option<&'a Arc<Container>>,
    /// Its pod, as the API server tells it; `None` outside of pods, and when that is not known.
    pub pod: Option<&'a Arc<Pod>>,
    /// What its fields ask for beyond it.
    pub tables: Option<&'a dyn Tables>,
    /// Where what its fields put together is kept.
    pub arena: &'a Arena,
}

impl<'a> Event<'a> {
    /// A call of which nothing else is known.
    #[must_use]
    pub const fn bare(raw: RawEvent<'a>, time: u64, arena: &'a Arena) -> Self {
        Self {
            raw,
            time,
            late: false,
            num: 0,
            process: None,
            thread: None,
            files: [None; 2],
            renamed: false,
            container: None,
            pod: None,
            tables: None,
            arena,
        }
    }

    /// A call with what the tables tell of it, where there are tables.
    #[must_use]
    pub fn of(raw: RawEvent<'a>, num: u64, time: u64, view: Option<&'a View<'a>>, arena: &'a Arena) -> Self {
        let bare = Self { num, ..Self::bare(raw, time, arena) };
        let Some(view) = view else { return bare };
        let subject = view.subject();
        let tables: &dyn Tables = view;
        Self {
            process: subject.process.as_ref(),
            thread: subject.thread.as_ref(),
            files: subject.files.each_ref().map(Option::as_ref),
            renamed: subject.renamed,
            container: subject.container.as_ref(),
            pod: view.pod(),
            tables: Some(tables),
            ..bare
        }
    }
}

/// Calls of a CPU that are given up while its ring is filling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shed {
    /// The CPU.
    pub cpu: u32,
    /// What there is to tell.
    pub phase: Phase,
    /// How many so far, by [`agent_common::shed::Class`].
    pub calls: [u64; CLASSES],
    /// Since when, in nanoseconds: since boot in the pipeline, since the epoch in the output.
    pub since: u64,
    /// When the last call was shed; `None` unless it is over.
    pub until: Option<u64>,
}

/// How far shedding has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It begins.
    Begin,
    /// More classes are shed.
    More,
    /// It is over.
    End,
}

impl Phase {
    /// Its name in the output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Begin => "begin",
            Self::More => "more",
            Self::End => "end",
        }
    }
}

/// A hole in the stream of one CPU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The CPU.
    pub cpu: u32,
    /// Records that were lost.
    pub lost: u64,
    /// Whether they told of tasks, files and cgroups; else they were events.
    pub state: bool,
    /// Why: names of [`agent_common::ledger::Reason`]s, joined by `+`.
    pub reason: String,
    /// Time of the last event before it, in nanoseconds since the epoch; `None` when there was none.
    pub since: Option<u64>,
    /// Time of the first event after it; `None` when the run ended.
    pub until: Option<u64>,
}
