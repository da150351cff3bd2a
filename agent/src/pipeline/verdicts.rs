// SPDX-License-Identifier: Apache-2.0
//! What the condition says of each cgroup alone, which the kernel is told, so that it decides calls by it. What it was not
//! told of a cgroup passes there.

use std::{sync::Arc, time::Duration};

use agent_common::record::{Header, flag};

use crate::{
    arena::Arena,
    decode::RawEvent,
    event::Event,
    filter::active::Active,
    metadata::{
        Metadata,
        container::{Container, State, Whose},
    },
    probe::CgroupMap,
};

/// How long after a container was first seen its runtime may still say something else of it.
const SETTLED: Duration = Duration::from_secs(3);
/// Cgroups that are looked at again at a time.
const AGAIN: usize = 256;

/// What the kernel is told of cgroups.
#[derive(Debug)]
pub(super) struct Verdicts {
    map: CgroupMap,
    /// The first bit of the filter that holds.
    base: u32,
    /// Cgroups whose container is still to be described.
    pending: Vec<u64>,
    arena: Arena,
    /// Whether it was said that the kernel takes no more.
    complained: bool,
}

impl Verdicts {
    pub(super) fn new(map: CgroupMap, base: u32) -> Self {
        Self { map, base, pending: Vec::new(), arena: Arena::default(), complained: false }
    }

    /// The first bit of the filter that holds.
    pub(super) const fn base(&self) -> u32 {
        self.base
    }

    /// Whether what the kernel marked was refused by the filter that holds here.
    pub(super) const fn is_of(&self, header: &Header) -> bool {
        (header.flags & flag::SECOND != 0) == (self.base != 0)
    }

    /// Another filter holds: every cgroup is decided anew.
    pub(super) fn begin(&mut self, base: u32, active: &Active, metadata: Option<&mut Metadata>) {
        self.base = base;
        self.pending.clear();
        let Some(metadata) = metadata else { return };
        if active.cgroup_bits() > 0 {
            self.pending = metadata.containers().ids();
        }
        self.follow(active, metadata);
    }

    /// Decides on the cgroups of which something new is known.
    pub(super) fn follow(&mut self, active: &Active, metadata: &mut Metadata) {
        let changed = metadata.containers().take_changed();
        let of_pods = metadata.cgroups_of_changed_pods();
        if active.cgroup_bits() == 0 {
            return;
        }
        self.pending.extend(changed);
        if active.of_pods() {
            self.pending.extend(of_pods);
        }
        let look_at = self.pending.len().min(AGAIN);
        let looked_at: Vec<_> = self.pending.drain(..look_at).collect();
        for id in looked_at {
            let container = match metadata.containers().whose(id) {
                Whose::Unknown => {
                    self.map.remove(id);
                    continue;
                }
                Whose::Host => None,
                Whose::Container(container) => Some(Arc::clone(container)),
            };
            let pods = metadata.pods().filter(|_| active.of_pods());
            let waits = |container| !is_settled(container) || pods.is_some_and(|pods| pods.awaits(container));
            if container.as_deref().is_some_and(waits) {
                self.pending.push(id);
                continue;
            }
            let pod = container.as_deref().and_then(|container| pods?.of(container));
            let event =
                Event { container: container.as_ref(), pod, ..Event::bare(RawEvent::nothing(), 0, &self.arena) };
            let (bits, known) = (active.of_cgroup(&event), (1_u64 << active.cgroup_bits()) - 1);
            let told = self.map.set(id, (known << self.base) | (u64::from(bits) << (self.base + 32)));
            self.arena.reset();
            if !told && !self.complained {
                self.complained = true;
                tracing::warn!(
                    "there are more cgroups than the kernel is told of; calls of the others are decided here"
                );
            }
        }
    }
}

/// Whether nothing else will be said of a container.
fn is_settled(container: &Container) -> bool {
    match container.state() {
        State::Pending => false,
        State::Known => container.age() > SETTLED,
        State::Unresolved(_) => true,
    }
}

/// A filter that takes the place of the one before.
#[derive(Debug)]
pub struct Replacement {
    /// The filter.
    pub active: Arc<Active>,
    /// The first of its bits in what the kernel is told of cgroups.
    pub cgroup_base: u32,
}
