// SPDX-License-Identifier: Apache-2.0
//! Clusters as large as they get: what is fetched, and what is kept.

use std::{env, fs, process::Command};

use tests::kubernetes::{ApiServer, Cluster, SimPod};

use crate::cache::{Cache, SOON, same, typed};

const NODE: &str = "node-4711";
/// Pods of the cluster, beside those that are added to the node.
const LARGE: Cluster = Cluster { nodes: 5000, pods_per_node: 30, lean: false };
/// Pods on the node then.
const PODS: usize = 110;

fn large() -> ApiServer {
    let server = ApiServer::start(LARGE);
    for n in LARGE.pods_per_node..PODS as u64 {
        server.add(SimPod::new("payments", &format!("api-{n}"), NODE));
    }
    server
}

#[test]
fn of_150_000_pods_the_node_s_110_are_fetched() {
    let server = large();
    server.set_gzip(false);
    let worth: usize = server.pods_of(NODE).iter().map(|pod| pod.json().len()).sum();
    let mut cache = Cache::of(&server, NODE);
    cache.until_like(&server, NODE);
    assert_eq!((cache.pods.len(), cache.applied, cache.synced), (PODS, PODS, 1));

    let (list, watch) = (server.asked()[0].clone(), server.asked()[1].clone());
    assert_eq!((server.asked().len(), list.watch, watch.watch), (2, false, true));
    assert_eq!((list.parameter("resourceVersion"), list.parameter("limit"), list.gzip), (Some("0"), None, true));
    let selector = format!("spec.nodeName={NODE},status.phase!=Failed,status.phase!=Unknown,status.phase!=Succeeded");
    assert_eq!(
        (list.parameter("fieldSelector"), watch.parameter("fieldSelector")),
        (Some(&*selector), Some(&*selector))
    );
    assert_eq!((watch.parameter("allowWatchBookmarks"), watch.gzip), (Some("true"), false));
    assert!(list.agent.starts_with("lanner/"));

    let fetched = cache.stats.bytes_received.get();
    assert_eq!(fetched, server.traffic(NODE).bytes);
    assert!(fetched as usize <= worth + worth / 10, "{fetched} bytes for {worth} bytes of pods");
    let each = cache.stats.pod_bytes() as usize / PODS;
    assert!(each <= 1024, "{each} bytes are kept of a pod");
    println!("fetched {fetched} bytes for {PODS} pods of {worth} bytes; kept {each} bytes of each");
}

#[test]
fn compressed_it_is_far_less() {
    let server = large();
    let worth: usize = server.pods_of(NODE).iter().map(|pod| pod.json().len()).sum();
    let mut cache = Cache::of(&server, NODE);
    cache.until_like(&server, NODE);
    let fetched = cache.stats.bytes_received.get();
    assert_eq!(fetched, server.traffic(NODE).bytes);
    assert!((fetched as usize) < worth / 5, "{fetched} bytes for {worth} bytes of pods");
    println!("fetched {fetched} bytes, compressed, for {PODS} pods of {worth} bytes");
}

#[test]
fn churn_elsewhere_costs_not_a_byte() {
    let server = large();
    let mut cache = Cache::of(&server, NODE);
    cache.until_like(&server, NODE);
    let before = cache.stats.bytes_received.get();
    for n in 0..1000 {
        let id = server.add(SimPod::new("churn", &format!("job-{n}"), &format!("node-{}", n % 4000)));
        server.modify(id, |pod| pod.beat += 1);
        server.modify(n, |pod| pod.labels.clear());
        server.delete(id);
    }
    // The watch has passed all of it when this is told.
    let last = SimPod::new("payments", "last", NODE);
    let id = server.add(last.clone());
    cache.until("the last is told", |cache| cache.pods.values().any(|known| same(&last, known)));
    let traffic = server.traffic(NODE);
    let line = server.pod(id).expect("it is there").json().len()
        + r#"{"type":"ADDED","object":"#.len()
        + "}\n".len()
        + r#""kind":"Pod","apiVersion":"v1","#.len();
    assert_eq!((traffic.events, traffic.bookmarks), (1, 0));
    assert_eq!(cache.stats.bytes_received.get() - before, line as u64);
}

/// Where the process of its own finds the server.
const URL: &str = "LANNER_TEST_API_SERVER";
/// All pods that it asks for. Unoptimized code takes a minute to read the 370 MB that they are, and what it passes over
/// takes no room.
const ALL: Cluster = Cluster { nodes: 300, pods_per_node: 100, lean: cfg!(debug_assertions) };
const ALL_PODS: usize = 30_000;

#[test]
fn all_pods_of_a_cluster_come_in_pages_and_fit() {
    let server = ApiServer::start(ALL);
    server.set_gzip(false);
    // The peak of a process is only its own in a process of its own.
    let child = Command::new(env::current_exe().expect("this test"))
        .args(["--exact", "scale::all_pods_in_a_process_of_its_own", "--ignored", "--nocapture"])
        .env(URL, server.url())
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success(), "{text}\n{}", String::from_utf8_lossy(&child.stderr));
    println!("{text}");
    let asked: Vec<_> = server.asked().into_iter().filter(|asked| !asked.watch).collect();
    assert_eq!((asked.len(), server.traffic("").lists), (ALL_PODS / 500, 60));
    assert!(asked.iter().all(|asked| asked.parameter("limit") == Some("500")));
    assert!(asked.iter().all(|asked| asked.parameter("resourceVersion").is_none()));
    assert_eq!(asked.iter().filter(|asked| asked.parameter("continue").is_some()).count(), 59);
}

#[test]
#[ignore = "a part of all_pods_of_a_cluster_come_in_pages_and_fit"]
fn all_pods_in_a_process_of_its_own() {
    let args = agent::cli::Kubernetes { k8s_api: Some(env::var(URL).expect("a server")), ..Default::default() };
    let mut cache = Cache::with(&args, SOON);
    cache.until("all is told", |cache| cache.synced == 1);
    assert_eq!((cache.pods.len(), cache.stats.malformed.get()), (ALL_PODS, 0));
    let status = fs::read_to_string("/proc/self/status").expect("a status");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().expect("a number");
    println!("peak {peak} kB, {} bytes of each of {ALL_PODS} pods", cache.stats.pod_bytes() / ALL_PODS as u64);
    assert!(peak <= 100_000, "{peak} kB");
}

#[test]
fn pages_show_what_changes_while_they_are_read() {
    let server = ApiServer::start(Cluster { nodes: 20, pods_per_node: 100, ..Cluster::default() });
    let mut cache = Cache::with(&typed(&server, None), SOON);
    cache.until("some came", |cache| cache.applied > 100);
    server.delete(1);
    server.delete(1999);
    server.add(SimPod::new("payments", "new", "node-1"));
    let all = |cache: &Cache| {
        (0..20).all(|node| {
            let pods = server.pods_of(&format!("node-{node}"));
            pods.iter().all(|pod| cache.pods.get(&pod.uid).is_some_and(|known| same(pod, known)))
        })
    };
    cache.until("all is as it is", |cache| cache.synced == 1 && cache.pods.len() == 1999 && all(cache));
}
