// SPDX-License-Identifier: Apache-2.0
//! A Kubernetes API server for tests: it speaks the list and watch protocol for pods over HTTP, has as many pods as it is
//! told, and fails as it is told.
//!
//! ```
//! use tests::kubernetes::{ApiServer, Cluster, SimPod};
//!
//! let server = ApiServer::start(Cluster::default());
//! let id = server.add(SimPod::new("payments", "api-0", "node-1"));
//! server.modify(id, |pod| pod.labels.push(("tier".to_owned(), "gold".to_owned())));
//! server.delete(id);
//! println!("{}", server.url());
//! ```

mod answer;
mod body;
mod cluster;
mod fault;
mod list;
mod pod;
mod selector;
mod server;
mod shared;
mod template;
mod tls;
mod traffic;
mod watch;

pub use self::{
    cluster::{Cluster, PodId},
    fault::{Fault, On},
    pod::{SimContainer, SimPod},
    server::ApiServer,
    traffic::{Asked, Traffic},
};
