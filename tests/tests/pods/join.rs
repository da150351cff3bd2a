// SPDX-License-Identifier: Apache-2.0
//! From a syscall by its cgroup to the pod.

use tests::kubernetes::{ApiServer, Cluster, SimPod};

use crate::{
    agent::alone,
    books::{closed, count},
    resident::{Resident, id},
    run::{NODE, line_of, lines, look_until, start, start_with},
    wait::wait_for,
};

/// Names of cgroups: `{U}` is the pod's UID as cgroupfs has it, `{V}` as systemd, `{C}` the container's id, `{O}` another.
const LAYOUTS: &[&str] = &[
    "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{V}.slice/cri-containerd-{C}.scope",
    "kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod{V}.slice/crio-{C}.scope",
    "kubepods.slice/kubepods-pod{V}.slice/docker-{C}.scope",
    "kubepods/burstable/pod{U}/{C}",
    "kubepods/pod{U}/{C}",
    "system.slice/containerd.service/kubepods-burstable-pod{V}.slice:cri-containerd:{C}",
    "kubepods.slice/kubepods-pod{V}.slice/crio-{C}.scope/container",
    "docker/{O}/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod{V}.slice/cri-containerd-{C}.scope",
];

#[test]
fn every_layout_leads_to_its_pod() {
    let _alone = alone();
    let api = ApiServer::start(Cluster::default());
    let mut all: Vec<_> = LAYOUTS
        .iter()
        .enumerate()
        .map(|(n, layout)| {
            let mut pod = SimPod::new("payments", &format!("pod-{n}"), NODE);
            pod.labels = vec![("pod-template-hash".to_owned(), "7d9f5".to_owned())];
            pod.owner = Some(("ReplicaSet".to_owned(), format!("api-{n}-7d9f5")));
            let cgroup = layout
                .replace("{U}", &pod.uid_text())
                .replace("{V}", &pod.uid_text().replace('-', "_"))
                .replace("{C}", id(&pod))
                .replace("{O}", &"01adbf".repeat(11)[..64]);
            api.add(pod.clone());
            (pod, Some(format!("api-{n}")), Resident::new(&cgroup))
        })
        .collect();
    // A static pod is known by its mirror, whose UID is another than the one in the cgroup's path.
    let hash = "9aac5b5c8815def09a2ef9e37b89da55";
    let mut fixed = SimPod::new("kube-system", "etcd", NODE);
    fixed.annotations = vec![("kubernetes.io/config.hash".to_owned(), hash.to_owned())];
    fixed.owner = Some(("Node".to_owned(), NODE.to_owned()));
    api.add(fixed.clone());
    let slice = format!("kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{hash}.slice");
    let cgroup = format!("{slice}/cri-containerd-{}.scope", id(&fixed));
    all.push((fixed, None, Resident::new(&cgroup)));
    let agent = start(&api, "container.id != host", &[]);
    for (pod, _, resident) in &mut all {
        resident.look_at(&format!("/no/{}", pod.name));
    }
    let run = agent.stop();
    let ledger = closed(&run);
    let events = lines(&run);
    for (pod, deployment, _) in &all {
        let line = line_of(&events, &format!("/no/{}", pod.name));
        assert_eq!(
            [&line["k8s.pod.name"], &line["k8s.ns.name"], &line["k8s.pod.uid"], &line["k8s.container.name"]],
            [&*pod.name, &*pod.namespace, &*pod.uid_text(), "main"],
            "{line}"
        );
        assert_eq!(
            (line["container.id"].as_str(), line["k8s.deployment.name"].as_str()),
            (id(pod).get(..12), deployment.as_deref())
        );
    }
    assert_eq!(count(&ledger["metadata"], "pod_events"), all.len() as u64, "{ledger}");
    // Nobody else's pods were asked for.
    let asked = api.asked();
    let selects = |selector: &str| selector.contains(&format!("spec.nodeName={NODE}"));
    assert!(
        asked.len() > 1 && asked.iter().all(|asked| asked.parameter("fieldSelector").is_some_and(selects)),
        "{asked:?}"
    );
}

