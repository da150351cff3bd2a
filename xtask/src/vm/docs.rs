// SPDX-License-Identifier: Apache-2.0
//! `docs/kernels.md`: what a run found, as tables.

use std::{collections::BTreeSet, fmt::Write as _};

use anyhow::{Context as _, Result};

use super::{
    outcome::{Doctor, Outcome},
    run::Guest,
    variants::PLAIN,
};
use crate::{output, report, workspace};

const HEAD: &str = "# Kernels

What `cargo xtask vm --all --variant all --docs` found: it boots kernels of Debian in virtual machines, by exact version and
checksum, and writes this file. In each, `lanner doctor --programs` has to be content, its self-test included, and every
program of the probe has to pass the verifier; then parts of the integration suite run, in which floods end with a closed
ledger. `syscalls` makes every syscall and compares what is shown of it.
";

/// Writes the file.
pub(super) fn write(guests: &[Guest<'_>], outcomes: &[Outcome]) -> Result<()> {
    let guests: Vec<_> = guests.iter().zip(outcomes).collect();
    let path = workspace::root().join("docs/kernels.md");
    let changed = output::put(&path, text(&guests)?.as_bytes(), 0o644)?;
    report::line("docs", format_args!("docs/kernels.md{}", if changed { "" } else { ", up to date" }));
    Ok(())
}

fn text(guests: &[(&Guest<'_>, &Outcome)]) -> Result<String> {
    let mut text = HEAD.to_owned();
    writeln!(
        text,
        "\n| kernel | machine | boot | verdict | fields | tests passed |\n| --- | --- | --- | --- | --- | --- |"
    )?;
    for (guest, outcome) in guests {
        let tests = outcome.steps.iter().filter(|step| step.passed > 0);
        let tests: Vec<_> = tests.map(|step| format!("{} {}", step.name, step.passed)).collect();
        let (found, all) = outcome.doctor.as_ref().map_or((0, 0), Doctor::fields);
        let failed: Vec<_> = outcome.steps.iter().filter(|step| !step.ok).map(|step| step.name.as_str()).collect();
        let verdict = match (outcome.ok(), failed.is_empty()) {
            (true, _) => "passed".to_owned(),
            (false, true) => "failed".to_owned(),
            (false, false) => format!("failed: {}", failed.join(", ")),
        };
        writeln!(
            text,
            "| {} | {} | {} | {verdict} | {found} of {all} | {} |",
            outcome.release,
            guest.kernel.arch().name(),
            guest.variant.words,
            tests.join(", ")
        )?;
    }
    let plain: Vec<_> = guests.iter().filter(|(guest, _)| guest.variant.name == PLAIN).collect();
    writeln!(text, "\n## What the verifier looks at\n")?;
    writeln!(text, "Instructions by kind of program, and the most of one program. Kernels before 5.16 do not say.\n")?;
    let kinds: BTreeSet<_> = plain.iter().flat_map(|(_, outcome)| outcome.kinds().into_keys()).collect();
    let named: Vec<_> = plain.iter().filter(|(_, outcome)| !outcome.kinds().is_empty()).collect();
    let heads: Vec<_> = named.iter().map(|(guest, _)| guest.kernel.title()).collect();
    writeln!(text, "| programs | {} |\n| --- |{}", heads.join(" | "), " --- |".repeat(heads.len()))?;
    for kind in kinds {
        let cells = named.iter().map(|(_, outcome)| match outcome.kinds().get(kind) {
            Some((programs, sum, most)) => format!("{sum} in {programs}, at most {most}"),
            None => String::new(),
        });
        writeln!(text, "| {kind} | {} |", cells.collect::<Vec<_>>().join(" | "))?;
    }
    let sums = named.iter().map(|(_, outcome)| {
        let verified = outcome.doctor.as_ref().and_then(Doctor::verified);
        verified.map_or_else(String::new, |sum| sum.to_string())
    });
    writeln!(text, "| all | {} |", sums.collect::<Vec<_>>().join(" | ")).context("a string can be written to")?;
    Ok(text)
}
