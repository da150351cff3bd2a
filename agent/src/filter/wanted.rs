// SPDX-License-Identifier: Apache-2.0
//! What a user asks for: from words and files to a checked condition, the kernel's part of it, and the agent's.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result, bail};

use super::{
    active::Active,
    check,
    condition::Condition,
    error::{Error, Report, shown},
    kernel::KernelFilter,
    parse::parse,
    push::{self, Ask},
    source::{self, Source, SourceError},
};
use crate::{cli, select::Selection};

/// What is wrong with a condition, shown with its place. Nothing was attached.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadCondition(String);

impl BadCondition {
    /// What is wrong.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// What a user asks for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Which syscalls, and whose.
    pub selection: Selection,
    /// The condition, if there is one.
    pub condition: Option<Arc<Condition>>,
    /// The file that it is from.
    pub file: Option<PathBuf>,
    ask: Shown,
}

/// What else is asked of the calls.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// Whether tables of processes, files and containers are kept.
    pub tables: bool,
    /// Whether what is written shows which side of a connection a socket is on.
    pub sides: bool,
}

impl Wanted {
    /// What `what` asks for.
    ///
    /// # Errors
    /// When it asks for nothing, or its condition is not one.
    pub fn of(what: &cli::What, ask: Shown) -> Result<Self> {
        let mut selection = Selection::parse(&what.syscalls).context("--syscalls")?;
        if selection.is_empty() {
            bail!("--syscalls selects nothing: what it adds it takes away again");
        }
        selection.who.pids.clone_from(&what.pid);
        selection.who.uids.clone_from(&what.uid);
        selection.who.comms.clone_from(&what.comm);
        let mut wanted = Self { selection, condition: None, file: what.filter.clone(), ask };
        if let Some(file) = &what.filter {
            wanted.condition = Some(wanted.check(&read(file)?)?);
        } else if !what.condition.is_empty() {
            if let [word] = &*what.condition
                && let Some(command) = cli::nearest_command(word)
            {
                let message = format!("there is no command `{}` (did you mean '{command}'?)", shown(word));
                return Err(BadCondition::new(message).into());
            }
            let typed = Source { name: "condition".to_owned(), text: what.condition.join(" ") };
            wanted.condition = Some(wanted.check(&typed)?);
        }
        Ok(wanted)
    }

    /// The same with the condition that its file holds now.
    ///
    /// # Errors
    /// When there is no file, or what it holds is no condition.
    pub fn reread(&self) -> Result<Self> {
        let file = self.file.as_ref().context("there is no --filter FILE to read again")?;
        let condition = self.check(&read(file)?)?;
        Ok(Self { condition: Some(condition), ..self.clone() })
    }

    fn check(&self, Source { name, text }: &Source) -> Result<Arc<Condition>, BadCondition> {
        let bad = |error| BadCondition(Report { name: Some(name), text, error: &error }.to_string());
        let condition = parse(text).and_then(|expr| check::check(&expr, text)).map_err(bad)?;
        for (span, note) in &condition.notes {
            tracing::warn!("{name}: {note}: `{}`", text.get(span.start..span.end).unwrap_or_default());
        }
        if let Some(span) = push::needs_tables(&condition).filter(|_| !self.ask.tables) {
            let message =
                "this needs the tables of processes, files and containers, which --no-enrich (--no-state) does without";
            return Err(bad(Error::new(span, message)));
        }
        Ok(Arc::new(condition))
    }

    /// What the kernel is told.
    #[must_use]
    pub fn kernel(&self) -> KernelFilter {
        let ask = Ask { selection: &self.selection, state: self.ask.tables, output_needs_sides: self.ask.sides };
        push::push(self.condition.as_deref(), &ask)
    }

    /// What the agent does, when the kernel does `kernel`.
    #[must_use]
    pub fn active(&self, kernel: &KernelFilter) -> Arc<Active> {
        Arc::new(Active::new(&self.selection.who, self.condition.as_deref(), kernel))
    }
}

/// Reads a condition's file. One that holds no text is as wrong as one that holds no condition.
fn read(file: &Path) -> Result<Source> {
    source::condition(file).map_err(|error| match error {
        SourceError::Unreadable { .. } => error.into(),
        SourceError::TooLarge { .. } | SourceError::NotText { .. } => BadCondition::new(error.to_string()).into(),
    })
}
