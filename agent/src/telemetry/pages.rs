// SPDX-License-Identifier: Apache-2.0
//! What is answered to a request: a function of its method and path, and of what is put up.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use bytes::Bytes;
use hyper::{Method, StatusCode};

use super::{
    board::{Board, Phase, Posted},
    metrics,
};

/// After this long without news of the main loop nobody can say that events flow: it comes every second, but that a
/// condition which is read again may have programs loaded, which takes as long as the verifier does.
const STALE: Duration = Duration::from_secs(5);
/// After this long without news the main loop is taken for stuck.
const STUCK: Duration = Duration::from_mins(1);

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
/// <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

const INDEX: &str = "lanner
/metrics   for Prometheus; /metrics?syscalls has every syscall too
/healthz   200 while the agent is alive
/readyz    200 while it captures and loses nothing; else 503 with a reason a line
/versions  what runs here
";

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) content_type: &'static str,
    pub(super) body: Bytes,
}

impl Answer {
    fn new(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self { status, content_type, body: body.into() }
    }
}

/// The answer to a request for `path`, at `now`.
pub(super) fn answer(method: &Method, path: &str, query: Option<&str>, board: &Board, now: Instant) -> Answer {
    let page: fn(&Board, &Posted, Duration, Option<&str>) -> Answer = match path {
        "/metrics" => metrics,
        "/healthz" => healthz,
        "/readyz" => readyz,
        "/versions" => |board, _, _, _| Answer::new(StatusCode::OK, JSON, board.versions.json()),
        "/" => |_, _, _, _| Answer::new(StatusCode::OK, TEXT, INDEX),
        _ => return Answer::new(StatusCode::NOT_FOUND, TEXT, "not found; / lists what there is\n"),
    };
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Answer::new(StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET and HEAD\n");
    }
    let posted = board.read();
    page(board, &posted, now.saturating_duration_since(posted.at), query)
}

fn metrics(board: &Board, posted: &Posted, _age: Duration, query: Option<&str>) -> Answer {
    // As Prometheus writes `params: {syscalls: [..]}`.
    let syscalls = query.is_some_and(|query| query.split('&').any(|word| word.split('=').next() == Some("syscalls")));
    let body = match &posted.page {
        None => metrics::page(board, posted, syscalls),
        Some(page) => {
            let written = if syscalls { &page.syscalls } else { &page.metrics };
            written.get_or_init(|| metrics::page(board, posted, syscalls)).clone()
        }
    };
    Answer::new(StatusCode::OK, PROMETHEUS, body)
}

/// The first words are Falco's.
fn healthz(_board: &Board, posted: &Posted, age: Duration, _query: Option<&str>) -> Answer {
    let (status, word) = if age < STUCK {
        (StatusCode::OK, "ok")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the main loop does not answer")
    };
    let body = format!(
        "{{\"status\": \"{word}\", \"phase\": \"{}\", \"age_seconds\": {:.3}}}\n",
        posted.phase.name(),
        age.as_secs_f64()
    );
    Answer::new(status, JSON, body)
}

fn readyz(_board: &Board, posted: &Posted, age: Duration, _query: Option<&str>) -> Answer {
    let reasons = reasons(posted, age);
    let details = posted.page.as_ref().map(|page| page.verdict.details.as_slice()).unwrap_or_default();
    let (status, lines) = if reasons.is_empty() {
        (StatusCode::OK, [vec!["ok".to_owned()], details.to_vec()].concat())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, reasons)
    };
    let mut body = String::new();
    for line in lines {
        // Writing to a string does not fail. Others' words in a reason must not look like a reason of their own.
        let _ = writeln!(body, "{}", line.replace(char::is_control, " "));
    }
    Answer::new(status, TEXT, body)
}

/// Why the agent is not ready; nothing when it is.
pub(super) fn reasons(posted: &Posted, age: Duration) -> Vec<String> {
    let mut reasons = match (posted.phase, &posted.page) {
        (Phase::Starting(what), _) => vec![format!("starting: {what}")],
        (Phase::Stopping, _) => vec!["stopping".to_owned()],
        (Phase::Capturing, None) => vec!["starting".to_owned()],
        (Phase::Capturing, Some(page)) => page.verdict.reasons.clone(),
    };
    if age >= STALE {
        reasons.push(format!("the main loop is busy: there is no news since {:.1} s", age.as_secs_f64()));
    }
    reasons
}

#[cfg(test)]
mod tests;
