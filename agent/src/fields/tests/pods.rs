// SPDX-License-Identifier: Apache-2.0
//! The fields of pods, from the API server and from what the container's runtime has of them.

use std::sync::Arc;

use super::{
    all,
    fixture::{Fixture, word},
};
use crate::metadata::{
    cgroup::{PodUid, Runtime},
    container::{self, Container, Details},
    kubernetes::{Owner, Parts, Pod, PodContainer},
};

const UID: u128 = 0x1544_eb37_e4f7_49eb_8cc4_3d01_c41b_e77b;
const ID: &str = "0123456789ab0123456789ab0123456789ab0123456789ab0123456789ab0123";

/// A pod of a Deployment with two containers.
pub(crate) fn api() -> Parts {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let one = |id: &str, name: &str| PodContainer {
        id: id.to_owned(),
        name: name.to_owned(),
        image: "registry.example/app:1".to_owned(),
    };
    Parts {
        uid: UID,
        config_hash: None,
        name: "api-7d9f5-x2x4z".to_owned(),
        namespace: "payments".to_owned(),
        node: Some("node-1".to_owned()),
        service_account: Some("runner".to_owned()),
        qos: Some("Burstable".to_owned()),
        ips: vec!["10.1.2.3".to_owned(), "fd00::3".to_owned()],
        owner: Some(Owner { kind: "ReplicaSet".to_owned(), name: "api-7d9f5".to_owned() }),
        labels: vec![pair("app", "api"), pair("pod-template-hash", "7d9f5")],
        annotations: vec![pair("team", "blue")],
        containers: vec![one(&"ff".repeat(32), "init"), one(ID, "app")],
    }
}

/// A call in a container of a pod.
pub(crate) fn in_pod(details: Option<Details>, pod: Option<&Parts>) -> Fixture {
    let container = Container::in_pod(Runtime::Containerd, ID, PodUid::of_api(UID), details);
    Fixture::new("close", 0, &[("fd", word(3))]).inside(container, pod.map(|parts| Arc::new(Pod::from(parts))))
}

/// What a runtime has of the pod.
fn told() -> Details {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let pod = container::Pod {
        sandbox_id: Some("fedcba98765432100123".to_owned()),
        name: Some("api-old".to_owned()),
        namespace: Some("default".to_owned()),
        uid: Some("its uid".to_owned()),
        labels: [pair("app", "old"), pair("tier", "")].into(),
    };
    Details {
        pod: Some(pod),
        ip: Some("10.9.9.9".to_owned()),
        cni_json: Some("{}".to_owned()),
        labels: [pair("io.kubernetes.container.name", "app-old")].into(),
        ..Details::default()
    }
}

/// What the API server says counts; without it the runtime is believed.
pub(super) fn cases() -> Vec<(Fixture, Vec<(&'static str, &'static str)>)> {
    let known = vec![
        ("k8s.pod.name", "api-7d9f5-x2x4z"),
        ("k8smeta.pod.name", "api-7d9f5-x2x4z"),
        ("k8s.pod.uid", "1544eb37-e4f7-49eb-8cc4-3d01c41be77b"),
        ("k8s.pod.id", "1544eb37-e4f7-49eb-8cc4-3d01c41be77b"),
        ("k8smeta.pod.uid", "1544eb37-e4f7-49eb-8cc4-3d01c41be77b"),
        ("k8s.pod.ip", "10.1.2.3"),
        ("k8smeta.pod.ip", "10.1.2.3"),
        ("k8s.pod.label[app]", "api"),
        ("k8s.pod.label.app", "api"),
        ("k8s.pod.label[tier]", "<NA>"),
        ("k8smeta.pod.label[app]", "api"),
        ("k8s.pod.labels", "app:api, pod-template-hash:7d9f5"),
        ("k8s.pod.annotation[team]", "blue"),
        ("k8s.pod.annotation[x]", "<NA>"),
        ("k8s.pod.qos", "Burstable"),
        ("k8s.ns.name", "payments"),
        ("k8smeta.ns.name", "payments"),
        ("k8s.node.name", "node-1"),
        ("k8s.sa.name", "runner"),
        ("k8s.container.name", "app"),
        ("k8s.deployment.name", "api"),
        ("k8smeta.deployment.name", "api"),
        ("k8s.rs.name", "api-7d9f5"),
        ("k8smeta.rs.name", "api-7d9f5"),
        ("k8s.rc.name", "<NA>"),
        ("k8s.ds.name", "<NA>"),
        ("k8s.sts.name", "<NA>"),
        ("k8s.job.name", "<NA>"),
        ("k8s.cronjob.name", "<NA>"),
        // The runtime alone knows these.
        ("k8s.pod.sandbox_id", "fedcba987654"),
        ("k8s.pod.full_sandbox_id", "fedcba98765432100123"),
        ("k8s.pod.cni.json", "{}"),
    ];
    let told_only = vec![
        ("k8s.pod.name", "api-old"),
        ("k8s.ns.name", "default"),
        ("k8s.pod.uid", "1544eb37-e4f7-49eb-8cc4-3d01c41be77b"),
        ("k8s.pod.ip", "10.9.9.9"),
        ("k8s.pod.label[app]", "old"),
        ("k8s.pod.labels", "app:old, tier:"),
        ("k8s.container.name", "app-old"),
        ("k8s.pod.annotation[team]", "<NA>"),
        ("k8s.deployment.name", "<NA>"),
        ("k8s.node.name", "<NA>"),
    ];
    vec![(in_pod(Some(told()), Some(&api())), known), (in_pod(Some(told()), None), told_only)]
}

