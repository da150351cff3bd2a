// SPDX-License-Identifier: Apache-2.0
//! Whether pods are known, and from where.

use std::{
    env,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Result;

use super::{access::Access, node};
use crate::cli;

/// Where a pod finds what its service account may use.
/// <https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/#directly-accessing-the-rest-api>
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Where pods are known from, and which.
#[derive(Clone, Debug)]
pub struct Config {
    /// The node whose pods are asked for; `None` for all pods of the cluster.
    pub node: Option<String>,
    /// How long things take.
    pub timing: Timing,
    pub(super) access: Access,
}

/// How long things take. The clock is the monotonic one throughout.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// How long a connection may take to be made.
    pub connect: Duration,
    /// How long an answer may take to begin.
    pub answer: Duration,
    /// How long a list may be silent in between.
    pub idle: Duration,
    /// How long a list, or a page of one, may take in all.
    pub list: Duration,
    /// How long a watch may be silent: more than the minute between bookmarks.
    pub watch_idle: Duration,
    /// After what time the server is asked to end a watch, at least; at most after a fifth more. Up to 240 s: kube takes no
    /// more than 294.
    pub watch: Duration,
    /// A watch that held for this long was a good one: the pauses begin anew.
    pub steady: Duration,
    /// The shortest pause after a failure, doubled with each one.
    pub pause_min: Duration,
    /// The longest pause.
    pub pause_max: Duration,
    /// The longest pause that a server may ask for.
    pub retry_after_max: Duration,
    /// After what time all pods are asked for again, whatever happened; half of it more or less.
    pub relist: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            idle: Duration::from_secs(30),
            list: Duration::from_mins(2),
            watch_idle: Duration::from_secs(90),
            watch: Duration::from_mins(4),
            steady: Duration::from_secs(5),
            pause_min: Duration::from_millis(800),
            pause_max: Duration::from_secs(30),
            retry_after_max: Duration::from_mins(5),
            relist: Duration::from_mins(30),
        }
    }
}

impl Config {
    /// What `args` and the environment say; `None` when pods are not to be known.
    ///
    /// # Errors
    /// When what was given can't be right: an address that is none, a file that can't be read. Whether the API server
    /// answers is seen later, and is no error.
    pub fn of(args: &cli::Kubernetes) -> Result<Option<Self>> {
        let (config, warnings) = Self::from(args, &|name| env::var(name).ok(), Path::new(SERVICE_ACCOUNT))?;
        for warning in warnings {
            tracing::warn!("{warning}");
        }
        Ok(config)
    }

    /// Where pods are asked for, for people.
    #[must_use]
    pub fn server(&self) -> String {
        self.access.to_string()
    }

    /// The same with a given environment and folder of the service account; and what there is to warn of.
    fn from(
        args: &cli::Kubernetes,
        env: &dyn Fn(&str) -> Option<String>,
        account: &Path,
    ) -> Result<(Option<Self>, Vec<String>)> {
        if args.no_k8s {
            return Ok((None, Vec::new()));
        }
        let mut warnings = Vec::new();
        let access = match (&args.kubeconfig, &args.k8s_api) {
            (Some(file), _) => Some(Access::kubeconfig(file)?),
            (None, Some(url)) => Some(Access::typed(url, args.k8s_token.as_deref(), args.k8s_ca.as_deref())?),
            (None, None) => in_cluster(env, account, &mut warnings)?,
        };
        let Some(access) = access else {
            if args.k8s_node.is_some() {
                warnings.push(
                    "--k8s-node has no effect: this is not a pod with a service account, and neither --k8s-api nor \
                     --kubeconfig says where the API server is"
                        .to_owned(),
                );
            }
            return Ok((None, warnings));
        };
        if access.sends_token_in_the_clear() {
            warnings.push(format!("the token goes to {access} unencrypted: use https"));
        }
        let node = node::of(args, env);
        if node.is_none() {
            warnings.push(node::MISSING.to_owned());
        }
        Ok((Some(Self { node, timing: Timing::default(), access }), warnings))
    }
}

/// The API server of the cluster that this runs in, if it does.
fn in_cluster(
    env: &dyn Fn(&str) -> Option<String>,
    account: &Path,
    warnings: &mut Vec<String>,
) -> Result<Option<Access>> {
    let set = |name: &str| env(name).filter(|value| !value.is_empty());
    let Some(host) = set("KUBERNETES_SERVICE_HOST") else { return Ok(None) };
    let (token, ca): (PathBuf, PathBuf) = (account.join("token"), account.join("ca.crt"));
    if !token.exists() {
        warnings.push(format!(
            "pods are not known: {} is not there; give the pod a service account (automountServiceAccountToken: true), \
             or silence this with --no-k8s",
            token.display()
        ));
        return Ok(None);
    }
    // An address of six has to stand in brackets.
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    let port = set("KUBERNETES_SERVICE_PORT").unwrap_or_else(|| "443".to_owned());
    Access::mounted(&format!("https://{host}:{port}"), token, ca).map(Some)
}

#[cfg(test)]
mod tests;
