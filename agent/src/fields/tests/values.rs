// SPDX-License-Identifier: Apache-2.0
//! What fields say of events.

use std::collections::BTreeSet;

use agent_common::state::file::{DETACHED, LOWER};

use super::{
    fixture::{Fixture, TIME, directory, file, regular, socket, text, word},
    pods,
};
use crate::{
    decode::{encode::Field, visit::Absent},
    fields::{all, find},
    metadata::{
        file::{Ends, File, FileKind, Role, Socket},
        process::{Credentials, Process, Thread},
    },
};

const CWD: i64 = -100;
const STREAM: u16 = 1;
const DGRAM: u16 = 2;

/// `10.0.0.LAST:PORT`, as C has it.
fn sockaddr(last: u8, port: u16) -> Field {
    let [high, low] = port.to_be_bytes();
    Field::Bytes(vec![2, 0, high, low, 10, 0, 0, last, 0, 0, 0, 0, 0, 0, 0, 0])
}

fn open() -> Fixture {
    let args = [("dirfd", word(CWD)), ("name", text("..//user/./file")), ("flags", word(0o301)), ("mode", word(0o755))];
    Fixture::new("openat", 5, &args).files(None, Some(regular("/home/user/file"))).contained()
}

fn connect(ret: i64) -> Fixture {
    Fixture::new("connect", ret, &[("fd", word(4)), ("addr", sockaddr(9, 443)), ("addrlen", word(16))])
        .files(Some(socket(STREAM, (2, 40000), (0, 0), Role::Unknown)), None)
}

/// Events, and what their fields are as text.
pub(super) fn cases() -> Vec<(Fixture, Vec<(&'static str, &'static str)>)> {
    let renamed = Fixture::new(
        "renameat2",
        0,
        &[("olddirfd", word(3)), ("oldpath", text("old")), ("newdirfd", word(4)), ("newpath", text("../new"))],
    )
    .files(Some(directory("/dir/a")), Some(directory("/dir/b")));
    let accepted = Fixture::new("accept4", 6, &[("fd", word(3))]).files(
        Some(socket(STREAM, (2, 80), (0, 0), Role::Server)),
        Some(socket(STREAM, (2, 80), (7, 50000), Role::Server)),
    );
    let written = Fixture::new("write", 5, &[("fd", word(1)), ("data", text("hello")), ("size", word(5))])
        .files(Some(regular("/run/systemd/journal/dev/log")), None);
    vec![
        (open(), event_values()),
        (open(), file_values()),
        (open(), process_values()),
        (open(), container_values()),
        (
            connect(-115),
            vec![
                ("evt.res", "EINPROGRESS"),
                ("evt.failed", "true"),
                ("evt.count.error", "1"),
                ("evt.count.error.net", "1"),
                ("evt.category", "net"),
                ("evt.arg.addr", "10.0.0.9:443"),
                ("fd.type", "ipv4"),
                ("fd.typechar", "4"),
                ("fd.name", "10.0.0.2:40000->10.0.0.9:443"),
                ("fd.ip", "10.0.0.2 10.0.0.9"),
                ("fd.net", "10.0.0.2 10.0.0.9"),
                ("fd.port", "40000 443"),
                ("fd.cip", "10.0.0.2"),
                ("fd.sip", "10.0.0.9"),
                ("fd.lip", "10.0.0.2"),
                ("fd.rip", "10.0.0.9"),
                ("fd.cnet", "10.0.0.2"),
                ("fd.snet", "10.0.0.9"),
                ("fd.lnet", "10.0.0.2"),
                ("fd.rnet", "10.0.0.9"),
                ("fd.cip.name", "10.0.0.2"),
                ("fd.sip.name", "10.0.0.9"),
                ("fd.lip.name", "10.0.0.2"),
                ("fd.rip.name", "10.0.0.9"),
                ("fd.cport", "40000"),
                ("fd.sport", "443"),
                ("fd.lport", "40000"),
                ("fd.rport", "443"),
                ("fd.l4proto", "tcp"),
                ("fd.sockfamily", "ip"),
                ("fd.is_server", "false"),
                ("fd.connected", "false"),
                ("fd.name_changed", "true"),
                ("fd.directory", "<NA>"),
                ("fd.filename", "<NA>"),
                ("fd.nameraw", "<NA>"),
            ],
        ),
        (connect(0), vec![("fd.connected", "true"), ("evt.failed", "false"), ("evt.res", "SUCCESS")]),
        (
            accepted,
            vec![
                ("fd.num", "6"),
                ("fd.name", "10.0.0.7:50000->10.0.0.2:80"),
                ("fd.cip", "10.0.0.7"),
                ("fd.sip", "10.0.0.2"),
                ("fd.rport", "50000"),
                ("fd.lport", "80"),
                ("fd.is_server", "true"),
                ("fd.connected", "true"),
                ("fd.name_changed", "false"),
            ],
        ),
        (
            renamed,
            vec![
                ("fs.path.source", "/dir/a/old"),
                ("fs.path.sourceraw", "old"),
                ("fs.path.target", "/dir/new"),
                ("fs.path.targetraw", "../new"),
                ("fs.path.name", "<NA>"),
                ("evt.abspath", "/dir/a/old"),
                ("evt.abspath.src", "/dir/a/old"),
                ("evt.abspath.dst", "/dir/new"),
                ("evt.arg.oldpath", "old"),
                ("evt.arg.newpath", "../new"),
                ("fd.num", "3"),
                ("fd.type", "directory"),
                ("fd.typechar", "d"),
                ("fd.directory", "/dir/a"),
                ("fd.filename", "<NA>"),
                ("fd.nameraw", "<NA>"),
            ],
        ),
        (
            written,
            vec![
                ("evt.buffer", "hello"),
                ("evt.buflen", "5"),
                ("evt.is_io", "true"),
                ("evt.is_io_read", "false"),
                ("evt.is_io_write", "true"),
                ("evt.io_dir", "write"),
                ("evt.is_syslog", "true"),
                ("evt.category", "file"),
                ("evt.args", "res=5 fd=1 data=hello size=5"),
            ],
        ),
        (
            Fixture::new("mmap", -12, &[("fd", word(-1))]),
            vec![("evt.count.error.memory", "1"), ("evt.count.error.other", "<NA>"), ("evt.res", "ENOMEM")],
        ),
        (
            Fixture::new("kill", -3, &[("pid", word(5)), ("sig", word(9))]),
            vec![("evt.count.error.other", "1"), ("evt.arg.sig", "SIGKILL"), ("evt.rawarg.sig", "9")],
        ),
    ]
}

