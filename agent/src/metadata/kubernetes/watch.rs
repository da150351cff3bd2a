// SPDX-License-Identifier: Apache-2.0
//! The thread that asks for pods.

use std::{
    convert::Infallible,
    io,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use crossbeam_channel::Sender;
use tokio::{runtime::Builder, sync::oneshot, task, time};

use super::{
    Config, Update,
    backoff::{Backoff, Dice},
    client::Client,
    follow::{self, Ended},
    known::{Halt, Known},
    list,
    reason::{Failure, Reason, Relist},
    stats::KubernetesStats,
};

/// So many failures one after the other are no accident: a connection is cut now and then.
const WORTH_SAYING: u64 = 2;

/// A handle on the thread, which ends when this goes.
#[derive(Debug)]
pub struct Watch {
    /// Ends requests and pauses.
    stop: Option<oneshot::Sender<Infallible>>,
    /// Ends waiting for room in the channel.
    stop_telling: Option<Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Starts to ask for pods as `config` says, and to tell `updates` what they are: all there are, then
    /// [`Update::Synced`], then what changes. It begins at once, and goes on whatever happens to the API server; it ends
    /// when nobody receives any more.
    ///
    /// # Errors
    /// When the thread can't be started.
    pub fn start(config: Config, updates: Sender<Update>, stats: Arc<KubernetesStats>) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
        let (stop, stopped) = oneshot::channel();
        let (stop_telling, telling) = crossbeam_channel::bounded(0);
        let known = Known::new(updates, telling, Arc::clone(&stats));
        let mut asker = Asker { backoff: Backoff::new(&config.timing), dice: Dice::default(), config, known, stats };
        let work = async move {
            tokio::select! {
                () = asker.run() => {}
                _ = stopped => {}
            }
        };
        let thread = thread::Builder::new().name("kubernetes".to_owned()).spawn(move || {
            runtime.block_on(work);
            // A name that is still being looked up, or a helper of a kubeconfig, is not waited for.
            runtime.shutdown_background();
        })?;
        Ok(Self { stop: Some(stop), stop_telling: Some(stop_telling), thread: Some(thread) })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop = None;
        self.stop_telling = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that asks for pods failed");
        }
    }
}

/// Why a connection was given up, and everything is asked for again.
struct GivenUp {
    relist: Relist,
    /// What went wrong, if anything did; then there is a pause.
    failure: Option<Failure>,
}

impl GivenUp {
    fn failed(relist: Relist, failure: Failure) -> Self {
        Self { relist, failure: Some(failure) }
    }
}

/// What the thread works with.
struct Asker {
    config: Config,
    known: Known,
    backoff: Backoff,
    dice: Dice,
    stats: Arc<KubernetesStats>,
}

impl Asker {
    /// Asks until nobody wants to know any more.
    async fn run(&mut self) {
        let mut relist = None;
        loop {
            if let Some(relist) = relist {
                self.stats.relisted(relist);
            }
            let Ok(GivenUp { relist: next, failure }) = self.connect().await else { return };
            relist = Some(next);
            if let Some(failure) = failure {
                self.pause(&failure).await;
            }
        }
    }

