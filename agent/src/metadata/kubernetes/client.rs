// SPDX-License-Identifier: Apache-2.0
//! Requests to the API server, and their answers piece by piece.
//!
//! kube knows how to reach and to convince a server; what is asked and how answers are read is decided here, since bounds
//! on what is read, on how long it takes, and on who reads what again are the point of it.

use std::{path::PathBuf, sync::Arc, time::Duration};

use http_body_util::{BodyExt as _, Empty};
use hyper::{
    Request, Response, StatusCode, Uri,
    body::{Bytes, Incoming},
    header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, HeaderValue, RETRY_AFTER, USER_AGENT},
    rt::{Read, Write},
};
use hyper_util::{
    client::legacy::{
        self,
        connect::{Connection, HttpConnector, proxy::Tunnel},
    },
    rt::TokioExecutor,
};
use kube::client::ConfigExt as _;
use tokio::time;
use tower::{BoxError, Service, ServiceBuilder, ServiceExt as _, util::BoxService};

use super::{
    access::{self, Access},
    config::Timing,
    inflate::Inflate,
    json,
    reason::{Failure, Reason},
    slim::Slim,
    stats::KubernetesStats,
};
use crate::causes::causes;

/// The longest refusal that is read.
const MAX_REFUSAL: usize = 64 << 10;
/// A connection that nobody answers on is found dead after this long.
const KEEPALIVE: Duration = Duration::from_secs(30);
/// Who asks.
const AGENT: &str = concat!("lanner/", env!("CARGO_PKG_VERSION"));

type Sent = BoxService<Request<Empty<Bytes>>, Response<Incoming>, BoxError>;

/// A client of one API server. It lasts from one list of all pods to the next: name, certificates and address are looked up
/// anew then.
pub(super) struct Client {
    service: Sent,
    token: Option<PathBuf>,
    timing: Timing,
    stats: Arc<KubernetesStats>,
}

impl Client {
    /// Makes what is needed of files and helpers that a kubeconfig names; may block.
    pub(super) fn new(access: &Access, timing: Timing, stats: Arc<KubernetesStats>) -> Result<Self, Failure> {
        let (config, token) = access.settings()?;
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_connect_timeout(Some(timing.connect));
        connector.set_keepalive(Some(KEEPALIVE));
        connector.set_nodelay(true);
        let service = match config.proxy_url.clone() {
            // Only of a kubeconfig: the environment's proxies are not for the server of the cluster that this runs in.
            Some(proxy) => stack(&config, Tunnel::new(proxy, connector)),
            None => stack(&config, connector),
        };
        let service = service.map_err(Failure::config)?;
        Ok(Self { service, token, timing, stats })
    }

    /// Asks, and waits until the answer begins.
    pub(super) async fn get(&mut self, request: Request<Vec<u8>>, compressed: bool) -> Result<Answer, Failure> {
        let mut request = request.map(|_| Empty::new());
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        if compressed {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if let Some(file) = &self.token {
            let token = access::bearer(file);
            let token =
                token.map_err(|error| Failure::config(format_args!("the token in {}: {error:#}", file.display())))?;
            headers.insert(AUTHORIZATION, token);
        }
        let sent = async { self.service.ready().await?.call(request).await };
        let answer = match time::timeout(self.timing.answer, sent).await {
            Ok(answer) => answer.map_err(not_sent)?,
            Err(_) => return Err(Failure::new(Reason::Timeout, "the server does not answer")),
        };
        let status = answer.status();
        let retry_after = seconds(answer.headers().get(RETRY_AFTER));
        let compressed = answer.headers().get(CONTENT_ENCODING).is_some_and(|encoding| encoding == "gzip");
        let mut answer = Answer {
            body: answer.into_body(),
            inflate: compressed.then(Inflate::default),
            stats: Arc::clone(&self.stats),
        };
        if status.is_success() {
            return Ok(answer);
        }
        let text = answer.refusal(self.timing.idle).await;
        let mut failure = refused(status, &text);
        failure.retry_after = retry_after;
        Err(failure)
    }
}

/// The service that a connection and the settings make.
fn stack<C>(config: &kube::Config, connector: C) -> Result<Sent, kube::Error>
where
    C: Service<Uri> + Clone + Send + Sync + 'static,
    C::Response: Connection + Read + Write + Send + Unpin + 'static,
    C::Future: Send + 'static,
    C::Error: Into<BoxError>,
{
    let https = config.rustls_https_connector_with_connector(connector)?;
    let client = legacy::Client::builder(TokioExecutor::new()).pool_max_idle_per_host(1).build(https);
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(config.auth_layer()?)
        .layer(config.extra_headers_layer()?)
        .map_err(BoxError::from)
        .service(client);
    Ok(BoxService::new(service))
}

/// An answer that has begun.
pub(super) struct Answer {
    body: Incoming,
    inflate: Option<Inflate>,
    stats: Arc<KubernetesStats>,
}

impl Answer {
    /// The next piece as it came; `None` at the end. `idle` is how long it may take.
    pub(super) async fn piece(&mut self, idle: Duration) -> Result<Option<Bytes>, Failure> {
        let frame = match time::timeout(idle, self.body.frame()).await {
            Ok(frame) => frame.transpose().map_err(|error| Failure::new(Reason::Cut, causes(&error)))?,
            Err(_) => return Err(Failure::new(Reason::Timeout, format_args!("the server was silent for {idle:?}"))),
        };
        let Some(frame) = frame else { return Ok(None) };
        // Trailers hold nothing that is wanted.
        let bytes = frame.into_data().unwrap_or_default();
        self.stats.received(bytes.len());
        Ok(Some(bytes))
    }

