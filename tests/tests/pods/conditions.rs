// SPDX-License-Identifier: Apache-2.0
//! Conditions on pods, which the kernel decides by cgroup.

use tests::kubernetes::{ApiServer, Cluster, SimPod};

use crate::{
    agent::{Agent, alone},
    books::{closed, count},
    resident::Resident,
    run::{NODE, lines, look_until, start},
};

/// Looks that have to be refused in the kernel.
const ROUNDS: u32 = 500;

/// Calls that the kernel refused by the condition.
fn refused(ledger: &serde_json::Value) -> u64 {
    let condition = ledger["condition"].as_object().expect("a run with a condition");
    condition.values().map(|removed| count(removed, "kernel")).sum()
}

#[test]
fn calls_of_other_namespaces_are_refused_in_the_kernel() {
    let _alone = alone();
    let api = ApiServer::start(Cluster::default());
    let (wanted, other) = (SimPod::new("payments", "wanted", NODE), SimPod::new("default", "other", NODE));
    let (mut in_wanted, mut in_other) = (Resident::of(&wanted), Resident::of(&other));
    api.add(wanted);
    api.add(other);
    let agent = start(&api, "k8s.ns.name = payments", &[]);
    for round in 0..ROUNDS {
        in_wanted.look_at(&format!("/no/wanted-{round}"));
        in_other.look_at(&format!("/no/other-{round}"));
    }
    // A pod that is made later is seen as well.
    let late = SimPod::new("payments", "late", NODE);
    let mut in_late = Resident::of(&late);
    api.add(late);
    look_until(&agent, &mut in_late, "late", |line| line["k8s.pod.name"] == "late");
    let run = agent.stop();
    let ledger = closed(&run);
    let events = lines(&run);
    let of = |name: &str| events.iter().filter(|line| line["k8s.pod.name"] == name).count();
    assert_eq!((of("wanted"), of("other")), (ROUNDS as usize, 0));
    assert!(refused(&ledger) >= u64::from(ROUNDS) * 9 / 10, "{ledger}");
}

#[test]
fn the_kernel_follows_what_becomes_of_a_pod() {
    let _alone = alone();
    let api = ApiServer::start(Cluster::default());
    let mut pod = SimPod::new("payments", "changing", NODE);
    pod.labels = vec![("watch".to_owned(), "no".to_owned())];
    let mut resident = Resident::of(&pod);
    let changing = api.add(pod);
    let agent = start(&api, "k8s.pod.label.watch = yes", &[]);
    for round in 0..ROUNDS {
        resident.look_at(&format!("/no/unwatched-{round}"));
    }
    // The kernel refuses this cgroup's calls now. Only the API server can change that: no event comes to tell the agent.
    api.modify(changing, |pod| pod.labels = vec![("watch".to_owned(), "yes".to_owned())]);
    look_until(&agent, &mut resident, "watched", |_| true);
    let run = agent.stop();
    let ledger = closed(&run);
    let events = lines(&run);
    let is_late = |file: &str| file.starts_with("/no/watched-");
    assert!(events.iter().all(|line| line["fd.name"].as_str().is_some_and(is_late)), "{events:#?}");
    assert!(events.iter().all(|line| line["k8s.pod.name"] == "changing"), "{events:#?}");
    assert!(refused(&ledger) >= u64::from(ROUNDS) * 9 / 10, "{ledger}");
}

#[test]
fn whoever_asks_for_pods_hears_that_nobody_tells_of_them() {
    let _alone = alone();
    let about_pods = |args: &[&str], condition: &str| {
        let run = Agent::start(&[args, &[condition]].concat()).stop();
        closed(&run);
        run.stderr.matches("no API server is asked").count()
    };
    let api = ApiServer::start(Cluster::default());
    let url = api.url();
    assert_eq!(about_pods(&["--no-k8s"], "k8s.ns.name = payments"), 1);
    assert_eq!(about_pods(&["--no-k8s"], "proc.name = payments"), 0);
    assert_eq!(about_pods(&["--k8s-api", &url, "--k8s-node", NODE], "k8s.ns.name = payments"), 0);
}
