// SPDX-License-Identifier: Apache-2.0
//! On which CPUs threads run.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The CPUs that the calling thread may run on.
///
/// # Panics
/// When the kernel does not tell.
#[must_use]
pub fn cpus() -> Vec<usize> {
    let set = sched_getaffinity(None).expect("its CPUs");
    (0..CpuSet::MAX_CPU).filter(|cpu| set.is_set(*cpu)).collect()
}

/// Keeps the calling thread, and what it starts from now on, on `cpus`.
///
/// # Panics
/// When it may not run on any of them.
pub fn pin(cpus: &[usize]) {
    let mut set = CpuSet::new();
    for cpu in cpus {
        set.set(*cpu);
    }
    sched_setaffinity(None, &set).expect("the CPUs are some of its own");
}

/// Keeps the calling thread, and what it starts from now on, off one of its CPUs: the answer; `None` when it has no other.
#[must_use]
pub fn leave_one() -> Option<usize> {
    let cpus = cpus();
    let (last, others) = cpus.split_last()?;
    (!others.is_empty()).then(|| {
        pin(others);
        *last
    })
}
