// SPDX-License-Identifier: Apache-2.0
//! Hears of what changes.

use kube::{api::WatchParams, core::Request};
use tokio::time::Instant;

use super::{
    Config,
    client::{Answer, Client, reason},
    json,
    known::{Halt, Known},
    list::PODS,
    node,
    reason::{Failure, Reason},
    slim::Event,
    split::Lines,
    stats::KubernetesStats,
};

/// How a watch ended.
pub(super) enum Ended {
    /// The server has ended it, as it was asked to.
    Closed,
    /// It is time for a list.
    Interval,
    /// The server says that it can't go on.
    Refused(Failure),
    /// The server tells of an older time than it did before.
    Backwards(Failure),
}

/// Asks for changes since `version`; the server ends the watch after `seconds`.
pub(super) async fn open(
    client: &mut Client,
    config: &Config,
    version: &str,
    seconds: u32,
    stats: &KubernetesStats,
) -> Result<Answer, Failure> {
    let params = WatchParams {
        field_selector: Some(node::selector(config.node.as_deref())),
        timeout: Some(seconds),
        bookmarks: true,
        ..WatchParams::default()
    };
    let request = Request::new(PODS).watch(&params, version).map_err(|error| Failure::new(Reason::Refused, error))?;
    stats.watch_requests.add(1);
    // Not compressed: servers gain nothing on single events, and some can't.
    client.get(request, false).await
}

/// Tells `known` what changes, and moves `version` on, until the watch ends, or until `until`.
pub(super) async fn read(
    mut answer: Answer,
    config: &Config,
    version: &mut String,
    known: &mut Known,
    stats: &KubernetesStats,
    until: Instant,
) -> Result<Ended, Halt> {
    let mut lines = Lines::default();
    loop {
        let piece = tokio::select! {
            piece = answer.piece(config.timing.watch_idle) => piece?,
            () = tokio::time::sleep_until(until) => return Ok(Ended::Interval),
        };
        let Some(piece) = piece else { return Ok(Ended::Closed) };
        let mut ended = None;
        answer.decode(&piece, |plain| {
            lines.feed(plain, |line, whole| {
                if ended.is_none() {
                    ended = event(line, whole, version, known, stats)?;
                }
                Ok::<_, Halt>(())
            })
        })?;
        if let Some(ended) = ended {
            return Ok(ended);
        }
    }
}

/// Takes an event, and moves `version` on. Returns how the watch ends, if it does.
pub(super) fn event(
    line: &[u8],
    whole: bool,
    version: &mut String,
    known: &mut Known,
    stats: &KubernetesStats,
) -> Result<Option<Ended>, Halt> {
    let (Event { kind, mut object }, good) = json::read::<Event>(line);
    stats.events.add(1);
    let kind = kind.as_deref();
    if kind == Some("ERROR") {
        let code = object.code.and_then(|code| u16::try_from(code).ok()).unwrap_or_default();
        let message = object.message.unwrap_or_default();
        let failure = Failure::new(reason(code), format_args!("{code} in the watch: {message}"));
        return Ok(Some(Ended::Refused(failure)));
    }
    if let Some(now) = object.metadata.resource_version.take().filter(|now| good && whole && !now.is_empty()) {
        // Versions of one kind of object are numbers that grow.
        // <https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions>
        if let (Ok(now), Ok(before)) = (now.parse::<u64>(), version.parse::<u64>())
            && now < before
        {
            let failure = Failure::malformed(format_args!("version {now} came after {before}: was the API restored?"));
            return Ok(Some(Ended::Backwards(failure)));
        }
        *version = now;
    }
    match kind {
        Some("ADDED" | "MODIFIED") => known.apply(object, good, whole)?,
        Some("DELETED") => match object.uid() {
            Some(uid) => known.delete(uid)?,
            None => stats.malformed.add(1),
        },
        Some("BOOKMARK") => {}
        Some(_) | None => stats.malformed.add(1),
    }
    Ok(None)
}
