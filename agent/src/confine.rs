// SPDX-License-Identifier: Apache-2.0
//! Giving up what capturing does not take, once the probe is attached: capabilities, new privileges by programs, and
//! system calls. Whoever takes the agent over by what it decodes then has little more than it reads anyway.
//!
//! It is done before the agent has threads, but for such that give up everything by themselves ([`renounce`]); those that it
//! makes afterwards inherit it. What can't be given up is warned of: an agent that runs with more than it needs is better
//! than none.

mod calls;
mod needs;
mod privileges;
#[expect(unsafe_code, reason = "the system call that installs a filter, see the SAFETY comment")]
mod seccomp;

use std::fs;

use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};

pub use self::{needs::Needs, privileges::Kept};

/// Gives up what `needs` does not name. `can_read_maps` tries whether the probe's maps can be read: before 6.0 that takes
/// CAP_BPF, unless everybody may use bpf(2).
pub fn confine(needs: &Needs, can_read_maps: impl Fn() -> bool) {
    let others = privileged_threads().saturating_sub(1);
    if others > 0 {
        tracing::warn!("{others} threads run already, which keep their capabilities");
    }
    match privileges::reduce(needs, can_read_maps) {
        Ok(kept) => tracing::info!(capabilities = %kept, "capabilities are dropped"),
        Err(error) => tracing::warn!("capabilities can't be dropped: {error}"),
    }
    // The filters take it, where CAP_SYS_ADMIN is gone.
    if let Err(error) = rustix::thread::set_no_new_privs(true) {
        tracing::warn!("no_new_privs can't be set: {error}");
    }
    match seccomp::install(needs.load) {
        Ok(()) => tracing::info!("system calls are filtered"),
        Err(error) => tracing::warn!("system calls can't be filtered (seccomp): {error}"),
    }
}

/// Gives up all capabilities of the calling thread, for one that needs none.
pub fn renounce() {
    let none = CapabilitySet::empty();
    if let Err(error) = set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none }) {
        tracing::warn!("capabilities can't be dropped: {error}");
    }
}

/// How many threads of this process have capabilities.
fn privileged_threads() -> usize {
    let is_privileged = |status: &String| {
        status
            .lines()
            .any(|line| line.strip_prefix("CapPrm:").is_some_and(|set| set.trim().bytes().any(|digit| digit != b'0')))
    };
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let statuses = threads.filter_map(|thread| fs::read_to_string(thread.path().join("status")).ok());
    statuses.filter(is_privileged).count()
}

#[cfg(test)]
mod tests;
