// SPDX-License-Identifier: Apache-2.0
//! The stages between the rings and the output, each on its own thread: drain and order, decode and format, write.
//! The queues between them are bounded; when one is full, the stage before it waits, and at last the kernel counts.

pub mod clock;
mod deliver;
mod drain;
pub mod order;

use std::{io, sync::Arc, thread, time::Duration};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use self::{
    deliver::Deliver,
    order::{LaneEnd, Order},
};
use crate::{
    output::{
        Format,
        sink::{QUEUE, Sink},
    },
    probe::Rings,
    stats::Stats,
};

/// Batches between draining and decoding.
const BATCHES: usize = 4;
/// How long an output that takes nothing is waited for at the end.
const LAST_PATIENCE: Duration = Duration::from_secs(5);

/// What the pipeline does with events.
#[derive(Debug)]
pub struct Plan {
    /// How they are written.
    pub format: Format,
    /// Whether a terminal reads them.
    pub colour: bool,
    /// After how many events it ends.
    pub count: Option<u64>,
    /// Where they are written.
    pub sink: Sink,
}

/// The running threads.
#[derive(Debug)]
pub struct Pipeline {
    stop: Sender<Vec<LaneEnd>>,
    drain: thread::JoinHandle<io::Result<()>>,
    deliver: thread::JoinHandle<()>,
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
        let Plan { format, colour, count, sink } = plan;
        let sink = {
            let stats = Arc::clone(stats);
            thread::Builder::new().name("lanner-sink".to_owned()).spawn(move || {
                let _ended = sink_ends;
                sink.run(chunks_out, &stats);
            })?
        };
        let deliver = {
            let deliver = Deliver { format, colour, count, stats: Arc::clone(stats), out: chunks_in, finished };
            thread::Builder::new().name("lanner-deliver".to_owned()).spawn(move || deliver.run(&full_out, &empty_in))?
        };
        let drain = {
            let stats = Arc::clone(stats);
            thread::Builder::new()
                .name("lanner-drain".to_owned())
                .spawn(move || drain::run(rings, order, &stats, &stopped, &full_in, &empty_out))?
        };
        Ok(Self { stop, drain, deliver, sink, sink_ended })
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
        self.deliver.join().map_err(|_panic| panicked("deliver"))?;
        match self.sink_ended.recv_timeout(LAST_PATIENCE) {
            Err(RecvTimeoutError::Timeout) => {
                tracing::warn!("the output takes nothing; what it did not take counts as dropped");
            }
            Ok(()) | Err(RecvTimeoutError::Disconnected) => self.sink.join().map_err(|_panic| panicked("sink"))?,
        }
        Ok(())
    }
}
