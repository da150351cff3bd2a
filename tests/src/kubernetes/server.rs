// SPDX-License-Identifier: Apache-2.0
//! The server, and what tests do with it.

use std::{
    collections::BTreeMap,
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::Duration,
};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    runtime::Builder,
    sync::{oneshot, watch},
};
use tokio_rustls::TlsAcceptor;

use super::{
    answer::answer,
    cluster::{Cluster, PodId, Pods},
    fault::{Fault, On, Script},
    pod::SimPod,
    selector::Selector,
    shared::{Shared, State},
    tls::Tls,
    traffic::{Asked, Traffic},
};

/// A running API server, on a thread of its own that ends when this goes.
#[derive(Debug)]
pub struct ApiServer {
    shared: Arc<Shared>,
    address: SocketAddr,
    /// Who it is, where it speaks TLS.
    tls: Option<Tls>,
    running: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl ApiServer {
    /// Starts one on a free port of 127.0.0.1.
    ///
    /// # Panics
    /// When there is no port.
    #[must_use]
    pub fn start(cluster: Cluster) -> Self {
        Self::start_as(cluster, None)
    }

    /// Starts one that speaks TLS only.
    ///
    /// # Panics
    /// When there is no port.
    #[must_use]
    pub fn start_tls(cluster: Cluster) -> Self {
        Self::start_as(cluster, Some(Tls::new()))
    }

    fn start_as(cluster: Cluster, tls: Option<Tls>) -> Self {
        let pods = Pods::new(cluster);
        let changed = watch::Sender::new(pods.version());
        let state = State {
            pods,
            script: Script::default(),
            token: None,
            allowed: true,
            gzip: true,
            bookmark_every: Duration::from_mins(1),
            traffic: BTreeMap::new(),
            asked: Vec::new(),
        };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed, cut: watch::Sender::new(0) });
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let running = Some(run(listener, tls.as_ref(), Arc::clone(&shared)));
        Self { shared, address, tls, running }
    }

    /// The certificate that vouches for it, as PEM.
    #[must_use]
    pub fn certificate(&self) -> Option<&str> {
        self.tls.as_ref().map(|tls| &*tls.certificate)
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", if self.tls.is_some() { "https" } else { "http" }, self.address)
    }

    /// From now on only those who show this token are answered.
    pub fn set_token(&self, token: &str) {
        self.shared.state().token = Some(token.to_owned());
    }

    /// Whether pods may be listed and watched.
    pub fn set_allowed(&self, allowed: bool) {
        self.shared.state().allowed = allowed;
    }

    /// Whether answers are compressed where that is asked for.
    pub fn set_gzip(&self, gzip: bool) {
        self.shared.state().gzip = gzip;
    }

    /// How often bookmarks come.
    pub fn set_bookmarks(&self, every: Duration) {
        self.shared.state().bookmark_every = every;
    }

    /// Makes a pod. What it returns can be ignored by those who neither change nor remove it.
    #[expect(clippy::must_use_candidate, reason = "a pod may stay as it is")]
    pub fn add(&self, pod: SimPod) -> PodId {
        self.shared.change(|pods| pods.add(pod))
    }

    /// Changes a pod that is there.
    pub fn modify(&self, id: PodId, change: impl FnOnce(&mut SimPod)) {
        self.shared.change(|pods| {
            if let Some(mut pod) = pods.now(id) {
                change(&mut pod);
                pods.change(id, Some(pod));
            }
        });
    }

    /// Removes a pod.
    pub fn delete(&self, id: PodId) {
        self.shared.change(|pods| pods.change(id, None));
    }

    /// The pod `id` as it is.
    #[must_use]
    pub fn pod(&self, id: PodId) -> Option<SimPod> {
        self.shared.pods(|pods| pods.now(id))
    }

    /// The pods of `node` as they are.
    #[must_use]
    pub fn pods_of(&self, node: &str) -> Vec<SimPod> {
        let selector = Selector::parse(&format!("spec.nodeName={node}")).expect("a node's name");
        self.shared.pods(|pods| pods.page(&selector, pods.version(), 0, usize::MAX).0)
    }

    /// The version of the last change.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.shared.pods(Pods::version)
    }

    /// Forgets what was: who asks for changes since then is told 410.
    pub fn compact(&self) {
        self.shared.change(Pods::compact);
    }

    /// Goes back to an older version with another history, as a restored backup does. Pods that are `gone` were not in it.
    pub fn restore(&self, version: u64, gone: &[PodId]) {
        let mut state = self.shared.state();
        for id in gone {
            state.pods.change(*id, None);
        }
        state.pods.restore(version);
    }

    /// The next `times` requests of this kind go wrong like this.
    pub fn fail(&self, on: On, fault: Fault, times: u32) {
        self.shared.state().script.push(on, fault, times);
    }

    /// Nothing more goes wrong.
    pub fn heal(&self) {
        self.shared.state().script.clear();
    }

    /// Cuts all watches that are open.
    pub fn cut_watches(&self) {
        self.shared.cut.send_modify(|cuts| *cuts += 1);
    }

    /// How many watches are open.
    #[must_use]
    pub fn watches(&self) -> usize {
        self.shared.cut.receiver_count()
    }

    /// Is gone: connections are cut, and no new ones are taken.
    pub fn stop(&mut self) {
        if let Some((stop, thread)) = self.running.take() {
            drop(stop);
            thread.join().expect("the server did not fail");
        }
    }

    /// Is there again, at the same address.
    ///
    /// # Panics
    /// When somebody has taken its port.
    pub fn start_again(&mut self) {
        self.stop();
        let listener = TcpListener::bind(self.address).expect("its own port");
        self.running = Some(run(listener, self.tls.as_ref(), Arc::clone(&self.shared)));
    }

    /// What the client that asks for the pods of `node` was sent; that of all pods is called "".
    #[must_use]
    pub fn traffic(&self, node: &str) -> Traffic {
        self.shared.state().traffic.get(node).copied().unwrap_or_default()
    }

    /// What was asked.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.shared.state().asked.clone()
    }
}

impl Drop for ApiServer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn run(listener: TcpListener, tls: Option<&Tls>, shared: Arc<Shared>) -> (oneshot::Sender<()>, JoinHandle<()>) {
    let tls = tls.map(|tls| tls.acceptor.clone());
    let (stop, stopped) = oneshot::channel::<()>();
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let thread = thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                () = accept(listener, tls, shared) => {}
                _ = stopped => {}
            }
        });
    });
    (stop, thread)
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    listener.set_nonblocking(true).expect("a socket of its own");
    let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, shared) = (tls.clone(), Arc::clone(&shared));
        tokio::spawn(async move {
            match tls {
                None => serve(stream, shared).await,
                Some(tls) => {
                    // Who does not trust the certificate is gone again.
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(stream, shared).await;
                    }
                }
            }
        });
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, shared: Arc<Shared>) {
    let service = service_fn(|request| answer(request, Arc::clone(&shared)));
    // However it ends: clients that give up are what is tested.
    let _ended = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