#[test]
fn the_first_call_of_a_new_container_has_its_pod() {
    let _alone = alone();
    let api = ApiServer::start(Cluster::default());
    // What is waited for comes much sooner.
    let agent = start(&api, "container.id != host", &["--enrich-wait", "30s"]);
    let pod = SimPod::new("payments", "young", NODE);
    let mut resident = Resident::of(&pod);
    resident.look_at("/no/first");
    api.add(pod);
    resident.look_at("/no/second");
    wait_for("both are written", || (agent.events().lines().count() >= 2).then_some(()));
    let run = agent.stop();
    let _closed = closed(&run);
    let events = lines(&run);
    let files: Vec<_> = events.iter().map(|line| line["fd.name"].as_str()).collect();
    assert_eq!(files, [Some("/no/first"), Some("/no/second")]);
    assert!(events.iter().all(|line| line["k8s.pod.name"] == "young"), "{events:#?}");
}

#[test]
fn who_is_not_known_goes_out_with_what_the_cgroup_tells() {
    let _alone = alone();
    let api = ApiServer::start(Cluster::default());
    let agent = start(&api, "container.id != host", &["--enrich-wait", "1ms"]);
    let pod = SimPod::new("payments", "nobody", NODE);
    let mut resident = Resident::of(&pod);
    resident.look_at("/no/pod");
    wait_for("it is written", || (!agent.events().is_empty()).then_some(()));
    let run = agent.stop();
    let ledger = closed(&run);
    let events = lines(&run);
    let line = line_of(&events, "/no/pod");
    assert_eq!([&line["k8s.pod.uid"], &line["container.id"]], [&*pod.uid_text(), &id(&pod)[..12]]);
    assert!(line["k8s.pod.name"].is_null(), "{line}");
    let unresolved = &ledger["metadata"]["unresolved_pod_events"];
    assert_eq!([count(unresolved, "unknown"), count(unresolved, "not_synced")], [1, 0]);
    // The empty answer is told to the user: a node's name may be wrong.
    assert!(run.stderr.contains(NODE), "{}", run.stderr);
}

#[test]
fn without_an_answer_it_captures_and_heals() {
    let _alone = alone();
    let api = ApiServer::start(Cluster::default());
    let pod = SimPod::new("payments", "patient", NODE);
    let mut resident = Resident::of(&pod);
    api.add(pod);
    api.set_allowed(false);
    let agent = start(&api, "container.id != host", &[]);
    resident.look_at("/no/early");
    wait_for("it is written", || agent.events().contains("/no/early").then_some(()));
    api.set_allowed(true);
    look_until(&agent, &mut resident, "later", |line| line["k8s.pod.name"] == "patient");
    let run = agent.stop();
    let ledger = closed(&run);
    let events = lines(&run);
    assert!(line_of(&events, "/no/early")["k8s.pod.name"].is_null());
    assert!(count(&ledger["metadata"]["unresolved_pod_events"], "not_synced") > 0, "{ledger}");
}

#[test]
fn a_deleted_pod_keeps_its_name_while_it_runs() {
    let _alone = alone();
    let api = ApiServer::start(Cluster::default());
    let [pod, marker] = ["forced", "marker"].map(|name| SimPod::new("payments", name, NODE));
    let (mut resident, mut other) = (Resident::of(&pod), Resident::of(&marker));
    let forced = api.add(pod);
    let agent = start(&api, "container.id != host", &[]);
    resident.look_at("/no/before");
    api.delete(forced);
    // What the API tells later is known: so is the deletion.
    api.add(marker);
    look_until(&agent, &mut other, "marker", |line| line["k8s.pod.name"] == "marker");
    resident.look_at("/no/after");
    let run = agent.stop();
    let _closed = closed(&run);
    let events = lines(&run);
    for file in ["/no/before", "/no/after"] {
        assert_eq!(line_of(&events, file)["k8s.pod.name"], "forced", "{file}");
    }
}

#[test]
fn lines_of_text_and_json_name_the_pod() {
    let _alone = alone();
    let api = ApiServer::start(Cluster::default());
    let pod = SimPod::new("shop", "web-0", NODE);
    let mut resident = Resident::of(&pod);
    api.add(pod.clone());
    for (format, want) in [
        ("text", "shop/web-0/main ".to_owned()),
        (
            "json",
            format!(
                "\"pod\":{{\"name\":\"web-0\",\"namespace\":\"shop\",\"uid\":\"{}\",\"container\":\"main\",\"node\":\"{NODE}\"}}",
                pod.uid_text()
            ),
        ),
    ] {
        let agent = start_with(&api, &["-o", format, "evt.type = openat and fd.name = /no/line"]);
        resident.look_at("/no/line");
        wait_for("it is written", || (!agent.events().is_empty()).then_some(()));
        let events = agent.events();
        assert!(events.contains(&want), "{events}");
        let _closed = closed(&agent.stop());
    }
}
