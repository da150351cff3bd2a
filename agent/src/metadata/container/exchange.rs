// SPDX-License-Identifier: Apache-2.0
//! Requests over unix sockets, with an answer that is never longer than a bound.

use std::{io, path::Path};

use http_body_util::BodyExt as _;
use hyper::{HeaderMap, body::Incoming, rt::Executor};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;

use super::reason::{Failure, Reason};

/// The longest answer that is read. Descriptions have some 10 kB.
pub(super) const MAX_REPLY: usize = 4 << 20;

/// A connection as hyper wants it.
pub(super) type Io = TokioIo<UnixStream>;

/// Connects to the socket at `path`.
pub(super) async fn connect(path: &Path) -> Result<Io, Failure> {
    match UnixStream::connect(path).await {
        Ok(stream) => Ok(TokioIo::new(stream)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Failure::new(Reason::NoSocket, error)),
        Err(error) => Err(Failure::refused(error)),
    }
}

/// Reads a body to its end, and the trailers after it.
pub(super) async fn read(mut body: Incoming) -> Result<(Vec<u8>, HeaderMap), Failure> {
    let (mut bytes, mut trailers) = (Vec::new(), HeaderMap::new());
    while let Some(frame) = body.frame().await {
        match frame.map_err(Failure::refused)?.into_data() {
            Ok(data) if bytes.len() + data.len() > MAX_REPLY => {
                return Err(Failure::malformed(format_args!("an answer of more than {MAX_REPLY} bytes")));
            }
            Ok(data) => bytes.extend_from_slice(&data),
            Err(frame) => trailers = frame.into_trailers().unwrap_or_default(),
        }
    }
    Ok((bytes, trailers))
}

/// Runs hyper's own tasks where this one runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Here;

impl<F> Executor<F> for Here
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, fut: F) {
        tokio::spawn(fut);
    }
}
