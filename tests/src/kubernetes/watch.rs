// SPDX-License-Identifier: Apache-2.0
//! Watches.

use std::{sync::Arc, time::Duration};

use tokio::time::{self, Instant};

use super::{
    answer,
    body::{Over, Writer},
    cluster::Pods,
    list::event,
    pod::SimPod,
    selector::Selector,
    shared::Shared,
};

/// What is watched.
pub(super) struct Query {
    pub(super) selector: Selector,
    /// Changes after this version; from what there is on where none is given.
    pub(super) version: Option<u64>,
    /// For so long.
    pub(super) timeout: Duration,
    pub(super) bookmarks: bool,
    /// Lines that are no events of pods.
    pub(super) insert: Option<String>,
    /// Whose watch it is.
    pub(super) client: String,
}

/// Writes what changes.
pub(super) async fn write(query: Query, shared: Arc<Shared>, mut out: Writer) -> Result<(), Over> {
    let Query { selector, version, timeout, bookmarks, insert, client } = query;
    let (mut changed, mut cut) = (shared.changed.subscribe(), shared.cut.subscribe());
    cut.mark_unchanged();
    let mut text = insert.unwrap_or_default();
    let mut at = version.unwrap_or_else(|| shared.pods(Pods::version));
    if version.is_none() {
        for pod in shared.pods(|pods| pods.page(&selector, at, 0, usize::MAX).0) {
            event(&mut text, "ADDED", &pod);
        }
    } else if at < shared.pods(Pods::forgotten) {
        let status = answer::status(410, &format!("too old resource version: {at}"));
        out.write(&format!("{{\"type\":\"ERROR\",\"object\":{status}}}\n")).await?;
        return out.end().await;
    }
    let end = Instant::now() + timeout;
    let every = shared.bookmark_every();
    let mut bookmark = time::interval_at(Instant::now() + every, every);
    loop {
        changed.mark_unchanged();
        at = at.max(changes(&shared, &selector, at, &mut text, &client));
        if !text.is_empty() {
            out.write(&text).await?;
            text.clear();
        }
        tokio::select! {
            _ = changed.changed() => {}
            _ = cut.changed() => return out.cut().await,
            () = time::sleep_until(end) => return out.end().await,
            () = out.closed() => return Err(Over),
            _ = bookmark.tick(), if bookmarks => {
                let now = shared.pods(Pods::version);
                // Who asks for the future is told nothing of the present.
                if now >= at {
                    at = now;
                    text = format!(
                        r#"{{"type":"BOOKMARK","object":{{"kind":"Pod","apiVersion":"v1","metadata":{{"resourceVersion":"{now}","creationTimestamp":null}},"spec":{{"containers":null}},"status":{{}}}}}}{}"#,
                        '\n'
                    );
                    shared.count(&client, |traffic| {
                        traffic.bookmarks += 1;
                        traffic.bookmark_bytes += text.len() as u64;
                    });
                }
            }
        }
    }
}

/// Writes the changes after `at` as far as `selector` has to do with them; returns the version of the last.
fn changes(shared: &Shared, selector: &Selector, at: u64, text: &mut String, client: &str) -> u64 {
    let mut events = 0;
    let last = shared.pods(|pods| {
        let mut last = at;
        for change in pods.since(at) {
            last = change.version;
            let selected = |pod: &&SimPod| pod.raw.is_some() || selector.matches(pod);
            let (old, new) = (change.old.as_ref().filter(selected), change.new.as_ref().filter(selected));
            match (old, new) {
                (None, None) => continue,
                (None, Some(pod)) => event(text, "ADDED", pod),
                (Some(_), Some(pod)) => event(text, "MODIFIED", pod),
                // What has left the selection is as good as deleted; it is told as it was, with the version of its leaving.
                (Some(pod), None) => event(text, "DELETED", &SimPod { version: change.version, ..pod.clone() }),
            }
            events += 1;
        }
        last
    });
    shared.count(client, |traffic| traffic.events += events);
    last
}
