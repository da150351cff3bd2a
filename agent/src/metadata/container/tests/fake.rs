// SPDX-License-Identifier: Apache-2.0
//! A runtime that answers as it is told.

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
};

use http_body_util::{BodyExt as _, Full, combinators::UnsyncBoxBody};
use hyper::{
    HeaderMap, Request, Response,
    body::{Body, Bytes, Frame, Incoming},
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{net::UnixListener, sync::oneshot};

use crate::metadata::container::exchange::Here;

/// What it answers to a request.
pub(crate) enum Answer {
    /// A status and a body.
    Http(u16, Vec<u8>),
    /// A message, or a gRPC status.
    Grpc(Result<Vec<u8>, u32>),
    /// Nothing, ever.
    Never,
}

/// The answer to the n-th request, by its path and body.
type Answers = dyn Fn(usize, &str, &[u8]) -> Answer + Send + Sync;

/// A runtime on a thread of its own, which ends when this goes.
pub(crate) struct Fake {
    requests: Arc<AtomicUsize>,
    open: Arc<AtomicUsize>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Fake {
    /// Serves Docker's HTTP at `socket` below `root`.
    pub(crate) fn docker(root: &Path, answers: impl Fn(usize, &str, &[u8]) -> Answer + Send + Sync + 'static) -> Self {
        Self::start(&root.join("run/docker.sock"), false, Box::new(answers))
    }

    /// Serves CRI's gRPC at `socket` below `root`.
    pub(crate) fn cri(root: &Path, answers: impl Fn(usize, &str, &[u8]) -> Answer + Send + Sync + 'static) -> Self {
        Self::start(&root.join("run/crio/crio.sock"), true, Box::new(answers))
    }

    fn start(socket: &Path, grpc: bool, answers: Box<Answers>) -> Self {
        fs::create_dir_all(socket.parent().expect("a folder")).expect("a folder");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let listener = {
            let _inside = runtime.enter();
            UnixListener::bind(socket).expect("a socket")
        };
        let (requests, open) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (stop, stopped) = oneshot::channel();
        let server = serve(listener, grpc, Arc::from(answers), Arc::clone(&requests), Arc::clone(&open));
        let thread = thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = server => {}
                    _ = stopped => {}
                }
            });
        });
        Self { requests, open, stop: Some(stop), thread: Some(thread) }
    }

    /// How many requests came.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// How many connections are open.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the server");
        }
    }
}

async fn serve(
    listener: UnixListener,
    grpc: bool,
    answers: Arc<Answers>,
    requests: Arc<AtomicUsize>,
    open: Arc<AtomicUsize>,
) {
    while let Ok((stream, _)) = listener.accept().await {
        let (answers, requests, open) = (Arc::clone(&answers), Arc::clone(&requests), Arc::clone(&open));
        tokio::spawn(async move {
            open.fetch_add(1, Ordering::SeqCst);
            let service =
                service_fn(|request| answer(request, Arc::clone(&answers), requests.fetch_add(1, Ordering::SeqCst)));
            let io = TokioIo::new(stream);
            // However it ends: clients that give up are what is tested.
            let _ended = if grpc {
                http2::Builder::new(Here).serve_connection(io, service).await
            } else {
                http1::Builder::new().serve_connection(io, service).await
            };
            open.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    answers: Arc<Answers>,
    n: usize,
) -> Result<Response<UnsyncBoxBody<Bytes, std::convert::Infallible>>, hyper::Error> {
    let path = request.uri().path().to_owned();
    let body = request.into_body().collect().await?.to_bytes();
    let response = match answers(n, &path, &body) {
        Answer::Http(status, body) => Response::builder().status(status).body(Full::from(body).boxed_unsync()),
        Answer::Grpc(result) => {
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-status", result.as_ref().err().copied().unwrap_or_default().into());
            let bytes = result.map(|message| {
                let length = (message.len() as u32).to_be_bytes();
                [[0].as_slice(), &length, &message].concat()
            });
            let frames =
                bytes.ok().map(|bytes| Frame::data(Bytes::from(bytes))).into_iter().chain([Frame::trailers(trailers)]);
            Response::builder().body(Frames(frames.collect()).boxed_unsync())
        }
        Answer::Never => std::future::pending().await,
    };
    Ok(response.expect("a response"))
}

/// A body of frames that are there already.
struct Frames(std::collections::VecDeque<Frame<Bytes>>);

impl Body for Frames {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        std::task::Poll::Ready(self.0.pop_front().map(Ok))
    }
}
