// SPDX-License-Identifier: Apache-2.0
//! What the tables held and did, for the ledger.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

use super::{Counters, container::Reason, kubernetes::Unresolved};

/// What the tables held and did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MetadataAccount {
    /// What they held at the end.
    pub held: BTreeMap<&'static str, u64>,
    /// What was forgotten for want of room.
    pub evicted: BTreeMap<&'static str, u64>,
    /// State records of tasks, by kind.
    pub applied: BTreeMap<&'static str, u64>,
    /// What was read from `/proc` since a record was missing.
    pub repaired: BTreeMap<&'static str, u64>,
    /// Events whose process stayed unknown.
    pub unresolved_processes: u64,
    /// Containers that were seen.
    pub containers: u64,
    /// Containers that no runtime described, by reason.
    pub unresolved_containers: BTreeMap<&'static str, u64>,
    /// Delivered events of known pods.
    pub pod_events: u64,
    /// Delivered events of pods that were not known, by reason.
    pub unresolved_pod_events: BTreeMap<&'static str, u64>,
}

impl MetadataAccount {
    /// Reads the counters.
    #[must_use]
    pub fn collect(counters: &Counters) -> Self {
        let (tables, containers) = (&counters.tables, &counters.containers);
        let (repaired, pods) = (&tables.repaired, &counters.kubernetes.pods);
        Self {
            held: BTreeMap::from([
                ("processes", tables.processes.get()),
                ("threads", tables.threads.get()),
                ("files", tables.files.get()),
                ("cgroups", containers.cgroups()),
                ("pods", pods.held()),
            ]),
            evicted: BTreeMap::from([
                ("threads", tables.evicted_threads.get()),
                ("files", tables.evicted_files.get()),
                ("cgroups", containers.cgroups_evicted()),
                ("containers", containers.evicted.get()),
                ("pods", pods.evicted.get()),
            ]),
            applied: BTreeMap::from([
                ("forks", tables.forks.get()),
                ("execs", tables.execs.get()),
                ("exits", tables.exits.get()),
                ("changes", tables.changes.get()),
            ]),
            repaired: BTreeMap::from([
                ("unknown", repaired.unknown.get()),
                ("exec", repaired.exec.get()),
                ("exit", repaired.exit.get()),
                ("reuse", repaired.reuse.get()),
                ("descriptor", tables.descriptors_read.get()),
                ("cgroup", containers.cgroup_fallbacks()),
            ]),
            unresolved_processes: tables.unresolved.get(),
            containers: containers.seen.get(),
            unresolved_containers: Reason::ALL
                .into_iter()
                .map(|reason| (reason.name(), containers.unresolved(reason)))
                .collect(),
            pod_events: pods.resolved.get(),
            unresolved_pod_events: Unresolved::ALL
                .into_iter()
                .map(|reason| (reason.name(), pods.unresolved(reason)))
                .collect(),
        }
    }
}

/// `12 threads, 3 files`: what is not zero; nothing when all is.
fn list(counts: &BTreeMap<&'static str, u64>) -> Option<String> {
    let parts: Vec<_> = counts.iter().filter(|(_, n)| **n > 0).map(|(name, n)| format!("{n} {name}")).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

impl fmt::Display for MetadataAccount {
    /// The lines of the summary: what was held, and all that went wrong.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  tables: {}", list(&self.held).unwrap_or_else(|| "empty".to_owned()))?;
        for (what, counts) in [
            ("forgotten for want of room", &self.evicted),
            ("read from /proc instead of told by the kernel", &self.repaired),
            ("containers without a description", &self.unresolved_containers),
            ("events of pods that are not known", &self.unresolved_pod_events),
        ] {
            if let Some(list) = list(counts) {
                writeln!(f, "          {list}: {what}")?;
            }
        }
        if self.unresolved_processes > 0 {
            writeln!(f, "          {} events of processes that stayed unknown", self.unresolved_processes)?;
        }
        Ok(())
    }
}