fn event_values() -> Vec<(&'static str, &'static str)> {
    vec![
        ("evt.num", "7"),
        ("evt.time", "10:15:24.000207862"),
        ("evt.time.s", "10:15:24"),
        ("evt.time.iso8601", "2026-08-01T10:15:24.000207862+0000"),
        ("evt.datetime", "2026-08-01 10:15:24.000207862"),
        ("evt.datetime.s", "2026-08-01 10:15:24"),
        ("evt.rawtime", "1785579324000207862"),
        ("evt.rawtime.s", "1785579324"),
        ("evt.rawtime.ns", "000207862"),
        ("evt.reltime", "2000000005"),
        ("evt.reltime.s", "2"),
        ("evt.reltime.ns", "000000005"),
        ("evt.deltatime", "1000000003"),
        ("evt.deltatime.s", "1"),
        ("evt.deltatime.ns", "000000003"),
        ("evt.dir", "<"),
        ("evt.type", "openat"),
        ("syscall.type", "openat"),
        ("evt.type.is.openat", "1"),
        ("evt.type.is.open", "0"),
        ("evt.category", "file"),
        ("evt.source", "syscall"),
        ("evt.is_async", "false"),
        ("evt.hostname", "node-1"),
        ("evt.cpu", "1"),
        ("evt.args", "res=5 dirfd=AT_FDCWD name=..//user/./file flags=O_WRONLY|O_CREAT|O_EXCL mode=0755"),
        ("evt.info", "res=5 dirfd=AT_FDCWD name=..//user/./file flags=O_WRONLY|O_CREAT|O_EXCL mode=0755"),
        ("evt.arg.flags", "O_WRONLY|O_CREAT|O_EXCL"),
        ("evt.arg[2]", "O_WRONLY|O_CREAT|O_EXCL"),
        ("evt.arg[9]", "<NA>"),
        ("evt.arg.name", "..//user/./file"),
        ("evt.arg.mode", "0755"),
        ("evt.arg.res", "5"),
        ("evt.arg.fd", "5"),
        ("evt.arg.pid", "<NA>"),
        ("evt.rawarg.flags", "193"),
        ("evt.rawarg.mode", "493"),
        ("evt.rawarg.dirfd", "-100"),
        ("evt.rawarg.name", "..//user/./file"),
        ("evt.rawarg[3]", "493"),
        ("evt.rawarg.res", "5"),
        ("evt.buffer", "<NA>"),
        ("evt.buflen", "<NA>"),
        ("evt.res", "SUCCESS"),
        ("evt.rawres", "5"),
        ("evt.failed", "false"),
        ("evt.is_io", "false"),
        ("evt.io_dir", "<NA>"),
        ("evt.is_wait", "false"),
        ("evt.is_syslog", "false"),
        ("evt.count", "1"),
        ("evt.count.error", "0"),
        ("evt.count.error.file", "0"),
        ("evt.count.error.net", "<NA>"),
        ("evt.count.exit", "1"),
        ("evt.abspath", "/home/user/file"),
        ("evt.abspath.dst", "<NA>"),
        ("evt.is_open_read", "false"),
        ("evt.is_open_write", "true"),
        ("evt.is_open_exec", "true"),
        ("evt.is_open_create", "true"),
    ]
}

