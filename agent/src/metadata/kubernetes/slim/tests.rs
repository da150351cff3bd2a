// SPDX-License-Identifier: Apache-2.0

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::metadata::kubernetes::{Pod, json::read};

const UID: &str = "1544eb37-e4f7-49eb-8cc4-3d01c41be77b";
const HASH: &str = "9aac5b5c8815def09a2ef9e37b89da55";

/// A pod with something of everything.
fn pod() -> Value {
    json!({
        "metadata": {
            "name": "api-0", "generateName": "api-", "namespace": "payments", "uid": UID, "resourceVersion": "17",
            "labels": {"b": "2", "a": "1"},
            "annotations": {
                "z": "kept", "kubernetes.io/config.hash": HASH, "kubernetes.io/config.seen": "2026",
                "kubectl.kubernetes.io/last-applied-configuration": "{}", "long": "x".repeat(MAX_ANNOTATION + 1),
            },
            "ownerReferences": [{"kind": "Node", "name": "n"}, {"kind": "StatefulSet", "name": "api", "controller": true}],
            "managedFields": [{"manager": "kubelet", "fieldsV1": {"f:metadata": {"f:uid": {}}}}],
        },
        "spec": {
            "nodeName": "node-1", "serviceAccountName": "payer",
            "initContainers": [{"name": "init", "image": "busybox:1"}],
            "containers": [{"name": "main", "image": "api:2", "env": [{"name": "uid", "value": "no"}]},
                           {"name": "new", "image": "new:1"}],
            "ephemeralContainers": [{"name": "debug", "image": "tools"}],
        },
        "status": {
            "qosClass": "Burstable", "podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}],
            "containerStatuses": [{"name": "main", "image": "docker.io/api:2", "containerID": "containerd://aa"}],
            "initContainerStatuses": [{"name": "init", "containerID": "cri-o://bb"}],
            "ephemeralContainerStatuses": [{"name": "debug", "containerID": "cc"}],
        },
    })
}

fn parts(pod: &Value) -> (Option<Parts>, bool) {
    let (slim, good) = read::<Slim>(pod.to_string().as_bytes());
    (slim.into_parts(), good)
}

#[test]
fn what_is_used_is_kept() {
    let text = str::to_owned;
    let container =
        |id: &str, name: &str, image: &str| PodContainer { id: text(id), name: text(name), image: text(image) };
    let expected = Parts {
        uid: 0x1544_eb37_e4f7_49eb_8cc4_3d01_c41b_e77b,
        config_hash: Some(0x9aac_5b5c_8815_def0_9a2e_f9e3_7b89_da55),
        name: text("api-0"),
        namespace: text("payments"),
        node: Some(text("node-1")),
        service_account: Some(text("payer")),
        qos: Some(text("Burstable")),
        ips: vec![text("10.0.0.1"), text("fd00::1")],
        owner: Some(Owner { kind: text("StatefulSet"), name: text("api") }),
        labels: vec![(text("a"), text("1")), (text("b"), text("2"))],
        annotations: vec![(text("z"), text("kept"))],
        containers: vec![
            container("bb", "init", "busybox:1"),
            container("aa", "main", "api:2"),
            container("", "new", "new:1"),
            container("cc", "debug", "tools"),
        ],
    };
    assert_eq!(parts(&pod()), (Some(expected), true));
}

#[test]
fn what_may_be_missing_may_be_missing() {
    let least = json!({"metadata": {"name": "a", "namespace": "b", "uid": UID}});
    let (parts, good) = parts(&least);
    let parts = parts.expect("a pod");
    assert!(good && parts.node.is_none() && parts.owner.is_none() && parts.containers.is_empty());
    for missing in ["name", "namespace", "uid"] {
        let mut pod = least.clone();
        pod["metadata"][missing] = json!("");
        assert_eq!(self::parts(&pod).0, None, "{missing}");
    }
}

#[test]
fn null_is_nothing_and_a_wrong_type_is_left_out() {
    for (pointer, wrong) in [
        ("/metadata/labels", json!(["a"])),
        ("/metadata/annotations", json!("a")),
        ("/metadata/ownerReferences", json!({"controller": true})),
        ("/metadata/ownerReferences/1/controller", json!("true")),
        ("/spec/nodeName", json!(7)),
        ("/spec/containers", json!(-1.5)),
        ("/spec/containers/0", json!([[]])),
        ("/status", json!(true)),
        ("/status/podIPs/0/ip", json!({"ip": "10.0.0.1"})),
    ] {
        for (value, expect) in [(Value::Null, true), (wrong, false)] {
            let mut pod = pod();
            *pod.pointer_mut(pointer).expect("a place") = value;
            let (parts, good) = parts(&pod);
            let parts = parts.expect("the rest of it");
            assert_eq!((good, parts.name.as_str()), (expect, "api-0"), "{pointer} {pod}");
        }
    }
}

