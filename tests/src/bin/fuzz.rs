// SPDX-License-Identifier: Apache-2.0
//! libFuzzer with the agent's targets: `cargo xtask fuzz` builds and runs it. The target is named by `LANNER_FUZZ`.
#![no_main]

use std::{env, sync::OnceLock};

use agent::fuzz::{TARGETS, Target};
use libfuzzer_sys::fuzz_target;

static TARGET: OnceLock<&Target> = OnceLock::new();

fn target() -> &'static Target {
    TARGET.get_or_init(|| {
        let wanted = env::var("LANNER_FUZZ").unwrap_or_default();
        let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
        let found = TARGETS.iter().find(|target| target.name == wanted);
        found.unwrap_or_else(|| panic!("LANNER_FUZZ={wanted} is none of {}", names.join(", ")))
    })
}

fuzz_target!(|bytes: &[u8]| (target().run)(bytes));
