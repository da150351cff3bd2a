// SPDX-License-Identifier: Apache-2.0
//! The thread that asks runtimes about containers.

use std::{
    io,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::{
    runtime::Builder,
    sync::{
        Semaphore,
        mpsc::{self, Receiver, Sender, error::TrySendError},
        oneshot,
    },
    time,
};

use super::{
    Container, ContainerStats, Details, Reason, cri, docker,
    reason::Failure,
    sockets::{Api, Sockets},
};
use crate::metadata::cgroup::Runtime;

/// Containers that wait for their turn.
const QUEUE: usize = 1024;
/// Containers that are being asked about, or wait to be asked about again.
const MAX_PENDING: usize = 1024;
/// Requests at once.
const MAX_REQUESTS: usize = 8;

/// How long things take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timing {
    /// How long one runtime may take to answer, connecting included.
    pub(super) answer: Duration,
    /// The pause before asking again about a container that is not known yet; doubled each time.
    pub(super) not_found: Duration,
    /// The pause before asking again a runtime that failed.
    pub(super) failed: Duration,
    /// The pause before asking again about a container that had not started.
    pub(super) settle: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(2),
            not_found: Duration::from_millis(50),
            failed: Duration::from_secs(1),
            settle: Duration::from_secs(1),
        }
    }
}

impl Timing {
    /// The pause before the next attempt; `None` when there is none.
    fn retry(&self, reason: Reason, attempts: u32) -> Option<Duration> {
        match reason {
            // A cgroup may be there before CRI knows the container: 50 ms to 1.6 s, 3 s in all.
            Reason::NotFound if attempts < 6 => Some(self.not_found * (1 << attempts)),
            Reason::Refused | Reason::Timeout if attempts < 2 => Some(self.failed),
            Reason::Off
            | Reason::NoApi
            | Reason::Full
            | Reason::NoSocket
            | Reason::NotFound
            | Reason::Refused
            | Reason::Malformed
            | Reason::Timeout => None,
        }
    }
}

/// A handle on the thread, which ends when this goes.
#[derive(Debug)]
pub(super) struct Resolver {
    queue: Sender<Arc<Container>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Resolver {
    pub(super) fn start(sockets: Arc<Sockets>, stats: Arc<ContainerStats>, timing: Timing) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
        let (queue, containers) = mpsc::channel(QUEUE);
        let (stop, stopped) = oneshot::channel();
        let asker = Arc::new(Asker { sockets, stats, timing, requests: Semaphore::new(MAX_REQUESTS) });
        let work = async move {
            tokio::select! {
                () = run(containers, asker) => {}
                _ = stopped => {}
            }
        };
        let thread = thread::Builder::new().name("containers".to_owned()).spawn(move || runtime.block_on(work))?;
        Ok(Self { queue, stop: Some(stop), thread: Some(thread) })
    }

    /// Has a container asked about. Never waits.
    pub(super) fn ask(&self, container: Arc<Container>) -> Result<(), Reason> {
        self.queue.try_send(container).map_err(|error| match error {
            TrySendError::Full(_) => Reason::Full,
            TrySendError::Closed(_) => Reason::Off,
        })
    }
}

impl Drop for Resolver {
    fn drop(&mut self) {
        // Whatever is being waited for: nobody wants it any more.
        self.stop = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that asks about containers failed");
        }
    }
}

async fn run(mut containers: Receiver<Arc<Container>>, asker: Arc<Asker>) {
    let pending = Arc::new(Semaphore::new(MAX_PENDING));
    while let Ok(permit) = Arc::clone(&pending).acquire_owned().await {
        let Some(container) = containers.recv().await else {
            return;
        };
        let asker = Arc::clone(&asker);
        tokio::spawn(async move {
            asker.resolve(&container).await;
            drop(permit);
        });
    }
}

/// What every lookup shares.
struct Asker {
    sockets: Arc<Sockets>,
    stats: Arc<ContainerStats>,
    timing: Timing,
    requests: Semaphore,
}

impl Asker {
    /// Asks about a container until there is an answer or no hope.
    async fn resolve(&self, container: &Container) {
        let mut attempts = 0;
        let failure = loop {
            match self.ask(container).await {
                Ok(details) => return self.resolved(container, details).await,
                Err(failure) => match self.timing.retry(failure.reason, attempts) {
                    Some(pause) => time::sleep(pause).await,
                    None => break failure,
                },
            }
            attempts += 1;
        };
        tracing::debug!(container = container.id(), runtime = container.runtime.name(), %failure, "no description");
        container.answer(Err(failure.reason));
        self.stats.count_unresolved(failure.reason);
    }

    async fn resolved(&self, container: &Container, details: Details) {
        // Made but not started: its network may come with the start.
        let started = details.started.is_some() || details.name.is_none();
        container.answer(Ok(details));
        self.stats.resolved.add(1);
        if !started {
            time::sleep(self.timing.settle).await;
            if let Ok(details) = self.ask(container).await {
                container.settle(details);
            }
        }
    }

    /// Asks everyone who may know it, once. Of several failures the most telling one is returned.
    async fn ask(&self, container: &Container) -> Result<Details, Failure> {
        let _request = self.requests.acquire().await.map_err(Failure::refused)?;
        let mut worst = Failure::new(Reason::NoSocket, "none of the usual sockets is there");
        for &api in Api::of(container.runtime) {
            let mut hope = false;
            for path in self.sockets.paths(api) {
                let failure = if self.sockets.allows(&path) {
                    let asked = time::timeout(self.timing.answer, ask_at(api, &path, container)).await;
                    let answer = asked.unwrap_or_else(|elapsed| Err(Failure::new(Reason::Timeout, elapsed)));
                    let timed_out = answer.as_ref().is_err_and(|failure| failure.reason == Reason::Timeout);
                    self.sockets.note(&path, timed_out);
                    match answer {
                        Ok(details) => {
                            self.sockets.set_hope(api, true);
                            return Ok(details);
                        }
                        Err(failure) => failure,
                    }
                } else {
                    Failure::new(Reason::Timeout, "left alone after timeouts")
                };
                tracing::trace!(container = container.id(), socket = %path.display(), %failure, "asked in vain");
                hope |= failure.reason != Reason::NoSocket && self.sockets.allows(&path);
                if failure.reason > worst.reason {
                    worst = failure;
                }
            }
            self.sockets.set_hope(api, hope);
        }
        Err(worst)
    }
}

async fn ask_at(api: Api, socket: &std::path::Path, container: &Container) -> Result<Details, Failure> {
    let id = container.full_id();
    match api {
        Api::Docker | Api::Podman => {
            let mut details = docker::inspect(socket, id).await?;
            if container.runtime != Runtime::Podman {
                details.runtime = Some(Runtime::Docker);
            }
            Ok(details)
        }
        Api::Cri => cri::inspect(socket, id, container.runtime == Runtime::Cri).await,
    }
}
