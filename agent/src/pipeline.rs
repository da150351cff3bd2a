// SPDX-License-Identifier: Apache-2.0
//! The stages between the rings and the output, each on its own thread: drain and order, decode and format, write.
//! The queues between them are bounded; when one is full, the stage before it waits, and at last the kernel counts.

pub mod clock;
mod deliver;
mod drain;
mod hold;
pub mod order;
pub mod shed;
mod verdicts;

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use rustix::process::{getpriority_process, setpriority_process};

pub use self::verdicts::Replacement;
use self::{
    clock::Clock,
    deliver::Deliver,
    hold::Hold,
    order::{LaneEnd, Order},
    verdicts::Verdicts,
};
use crate::{
    arena::Arena,
    event::Shed,
    filter::active::Active,
    metadata::{self, Metadata},
    output::{
        Lines,
        sink::{Chunk, QUEUE, Sink},
    },
    probe::{CgroupMap, Rings},
    stats::Stats,
};

/// Batches between draining and decoding: what a burst fills while decoding is behind, so that the rings can be small.
const BATCHES: usize = 16;
/// How long an output that takes nothing is waited for at the end.
const LAST_PATIENCE: Duration = Duration::from_secs(5);

/// How much the thread that empties the rings goes before others: it does little, and what it does late is lost.
const NICE: i32 = -10;

/// Has the scheduler prefer the calling thread, and with it the one that [`Pipeline::start`] has empty the rings. Refused
/// without CAP_SYS_NICE, which changes nothing else; it is apart because that capability is dropped in between. Returns
/// the niceness before, for [`Plan::nice`].
#[must_use]
pub fn hurry() -> i32 {
    let before = getpriority_process(None).unwrap_or(0);
    let _ = setpriority_process(None, NICE.min(before));
    before
}

/// What the pipeline does with events.
#[derive(Debug)]
pub struct Plan {
    /// How they are written.
    pub lines: Lines,
    /// After how many events it ends.
    pub count: Option<u64>,
    /// Where they are written.
    pub sink: Sink,
    /// What is known of who makes them; `None` when calls are shown as they are.
    pub metadata: Option<metadata::Config>,
    /// What the tables count.
    pub counters: metadata::Counters,
    /// Which events are written.
    pub active: Arc<Active>,
    /// Where the kernel is told of cgroups, and the first of the bits that are the filter's.
    pub cgroups: (CgroupMap, u32),
    /// Filters that take the place of the one before.
    pub replacements: Receiver<Replacement>,
    /// What there is to tell of calls that are shed.
    pub shed: Receiver<Shed>,
    /// The niceness of all threads but the one that empties the rings, see [`hurry`].
    pub nice: i32,
}

/// The running threads.
#[derive(Debug)]
pub struct Pipeline {
    stop: Sender<Vec<LaneEnd>>,
    /// Disconnected when the tables have been read.
    ready: Receiver<()>,
    drain: thread::JoinHandle<io::Result<()>>,
    deliver: thread::JoinHandle<io::Result<()>>,
    sink: thread::JoinHandle<()>,
    /// Disconnected when the sink's thread ends.
    sink_ended: Receiver<()>,
}

impl Pipeline {
    /// Starts the threads. `finished` hears when the count is reached or nobody reads any more.
    ///
    /// # Errors
    /// When a thread can't be started.
    pub fn start(
        rings: Rings,
        order: Order,
        plan: Plan,
        stats: &Arc<Stats>,
        finished: tokio::sync::mpsc::Sender<()>,
    ) -> io::Result<Self> {
        let (stop, stopped) = bounded(1);
        let (full_in, full_out) = bounded(BATCHES);
        let (empty_in, empty_out) = bounded(BATCHES);
        let (chunks_in, chunks_out) = bounded(QUEUE);
        let (sink_ends, sink_ended) = bounded(0);
        let (ready_in, ready) = bounded::<()>(0);
        let is_ready = Arc::new(AtomicBool::new(false));
        let Plan { lines, count, sink, metadata, counters, active, cgroups, replacements, shed, nice } = plan;
        let drain = {
            let stats = Arc::clone(stats);
            let is_ready = Arc::clone(&is_ready);
            thread::Builder::new()
                .name("lanner-drain".to_owned())
                .spawn(move || drain::run(rings, order, &stats, &stopped, &full_in, &empty_out, &is_ready))?
        };
        // It goes before others, which is what `hurry` was for. To be nicer takes no privilege.
        let _ = setpriority_process(None, nice);
        let sink = {
            let stats = Arc::clone(stats);
            thread::Builder::new().name("lanner-sink".to_owned()).spawn(move || {
                let _ended = sink_ends;
                sink.run(chunks_out, &stats);
            })?
        };
        let deliver = {
            let stats = Arc::clone(stats);
            thread::Builder::new().name("lanner-deliver".to_owned()).spawn(move || {
                // Here, and not before the rings are drained: reading what there is takes a while on a busy machine.
                let metadata = metadata.map(|config| Metadata::start(config, &counters)).transpose();
                is_ready.store(true, Ordering::Release);
                drop(ready_in);
                if metadata.is_err() {
                    // The run ends, and says why.
                    let _ = finished.try_send(());
                }
                let metadata = metadata?;
                let deliver = Deliver {
                    lines,
                    count,
                    stats,
                    out: chunks_in,
                    finished,
                    metadata,
                    hold: Hold::default(),
                    clock: Clock::start(),
                    chunk: Chunk::default(),
                    active,
                    verdicts: Verdicts::new(cgroups.0, cgroups.1),
                    replacements,
                    shed,
                    seen: 0,
                    taken: 0,
                    reached: 0,
                    arena: Arena::default(),
                };
                deliver.run(&full_out, &empty_in);
                Ok(())
            })?
        };
        Ok(Self { stop, ready, drain, deliver, sink, sink_ended })
    }

    /// Waits until the tables hold what there is, or can't be read.
    pub fn wait_until_ready(&self) {
        // Nothing is ever sent: the other end is dropped.
        let _ = self.ready.recv();
    }

    /// Drains what is left and waits for the threads. `ends` says how the lanes ended. An output that is stuck is given
    /// up after a while; its events then count as dropped.
    ///
    /// # Errors
    /// When draining failed, or a thread panicked.
    pub fn finish(self, ends: Vec<LaneEnd>) -> io::Result<()> {
        // A drain thread that ended early has nobody to tell.
        let _ = self.stop.send(ends);
        let panicked = |name: &str| io::Error::other(format!("the {name} thread panicked: this is a bug in Lanner"));
        self.drain.join().map_err(|_panic| panicked("drain"))??;
        self.deliver.join().map_err(|_panic| panicked("deliver"))??;
        match self.sink_ended.recv_timeout(LAST_PATIENCE) {
            Err(RecvTimeoutError::Timeout) => {
                tracing::warn!("the output takes nothing; what it did not take counts as dropped");
            }
            Ok(()) | Err(RecvTimeoutError::Disconnected) => self.sink.join().map_err(|_panic| panicked("sink"))?,
        }
        Ok(())
    }
}
