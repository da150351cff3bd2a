// SPDX-License-Identifier: Apache-2.0
//! Fields of the Kubernetes pod that the process is in: `k8s.*`, and `k8smeta.*` where Falco's plugin of that name means the
//! same. What the API server has not told is taken from the labels that the kubelet gave the container, where they have
//! it; the UID is in the cgroup's path.

use std::io::Write as _;

use super::{ArgRule, Field, Type, reference::Arg, value::Value};
use crate::{
    event::Event,
    metadata::{
        cgroup::PodUid,
        container::{self, Details},
        kubernetes::Pod,
    },
};

/// The label by which a ReplicaSet tells its pods from those of its Deployment's other ones: its name ends in it.
/// <https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#pod-template-hash-label>
const TEMPLATE_HASH: &str = "pod-template-hash";
/// The label that the kubelet has a runtime put on containers.
/// <https://github.com/kubernetes/kubernetes/blob/v1.34.0/staging/src/k8s.io/kubelet/pkg/types/labels.go#L24>
const CONTAINER_NAME: &str = "io.kubernetes.container.name";
/// Digits of a sandbox's id that people use.
const SHORT: usize = 12;

/// The fields.
pub(super) const FIELDS: &[Field] = &[
    Field::of_pod("k8s.pod.name", Type::Charbuf, "the pod's name", |e, _| pod_name(e).into()),
    Field::of_pod("k8smeta.pod.name", Type::Charbuf, "the same as `k8s.pod.name`", |e, _| pod_name(e).into()),
    Field::of_pod("k8s.pod.uid", Type::Charbuf, "the pod's UID", |e, _| uid(e).into()),
    Field::of_pod("k8s.pod.id", Type::Charbuf, "the same as `k8s.pod.uid`", |e, _| uid(e).into()),
    Field::of_pod("k8smeta.pod.uid", Type::Charbuf, "the same as `k8s.pod.uid`", |e, _| uid(e).into()),
    Field::of_pod("k8s.pod.sandbox_id", Type::Charbuf, "the runtime's id of the pod's sandbox, 12 digits", |e, _| {
        sandbox(e).map(|id| id.get(..SHORT).unwrap_or(id)).into()
    }),
    Field::of_pod("k8s.pod.full_sandbox_id", Type::Charbuf, "the runtime's whole id of the pod's sandbox", |e, _| {
        sandbox(e).into()
    }),
    Field::of_pod("k8s.pod.ip", Type::Charbuf, "the pod's first address", |e, _| ip(e).into()),
    Field::of_pod("k8smeta.pod.ip", Type::Charbuf, "the same as `k8s.pod.ip`", |e, _| ip(e).into()),
    Field::of_pod("k8s.pod.cni.json", Type::Charbuf, "the same as `container.cni.json`", |e, _| {
        told(e).and_then(|_| details(e)?.cni_json.as_deref()).into()
    }),
    Field::of_pod("k8s.pod.label", Type::Charbuf, "the label of this name of the pod", label)
        .with(ArgRule::KeyRequired),
    Field::of_pod("k8smeta.pod.label", Type::Charbuf, "the same as `k8s.pod.label`", label).with(ArgRule::KeyRequired),
    Field::of_pod("k8s.pod.labels", Type::Charbuf, "the pod's labels as `name:value`, joined by `, `", |e, _| {
        labels(e)
    }),
    Field::of_pod(
        "k8s.pod.annotation",
        Type::Charbuf,
        "the annotation of this name of the pod, if it is not too long",
        |e, arg| {
            let Some(Arg::Key(key)) = arg else { return Value::Missing };
            pod(e).and_then(|pod| find(pod.annotations(), key)).into()
        },
    )
    .with(ArgRule::KeyRequired),
    Field::of_pod("k8s.pod.qos", Type::Charbuf, "the pod's class: Guaranteed, Burstable or BestEffort", |e, _| {
        pod(e).and_then(Pod::qos).into()
    }),
    Field::of_pod("k8s.ns.name", Type::Charbuf, "the pod's namespace", |e, _| namespace(e).into()),
    Field::of_pod("k8smeta.ns.name", Type::Charbuf, "the same as `k8s.ns.name`", |e, _| namespace(e).into()),
    Field::of_pod("k8s.node.name", Type::Charbuf, "the node that the pod runs on", |e, _| {
        pod(e).and_then(Pod::node).into()
    }),
    Field::of_pod("k8s.sa.name", Type::Charbuf, "the service account that the pod runs as", |e, _| {
        pod(e).and_then(Pod::service_account).into()
    }),
    Field::of_pod("k8s.container.name", Type::Charbuf, "the container's name in the pod's specification", |e, _| {
        container_name(e).into()
    }),
    Field::of_pod(
        "k8s.deployment.name",
        Type::Charbuf,
        "the Deployment that made the pod's ReplicaSet: its name without the pod template's hash",
        |e, _| deployment(e).into(),
    ),
    Field::of_pod("k8smeta.deployment.name", Type::Charbuf, "the same as `k8s.deployment.name`", |e, _| {
        deployment(e).into()
    }),
    Field::of_pod("k8s.rs.name", Type::Charbuf, "the ReplicaSet that made the pod", |e, _| {
        owner(e, "ReplicaSet").into()
    }),
    Field::of_pod("k8smeta.rs.name", Type::Charbuf, "the same as `k8s.rs.name`", |e, _| owner(e, "ReplicaSet").into()),
    Field::of_pod("k8s.rc.name", Type::Charbuf, "the ReplicationController that made the pod", |e, _| {
        owner(e, "ReplicationController").into()
    }),
    Field::of_pod("k8smeta.rc.name", Type::Charbuf, "the same as `k8s.rc.name`", |e, _| {
        owner(e, "ReplicationController").into()
    }),
    Field::of_pod("k8s.ds.name", Type::Charbuf, "the DaemonSet that made the pod", |e, _| owner(e, "DaemonSet").into()),
    Field::of_pod("k8s.sts.name", Type::Charbuf, "the StatefulSet that made the pod", |e, _| {
        owner(e, "StatefulSet").into()
    }),
    Field::of_pod("k8s.job.name", Type::Charbuf, "the Job that made the pod", |e, _| owner(e, "Job").into()),
    Field::of_pod(
        "k8s.cronjob.name",
        Type::Charbuf,
        "the CronJob that made the pod's Job: the Job's name without the time that it was due at",
        |e, _| owner(e, "Job").and_then(cronjob).into(),
    ),
];

