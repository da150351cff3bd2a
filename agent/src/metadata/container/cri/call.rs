// SPDX-License-Identifier: Apache-2.0
//! Unary gRPC: one message there, one back, over HTTP/2. <https://github.com/grpc/grpc/blob/v1.76.0/doc/PROTOCOL-HTTP2.md>

use std::path::Path;

use http_body_util::Full;
use hyper::{
    HeaderMap, Request, StatusCode,
    body::Bytes,
    client::conn::http2::{self, SendRequest},
    header::{CONTENT_TYPE, TE},
};
use prost::Message;
use tokio::task::JoinSet;

use crate::metadata::container::{
    exchange::{self, Here, Io},
    reason::{Failure, Reason},
};

/// In front of a message: whether it is compressed, and its length.
const PREFIX: usize = 5;
/// `NOT_FOUND`
const NOT_FOUND: &str = "5";

/// A connection to a CRI runtime, which ends when this goes.
pub(super) struct Client {
    sender: SendRequest<Full<Bytes>>,
    _driver: JoinSet<Result<(), hyper::Error>>,
}

impl Client {
    pub(super) async fn connect(socket: &Path) -> Result<Self, Failure> {
        let io: Io = exchange::connect(socket).await?;
        let (sender, connection) = http2::handshake(Here, io).await.map_err(Failure::refused)?;
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        Ok(Self { sender, _driver: driver })
    }

    /// Calls a method of the runtime service.
    pub(super) async fn call<Q: Message, A: Message + Default>(
        &mut self,
        method: &str,
        asked: &Q,
    ) -> Result<A, Failure> {
        let request = Request::post(format!("http://localhost/runtime.v1.RuntimeService/{method}"))
            .header(CONTENT_TYPE, "application/grpc")
            .header(TE, "trailers")
            .body(Full::from(frame(asked)))
            .map_err(Failure::malformed)?;
        self.sender.ready().await.map_err(Failure::refused)?;
        let reply = self.sender.send_request(request).await.map_err(Failure::refused)?;
        if reply.status() != StatusCode::OK {
            return Err(Failure::refused(reply.status()));
        }
        // An answer that is only an error has its status among the headers.
        check(reply.headers())?;
        let (body, trailers) = exchange::read(reply.into_body()).await?;
        check(&trailers)?;
        let message = unframe(&body).ok_or_else(|| Failure::malformed("not one gRPC message"))?;
        A::decode(message).map_err(Failure::malformed)
    }
}

fn check(headers: &HeaderMap) -> Result<(), Failure> {
    let header = |name| headers.get(name)?.to_str().ok();
    let message = || header("grpc-message").unwrap_or_default();
    match header("grpc-status") {
        None | Some("0") => Ok(()),
        Some(NOT_FOUND) => Err(Failure::new(Reason::NotFound, message())),
        Some(status) => Err(Failure::refused(format_args!("gRPC status {status}: {}", message()))),
    }
}

/// Two messages, one behind the other, the first as it is framed.
#[cfg(any(test, feature = "fuzz"))]
pub(super) fn messages(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = bytes.get(1..PREFIX)?.try_into().ok().map(u32::from_be_bytes)?;
    let (first, second) = bytes.split_at_checked(PREFIX + length as usize)?;
    Some((unframe(first)?, second))
}

fn frame(message: &impl Message) -> Vec<u8> {
    let length = message.encoded_len();
    let mut bytes = Vec::with_capacity(PREFIX + length);
    bytes.push(0);
    bytes.extend_from_slice(&(length as u32).to_be_bytes());
    message.encode_raw(&mut bytes);
    bytes
}

fn unframe(bytes: &[u8]) -> Option<&[u8]> {
    let (prefix, message) = bytes.split_first_chunk::<PREFIX>()?;
    let [0, length @ ..] = *prefix else {
        return None;
    };
    (u32::from_be_bytes(length) as usize == message.len()).then_some(message)
}

#[cfg(test)]
mod tests {
    use super::{check, frame, unframe};
    use crate::metadata::container::{Reason, cri::messages::ContainerFilter};

    #[test]
    fn messages_are_framed() {
        let bytes = frame(&ContainerFilter { id: "ab".to_owned() });
        assert_eq!(bytes, [0, 0, 0, 0, 4, 0x0a, 2, b'a', b'b']);
        assert_eq!(unframe(&bytes), bytes.get(5..));
        for broken in [&bytes[..8], &bytes[..3], &[], &[1, 0, 0, 0, 0], &[0, 0xff, 0xff, 0xff, 0xff]] {
            assert_eq!(unframe(broken), None, "{broken:?}");
        }
    }

    #[test]
    fn statuses_have_reasons() {
        let reason = |status: &'static str| {
            let headers = [("grpc-status".parse().expect("a name"), status.parse().expect("a value"))];
            check(&headers.into_iter().collect()).err().map(|failure| failure.reason)
        };
        assert_eq!(
            ["0", "5", "12", ""].map(reason),
            [None, Some(Reason::NotFound), Some(Reason::Refused), Some(Reason::Refused)]
        );
    }
}
