// SPDX-License-Identifier: Apache-2.0
//! What was typed about Kubernetes.

use std::path::PathBuf;

use clap::Args;

/// Where pods are known from. Nothing of it is needed in a cluster but the node's name.
#[derive(Clone, Debug, Default, Args)]
pub struct Kubernetes {
    /// Only the pods of this node are asked for: its name in Kubernetes, `spec.nodeName` of its pods
    ///
    /// Else FALCO_K8S_NODE_NAME, MY_NODE_NAME or NODE_NAME has it. It is never guessed: without it all pods of the cluster
    /// are asked for.
    #[arg(long, value_name = "NAME", env = "LANNER_K8S_NODE", help_heading = "Kubernetes")]
    pub k8s_node: Option<String>,

    /// The API server, where Lanner runs outside of the cluster: https://10.0.0.1:6443
    #[arg(long, value_name = "URL", conflicts_with = "kubeconfig", help_heading = "Kubernetes")]
    pub k8s_api: Option<String>,

    /// The file with the token for `--k8s-api`; it is read again when it changes
    #[arg(long, value_name = "FILE", requires = "k8s_api", help_heading = "Kubernetes")]
    pub k8s_token: Option<PathBuf>,

    /// The file with the certificates, as PEM, that vouch for `--k8s-api`
    #[arg(long, value_name = "FILE", requires = "k8s_api", help_heading = "Kubernetes")]
    pub k8s_ca: Option<PathBuf>,

    /// A kubeconfig that says how the API server is reached
    #[arg(long, value_name = "FILE", help_heading = "Kubernetes")]
    pub kubeconfig: Option<PathBuf>,

    /// Ask no API server, also in a cluster
    #[arg(long, conflicts_with_all = ["k8s_node", "k8s_api", "kubeconfig"], help_heading = "Kubernetes")]
    pub no_k8s: bool,
}
