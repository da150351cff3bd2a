// SPDX-License-Identifier: Apache-2.0
//! Pods of realistic size, made when they are asked for.

use std::{fmt::Write as _, sync::LazyLock};

use super::template::Template;

/// A pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimPod {
    /// `metadata.namespace`
    pub namespace: String,
    /// `metadata.name`
    pub name: String,
    /// `spec.nodeName`; none while it is not scheduled.
    pub node: Option<String>,
    /// `metadata.uid`
    pub uid: u128,
    /// `status.phase`
    pub phase: String,
    /// `metadata.labels`
    pub labels: Vec<(String, String)>,
    /// `metadata.annotations`
    pub annotations: Vec<(String, String)>,
    /// Kind and name of the controller.
    pub owner: Option<(String, String)>,
    /// `spec.serviceAccountName`
    pub service_account: String,
    /// `status.podIP`
    pub ip: String,
    /// `status.qosClass`
    pub qos: String,
    /// Init containers.
    pub init: Vec<SimContainer>,
    /// Containers.
    pub containers: Vec<SimContainer>,
    /// Ephemeral containers.
    pub ephemeral: Vec<SimContainer>,
    /// When its conditions last changed, in seconds; what a heartbeat writes.
    pub beat: u32,
    /// `metadata.resourceVersion`; the server sets it.
    pub version: u64,
    /// Whether it is sent without most of what nobody keeps: some 2 kB instead of 12.
    pub lean: bool,
    /// What it is sent as instead of as a pod.
    pub raw: Option<String>,
}

/// A container of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimContainer {
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: String,
    /// Its id with the runtime's scheme; empty while it was not started.
    pub id: String,
}

impl SimContainer {
    /// A container.
    #[must_use]
    pub fn new(name: &str, image: &str, id: &str) -> Self {
        Self { name: name.to_owned(), image: image.to_owned(), id: id.to_owned() }
    }
}

