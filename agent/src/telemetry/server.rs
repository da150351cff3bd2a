// SPDX-License-Identifier: Apache-2.0
//! The server. Whatever clients do, it takes a bounded amount of memory and descriptors, and a thread of low priority.

use std::{
    collections::VecDeque,
    convert::Infallible,
    io,
    net::{SocketAddr, TcpListener},
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use http_body_util::Full;
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{net::TcpStream, sync::oneshot, time};

use super::{board::Board, pages};
use crate::confine;

/// Connections at a time. One more closes the oldest: whoever holds connections open keeps nobody out.
const CONNECTIONS: usize = 64;
/// How long a client may take for its request, and again for reading the answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of a request's head.
const HEAD: usize = 8192;
/// Headers of a request.
const HEADERS: usize = 64;
/// How long is waited when there are no descriptors left.
const PAUSE: Duration = Duration::from_millis(100);

/// The running server; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Server {
    board: Arc<Board>,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves `board` at a socket that does not block.
    ///
    /// # Errors
    /// When the thread can't be started.
    pub(super) fn start(listener: TcpListener, board: Board) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let (stop, stopped) = oneshot::channel();
        let board = Arc::new(board);
        let shown = Arc::clone(&board);
        let (begun, begins) = mpsc::channel::<()>();
        let thread = thread::Builder::new().name("lanner-metrics".to_owned()).spawn(move || {
            stand_back();
            confine::renounce();
            drop(begun);
            runtime.block_on(accept(listener, shown, stopped));
        })?;
        // Nothing is ever sent: the other end is dropped. What the process gives up later finds a thread that has nothing.
        let _ = begins.recv();
        Ok(Self { board, address, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it shows.
    pub(super) fn board(&self) -> &Board {
        &self.board
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that serves metrics failed");
        }
    }
}

/// Has the scheduler prefer everybody else: this thread's work can wait, capture's can't.
fn stand_back() {
    const NICE: i32 = 10;
    // Where a policy forbids even that, the thread does the same work.
    let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICE);
}

/// Accepts connections until `stopped`.
async fn accept(listener: tokio::net::TcpListener, board: Arc<Board>, mut stopped: oneshot::Receiver<()>) {
    let mut open: VecDeque<tokio::task::JoinHandle<()>> = VecDeque::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = &mut stopped => return,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            // Descriptors may have run out; a connection that is gone already costs the others a pause.
            Err(error) => {
                tracing::debug!("a connection for metrics was not accepted: {error}");
                time::sleep(PAUSE).await;
                continue;
            }
        };
        open.retain(|connection| !connection.is_finished());
        if open.len() >= CONNECTIONS
            && let Some(oldest) = open.pop_front()
        {
            oldest.abort();
            board.served.evicted.add(1);
        }
        open.push_back(tokio::spawn(serve(stream, Arc::clone(&board))));
    }
}

/// Answers one request; a connection has no second one.
async fn serve(stream: TcpStream, board: Arc<Board>) {
    let service = service_fn(|request| {
        let response = respond(&request, &board);
        async { Ok::<_, Infallible>(response) }
    });
    let connection = http1::Builder::new()
        .keep_alive(false)
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_headers(HEADERS)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(stream), service);
    if !matches!(time::timeout(2 * PATIENCE, connection).await, Ok(Ok(()))) {
        board.served.failed.add(1);
    }
}

fn respond(request: &Request<Incoming>, board: &Board) -> Response<Full<Bytes>> {
    let uri = request.uri();
    let answer = pages::answer(request.method(), uri.path(), uri.query(), board, Instant::now());
    board.served.requests.add(1);
    let mut response = Response::new(Full::from(answer.body));
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(answer.content_type));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    if answer.status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(header::ALLOW, header::HeaderValue::from_static("GET, HEAD"));
    }
    response
}

#[cfg(test)]
mod tests;
