// SPDX-License-Identifier: Apache-2.0
//! What was typed about metrics and health.

use std::time::Duration;

use clap::Args;

use crate::telemetry::{Listen, Percent};

/// What others may ask of the running agent.
#[derive(Clone, Debug, Args)]
pub struct Telemetry {
    /// Where /metrics, /healthz, /readyz and /versions are served; `off` for nowhere [default: 127.0.0.1:8765]
    ///
    /// Where another program has the default's port, capture goes on without; an address that is given must be free.
    #[arg(long, value_name = "ADDRESS", env = "LANNER_METRICS_LISTEN", help_heading = "Telemetry")]
    pub metrics_listen: Option<Listen>,

    /// /readyz says no while more than this share of the events is lost, in percent
    ///
    /// Of the last three seconds, and of the time that `--loss-window` says.
    #[arg(long, value_name = "PERCENT", default_value_t, env = "LANNER_MAX_LOSS", help_heading = "Telemetry")]
    pub max_loss: Percent,

    /// For how long a loss is held against the agent
    #[arg(long, value_name = "TIME", default_value = "1m", env = "LANNER_LOSS_WINDOW", value_parser = window,
        help_heading = "Telemetry")]
    pub loss_window: Duration,

    /// /readyz says no until the pods of this node were listed; otherwise it only tells when that is not possible
    ///
    /// A DaemonSet whose service account may not list pods, say, is then not rolled out further.
    #[arg(long, env = "LANNER_REQUIRE_K8S", help_heading = "Telemetry")]
    pub require_k8s: bool,

    /// Have the kernel count how long the probe runs; it costs every run two readings of the clock
    #[arg(long, help_heading = "Telemetry")]
    pub probe_stats: bool,
}

fn window(text: &str) -> Result<Duration, String> {
    let window = super::duration(text)?;
    if (Duration::from_secs(3)..=Duration::from_hours(1)).contains(&window) {
        Ok(window)
    } else {
        Err("it is between 3s and 1h".to_owned())
    }
}
