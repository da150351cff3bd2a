// SPDX-License-Identifier: Apache-2.0
//! `lanner doctor`: whether capture can work here, and if not, what to do.

mod checks;
mod programs;

use std::{
    io::{self, BufWriter, IsTerminal as _, Write},
    path::Path,
    process::ExitCode,
};

use agent_common::record;
use anyhow::Result;
use serde::Serialize;

use crate::{
    cli::Site,
    driver::{
        Carried, Config, Provenance, Resolver,
        build::{self, BuildError},
        report::Attempt,
        resolve,
    },
    host,
    probe::Layout,
};

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// As it should be.
    Ok,
    /// Capture works, with less than it could have.
    Warn,
    /// Capture can't work.
    Fail,
}

/// One check.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// How it went.
    pub status: Status,
    /// What was found.
    pub found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Check {
    fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, status: Status::Ok, found: found.into(), remedy: None }
    }

    fn warn(name: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name, status: Status::Warn, found: found.into(), remedy: Some(remedy.into()) }
    }

    fn fail(name: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name, status: Status::Fail, found: found.into(), remedy: Some(remedy.into()) }
    }
}

/// A kernel field, as it is reported.
#[derive(Debug, Serialize)]
struct FieldReport {
    field: String,
    path: &'static str,
    tier: &'static str,
    /// In bytes; null when the field is absent.
    offset: Option<u16>,
}

/// The probe, as it is reported.
#[derive(Debug, Serialize)]
struct ProbeReport {
    /// The contract this binary speaks.
    abi: u32,
    /// Where it comes from, and what was tried.
    #[serde(flatten)]
    provenance: Provenance,
}

/// Everything that is reported.
#[derive(Debug, Serialize)]
struct Report {
    version: &'static str,
    /// Whether capture can work.
    ok: bool,
    checks: Vec<Check>,
    fields: Vec<FieldReport>,
    probe: ProbeReport,
    /// What was loaded for `--programs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    programs: Option<Vec<ProgramReport>>,
}

/// A program of the probe, as it is reported.
#[derive(Debug, Serialize)]
struct ProgramReport {
    name: String,
    /// Instructions that the verifier looked at; null where the kernel does not say, before 5.16.
    verified: Option<u32>,
    /// Bytes of machine code.
    machine_code: u32,
}

/// `lanner doctor`
///
/// # Errors
/// When an option about the probe is wrong, a signal ends a build, or the report can't be written.
pub fn run(json: bool, programs: bool, btf: Option<&Path>, site: &Site) -> Result<ExitCode> {
    let config = Config::at(site)?;
    let layout = Layout::of_kernel(btf, &host::kernel_release());
    let (object, mut provenance) = match Resolver::new(&config, Carried::here()).resolve() {
        Ok(resolved) => (Some(resolved.object), resolved.provenance),
        Err(error) => (None, *error.0),
    };
    if build::is_stopped() {
        return Err(BuildError::Stopped.into());
    }
    let layout = layout.map(|layout| resolve::with_btf(&config, layout, &mut provenance));
    let mut checks = checks::all(object.as_ref(), &provenance, &layout);
    let loaded = if let (true, Some(object), Ok(layout)) = (programs, &object, &layout) {
        let (check, programs) = programs::load(object, layout);
        checks.push(check);
        programs
    } else {
        None
    };
    let fields = layout.as_ref().map_or_else(|_| Vec::new(), |layout| layout.places().iter().map(field).collect());
    let ok = checks.iter().all(|check| check.status != Status::Fail);
    let probe = ProbeReport { abi: record::ABI, provenance };
    let report = Report { version: env!("CARGO_PKG_VERSION"), ok, checks, fields, probe, programs: loaded };
    let mut out = BufWriter::new(io::stdout().lock());
    if json {
        serde_json::to_writer_pretty(&mut out, &report).map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        text(&report, host::colour(io::stdout().is_terminal()), &mut out)?;
    }
    out.flush()?;
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn field(place: &crate::probe::layout::Place) -> FieldReport {
    FieldReport {
        field: format!("{:?}", place.field),
        path: place.path,
        tier: place.tier.name(),
        offset: (place.offset != agent_common::kernel::ABSENT).then_some(place.offset),
    }
}

fn text(report: &Report, colour: bool, out: &mut impl Write) -> io::Result<()> {
    let width = report.checks.iter().map(|check| check.name.len()).max().unwrap_or(0);
    for check in &report.checks {
        let (word, style) = match check.status {
            Status::Ok => ("ok  ", "32"),
            Status::Warn => ("warn", "33"),
            Status::Fail => ("FAIL", "31"),
        };
        let word = if colour { format!("\x1b[{style}m{word}\x1b[0m") } else { word.to_owned() };
        write!(out, "{word}  {:width$}  {}", check.name, check.found)?;
        if let Some(remedy) = &check.remedy {
            write!(out, "; {remedy}")?;
        }
        writeln!(out)?;
    }
    writeln!(out, "\nkernel fields")?;
    let width = report.fields.iter().map(|field| field.path.len()).max().unwrap_or(0);
    for field in &report.fields {
        let offset = field.offset.map_or_else(|| "-".to_owned(), |offset| offset.to_string());
        writeln!(out, "  {:width$}  {:>6}  {}", field.path, offset, field.tier)?;
    }
    writeln!(out, "\nprobe")?;
    for Attempt { source, what, words, .. } in &report.probe.provenance.tried {
        writeln!(out, "  {:<8}  {what}: {words}", source.name())?;
    }
    writeln!(out, "\n{}", if report.ok { "Capture can work here." } else { "Capture can't work here." })
}
