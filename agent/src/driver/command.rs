// SPDX-License-Identifier: Apache-2.0
//! `lanner probe`.

mod build;
mod env;
mod info;
mod kept;

use std::{
    fs,
    io::{self, BufWriter, Write},
    path::Path,
    process::ExitCode,
};

use anyhow::{Context as _, Result};
use serde::Serialize;

use super::{
    Carried, Config, Provenance, Resolver, Source,
    config::{ConfigError, EMBEDDED_KEY},
    signature::Keys,
    verify::Facts,
};
use crate::{
    cli::{Cached, Probe},
    probe::layout::KERNEL_BTF,
};

/// Runs the command.
///
/// # Errors
/// When there is nothing to show for it, or it can't be written.
pub fn run(command: &Probe) -> Result<ExitCode> {
    let mut out = BufWriter::new(io::stdout().lock());
    let code = match command {
        Probe::Info { site, json } => {
            let info = info::Info::of(&Config::at(site)?, &Carried::here());
            if *json {
                write_json(&mut out, &info)?;
            } else {
                info.write(&mut out)?;
            }
            ExitCode::SUCCESS
        }
        Probe::PrintEnv { site } => {
            env::write(&mut out, &Config::at(site)?)?;
            ExitCode::SUCCESS
        }
        Probe::Fetch { site, output } => {
            let config = Config::at(site)?;
            fetch(&mut out, config, output.as_deref())?
        }
        Probe::Build(args) => {
            build::run(&mut out, args)?;
            ExitCode::SUCCESS
        }
        Probe::Vendor { to } => {
            build::vendor(&mut out, to)?;
            ExitCode::SUCCESS
        }
        Probe::Verify { object, site, json } => {
            let config = Config { given: Some(object.clone()), ..Config::at(site)? };
            verify(&mut out, &config, *json)?
        }
        Probe::Cache(Cached::List { probe_cache, json }) => {
            kept::list(&mut out, probe_cache.as_deref(), *json)?;
            ExitCode::SUCCESS
        }
        Probe::Cache(Cached::Prune { probe_cache, keep }) => {
            kept::prune(&mut out, probe_cache.as_deref(), keep.as_u64())?;
            ExitCode::SUCCESS
        }
        Probe::Key { probe_key } => key(&mut out, probe_key)?,
    };
    out.flush()?;
    Ok(code)
}

fn write_json(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value).map_err(io::Error::from)?;
    writeln!(out)
}

/// Repositories only; the cache keeps what they have, unless the order leaves it out.
fn fetch(out: &mut impl Write, config: Config, output: Option<&Path>) -> Result<ExitCode> {
    let keeps = config.order.contains(&Source::Cache);
    let mut order = vec![Source::Repo];
    order.extend(keeps.then_some(Source::Cache));
    let config = Config { order, given: None, ..config };
    let mut resolved = Resolver::new(&config, Carried::default()).only_new().resolve()?;
    resolved.provenance.warn_of_faults();
    if let Some(path) = output {
        fs::write(path, resolved.object.bytes()).with_context(|| format!("can't write {}", path.display()))?;
    }
    if let Some(chosen) = resolved.provenance.chosen.take() {
        writeln!(out, "{}\n  {}", chosen.from, chosen.trust)?;
        facts(out, &chosen.facts)?;
    }
    if !Path::new(KERNEL_BTF).exists() {
        let (_, btf) = Resolver::new(&config, Carried::default()).only_new().kernel_btf();
        if btf.tried.is_empty() {
            writeln!(out, "this kernel has no BTF of its own: name repositories that have it by --drivers-repo")?;
        } else {
            writeln!(out, "this kernel has no BTF of its own:{btf}")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What `lanner probe verify --json` prints.
#[derive(Debug, Serialize)]
struct Verdict<'a> {
    /// Whether this lanner can load it here.
    ok: bool,
    #[serde(flatten)]
    provenance: &'a Provenance,
}

fn verify(out: &mut impl Write, config: &Config, json: bool) -> Result<ExitCode> {
    match Resolver::new(config, Carried::default()).resolve() {
        Ok(resolved) => {
            let provenance = &resolved.provenance;
            if json {
                write_json(out, &Verdict { ok: true, provenance })?;
            } else if let Some(chosen) = &provenance.chosen {
                writeln!(out, "{}: this lanner can load it here\n  {}", chosen.from, chosen.trust)?;
                facts(out, &chosen.facts)?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(error) if json => {
            write_json(out, &Verdict { ok: false, provenance: &error.0 })?;
            Ok(ExitCode::FAILURE)
        }
        Err(error) => Err(error.into()),
    }
}

fn facts(out: &mut impl Write, facts: &Facts) -> io::Result<()> {
    let Facts { abi, schema, arch, version, features, license, programs, maps, bytes, sha256, build_id } = facts;
    writeln!(out, "  version {version}, ABI {abi}, for {arch}, licence {license}")?;
    writeln!(out, "  {programs} programs, {maps} maps, {bytes} bytes; asks for {}", features.join(", "))?;
    writeln!(out, "  build   {build_id}\n  sha256  {sha256}\n  schema  {schema}")
}

fn key(out: &mut impl Write, given: &[String]) -> Result<ExitCode> {
    let keys = Keys::new(given, EMBEDDED_KEY).map_err(ConfigError::from)?;
    let mut none = true;
    for key in keys.iter() {
        writeln!(out, "untrusted comment: minisign public key {}, from {}\n{}", key.id, key.from, key.text)?;
        none = false;
    }
    if none {
        writeln!(out, "no key is trusted: this lanner was built without one, and --probe-key names none")?;
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}
