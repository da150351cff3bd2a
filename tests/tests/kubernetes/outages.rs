// SPDX-License-Identifier: Apache-2.0
//! Servers that are gone for a while, and those that cut off.

use std::time::Duration;

use agent::metadata::kubernetes::{Reason, Relist, Timing};
use tests::kubernetes::{ApiServer, Cluster, SimPod};

use crate::{
    cache::{Cache, SOON, typed},
    log,
};

const NODE: &str = "node-1";

fn small() -> ApiServer {
    ApiServer::start(Cluster { nodes: 3, pods_per_node: 10, ..Cluster::default() })
}

#[test]
fn the_server_may_be_down_at_the_start() {
    log::keep();
    let mut server = small();
    server.stop();
    let mut cache = Cache::of(&server, NODE);
    cache.until("it has tried several times", |cache| cache.stats.errors(Reason::Connect) >= 5);
    let trouble = cache.stats.trouble().expect("trouble");
    assert_eq!((trouble.reason, cache.stats.is_synced(), cache.stats.is_watching()), (Reason::Connect, false, false));
    assert!(trouble.text.contains("refused") && trouble.attempts >= 5, "{trouble:?}");
    assert!(cache.stats.last_contact().is_none());
    server.start_again();
    cache.until_like(&server, NODE);
    assert!(cache.stats.is_synced() && cache.stats.last_contact().is_some());
    assert_eq!(cache.stats.lists.get(), 1);
    // It was said once, and not with each attempt.
    let warnings = log::with(&server.url());
    assert!(matches!(&*warnings, [one] if one.contains("capture goes on")), "{warnings:?}");
}

#[test]
fn the_server_may_be_restarted() {
    let mut server = small();
    let mut cache = Cache::of(&server, NODE);
    cache.until_synced();
    for round in 0..3 {
        server.stop();
        cache.until("it is missed", |cache| {
            cache.stats.trouble().is_some_and(|trouble| trouble.reason == Reason::Connect)
        });
        let id = server.add(SimPod::new("payments", &format!("new-{round}"), NODE));
        server.modify(id, |pod| pod.labels.clear());
        server.delete(10 + round);
        // What a server's memory holds of the past is gone with it.
        server.compact();
        server.start_again();
        cache.until_like(&server, NODE);
    }
    assert_eq!((cache.applied, cache.deleted), (13, 3));
    // Lists are as many as outages, not as attempts.
    let relists = cache.stats.lists.get() - 1;
    assert_eq!((relists, server.traffic(NODE).lists), (3, 4));
    assert!(cache.stats.relists(Relist::Outage) >= 3);
}

#[test]
fn a_watch_may_be_cut_a_hundred_times() {
    let server = small();
    let mut cache = Cache::of(&server, NODE);
    cache.until_synced();
    for n in 0..100 {
        cache.until("it watches", |cache| server.watches() == 1 && cache.stats.is_watching());
        let before = cache.stats.watch_requests.get();
        server.cut_watches();
        // While nobody watches.
        server.add(SimPod::new("payments", &format!("new-{n}"), NODE));
        cache.until("it watches again", |cache| cache.stats.watch_requests.get() > before);
    }
    cache.until_like(&server, NODE);
    assert_eq!((cache.applied, cache.deleted), (110, 0));
    let stats = &cache.stats;
    assert_eq!((stats.lists.get(), stats.errors(Reason::Cut), stats.watch_restarts.get()), (1, 100, 100));
    // Each goes on where the one before was.
    let versions: Vec<u64> = server
        .asked()
        .iter()
        .filter(|asked| asked.watch)
        .map(|asked| asked.parameter("resourceVersion").and_then(|version| version.parse().ok()).expect("a version"))
        .collect();
    assert!(versions.is_sorted() && versions.len() == 101 && versions[100] >= 1099, "{versions:?}");
}

#[test]
fn a_watch_that_ends_as_asked_is_no_error() {
    let server = small();
    let timing = Timing { watch: Duration::from_secs(1), ..SOON };
    let mut cache = Cache::with(&typed(&server, Some(NODE)), timing);
    cache.until("it watches a third time", |cache| cache.stats.watch_requests.get() == 3);
    server.modify(11, |pod| pod.labels.clear());
    cache.until_like(&server, NODE);
    assert_eq!((cache.stats.lists.get(), cache.applied), (1, 11));
    assert!(cache.stats.watch_restarts.get() >= 2);
    assert!(Reason::ALL.iter().all(|reason| cache.stats.errors(*reason) == 0));
}

#[test]
fn pauses_between_attempts_grow_and_differ() {
    let mut server = small();
    server.stop();
    let timing = Timing { pause_min: Duration::from_millis(40), pause_max: Duration::from_millis(320), ..SOON };
    let mut cache = Cache::with(&typed(&server, Some(NODE)), timing);
    let mut at = Vec::new();
    for n in 1..=8 {
        cache.until("an attempt", |cache| cache.stats.errors(Reason::Connect) >= n);
        at.push(cache.stats.trouble().expect("trouble").since.elapsed());
    }
    // 40, 80, 160, then 320 four times: half of it at least.
    let whole = Duration::from_millis(40 + 80 + 160 + 4 * 320);
    assert!(at[7] >= whole / 2, "{at:?}");
}
