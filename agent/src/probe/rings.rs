// SPDX-License-Identifier: Apache-2.0
//! The per-CPU rings: made at run time, in sizes that add up to the user's budget, and drained.

use std::{fmt, io, os::fd::AsFd as _, sync::Arc, time::Duration};

use aya::maps::{ArrayOfMaps, Map, MapData, RingBuf};
use aya_obj::generated::bpf_map_type::BPF_MAP_TYPE_RINGBUF;
use rustix::event::epoll;

use super::{error::ProbeError, levels::Levels};

/// The smallest ring: one page on every kernel, and room for the largest record.
pub const MIN_RING: u64 = 128 << 10;
/// The largest ring.
const MAX_RING: u64 = 1 << 30;

/// What a user who says nothing gives each CPU's ring.
const DEFAULT_RING: u64 = 4 << 20;
/// What all rings take at most when the user says nothing.
const DEFAULT_BUDGET: u64 = 64 << 20;

/// Bytes that all rings together may take on a machine with `online` CPUs, when the user says nothing.
#[must_use]
pub fn default_budget(online: usize) -> u64 {
    (DEFAULT_RING * online.max(1) as u64).min(DEFAULT_BUDGET)
}

/// Bytes of each online CPU's ring when all together may take `budget`: the largest power of two that fits.
#[must_use]
pub fn ring_size(budget: u64, online: usize) -> u32 {
    let each = (budget / online.max(1) as u64).clamp(MIN_RING, MAX_RING);
    1 << each.ilog2()
}

/// The rings of all CPUs, in the order of CPU numbers.
pub struct Rings {
    rings: Vec<RingBuf<MapData>>,
    /// What [`Self::drain`] returns, kept for its memory.
    unfinished: Vec<u32>,
    levels: Arc<Levels>,
    epoll: rustix::fd::OwnedFd,
}

impl fmt::Debug for Rings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rings").field("rings", &self.rings.len()).finish_non_exhaustive()
    }
}

impl Rings {
    /// Makes a ring for each possible CPU and stores it in `outer`. CPUs that are online get `size` bytes; the others
    /// the least, so that one that comes online loses nothing at once.
    pub(super) fn create(outer: &mut Map, online: &[u32], possible: u32, size: u32) -> Result<Self, ProbeError> {
        let mut outer: ArrayOfMaps<_, MapData> =
            ArrayOfMaps::try_from(outer).map_err(|error| ProbeError::map("RINGS", error))?;
        let epoll =
            epoll::create(epoll::CreateFlags::CLOEXEC).map_err(|error| ProbeError::system("epoll_create1", error))?;
        let mut rings = Vec::with_capacity(possible as usize);
        let mut levels = Levels::default();
        for cpu in 0..possible {
            let size = if online.contains(&cpu) { size } else { MIN_RING as u32 };
            let definition = aya_obj::Map::new_from_params(BPF_MAP_TYPE_RINGBUF as u32, 0, 0, size, 0);
            let data = MapData::create(definition, &format!("lanner_ring{cpu}"), None)
                .map_err(|error| ProbeError::map("RINGS", error))?;
            outer.set(cpu, &data, 0).map_err(|error| ProbeError::map("RINGS", error))?;
            let fd = data.fd().as_fd();
            epoll::add(
                &epoll,
                fd,
                epoll::EventData::new_u64(u64::from(cpu)),
                epoll::EventFlags::IN | epoll::EventFlags::ET,
            )
            .map_err(|error| ProbeError::system("epoll_ctl", error))?;
            levels.add(fd, size).map_err(|error| ProbeError::system("mmap of a ring", error))?;
            let ring = RingBuf::try_from(Map::RingBuf(data)).map_err(|error| ProbeError::map("RINGS", error))?;
            rings.push(ring);
        }
        Ok(Self { rings, unfinished: Vec::new(), levels: Arc::new(levels), epoll })
    }

    /// How full they are, for others to read.
    #[must_use]
    pub(super) fn levels(&self) -> Arc<Levels> {
        Arc::clone(&self.levels)
    }

    /// Waits until the probe says that much waits, or `timeout` is over.
    ///
    /// # Errors
    /// When `epoll_wait` fails for another reason than a signal.
    pub fn wait(&self, timeout: Duration) -> io::Result<()> {
        let timeout =
            rustix::time::Timespec { tv_sec: timeout.as_secs() as i64, tv_nsec: timeout.subsec_nanos().into() };
        let mut events = [std::mem::MaybeUninit::uninit(); 8];
        match epoll::wait(&self.epoll, &mut events, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Hands every record that the rings hold to `take`, at most `most` from each ring, so that no ring starves the
    /// others. Returns the CPUs whose rings may hold more.
    pub fn drain(&mut self, most: usize, mut take: impl FnMut(u32, &[u8])) -> &[u32] {
        self.levels.note();
        self.unfinished.clear();
        for (cpu, ring) in (0..).zip(&mut self.rings) {
            let mut left = most;
            while let Some(record) = ring.next() {
                take(cpu, &record);
                left -= 1;
                if left == 0 {
                    self.unfinished.push(cpu);
                    break;
                }
            }
        }
        &self.unfinished
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_is_shared_and_never_exceeded() {
        assert_eq!((default_budget(2), default_budget(128)), (8 << 20, 64 << 20));
        assert_eq!(ring_size(64 << 20, 2), 32 << 20);
        assert_eq!(ring_size(64 << 20, 3), 16 << 20);
        assert_eq!(ring_size(256 << 10, 2), 128 << 10);
        assert_eq!(ring_size(0, 2), MIN_RING as u32, "a ring holds the largest record");
        assert_eq!(ring_size(u64::MAX, 1), MAX_RING as u32);
    }
}
