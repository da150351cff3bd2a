// SPDX-License-Identifier: Apache-2.0
//! Bodies that are written while they are sent, compressed, slowed or cut as a fault says.

use std::{
    convert::Infallible,
    fmt,
    io::Write as _,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use hyper::body::{Body, Frame};
use tokio::{sync::mpsc, time};

use super::{fault::Fault, shared::Shared};

/// What hyper hears of a body that is cut: it closes the connection.
#[derive(Debug)]
pub(super) struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cut as the test wants it")
    }
}

impl std::error::Error for Cut {}

impl From<Infallible> for Cut {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// The reading end.
pub(super) struct Written {
    pieces: mpsc::Receiver<Result<Bytes, Cut>>,
    client: String,
    shared: Arc<Shared>,
}

impl Body for Written {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        self.pieces.poll_recv(cx).map(|piece| {
            piece.map(|piece| {
                piece.map(|bytes| {
                    self.shared.count(&self.client, |traffic| traffic.bytes += bytes.len() as u64);
                    Frame::data(bytes)
                })
            })
        })
    }
}

/// Nobody reads any more, or nothing more is to be written.
#[derive(Debug)]
pub(super) struct Over;

/// The writing end.
pub(super) struct Writer {
    pieces: mpsc::Sender<Result<Bytes, Cut>>,
    gzip: Option<GzEncoder<Vec<u8>>>,
    fault: Option<Fault>,
    sent: usize,
    client: String,
    shared: Arc<Shared>,
}

/// How long what was written last may take to be on its way before the connection is cut.
const ON_ITS_WAY: Duration = Duration::from_millis(20);

/// Both ends of a body for `client`.
pub(super) fn body(shared: &Arc<Shared>, client: &str, gzip: bool, fault: Option<Fault>) -> (Writer, Written) {
    let (send, pieces) = mpsc::channel(1);
    let client = client.to_owned();
    let gzip = gzip.then(|| GzEncoder::new(Vec::new(), Compression::fast()));
    let writer = Writer { pieces: send, gzip, fault, sent: 0, client: client.clone(), shared: Arc::clone(shared) };
    (writer, Written { pieces, client, shared: Arc::clone(shared) })
}

impl Writer {
    /// Writes a piece.
    pub(super) async fn write(&mut self, text: &str) -> Result<(), Over> {
        self.shared.count(&self.client, |traffic| traffic.plain += text.len() as u64);
        let bytes = match &mut self.gzip {
            None => Bytes::copy_from_slice(text.as_bytes()),
            Some(gzip) => {
                gzip.write_all(text.as_bytes()).expect("memory takes everything");
                std::mem::take(gzip.get_mut()).into()
            }
        };
        self.push(bytes).await
    }

    /// Ends the body.
    pub(super) async fn end(mut self) -> Result<(), Over> {
        let Some(gzip) = self.gzip.take() else { return Ok(()) };
        self.push(gzip.finish().expect("memory takes everything").into()).await
    }

    /// Cuts the connection.
    pub(super) async fn cut(&self) -> Result<(), Over> {
        time::sleep(ON_ITS_WAY).await;
        self.pieces.send(Err(Cut)).await.map_err(|_gone| Over)
    }

    /// Resolves when nobody reads any more.
    pub(super) async fn closed(&self) {
        self.pieces.closed().await;
    }

    async fn push(&mut self, bytes: Bytes) -> Result<(), Over> {
        let rest = match self.fault {
            Some(Fault::CutAfter(limit) | Fault::HangAfter(limit)) => limit.saturating_sub(self.sent),
            Some(Fault::Slow(size, pause)) => {
                for piece in bytes.chunks(size.max(1)) {
                    self.send(Bytes::copy_from_slice(piece)).await?;
                    time::sleep(pause).await;
                }
                return Ok(());
            }
            Some(Fault::Status(..) | Fault::Cut | Fault::Hang | Fault::Body(_) | Fault::Insert(_)) | None => usize::MAX,
        };
        if bytes.len() < rest {
            return self.send(bytes).await;
        }
        self.send(bytes.slice(..rest)).await?;
        if matches!(self.fault, Some(Fault::CutAfter(_))) {
            self.cut().await?;
        } else {
            self.closed().await;
        }
        Err(Over)
    }

    async fn send(&mut self, bytes: Bytes) -> Result<(), Over> {
        self.sent += bytes.len();
        if bytes.is_empty() {
            return Ok(());
        }
        self.pieces.send(Ok(bytes)).await.map_err(|_gone| Over)
    }
}
