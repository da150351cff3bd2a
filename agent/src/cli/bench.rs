// SPDX-License-Identifier: Apache-2.0
//! What was typed about measuring.

use std::time::Duration;

use clap::Args;

use crate::bench::Workload;

/// What is measured, and how.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  sudo lanner bench                       everything, in some 25 minutes
  sudo lanner bench --quick --only W1,W3  rough numbers of two workloads, in a minute
  sudo lanner bench --json > bench.json
  sudo lanner bench --compare 'strace -f -o /dev/null -p {pid}' --only W1,W2")]
pub struct BenchArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,

    /// Only these workloads, comma-separated
    #[arg(long, value_enum, value_name = "WORKLOADS", value_delimiter = ',')]
    pub only: Vec<Workload>,

    /// How often everything is measured; the more, the less a busy machine matters [default: 7, 1 with --quick]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rounds: Option<u32>,

    /// A short run: fewer operations, fewer rates, and W6 and W7 only when they are named
    #[arg(long)]
    pub quick: bool,

    /// Measure this shell command too; repeatable
    ///
    /// It is started for each workload and ended by SIGTERM, with its group. {pid} is replaced by the process that does the
    /// workload. It counts as ready when it writes something, or after --compare-ready.
    #[arg(long, value_name = "COMMAND")]
    pub compare: Vec<String>,

    /// How long such a command may take until it is ready
    #[arg(long, value_name = "TIME", value_parser = super::duration, default_value = "5s")]
    pub compare_ready: Duration,
}
