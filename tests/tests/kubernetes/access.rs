// SPDX-License-Identifier: Apache-2.0
//! Who may ask, and what is said to who may not.

use std::fs;

use agent::{cli, metadata::kubernetes::Reason};
use tests::{
    TempDir,
    kubernetes::{ApiServer, Cluster, SimPod},
};

use crate::cache::{Cache, SOON, typed};

const NODE: &str = "node-1";

fn small() -> ApiServer {
    ApiServer::start(Cluster { nodes: 3, pods_per_node: 10, ..Cluster::default() })
}

#[test]
fn a_token_that_is_renewed_is_used() {
    let server = small();
    server.set_token("first");
    let folder = TempDir::new();
    let file = folder.join("token");
    fs::write(&file, "first\n").expect("a file");
    let args = cli::Kubernetes { k8s_token: Some(file.clone()), ..typed(&server, Some(NODE)) };
    let mut cache = Cache::with(&args, SOON);
    cache.until_like(&server, NODE);
    assert_eq!(cache.stats.errors(Reason::Unauthorized), 0);

    // It expires: nobody notices before the next request.
    server.set_token("second");
    server.modify(11, |pod| pod.labels.clear());
    cache.until("a change is told", |cache| cache.applied == 11);
    server.cut_watches();
    cache.until("it is refused", |cache| cache.stats.errors(Reason::Unauthorized) >= 3);
    let trouble = cache.stats.trouble().expect("trouble");
    assert!(trouble.text.starts_with("unauthorized: 401 Unauthorized: Unauthorized ("), "{}", trouble.text);
    server.delete(11);
    server.add(SimPod::new("payments", "new", NODE));
    fs::write(&file, "second").expect("a file");
    cache.until_like(&server, NODE);
    assert_eq!((cache.applied, cache.deleted), (12, 1));

    // And a file that is gone for a moment, as when a volume is mounted anew.
    fs::remove_file(&file).expect("it was there");
    server.cut_watches();
    cache.until("it is missed", |cache| cache.stats.errors(Reason::Config) > 0);
    assert!(cache.stats.trouble().is_some_and(|trouble| trouble.text.contains(&*file.to_string_lossy())));
    fs::write(&file, "second").expect("a file");
    cache.until_like(&server, NODE);
}

#[test]
fn who_may_not_list_pods_is_told_what_is_missing() {
    let server = small();
    server.set_allowed(false);
    let mut cache = Cache::of(&server, NODE);
    cache.until("it is refused", |cache| cache.stats.errors(Reason::Forbidden) > 0);
    let trouble = cache.stats.trouble().expect("trouble");
    assert!(trouble.text.contains("pods is forbidden") && trouble.text.contains("get, list and watch"), "{trouble:?}");
    server.set_allowed(true);
    cache.until_like(&server, NODE);
}

#[test]
fn a_kubeconfig_is_followed() {
    let server = small();
    server.set_token("secret");
    let folder = TempDir::new();
    let file = folder.join("config");
    let with = |user: &str| {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{{name: c, context: {{cluster: k, user: u}}}}]\n\
             clusters: [{{name: k, cluster: {{server: '{}'}}}}]\nusers: [{{name: u, user: {{{user}}}}}]\n",
            server.url()
        )
    };
    fs::write(folder.join("t"), "secret\n").expect("a file");
    for user in ["token: secret", "tokenFile: t"] {
        fs::write(&file, with(user)).expect("a file");
        let args =
            cli::Kubernetes { kubeconfig: Some(file.clone()), k8s_node: Some(NODE.to_owned()), ..Default::default() };
        let mut cache = Cache::with(&args, SOON);
        cache.until_like(&server, NODE);
        assert_eq!(cache.stats.errors(Reason::Unauthorized), 0, "{user}");
    }
}

#[test]
fn a_server_is_who_its_certificate_says() {
    let server = ApiServer::start_tls(Cluster { nodes: 3, pods_per_node: 10, ..Cluster::default() });
    server.set_token("secret");
    let folder = TempDir::new();
    let (token, ca) = (folder.join("token"), folder.join("ca.crt"));
    fs::write(&token, "secret").expect("a file");
    let other = ApiServer::start_tls(Cluster::default());
    fs::write(&ca, other.certificate().expect("TLS")).expect("a file");
    let args = cli::Kubernetes { k8s_token: Some(token), k8s_ca: Some(ca.clone()), ..typed(&server, Some(NODE)) };
    let mut cache = Cache::with(&args, SOON);
    cache.until("it is not trusted", |cache| cache.stats.errors(Reason::Connect) >= 2);
    let trouble = cache.stats.trouble().expect("trouble");
    assert!(trouble.text.contains("certificate"), "{trouble:?}");
    assert!(server.asked().is_empty(), "nothing was sent to it");
    // Certificates are renewed like tokens.
    fs::write(&ca, server.certificate().expect("TLS")).expect("a file");
    cache.until_like(&server, NODE);
    fs::write(&ca, "none").expect("a file");
    let mut cache = Cache::with(&cli::Kubernetes { k8s_ca: None, ..args }, SOON);
    cache.until("the system does not vouch for it", |cache| cache.stats.trouble().is_some());
}
