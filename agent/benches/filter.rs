// SPDX-License-Identifier: Apache-2.0
//! What a condition costs for an event that reaches it. The condition has the structure, the fields and the lengths of
//! lists of Falco's "Read sensitive file untrusted"; the event is an open of `/etc/shadow` by a process with six ancestors.

use std::{fmt::Write as _, sync::Arc};

use agent::{
    arena::Arena,
    decode::RawEvent,
    event::Event,
    fields::tables::Tables,
    filter::{
        check::check,
        condition::Condition,
        parse::parse,
        rows::{Row, specialise},
    },
    metadata::{
        file::{File, FileKind},
        process::Process,
        users::User,
    },
};
use agent_common::{
    numbers,
    record::HEADER_LEN,
    schema::{Abi, Op},
};
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

/// As many names, of which each is like the name of a program.
fn names(what: &str, count: usize) -> String {
    (0..count).fold(String::new(), |mut all, n| {
        let separator = if n == 0 { "" } else { ", " };
        let _ = write!(all, "{separator}{what}-{n}");
        all
    })
}

fn condition() -> Condition {
    let kinds = [
        ("account", 67),
        ("become", 5),
        ("packages", 49),
        ("timer", 4),
        ("reader", 29),
        ("sh", 8),
        ("integrity", 7),
        ("tunnel", 1),
        ("mail", 15),
        ("desktop", 4),
        ("script", 2),
        ("other", 5),
        ("database", 4),
        ("cloud", 1),
    ];
    let programs: Vec<_> = kinds.iter().map(|(what, count)| names(what, *count)).collect();
    let text = format!(
        "(evt.type in (open, openat, openat2) and evt.is_open_read=true and fd.typechar='f' and fd.num>=0) \
         and (fd.name in (/etc/shadow, /etc/gshadow, /etc/master.passwd, /etc/security/opasswd) \
              or fd.directory in (/etc/doas.d, /etc/pam.d)) \
         and (not proc.name in ('<NA>', 'N/A')) \
         and not proc.name in ({}) \
         and not (proc.name in (cmp, cp) and proc.pname in (passwd, run-parts)) \
         and not (proc.name in (python, pypy, python3) and proc.cmdline contains deploy) \
         and not (proc.pname=scanner-agent or proc.aname[2]=scanner-agent or proc.aname[3]=scanner-agent \
                  or proc.aname[4]=scanner-agent) \
         and not (proc.aname[2]=config_wrapper or proc.aname[3]=config_wrapper or proc.aname[2]=config-client \
                  or proc.aname[3]=config-client or proc.name=config-client) \
         and not (proc.aname[1] startswith cloud_accounts or proc.aname[2] startswith cloud_accounts \
                  or proc.aname[3] startswith cloud_accounts) \
         and not (proc.name in (cmp, cp) and proc.pname in (passwd, run-parts)) \
         and not (proc.name=perl and proc.args startswith '-e' and proc.args contains '@entry = getpwnam(' \
                  and proc.args contains 'exec ' and proc.args contains '/usr/bin/manual') \
         and not (proc.cmdline startswith 'perl /opt/panel/admin/bin/manager' \
                  or proc.pcmdline startswith 'perl /opt/panel/admin/bin/manager') \
         and not (proc.cmdline startswith 'perl /usr/bin/fonts') \
         and not (proc.cmdline startswith 'perl /opt/storage/bin/driver.pl') \
         and not (proc.cmdline startswith 'perl /usr/share/directory') \
         and not (proc.name=runuser and fd.directory=/etc/pam.d) \
         and not ((proc.aname[2]=bench-linux and proc.name in (awk, cut, grep)) \
                  and (fd.name=/etc/shadow or fd.directory=/etc/pam.d)) \
         and not (evt.num=0) \
         and not ((container.id != host) and container.image.repository in (docker.io/a/agent, docker.io/b/agent))",
        programs.join(", ")
    );
    let expr = parse(&text).unwrap_or_else(|error| unreachable!("{error}"));
    check(&expr, &text).unwrap_or_else(|error| unreachable!("{error}"))
}

/// The record of a successful `openat(AT_FDCWD, path, O_RDONLY)`.
fn record(path: &str, comm: &str) -> Vec<u8> {
    let openat = numbers::table(Abi::Native).iter().find(|entry| entry.row.name == "openat").expect("openat");
    let (mut words, mut lengths, mut payload) = (Vec::new(), Vec::new(), Vec::new());
    for arg in openat.row.args {
        match (arg.op(Abi::Native), arg.name) {
            (Op::Reg(_), "dirfd") => words.extend((-100_i64).to_ne_bytes()),
            (Op::Reg(_), _) => words.extend(0_u64.to_ne_bytes()),
            (_, _) => {
                lengths.extend((path.len() as u16).to_ne_bytes());
                payload.extend(path.as_bytes());
            }
        }
    }
    let len = HEADER_LEN + words.len() + lengths.len() + payload.len();
    let mut name = [0; 16];
    name[..comm.len()].copy_from_slice(comm.as_bytes());
    let mut out = Vec::new();
    // Times, the result, the cgroup; see `agent_common::record::Header`.
    for word in [5_000_000_007_u64, 4711, 3, 4207] {
        out.extend(word.to_ne_bytes());
    }
    out.extend(name);
    for word in [u32::from(openat.nr), 1234, 1234, 900, 0, 0, len as u32] {
        out.extend(word.to_ne_bytes());
    }
    out.extend([0, 0, 0, openat.row.args.len() as u8, Abi::Native as u8, 0, 1, 0]);
    out.extend([0; 20]);
    assert_eq!(out.len(), HEADER_LEN);
    out.extend(words.into_iter().chain(lengths).chain(payload));
    out
}

