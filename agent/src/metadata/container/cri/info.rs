// SPDX-License-Identifier: Apache-2.0
//! The JSON that verbose answers carry, which each runtime writes its own way. All of it may be missing.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// Under which name the JSON is in the answer.
const INFO: &str = "info";
/// The longest description of interfaces that is kept, Falco's bound.
const MAX_CNI: usize = 4096;
/// Where containerd and CRI-O write the image's name.
const IMAGE_NAMES: [&str; 3] =
    ["io.kubernetes.cri.image-name", "io.kubernetes.cri-o.Image", "io.kubernetes.cri-o.ImageName"];
/// Where CRI-O writes what CNI answered.
const CNI_RESULT: &str = "io.kubernetes.cri-o.CNIResult";

/// What is read of a container's.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ContainerInfo {
    #[serde(rename = "sandboxID")]
    sandbox_id: Option<String>,
    /// CRI-O's.
    privileged: Option<bool>,
    /// containerd's.
    config: Option<Config>,
    runtime_spec: Option<Spec>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Config {
    linux: Option<Linux>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Linux {
    security_context: Option<SecurityContext>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SecurityContext {
    privileged: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Spec {
    annotations: Option<HashMap<String, String>>,
}

impl ContainerInfo {
    pub(super) fn parse(info: &HashMap<String, String>) -> Self {
        parse(info)
    }

    pub(super) fn sandbox_id(&self) -> Option<&str> {
        self.sandbox_id.as_deref().filter(|id| !id.is_empty())
    }

    /// Whether the container is privileged. containerd leaves out what is false, so where it writes a security context
    /// without the word, it is not.
    pub(super) fn privileged(&self) -> Option<bool> {
        let context = self.config.as_ref().and_then(|config| config.linux.as_ref()?.security_context.as_ref());
        self.privileged.or_else(|| context.map(|context| context.privileged.unwrap_or_default()))
    }

    pub(super) fn image_name(&self) -> Option<&str> {
        let annotations = self.runtime_spec.as_ref()?.annotations.as_ref()?;
        IMAGE_NAMES.iter().find_map(|name| annotations.get(*name)).map(String::as_str)
    }
}

/// What is read of a sandbox's.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct SandboxInfo {
    /// containerd's.
    cni_result: Option<CniResult>,
    runtime_spec: Option<Spec>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CniResult {
    #[serde(rename = "Interfaces")]
    interfaces: Option<Map<String, Value>>,
}

impl SandboxInfo {
    pub(super) fn parse(info: &HashMap<String, String>) -> Self {
        parse(info)
    }

    /// The interfaces that are the pod's own: not the loopback, nor the host's ends.
    pub(super) fn interfaces(self) -> Option<String> {
        let json = match self.cni_result.and_then(|result| result.interfaces) {
            Some(mut interfaces) => {
                interfaces.retain(|name, _| name != "lo" && !name.starts_with("veth"));
                serde_json::to_string(&interfaces).ok()?
            }
            None => self.runtime_spec?.annotations?.remove(CNI_RESULT)?,
        };
        (json.len() <= MAX_CNI).then_some(json)
    }
}

fn parse<T: Default + for<'a> Deserialize<'a>>(info: &HashMap<String, String>) -> T {
    let Some(json) = info.get(INFO) else {
        return T::default();
    };
    serde_json::from_str(json).unwrap_or_else(|error| {
        tracing::debug!(%error, "a CRI runtime's verbose information is not as expected");
        T::default()
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::{ContainerInfo, SandboxInfo};

    fn info(json: &str) -> HashMap<String, String> {
        [("info".to_owned(), json.to_owned())].into()
    }

    #[test]
    fn containers() {
        let containerd = ContainerInfo::parse(&info(
            r#"{"sandboxID":"s","pid":7,"config":{"image":{"image":"sha256:aa"},"linux":{"resources":{},"security_context":{"privileged":true}}},
                "runtimeSpec":{"annotations":{"io.kubernetes.cri.image-name":"docker.io/library/nginx:1"}}}"#,
        ));
        assert_eq!(containerd.sandbox_id(), Some("s"));
        assert_eq!(containerd.privileged(), Some(true));
        assert_eq!(containerd.image_name(), Some("docker.io/library/nginx:1"));
        let unprivileged = ContainerInfo::parse(&info(r#"{"config":{"linux":{"security_context":{}}}}"#));
        assert_eq!(unprivileged.privileged(), Some(false));
        let crio = ContainerInfo::parse(&info(r#"{"sandboxID":"s","privileged":false,"runtimeSpec":{}}"#));
        assert_eq!((crio.privileged(), crio.image_name()), (Some(false), None));
        for json in ["", "[]", "null", r#"{"sandboxID":7}"#] {
            let none = ContainerInfo::parse(&info(json));
            assert_eq!((none.sandbox_id(), none.privileged()), (None, None), "{json}");
        }
    }

    #[test]
    fn interfaces() {
        let containerd =
            r#"{"cniResult":{"Interfaces":{"lo":{},"veth1":{},"eth0":{"IPConfigs":[{"IP":"10.0.0.2"}]}}}}"#;
        let found = SandboxInfo::parse(&info(containerd)).interfaces();
        assert_eq!(found.as_deref(), Some(r#"{"eth0":{"IPConfigs":[{"IP":"10.0.0.2"}]}}"#));
        let crio = r#"{"runtimeSpec":{"annotations":{"io.kubernetes.cri-o.CNIResult":"{}"}}}"#;
        assert_eq!(SandboxInfo::parse(&info(crio)).interfaces().as_deref(), Some("{}"));
        let long = format!(r#"{{"cniResult":{{"Interfaces":{{"{}":1}}}}}}"#, "x".repeat(5000));
        assert_eq!(SandboxInfo::parse(&info(&long)).interfaces(), None);
        assert_eq!(SandboxInfo::parse(&HashMap::new()).interfaces(), None);
    }
}
