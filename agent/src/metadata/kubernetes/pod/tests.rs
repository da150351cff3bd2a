// SPDX-License-Identifier: Apache-2.0

use std::{collections::HashMap, sync::Arc};

use proptest::prelude::*;

use super::*;

fn unpacked(pod: &Pod) -> Parts {
    Parts {
        uid: pod.uid(),
        config_hash: pod.config_hash(),
        name: pod.name().to_owned(),
        namespace: pod.namespace().to_owned(),
        node: pod.node().map(str::to_owned),
        service_account: pod.service_account().map(str::to_owned),
        qos: pod.qos().map(str::to_owned),
        ips: pod.ips().map(str::to_owned).collect(),
        owner: pod.owner().map(|owner| Owner { kind: owner.kind.to_owned(), name: owner.name.to_owned() }),
        labels: pod.labels().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        annotations: pod.annotations().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        containers: pod
            .containers()
            .map(|one| PodContainer { id: one.id.to_owned(), name: one.name.to_owned(), image: one.image.to_owned() })
            .collect(),
    }
}

prop_compose! {
    fn parts()(
        (uid, config_hash) in (any::<u128>(), any::<Option<u128>>()),
        (name, namespace) in (".{0,9}", ".{0,9}"),
        (node, service_account, qos) in (any::<Option<String>>(), any::<Option<String>>(), any::<Option<String>>()),
        ips in prop::collection::vec(".{0,9}", 0..3),
        owner in any::<Option<(String, String)>>(),
        labels in prop::collection::vec((".{0,9}", ".{0,9}"), 0..4),
        annotations in prop::collection::vec((".{0,9}", ".{0,300}"), 0..4),
        containers in prop::collection::vec((".{0,64}", ".{0,9}", ".{0,9}"), 0..4),
    ) -> Parts {
        Parts {
            uid, config_hash, name, namespace, node, service_account, qos, ips,
            owner: owner.map(|(kind, name)| Owner { kind, name }),
            labels, annotations,
            containers: containers.into_iter().map(|(id, name, image)| PodContainer { id, name, image }).collect(),
        }
    }
}

proptest! {
    #[test]
    fn what_is_packed_is_what_was_there(parts in parts()) {
        prop_assert_eq!(unpacked(&Pod::from(&parts)), parts);
    }

    #[test]
    fn pods_are_equal_when_their_parts_are(one in parts(), other in parts()) {
        prop_assert!(Pod::from(&one) == Pod::from(&one));
        prop_assert_eq!(Pod::from(&one) == Pod::from(&other), one == other);
    }
}

#[test]
fn texts_and_lists_are_cut_where_their_lengths_end() {
    let long = "é".repeat(MAX);
    let parts = Parts {
        name: long.clone(),
        namespace: "n".repeat(MAX),
        labels: vec![("k".to_owned(), String::new()); MAX + 1],
        qos: Some("last".to_owned()),
        ..Parts::default()
    };
    let pod = Pod::from(&parts);
    assert!(long.starts_with(pod.name()));
    assert_eq!((pod.name().len(), pod.namespace().len(), pod.labels().count()), (MAX, MAX, MAX));
    assert_eq!((pod.qos(), pod.node(), pod.containers().count()), (Some("last"), None, 0));
}

/// A pod as a Deployment makes it, with the labels, annotations and containers that are usual.
fn realistic(n: u128) -> Parts {
    let text = str::to_owned;
    let pair = |name: &str, value: &str| (text(name), text(value));
    Parts {
        uid: n.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835),
        config_hash: None,
        name: format!("payments-api-5d8f9c7b6d-{n:05x}"),
        namespace: text("payments-production"),
        node: Some(text("ip-10-42-117-33.eu-central-1.compute.internal")),
        service_account: Some(text("payments-api")),
        qos: Some(text("Burstable")),
        ips: vec![text("10.42.117.201")],
        owner: Some(Owner { kind: text("ReplicaSet"), name: text("payments-api-5d8f9c7b6d") }),
        labels: vec![
            pair("app.kubernetes.io/component", "api"),
            pair("app.kubernetes.io/instance", "payments"),
            pair("app.kubernetes.io/name", "payments-api"),
            pair("app.kubernetes.io/version", "2.14.3"),
            pair("pod-template-hash", "5d8f9c7b6d"),
            pair("team", "payments"),
        ],
        annotations: vec![
            pair("checksum/config", &"3f".repeat(32)),
            pair("prometheus.io/port", "9090"),
            pair("prometheus.io/scrape", "true"),
        ],
        containers: (0..2)
            .map(|i| PodContainer {
                id: format!("{:064x}", n + i),
                name: text(if i == 0 { "api" } else { "proxy" }),
                image: text("registry.example.com/payments/api:2.14.3"),
            })
            .collect(),
    }
}

#[test]
fn a_realistic_pod_takes_less_than_a_kilobyte() {
    // A full map, which is at its smallest, and one that has just grown, which is at its largest.
    for count in [110_u128, 449] {
        let mut kept = HashMap::new();
        let all: Vec<_> = (0..count).map(realistic).collect();
        let used = allocation_counter::measure(|| {
            kept.extend(all.iter().map(|parts| (parts.uid, Arc::new(Pod::from(parts)))));
        });
        assert_eq!(kept.values().filter(|pod| pod.node().is_some()).count() as u128, count);
        let each = used.bytes_current / count as i64;
        assert!((700..=1024).contains(&each), "{each} bytes for each of {count}");
    }
}
