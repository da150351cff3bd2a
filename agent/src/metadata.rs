// SPDX-License-Identifier: Apache-2.0
//! Who and what an event's numbers stand for: processes, open files, users, containers.
//!
//! One thread owns all of it, and nothing here is locked. State records change the tables in the order of time; an event
//! then finds them as they were when it happened.

mod account;
pub mod bounded;
pub mod cgroup;
pub mod container;
pub mod descriptor;
pub mod file;
pub mod files;
pub mod kubernetes;
pub mod proc_scan;
pub mod process;
pub mod processes;
pub mod ration;
pub mod stats;
mod subject;
pub mod users;
mod view;

use std::{
    io,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use agent_common::{class, schema::Kind};
use crossbeam_channel::{Receiver, never};

pub use self::{account::MetadataAccount, subject::Subject, view::View};
use self::{
    cgroup::Hierarchy,
    container::{ContainerStats, Containers, State as Described},
    file::{File, Role},
    files::Files,
    kubernetes::{Kubernetes, KubernetesCounters, Pod, Pods, Update},
    proc_scan::Proc,
    processes::Processes,
    ration::Ration,
    stats::MetadataStats,
    users::Users,
};
use crate::decode::{
    RawArg, RawEvent,
    sockaddr::SockAddr,
    state::{State, StateRecord},
};

/// The most descriptors that are read from `/proc` in a second.
const DESCRIPTORS: u32 = 1000;
/// How long the first list of pods is waited for before capture begins.
const FIRST_LIST: Duration = Duration::from_secs(2);
/// Changes of pods that are taken in at once, so that events don't wait for a long list of them.
const PODS_AT_ONCE: usize = 256;

/// What is kept, and how much of it.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the host's files are.
    pub host_root: PathBuf,
    /// Threads that are kept track of at most.
    pub threads: usize,
    /// Open files that are kept track of at most.
    pub files: usize,
    /// Whether environments are kept.
    pub env: bool,
    /// Whether the probe tells of open files.
    pub kernel_files: bool,
    /// How containers are described.
    pub containers: container::Config,
    /// By which cgroups they are told.
    pub hierarchy: Hierarchy,
    /// Where pods are known from; `None` outside of Kubernetes.
    pub kubernetes: Option<kubernetes::Config>,
}

/// What the tables count, for other threads to read.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    /// Of processes, threads and files.
    pub tables: Arc<MetadataStats>,
    /// Of containers.
    pub containers: Arc<ContainerStats>,
    /// Of pods.
    pub kubernetes: KubernetesCounters,
}

/// The tables.
#[derive(Debug)]
pub struct Metadata {
    processes: Processes,
    files: Files,
    users: Users,
    containers: Containers,
    kubernetes: Option<Kubernetes>,
    proc: Arc<Proc>,
    kernel_files: bool,
    /// Descriptors that may be read from `/proc`.
    ration: Ration,
    hierarchy: u32,
    hostname: Option<Vec<u8>>,
    /// The file that the last record gave another name.
    renamed: u64,
    /// Times of the first event and of the one before the last, in nanoseconds since the epoch.
    times: (Option<u64>, Option<u64>),
    /// Time of the last event.
    last: Option<u64>,
    stats: Arc<MetadataStats>,
}

