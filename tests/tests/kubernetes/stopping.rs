// SPDX-License-Identifier: Apache-2.0
//! Whatever is being waited for, the end is not.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use agent::metadata::kubernetes::{Config, Timing, Watch};
use crossbeam_channel::bounded;
use tests::kubernetes::{ApiServer, Cluster, Fault, On};

use crate::cache::{Cache, SOON, typed};

const NODE: &str = "node-1";
/// Far less than what is being waited for.
const AT_ONCE: Duration = Duration::from_secs(20);
const LONG: Timing = Timing {
    answer: Duration::from_mins(1),
    idle: Duration::from_mins(1),
    pause_min: Duration::from_mins(1),
    pause_max: Duration::from_mins(1),
    ..SOON
};

fn small() -> ApiServer {
    ApiServer::start(Cluster { nodes: 3, pods_per_node: 10, ..Cluster::default() })
}

fn ends_at_once(cache: &mut Cache) {
    let began = Instant::now();
    cache.watch = None;
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
}

#[test]
fn while_it_watches() {
    let server = small();
    let mut cache = Cache::of(&server, NODE);
    cache.until("it watches", |_| server.watches() == 1);
    ends_at_once(&mut cache);
    let began = Instant::now();
    while server.watches() > 0 {
        assert!(began.elapsed() < Duration::from_secs(20), "the connection is still there");
        std::thread::yield_now();
    }
}

#[test]
fn while_nobody_answers() {
    for fault in [Fault::Hang, Fault::HangAfter(20_000)] {
        let server = small();
        server.set_gzip(false);
        server.fail(On::List, fault, 1);
        let mut cache = Cache::with(&typed(&server, Some(NODE)), LONG);
        cache.until("it asked", |cache| !server.asked().is_empty() && cache.stats.list_requests.get() == 1);
        ends_at_once(&mut cache);
    }
}

#[test]
fn while_it_pauses() {
    let mut server = small();
    server.stop();
    let mut cache = Cache::with(&typed(&server, Some(NODE)), LONG);
    cache.until("it failed", |cache| cache.stats.trouble().is_some());
    ends_at_once(&mut cache);
}

#[test]
fn while_nobody_takes_what_it_tells() {
    let server = small();
    let mut config = Config::of(&typed(&server, Some(NODE))).expect("right").expect("on");
    config.timing = LONG;
    let (tell, updates) = bounded(3);
    let watch = Watch::start(config, tell, Arc::default()).expect("a thread");
    while updates.len() < 3 {
        std::thread::yield_now();
    }
    let began = Instant::now();
    drop(watch);
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    assert_eq!(updates.try_iter().count(), 3);
}

#[test]
fn when_nobody_wants_to_know() {
    let server = small();
    let mut config = Config::of(&typed(&server, Some(NODE))).expect("right").expect("on");
    config.timing = SOON;
    let (tell, updates) = bounded(3);
    drop(updates);
    let _watch = Watch::start(config, tell, Arc::default()).expect("a thread");
    let began = Instant::now();
    // It does not go on to ask for what nobody hears.
    while server.asked().is_empty() {
        assert!(began.elapsed() < Duration::from_secs(20), "it never asked");
        std::thread::yield_now();
    }
    assert!(server.asked().iter().all(|asked| !asked.watch));
}
