// SPDX-License-Identifier: Apache-2.0
//! A run of the agent whose events are looked at while it lasts.

use std::{fs, fs::File, ops::Deref, process::Command};

use tests::{TempDir, lanner};

use crate::agent::{Agent, Run};

/// The agent, and where its events go.
#[derive(Debug)]
pub(crate) struct Running {
    agent: Agent,
    folder: TempDir,
}

impl Running {
    /// Starts the agent, and waits until it captures.
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::launch(lanner(), args)
    }

    /// As [`Self::start`], by a command that becomes the agent.
    pub(crate) fn launch(command: Command, args: &[&str]) -> Self {
        let folder = TempDir::new();
        let events = File::create(folder.join("events")).expect("a file for events");
        Self { agent: Agent::launch(command, args, TempDir::new(), events.into()), folder }
    }

    /// What it has written so far.
    pub(crate) fn events(&self) -> String {
        fs::read_to_string(self.folder.join("events")).expect("the agent's events")
    }

    /// Tells it to end and waits for that.
    pub(crate) fn stop(self) -> Run {
        self.agent.stop()
    }
}

impl Deref for Running {
    type Target = Agent;

    fn deref(&self) -> &Agent {
        &self.agent
    }
}
