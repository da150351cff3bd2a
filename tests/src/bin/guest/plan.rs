// SPDX-License-Identifier: Apache-2.0
//! What the host asks of a guest, and what the guest answers: JSON, in a file of the first file system and by lines on the
//! second serial port. `cargo xtask vm` has this file too.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where the plan is.
pub(crate) const PATH: &str = "/plan.json";

/// How control groups are mounted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Cgroups {
    /// Each controller by itself.
    V1,
    /// All in one.
    #[default]
    V2,
    /// Each controller by itself, and besides them v2 without any.
    Both,
}

/// What the agent has of the kernel's own description of its structures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Btf {
    /// What the kernel brings along.
    #[default]
    Kernel,
    /// Nothing, as in a kernel that was built without.
    Missing,
    /// A file of the same, which the agent has to be told of.
    File,
}

/// Where the file is, for [`Btf::File`].
pub(crate) const BTF_FILE: &str = "/vmlinux.btf";

/// What is done in the guest.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// The device that answers are written to.
    pub(crate) report: String,
    /// How control groups are mounted.
    pub(crate) cgroups: Cgroups,
    /// What there is of the kernel's BTF.
    pub(crate) btf: Btf,
    /// Whether CPUs go and come while steps are taken.
    pub(crate) hotplug: bool,
    /// Variables that steps have.
    pub(crate) environment: Vec<(String, String)>,
    /// The steps, in order. One that fails does not stop the others.
    pub(crate) steps: Vec<Step>,
}

/// A program that is run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Step {
    /// What it is called.
    pub(crate) name: String,
    /// The program.
    pub(crate) program: String,
    /// Its arguments.
    pub(crate) args: Vec<String>,
    /// Whether what it prints is JSON, which the answer has.
    pub(crate) json: bool,
}

/// A line of the answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum Answer {
    /// The guest is there.
    Start {
        /// Of the kernel, as `uname -r` has it.
        release: String,
        /// CPUs that are online.
        cpus: usize,
        /// What could not be set up, with the reason.
        missing: Vec<String>,
    },
    /// A step was taken.
    Step {
        /// What it is called.
        name: String,
        /// Whether it succeeded.
        ok: bool,
        /// How it ended, when it failed.
        status: String,
        /// How long it took.
        millis: u64,
        /// What it printed, when that is JSON and was asked for.
        json: Option<Value>,
        /// Otherwise the lines of a test program that say what came out.
        lines: Vec<String>,
    },
    /// All was done.
    End {
        /// How often a CPU went or came.
        hotplugs: u64,
    },
}
