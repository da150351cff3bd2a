// SPDX-License-Identifier: Apache-2.0
//! `lanner doctor --programs`: whether this kernel's verifier takes every program, not only those of the self-test.

use std::path::Path;

use super::{Check, ProgramReport};
use crate::{
    driver::Object,
    filter::kernel::KernelFilter,
    probe::{Layout, Probe},
    select::Selection,
    self_test,
};

/// Loads what capturing everything takes, and attaches none of it.
pub(super) fn load(object: &Object<'_>, layout: &Layout) -> (Check, Option<Vec<ProgramReport>>) {
    const NAME: &str = "programs";
    let settings = self_test::settings(layout, &layout.choose_hierarchy(Path::new("/")));
    let everything = KernelFilter::of(&Selection::all());
    let loaded = match Probe::load(object, layout, &everything, &self_test::filter(), &settings) {
        Ok((probe, _, _)) => probe.programs().to_vec(),
        Err(error) => {
            let text = error.to_string();
            let first = text.lines().next().unwrap_or_default().to_owned();
            return (Check::fail(NAME, first, "leave out what needs it by --syscalls, and report it"), None);
        }
    };
    let verified: Option<u64> = loaded.iter().map(|program| program.verified.map(u64::from)).sum();
    let verified = verified.map_or_else(|| "(this kernel does not say how many)".to_owned(), |sum| sum.to_string());
    let found = format!("{} loaded, {verified} instructions verified", loaded.len());
    let programs = loaded.into_iter().map(|program| ProgramReport {
        name: program.name,
        verified: program.verified,
        machine_code: program.jited,
    });
    (Check::ok(NAME, found), Some(programs.collect()))
}
