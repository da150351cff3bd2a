// SPDX-License-Identifier: Apache-2.0
//! CRI against a runtime that answers as it is told.

use std::collections::HashMap;

use prost::Message as _;

use super::messages::*;
use crate::metadata::{
    cgroup::Runtime,
    container::{
        Mount as Described, Reason, State,
        tests::{
            ID, Machine, answer, enter,
            fake::{Answer, Fake},
        },
    },
};

const SANDBOX: &str = "63060edc2d3aa803ab559f2393776b151f99fc5b05035b21db66b3b62246ad6a";
const POD: &str = "/kubepods/burstable/pod1544eb37-e4f7-49eb-8cc4-3d01c41be77b";

fn map(entries: &[(&str, &str)]) -> HashMap<String, String> {
    entries.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn container(info: &[(&str, &str)]) -> ContainerStatusResponse {
    let mount =
        Mount { container_path: "/in".to_owned(), host_path: "/out".to_owned(), readonly: true, propagation: 1 };
    let status = ContainerStatus {
        metadata: Some(ContainerMetadata { name: "web".to_owned() }),
        started_at: 7,
        image: Some(ImageSpec { image: "docker.io/library/nginx:1".to_owned(), ..ImageSpec::default() }),
        image_ref: "docker.io/library/nginx@sha256:dd".to_owned(),
        image_id: "sha256:aa".to_owned(),
        labels: map(&[("app", "web")]),
        mounts: vec![mount],
    };
    ContainerStatusResponse { status: Some(status), info: map(info) }
}

fn sandbox() -> PodSandboxStatusResponse {
    let options = NamespaceOption { network: 2, pid: 1, ipc: 0 };
    let status = PodSandboxStatus {
        id: SANDBOX.to_owned(),
        metadata: Some(PodSandboxMetadata { name: "p".to_owned(), uid: "u".to_owned(), namespace: "n".to_owned() }),
        network: Some(PodSandboxNetworkStatus { ip: "10.0.0.2".to_owned() }),
        linux: Some(LinuxPodSandboxStatus { namespaces: Some(Namespace { options: Some(options) }) }),
        labels: map(&[("app", "pod")]),
    };
    PodSandboxStatusResponse {
        status: Some(status),
        info: map(&[("info", r#"{"cniResult":{"Interfaces":{"eth0":1}}}"#)]),
    }
}

/// A runtime that says `info` with its one container.
fn runtime(info: &'static [(&'static str, &'static str)]) -> impl Fn(usize, &str, &[u8]) -> Answer {
    move |_, path, body| {
        let method = path.strip_prefix("/runtime.v1.RuntimeService/").expect("the service");
        let body = body.get(5..).expect("a frame");
        Answer::Grpc(match method {
            "ContainerStatus" => {
                let asked = ContainerStatusRequest::decode(body).expect("a request");
                assert!(asked.verbose);
                if asked.container_id == ID { Ok(container(info).encode_to_vec()) } else { Err(5) }
            }
            "PodSandboxStatus" => {
                let asked = PodSandboxStatusRequest::decode(body).expect("a request");
                if asked.pod_sandbox_id == SANDBOX { Ok(sandbox().encode_to_vec()) } else { Err(5) }
            }
            "ListContainers" => {
                let listed = ListedContainer { id: ID.to_owned(), pod_sandbox_id: SANDBOX.to_owned() };
                Ok(ListContainersResponse { containers: vec![listed] }.encode_to_vec())
            }
            "Version" => Ok(VersionResponse { runtime_name: "cri-o".to_owned() }.encode_to_vec()),
            _ => Err(12),
        })
    }
}

#[test]
fn containers_and_their_pod_are_described() {
    let machine = Machine::new();
    let info = &[(
        "info",
        r#"{"sandboxID":"63060edc2d3aa803ab559f2393776b151f99fc5b05035b21db66b3b62246ad6a","privileged":true}"#,
    )];
    let fake = Fake::cri(&machine.root, runtime(info));
    let mut containers = machine.containers();
    let container = enter(&mut containers, &format!("{POD}/crio-{ID}"));
    assert_eq!(answer(&container), State::Known);
    assert_eq!((container.runtime(), container.name()), (Runtime::CriO, Some("web")));
    let details = container.details().expect("a description");
    assert_eq!(details.image.as_deref(), Some("docker.io/library/nginx:1"));
    assert_eq!(details.image_repository.as_deref(), Some("docker.io/library/nginx"));
    assert_eq!(details.image_tag.as_deref(), Some("1"));
    assert_eq!(details.image_digest.as_deref(), Some("sha256:dd"));
    assert_eq!(details.image_id.as_deref(), Some("aa"));
    assert_eq!((details.privileged, details.started), (Some(true), Some(7)));
    assert_eq!(details.ip.as_deref(), Some("10.0.0.2"));
    assert_eq!((details.host_pid, details.host_network, details.host_ipc), (Some(false), Some(true), Some(false)));
    assert_eq!(details.cni_json.as_deref(), Some(r#"{"eth0":1}"#));
    let [source, dest, mode, propagation] = ["/out", "/in", "", "rslave"].map(str::to_owned);
    assert_eq!(details.mounts, [Described { source, dest, mode, rdwr: false, propagation }]);
    let pod = details.pod.as_ref().expect("a pod");
    assert_eq!((pod.name.as_deref(), pod.namespace.as_deref(), pod.uid.as_deref()), (Some("p"), Some("n"), Some("u")));
    assert_eq!((pod.sandbox_id.as_deref(), pod.labels.len()), (Some(SANDBOX), 1));
    assert_eq!(fake.requests(), 2);
}

#[test]
fn who_runs_it_and_in_which_pod_is_asked_where_it_is_not_said() {
    let machine = Machine::new();
    let _fake = Fake::cri(&machine.root, runtime(&[("info", "not JSON")]));
    let mut containers = machine.containers();
    let container = enter(&mut containers, &format!("{POD}/{ID}"));
    assert_eq!(answer(&container), State::Known);
    assert_eq!(container.runtime(), Runtime::CriO);
    let details = container.details().expect("a description");
    assert_eq!(details.privileged, None);
    assert_eq!(details.pod.as_ref().and_then(|pod| pod.sandbox_id.as_deref()), Some(SANDBOX));
}

#[test]
fn a_sandbox_is_no_container_of_its_own() {
    let machine = Machine::new();
    let _fake = Fake::cri(&machine.root, runtime(&[]));
    let mut containers = machine.containers();
    let container = enter(&mut containers, &format!("{POD}/crio-{SANDBOX}"));
    assert_eq!(answer(&container), State::Known);
    let details = container.details().expect("a description");
    assert_eq!((container.name(), details.image.as_deref()), (None, None));
    assert_eq!(details.pod.as_ref().and_then(|pod| pod.name.as_deref()), Some("p"));
}

#[test]
fn runtimes_that_fail() {
    for (answers, reason) in [
        (Err(5), Reason::NotFound),
        (Err(12), Reason::Refused),
        (Ok(vec![0xff; 9]), Reason::Malformed),
        (Ok(Vec::new()), Reason::Malformed),
        (Ok(vec![0; crate::metadata::container::exchange::MAX_REPLY]), Reason::Malformed),
    ] {
        let machine = Machine::new();
        let _fake = Fake::cri(&machine.root, move |_, _, _| Answer::Grpc(answers.clone()));
        let mut containers = machine.containers();
        let container = enter(&mut containers, &format!("{POD}/crio-{ID}"));
        assert_eq!(answer(&container), State::Unresolved(reason));
    }
}

#[test]
fn one_that_hangs() {
    let machine = Machine::new();
    let fake = Fake::cri(&machine.root, |_, _, _| Answer::Never);
    let mut containers = machine.containers();
    let container = enter(&mut containers, &format!("{POD}/crio-{ID}"));
    assert_eq!(answer(&container), State::Unresolved(Reason::Timeout));
    crate::metadata::container::tests::until("its connections are closed", || fake.open() == 0);
}
