// SPDX-License-Identifier: Apache-2.0
//! Brings what a scan of `/proc` found together with what records told meanwhile.

use super::{Processes, same_process, slab::Id, told};
use crate::metadata::{
    proc_scan::{Found, TICK},
    process::Thread,
};

impl Processes {
    /// Adds what only `/proc` knows, and completes what records told in part. Where both tell something the record
    /// counts, and so does every record that is applied later: together they tell of all that happened since the probe
    /// was attached.
    pub fn merge_scan(&mut self, found: Vec<Found>) {
        for Found { process, threads } in found {
            let (pid, start) = (process.pid, process.start);
            if self.exited.ended_at(pid, start).is_some() {
                continue;
            }
            let known = self.found(pid).and_then(|id| Some((id, self.slab.get(id)?)));
            let id = match known {
                Some((id, entry)) if same_process(&entry.process, &process) => {
                    let partial = entry.partial;
                    if let Some(entry) = self.slab.get_mut(id) {
                        entry.partial = false;
                        told::keep(entry.change(), &process, partial);
                        if partial && !entry.process.ended {
                            entry.change().threads = process.threads;
                        }
                    }
                    id
                }
                Some((_, entry)) if entry.process.start > start => continue,
                _ => self.insert(process),
            };
            for (tid, thread) in threads {
                self.merge_thread(id, tid, thread);
            }
        }
        self.link_all();
        self.gauge();
    }

    fn merge_thread(&mut self, id: Id, tid: u32, thread: Thread) {
        if self.exited.ended_at(tid, thread.start).is_some() {
            return;
        }
        let Some(image) = self.slab.get(id).filter(|entry| !entry.process.ended).map(|entry| entry.image) else {
            return;
        };
        if self.threads.of(id, image, tid).is_none() {
            self.add_thread(tid, thread, id, image);
        }
    }

    /// Links those whose parent was not known when they were made, and gives them what they have from it.
    fn link_all(&mut self) {
        let mut ids: Vec<_> = self.slab.ids().collect();
        ids.sort_by_key(|id| self.slab.get(*id).map(|entry| entry.process.start));
        for id in ids {
            let Some(entry) = self.slab.get(id).filter(|entry| entry.parent().is_none()) else { continue };
            let Some(parent) = self.found(entry.process.ppid) else { continue };
            let Some(maker) = self.get(parent).filter(|maker| maker.start / TICK <= entry.process.start / TICK) else {
                continue;
            };
            let maker = std::sync::Arc::clone(maker);
            self.link(id, Some(parent));
            if let Some(entry) = self.slab.get_mut(id).filter(|entry| entry.partial)
                && told::inherit(entry.change(), &maker)
            {
                entry.partial = false;
            }
        }
    }
}