fn file_values() -> Vec<(&'static str, &'static str)> {
    vec![
        ("fd.num", "5"),
        ("fd.type", "file"),
        ("fd.typechar", "f"),
        ("fd.name", "/home/user/file"),
        ("fd.directory", "/home/user"),
        ("fd.filename", "file"),
        ("fd.nameraw", "../user/./file"),
        ("fd.ip", "<NA>"),
        ("fd.sip", "<NA>"),
        ("fd.l4proto", "<NA>"),
        ("fd.is_server", "<NA>"),
        ("fd.connected", "false"),
        ("fd.name_changed", "false"),
        ("fd.uid", "12355"),
        ("fd.containername", "0123456789ab:/home/user/file"),
        ("fd.containerdirectory", "0123456789ab:/home/user"),
        ("fd.dev", "100301"),
        ("fd.dev.major", "3"),
        ("fd.dev.minor", "257"),
        ("fd.ino", "42"),
        ("fd.is_upper_layer", "false"),
        ("fd.is_lower_layer", "false"),
        ("fs.path.name", "/home/user/file"),
        ("fs.path.nameraw", "..//user/./file"),
        ("fs.path.source", "<NA>"),
        ("fs.path.target", "<NA>"),
    ]
}

fn process_values() -> Vec<(&'static str, &'static str)> {
    vec![
        ("proc.name", "bash"),
        ("proc.pname", "sshd"),
        ("proc.aname", "sshd init"),
        ("proc.aname[0]", "bash"),
        ("proc.aname[2]", "init"),
        ("proc.aname[3]", "<NA>"),
        ("proc.exe", "-bash"),
        ("proc.pexe", "sshd: user"),
        ("proc.aexe", "sshd: user /sbin/init"),
        ("proc.aexe[2]", "/sbin/init"),
        ("proc.exepath", "/usr/bin/bash"),
        ("proc.pexepath", "/usr/sbin/sshd"),
        ("proc.aexepath[1]", "/usr/sbin/sshd"),
        ("proc.aexepath", "/usr/sbin/sshd /sbin/init"),
        ("proc.args", "-c a b"),
        ("proc.args[1]", "a b"),
        ("proc.args[2]", "<NA>"),
        ("proc.aargs[2]", "splash"),
        ("proc.aargs", "splash"),
        ("proc.cmdline", "bash -c a b"),
        ("proc.pcmdline", "sshd"),
        ("proc.acmdline", "sshd init splash"),
        ("proc.acmdline[2]", "init splash"),
        ("proc.exeline", "-bash -c a b"),
        ("proc.cmdnargs", "2"),
        ("proc.cmdlenargs", "5"),
        ("proc.env", "HOME=/home/user TERM=x"),
        ("proc.env[HOME]", "/home/user"),
        ("proc.env[HOM]", "<NA>"),
        ("proc.aenv", "FROM=above FROM=above"),
        ("proc.aenv[1]", "FROM=above"),
        ("proc.aenv[FROM]", "above"),
        ("proc.aenv[HOME]", "<NA>"),
        ("proc.cwd", "/home/user/"),
        ("proc.tty", "34816"),
        ("proc.pid", "1234"),
        ("proc.ppid", "1"),
        ("proc.apid", "900 1"),
        ("proc.apid[2]", "1"),
        ("proc.vpid", "12"),
        ("proc.pvpid", "899"),
        ("proc.sid", "10"),
        ("proc.sname", "login"),
        ("proc.sid.exe", "login"),
        ("proc.sid.exepath", "/bin/login"),
        ("proc.vpgid", "12"),
        ("proc.vpgid.name", "<NA>"),
        ("proc.pgid", "1234"),
        ("proc.is_sid_leader", "false"),
        ("proc.is_vpgid_leader", "true"),
        ("proc.is_pgid_leader", "true"),
        ("proc.loginshellid", "1234"),
        ("proc.duration", "1000000007"),
        ("proc.ppid.duration", "4000000007"),
        ("proc.pid.ts", "1785579323000207855"),
        ("proc.ppid.ts", "1785579320000207855"),
        ("proc.pidns_init_start_ts", "1785579322000207855"),
        ("proc.is_exe_upper_layer", "true"),
        ("proc.is_exe_lower_layer", "false"),
        ("proc.is_exe_from_memfd", "false"),
        ("proc.exe_ino", "77"),
        ("proc.exe_ino.ctime", "1785579322000207855"),
        ("proc.exe_ino.mtime", "1785579321000207862"),
        ("proc.exe_ino.ctime_duration_proc_start", "1000000000"),
        ("proc.exe_ino.ctime_duration_pidns_start", "0"),
        ("proc.nthreads", "3"),
        ("proc.nchilds", "2"),
        ("thread.tid", "1235"),
        ("thread.vtid", "<NA>"),
        ("thread.ismain", "false"),
        ("thread.cap_permitted", "CAP_CHOWN CAP_DAC_OVERRIDE"),
        ("thread.cap_effective", "CAP_CHOWN"),
        ("thread.cap_inheritable", ""),
        ("user.uid", "1000"),
        ("user.name", "user"),
        ("user.homedir", "/home/user"),
        ("user.shell", "/bin/bash"),
        ("user.loginuid", "1000"),
        ("user.loginname", "user"),
        ("group.gid", "100"),
        ("group.name", "users"),
    ]
}

