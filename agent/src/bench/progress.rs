// SPDX-License-Identifier: Apache-2.0
//! How far a run has come, on a terminal.

use std::{
    io::{self, IsTerminal as _},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar on the standard error; nothing where that is no terminal.
#[derive(Debug)]
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Of so many steps.
    pub(super) fn of(steps: u64) -> Self {
        if !io::stderr().is_terminal() {
            return Self(ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()));
        }
        let style = ProgressStyle::with_template("{wide_bar} {pos}/{len}, {eta} left\n{msg}").ok();
        let bar = ProgressBar::new(steps).with_style(style.unwrap_or_else(ProgressStyle::default_bar));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    /// Says what the next step is.
    pub(super) fn step(&self, what: &str) {
        self.0.set_message(what.to_owned());
        self.0.inc(1);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