    /// What a piece says, in parts of bounded size where it is compressed.
    pub(super) fn decode<E: From<Failure>>(
        &mut self,
        piece: &[u8],
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        match &mut self.inflate {
            Some(inflate) => inflate.feed(piece, take),
            None => take(piece),
        }
    }

    /// Sees to it that a compressed answer is whole.
    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        self.inflate.as_mut().map_or(Ok(()), Inflate::finish)
    }

    /// What a server says that refuses, as far as it can be had.
    async fn refusal(&mut self, idle: Duration) -> Vec<u8> {
        let mut text = Vec::new();
        while let Ok(Some(piece)) = self.piece(idle).await {
            let decoded = self.decode(&piece, |plain| {
                let room = MAX_REFUSAL.saturating_sub(text.len());
                text.extend_from_slice(plain.get(..room).unwrap_or(plain));
                Ok::<_, Failure>(())
            });
            if decoded.is_err() || text.len() >= MAX_REFUSAL {
                break;
            }
        }
        text
    }
}

/// A status that is no success.
fn refused(status: StatusCode, text: &[u8]) -> Failure {
    let (said, _) = json::read::<Slim>(text);
    let message = said.message.unwrap_or_else(|| String::from_utf8_lossy(text).trim().to_owned());
    Failure::new(reason(status.as_u16()), format_args!("{status}: {message}"))
}

/// Why a server refuses.
pub(super) fn reason(status: u16) -> Reason {
    match status {
        401 => Reason::Unauthorized,
        403 => Reason::Forbidden,
        410 => Reason::Expired,
        429 => Reason::TooMany,
        504 => Reason::Timeout,
        500.. => Reason::Server,
        _ => Reason::Refused,
    }
}

/// What `Retry-After` says in seconds, as API servers do. A date would be told by a clock that may be wrong.
fn seconds(value: Option<&HeaderValue>) -> Option<Duration> {
    value?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

fn not_sent(error: BoxError) -> Failure {
    let reason = match error.downcast_ref::<legacy::Error>() {
        Some(error) if error.is_connect() => Reason::Connect,
        Some(_) => Reason::Cut,
        // Of what a kubeconfig says of authentication.
        None => Reason::Config,
    };
    Failure::new(reason, causes(&*error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_by_the_server_s_own_words() {
        let status =
            br#"{"kind":"Status","status":"Failure","message":"pods is forbidden","reason":"Forbidden","code":403}"#;
        let failure = refused(StatusCode::FORBIDDEN, status);
        assert_eq!(failure.reason, Reason::Forbidden);
        assert!(failure.to_string().starts_with("forbidden: 403 Forbidden: pods is forbidden ("), "{failure}");
        let failure = refused(StatusCode::BAD_GATEWAY, b"<html>\n");
        assert_eq!(failure.to_string(), "server: 502 Bad Gateway: <html>");
    }

    #[test]
    fn only_seconds_are_understood() {
        let of = |text: &'static str| seconds(Some(&HeaderValue::from_static(text)));
        assert_eq!(of("7"), Some(Duration::from_secs(7)));
        assert_eq!(of("Wed, 21 Oct 2015 07:28:00 GMT"), None);
        assert_eq!(of("-1"), None);
    }
}