/// A table of processes in which each leads to the one that made it, as the agent's does.
#[derive(Debug)]
struct Chain {
    processes: Vec<(Arc<Process>, Option<usize>)>,
}

impl Tables for Chain {
    fn ancestor(&self, n: u32) -> Option<&Arc<Process>> {
        let mut at = 0;
        for _ in 0..n {
            at = self.processes.get(at)?.1?;
        }
        self.processes.get(at).map(|(process, _)| process)
    }

    fn session_leader(&self, _: &Process) -> Option<&Arc<Process>> {
        None
    }

    fn group_leader(&self, _: &Process) -> Option<&Arc<Process>> {
        None
    }

    fn user(&self, _: u32) -> Option<&User> {
        None
    }

    fn group(&self, _: u32) -> Option<&[u8]> {
        None
    }

    fn hostname(&self) -> Option<&[u8]> {
        None
    }

    fn first_time(&self) -> Option<u64> {
        None
    }

    fn previous_time(&self) -> Option<u64> {
        None
    }
}

fn process(name: &str, args: &[&str]) -> Arc<Process> {
    let args = args.iter().fold(Vec::new(), |mut all, arg| {
        all.extend(arg.as_bytes());
        all.push(0);
        all
    });
    Arc::new(Process {
        pid: 1234,
        name: Box::from(name.as_bytes()),
        exe_path: Some(Arc::from(format!("/usr/bin/{name}").as_bytes())),
        args: Arc::from(args),
        cwd: Some(Arc::from(&b"/root"[..])),
        ..Process::default()
    })
}

/// Evaluates the condition for an open of `path` by a program called `comm`, or only makes the event.
fn bench(bencher: Bencher<'_, '_>, path: &str, comm: &str, want: Option<bool>) {
    let mut condition = condition();
    // As the agent has it: for the calls of one syscall.
    let openat = numbers::table(Abi::Native).iter().find(|entry| entry.row.name == "openat").expect("openat");
    let tree = specialise(&condition, Row::of(u32::from(openat.nr)));
    let program = condition.programs(&[tree]).remove(0);
    let bytes = record(path, comm);
    let raw = RawEvent::parse(&bytes).expect("a record");
    let chain =
        ["sh", "make", "bash", "sshd", "sshd", "systemd"].map(|name| process(name, &[name, "-c", "one two three"]));
    let own = process(comm, &[comm, "--quiet", path]);
    let processes: Vec<_> = std::iter::once(own).chain(chain).collect();
    let count = processes.len();
    let tables = Chain {
        processes: processes.into_iter().enumerate().map(|(i, one)| (one, (i + 1 < count).then_some(i + 1))).collect(),
    };
    let kind = FileKind::Named(Some(Box::from(path.as_bytes())));
    let file = Arc::new(File { inode: 42, dev: 1, mode: 0o100_640, flags: 0, bits: 0, kind });
    let mut arena = Arena::default();
    bencher.bench_local(|| {
        let event = Event {
            num: 7,
            process: tables.ancestor(0),
            files: [None, Some(&file)],
            tables: Some(&tables),
            ..Event::bare(black_box(raw), 1_785_579_324_000_207_862, &arena)
        };
        let event = black_box(event);
        if let Some(want) = want {
            assert_eq!(condition.run(&program, &event), want);
        }
        arena.reset();
    });
}

/// What the others cost beside the condition.
#[divan::bench(sample_size = 1000)]
fn without_condition(bencher: Bencher<'_, '_>) {
    bench(bencher, "/etc/shadow", "exfiltrate", None);
}

/// Every exception is looked at, and none applies.
#[divan::bench(sample_size = 1000)]
fn holds(bencher: Bencher<'_, '_>) {
    bench(bencher, "/etc/shadow", "exfiltrate", Some(true));
}

/// The program is one that may.
#[divan::bench(sample_size = 1000)]
fn program_is_trusted(bencher: Bencher<'_, '_>) {
    bench(bencher, "/etc/shadow", "mail-7", Some(false));
}

/// The file is another.
#[divan::bench(sample_size = 1000)]
fn file_is_harmless(bencher: Bencher<'_, '_>) {
    bench(bencher, "/etc/hostname", "exfiltrate", Some(false));
}