#[test]
fn the_cgroup_alone_has_the_uid() {
    let alone = in_pod(None, None);
    let has = |field: &&str| alone.get(field).0 != "<NA>";
    let of_pods: Vec<_> = all()
        .iter()
        .map(|field| field.name)
        .filter(|name| name.starts_with("k8s") && !name.contains(".label") && !name.ends_with("annotation"))
        .filter(has)
        .collect();
    assert_eq!(of_pods, ["k8s.pod.id", "k8s.pod.uid", "k8smeta.pod.uid"]);
}

#[test]
fn a_container_that_is_in_no_pod_has_no_pod() {
    let docker = Fixture::new("close", 0, &[("fd", word(3))]).contained();
    let bare = Fixture::new("close", 0, &[("fd", word(3))]);
    for field in ["k8s.pod.name", "k8s.pod.uid", "k8s.pod.ip", "k8s.pod.labels", "k8s.pod.label[app]", "k8s.ns.name"] {
        assert_eq!((docker.get(field).0, bare.get(field).0), ("<NA>".into(), "<NA>".into()), "{field}");
    }
}

/// Fields of controllers, and pods with their values.
const CONTROLLERS: [&str; 7] = ["deployment", "rs", "rc", "ds", "sts", "job", "cronjob"];

/// The fields of controllers that a test here has a value of.
pub(super) fn controllers() -> impl Iterator<Item = &'static str> {
    all().iter().map(|field| field.name).filter(|name| {
        let kind = name.trim_start_matches("k8smeta.").trim_start_matches("k8s.").trim_end_matches(".name");
        name.starts_with("k8s") && CONTROLLERS.contains(&kind)
    })
}

#[test]
fn every_controller_has_its_field() {
    for (kind, name, want) in [
        ("ReplicaSet", "other", ["", "other", "", "", "", "", ""]),
        ("ReplicaSet", "-7d9f5", ["", "-7d9f5", "", "", "", "", ""]),
        ("ReplicationController", "a", ["", "", "a", "", "", "", ""]),
        ("DaemonSet", "a", ["", "", "", "a", "", "", ""]),
        ("StatefulSet", "a", ["", "", "", "", "a", "", ""]),
        ("Job", "a", ["", "", "", "", "", "a", ""]),
        ("Job", "a-29381760", ["", "", "", "", "", "a-29381760", "a"]),
        ("Node", "node-1", [""; 7]),
    ] {
        let owner = Some(Owner { kind: kind.to_owned(), name: name.to_owned() });
        let fixture = in_pod(None, Some(&Parts { owner, ..api() }));
        let get = |prefix, field| fixture.get(&format!("{prefix}.{field}.name")).0.replace("<NA>", "");
        assert_eq!(CONTROLLERS.map(|field| get("k8s", field)), want, "{kind} {name}");
        for (field, want) in CONTROLLERS.iter().zip(want).take(3) {
            assert_eq!(get("k8smeta", field), want, "{kind} {name}");
        }
    }
}
