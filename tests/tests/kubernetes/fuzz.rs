// SPDX-License-Identifier: Apache-2.0
//! Answers of arbitrary bytes: nothing breaks, and the next good answer is taken.

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use tests::kubernetes::{ApiServer, Cluster, Fault, On, SimPod};

use crate::cache::Cache;

const NODE: &str = "node-1";

/// Arbitrary bytes, or an answer of which some bytes are others.
fn answers(good: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let spoilt =
        (any::<prop::sample::Index>(), prop::collection::vec(any::<u8>(), 0..20)).prop_map(move |(at, other)| {
            let mut bytes = good.clone();
            let at = at.index(bytes.len());
            let end = (at + other.len()).min(bytes.len());
            bytes.splice(at..end, other);
            bytes
        });
    prop_oneof![prop::collection::vec(any::<u8>(), 0..500), spoilt]
}

#[test]
fn whatever_a_server_answers_the_next_answer_counts() {
    let pod = SimPod::new("payments", "api", NODE).json();
    let list =
        format!(r#"{{"kind":"PodList","metadata":{{"resourceVersion":"1000","continue":""}},"items":[{pod},{pod}]}}"#);
    let watch = format!("{{\"type\":\"MODIFIED\",\"object\":{pod}}}\n{{\"type\":\"DELETED\",\"object\":{pod}}}\n");
    let server = ApiServer::start(Cluster { nodes: 2, pods_per_node: 3, ..Cluster::default() });
    let mut runner = TestRunner::new(Config { cases: 100, failure_persistence: None, ..Config::default() });
    runner
        .run(&(answers(list.into_bytes()), answers(watch.into_bytes())), |(list, watch)| {
            server.heal();
            server.fail(On::List, Fault::Body(list), 1);
            server.fail(On::Watch, Fault::Body(watch), 1);
            let mut cache = Cache::of(&server, NODE);
            // A list that is none is asked for again; one that is good but for its pods is put right by the watch, or by what
            // follows a watch that is none. A spoilt list that passes for a good one may leave a pod that is none.
            cache.until("it watches", |cache| cache.stats.is_watching() && cache.stats.watch_requests.get() > 1);
            let id = server.add(SimPod::new("payments", "after", NODE));
            let after = server.pod(id).map(|pod| pod.uid);
            cache.until("what follows is told", |cache| after.is_some_and(|uid| cache.pods.contains_key(&uid)));
            server.delete(id);
            cache.until("and what follows that", |cache| after.is_some_and(|uid| !cache.pods.contains_key(&uid)));
            Ok(())
        })
        .expect("every answer is taken");
}