fn container_values() -> Vec<(&'static str, &'static str)> {
    vec![
        ("container.id", "0123456789ab"),
        ("container.full_id", "0123456789ab0123456789ab0123456789ab0123456789ab0123456789ab"),
        ("container.name", "web"),
        ("container.type", "docker"),
        ("container.image", "docker.io/nginx:1.27"),
        ("container.image.id", "bb"),
        ("container.image.repository", "docker.io/nginx"),
        ("container.image.tag", "1.27"),
        ("container.image.digest", "sha256:aa"),
        ("container.privileged", "true"),
        ("container.host_pid", "false"),
        ("container.host_network", "true"),
        ("container.host_ipc", "false"),
        ("container.ip", "172.17.0.2"),
        ("container.cni.json", "{}"),
        ("container.start_ts", "1785579322000207855"),
        ("container.duration", "2000000007"),
        ("container.label[app]", "web"),
        ("container.label.app", "web"),
        ("container.label[none]", "<NA>"),
        ("container.labels", "app:web, tier"),
        ("container.mounts", "/proc:/host/proc:ro:false:rprivate,/a:/b::true:"),
        ("container.mount[0]", "/proc:/host/proc:ro:false:rprivate"),
        ("container.mount[/a]", "/a:/b::true:"),
        ("container.mount[2]", "<NA>"),
        ("container.mount.dest[/proc*]", "/host/proc"),
        ("container.mount.dest[/etc*]", "<NA>"),
        ("container.mount.source[/host/*]", "/proc"),
        ("container.mount.mode[0]", "ro"),
        ("container.mount.rdwr[1]", "true"),
        ("container.mount.propagation[0]", "rprivate"),
    ]
}

