// SPDX-License-Identifier: Apache-2.0
//! Reads all pods.

use kube::{api::ListParams, core::Request};

use super::{
    Config,
    client::Client,
    json,
    known::{Halt, Known},
    node,
    reason::{Failure, Reason},
    slim::ListHead,
    split::Items,
    stats::KubernetesStats,
};

/// Where pods are.
pub(super) const PODS: &str = "/api/v1/pods";
/// Pods of a page where all of the cluster are asked for.
const PAGE: u32 = 500;

/// Reads all pods that `config` selects, tells what changed since the last time, and returns from where on a watch tells the
/// rest.
pub(super) async fn read(
    client: &mut Client,
    config: &Config,
    known: &mut Known,
    stats: &KubernetesStats,
) -> Result<String, Halt> {
    let mut params =
        ListParams { field_selector: Some(node::selector(config.node.as_deref())), ..ListParams::default() };
    if config.node.is_some() {
        // Answered from the server's memory, by an index of nodes. With a limit a server would go to etcd for it, and read
        // the pods of all nodes there; and kube leaves this out.
        params.resource_version = Some("0".to_owned());
    } else {
        params.limit = Some(PAGE);
    }
    known.begin();
    loop {
        let before = known.listed();
        let head = super::watch::within(config.timing.list, "the list", page(client, &params, config, known, stats));
        let metadata = head.await?.metadata;
        let Some(next) = metadata.next.filter(|next| !next.is_empty()) else {
            // Before anything is taken for gone.
            let version = metadata.resource_version.filter(|version| !version.is_empty());
            let version = version.ok_or_else(|| Failure::malformed("a list without resourceVersion"))?;
            let first = !stats.is_synced();
            known.end()?;
            if let Some(node) = config.node.as_deref().filter(|_| first && stats.pods() == 0) {
                tracing::warn!(
                    "the API server knows no pod of a node {node:?}: is that its name? (kubectl get nodes shows them)"
                );
            }
            return Ok(version);
        };
        if known.listed() == before {
            return Err(Failure::malformed("a page without a pod that the pages before did not have").into());
        }
        params.continue_token = Some(next);
    }
}

/// Reads a page.
async fn page(
    client: &mut Client,
    params: &ListParams,
    config: &Config,
    known: &mut Known,
    stats: &KubernetesStats,
) -> Result<ListHead, Halt> {
    let request = Request::new(PODS).list(params).map_err(|error| Failure::new(Reason::Refused, error))?;
    stats.list_requests.add(1);
    let mut answer = client.get(request, true).await?;
    let mut items = Items::default();
    while let Some(piece) = answer.piece(config.timing.idle).await? {
        answer.decode(&piece, |plain| items.feed(plain, |object, whole| known.list(object, whole)))?;
    }
    answer.finish()?;
    let head = items.head().ok_or_else(|| Failure::malformed("the answer is no list, or not all of one"))?;
    match json::read::<ListHead>(head) {
        (head, true) if head.kind.as_deref() == Some("PodList") => Ok(head),
        (_, true) => Err(Failure::malformed("the answer is no list of pods").into()),
        (_, false) => Err(Failure::malformed("a list without sense in its metadata").into()),
    }
}