    /// Lists and watches over one connection until that is of no use any more. `Err` when nobody wants to know.
    async fn connect(&mut self) -> Result<GivenUp, ()> {
        let Config { access, timing, .. } = &self.config;
        // The slow list: what went wrong unseen, such as a history that went backwards, is put right by it.
        let until = time::Instant::now() + timing.relist.mul_f64(self.dice.between(0.5, 1.5));
        let (access, timing, stats) = (access.clone(), *timing, Arc::clone(&self.stats));
        let client = task::spawn_blocking(move || Client::new(&access, timing, stats)).await;
        let mut client = match client {
            Ok(Ok(client)) => client,
            Ok(Err(failure)) => return Ok(GivenUp::failed(Relist::Failed, failure)),
            Err(error) => return Ok(GivenUp::failed(Relist::Failed, Failure::config(error))),
        };
        let mut version = match list::read(&mut client, &self.config, &mut self.known, &self.stats).await {
            Ok(version) => version,
            Err(Halt::Stopped) => return Err(()),
            Err(Halt::Failed(failure)) => {
                let relist = match failure.reason {
                    Reason::Connect => Relist::Outage,
                    Reason::Expired => Relist::Expired,
                    Reason::Timeout
                    | Reason::Cut
                    | Reason::Unauthorized
                    | Reason::Forbidden
                    | Reason::TooMany
                    | Reason::Server
                    | Reason::Refused
                    | Reason::Malformed
                    | Reason::Config => Relist::Failed,
                };
                return Ok(GivenUp::failed(relist, failure));
            }
        };
        let mut first = true;
        loop {
            if !std::mem::take(&mut first) {
                self.stats.watch_restarts.add(1);
            }
            let seconds = self.dice.between(1.0, 1.2) * self.config.timing.watch.as_secs_f64();
            let opened = follow::open(&mut client, &self.config, &version, seconds as u32, &self.stats).await;
            let answer = match opened {
                Ok(answer) => answer,
                Err(failure) => {
                    if let Some(relist) = anew(failure.reason) {
                        return Ok(GivenUp::failed(relist, failure));
                    }
                    self.pause(&failure).await;
                    continue;
                }
            };
            if let Some(trouble) = self.stats.recovered().filter(|trouble| trouble.attempts >= WORTH_SAYING) {
                let time = trouble.since.elapsed();
                tracing::info!(pods = self.stats.pods(), "the API server tells of pods again, after {time:?}");
            }
            let began = time::Instant::now();
            let ended = follow::read(answer, &self.config, &mut version, &mut self.known, &self.stats, until).await;
            self.stats.set_watching(false);
            if began.elapsed() >= self.config.timing.steady {
                self.backoff.reset();
            }
            match ended {
                Err(Halt::Stopped) => return Err(()),
                Err(Halt::Failed(failure)) => self.pause(&failure).await,
                Ok(Ended::Refused(failure)) => match anew(failure.reason) {
                    Some(relist) => return Ok(GivenUp::failed(relist, failure)),
                    None => self.pause(&failure).await,
                },
                Ok(Ended::Interval) => return Ok(GivenUp { relist: Relist::Interval, failure: None }),
                Ok(Ended::Backwards(failure)) => return Ok(GivenUp::failed(Relist::Backwards, failure)),
                Ok(Ended::Closed) if began.elapsed() < self.config.timing.steady => {
                    // As it should be, but not so soon: a server that does nothing else is not asked without end.
                    time::sleep(self.backoff.next(None)).await;
                }
                Ok(Ended::Closed) => {}
            }
        }
    }

    /// Says what went wrong, and waits before the next attempt.
    async fn pause(&mut self, failure: &Failure) {
        let pause = self.backoff.next(failure.retry_after);
        let server = self.config.server();
        let attempts = self.stats.failed(failure);
        if attempts == WORTH_SAYING {
            tracing::warn!(
                "the API server ({server}) does not tell of pods: {failure}; capture goes on, and so do attempts"
            );
        } else {
            tracing::debug!("attempt {attempts} at {server}: {failure}; the next in {pause:?}");
        }
        time::sleep(pause).await;
    }
}

/// Whether a watch that was refused is of no use without a new list, over a new connection.
///
/// When the server was gone it may come back with another history, and would then be silent to who asks for the old one.
fn anew(reason: Reason) -> Option<Relist> {
    match reason {
        Reason::Expired => Some(Relist::Expired),
        Reason::Connect | Reason::Timeout => Some(Relist::Outage),
        Reason::Unauthorized | Reason::Forbidden | Reason::Refused | Reason::Malformed | Reason::Config => {
            Some(Relist::Failed)
        }
        Reason::Cut | Reason::TooMany | Reason::Server => None,
    }
}

/// For how long no more than this is waited.
pub(super) async fn within<T>(
    time: Duration,
    what: &str,
    work: impl Future<Output = Result<T, Halt>>,
) -> Result<T, Halt> {
    match time::timeout(time, work).await {
        Ok(done) => done,
        Err(_) => Err(Failure::new(Reason::Timeout, format_args!("{what} took more than {time:?}")).into()),
    }
}
