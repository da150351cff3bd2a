// SPDX-License-Identifier: Apache-2.0
//! A node of a large cluster, on which much happens.

use tests::kubernetes::{ApiServer, Cluster, SimPod};

use crate::{
    agent::alone,
    books::{all_lost, closed, count, dropped},
    resident::Resident,
    run::{NODE, lines, start},
    wait::wait_for,
};

/// The pods of the node.
const PODS: usize = 110;
/// Looks, and changes of pods meanwhile.
const ROUNDS: usize = 1000;

#[test]
fn a_node_of_a_large_cluster_takes_little_and_loses_nothing() {
    let _alone = alone();
    let api = ApiServer::start(Cluster { nodes: 5000, pods_per_node: 30, lean: false });
    let pods: Vec<_> = (0..PODS).map(|n| SimPod::new("payments", &format!("api-{n}"), NODE)).collect();
    let mut resident = Resident::of(&pods[0]);
    let ids: Vec<_> = pods.into_iter().map(|pod| api.add(pod)).collect();
    let agent = start(&api, "container.id != host", &["--metrics-listen", "127.0.0.1:0"]);
    for round in 0..ROUNDS {
        api.modify(ids[round % PODS], |pod| pod.labels.push(("round".to_owned(), round.to_string())));
        resident.look_at(&format!("/no/{round}"));
    }
    wait_for("all is written", || (agent.events().lines().count() == ROUNDS).then_some(()));
    // A turn of the thread takes what there is, and that the list has ended is told, too.
    let metrics = wait_for("every change is counted", || {
        let metrics = agent.metrics();
        let turns = metrics.sum("lanner_stage_duration_seconds_count", &["stage=\"pods\""]);
        let told = metrics.sum("lanner_kubernetes_updates_total", &[]);
        assert!(turns <= told + 1.0, "{turns} turns for {told} changes");
        (told > PODS as f64 && turns > 0.0).then_some(metrics)
    });
    for most in ["0.0001", "0.001", "0.005", "+Inf"] {
        let most = format!("le=\"{most}\"");
        let turns = metrics.sum("lanner_stage_duration_seconds_bucket", &["stage=\"pods\"", &most]);
        println!("turns for pods, {most}: {turns}");
    }
    let resident_kb = agent.resident_kb();
    println!("resident {resident_kb} kB");
    assert!(resident_kb <= 60 << 10, "{resident_kb} kB");
    let run = agent.stop();
    let ledger = closed(&run);
    assert_eq!(all_lost(&ledger) + dropped(&ledger), 0, "{ledger}");
    assert_eq!(count(&ledger["metadata"]["held"], "pods"), PODS as u64);
    let events = lines(&run);
    assert!(events.iter().all(|line| line["k8s.pod.name"] == "api-0" && line["k8s.ns.name"] == "payments"));
}