impl Metadata {
    /// Reads what there is, while the probe tells what happens: it must be attached already.
    ///
    /// # Errors
    /// When there is no `/proc`, or a thread can't be started.
    pub fn start(config: Config, counters: &Counters) -> io::Result<Self> {
        let proc = Arc::new(Proc::open(&config.host_root, config.env)?);
        let started = Instant::now();
        // The list comes while the rest is being read.
        let mut kubernetes =
            config.kubernetes.map(|config| Kubernetes::start(config, &counters.kubernetes)).transpose()?;
        let hierarchy = config.hierarchy.id().unwrap_or(0);
        let containers = Containers::start(config.containers, config.hierarchy, Arc::clone(&counters.containers))?;
        let mut processes = Processes::new(config.threads, Arc::clone(&proc), Arc::clone(&counters.tables));
        let mut files = Files::new(config.files, Arc::clone(&counters.tables));
        let scan = proc.scan();
        files.listening(&scan.listening);
        processes.merge_scan(scan.processes);
        let mut users = Users::new(&config.host_root);
        users.refresh();
        if let Some(kubernetes) = &mut kubernetes {
            kubernetes.wait(started + FIRST_LIST);
        }
        Ok(Self {
            processes,
            files,
            users,
            containers,
            kubernetes,
            proc,
            kernel_files: config.kernel_files,
            ration: Ration::new(DESCRIPTORS),
            hierarchy,
            hostname: rustix::system::uname().nodename().to_bytes().to_vec().into(),
            renamed: 0,
            times: (None, None),
            last: None,
            stats: Arc::clone(&counters.tables),
        })
    }

    /// Follows what files say that may have changed since, and looks after what lost records left behind.
    pub fn refresh(&mut self) {
        self.users.refresh();
        self.processes.audit();
        if let Some(Kubernetes { pods, .. }) = &mut self.kubernetes {
            pods.follow(PODS_AT_ONCE);
            pods.sweep(Instant::now(), || self.containers.pods().collect());
        }
    }

    /// Where it is told what changes of pods.
    #[must_use]
    pub fn pod_updates(&self) -> Receiver<Update> {
        self.pods().map_or_else(never, |pods| pods.updates().clone())
    }

    /// Takes in what was told of a pod, and what more there is.
    pub fn pods_changed(&mut self, update: Update) {
        if let Some(Kubernetes { pods, .. }) = &mut self.kubernetes {
            pods.apply(update);
            pods.follow(PODS_AT_ONCE);
        }
    }

    /// The pods that are known; `None` outside of Kubernetes.
    #[must_use]
    pub fn pods(&self) -> Option<&Pods> {
        self.kubernetes.as_ref().map(|kubernetes| &kubernetes.pods)
    }

    /// The pod of a subject, as it is known now.
    #[must_use]
    pub fn pod(&self, subject: &Subject) -> Option<&Arc<Pod>> {
        self.pods()?.of(subject.container.as_ref()?)
    }

    /// The containers' cgroups whose pod is not as it was when this was asked last.
    pub fn cgroups_of_changed_pods(&mut self) -> Vec<u64> {
        let Some(Kubernetes { pods, .. }) = &mut self.kubernetes else { return Vec::new() };
        let changed = pods.take_changed();
        self.containers.in_pods(&changed.into_iter().collect())
    }

    /// State records were lost: what the tables say may be wrong from here on.
    pub fn lost(&mut self) {
        self.processes.lost_records();
    }

    /// Takes what a state record tells.
    pub fn apply(&mut self, record: &StateRecord<'_>) {
        match record.state() {
            State::Task(task) => self.processes.apply_task(record.kind, &task),
            State::Exit(exit) => self.processes.apply_exit(&record.header, &exit),
            State::File(file) => {
                if self.files.apply(&file) {
                    self.renamed = file.id();
                }
            }
            State::CgroupMade(cgroup) if cgroup.hierarchy == self.hierarchy => {
                self.containers.cgroup_made(cgroup.id, &String::from_utf8_lossy(cgroup.path));
            }
            State::CgroupGone(cgroup) if cgroup.hierarchy == self.hierarchy => {
                self.containers.cgroup_gone(cgroup.id);
            }
            State::CgroupMade(_) | State::CgroupGone(_) => {}
        }
    }

    /// Who made an event of this time (nanoseconds since the epoch), and on what.
    pub fn subject(&mut self, raw: &RawEvent<'_>, time: u64) -> Subject {
        self.times = (self.times.0.or(Some(time)), self.last);
        self.last = Some(time);
        let header = &raw.header;
        let id = self.processes.of_event(header);
        self.side(raw);
        let renamed = self.renamed != 0 && header.files.contains(&self.renamed);
        if renamed {
            self.renamed = 0;
        }
        let subject = Subject {
            id,
            process: id.and_then(|id| self.processes.get(id)).map(Arc::clone),
            thread: id.and_then(|id| self.processes.thread(id, header.tid)).cloned(),
            files: [self.file(raw, 0), self.file(raw, 1)],
            renamed,
            container: self.containers.of(header.cgroup_id, header.tgid).map(Arc::clone),
        };
        // For the events that follow: of this one the call itself says it.
        if let (Some(0..), Some(peer)) = (raw.ret(), peer(raw)) {
            self.files.set_remote(header.files[0], peer);
        }
        subject
    }