#[test]
fn of_a_pod_that_ends_early_there_is_what_came() {
    let text = pod().to_string();
    // serde_json sorts names; the API server writes `metadata` first, too.
    let end = text.find("\"spec\"").expect("a spec");
    let (slim, good) = read::<Slim>(&text.as_bytes()[..end]);
    assert!(!good && slim.uid().is_some());
    assert_eq!(
        slim.into_parts().map(|parts| (parts.name, parts.labels.len(), parts.node)),
        Some(("api-0".into(), 2, None))
    );
}

#[test]
fn a_static_pod_s_hash_is_found_behind_all_other_annotations() {
    let mut pod = pod();
    let annotations: serde_json::Map<_, _> = (0..1000).map(|i| (format!("a{i:04}"), json!("x".repeat(200)))).collect();
    pod["metadata"]["annotations"] = json!(annotations);
    pod["metadata"]["annotations"][CONFIG_HASH] = json!(HASH);
    let (parts, good) = parts(&pod);
    let parts = parts.expect("a pod");
    assert!(good && parts.config_hash.is_some());
    assert_eq!(parts.annotations.len(), MAX_ANNOTATIONS / 205);
    // A hash that is no hash is none, and one that is the UID says nothing.
    for hash in ["x", UID] {
        pod["metadata"]["annotations"][CONFIG_HASH] = json!(hash);
        assert_eq!(self::parts(&pod).0.and_then(|parts| parts.config_hash), None);
    }
}

#[test]
fn nothing_makes_a_pod_large() {
    let many: serde_json::Map<_, _> = (0..10_000).map(|i| (format!("label-{i:05}"), json!("v".repeat(63)))).collect();
    let containers: Vec<_> = (0..2000)
        .map(|i| json!({"name": format!("c{i}"), "image": "i".repeat(1100), "containerID": "x://1"}))
        .collect();
    let mut pod = pod();
    pod["metadata"]["labels"] = json!(many);
    pod["metadata"]["annotations"] = json!(many);
    pod["spec"] = json!({"nodeName": "n".repeat(1 << 20), "containers": containers});
    pod["status"] = json!({"containerStatuses": containers, "podIPs": vec![json!({"ip": "1"}); 1000]});
    let text = pod.to_string();
    let mut size = 0;
    let used = allocation_counter::measure(|| {
        let (slim, _) = read::<Slim>(text.as_bytes());
        size = slim.into_parts().map_or(0, |parts| Pod::from(&parts).size());
    });
    assert!((8 << 10..24 << 10).contains(&size), "{size}");
    // Far less than the text of 9 MB.
    assert!(used.bytes_max < 1 << 20, "{}", used.bytes_max);
}

#[test]
fn an_event_is_read_in_either_order() {
    for line in
        [format!(r#"{{"type":"ADDED","object":{}}}"#, pod()), format!(r#"{{"object":{},"type":"ADDED"}}"#, pod())]
    {
        let (event, good) = read::<Event>(line.as_bytes());
        assert_eq!((event.kind.as_deref(), good), (Some("ADDED"), true));
        assert_eq!(event.object.metadata.resource_version.as_deref(), Some("17"));
        assert!(event.object.into_parts().is_some_and(|parts| parts.containers.len() == 4));
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        Just(json!(UID)),
    ];
    let name = prop_oneof![
        prop::sample::select(vec![
            "metadata",
            "spec",
            "status",
            "labels",
            "annotations",
            "uid",
            "name",
            "containers",
            "podIPs",
            "ip",
            "controller",
            "ownerReferences",
            "code",
            "message",
            "nodeName"
        ])
        .prop_map(str::to_owned),
        ".{0,8}",
    ];
    leaf.prop_recursive(4, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::hash_map(name.clone(), inner, 0..8).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_is_read(value in value(), cut in any::<prop::sample::Index>()) {
        let text = value.to_string();
        let (slim, _) = read::<Slim>(text.as_bytes());
        drop(slim.into_parts());
        let cut = cut.index(text.len() + 1);
        let (_, good) = read::<Event>(&text.as_bytes()[..cut]);
        // Of what was cut off nothing is good, unless nothing or blanks were.
        prop_assert!(!good || cut == text.len() || !matches!(value, Value::Object(_)));
    }

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..300), at in any::<prop::sample::Index>()) {
        drop(read::<Event>(&bytes));
        let mut text = pod().to_string().into_bytes();
        let at = at.index(text.len());
        let end = (at + bytes.len()).min(text.len());
        text.splice(at..end, bytes);
        let (slim, _) = read::<Slim>(&text);
        drop(slim.into_parts().map(|parts| Pod::from(&parts)));
    }
}
