// SPDX-License-Identifier: Apache-2.0
//! The tables of a machine on which a few processes run: told by records, as the probe tells of them.

use std::{fs, io, time::Duration};

use agent_common::{
    record::Header,
    schema::Abi,
    state::{CgroupWord, Kind, TaskBytes},
};

use crate::{
    decode::{
        encode::{
            header,
            state::{File, Task, record},
        },
        state::StateRecord,
    },
    metadata::{Config, Counters, Metadata, cgroup::Hierarchy, container},
};

/// The process that makes the calls.
pub(super) const PID: u32 = 1234;
/// Its cgroup, which is no container's.
pub(super) const CGROUP: u64 = 4207;
/// The file that it opens or reads, as records call it.
pub(super) const FILE: u64 = 0xffff_8880_0001_0000;
/// The socket that it connects.
pub(super) const SOCKET: u64 = 0xffff_8880_0002_0000;
/// From the process that made it to the first.
const ANCESTORS: [&str; 6] = ["sh", "make", "bash", "sshd", "sshd", "systemd"];

/// Tables in which the process is called `name`, and its file is at `path`. Nothing of this machine is in them.
///
/// # Errors
/// When there is no room for an empty folder.
pub(super) fn tables(name: &str, path: &str) -> io::Result<Metadata> {
    let root = tempfile::tempdir()?;
    fs::create_dir_all(root.path().join("proc"))?;
    let config = Config {
        host_root: root.path().to_path_buf(),
        threads: 65_536,
        files: 65_536,
        env: false,
        kernel_files: true,
        containers: container::Config {
            host_root: root.path().to_path_buf(),
            sockets: Vec::new(),
            wait: Duration::ZERO,
            lookups: false,
        },
        hierarchy: Hierarchy::Missing,
        kubernetes: None,
    };
    let mut tables = Metadata::start(config, &Counters::default())?;
    let ancestors = ANCESTORS.iter().enumerate().rev().map(|(n, name)| task(PID - 1 - n as u32, name));
    let tasks = ancestors.chain([task(PID, name)]).map(|task| task.record(Kind::Exec));
    for bytes in tasks.chain([cgroup()]).chain(files(path)) {
        apply(&mut tables, &bytes);
    }
    Ok(tables)
}

/// Takes in a record.
pub(super) fn apply(tables: &mut Metadata, bytes: &[u8]) {
    tables.apply(&StateRecord::parse(bytes).expect("a record that was made here"));
}

/// A process called `name`, made by the one before it.
pub(super) fn task(pid: u32, name: &str) -> Task {
    let task = Task::new(pid, u64::from(pid) * 1_000_000).ppid(pid - 1).name(name).uid(1000).cwd("/home/user");
    let task = task.exe(&format!("/usr/bin/{name}"), u64::from(pid)).bytes(TaskBytes::Root, b"");
    task.bytes(TaskBytes::Args, format!("{name}\0-c\0one two three\0").as_bytes())
}

/// The records of its file at `path` and of its socket.
pub(super) fn files(path: &str) -> [Vec<u8>; 2] {
    let file = File::named(FILE, 42, path);
    let socket = File::socket(SOCKET, 43, 1, ([10, 0, 0, 1], 40_000), ([10, 0, 0, 2], 443));
    [file.record(), socket.record()]
}

fn cgroup() -> Vec<u8> {
    let mut words = [0; CgroupWord::COUNT];
    words[CgroupWord::Id as usize] = CGROUP;
    let header = Header { cgroup_id: CGROUP, ..header(Abi::Native, 0) };
    record(header, Kind::CgroupMade, &words, &[Some(b"/user.slice")])
}