    /// Until when an event may wait for its container to be described, or for its pod.
    #[must_use]
    pub fn deadline(&self, subject: &Subject) -> Option<Instant> {
        let container = subject.container.as_ref()?;
        let awaits_pod = || self.kubernetes.as_ref().is_some_and(|kubernetes| kubernetes.hopes_for(container));
        if self.containers.is_asked(container) || awaits_pod() { self.containers.patience(container) } else { None }
    }

    /// Whether something may still be told of a subject's container or pod.
    #[must_use]
    pub fn is_pending(&self, subject: &Subject) -> bool {
        subject.container.as_ref().is_some_and(|container| {
            container.state() == Described::Pending || self.pods().is_some_and(|pods| pods.awaits(container))
        })
    }

    /// The containers, by cgroup.
    pub const fn containers(&mut self) -> &mut Containers {
        &mut self.containers
    }

    /// The tables as fields see them, for the event of `subject`.
    #[must_use]
    pub const fn view<'a>(&'a self, subject: &'a Subject) -> View<'a> {
        View { metadata: self, subject }
    }

    /// File `n` (0 or 1) of a call. What the kernel did not tell whole is read from `/proc`.
    fn file(&mut self, raw: &RawEvent<'_>, n: u32) -> Option<Arc<File>> {
        let header = &raw.header;
        let id = header.files.get(n as usize).copied().unwrap_or(0);
        if let Some(file) = self.files.get(id).filter(|file| file.is_named()) {
            return Some(Arc::clone(file));
        }
        if id == 0 && self.kernel_files {
            return None;
        }
        let number = descriptor::number(raw, n)?;
        if !self.ration.take() {
            return self.files.get(id).map(Arc::clone);
        }
        let file = self.proc.fd_link(header.tgid, number);
        let Some(file) = file else { return self.files.get(id).map(Arc::clone) };
        if id == 0 {
            self.stats.descriptors_read.add(1);
        } else {
            self.files.insert(id, file.clone());
        }
        Some(Arc::new(file))
    }

    /// The side of a socket, where a call shows it.
    fn side(&mut self, raw: &RawEvent<'_>) {
        /// `EINPROGRESS`: the connection is on its way.
        const IN_PROGRESS: i64 = -115;
        let (Some(row), Some(ret)) = (raw.row, raw.ret()) else { return };
        if row.classes & class::NETWORK == 0 {
            return;
        }
        let [first, second] = raw.header.files;
        match row.name {
            "accept" | "accept4" if ret >= 0 => self.files.set_role(second, Role::Server),
            "listen" if ret >= 0 => self.files.listens(first),
            "connect" if ret >= 0 || ret == IN_PROGRESS => self.files.set_role(first, Role::Client),
            _ => {}
        }
    }
}

/// The address that a datagram went to or came from.
fn peer(raw: &RawEvent<'_>) -> Option<(std::net::IpAddr, u16)> {
    if !matches!(raw.name()?, "sendto" | "recvfrom") {
        return None;
    }
    let address = raw.args().find_map(|(arg, value)| match (arg.kind, value) {
        (Kind::Sockaddr(_) | Kind::SockaddrOut(_), RawArg::Bytes { bytes, .. }) => Some(bytes),
        _ => None,
    })?;
    let address = SockAddr::parse(address);
    if let SockAddr::Inet(address) = address {
        return Some(((*address.ip()).into(), address.port()));
    }
    if let SockAddr::Inet6(address) = address {
        return Some(((*address.ip()).into(), address.port()));
    }
    None
}
