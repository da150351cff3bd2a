// SPDX-License-Identifier: Apache-2.0
//! Events with everything around them.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use agent_common::{
    numbers,
    record::Header,
    schema::{Abi, Op},
};

use crate::{
    arena::Arena,
    decode::{
        RawEvent,
        encode::{self, Field},
        state::ExeFile,
        visit::Absent,
    },
    event::Event,
    fields::{reference::Reference, tables::Tables},
    metadata::{
        cgroup::Runtime,
        container::{Container, Details, Mount},
        file::{Ends, File, FileKind, Role, Socket},
        kubernetes::Pod,
        process::{Credentials, Process, Thread},
        users::User,
    },
};

/// When the events are: since boot, and since the epoch.
const BOOT_TIME: u64 = 5_000_000_007;
pub(crate) const TIME: u64 = 1_785_579_324_000_207_862;

/// Everything that an event refers to.
#[derive(Debug)]
pub(crate) struct Fixture {
    bytes: Vec<u8>,
    pub(crate) process: Option<Arc<Process>>,
    pub(crate) thread: Option<Thread>,
    pub(crate) files: [Option<Arc<File>>; 2],
    pub(crate) container: Option<Arc<Container>>,
    pub(crate) pod: Option<Arc<Pod>>,
    pub(crate) tables: Option<TestTables>,
}

#[derive(Debug)]
pub(crate) struct TestTables {
    pub(crate) ancestors: Vec<Arc<Process>>,
    leader: Option<Arc<Process>>,
    user: User,
}

impl Tables for TestTables {
    fn ancestor(&self, n: u32) -> Option<&Arc<Process>> {
        self.ancestors.get(n.checked_sub(1)? as usize)
    }

    fn session_leader(&self, _: &Process) -> Option<&Arc<Process>> {
        self.leader.as_ref()
    }

    fn group_leader(&self, _: &Process) -> Option<&Arc<Process>> {
        None
    }

    fn user(&self, uid: u32) -> Option<&User> {
        (uid == 1000).then_some(&self.user)
    }

    fn group(&self, gid: u32) -> Option<&[u8]> {
        (gid == 100).then_some(b"users")
    }

    fn hostname(&self) -> Option<&[u8]> {
        Some(b"node-1")
    }

    fn first_time(&self) -> Option<u64> {
        Some(TIME - 2_000_000_005)
    }

    fn previous_time(&self) -> Option<u64> {
        Some(TIME - 1_000_000_003)
    }
}

impl Fixture {
    /// A call of `name` of which nothing else is known. Numbers are for its registers, texts for the rest; what is left
    /// out is 0 or NULL.
    pub(crate) fn bare(name: &str, ret: i64, args: &[(&str, Field)]) -> Self {
        let entry = numbers::table(Abi::Native).iter().find(|entry| entry.row.name == name).expect(name);
        let value = |arg: &agent_common::schema::Arg| {
            let given = args.iter().find(|(name, _)| *name == arg.name).map(|(_, value)| value.clone());
            given.unwrap_or_else(|| {
                if matches!(arg.op(Abi::Native), Op::Reg(_)) { Field::Word(0) } else { Field::Absent(Absent::Null) }
            })
        };
        for (arg, _) in args {
            assert!(entry.row.args.iter().any(|own| own.name == *arg), "{name} has no {arg}");
        }
        let values: Vec<_> = entry.row.args.iter().map(value).collect();
        let header = Header { ret, ts: BOOT_TIME, ..encode::header(Abi::Native, entry.nr.into()) };
        let bytes = encode::record(header, entry.row, &values);
        Self { bytes, process: None, thread: None, files: [None, None], container: None, pod: None, tables: None }
    }

    /// The same call, made by a shell that is known.
    pub(crate) fn new(name: &str, ret: i64, args: &[(&str, Field)]) -> Self {
        let ancestors = vec![
            process(900, "sshd", "/usr/sbin/sshd", b"sshd: user\0"),
            process(1, "init", "/sbin/init", b"/sbin/init\0splash\0"),
        ];
        let user = User { name: Box::from(*b"user"), home: Box::from(*b"/home/user"), shell: Box::from(*b"/bin/bash") };
        Self {
            process: Some(shell()),
            tables: Some(TestTables { ancestors, leader: Some(process(800, "login", "/bin/login", b"login\0")), user }),
            ..Self::bare(name, ret, args)
        }
    }

    pub(crate) fn files(self, first: Option<File>, second: Option<File>) -> Self {
        Self { files: [first.map(Arc::new), second.map(Arc::new)], ..self }
    }

    pub(crate) fn contained(self) -> Self {
        self.inside(nginx(), None)
    }

    /// In a container, and in a pod.
    pub(crate) fn inside(self, container: Arc<Container>, pod: Option<Arc<Pod>>) -> Self {
        Self { container: Some(container), pod, ..self }
    }

    /// The same call by a thread called `comm`.
    pub(crate) fn named(mut self, comm: &str) -> Self {
        let mut name = [0; 16];
        name[..comm.len()].copy_from_slice(comm.as_bytes());
        let at = std::mem::offset_of!(Header, comm);
        self.bytes[at..at + name.len()].copy_from_slice(&name);
        self
    }