/// The field that a reference is to.
fn field_of(text: &str) -> &'static str {
    let reference: super::Reference = text.parse().expect(text);
    reference.field.name
}

#[test]
fn fields_have_their_values() {
    let mut seen = BTreeSet::new();
    for (fixture, values) in cases().into_iter().chain(pods::cases()) {
        for (field, want) in values {
            assert_eq!(fixture.get(field).0, want, "{field}");
            if want != "<NA>" {
                seen.insert(field_of(field));
            }
        }
    }
    seen.extend(pods::controllers());
    // Leaders of groups are tested below.
    let others = ["proc.vpgid.name", "proc.vpgid.exe", "proc.vpgid.exepath", "proc.pgid.name", "proc.pgid.exe"];
    let others = others.into_iter().chain(["proc.pgid.exepath", "thread.vtid"]);
    seen.extend(others);
    let unseen: Vec<_> = all().iter().map(|field| field.name).filter(|name| !seen.contains(name)).collect();
    assert!(unseen.is_empty(), "no test has a value of {unseen:?}");
}

/// What is known of a call by itself.
#[test]
fn fields_without_a_value_are_missing() {
    let bare = Fixture::bare("getpid", 1234, &[]);
    let known: BTreeSet<_> = [
        "evt.num evt.time evt.time.s evt.time.iso8601 evt.datetime evt.datetime.s evt.rawtime evt.rawtime.s evt.rawtime.ns",
        "evt.dir evt.type syscall.type evt.type.is evt.category evt.source evt.is_async evt.cpu evt.args evt.info evt.res",
        "evt.rawres evt.failed evt.is_io evt.is_io_read evt.is_io_write evt.is_wait evt.is_syslog evt.count",
        "evt.count.error evt.count.error.other evt.count.exit evt.is_open_read evt.is_open_write evt.is_open_exec",
        "evt.is_open_create proc.name proc.pid proc.ppid thread.tid thread.ismain",
        "container.id container.name container.type",
    ]
    .iter()
    .flat_map(|names| names.split_whitespace())
    .collect();
    for field in all() {
        let text = match field.arg {
            super::ArgRule::Call => format!("{}.flags", field.name),
            super::ArgRule::Syscall => format!("{}.openat", field.name),
            super::ArgRule::KeyRequired | super::ArgRule::IndexOrKeyRequired => format!("{}[key]", field.name),
            super::ArgRule::None | super::ArgRule::Index | super::ArgRule::Key | super::ArgRule::IndexOrKey => {
                field.name.to_owned()
            }
        };
        let (text, json) = bare.get(&text);
        assert_eq!(text != "<NA>", known.contains(field.name), "{}: {text}", field.name);
        assert_eq!(json == "null", text == "<NA>", "{}: {json}", field.name);
    }
    assert_eq!(bare.get("container.name").0, "host");
    assert!(known.iter().all(|name| find(name).is_some()));
}

#[test]
fn json_has_numbers_as_numbers() {
    let fixture = open();
    let json = |field: &str| fixture.get(field).1;
    assert_eq!(json("evt.time"), TIME.to_string());
    assert_eq!(json("evt.time.iso8601"), TIME.to_string());
    assert_eq!(json("evt.reltime.ns"), "5");
    assert_eq!(json("proc.tty"), "34816");
    assert_eq!(json("fd.dev"), "1049345");
    assert_eq!(json("evt.failed"), "false");
    assert_eq!(json("proc.aname"), "\"sshd init\"");
    assert_eq!(json("proc.aname[3]"), "null");
    assert_eq!(json("evt.rawarg.flags"), "193");
    assert_eq!(json("evt.arg.mode"), "\"0755\"");
    assert_eq!(connect(0).get("fd.sip").1, "\"10.0.0.9\"");
    assert_eq!(connect(0).get("fd.sport").1, "443");
}

