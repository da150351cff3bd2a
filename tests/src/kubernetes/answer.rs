// SPDX-License-Identifier: Apache-2.0
//! Answers: who may ask, what is answered, and what goes wrong.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, combinators::BoxBody};
use hyper::{
    Request, Response,
    body::Incoming,
    header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, RETRY_AFTER, USER_AGENT},
};

use super::{
    body::{Cut, body},
    fault::{Fault, On},
    list,
    selector::Selector,
    shared::Shared,
    traffic::Asked,
    watch as watching,
};

type Answer = Response<BoxBody<Bytes, Cut>>;

/// Answers a request; an error cuts the connection.
pub(super) async fn answer(request: Request<Incoming>, shared: Arc<Shared>) -> Result<Answer, Cut> {
    if request.uri().path() != "/api/v1/pods" {
        return Ok(refusal(404, "the server could not find the requested resource", None));
    }
    let parameters = parameters(request.uri().query().unwrap_or_default());
    let watch = matches!(parameters.get("watch").map(String::as_str), Some("true" | "1"));
    let headers = request.headers();
    let gzip = header(headers, ACCEPT_ENCODING.as_str()).contains("gzip");
    let agent = header(headers, USER_AGENT.as_str()).to_owned();
    let asked = Asked { at: Instant::now(), parameters, watch, gzip, agent };
    let (fault, refused) = {
        let mut state = shared.state();
        state.asked.push(asked.clone());
        let on = match (watch, asked.parameter("continue")) {
            (true, _) => On::Watch,
            (false, Some(_)) => On::NextPage,
            (false, None) => On::List,
        };
        let token = state.token.as_ref().map(|token| format!("Bearer {token}"));
        let refused = match token {
            Some(token) if header(headers, AUTHORIZATION.as_str()) != token => Some(refusal(401, "Unauthorized", None)),
            Some(_) | None if !state.allowed => Some(refusal(
                403,
                r#"pods is forbidden: User "system:serviceaccount:lanner:lanner" cannot list resource "pods""#,
                None,
            )),
            Some(_) | None => None,
        };
        (state.script.take(on), refused)
    };
    match fault {
        Some(Fault::Cut) => return Err(Cut),
        Some(Fault::Hang) => return std::future::pending().await,
        Some(Fault::Status(code, retry_after)) => {
            return Ok(refusal(code, "it fails as the test wants it", retry_after));
        }
        Some(Fault::Body(ref bytes)) => return Ok(whole(200, bytes.clone().into(), None)),
        Some(Fault::CutAfter(_) | Fault::HangAfter(_) | Fault::Slow(..) | Fault::Insert(_)) | None => {}
    }
    Ok(refused.unwrap_or_else(|| stream(&asked, fault, &shared)))
}

/// The answer to somebody who may ask.
fn stream(asked: &Asked, fault: Option<Fault>, shared: &Arc<Shared>) -> Answer {
    let selector = match Selector::parse(asked.parameter("fieldSelector").unwrap_or_default()) {
        Ok(selector) => selector,
        Err(error) => return refusal(400, &error, None),
    };
    let client = selector.node().unwrap_or_default().to_owned();
    let insert = match &fault {
        Some(Fault::Insert(text)) => Some(text.clone()),
        Some(_) | None => None,
    };
    let version = asked.parameter("resourceVersion").filter(|version| !matches!(*version, "" | "0"));
    let version = match version.map(str::parse::<u64>).transpose() {
        Ok(version) => version,
        Err(error) => return refusal(400, &format!("invalid resource version: {error}"), None),
    };
    if asked.watch {
        shared.count(&client, |traffic| traffic.watches += 1);
        let (writer, written) = body(shared, &client, false, fault);
        let seconds = asked.parameter("timeoutSeconds").and_then(|seconds| seconds.parse().ok()).unwrap_or(1800);
        let query = watching::Query {
            selector,
            version,
            timeout: Duration::from_secs(seconds),
            bookmarks: asked.parameter("allowWatchBookmarks") == Some("true"),
            insert,
            client,
        };
        let shared = Arc::clone(shared);
        tokio::spawn(async move { watching::write(query, shared, writer).await });
        return response(200, None, BoxBody::new(written));
    }
    let (now, forgotten) = shared.pods(|pods| (pods.version(), pods.forgotten()));
    if version.is_some_and(|version| version > now) {
        return refusal(504, &format!("Too large resource version, current: {now}"), None);
    }
    // As an API server does: without a limit where the answer comes from its memory.
    let from_memory = asked.parameter("resourceVersion") == Some("0");
    let limit =
        asked.parameter("limit").and_then(|limit| limit.parse().ok()).filter(|limit| *limit > 0 && !from_memory);
    let place = asked.parameter("continue").and_then(|token| {
        let (version, start) = token.split_once('.')?;
        Some((version.parse().ok()?, start.parse().ok()?))
    });
    let (version, start) = match (asked.parameter("continue"), place) {
        (Some(_), None) => return refusal(400, "continue key is not valid", None),
        (_, place) => place.unwrap_or((now, 0)),
    };
    if version < forgotten {
        return refusal(410, "The provided continue parameter is too old to display a consistent list result", None);
    }
    shared.count(&client, |traffic| traffic.lists += 1);
    let gzip = asked.gzip && shared.state().gzip;
    let (writer, written) = body(shared, &client, gzip, fault);
    let query = list::Query { selector, version, start, limit, insert };
    let shared = Arc::clone(shared);
    tokio::spawn(async move { list::write(query, shared, writer).await });
    response(200, gzip.then_some("gzip"), BoxBody::new(written))
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// What API servers say when they refuse.
pub(super) fn status(code: u16, message: &str) -> serde_json::Value {
    let reason = match code {
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        410 => "Expired",
        429 => "TooManyRequests",
        504 => "Timeout",
        500.. => "InternalError",
        _ => "BadRequest",
    };
    serde_json::json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
        "reason": reason, "code": code})
}

fn refusal(code: u16, message: &str, retry_after: Option<u32>) -> Answer {
    whole(code, status(code, message).to_string().into(), retry_after)
}

fn whole(code: u16, bytes: Bytes, retry_after: Option<u32>) -> Answer {
    let body = Full::new(bytes).map_err(|never: Infallible| match never {}).boxed();
    let mut answer = response(code, None, body);
    if let Some(seconds) = retry_after {
        answer.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    answer
}

fn response(code: u16, encoding: Option<&'static str>, body: BoxBody<Bytes, Cut>) -> Answer {
    let mut response = Response::builder().status(code).header(CONTENT_TYPE, "application/json");
    if let Some(encoding) = encoding {
        response = response.header(CONTENT_ENCODING, encoding);
    }
    response.body(body).expect("a response")
}

/// The parameters of a query.
fn parameters(query: &str) -> BTreeMap<String, String> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(k, v)| (decoded(k), decoded(v))).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16)).unwrap_or_default();
                (digit() * 16 + digit()) as u8
            }
            _ => byte,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