impl SimPod {
    /// A running pod of one container, with the labels, annotations and owner that are usual.
    #[must_use]
    pub fn new(namespace: &str, name: &str, node: &str) -> Self {
        // Any number that is another one for another pod; `u128`, and not zero in its first half.
        let seed = namespace.bytes().chain([0]).chain(name.bytes());
        let uid = seed.fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, |hash, byte| {
            (hash ^ u128::from(byte)).wrapping_mul(0x0100_0000_0000_0000_0000_013b)
        });
        let pairs = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            node: (!node.is_empty()).then(|| node.to_owned()),
            uid,
            phase: "Running".to_owned(),
            labels: pairs(&[
                ("app.kubernetes.io/component", "api"),
                ("app.kubernetes.io/instance", "payments"),
                ("app.kubernetes.io/name", "payments-api"),
                ("app.kubernetes.io/version", "2.14.3"),
                ("pod-template-hash", "5d8f9c7b6d"),
            ]),
            annotations: pairs(&[
                ("checksum/config", "5f2c1b0e9d8a7c6b5f2c1b0e9d8a7c6b5f2c1b0e9d8a7c6b5f2c1b0e9d8a7c6b"),
                ("prometheus.io/port", "9090"),
                ("prometheus.io/scrape", "true"),
            ]),
            owner: Some(("ReplicaSet".to_owned(), "payments-api-5d8f9c7b6d".to_owned())),
            service_account: "payments-api".to_owned(),
            ip: format!("10.{}.{}.{}", uid as u8, (uid >> 8) as u8, (uid >> 16) as u8),
            qos: "Burstable".to_owned(),
            init: Vec::new(),
            containers: vec![SimContainer::new(
                "main",
                "registry.example.com/payments/api:2.14.3",
                &format!("containerd://{uid:064x}"),
            )],
            ephemeral: Vec::new(),
            beat: 0,
            version: 0,
            lean: false,
            raw: None,
        }
    }

    /// The pod `n` of a large cluster, on `node`: two containers.
    pub(super) fn numbered(n: u64, node: &str, lean: bool) -> Self {
        let mut pod = Self::new(&format!("team-{:03}", n % 200), &format!("payments-api-5d8f9c7b6d-{n:06}"), node);
        let id = format!("containerd://{:064x}", !pod.uid);
        pod.containers.push(SimContainer::new("proxy", "registry.example.com/mesh/proxy:1.22.1", &id));
        pod.lean = lean;
        pod
    }

    /// Its UID as the API writes it.
    #[must_use]
    pub fn uid_text(&self) -> String {
        let v = self.uid;
        let (a, b, c, d) = (v >> 96, (v >> 80) & 0xffff, (v >> 64) & 0xffff, (v >> 48) & 0xffff);
        format!("{a:08x}-{b:04x}-{c:04x}-{d:04x}-{:012x}", v & 0xffff_ffff_ffff)
    }

    /// Writes it as JSON; `alone` where it does not stand in a list, whose kind says its own.
    pub(super) fn render(&self, out: &mut String, alone: bool) {
        static POD: LazyLock<Template> = LazyLock::new(|| Template::new(include_str!("pod.json")));
        static CONTAINER: LazyLock<Template> = LazyLock::new(|| Template::new(include_str!("container.json")));
        static LEAN_POD: LazyLock<Template> = LazyLock::new(|| Template::new(include_str!("lean_pod.json")));
        static LEAN_CONTAINER: LazyLock<Template> =
            LazyLock::new(|| Template::new(include_str!("lean_container.json")));
        static STATUS: LazyLock<Template> = LazyLock::new(|| Template::new(include_str!("status.json")));
        if let Some(raw) = &self.raw {
            out.push_str(raw);
            return;
        }
        let started = |all: &[SimContainer]| all.iter().filter(|one| !one.id.is_empty()).cloned().collect::<Vec<_>>();
        let (pod, container) = if self.lean { (&LEAN_POD, &LEAN_CONTAINER) } else { (&POD, &CONTAINER) };
        pod.render(out, |out, place| match place {
            "name" => out.push_str(&self.name),
            "generate" => out.push_str(self.name.rsplit_once('-').map_or("", |(stem, _)| stem)),
            "namespace" => out.push_str(&self.namespace),
            "uid" => out.push_str(&self.uid_text()),
            "version" => number(out, self.version),
            "labels" => pairs(out, &self.labels),
            "annotations" => pairs(out, &self.annotations),
            "owners" => {
                let owner = self.owner.iter().map(|(kind, name)| {
                    serde_json::json!({"apiVersion": "apps/v1", "kind": kind, "name": name, "controller": true,
                        "uid": "6c62272e-07bb-0142-62b8-21756295c58d", "blockOwnerDeletion": true})
                });
                out.push_str(&owner.collect::<serde_json::Value>().to_string());
            }
            "account" => out.push_str(&self.service_account),
            "node" => out.push_str(self.node.as_deref().unwrap_or_default()),
            "phase" => out.push_str(&self.phase),
            "ip" => out.push_str(&self.ip),
            "qos" => out.push_str(&self.qos),
            "time" => {
                let (hours, minutes, seconds) = (self.beat / 3600 % 24, self.beat / 60 % 60, self.beat % 60);
                let written = write!(out, "2026-02-03T{hours:02}:{minutes:02}:{seconds:02}Z");
                written.expect("a string takes everything");
            }
            "init" => containers(out, container, &self.init),
            "containers" => containers(out, container, &self.containers),
            "ephemeral" => containers(out, container, &self.ephemeral),
            "initstatus" => containers(out, &STATUS, &started(&self.init)),
            "status" => containers(out, &STATUS, &started(&self.containers)),
            "ephemeralstatus" => containers(out, &STATUS, &started(&self.ephemeral)),
            _ => unreachable!("pod.json has a place @{place} that nothing fills"),
        });
        if alone {
            // What a list says once.
            let at = out.rfind("{\"metadata\":{\"name\"").expect("it was written just now");
            out.insert_str(at + 1, "\"kind\":\"Pod\",\"apiVersion\":\"v1\",");
        }
    }

    /// It as JSON.
    #[must_use]
    pub fn json(&self) -> String {
        let mut out = String::new();
        self.render(&mut out, false);
        out
    }
}

fn number(out: &mut String, n: u64) {
    write!(out, "{n}").expect("a string takes everything");
}

fn pairs(out: &mut String, pairs: &[(String, String)]) {
    let map: serde_json::Map<_, _> = pairs.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    out.push_str(&serde_json::Value::from(map).to_string());
}

fn containers(out: &mut String, template: &Template, all: &[SimContainer]) {
    out.push('[');
    for (i, one) in all.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        template.render(out, |out, place| match place {
            "name" => out.push_str(&one.name),
            "image" => out.push_str(&one.image),
            "id" => out.push_str(&one.id),
            _ => unreachable!("a container has a place @{place} that nothing fills"),
        });
    }
    out.push(']');
}

#[cfg(test)]
mod tests {
    use super::SimPod;

    #[test]
    fn pods_are_json_of_realistic_size() {
        let mut pod = SimPod::numbered(7, "node-7", false);
        pod.annotations.push(("quote".to_owned(), "\"\\\n".to_owned()));
        let json = pod.json();
        assert!((10_000..14_000).contains(&json.len()), "{}", json.len());
        let value: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(value["metadata"]["annotations"]["quote"], "\"\\\n");
        assert_eq!(value["metadata"]["uid"], pod.uid_text());
        assert_eq!(value["status"]["containerStatuses"][1]["containerID"], pod.containers[1].id);
        let mut alone = "x".to_owned();
        pod.render(&mut alone, true);
        assert!(alone.starts_with("x{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\""));
    }
}
