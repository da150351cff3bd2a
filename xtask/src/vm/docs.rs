// SPDX-License-Identifier: Apache-2.0
//! `docs/kernels.md`: what a run found, as tables.

use std::{collections::BTreeSet, fmt::Write as _, fs};

use agent_compile::Arch;
use anyhow::Result;

use super::{
    kernels::{self, Kernel},
    outcome::{Doctor, Outcome},
    qemu::Files,
    variants::{self, PLAIN, Variant},
};
use crate::{output, report, workspace};

const HEAD: &str = "# Kernels

Written by `cargo xtask vm KERNEL.. --docs`, which boots kernels of Debian in virtual machines, by exact version and checksum. In each,
`lanner doctor --programs` has to be content, its self-test included, and every program of the probe has to pass the verifier;
then parts of the integration suite run: `ledger` is a flood that ends with a closed ledger, `syscalls` makes every syscall and
compares what is shown of it, `tracefs_formats` compares the table with the kernel's own descriptions. What the doctor warns of
is named.

A kernel without BTF is one whose BTF is hidden: none of Debian's kernels from 5.10 on is built without.

| kernel | machine | boot | verdict | fields | tests passed | the doctor warns of |
| --- | --- | --- | --- | --- | --- | --- |
";

const VERIFIED: &str = "
## What the verifier looks at

Instructions by kind of program, with the number of programs and the most of one. Kernels before 5.16 do not say, and are left out.

";

/// A guest, and what came of it.
struct Found {
    kernel: Kernel,
    variant: &'static Variant,
    outcome: Outcome,
}

/// Writes the file.
pub(super) fn write() -> Result<()> {
    let path = workspace::root().join("docs/kernels.md");
    let changed = output::put(&path, text(&found()?)?.as_bytes(), 0o644)?;
    report::line("docs", format_args!("docs/kernels.md{}", if changed { "" } else { ", up to date" }));
    Ok(())
}

/// What was found of each guest by its last run, unless that was with another agent than the last run of all.
fn found() -> Result<Vec<Found>> {
    let mut all = Vec::new();
    for kernel in kernels::all()? {
        for variant in variants::ALL {
            let path = Files::of(&variant.of(&kernel)).outcome;
            let Ok(bytes) = fs::read(&path) else { continue };
            // Empty while it runs.
            let Ok(outcome) = serde_json::from_slice(&bytes) else { continue };
            let written = fs::metadata(&path).and_then(|file| file.modified())?;
            all.push((written, Found { kernel: kernel.clone(), variant, outcome }));
        }
    }
    let of = |arch: Arch| all.iter().filter(move |(_, found)| found.kernel.arch() == arch);
    let agents =
        Arch::ALL.map(|arch| of(arch).max_by_key(|(written, _)| *written).map(|(_, it)| it.outcome.agent.clone()));
    Ok(all
        .into_iter()
        .map(|(_, found)| found)
        .filter(|found| agents.contains(&Some(found.outcome.agent.clone())))
        .collect())
}

fn text(found: &[Found]) -> Result<String> {
    let mut text = HEAD.to_owned();
    text.extend(found.iter().map(row));
    text.push_str(VERIFIED);
    let plain: Vec<_> = found.iter().filter(|found| found.variant.name == PLAIN).collect();
    verified(&mut text, &plain)?;
    Ok(text)
}

/// A guest's line.
fn row(Found { kernel, variant, outcome }: &Found) -> String {
    let tests = outcome.steps.iter().filter(|step| step.passed > 0);
    let tests: Vec<_> = tests.map(|step| format!("{} {}", step.name, step.passed)).collect();
    let (found, all) = outcome.doctor.as_ref().map_or((0, 0), Doctor::fields);
    let failed: Vec<_> = outcome.steps.iter().filter(|step| !step.ok).map(|step| step.name.as_str()).collect();
    let verdict = match (outcome.ok(), failed.is_empty()) {
        (true, _) => "passed".to_owned(),
        (false, true) => "failed".to_owned(),
        (false, false) => format!("failed: {}", failed.join(", ")),
    };
    let warned = outcome.doctor.as_ref().map_or_else(Vec::new, Doctor::warned);
    format!(
        "| {} | {} | {} | {verdict} | {found} of {all} | {} | {} |\n",
        outcome.release,
        kernel.arch().name(),
        variant.words,
        tests.join(", "),
        warned.join(", ")
    )
}

/// A line for each kernel, a column for each kind of program.
fn verified(text: &mut String, plain: &[&Found]) -> Result<()> {
    let kinds: BTreeSet<_> = plain.iter().flat_map(|found| found.outcome.kinds().into_keys()).collect();
    let heads: Vec<_> = kinds.iter().copied().collect();
    writeln!(text, "| kernel | machine | all | largest | {} |", heads.join(" | "))?;
    writeln!(text, "| --- | --- | --- | --- |{}", " --- |".repeat(heads.len()))?;
    for Found { kernel, outcome, .. } in plain {
        let Some(doctor) = &outcome.doctor else { continue };
        let (release, arch) = (&outcome.release, kernel.arch().name());
        let Some((sum, largest)) = doctor.verified().zip(doctor.largest()) else {
            continue;
        };
        let by_kind = outcome.kinds();
        let cells = kinds.iter().map(|kind| match by_kind.get(kind) {
            Some((1, sum, _)) => sum.to_string(),
            Some((programs, sum, most)) => format!("{sum} in {programs}, at most {most}"),
            None => String::new(),
        });
        let cells: Vec<_> = cells.collect();
        writeln!(text, "| {release} | {arch} | {sum} | {largest} | {} |", cells.join(" | "))?;
    }
    Ok(())
}