#[test]
fn opens_that_failed_say_what_was_to_be_opened() {
    let args = [("dirfd", word(3)), ("name", text("../../etc/shadow"))];
    let fixture = Fixture::new("openat", -2, &args).files(Some(directory("/home/user")), None);
    let get = |field: &str| fixture.get(field).0;
    assert_eq!((get("fd.num"), get("fd.typechar"), get("evt.res")), ("-1".into(), "f".into(), "ENOENT".into()));
    assert_eq!((get("fd.name"), get("fd.nameraw")), ("/etc/shadow".into(), "../../etc/shadow".into()));
    assert_eq!((get("fd.directory"), get("fd.filename")), ("/etc".into(), "<NA>".into()));
    assert_eq!((get("fs.path.name"), get("fd.type")), ("/etc/shadow".into(), "<NA>".into()));
    assert_eq!(get("evt.arg.fd"), "ENOENT");
    let unknown = Fixture::new("openat", -2, &args);
    assert_eq!(unknown.get("fd.name").0, "<NA>");
    let unread = Fixture::new("openat", -14, &[("dirfd", word(CWD)), ("name", Field::Absent(Absent::Fault))]);
    assert_eq!((unread.get("fd.name").0, unread.get("fd.typechar").0), ("<NA>".into(), "<NA>".into()));
}

#[test]
fn paths_begin_where_the_process_is() {
    let mut fixture = Fixture::new("mkdir", 0, &[("path", text("x"))]);
    assert_eq!(fixture.get("fs.path.name").0, "/home/user/x");
    fixture.thread = Some(Thread { cwd: Some(std::sync::Arc::from(&b"/tmp"[..])), ..Thread::default() });
    assert_eq!(fixture.get("fs.path.name").0, "/tmp/x");
    assert_eq!(fixture.get("proc.cwd").0, "/tmp/");
    let mut jailed = Fixture::new("mkdir", 0, &[("path", text("/../x"))]);
    let root = Some(std::sync::Arc::from(&b"/jail"[..]));
    jailed.process = Some(std::sync::Arc::new(Process { root, ..Process::default() }));
    assert_eq!(jailed.get("fs.path.name").0, "/jail/x");
    assert_eq!(Fixture::new("mkdir", -17, &[("path", text("x"))]).get("fs.path.name").0, "<NA>");
    let link = Fixture::new("symlink", 0, &[("target", text("../t")), ("linkpath", text("/a/b/link"))]);
    assert_eq!((link.get("fs.path.source").0, link.get("fs.path.target").0), ("/a/b/link".into(), "/a/t".into()));
    let mount = Fixture::new("mount", 0, &[("dev", text("proc")), ("dir", text("/proc"))]);
    assert_eq!((mount.get("fs.path.source").0, mount.get("fs.path.target").0), ("proc".into(), "/proc".into()));
    let fchmod = Fixture::new("fchmod", 0, &[("fd", word(3))]).files(Some(regular("/f")), None);
    assert_eq!(fchmod.get("fs.path.name").0, "/f");
}

#[test]
fn datagrams_have_the_peer_that_the_call_names() {
    let args = [("fd", word(4)), ("addr", sockaddr(9, 53)), ("addrlen", word(16))];
    let unconnected = || Some(socket(DGRAM, (0, 40000), (0, 0), Role::Unknown));
    let sent = Fixture::new("sendto", 3, &args).files(unconnected(), None);
    let get = |field: &str| sent.get(field).0;
    assert_eq!((get("fd.name"), get("fd.sip")), ("0.0.0.0:40000->10.0.0.9:53".into(), "10.0.0.9".into()));
    assert_eq!((get("fd.connected"), get("fd.name_changed")), ("false".into(), "true".into()));
    assert_eq!(get("fd.l4proto"), "udp");
    let got = Fixture::new("recvfrom", 3, &args[..2]).files(unconnected(), None);
    assert_eq!((got.get("fd.cip").0, got.get("fd.is_server").0), ("10.0.0.9".into(), "true".into()));
    let same = Some(socket(DGRAM, (0, 40000), (9, 53), Role::Client));
    assert_eq!(Fixture::new("sendto", 3, &args).files(same, None).get("fd.name_changed").0, "false");
    let stream = Some(socket(STREAM, (2, 1), (3, 4), Role::Unknown));
    let stream = Fixture::new("sendto", 3, &args).files(stream, None);
    assert_eq!((stream.get("fd.rip").0, stream.get("fd.sip").0), ("10.0.0.3".into(), "<NA>".into()));
}

