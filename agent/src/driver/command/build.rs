// SPDX-License-Identifier: Apache-2.0
//! `lanner probe build` and `lanner probe vendor`.

use std::{fs, io::Write, path::Path};

use agent_compile::Arch;
use anyhow::{Context as _, Result, ensure};

use super::facts;
use crate::{
    cli::BuildArgs,
    driver::{
        Config, Object,
        build::{self, Built, Request},
        cache::{Cache, Evidence, Key},
        url,
        verify::{ARCH, sha256},
    },
};

/// Builds a probe, checks it as any other, and keeps it.
pub(super) fn run(out: &mut impl Write, args: &BuildArgs) -> Result<()> {
    let BuildArgs { site, arch, vendor, output } = args;
    let config = Config::at(site)?;
    ensure!(
        *arch == Arch::HOST || output.is_some(),
        "a probe for {} is of no use to this machine: name a file for it with --output FILE",
        arch.name()
    );
    let request = Request { arch: *arch, vendor: vendor.clone(), talks: true };
    let Built { object, programs, took } = build::build(&request, |line| eprintln!("{line}"))?;
    if let Some(path) = output {
        fs::write(path, &object).with_context(|| format!("can't write {}", path.display()))?;
    }
    let seconds = took.as_secs_f64();
    writeln!(out, "built for {} in {seconds:.1} s: {programs} programs, {} bytes", arch.name(), object.len())?;
    if *arch != Arch::HOST {
        // The checks are those of this machine's agent.
        writeln!(out, "  sha256  {}", sha256(&object))?;
        return Ok(());
    }
    let object = Object::check(object)?;
    facts(out, object.facts())?;
    if let Some(root) = &config.cache {
        let file = url::portable_object(&config.driver_name);
        let key = Key { driver_version: &config.driver_version, arch: ARCH, file: &file };
        let kept = Cache::open(root).and_then(|cache| cache.put(key, build::FROM, object.bytes(), Evidence::Built));
        kept.context("the probe is not kept")?;
        writeln!(out, "  kept in {}", root.display())?;
    }
    Ok(())
}

/// Brings the crates that a build needs.
pub(super) fn vendor(out: &mut impl Write, to: &Path) -> Result<()> {
    build::vendor(to, true)?;
    writeln!(out, "{0} has the crates: `lanner probe build --vendor {0}`", to.display())?;
    Ok(())
}
