// SPDX-License-Identifier: Apache-2.0
//! What libFuzzer says at its end: <https://llvm.org/docs/LibFuzzer.html#output>

use std::{fmt, path::PathBuf, process::ExitStatus};

use crate::workspace;

/// Lines of what was said that are shown where something broke.
const SHOWN: usize = 12;

/// What came of one target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    target: String,
    /// Inputs that were tried.
    pub(super) executions: u64,
    /// Places in the code that were reached.
    coverage: u64,
    /// The file with the input that broke it.
    pub(super) artifact: Option<PathBuf>,
    failure: Option<String>,
}

impl Outcome {
    /// Reads it from what was said.
    pub(super) fn of(target: &str, said: &str) -> Self {
        let number = |text: &str| text.trim().parse::<u64>().unwrap_or(0);
        let behind =
            |what: &str| said.lines().filter_map(|line| line.split_once(what)).map(|(_, rest)| rest).next_back();
        let word = |text: &str| number(text.split_whitespace().next().unwrap_or_default());
        Self {
            target: target.to_owned(),
            executions: behind("stat::number_of_executed_units:").map_or(0, number),
            coverage: behind(" cov: ").map_or(0, word),
            artifact: behind("Test unit written to ").map(|path| PathBuf::from(path.trim())),
            failure: None,
        }
    }

    /// Notes that it broke, and where the input is now.
    pub(super) fn fail(&mut self, input: Option<PathBuf>, said: &str, status: ExitStatus) {
        let lines: Vec<_> = said.lines().collect();
        let from = lines.iter().position(|line| line.contains(" panicked at ") || line.contains("ERROR: libFuzzer"));
        let from = from.unwrap_or_else(|| lines.len().saturating_sub(SHOWN));
        let shown = lines.get(from..lines.len().min(from + SHOWN)).unwrap_or_default().join("\n  ");
        let input = match &input {
            Some(path) => format!("by {}: mend it, and commit that file too", workspace::short(path)),
            None => "by no input".to_owned(),
        };
        self.failure = Some(format!("`{}` broke ({status}), {input}\n  {shown}", self.target));
    }

    /// Why it broke, if it did.
    pub(super) fn broken(&self) -> Option<&str> {
        self.failure.as_deref()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { executions, coverage, .. } = self;
        let verdict = if self.failure.is_some() { "broken" } else { "good" };
        write!(f, "{verdict:<6} {executions:>9} inputs, {coverage:>6} places reached")
    }
}

#[cfg(test)]
mod tests {
    use std::{os::unix::process::ExitStatusExt as _, path::Path};

    use super::*;

    const SAID: &str = "INFO: Seed: 1\n#2\tINITED cov: 12 ft: 13 corp: 1/1b exec/s: 0 rss: 41Mb\n\
        #4096\tDONE   cov: 345 ft: 400 corp: 7/99b lim: 43 exec/s: 4096 rss: 50Mb\n\
        stat::number_of_executed_units: 4096\nstat::new_units_added:          6\n";

    #[test]
    fn what_was_tried_is_read() {
        let outcome = Outcome::of("btf", SAID);
        assert_eq!((outcome.executions, outcome.coverage, &outcome.artifact), (4096, 345, &None));
        assert_eq!(outcome.to_string(), "good        4096 inputs,    345 places reached");
        assert_eq!(outcome.broken(), None);
    }

    #[test]
    fn what_broke_is_shown_with_its_input() {
        let said = format!(
            "{SAID}thread 'x' panicked at a.rs:1:2:\nno\nartifact_prefix='f/'; Test unit written to f/crash-1\n"
        );
        let mut outcome = Outcome::of("btf", &said);
        assert_eq!(outcome.artifact.as_deref(), Some(Path::new("f/crash-1")));
        outcome.fail(Some(workspace::root().join("agent/fuzz/btf/crash-1")), &said, ExitStatus::from_raw(77 << 8));
        let shown = outcome.broken().expect("it broke");
        assert!(shown.starts_with("`btf` broke (exit status: 77), by agent/fuzz/btf/crash-1: mend it"), "{shown}");
        assert!(shown.contains("panicked at a.rs:1:2:\n  no"), "{shown}");
    }
}
