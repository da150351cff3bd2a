// SPDX-License-Identifier: Apache-2.0
//! What the kernel is told of cgroups: a map that the thread writes which knows their containers.

use std::fmt;

use aya::maps::{HashMap, MapData};

/// What the kernel is told of cgroups, by id.
pub struct CgroupMap(HashMap<MapData, u64, u64>);

impl fmt::Debug for CgroupMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CgroupMap").finish_non_exhaustive()
    }
}

impl CgroupMap {
    pub(super) const fn new(map: HashMap<MapData, u64, u64>) -> Self {
        Self(map)
    }

    /// Tells what was decided of a cgroup: a bit that it is known, 32 bits above it what. False when there is no room.
    pub fn set(&mut self, id: u64, decided: u64) -> bool {
        self.0.insert(id, decided, 0).is_ok()
    }

    /// Forgets a cgroup: its calls pass.
    pub fn remove(&mut self, id: u64) {
        // It need not be there.
        let _ = self.0.remove(&id);
    }
}
