// SPDX-License-Identifier: Apache-2.0
//! What changes is told, what does not matter is not.

use std::time::Duration;

use crossbeam_channel::tick;
use tests::kubernetes::{ApiServer, Cluster, SimContainer, SimPod};

use crate::{
    cache::{Cache, same},
    log,
};

const NODE: &str = "node-1";

fn small() -> ApiServer {
    ApiServer::start(Cluster { nodes: 3, pods_per_node: 4, ..Cluster::default() })
}

#[test]
fn pods_come_change_and_go() {
    let server = small();
    let mut cache = Cache::of(&server, NODE);
    cache.until_synced();
    assert!(cache.is_like(&server.pods_of(NODE)));
    assert_eq!((cache.applied, cache.deleted, cache.synced), (4, 0, 1));

    let mut pod = SimPod::new("payments", "api-0", NODE);
    pod.init.push(SimContainer::new("init", "busybox:1", ""));
    let id = server.add(pod);
    cache.until_like(&server, NODE);
    for (step, change) in [
        |pod: &mut SimPod| pod.labels.push(("tier".to_owned(), "gold".to_owned())),
        |pod: &mut SimPod| pod.init[0].id = format!("cri-o://{}", "ab".repeat(32)),
        |pod: &mut SimPod| pod.ephemeral.push(SimContainer::new("debug", "tools:1", "containerd://cd")),
        |pod: &mut SimPod| pod.ip = "10.1.2.3".to_owned(),
    ]
    .into_iter()
    .enumerate()
    {
        server.modify(id, change);
        cache.until("the change is told", |cache| cache.applied == 6 + step);
        assert!(cache.is_like(&server.pods_of(NODE)), "{step}");
    }
    server.delete(id);
    cache.until("it is gone", |cache| cache.deleted == 1);
    assert!(cache.is_like(&server.pods_of(NODE)));
    assert_eq!((cache.synced, cache.stats.lists.get(), cache.stats.malformed.get()), (1, 1, 0));
    assert_eq!((cache.stats.pods(), cache.stats.updates.get()), (4, 11));
}

#[test]
fn a_heartbeat_is_told_nobody() {
    let server = small();
    let mut cache = Cache::of(&server, NODE);
    cache.until_synced();
    for beat in 1..50 {
        server.modify(4, |pod| pod.beat = beat);
    }
    server.modify(5, |pod| pod.labels.clear());
    cache.until("what comes after them is told", |cache| cache.applied > 4);
    assert_eq!((cache.applied, cache.stats.events.get()), (5, 50));
}

#[test]
fn pods_that_leave_the_selection_are_gone() {
    let server = small();
    let mut cache = Cache::of(&server, NODE);
    cache.until_synced();
    server.modify(4, |pod| pod.phase = "Succeeded".to_owned());
    server.modify(5, |pod| pod.phase = "Failed".to_owned());
    server.modify(6, |pod| pod.node = Some("node-2".to_owned()));
    cache.until("they are gone", |cache| cache.deleted == 3);
    // And one that comes into it is new, whenever it was made.
    let waiting = server.add(SimPod { phase: "Pending".to_owned(), ..SimPod::new("payments", "waiting", "") });
    server.modify(waiting, |pod| pod.node = Some(NODE.to_owned()));
    cache.until("it is there", |cache| cache.applied == 5);
    assert!(cache.is_like(&server.pods_of(NODE)));
}

#[test]
fn static_pods_have_the_uid_of_their_cgroups() {
    let server = small();
    let mut pod = SimPod::new("kube-system", "etcd-node-1", NODE);
    let hash = "9aac5b5c8815def09a2ef9e37b89da55";
    pod.owner = Some(("Node".to_owned(), NODE.to_owned()));
    for (name, value) in [("hash", hash), ("mirror", hash), ("source", "file")] {
        pod.annotations.push((format!("kubernetes.io/config.{name}"), value.to_owned()));
    }
    let uid = pod.uid;
    server.add(pod);
    let mut cache = Cache::of(&server, NODE);
    cache.until_synced();
    let known = cache.pods.get(&uid).expect("it is known");
    assert_eq!(known.config_hash(), Some(0x9aac_5b5c_8815_def0_9a2e_f9e3_7b89_da55));
    assert!(known.annotations().map(|(name, _)| name).eq([
        "checksum/config",
        "prometheus.io/port",
        "prometheus.io/scrape"
    ]));
}

#[test]
fn a_pod_that_is_soon_gone_is_known_meanwhile() {
    let server = small();
    let mut cache = Cache::of(&server, NODE);
    cache.until_synced();
    let pod = SimPod::new("payments", "short", NODE);
    let uid = pod.uid;
    let id = server.add(pod);
    // Long before the next list.
    cache.until("it is known", |cache| cache.pods.contains_key(&uid));
    server.delete(id);
    cache.until("it is gone", |cache| !cache.pods.contains_key(&uid));
    assert_eq!(cache.stats.lists.get(), 1);

    // One that is gone before anybody looks was there all the same.
    let (applied, deleted) = (cache.applied, cache.deleted);
    server.delete(server.add(SimPod::new("payments", "shorter", NODE)));
    cache.until("both are told", |cache| (cache.applied, cache.deleted) == (applied + 1, deleted + 1));
}

#[test]
fn churn_of_fifty_pods_a_second_is_followed() {
    let server = ApiServer::start(Cluster { nodes: 100, pods_per_node: 30, ..Cluster::default() });
    let mut cache = Cache::of(&server, NODE);
    cache.until_synced();
    let ticks = tick(Duration::from_millis(20));
    for n in 0..150 {
        ticks.recv().expect("a tick");
        let node = format!("node-{}", n % 3);
        let id = server.add(SimPod { phase: "Pending".to_owned(), ..SimPod::new("churn", &format!("job-{n}"), &node) });
        server.modify(id, |pod| pod.phase = "Running".to_owned());
        server.modify(id, |pod| pod.beat += 1);
        match n % 4 {
            0 => {}
            1 => server.modify(id, |pod| pod.phase = "Succeeded".to_owned()),
            _ => server.delete(id),
        }
        cache.drain();
    }
    cache.until_like(&server, NODE);
    assert_eq!((cache.stats.lists.get(), cache.stats.malformed.get()), (1, 0));
    // Those on the other nodes were not heard of.
    assert_eq!((cache.applied, server.traffic(NODE).lists), (30 + 50, 1));
}

#[test]
fn a_node_that_nobody_knows_is_named_once() {
    log::keep();
    let server = small();
    let mut cache = Cache::of(&server, "node-nobody-knows");
    cache.until_synced();
    assert!(cache.pods.is_empty());
    cache.until("it watches", |cache| cache.stats.is_watching());
    let warnings = log::with("node-nobody-knows");
    assert!(matches!(&*warnings, [one] if one.contains("WARN") && one.contains("kubectl get nodes")), "{warnings:?}");
    // It is taken at its word all the same.
    let pod = SimPod::new("payments", "late", "node-nobody-knows");
    server.add(pod.clone());
    cache.until("a pod is there", |cache| cache.pods.values().any(|known| same(&pod, known)));
    assert_eq!(log::with("node-nobody-knows").len(), 1);
}
