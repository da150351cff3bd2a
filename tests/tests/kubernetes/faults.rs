// SPDX-License-Identifier: Apache-2.0
//! Answers that are no answers. After each the cache is what the server has.

use std::time::Duration;

use agent::metadata::kubernetes::{Reason, Relist, Timing};
use tests::kubernetes::{ApiServer, Cluster, Fault, On, SimPod};

use crate::cache::{Cache, IMPATIENT, SOON, typed};

const NODE: &str = "node-1";
/// Pods on it.
const PODS: usize = 8;

fn small() -> ApiServer {
    ApiServer::start(Cluster { nodes: 3, pods_per_node: PODS as u64, ..Cluster::default() })
}

/// A cache that waits for no answer that does not come.
fn cache(server: &ApiServer, fault: &Fault) -> Cache {
    let hangs = matches!(fault, Fault::Hang | Fault::HangAfter(_));
    Cache::with(&typed(server, Some(NODE)), if hangs { IMPATIENT } else { SOON })
}

/// What can go wrong with a request, and what it is called.
fn faults() -> Vec<(Fault, Reason)> {
    vec![
        (Fault::Status(500, None), Reason::Server),
        (Fault::Status(503, Some(0)), Reason::Server),
        (Fault::Status(504, None), Reason::Timeout),
        (Fault::Status(429, None), Reason::TooMany),
        (Fault::Status(410, None), Reason::Expired),
        (Fault::Status(401, None), Reason::Unauthorized),
        (Fault::Status(403, None), Reason::Forbidden),
        (Fault::Status(404, None), Reason::Refused),
        (Fault::Status(302, None), Reason::Refused),
        (Fault::Cut, Reason::Cut),
        (Fault::Hang, Reason::Timeout),
    ]
}