#[test]
fn ipv4_addresses_of_ipv6_sockets_are_ipv4_addresses() {
    let end = |last: u16, port| (std::net::IpAddr::from([0, 0, 0, 0, 0, 0xffff, 0x0a00, last]), port);
    let ends = Ends::Inet { local: end(2, 80), remote: end(7, 50000) };
    let socket = Socket { family: 10, kind: STREAM, protocol: 6, ends, role: Role::Server };
    let file = File { kind: FileKind::Socket(Box::new(socket)), ..file("", 0o140_777) };
    let fixture = Fixture::new("read", 0, &[("fd", word(3))]).files(Some(file), None);
    let get = |field: &str| fixture.get(field).0;
    assert_eq!((get("fd.type"), get("fd.cip")), ("ipv4".into(), "10.0.0.7".into()));
    assert_eq!(get("fd.name"), "10.0.0.7:50000->10.0.0.2:80");
    let local = std::net::IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]);
    let ends = Ends::Inet { local: (local, 80), remote: (local, 5) };
    let socket = Socket { family: 10, kind: STREAM, protocol: 6, ends, role: Role::Client };
    let file = File { kind: FileKind::Socket(Box::new(socket)), ..regular("") };
    let fixture = Fixture::new("read", 0, &[("fd", word(3))]).files(Some(file), None);
    assert_eq!((fixture.get("fd.type").0, fixture.get("fd.name").0), ("ipv6".into(), "::1:80->::1:5".into()));
}

#[test]
fn every_kind_of_file_has_its_word() {
    let anonymous = |name: &str| FileKind::Anonymous(Box::from(name.as_bytes()));
    let other =
        |family, ends| FileKind::Socket(Box::new(Socket { family, kind: 1, protocol: 0, ends, role: Role::Unknown }));
    let unix = Ends::Unix { local: Box::from(*b""), peer: Box::from(*b"/run/s") };
    let table = [
        (file("/d", 0o040_755).kind, 0o040_755, "directory", "d"),
        (file("/fifo", 0).kind, 0o010_644, "pipe", "p"),
        (file("/dev/null", 0).kind, 0o020_666, "file", "f"),
        (FileKind::Pipe, 0o010_600, "pipe", "p"),
        (anonymous("[eventfd]"), 0, "event", "e"),
        (anonymous("[eventpoll]"), 0, "eventpoll", "l"),
        (anonymous("[signalfd]"), 0, "signalfd", "s"),
        (anonymous("inotify"), 0, "inotify", "i"),
        (anonymous("[timerfd]"), 0, "timerfd", "t"),
        (anonymous("[userfaultfd]"), 0, "userfaultfd", "u"),
        (anonymous("[io_uring]"), 0, "io_uring", "r"),
        (anonymous("bpf-map"), 0, "bpf", "b"),
        (anonymous("[pidfd]"), 0, "pidfd", "P"),
        (anonymous("[perf_event]"), 0, "<NA>", "o"),
        (other(1, unix), 0o140_777, "unix", "u"),
        (other(16, Ends::Other), 0o140_777, "netlink", "n"),
        (other(17, Ends::Other), 0o140_777, "<NA>", "X"),
    ];
    for (kind, mode, word_of, char_of) in table {
        let name = format!("{kind:?}");
        let fixture = Fixture::new("fstat", 0, &[("fd", word(3))]).files(Some(File { kind, ..file("", mode) }), None);
        assert_eq!(
            (fixture.get("fd.type").0, fixture.get("fd.typechar").0),
            (word_of.into(), char_of.into()),
            "{name}"
        );
    }
    let memfd = File { bits: DETACHED | LOWER, ..regular("/memfd:x (deleted)") };
    let fixture = Fixture::new("fstat", 0, &[("fd", word(3))]).files(Some(memfd), None);
    assert_eq!((fixture.get("fd.type").0, fixture.get("fd.is_lower_layer").0), ("memfd".into(), "true".into()));
    let unix = Ends::Unix { local: Box::from(*b""), peer: Box::from(*b"") };
    let unix = File { kind: other(1, unix), ..file("", 0o140_777) };
    let path = Field::Bytes([&[1, 0], &b"/run/x\0"[..]].concat());
    let fixture = Fixture::new("connect", 0, &[("fd", word(3)), ("addr", path)]).files(Some(unix), None);
    assert_eq!((fixture.get("fd.name").0, fixture.get("fd.sockfamily").0), ("/run/x".into(), "unix".into()));
}

