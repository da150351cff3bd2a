// SPDX-License-Identifier: Apache-2.0
//! Kubernetes' Container Runtime Interface, version 1, as containerd and CRI-O serve it:
//! <https://github.com/kubernetes/cri-api/blob/v0.34.0/pkg/apis/runtime/v1/api.proto>.

mod call;
mod info;
mod messages;
#[cfg(test)]
mod tests;

use std::path::Path;

use self::{
    call::Client,
    info::{ContainerInfo, SandboxInfo},
    messages::{
        ContainerFilter, ContainerStatus, ContainerStatusRequest, ContainerStatusResponse, ListContainersRequest,
        ListContainersResponse, PodSandboxStatusRequest, PodSandboxStatusResponse, VersionRequest, VersionResponse,
    },
};
use super::{
    MAX_MOUNTS,
    details::{Details, Mount, Pod, labels, text},
    reason::{Failure, Reason},
};
use crate::metadata::cgroup::Runtime;

/// `NamespaceMode.NODE`: the host's.
const NODE: i32 = 2;

/// Asks the runtime at `socket` about the container, or pod sandbox, `id`. Its own name is asked for if `anonymous`.
pub(super) async fn inspect(socket: &Path, id: &str, anonymous: bool) -> Result<Details, Failure> {
    let mut client = Client::connect(socket).await?;
    let asked = ContainerStatusRequest { container_id: id.to_owned(), verbose: true };
    let mut details = match client.call::<_, ContainerStatusResponse>("ContainerStatus", &asked).await {
        Ok(reply) => of_container(&mut client, id, reply).await?,
        // The process that holds a pod's namespaces is in a container that only the sandbox is known by.
        Err(failure) if failure.reason == Reason::NotFound => {
            let mut details = Details::default();
            add_sandbox(&mut details, sandbox(&mut client, id).await?);
            details
        }
        Err(failure) => return Err(failure),
    };
    if anonymous {
        details.runtime = runtime(&mut client).await;
    }
    Ok(details)
}

async fn of_container(client: &mut Client, id: &str, reply: ContainerStatusResponse) -> Result<Details, Failure> {
    let info = ContainerInfo::parse(&reply.info);
    let status = reply.status.ok_or_else(|| Failure::malformed("an answer without a status"))?;
    let sandbox_id = match info.sandbox_id() {
        Some(id) => Some(id.to_owned()),
        None => sandbox_of(client, id).await,
    };
    let mut details = describe(status, &info);
    if let Some(id) = sandbox_id {
        // What the container itself says is worth having without its pod.
        if let Ok(reply) = sandbox(client, &id).await {
            add_sandbox(&mut details, reply);
        }
        details.pod.get_or_insert_default().sandbox_id = text(id);
    }
    Ok(details)
}

/// The sandbox of a container: its status does not say.
async fn sandbox_of(client: &mut Client, id: &str) -> Option<String> {
    let asked = ListContainersRequest { filter: Some(ContainerFilter { id: id.to_owned() }) };
    let reply: ListContainersResponse = client.call("ListContainers", &asked).await.ok()?;
    reply.containers.into_iter().find(|container| container.id == id)?.pod_sandbox_id.into()
}

async fn sandbox(client: &mut Client, id: &str) -> Result<PodSandboxStatusResponse, Failure> {
    client.call("PodSandboxStatus", &PodSandboxStatusRequest { pod_sandbox_id: id.to_owned(), verbose: true }).await
}

async fn runtime(client: &mut Client) -> Option<Runtime> {
    let reply: VersionResponse = client.call("Version", &VersionRequest::default()).await.ok()?;
    match reply.runtime_name.as_str() {
        "containerd" => Some(Runtime::Containerd),
        "cri-o" => Some(Runtime::CriO),
        "docker" => Some(Runtime::Docker),
        _ => None,
    }
}

/// The answers about a container and about its sandbox, each as a gRPC message.
#[cfg(any(test, feature = "fuzz"))]
pub(crate) fn fuzz(bytes: &[u8]) {
    use prost::Message as _;

    let Some((container, sandbox)) = call::messages(bytes) else { return };
    let Ok(ContainerStatusResponse { status: Some(status), info }) = ContainerStatusResponse::decode(container) else {
        return;
    };
    let mut details = describe(status, &ContainerInfo::parse(&info));
    if let Ok(reply) = PodSandboxStatusResponse::decode(sandbox) {
        add_sandbox(&mut details, reply);
    }
    details.assert_bounded();
}

fn describe(status: ContainerStatus, info: &ContainerInfo) -> Details {
    let image = status.image.unwrap_or_default();
    // The reference is `repository@digest`, or the image's id where no registry is known.
    let (repository, digest) = match status.image_ref.split_once('@') {
        Some((repository, digest)) => (Some(repository), Some(digest)),
        None => (None, None),
    };
    let id =
        Some(&status.image_id).filter(|id| !id.is_empty()).or_else(|| digest.is_none().then_some(&status.image_ref));
    let mut details = Details {
        name: status.metadata.and_then(|metadata| text(metadata.name)),
        image_id: id.map(|id| id.strip_prefix("sha256:").unwrap_or(id)).and_then(text),
        pod: Pod::of_labels(|name| status.labels.get(name)),
        mounts: status.mounts.into_iter().take(MAX_MOUNTS).map(Mount::from).collect(),
        privileged: info.privileged(),
        started: u64::try_from(status.started_at).ok().filter(|started| *started != 0),
        ..Details::default()
    };
    let names = [Some(image.image.as_str()), Some(&image.user_specified_image), info.image_name(), repository];
    let named = names.into_iter().flatten().find(|name| super::Image::parse(name).is_some());
    details.set_image(named.unwrap_or(&image.image), digest);
    details.labels = labels(status.labels);
    details
}

fn add_sandbox(details: &mut Details, reply: PodSandboxStatusResponse) {
    details.cni_json = SandboxInfo::parse(&reply.info).interfaces();
    let Some(status) = reply.status else {
        return;
    };
    let pod = details.pod.get_or_insert_default();
    let metadata = status.metadata.unwrap_or_default();
    pod.sandbox_id = text(status.id);
    pod.name = text(metadata.name).or_else(|| pod.name.take());
    pod.namespace = text(metadata.namespace).or_else(|| pod.namespace.take());
    pod.uid = text(metadata.uid).or_else(|| pod.uid.take());
    pod.labels = labels(status.labels);
    details.ip = status.network.and_then(|network| text(network.ip));
    if let Some(options) = status.linux.and_then(|linux| linux.namespaces?.options) {
        details.host_pid = Some(options.pid == NODE);
        details.host_network = Some(options.network == NODE);
        details.host_ipc = Some(options.ipc == NODE);
    }
}
