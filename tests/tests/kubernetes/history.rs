// SPDX-License-Identifier: Apache-2.0
//! Histories that are forgotten or go backwards, and the slow list that puts right what nobody saw.

use std::time::Duration;

use agent::metadata::kubernetes::{Reason, Relist, Timing};
use tests::kubernetes::{ApiServer, Cluster, Fault, On, SimPod};

use crate::cache::{Cache, SOON, typed};

const NODE: &str = "node-1";

fn small() -> ApiServer {
    ApiServer::start(Cluster { nodes: 3, pods_per_node: 10, ..Cluster::default() })
}

#[test]
fn what_is_too_old_is_listed_again() {
    let server = small();
    let mut cache = Cache::of(&server, NODE);
    cache.until_synced();
    cache.until("it watches", |_| server.watches() == 1);
    // Nothing of the next changes is heard, nor can it be asked for.
    server.fail(On::Watch, Fault::Status(503, None), 1000);
    server.cut_watches();
    cache.until("it is refused", |cache| cache.stats.errors(Reason::Server) > 0);
    server.delete(10);
    server.add(SimPod::new("payments", "new", NODE));
    server.compact();
    server.heal();
    cache.until_like(&server, NODE);
    assert_eq!((cache.applied, cache.deleted, cache.synced), (11, 1, 2));
    assert_eq!((cache.stats.errors(Reason::Expired), cache.stats.relists(Relist::Expired)), (1, 1));
}

#[test]
fn bookmarks_keep_a_quiet_node_from_being_too_old() {
    let server = small();
    server.set_bookmarks(Duration::from_millis(20));
    let mut cache = Cache::of(&server, NODE);
    cache.until_synced();
    for n in 0..100 {
        server.add(SimPod::new("payments", &format!("new-{n}"), "node-2"));
    }
    let marked = server.traffic(NODE).bookmarks + 2;
    cache.until("a bookmark came", |_| server.traffic(NODE).bookmarks >= marked);
    server.compact();
    server.cut_watches();
    cache.until("it watches again", |cache| cache.stats.watch_requests.get() == 2 && cache.stats.is_watching());
    server.modify(10, |pod| pod.labels.clear());
    cache.until_like(&server, NODE);
    assert_eq!((cache.stats.lists.get(), cache.stats.errors(Reason::Expired)), (1, 0));
}

#[test]
fn a_restored_backup_is_noticed_by_the_outage() {
    let mut server = small();
    let backup = server.version();
    let mut cache = Cache::of(&server, NODE);
    cache.until_synced();
    let lost: Vec<_> = (0..20).map(|n| server.add(SimPod::new("payments", &format!("lost-{n}"), NODE))).collect();
    cache.until("they are known", |cache| cache.pods.len() == 30);
    server.stop();
    cache.until("it is missed", |cache| cache.stats.errors(Reason::Connect) > 0);
    server.restore(backup, &lost);
    server.start_again();
    cache.until_like(&server, NODE);
    assert_eq!((cache.pods.len(), cache.deleted), (10, 20));
    // And from there on changes are heard.
    server.modify(10, |pod| pod.labels.clear());
    cache.until_like(&server, NODE);
}

#[test]
fn a_restored_backup_is_noticed_by_its_versions() {
    let server = small();
    server.set_bookmarks(Duration::from_millis(20));
    let backup = server.version();
    let mut cache = Cache::of(&server, NODE);
    cache.until_synced();
    let lost: Vec<_> = (0..20).map(|n| server.add(SimPod::new("payments", &format!("lost-{n}"), NODE))).collect();
    cache.until("they are known", |cache| cache.pods.len() == 30);
    server.restore(backup, &lost);
    // Behind a proxy that goes on: an event of another history.
    let old = format!(r#"{{"type":"BOOKMARK","object":{{"metadata":{{"resourceVersion":"{backup}"}}}}}}"#);
    server.fail(On::Watch, Fault::Insert(old + "\n"), 1);
    server.cut_watches();
    cache.until_like(&server, NODE);
    assert_eq!((cache.stats.relists(Relist::Backwards), cache.deleted), (1, 20));
}

#[test]
fn what_nobody_saw_is_put_right_by_the_slow_list() {
    let server = small();
    let backup = server.version();
    let timing = Timing { relist: Duration::from_millis(400), ..SOON };
    let mut cache = Cache::with(&typed(&server, Some(NODE)), timing);
    cache.until_synced();
    let lost: Vec<_> = (0..20).map(|n| server.add(SimPod::new("payments", &format!("lost-{n}"), NODE))).collect();
    cache.until("they are known", |cache| cache.pods.len() == 30);
    // A server is silent to who asks for a version that it does not have yet.
    server.restore(backup, &lost);
    cache.until_like(&server, NODE);
    assert_eq!(cache.deleted, 20);
    assert!(cache.stats.relists(Relist::Interval) > 0);
    assert!(Reason::ALL.iter().all(|reason| cache.stats.errors(*reason) == 0));
}

#[test]
fn slow_lists_tell_nothing_new_and_are_spread() {
    let server = small();
    let interval = Duration::from_millis(200);
    let mut cache = Cache::with(&typed(&server, Some(NODE)), Timing { relist: interval, ..SOON });
    cache.until("there were some", |cache| cache.synced == 9);
    assert_eq!((cache.applied, cache.deleted), (10, 0));
    let asked: Vec<_> = server.asked().into_iter().filter(|asked| !asked.watch).map(|asked| asked.at).collect();
    let pauses: Vec<_> = asked.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // Each is at least half of it; of all together that holds however late the server was in noting one of them.
    assert!(pauses.iter().sum::<Duration>() >= interval / 2 * 7, "{pauses:?}");
    // They are from half of it to one and a half times: no eight are alike.
    let (least, most) = (pauses.iter().min().expect("some"), pauses.iter().max().expect("some"));
    assert!(*most > *least + interval / 20, "{pauses:?}");
}