    /// The event.
    pub(crate) fn with<R>(&self, look: impl FnOnce(&Event<'_>) -> R) -> R {
        self.within(&Arena::default(), look)
    }

    /// The event, with what its fields put together in `arena`.
    pub(crate) fn within<R>(&self, arena: &Arena, look: impl FnOnce(&Event<'_>) -> R) -> R {
        let raw = RawEvent::parse(&self.bytes).expect("a record");
        let event = Event {
            num: 7,
            process: self.process.as_ref(),
            thread: self.thread.as_ref(),
            files: [self.files[0].as_ref(), self.files[1].as_ref()],
            container: self.container.as_ref(),
            pod: self.pod.as_ref(),
            tables: self.tables.as_ref().map(|tables| {
                let tables: &dyn Tables = tables;
                tables
            }),
            ..Event::bare(raw, TIME, arena)
        };
        look(&event)
    }

    /// A field's value as text and as JSON.
    pub(crate) fn get(&self, field: &str) -> (String, String) {
        let reference: Reference = field.parse().expect(field);
        self.with(|event| {
            let value = reference.get(event);
            let (mut text, mut json) = (Vec::new(), Vec::new());
            value.text(&mut text);
            value.json(&mut json);
            (String::from_utf8(text).expect("UTF-8"), String::from_utf8(json).expect("UTF-8"))
        })
    }
}

pub(crate) fn text(text: &str) -> Field {
    Field::Bytes(text.as_bytes().to_vec())
}

pub(crate) fn word(word: i64) -> Field {
    Field::Word(word.cast_unsigned())
}

fn process(pid: u32, name: &str, exe: &str, args: &[u8]) -> Arc<Process> {
    Arc::new(Process {
        pid,
        start: 1_000_000_000,
        name: Box::from(name.as_bytes()),
        exe_path: Some(Arc::from(exe.as_bytes())),
        args: Arc::from(args),
        env: Some(Arc::from(&b"FROM=above\0"[..])),
        vpid: Some(pid - 1),
        vgroups: Some((20, 10)),
        ..Process::default()
    })
}

/// `bash -c 'a b'`, in the container's PID namespace.
pub(crate) fn shell() -> Arc<Process> {
    Arc::new(Process {
        pid: 1234,
        start: 4_000_000_000,
        ppid: 900,
        name: Box::from(*b"bash"),
        exe_path: Some(Arc::from(&b"/usr/bin/bash"[..])),
        exe_file: Some(ExeFile {
            inode: 77,
            ctime: Some(TIME - 2_000_000_007),
            mtime: Some(TIME - 3_000_000_000),
            bits: agent_common::state::file::UPPER,
            ..ExeFile::default()
        }),
        args: Arc::from(&b"-bash\0-c\0a b\0"[..]),
        env: Some(Arc::from(&b"HOME=/home/user\0TERM=x\0"[..])),
        cwd: Some(Arc::from(&b"/home/user"[..])),
        credentials: Some(Credentials { uid: 0, euid: 1000, gid: 0, egid: 100, capabilities: [3, 1, 0] }),
        login: Some((1000, 4)),
        vpid: Some(12),
        groups: Some((1234, 800)),
        vgroups: Some((12, 10)),
        pidns_start: Some(3_000_000_000),
        tty: Some(34816),
        threads: 3,
        ..Process::default()
    })
}

pub(crate) fn file(path: &str, mode: u32) -> File {
    let kind = FileKind::Named(Some(Box::from(path.as_bytes())));
    File { inode: 42, dev: 0x0010_0301, mode, flags: 0, bits: 0, kind }
}

pub(crate) fn regular(path: &str) -> File {
    file(path, 0o100_644)
}

pub(crate) fn directory(path: &str) -> File {
    file(path, 0o040_755)
}

pub(crate) fn socket(kind: u16, local: (u8, u16), remote: (u8, u16), role: Role) -> File {
    let end = |(last, port): (u8, u16)| {
        let address = if last == 0 { Ipv4Addr::UNSPECIFIED } else { Ipv4Addr::new(10, 0, 0, last) };
        (IpAddr::V4(address), port)
    };
    let ends = Ends::Inet { local: end(local), remote: end(remote) };
    let socket = Socket { family: 2, kind, protocol: 0, ends, role };
    File { kind: FileKind::Socket(Box::new(socket)), ..file("", 0o140_777) }
}

/// A container that its runtime has described.
pub(crate) fn nginx() -> Arc<Container> {
    let string = |text: &str| Some(text.to_owned());
    let details = Details {
        name: string("web"),
        image: string("docker.io/nginx:1.27"),
        image_repository: string("docker.io/nginx"),
        image_tag: string("1.27"),
        image_digest: string("sha256:aa"),
        image_id: string("bb"),
        labels: [("app", "web"), ("io.kubernetes.pod.name", "p"), ("tier", "")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        mounts: vec![
            Mount {
                source: "/proc".to_owned(),
                dest: "/host/proc".to_owned(),
                mode: "ro".to_owned(),
                rdwr: false,
                propagation: "rprivate".to_owned(),
            },
            Mount { source: "/a".to_owned(), dest: "/b".to_owned(), rdwr: true, ..Mount::default() },
        ],
        privileged: Some(true),
        started: Some(TIME - 9),
        ip: string("172.17.0.2"),
        host_pid: Some(false),
        host_network: Some(true),
        host_ipc: Some(false),
        cni_json: string("{}"),
        ..Details::default()
    };
    Container::described(Runtime::Docker, &"0123456789ab".repeat(5), details)
}