#[test]
fn a_list_that_fails_is_asked_for_again() {
    let mut faults = faults();
    faults.extend([
        (Fault::CutAfter(30_000), Reason::Cut),
        (Fault::HangAfter(30_000), Reason::Timeout),
        (Fault::Body(Vec::new()), Reason::Malformed),
        (Fault::Body(b"<html>Hello</html>".to_vec()), Reason::Malformed),
        (Fault::Body(b"{}".to_vec()), Reason::Malformed),
        (Fault::Body(br#"{"kind":"PodList","items":[]}"#.to_vec()), Reason::Malformed),
        (
            Fault::Body(br#"{"kind":"PodList","metadata":{"resourceVersion":""},"items":[]}"#.to_vec()),
            Reason::Malformed,
        ),
        (Fault::Body(br#"{"kind":"PodList","metadata":{"resourceVersion":7},"items":[]}"#.to_vec()), Reason::Malformed),
        (
            Fault::Body(br#"{"kind":"PodList","metadata":{"resourceVersion":"7"},"items":[{}"#.to_vec()),
            Reason::Malformed,
        ),
        (Fault::Body(br#"{"kind":"Status","metadata":{"resourceVersion":"7"}}"#.to_vec()), Reason::Malformed),
    ]);
    for (fault, reason) in faults {
        let server = small();
        server.set_gzip(false);
        server.fail(On::List, fault.clone(), 2);
        let mut cache = cache(&server, &fault);
        cache.until_like(&server, NODE);
        let stats = &cache.stats;
        assert_eq!((stats.errors(reason), stats.lists.get(), stats.list_requests.get()), (2, 1, 3), "{fault:?}");
        let relist = if reason == Reason::Expired { Relist::Expired } else { Relist::Failed };
        assert_eq!((stats.relists(relist), cache.synced), (2, 1), "{fault:?}");
        // What came of the lists that were cut is not told twice, and nothing is taken back.
        assert_eq!((cache.applied, cache.deleted), (PODS, 0), "{fault:?}");
    }
}

#[test]
fn an_answer_that_is_no_list_takes_nothing_away() {
    let bodies = ["", "{}", "[]", "null", r#"{"kind":"Status"}"#, r#"{"kind":"PodList","metadata":{},"items":[]}"#];
    let server = small();
    let mut cache = Cache::of(&server, NODE);
    cache.until_synced();
    for (n, body) in (1..).zip(bodies) {
        server.fail(On::List, Fault::Body(body.into()), 1);
        server.fail(On::Watch, Fault::Status(410, None), 1);
        server.cut_watches();
        cache.until("it is refused", |cache| cache.stats.errors(Reason::Malformed) == n);
        cache.until_like(&server, NODE);
    }
    assert_eq!((cache.applied, cache.deleted), (PODS, 0));
}

#[test]
fn a_compressed_list_that_breaks_is_asked_for_again() {
    for fault in [Fault::CutAfter(2000), Fault::HangAfter(2000)] {
        let server = small();
        server.fail(On::List, fault.clone(), 1);
        let mut cache = cache(&server, &fault);
        cache.until_like(&server, NODE);
        assert_eq!((cache.applied, cache.deleted, cache.stats.list_requests.get()), (PODS, 0, 2), "{fault:?}");
    }
}

#[test]
fn a_watch_that_fails_goes_on_or_begins_anew() {
    for (fault, reason) in faults() {
        let server = small();
        server.fail(On::Watch, fault.clone(), 2);
        let mut cache = cache(&server, &fault);
        cache.until_like(&server, NODE);
        server.modify(9, |pod| pod.labels.clear());
        cache.until_like(&server, NODE);
        assert_eq!((cache.stats.errors(reason), cache.applied, cache.deleted), (2, PODS + 1, 0), "{fault:?}");
        let goes_on = matches!(reason, Reason::Server | Reason::TooMany | Reason::Cut);
        assert_eq!(cache.stats.lists.get(), if goes_on { 1 } else { 3 }, "{fault:?}");
    }
}

#[test]
fn a_watch_that_breaks_off_goes_on_where_it_was() {
    for fault in [Fault::CutAfter(20_000), Fault::Body(b"{\"type\":\"ADD".to_vec()), Fault::Body(Vec::new())] {
        let server = small();
        server.fail(On::Watch, fault.clone(), 3);
        let mut cache = Cache::of(&server, NODE);
        cache.until_synced();
        for n in 0..20 {
            server.add(SimPod::new("payments", &format!("new-{n}"), NODE));
        }
        cache.until_like(&server, NODE);
        assert_eq!((cache.stats.lists.get(), cache.applied, cache.deleted), (1, PODS + 20, 0), "{fault:?}");
    }
}

#[test]
fn silence_is_not_waited_for() {
    let server = small();
    server.fail(On::Watch, Fault::HangAfter(20_000), 1);
    let timing = Timing { watch_idle: Duration::from_millis(300), ..SOON };
    let mut cache = Cache::with(&typed(&server, Some(NODE)), timing);
    cache.until_synced();
    for n in 0..20 {
        server.add(SimPod::new("payments", &format!("new-{n}"), NODE));
    }
    cache.until_like(&server, NODE);
    assert!(cache.stats.errors(Reason::Timeout) > 0 && cache.stats.lists.get() == 1);

    // With bookmarks there is no silence, be the machine slow.
    let server = small();
    server.set_bookmarks(Duration::from_millis(50));
    let timing = Timing { watch_idle: Duration::from_secs(3), ..SOON };
    let mut cache = Cache::with(&typed(&server, Some(NODE)), timing);
    cache.until("bookmarks came for longer than that", |_| server.traffic(NODE).bookmarks >= 70);
    assert_eq!((cache.stats.errors(Reason::Timeout), cache.stats.watch_requests.get()), (0, 1));
}

#[test]
fn slow_answers_are_answers() {
    let server = small();
    server.set_gzip(false);
    server.fail(On::Any, Fault::Slow(700, Duration::from_millis(1)), 2);
    let mut cache = Cache::of(&server, NODE);
    cache.until_synced();
    server.modify(9, |pod| pod.labels.clear());
    cache.until_like(&server, NODE);
    assert_eq!((cache.stats.list_requests.get(), cache.stats.watch_requests.get()), (1, 1));

    // But there is an end to it.
    let server = small();
    server.set_gzip(false);
    server.fail(On::List, Fault::Slow(1, Duration::from_millis(1)), 1);
    let timing = Timing { list: Duration::from_secs(2), ..SOON };
    let mut cache = Cache::with(&typed(&server, Some(NODE)), timing);
    cache.until_like(&server, NODE);
    assert_eq!((cache.stats.list_requests.get(), cache.stats.errors(Reason::Timeout)), (2, 1));
}

#[test]
fn retry_after_is_heard() {
    for on in [On::List, On::Watch] {
        let server = small();
        server.fail(on, Fault::Status(429, Some(1)), 1);
        let mut cache = Cache::of(&server, NODE);
        cache.until_like(&server, NODE);
        let asked: Vec<_> = server.asked().into_iter().filter(|asked| asked.watch == (on == On::Watch)).collect();
        let pause = asked[1].at - asked[0].at;
        assert!(pause >= Duration::from_secs(1) && asked.len() == 2, "{pause:?} {asked:?}");
    }
}

#[test]
fn pages_that_are_too_old_are_read_from_the_first_on() {
    for fault in [Fault::Status(410, None), Fault::Status(500, None), Fault::CutAfter(100_000)] {
        let server = ApiServer::start(Cluster { nodes: 5, pods_per_node: 300, ..Cluster::default() });
        server.set_gzip(false);
        server.fail(On::NextPage, fault.clone(), 1);
        let mut cache = Cache::with(&typed(&server, None), SOON);
        cache.until_synced();
        assert_eq!((cache.pods.len(), cache.applied, cache.deleted), (1500, 1500, 0), "{fault:?}");
        assert_eq!(
            (server.traffic("").lists, cache.stats.lists.get()),
            (if matches!(fault, Fault::CutAfter(_)) { 5 } else { 4 }, 1)
        );
    }
}

#[test]
fn pages_without_an_end_are_given_up() {
    let server = small();
    let page = br#"{"kind":"PodList","metadata":{"resourceVersion":"7","continue":"1000.0"},"items":[]}"#.to_vec();
    server.fail(On::List, Fault::Body(page.clone()), 1);
    server.fail(On::NextPage, Fault::Body(page), 100);
    let mut cache = Cache::with(&typed(&server, None), SOON);
    cache.until_synced();
    assert_eq!((cache.stats.errors(Reason::Malformed), cache.stats.list_requests.get()), (1, 2));
    assert_eq!(cache.pods.len(), 3 * PODS);
}

/// A pod of which only `metadata` can be read.
fn broken(pod: &SimPod) -> String {
    let json = pod.json();
    let spec = json.find("\"spec\":{").expect("a spec");
    format!("{}\"spec\":7,\"status\":[]}}", &json[..spec])
}

#[test]
fn one_bad_object_costs_nothing_but_itself() {
    let server = small();
    let bad = [
        "null",
        "7",
        "\"x\"",
        "[[[]]]",
        "{}",
        "{\"metadata\":{\"uid\":\"no\"}}",
        "{\"metadata\":{\"uid\":\"1544eb37-e4f7-49eb-8cc4-3d01c41be77b\"}}",
    ];
    for raw in bad {
        server.add(SimPod { raw: Some(raw.to_owned()), ..SimPod::new("payments", raw, NODE) });
    }
    let pod = SimPod::new("payments", "half", NODE);
    let half = server.add(SimPod { raw: Some(broken(&pod)), ..pod.clone() });
    let mut cache = Cache::of(&server, NODE);
    cache.until_synced();
    // Of the one whose name can be read the name is known.
    assert_eq!((cache.pods.len(), cache.stats.malformed.get()), (PODS + 1, bad.len() as u64 + 1));
    assert_eq!(cache.pods.get(&pod.uid).map(|known| known.name()), Some("half"));

    // In a watch, too; and what was known of a pod stays where it can't be read any more.
    server.modify(half, |pod| pod.raw = None);
    cache.until("it is whole", |cache| cache.pods.get(&pod.uid).is_some_and(|known| known.containers().count() > 0));
    let malformed = cache.stats.malformed.get();
    server.modify(half, |pod| pod.raw = Some(broken(pod)));
    for raw in ["nul", "{\"metadata\":", "{}", "\u{0}"] {
        server.add(SimPod { raw: Some(raw.to_owned()), ..SimPod::new("payments", "bad", NODE) });
    }
    server.modify(9, |pod| pod.labels.clear());
    cache.until("the change behind them is told", |cache| cache.applied == PODS + 3);
    assert_eq!((cache.stats.malformed.get(), cache.deleted), (malformed + 5, 0));
    assert!(cache.pods.get(&pod.uid).is_some_and(|known| known.containers().count() > 0));
    assert_eq!((cache.stats.lists.get(), cache.stats.watch_requests.get()), (1, 1));
}

#[test]
fn one_object_that_is_too_large_costs_nothing_but_itself() {
    let server = small();
    let pod = SimPod::new("payments", "large", NODE);
    // Six megabytes, behind what is looked at and before it.
    let large = pod.json().replace("\"volumes\":[", &format!("\"volumes\":[\"{}\",", "x".repeat(6 << 20)));
    let id = server.add(SimPod { raw: Some(large), ..pod.clone() });
    let nameless = format!("{{\"x\":\"{}\"}}", "x".repeat(6 << 20));
    server.add(SimPod { raw: Some(nameless), ..SimPod::new("payments", "nameless", NODE) });
    let mut cache = Cache::of(&server, NODE);
    cache.until_synced();
    assert_eq!((cache.pods.len(), cache.stats.oversized.get()), (PODS + 1, 2));
    assert_eq!(cache.pods.get(&pod.uid).map(|known| known.namespace()), Some("payments"));
    server.modify(id, |pod| pod.labels.clear());
    server.modify(9, |pod| pod.labels.clear());
    cache.until("the change behind it is told", |cache| cache.applied == PODS + 2);
    assert_eq!(cache.stats.oversized.get(), 3);
}

#[test]
fn lines_that_are_no_events_are_passed_over() {
    let server = small();
    let lines = "\n\nhello\n{\"type\":\"ADDED\"}\n{\"type\":7,\"object\":{}}\n{\"type\":\"NEWS\",\"object\":{}}\n[]\n";
    server.fail(On::Watch, Fault::Insert(lines.to_owned()), 1);
    let mut cache = Cache::of(&server, NODE);
    cache.until_synced();
    server.modify(9, |pod| pod.labels.clear());
    cache.until_like(&server, NODE);
    assert_eq!((cache.stats.malformed.get(), cache.stats.watch_requests.get()), (5, 1));
}

#[test]
fn an_error_in_a_watch_is_one() {
    let status = |code: u16| {
        format!(
            "{{\"type\":\"ERROR\",\"object\":{{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"m\",\"code\":{code}}}}}\n"
        )
    };
    for (code, reason, lists) in [
        (410, Reason::Expired, 2),
        (500, Reason::Server, 1),
        (429, Reason::TooMany, 1),
        (504, Reason::Timeout, 2),
        (0, Reason::Refused, 2),
    ] {
        let server = small();
        server.fail(On::Watch, Fault::Insert(status(code)), 1);
        let mut cache = Cache::of(&server, NODE);
        cache.until("it is heard", |cache| cache.stats.errors(reason) == 1);
        server.modify(9, |pod| pod.labels.clear());
        cache.until_like(&server, NODE);
        assert_eq!((cache.stats.errors(reason), cache.stats.lists.get()), (1, lists), "{code}");
    }
}
