// SPDX-License-Identifier: Apache-2.0
//! What was tried for a probe, what came of it, and what to do.

use std::fmt;

use serde::Serialize;

use super::verify::Facts;

/// Where a probe may come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// `--probe`.
    #[value(skip)]
    Given,
    /// This binary.
    Embedded,
    /// What was fetched or built before.
    Cache,
    /// Driver repositories.
    Repo,
    /// A build on this machine.
    Build,
}

impl Source {
    /// The order in which they are tried, unless somebody says otherwise.
    pub const ORDER: [Self; 4] = [Self::Cache, Self::Embedded, Self::Repo, Self::Build];

    /// Its name, as `--probe-source` has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Embedded => "embedded",
            Self::Cache => "cache",
            Self::Repo => "repo",
            Self::Build => "build",
        }
    }
}

/// What came of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It is what is used.
    Used,
    /// There is none.
    Missing,
    /// It was not tried.
    Skipped,
    /// It is there, and must not be used.
    Refused,
    /// Whether it is there could not be told.
    Failed,
}

/// A try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// Where from.
    pub source: Source,
    /// A URL, a file, a tool.
    pub what: String,
    /// What came of it.
    pub outcome: Outcome,
    /// The same in words.
    pub words: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// The probe that is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Chosen {
    /// Where it is from.
    pub source: Source,
    /// The same more exactly: a URL, a file.
    pub from: String,
    /// Why it is trusted.
    pub trust: String,
    /// What it is.
    #[serde(flatten)]
    pub facts: Facts,
}

/// Where a probe came from, and what was tried.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Provenance {
    /// The probe; nothing when none was found.
    pub chosen: Option<Chosen>,
    /// Everything that was tried, in order.
    pub tried: Vec<Attempt>,
}

impl Provenance {
    /// Adds a try, and logs it. A fault is told later: by [`Self::warn_of_faults`], or by the error that there is no probe.
    pub(super) fn tried(
        &mut self,
        source: Source,
        what: impl Into<String>,
        outcome: Outcome,
        words: impl fmt::Display,
        remedy: Option<String>,
    ) {
        let (what, words) = (what.into(), words.to_string());
        match outcome {
            Outcome::Used | Outcome::Missing | Outcome::Skipped => {
                tracing::info!("probe from {}: {what}: {words}", source.name());
            }
            Outcome::Refused | Outcome::Failed => tracing::debug!("probe from {}: {what}: {words}", source.name()),
        }
        self.tried.push(Attempt { source, what, outcome, words, remedy });
    }

    /// Warns of what was refused or could not be asked, when there is a probe all the same.
    pub(crate) fn warn_of_faults(&self) {
        let faults = self.tried.iter().filter(|attempt| match attempt.outcome {
            Outcome::Refused | Outcome::Failed => true,
            Outcome::Used | Outcome::Missing | Outcome::Skipped => false,
        });
        for Attempt { source, what, words, .. } in faults {
            tracing::warn!("probe from {}: {what}: {words}", source.name());
        }
    }

    /// The remedies, each once.
    #[must_use]
    pub fn remedies(&self) -> Vec<&str> {
        let mut remedies = Vec::new();
        for remedy in self.tried.iter().filter_map(|attempt| attempt.remedy.as_deref()) {
            if !remedies.contains(&remedy) {
                remedies.push(remedy);
            }
        }
        remedies
    }
}

impl fmt::Display for Provenance {
    /// A line for each try, then the remedies.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Attempt { source, what, words, .. } in &self.tried {
            write!(f, "\n  {:<8}  {what}: {words}", source.name())?;
        }
        let remedies = self.remedies();
        if !remedies.is_empty() {
            write!(f, "\nwhat to do:")?;
        }
        remedies.iter().try_for_each(|remedy| write!(f, "\n  - {remedy}"))
    }
}

/// There is no probe.
#[derive(Debug, thiserror::Error)]
#[error("there is no probe that can be used:{0}")]
pub struct Unresolved(pub Box<Provenance>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_all_that_was_tried_and_each_remedy_once() {
        let mut provenance = Provenance::default();
        let again = || Some("try again".to_owned());
        provenance.tried(Source::Cache, "/c", Outcome::Missing, "nothing there", None);
        provenance.tried(Source::Repo, "https://x/a.o", Outcome::Failed, "HTTP 500", again());
        provenance.tried(Source::Repo, "https://y/a.o", Outcome::Refused, "it is not signed", again());
        provenance.tried(Source::Build, "cargo", Outcome::Missing, "not found", Some("install it".to_owned()));
        assert_eq!(
            Unresolved(Box::new(provenance)).to_string(),
            "there is no probe that can be used:\n  cache     /c: nothing there\n  repo      https://x/a.o: HTTP 500\n  \
             repo      https://y/a.o: it is not signed\n  build     cargo: not found\nwhat to do:\n  - try again\n  - install it"
        );
    }

    #[test]
    fn names_are_those_of_the_command_line() {
        use clap::ValueEnum as _;
        for source in Source::value_variants() {
            let name = source.to_possible_value().map(|value| value.get_name().to_owned());
            assert!(name.is_none_or(|name| name == source.name()), "{source:?}");
            assert_eq!(serde_json::to_value(source).expect("JSON"), source.name());
        }
    }
}
