// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask grid`: lays out a driver repository, for any web server or bucket to serve.
//!
//! `OUT/<driver version>/<arch>/` holds the portable object, the same object under the names of kernels where the
//! configuration asks for that, `manifest.json` and its signature. What is as it should be is not touched, so that `aws s3
//! sync` uploads only what has changed.

mod config;
mod driverkit;
mod key;
mod layout;
mod listing;
mod objects;
mod prune;
#[cfg(test)]
mod tests;
#[expect(dead_code, reason = "the agent uses the rest")]
#[path = "../../agent/src/filter/rules/yaml.rs"]
mod yaml;

use std::path::PathBuf;

use anyhow::{Result, ensure};

use self::{config::Config, key::Signer, objects::Probe};
use crate::report;

/// What to lay out, and where.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What the repository holds: a TOML file (docs/publishing.md), or one of driverkit's YAML files, or a folder of them
    ///
    /// Without it: the probe of this checkout, for each architecture, under its portable name.
    #[arg(long, value_name = "FILE|DIR")]
    config: Option<PathBuf>,
    /// The repository's folder
    #[arg(long, value_name = "DIR", default_value = "target/grid")]
    out: PathBuf,
    /// The secret key to sign with, as `minisign -G` makes one; LANNER_KEY_PASSWORD is its password
    ///
    /// Without it a pair of keys is made once: the public half is lanner.pub in this tree, which the agent embeds when it is
    /// built.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Changes {
    /// Files that are now there, or different.
    written: usize,
    /// Files that stay as they were.
    kept: usize,
    /// Files that are gone.
    removed: usize,
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<()> {
    let config = Config::read(args.config.as_deref())?;
    let signer = Signer::open(args.key.as_deref())?;
    let probes = objects::all(&config)?;
    let changes = lay_out(&config, &probes, &signer, &args.out)?;
    let Changes { written, kept, removed } = changes;
    let out = args.out.display();
    report::line("grid", format_args!("{out}: {written} files written, {kept} as they were, {removed} removed"));
    Ok(())
}

/// Makes `out` hold what `config` asks for.
fn lay_out(config: &Config, probes: &[Probe], signer: &Signer, out: &std::path::Path) -> Result<Changes> {
    config.check_against(probes)?;
    let kept = prune::kept(config.keep, probes, out)?;
    let mut changes = Changes::default();
    let mut laid_out = 0;
    for probe in probes {
        if !kept.contains(&probe.version) {
            let (version, keep) = (&probe.version, config.keep);
            report::line("left out", format_args!("{version}: older than the {keep} driver versions that are kept"));
            continue;
        }
        layout::folder(config, probe, signer, out, &mut changes)?;
        laid_out += 1;
    }
    ensure!(laid_out > 0, "nothing is left to lay out: {} has {} newer driver versions", out.display(), config.keep);
    prune::remove_others(&kept, out, &mut changes)?;
    Ok(changes)
}