/// What the API server tells of the pod.
fn pod<'e>(event: &'e Event<'_>) -> Option<&'e Pod> {
    event.pod.map(|pod| &**pod)
}

fn details<'e>(event: &'e Event<'_>) -> Option<&'e Details> {
    event.container?.details()
}

/// What the container's runtime tells of the pod.
fn told<'e>(event: &'e Event<'_>) -> Option<&'e container::Pod> {
    details(event)?.pod.as_ref()
}

fn pod_name<'e>(event: &'e Event<'_>) -> Option<&'e str> {
    pod(event).map(Pod::name).or_else(|| told(event)?.name.as_deref())
}

fn namespace<'e>(event: &'e Event<'_>) -> Option<&'e str> {
    pod(event).map(Pod::namespace).or_else(|| told(event)?.namespace.as_deref())
}

fn uid<'e>(event: &'e Event<'_>) -> Option<&'e [u8]> {
    let of_cgroup = || event.container?.pod_uid();
    match pod(event).map(|pod| PodUid::of_api(pod.uid())).or_else(of_cgroup) {
        Some(uid) => Some(event.arena.text(|out| {
            let _ = write!(out, "{uid}");
        })),
        None => told(event)?.uid.as_deref().map(str::as_bytes),
    }
}

fn sandbox<'e>(event: &'e Event<'_>) -> Option<&'e str> {
    told(event)?.sandbox_id.as_deref()
}

fn ip<'e>(event: &'e Event<'_>) -> Option<&'e str> {
    let of_runtime = || {
        told(event)?;
        details(event)?.ip.as_deref()
    };
    pod(event).and_then(|pod| pod.ips().next()).or_else(of_runtime)
}

fn find<'p>(mut all: impl Iterator<Item = (&'p str, &'p str)>, key: &str) -> Option<&'p str> {
    all.find(|(name, _)| *name == key).map(|(_, value)| value)
}

fn label<'e>(event: &'e Event<'_>, arg: Option<&Arg>) -> Value<'e> {
    let Some(Arg::Key(key)) = arg else { return Value::Missing };
    match pod(event) {
        Some(pod) => find(pod.labels(), key).into(),
        None => told(event).and_then(|pod| pod.labels.get(&**key)).map(String::as_str).into(),
    }
}

fn labels<'e>(event: &'e Event<'_>) -> Value<'e> {
    let write = |all: &mut dyn Iterator<Item = (&'e str, &'e str)>| {
        event.arena.text(|out| {
            for (i, (name, value)) in all.enumerate() {
                let _ = write!(out, "{}{name}:{value}", if i > 0 { ", " } else { "" });
            }
        })
    };
    match (pod(event), told(event)) {
        (Some(pod), _) => write(&mut pod.labels()).into(),
        (None, Some(pod)) => write(&mut pod.labels.iter().map(|(name, value)| (&**name, &**value))).into(),
        (None, None) => Value::Missing,
    }
}

/// The name of the pod's controller, if it is of this kind.
fn owner<'e>(event: &'e Event<'_>, kind: &str) -> Option<&'e str> {
    pod(event)?.owner().filter(|owner| owner.kind == kind).map(|owner| owner.name)
}

fn deployment<'e>(event: &'e Event<'_>) -> Option<&'e str> {
    let hash = find(pod(event)?.labels(), TEMPLATE_HASH)?;
    owner(event, "ReplicaSet")?.strip_suffix(hash)?.strip_suffix('-')
}

/// The CronJob of a Job that has the name of such a one: the time is in minutes since the epoch, in seconds before
/// Kubernetes 1.21. <https://github.com/kubernetes/kubernetes/blob/v1.34.0/pkg/controller/cronjob/utils.go#L258>
fn cronjob(job: &str) -> Option<&str> {
    let (name, time) = job.rsplit_once('-')?;
    let is_time = matches!(time.len(), 8 | 10) && time.bytes().all(|byte| byte.is_ascii_digit());
    (is_time && !name.is_empty()).then_some(name)
}

fn container_name<'e>(event: &'e Event<'_>) -> Option<&'e str> {
    let id = event.container?.full_id();
    let of_status = || pod(event)?.containers().find(|one| one.id == id).map(|one| one.name);
    of_status().or_else(|| details(event)?.labels.get(CONTAINER_NAME).map(String::as_str))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_cronjob_is_known_by_its_job() {
        for (job, want) in [
            ("backup-29381760", Some("backup")),
            ("nightly-report-1627776000", Some("nightly-report")),
            ("backup", None),
            ("backup-2938176", None),
            ("backup-2938176x", None),
            ("-29381760", None),
        ] {
            assert_eq!(super::cronjob(job), want, "{job}");
        }
    }
}