#[test]
fn leaders_are_ancestors_where_no_table_has_them() {
    let mut fixture = open();
    let process = Process { vgroups: Some((20, 10)), ..(*super::fixture::shell()).clone() };
    fixture.process = Some(std::sync::Arc::new(process));
    for (field, want) in [
        ("proc.vpgid.name", "init"),
        ("proc.vpgid.exe", "/sbin/init"),
        ("proc.vpgid.exepath", "/sbin/init"),
        ("proc.pgid.name", "init"),
        ("proc.pgid.exe", "/sbin/init"),
        ("proc.pgid.exepath", "/sbin/init"),
    ] {
        assert_eq!(fixture.get(field).0, want, "{field}");
    }
}

#[test]
fn threads_have_what_is_their_own() {
    let mut fixture = open();
    let credentials = Some(Credentials { euid: 0, egid: 0, ..Credentials::default() });
    fixture.thread = Some(Thread { vtid: Some(13), credentials, ..Thread::default() });
    assert_eq!(fixture.get("thread.vtid").0, "13");
    assert_eq!((fixture.get("user.uid").0, fixture.get("user.name").0), ("0".into(), "root".into()));
    assert_eq!((fixture.get("group.name").0, fixture.get("user.homedir").0), ("root".into(), "<NA>".into()));
    let nobody = Process { login: Some((u32::MAX, u32::MAX)), ..Process::default() };
    fixture.process = Some(std::sync::Arc::new(nobody));
    assert_eq!((fixture.get("user.loginuid").0, fixture.get("user.loginname").0), ("-1".into(), "<NA>".into()));
}

#[test]
fn executables_in_memory_are_known() {
    let mut fixture = open();
    let exe_path = Some(std::sync::Arc::from(&b"/memfd:evil (deleted)"[..]));
    fixture.process = Some(std::sync::Arc::new(Process { exe_path, ..Process::default() }));
    assert_eq!(fixture.get("proc.is_exe_from_memfd").0, "true");
    assert_eq!(fixture.get("proc.exe").0, "<NA>");
    assert_eq!(fixture.get("proc.args").0, "");
    assert_eq!(fixture.get("proc.cmdline").0, "bash");
}

#[test]
fn members_of_structs_are_arguments_too() {
    let how = [0o101_u64, 0o755, 8].map(u64::to_ne_bytes).concat();
    let fixture = Fixture::new("openat2", 3, &[("dirfd", word(CWD)), ("name", text("/x")), ("how", Field::Bytes(how))]);
    let get = |field: &str| fixture.get(field).0;
    assert_eq!((get("evt.arg.flags"), get("evt.arg.mode")), ("O_WRONLY|O_CREAT".into(), "0755".into()));
    assert_eq!((get("evt.rawarg.mode"), get("evt.is_open_write")), ("493".into(), "true".into()));
    assert_eq!((get("evt.is_open_exec"), get("evt.is_open_create")), ("true".into(), "<NA>".into()));
    assert_eq!(get("evt.arg.resolve"), "RESOLVE_BENEATH");
}
