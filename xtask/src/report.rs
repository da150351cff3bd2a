// SPDX-License-Identifier: Apache-2.0
//! What a task says while it works: one aligned line per thing, and a spinner on a terminal.

use std::{
    fmt::Display,
    io::{self, IsTerminal as _},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};

/// Something that takes a while.
#[derive(Debug)]
pub(crate) struct Step {
    label: String,
    started: Instant,
    spinner: ProgressBar,
}

impl Step {
    /// Says that `label` is under way: `what`.
    pub(crate) fn start(label: &str, what: &str) -> Self {
        let spinner = ProgressBar::new_spinner().with_finish(ProgressFinish::AndClear);
        if io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("{prefix:<14} {spinner} {msg} ({elapsed})").ok();
            spinner.set_style(style.unwrap_or_else(ProgressStyle::default_spinner));
            spinner.set_prefix(label.to_owned());
            spinner.set_message(what.to_owned());
            spinner.enable_steady_tick(Duration::from_millis(100));
        } else {
            line(label, format_args!("{what} ..."));
        }
        Self { label: label.to_owned(), started: Instant::now(), spinner }
    }

    /// Says what came of it, and how long it took.
    pub(crate) fn done(self, outcome: impl Display) {
        self.spinner.finish_and_clear();
        line(&self.label, format_args!("{outcome} ({})", seconds(self.started.elapsed())));
    }
}

/// One line about `label`.
pub(crate) fn line(label: &str, text: impl Display) {
    println!("{label:<14} {text}");
}

/// A duration for people.
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// What went wrong, and below it why.
pub(crate) fn failure(error: &anyhow::Error) {
    eprintln!("error: {error}");
    for cause in error.chain().skip(1) {
        eprintln!("{cause}");
    }
}
